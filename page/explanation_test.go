package page

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// explained is what is said of a response in English.
func explained(t *testing.T, name string, req dialect.Request, res dialect.Response) *Explanation {
	t.Helper()
	d, err := catalog.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	read := d.Decode(req, res)
	e, err := Explain(Options{}, d, req, res, &read)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAnExplanationSaysWhyARetryIsSafe(t *testing.T) {
	t.Parallel()
	key := dialect.HeaderMap{"Idempotency-Key": {"k"}}
	for _, test := range []struct {
		name, dialect string
		req           dialect.Request
		status        int
		want          string
	}{
		{"by the method", "stripe", dialect.Request{Method: "PUT"}, 500, "A retry is safe: PUT is idempotent, so nothing is done twice."},
		{"by the key", "stripe", dialect.Request{Method: "POST", Header: key}, 500, "A retry is safe with the same Idempotency-Key: nothing is done twice under one key."},
		{"by the response", "stripe", dialect.Request{Method: "POST"}, 429, "A retry is safe for every request. The response proves that nothing was done."},
		{"not without a key", "stripe", dialect.Request{Method: "POST"}, 500, "A retry is not safe: the first POST may have been done, and a second one may do it again. A POST is safe to retry only with the same Idempotency-Key."},
		{"not of an API without keys", "vms", dialect.Request{Method: "POST"}, 500, "A retry is not safe: the first POST may have been done, and a second one may do it again."},
		{"of a method that nobody named", "vms", dialect.Request{}, 500, "A retry is safe for GET, HEAD, PUT, DELETE and other idempotent requests. A POST is not safe to retry, because the first one may have been done."},
		{"after a success", "vms", dialect.Request{Method: "GET"}, 200, "There is nothing to retry."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := explained(t, test.dialect, test.req, dialect.Response{Status: test.status, Header: dialect.HeaderMap{}}).Retry; got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestAnExplanationSaysWhatAPageSays of every row of the catalog for which a response is
// written: the same act in the same words, unless it must not simply be sent again.
func TestAnExplanationSaysWhatAPageSays(t *testing.T) {
	t.Parallel()
	rows := 0
	for _, d := range opened() {
		for _, w := range authoring.Examples(d) {
			enc := d.Encode(nil, w.Request, &w.Outcome, w.Payload)
			h := dialect.HeaderMap{}
			h.Set(enc.Header)
			res := dialect.Response{Status: enc.Status, Header: h, Body: enc.Body}
			req := w.Request
			read := d.Decode(req, res)
			e, err := Explain(Options{}, d, req, res, &read)
			if err != nil {
				t.Fatal(err)
			}
			p := d.Decide(req, &read.Outcome)
			words, _ := open("")
			want := words.adviserOf(d).act(&p)
			if p.Act == parlance.ActRetry && p.Scope == parlance.ScopeRequest && !p.RetrySafe {
				want = words.say("told.find")
			}
			for _, text := range append(e.Paragraphs(), e.Do, e.When, e.Retry) {
				if text == "" || strings.Contains(text, "{") && !strings.Contains(string(enc.Body)+w.Help+e.Happened, "{") || strings.Contains(text, "..") && !strings.Contains(text, "...") {
					t.Errorf("%s %s: got the text %q", d.Name(), w.Key, text)
				}
			}
			if e.Do != want {
				t.Errorf("%s %s: got %q, want %q", d.Name(), w.Key, e.Do, want)
			}
			rows++
		}
	}
	if rows < 500 {
		t.Errorf("got %d rows, want at least 500", rows)
	}
}

func TestOnlyTheFirstOfManyInputsAreInTheParagraphs(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	for i := range 30 {
		body.WriteString(`,"f` + string(rune('a'+i%26)) + string(rune('a'+i/26)) + `":["no"]`)
	}
	e := explained(t, "vms", dialect.Request{Method: http.MethodPost}, dialect.Response{
		Status: 422, Header: dialect.HeaderMap{"Content-Type": {"application/json"}}, Body: []byte(`{"message":"m","errors":{"x":["no"]` + body.String() + `}}`),
	})
	if len(e.Inputs) != 31 {
		t.Errorf("got %d inputs, want 31", len(e.Inputs))
	}
	if !slices.ContainsFunc(e.Paragraphs(), func(p string) bool { return strings.HasSuffix(p, "There are 21 more.") }) {
		t.Errorf("got %q", e.Paragraphs())
	}
}

func TestAnExplanationInEachLanguage(t *testing.T) {
	t.Parallel()
	d := dialect.Generic()
	res := dialect.Response{Status: 503, Header: dialect.HeaderMap{}}
	read := d.Decode(dialect.Request{}, res)
	for tag, want := range map[string]string{"en": "What to do: ", "de": "Was zu tun ist: ", "ru": "Что делать: "} {
		e, err := Explain(Options{Language: tag}, d, dialect.Request{}, res, &read)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(e.Paragraphs(), func(p string) bool { return strings.HasPrefix(p, want) }) {
			t.Errorf("%s: got %q, want a paragraph that begins with %s", tag, e.Paragraphs(), want)
		}
	}
	if _, err := Explain(Options{Language: "tlh"}, d, dialect.Request{}, res, &read); err == nil {
		t.Error("got no error for an unknown language")
	}
}
