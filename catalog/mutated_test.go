package catalog_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/catalogtest"
)

// failures are the failing responses that belong to a dialect.
func failures(t *testing.T, d *dialect.Dialect) (all []response) {
	t.Helper()
	for _, r := range responses(t) {
		if r.of == d.Name() && r.res.Status >= 400 && len(r.res.Body) > 0 && d.Decode(r.req, r.res).Outcome.Kind.Failing() {
			all = append(all, r)
		}
	}
	return all
}

// opened is a dialect of the catalog.
var opened = catalogtest.Open

// everyDialect runs a test for each dialect of the catalog.
func everyDialect(t *testing.T, f func(t *testing.T, d *dialect.Dialect)) {
	t.Helper()
	for _, name := range catalog.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, opened(t, name))
		})
	}
}

// texts are what a person reads of an outcome.
func texts(t *testing.T, o *parlance.Outcome) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(o.Title + " " + o.Detail)
	for _, f := range o.Fields {
		b.WriteString(" " + f.Message)
	}
	for _, it := range o.Items {
		b.WriteString(" " + it.Outcome.Detail)
	}
	return b.String() + " " + strings.Join(o.Notes, " ")
}

// marked reports that a body has what no success has: a member that is named after an
// error and is not empty.
func marked(body []byte) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return false
	}
	for name, value := range members {
		switch strings.ToLower(name) {
		case "error", "errors", "fault", "exception":
			if !slices.Contains([]string{"null", "false", `""`, "{}", "[]", "0"}, string(value)) {
				return true
			}
		}
	}
	return false
}

// Which dialects look into no good response is held in quiet_test.go.
func TestNoFailureUnderAGoodStatusIsAPlainSuccess(t *testing.T) {
	t.Parallel()
	everyDialect(t, func(t *testing.T, d *dialect.Dialect) {
		for _, r := range failures(t, d) {
			r.res.Status = 200
			o := d.Decode(r.req, r.res).Outcome
			problem := strings.HasPrefix(strings.Join(r.res.Header.Values("Content-Type"), ""), "application/problem")
			needed := d.NeedsBody(r.req, 200, r.res.Header)
			if (problem || needed && marked(r.res.Body)) && o.Kind.Good() && o.Kind != parlance.KindNoted {
				t.Errorf("%s %s under 200 is %s: %s", r.name, r.req.Path, o.Kind, r.res.Body)
			}
		}
	})
}

// noMark are the dialects of which no shape demands the member that marks a failure.
var noMark = map[string]string{"discord": "errors is there for a bad form alone"}

// The body of a failure is short enough to be searched wherever it stands, unless the page
// lets the status alone decide.
func TestAShortFailureUnderAPathThatNoShapeNamesIsNoPlainSuccess(t *testing.T) {
	t.Parallel()
	const short = 512
	everyDialect(t, func(t *testing.T, d *dialect.Dialect) {
		if neverLate[d.Name()] != "" || noMark[d.Name()] != "" {
			t.Skip("the status alone decides, or no member is a mark")
		}
		for _, r := range failures(t, d) {
			if len(r.res.Body) > short || !marked(r.res.Body) {
				continue
			}
			r.res.Status, r.req.Path = 200, "/nothing/known"
			if o := d.Decode(r.req, r.res).Outcome; o.Kind.Good() && o.Kind != parlance.KindNoted {
				t.Errorf("%s under 200: got %s, want it noted or a failure: %s", r.name, o.Kind, r.res.Body)
			}
		}
	})
}

func TestAFailureWithoutABodyKeepsTheMeaningOfItsStatus(t *testing.T) {
	t.Parallel()
	everyDialect(t, func(t *testing.T, d *dialect.Dialect) {
		for _, r := range failures(t, d) {
			r.res.Body = nil
			if o := d.Decode(r.req, r.res).Outcome; !o.Kind.Failing() {
				t.Errorf("%s without a body is %s", r.name, o.Kind)
			}
		}
	})
}

func TestAListAroundAFailureKeepsItsTexts(t *testing.T) {
	t.Parallel()
	everyDialect(t, func(t *testing.T, d *dialect.Dialect) {
		for _, r := range failures(t, d) {
			whole := d.Decode(r.req, r.res).Outcome
			if !json.Valid(r.res.Body) || r.res.Body[0] != '{' || whole.Detail == "" {
				continue
			}
			body := r.res.Body
			r.res.Body = slices.Concat([]byte("["), body, []byte("]"))
			if o := d.Decode(r.req, r.res).Outcome; !o.Kind.Failing() || !strings.Contains(texts(t, &o), whole.Detail) {
				t.Errorf("%s: %s reads as\n%s\nnot with the detail %q", r.name, r.res.Body, outcomeJSON(t, o), whole.Detail)
			}
		}
	})
}

