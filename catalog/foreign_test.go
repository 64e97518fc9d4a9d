package catalog_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

// everyProvider runs a test for each AI provider of the catalog.
func everyProvider(t *testing.T, f func(t *testing.T, d *dialect.Dialect)) {
	t.Helper()
	everyDialect(t, func(t *testing.T, d *dialect.Dialect) {
		if d.Group() == "ai" {
			f(t, d)
		}
	})
}

// A dialect knows nothing of the words of another provider. It has to keep the failure and its
// text, or to say what could not be read. A text that is all code has no other text.
func TestAFailureUnderTheNameOfAnotherProviderIsNoSuccess(t *testing.T) {
	t.Parallel()
	everyProvider(t, func(t *testing.T, d *dialect.Dialect) {
		for _, r := range responses(t) {
			if r.of == d.Name() || r.res.Status < http.StatusBadRequest || opened(t, r.of).Group() != "ai" {
				continue
			}
			read := d.Decode(r.req, r.res)
			if !read.Outcome.Kind.Failing() {
				t.Errorf("%s (%s) is %s", r.of, r.name, read.Outcome.Kind)
			}
			if strings.TrimSpace(texts(t, &read.Outcome)) == "" && len(r.res.Body) > 0 && string(r.res.Body) != "error code: "+read.Outcome.Code && len(read.Diagnostics) == 0 {
				t.Errorf("%s (%s) lost what it says without a word: %s", r.of, r.name, r.res.Body)
			}
		}
	})
}

func TestThePageOfACDNInFrontOfAProviderHasTheMeaningOfItsStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status            int
		contentType, body string
		detail            string
	}{
		{http.StatusForbidden, "text/html; charset=UTF-8", "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body><h1>Sorry, you have been blocked</h1></body></html>", "Attention Required! | Cloudflare"},
		{http.StatusBadGateway, "text/html", "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center><hr><center>cloudflare</center></body></html>", "502 Bad Gateway"},
		{520, "text/html", "<!DOCTYPE html><html><head><title>api.example.com | 520: Web server is returning an unknown error</title></head><body></body></html>", "520"},
		{524, "text/html", "<!DOCTYPE html><html><head><title>api.example.com | 524: A timeout occurred</title></head><body></body></html>", "524"},
		{http.StatusTooManyRequests, "text/plain", "error code: 1015", "1015"},
	} {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			t.Parallel()
			everyProvider(t, func(t *testing.T, d *dialect.Dialect) {
				read := d.Decode(dialect.Request{Method: "POST", Path: "/v1/chat/completions"}, dialect.Response{Status: c.status, Header: header(map[string]string{"Content-Type": c.contentType}), Body: []byte(c.body)})
				o := read.Outcome
				if !o.Kind.Failing() || strings.Contains(texts(t, &o), "<") {
					t.Errorf("%d is %s: %s", c.status, o.Kind, texts(t, &o))
				}
				if !strings.Contains(texts(t, &o)+o.Code, c.detail) && len(read.Diagnostics) == 0 {
					t.Errorf("%d lost its text without a word", c.status)
				}
			})
		})
	}
}

// A base is read anew each time that a file that extends it is opened. What the file takes
// for granted and is no longer there is an error, and no other meaning.
func TestAFileWhoseBaseChangedHasTheNewMeaningOrIsRefused(t *testing.T) {
	t.Parallel()
	const extending = "dialect: child\nextends: ./base.yaml\nshapes:\n  - {name: own, status: 4xx, is: used up, json: {own!: $detail}}\n"
	meaning := func(base string) (parlance.Kind, error) {
		dir := folder(t, map[string]string{"child.yaml": extending, "base.yaml": base})
		d, err := catalog.Open(filepath.Join(dir, "child.yaml"))
		if err != nil {
			return 0, err
		}
		return d.Decode(dialect.Request{}, dialect.Response{Status: http.StatusBadRequest, Header: header(map[string]string{"Content-Type": "application/json"}), Body: []byte(`{"own":"No more"}`)}).Outcome.Kind, nil
	}
	for base, want := range map[string]parlance.Kind{
		"dialect: base\ncodes: {used up: {kind: quota, status: 400}}\n":        parlance.KindQuota,
		"dialect: base\ncodes: {used up: {kind: rate_limited, status: 400}}\n": parlance.KindRateLimited,
	} {
		if kind, err := meaning(base); err != nil || kind != want {
			t.Errorf("got %s, %v, want %s", kind, err, want)
		}
	}
	if _, err := meaning("dialect: base\ncodes: {400: invalid}\n"); err == nil || !strings.Contains(err.Error(), "used up") {
		t.Errorf("got %v, want an error that names what is missing", err)
	}
	if _, err := meaning("dialect: base\ncodes: ["); err == nil || os.IsNotExist(err) {
		t.Errorf("got %v, want the fault of the base", err)
	}
}

// A code that a dialect takes of a foreign body is often the first of its texts. All of
// them are kept, and a number that is the status is no text.
func TestTextsKeepTheOneThatIsTakenForACode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ dialect, body, want string }{
		{"jira", `{"error":["The inputs are wrong","The parameters are wrong"]}`, `The inputs are wrong [{ The inputs are wrong} { The parameters are wrong}]`},
		{"okta", `{"error":["The inputs are wrong","The parameters are wrong"]}`, `The inputs are wrong [{ The inputs are wrong} { The parameters are wrong}]`},
		{"anthropic", `{"error":{"code":"400"`, ` []`},
	} {
		res := dialect.Response{Status: 400, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(c.body), Cut: !strings.HasSuffix(c.body, "}")}
		o := opened(t, c.dialect).Decode(dialect.Request{}, res).Outcome
		fields := []string{}
		for _, f := range o.Fields {
			fields = append(fields, fmt.Sprintf("{%s %s}", f.Path, f.Message))
		}
		if got := fmt.Sprintf("%s %s", o.Detail, fields); got != c.want {
			t.Errorf("%s reads %s as %q, want %q", c.dialect, c.body, got, c.want)
		}
	}
}
