package catalog_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// TestAMemberOfAProblemWithAValueOfAnotherTypeIsIgnoredWithADiagnostic holds section 3.1 of
// RFC 9457. Each document is read by a dialect that has read none, and by one that has just
// read a good one and could take it for the same.
func TestAMemberOfAProblemWithAValueOfAnotherTypeIsIgnoredWithADiagnostic(t *testing.T) {
	t.Parallel()
	const good = `{"type":"https://a.example/p","title":"Too little","status":403,"detail":"30 of 50","instance":"/m/1"}`
	texts := func(o *parlance.Outcome) map[string]string {
		return map[string]string{"type": o.Type, "title": o.Title, "detail": o.Detail, "instance": o.Instance}
	}
	read := func(d *dialect.Dialect, body string) dialect.Decoded {
		return d.Decode(dialect.Request{}, dialect.Response{Status: 403, Header: http.Header{"Content-Type": {"application/problem+json"}}, Body: []byte(body)})
	}
	for _, member := range []string{"type", "title", "status", "detail", "instance"} {
		values := []string{"5", "-1.5", "true", "{}", `{"a":1}`, "[]", `[7]`}
		if member == "status" {
			values = []string{`"403"`, `"404"`, `"40\u0033"`, `"forbidden"`, "-1.5", "true", "{}", `{"a":1}`, "[]", `[7]`}
		}
		for _, value := range values {
			t.Run(member+" "+value, func(t *testing.T) {
				t.Parallel()
				d := opened(t, "problem")
				want := read(d, good)
				if len(want.Diagnostics) > 0 {
					t.Fatal(want.Diagnostics)
				}
				body := regexp.MustCompile(`"`+member+`":("[^"]*"|\d+)`).ReplaceAllLiteralString(good, `"`+member+`":`+value)
				for range 3 {
					read(d, good) // so that the dialect has seen the form
				}
				got := read(d, body)
				noted := func(g parlance.Diagnostic) bool {
					return g.Rule == "unfit_member" && strings.HasPrefix(g.At, "/"+member)
				}
				if !slices.ContainsFunc(got.Diagnostics, noted) {
					t.Errorf("%s has the Diagnostics %v; want one of unfit_member", body, got.Diagnostics)
				}
				if got.Outcome.Kind != parlance.KindForbidden {
					t.Errorf("%s is read as %s", body, got.Outcome.Kind)
				}
				expected := texts(&want.Outcome)
				if member != "status" {
					expected[member] = ""
				}
				for name, text := range texts(&got.Outcome) {
					if name == "detail" && member == "detail" && text == expected["title"] {
						continue // the common form takes the title for a detail, and says so
					}
					if text != expected[name] {
						t.Errorf("%s has the %s %q; want %q", body, name, text, expected[name])
					}
				}
			})
		}
	}
}

// TestANumberIsATextWhereNoRFCSaysOtherwise holds that other APIs send numbers as codes and
// texts.
func TestANumberIsATextWhereNoRFCSaysOtherwise(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("plain.yaml", []byte("dialect: plain\ncodes: {4xx: invalid}\nshapes: [{name: error, status: 4xx, json: {code!: $code, title: $title, detail: $detail}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := d.Decode(dialect.Request{}, dialect.Response{Status: 400, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"code":7,"title":8,"detail":9}`)})
	if o := got.Outcome; o.Code != "7" || o.Title != "8" || o.Detail != "9" || len(got.Diagnostics) > 0 {
		t.Errorf("read as %q %q %q with %v", o.Code, o.Title, o.Detail, got.Diagnostics)
	}
}
