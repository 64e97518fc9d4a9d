package translate_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/translate"
)

func TestARequestIsMadeForTheDialectOfTheUpstream(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, from, to string
		sent, want     dialect.HeaderMap
	}{
		{"no wish for a form", "vms", "problem", dialect.HeaderMap{"Accept": {"*/*"}}, dialect.HeaderMap{"Accept": {"application/json, */*;q=0.5"}}},
		{"a wish for a form", "vms", "problem", dialect.HeaderMap{"Accept": {"text/csv"}}, dialect.HeaderMap{"Accept": {"text/csv, application/json;q=0.9"}}},
		{"a wish for that form", "vms", "problem", dialect.HeaderMap{"Accept": {"text/csv, application/json"}}, dialect.HeaderMap{"Accept": {"text/csv, application/json"}}},
		{"a range of a document that passes", "plain", "problem", dialect.HeaderMap{"Accept": {"a/b"}, "Range": {"bytes=0-1"}, "If-Range": {`"1"`}},
			dialect.HeaderMap{"Accept": {"a/b, application/json;q=0.9"}, "Range": {"bytes=0-1"}, "If-Range": {`"1"`}}},
		{"a range of a document that gets an envelope", "plain", "vbapi", dialect.HeaderMap{"Accept": {"application/json"}, "Range": {"bytes=0-1"}, "If-Range": {`"1"`}},
			dialect.HeaderMap{"Accept": {"application/json"}}},
		{"a coding of a document that passes", "plain", "problem", dialect.HeaderMap{"Accept": {"application/json"}, "Accept-Encoding": {"br, gzip;q=0.5"}},
			dialect.HeaderMap{"Accept": {"application/json"}, "Accept-Encoding": {"gzip"}}},
		{"a coding that nobody reads", "plain", "problem", dialect.HeaderMap{"Accept": {"application/json"}, "Accept-Encoding": {"br, gzip;q=0"}},
			dialect.HeaderMap{"Accept": {"application/json"}}},
		{"a coding of a document that is read", "vbapi", "problem", dialect.HeaderMap{"Accept": {"application/json"}, "Accept-Encoding": {"gzip"}},
			dialect.HeaderMap{"Accept": {"application/json"}}},
		{"a key under another name", "paypal", "problem", dialect.HeaderMap{"Accept": {"application/json"}, "Idempotency-Key": {" k1 "}},
			dialect.HeaderMap{"Accept": {"application/json"}, "Idempotency-Key": {" k1 "}, "Paypal-Request-Id": {"k1"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tr := translate.New(open(t, tt.from), open(t, tt.to))
			got := maps.Clone(tt.sent)
			tr.Request(dialect.Request{Method: "GET", Path: "/things", Key: tr.Key(tt.sent), Header: tt.sent}, got)
			if !maps.EqualFunc(got, tt.want, slices.Equal) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAKeyOfTheEngineIsReturnedUnderTheNameThatTheCallerKnows(t *testing.T) {
	t.Parallel()
	for to, name := range map[string]string{"stripe": "Idempotency-Key", "problem": "Paypal-Request-Id"} {
		h := dialect.HeaderMap{}
		translate.New(open(t, "paypal"), open(t, to)).ReturnKey(h, "k1")
		if !slices.Equal(h[name], []string{"k1"}) {
			t.Errorf("to %s: got %v, want %s", to, h, name)
		}
	}
}
