package catalog_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strconv"
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

// A body with the mark of a failure is noted at least, whatever a server made of it. The
// dialects whose pages let the status alone decide are held in quiet_test.go.
func TestNoFailureUnderAGoodStatusIsAPlainSuccess(t *testing.T) {
	t.Parallel()
	everyDialect(t, func(t *testing.T, d *dialect.Dialect) {
		if why := neverLate[d.Name()]; why != "" {
			t.Skip("the status alone decides: " + why)
		}
		marks := marksOf(t, d)
		for _, r := range failures(t, d) {
			r.res.Status = 200
			for how, res := range mutations(r.res) {
				problem := strings.HasPrefix(mediaType(res), "application/problem")
				mark := carried(marks, res.Body)
				if mark == nil && !problem {
					continue
				}
				if o := d.Decode(r.req, res).Outcome; o.Kind.Good() && o.Kind != parlance.KindNoted {
					t.Errorf("%s, %s: %s under 200 is %s, with the mark %+v: %s", r.name, how, r.req.Path, o.Kind, mark, res.Body)
				}
			}
		}
	})
}

// markless are the dialects whose failures have no mark, with the reason.
var markless = map[string]string{
	"aws-dynamodb":      "the code stands in __type",
	"aws-json":          "the code stands in __type",
	"aws-kinesis":       "the code stands in __type",
	"aws-rest-json":     "the code stands in the header",
	"aws-s3":            "the content of a GET may look so, too",
	"aws-sqs":           "the code stands in __type",
	"bedrock":           "the code stands in the header",
	"black-forest-labs": "a detail",
	"braintree":         "a failure has status 200",
	"cerebras":          "a message and its type",
	"cohere":            "a message",
	"connect":           "a code and a message",
	"fhir":              "the severity of an issue, which a success has too",
	"github-graphql":    "errors under 200, and a message under others",
	"json-rpc":          "the error under a failing status is of another form",
	"kling":             "a code, which a success has too",
	"mailchimp":         "a problem's members",
	"pagerduty-events":  "errors may be missing",
	"replicate":         "a title and a detail",
	"scim":              "the URN of an error, in a list",
	"siliconflow":       "a code and a message",
	"vision":            "a message",
	"xml-rpc":           "a fault has status 200",
}

func TestEachDialectHasTheMarkOfAFailure(t *testing.T) {
	t.Parallel()
	everyDialect(t, func(t *testing.T, d *dialect.Dialect) {
		carry := 0
		marks := marksOf(t, d)
		for _, r := range failures(t, d) {
			if carried(marks, r.res.Body) != nil {
				carry++
			}
		}
		why := neverLate[d.Name()] + markless[d.Name()]
		if why == "" && carry == 0 || markless[d.Name()] != "" && carry > 0 {
			t.Errorf("%d failures carry one of %d marks; exempt: %q", carry, len(marks), why)
		}
	})
}

func mediaType(res dialect.Response) string {
	return strings.Join(res.Header.Values("Content-Type"), "")
}

// mutations are a response, and what a server could make of it: without a body, in a list,
// of another type, and with one member of another type.
func mutations(res dialect.Response) iter.Seq2[string, dialect.Response] {
	return func(yield func(string, dialect.Response) bool) {
		with := func(how string, alter func(*dialect.Response)) bool {
			changed := res
			alter(&changed)
			return yield(how, changed)
		}
		if !with("as it is", func(*dialect.Response) {}) || !with("without a body", func(r *dialect.Response) { r.Body = nil }) {
			return
		}
		for _, media := range otherMedia {
			if media == download && res.Status < 300 {
				continue // a good response of this type is handed on unread
			}
			h := res.Header.(http.Header).Clone()
			h.Set("Content-Type", media)
			if !with("as "+strconv.Quote(media), func(r *dialect.Response) { r.Header = h }) {
				return
			}
		}
		var body any
		if json.Unmarshal(res.Body, &body) != nil {
			return
		}
		if _, list := body.([]any); list {
			return
		}
		if !with("in a list", func(r *dialect.Response) { r.Body = slices.Concat([]byte("["), res.Body, []byte("]")) }) {
			return
		}
		for at, changed := range retyped(body) {
			if !with(at, func(r *dialect.Response) { r.Body = changed }) {
				return
			}
		}
	}
}

// The body of a failure is short enough to be searched wherever it stands, unless the page
// lets the status alone decide.
func TestAShortFailureUnderAPathThatNoShapeNamesIsNoPlainSuccess(t *testing.T) {
	t.Parallel()
	const short = 512
	everyDialect(t, func(t *testing.T, d *dialect.Dialect) {
		if why := neverLate[d.Name()]; why != "" {
			t.Skip("the status alone decides: " + why)
		}
		marks := marksOf(t, d)
		for _, r := range failures(t, d) {
			if len(r.res.Body) > short || carried(marks, r.res.Body) == nil {
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
			for _, media := range otherMedia {
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

// otherMedia are the types that servers give a failure by mistake.
var otherMedia = []string{"", "text/plain", download, "application/json", "application/xml"}

const download = "application/octet-stream"

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
			for at, changed := range retyped(body) {
				r.res.Body = changed
				o := d.Decode(r.req, r.res).Outcome
				if !o.Kind.Failing() {
					t.Errorf("%s, %s: %s reads as %s", r.name, at, r.res.Body, o.Kind)
				}
				if got := texts(t, &o); !strings.Contains(got, whole.Detail) {
					t.Errorf("%s, %s: %s reads as\n%s\nnot with the detail %q", r.name, at, r.res.Body, outcomeJSON(t, o), whole.Detail)
				}
			}
		}
	})
}

// retyped are the bodies in which one member has another type, by its place and that type.
func retyped(body any) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		going := true
		each(body, func(at string, change func(func(any) any)) {
			for how, to := range otherTypes {
				change(func(v any) any {
					if text, _ := json.Marshal(v); slices.Contains([]string{"null", "[]", "{}"}, string(text)) {
						return v
					}
					return to(v)
				})
				changed, _ := json.Marshal(body)
				change(nil)
				going = going && yield(at+" "+how, changed)
			}
		})
	}
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
		`{"choices":[{"text":"Hi"}],"error":null}`:                                      parlance.KindSuccess,
		`{"choices":[{"text":"Hi"}],"error":{"code":null,"message":null,"param":null}}`: parlance.KindSuccess,
		`{"choices":[{"text":"Hi"}],"error":{"code":null,"message":"m","param":null}}`:  parlance.KindFailed,
		`{"choices":[{"text":"Hi"}],"error":[]}`:                                        parlance.KindSuccess,
		`{"choices":[{"text":"Hi"}],"error":"no such model"}`:                           parlance.KindNoted,
	} {
		o := d.Decode(dialect.Request{Method: "POST", Path: "/v1/chat/completions"}, dialect.Response{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}).Outcome
		if o.Kind != want {
			t.Errorf("%s is %s, not %s", body, o.Kind, want)
		}
	}
}
