package dialect_test

import (
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// A form of a record beside that of a success is a failure, whatever its code says.
func TestAFormOfARecordBesideASuccessIsAFailure(t *testing.T) {
	t.Parallel()
	const codes = "codes: {200: success, E1: {kind: conflict, status: 409}, fine: success, W: {kind: noted, status: 200}, 4xx: invalid}\n"
	const constant = codes + `shapes: [{name: batch, status: 200, json: {rows!: [{ok: false, id: $item, error?: {code!: $item.code}}, {ok: true, id: $item, $is: success}]}}]`
	const demanded = codes + `shapes: [{name: batch, status: 200, json: {rows!: [{id: $item, error!: {code!: $item.code}}, {id!: $item, error: $absent, $is: success}]}}]`
	const lists = codes + `shapes: [{name: batch, status: 200, json: {done?: [{id: $item, $is: success}], rows?: [{id: $item, code?: $item.code}]}}]`
	const either = codes + `shapes: [{name: batch, status: 200, json: {rows!: [{$either: [{ok: false, id: $item, code?: $item.code}, {ok: true, id: $item, $is: fine}]}]}}]`
	const named = codes + `define: {bad: {ok: false, id: $item, code?: $item.code}, good: {ok: true, id: $item, $is: success}}
shapes: [{name: batch, status: 200, json: {rows!: [$bad, $good]}}]`
	const byID = codes + `shapes: [{name: batch, status: 200, json: {done?: {$item: {$is: success, at?: $any}}, rows!: {$item: {code?: $item.code, at?: $any}}}}]`
	const xml = codes + `shapes: [{name: batch, status: 200, xml: {rows: {row: [{"@ok": "false", id: $item, code?: $item.code}, {"@ok": "true", id: $item, $is: success}]}}}]`
	const alone = codes + `shapes: [{name: batch, status: 200, json: {rows!: [{id: $item, code?: $item.code}]}}]`
	for _, c := range []struct{ name, file, body, kinds string }{
		{"no code", constant, `{"rows":[{"ok":true,"id":"1"},{"ok":false,"id":"2"}]}`, "success failed"},
		{"an unlisted code", constant, `{"rows":[{"ok":true,"id":"1"},{"ok":false,"id":"2","error":{"code":"E9"}}]}`, "success failed"},
		{"a listed code", constant, `{"rows":[{"ok":true,"id":"1"},{"ok":false,"id":"2","error":{"code":"E1"}}]}`, "success conflict"},
		{"a code that is a note", constant, `{"rows":[{"ok":true,"id":"1"},{"ok":false,"id":"2","error":{"code":"W"}}]}`, "success noted"},
		{"an unlisted code that is demanded", demanded, `{"rows":[{"id":"1"},{"id":"2","error":{"code":"E9"}}]}`, "success failed"},
		{"two lists", lists, `{"done":[{"id":"1"}],"rows":[{"id":"2"},{"id":"3","code":"E9"}]}`, "success failed failed"},
		{"alternatives, and the name of a row", either, `{"rows":[{"ok":false,"id":"1"},{"ok":true,"id":"2"}]}`, "failed success"},
		{"definitions", named, `{"rows":[{"ok":false,"id":"1"},{"ok":true,"id":"2"}]}`, "failed success"},
		{"names of members", byID, `{"done":{"a":{"at":1}},"rows":{"b":{"at":1}}}`, "success failed"},
		{"elements of XML", xml, `<rows><row ok="false"><id>1</id></row><row ok="true"><id>2</id></row><row ok="false"><id>3</id><code>E9</code></row></rows>`, "failed success failed"},
		{"one form alone", alone, `{"rows":[{"id":"1"},{"id":"2","code":"E9"}]}`, "success noted"},
	} {
		d := compile(t, c.file)
		r := d.Decode(dialect.Request{}, dialect.Response{Status: 200, Body: []byte(c.body)})
		var kinds []string
		for i := range r.Outcome.Items {
			kinds = append(kinds, r.Outcome.Items[i].Outcome.Kind.String())
		}
		if got := strings.Join(kinds, " "); got != c.kinds || r.Outcome.Kind == parlance.KindSuccess {
			t.Errorf("%s: the records are %q, and the whole is %s, with %v", c.name, got, r.Outcome.Kind, r.Diagnostics)
		}
		w := d.Encode(nil, dialect.Request{}, &r.Outcome, dialect.Payload{})
		if back := d.Decode(dialect.Request{}, dialect.Response{Status: w.Status, Body: w.Body}); back.Outcome.Kind != r.Outcome.Kind && len(w.Losses) == 0 {
			t.Errorf("%s: it is written as %s, which reads as %s", c.name, w.Body, back.Outcome.Kind)
		}
	}
}
