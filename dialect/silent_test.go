package dialect_test

import (
	"fmt"
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

// Records that went well do not make better what the form of their response says.
func TestRecordsDoNotMakeAFormBetter(t *testing.T) {
	t.Parallel()
	for is, want := range map[string]string{"partial": "partial", "sent in part": "partial", "failed": "failed", "noted": "noted", "success": "success"} {
		d := compile(t, `
codes: {200: success, 404: not_found, sent in part: partial}
shapes: [{name: get, status: 200, path: /get, is: `+is+`, json: {message!: $note, results!: [{id!: $item, $is: success}]}}]
`)
		res := dialect.Response{Status: 200, Body: []byte(`{"message":"b does not exist","results":[{"id":"a"}]}`)}
		if o := d.Decode(dialect.Request{Method: "POST", Path: "/get"}, res).Outcome; o.Kind.String() != want {
			t.Errorf("a response that is %s is read as %s", is, o.Kind)
		}
	}
}

// Under 207 only the body tells what became of each part (RFC 4918, 13). What no shape reads
// is no plain success, unless the file says so.
func TestPartsThatNobodyReadAreNoSuccess(t *testing.T) {
	t.Parallel()
	const shapes = `
shapes: [{name: tracking, status: 2xx, path: "/track/*", json: {shipments!: [{id!: $item, code?: $item.code}]}}]`
	for _, c := range []struct{ codes, path, body, want string }{
		{"200: success", "/track/1", `{"shipments":[{"id":"1"}]}`, "success"},
		{"200: success", "/track/1", `{"shipments":[{"id":"1"},{"id":"2","code":"E1"}]}`, "partial"},
		{"200: success", "/track/1", `{"warnings":[{"code":"E1"}]}`, "noted"},
		{"200: success", "/other", `{"warnings":[{"code":"E1"}]}`, "noted"},
		{"200: success", "/other", ``, "noted"},
		{"200: success, 207: success", "/other", `{"id":1}`, "success"},
		{"200: success, 207: partial", "/track/1", `{"shipments":[{"id":"1"}]}`, "success"},
	} {
		d := compile(t, "codes: {"+c.codes+", E1: {kind: not_found, status: 404}}"+shapes)
		req, res := dialect.Request{Method: "POST", Path: c.path}, dialect.Response{Status: 207, Body: []byte(c.body)}
		if o := d.Decode(req, res).Outcome; o.Kind.String() != c.want {
			t.Errorf("%s of %s under %s is %s, not %s", c.body, c.path, c.codes, o.Kind, c.want)
		}
		if k := d.Classify(req, res).Kind; k.String() != c.want {
			t.Errorf("%s of %s under %s is classified as %s, not %s", c.body, c.path, c.codes, k, c.want)
		}
	}
	for _, k := range []parlance.Kind{parlance.KindNoted, parlance.KindSuccess} {
		if m := compile(t, "codes: {200: success}").Encode(nil, dialect.Request{Method: "POST"}, &parlance.Outcome{Kind: k}, dialect.Payload{}); m.Status != 200 {
			t.Errorf("%s is written as %d", k, m.Status)
		}
	}
}

// Of the shapes whose mark a good response has, the one that reads a listed code counts,
// whatever their order.
func TestTheMarkOfAStricterShapeHidesNoCode(t *testing.T) {
	t.Parallel()
	shapes := []string{
		`{name: expired, status: 403, is: expired token, json: {errors!: [{code!: $code, message: $detail, details!: '$note is "{_}has expired{_}"'}]}}`,
		`{name: error, status: 4xx 5xx, json: {errors!: [{code!: $code, message: $detail}]}}`,
	}
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		d := compile(t, `
codes: {200: success, 400: invalid, 403: forbidden, expired token: {kind: unauthenticated/expired, status: 403}, InvalidInput: {kind: invalid, status: 400}}
shapes:
  - `+shapes[order[0]]+`
  - `+shapes[order[1]]+`
  - {name: order, status: 200, path: /orders, json: {order!: $data}}
`)
		for body, want := range map[string]string{
			`{"errors":[{"code":"InvalidInput","message":"m"}]}`: `invalid InvalidInput "m"`,
			`{"errors":[{"code":"Unlisted","message":"m"}]}`:     `noted Unlisted "m"`,
		} {
			o := d.Decode(dialect.Request{Method: "GET", Path: "/feeds"}, dialect.Response{Status: 200, Body: []byte(body)}).Outcome
			if got := fmt.Sprintf("%s %s %q", o.Kind, o.Code, o.Detail); got != want {
				t.Errorf("in the order %v, %s is %s, not %s", order, body, got, want)
			}
		}
	}
}