func TestAFailureOfAnotherContentTypeKeepsItsTexts(t *testing.T) {
	t.Parallel()
	everyDialect(t, func(t *testing.T, d *dialect.Dialect) {
		for _, r := range failures(t, d) {
			whole := d.Decode(r.req, r.res).Outcome
			for _, media := range []string{"", "text/plain", "application/octet-stream", "application/json", "application/xml"} {
				h := r.res.Header.(http.Header).Clone()
				h.Set("Content-Type", media)
				r.res.Header = h
				if o := d.Decode(r.req, r.res).Outcome; !o.Kind.Failing() || whole.Detail != "" && texts(t, &o) == " " {
					t.Errorf("%s as %q: %s reads as\n%s\nnot as\n%s", r.name, media, r.res.Body, outcomeJSON(t, o), outcomeJSON(t, whole))
				}
			}
		}
	})
}

// A member of another type does not take the others with it, and its own text stays.
func TestAMemberOfAnotherTypeKeepsItsTextAndTheOthers(t *testing.T) {
	t.Parallel()
	everyDialect(t, func(t *testing.T, d *dialect.Dialect) {
		for _, r := range failures(t, d) {
			whole := d.Decode(r.req, r.res).Outcome
			var body any
			if json.Unmarshal(r.res.Body, &body) != nil || whole.Detail == "" {
				continue
			}
			each(body, func(at string, change func(func(any) any)) {
				for how, to := range otherTypes {
					was := r.res.Body
					change(func(v any) any {
						text, _ := json.Marshal(v)
						if v == nil || bytes.Equal(text, []byte("[]")) || bytes.Equal(text, []byte("{}")) {
							return v
						}
						return to(v)
					})
					r.res.Body, _ = json.Marshal(body)
					o := d.Decode(r.req, r.res).Outcome
					if !o.Kind.Failing() {
						t.Errorf("%s, %s %s: %s reads as %s", r.name, at, how, r.res.Body, o.Kind)
					}
					if got := texts(t, &o); !strings.Contains(got, whole.Detail) {
						t.Errorf("%s, %s %s: %s reads as\n%s\nnot with the detail %q", r.name, at, how, r.res.Body, outcomeJSON(t, o), whole.Detail)
					}
					change(nil)
					r.res.Body = was
				}
			})
		}
	})
}

// otherTypes make another type of a value that still holds its texts.
var otherTypes = map[string]func(any) any{
	"in a list": func(v any) any { return []any{v} },
	"as a text": func(v any) any {
		if n, is := v.(float64); is {
			return fmt.Sprint(n)
		}
		return v
	},
	"as an object": func(v any) any {
		if text, is := v.(string); is {
			return map[string]any{"message": text}
		}
		return v
	},
}

// each visits the members of an object, and of the objects in it. change alters one, and
// puts it back if it is given nil.
func each(v any, visit func(at string, change func(func(any) any))) {
	members, is := v.(map[string]any)
	if !is {
		return
	}
	for name, was := range members {
		visit(name, func(to func(any) any) {
			if members[name] = was; to != nil {
				members[name] = to(was)
			}
		})
		each(was, func(at string, change func(func(any) any)) { visit(name+"/"+at, change) })
	}
}

// An error member that is empty, or all of whose members are, is no mark of a failure.
func TestAnEmptyErrorIsNoFailure(t *testing.T) {
	t.Parallel()
	d := opened(t, "openai")
	for body, want := range map[string]parlance.Kind{
		`{"id":"1","error":null}`:                                      parlance.KindSuccess,
		`{"id":"1","error":{"code":null,"message":null,"param":null}}`: parlance.KindSuccess,
		`{"id":"1","error":{"code":null,"message":"m","param":null}}`:  parlance.KindFailed,
		`{"id":"1","error":[]}`:                                        parlance.KindSuccess,
		`{"id":"1","error":"no such model"}`:                           parlance.KindNoted,
	} {
		o := d.Decode(dialect.Request{Method: "POST", Path: "/v1/chat/completions"}, dialect.Response{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}).Outcome
		if o.Kind != want {
			t.Errorf("%s is %s, not %s", body, o.Kind, want)
		}
	}
}
