package dialect_test

import (
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

func TestAMemberWithoutANameIsWrittenForItsConstants(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, shape, want string }{
		{"elements of XML", `xml: {r: {$any=addResponse: {$any=writeResponse: {status!: {"@ok": "true"}}}}}`,
			`<r><addResponse><writeResponse><status ok="true"></status></writeResponse></addResponse></r>`},
		{"members of JSON", `json: {$any=addResponse: {$any=writeResponse: {status!: {ok: true}}}}`, `{"addResponse":{"writeResponse":{"status":{"ok":true}}}}`},
		{"a constant by itself", `json: {v: 1, $any=state: done}`, `{"v":1,"state":"done"}`},
		{"one that must be there", `json: {$any=state!: {id!: $any}}`, `{"state":{"id":true}}`},
		{"one that may be left out", `json: {v: 1, $any=state?: {ok: true}}`, `{"v":1}`},
	} {
		d := compile(t, "codes: {200: success, 4xx: invalid}\nshapes: [{name: s, status: 200, is: success, "+c.shape+"}]")
		w := d.Encode(nil, dialect.Request{}, &parlance.Outcome{Kind: parlance.KindSuccess}, dialect.Payload{})
		if string(w.Body) != c.want || len(w.Losses) > 0 {
			t.Errorf("%s: it is written as %s with %v, not %s", c.name, w.Body, w.Losses, c.want)
		}
		if r := d.Decode(dialect.Request{}, dialect.Response{Status: w.Status, Body: w.Body}); r.Outcome.Kind != parlance.KindSuccess || len(r.Diagnostics) > 0 {
			t.Errorf("%s: %s reads as %s with %v", c.name, w.Body, r.Outcome.Kind, r.Diagnostics)
		}
	}
}
