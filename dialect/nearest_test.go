package dialect_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect"
)

// A body that fits no shape is told with the shape that is nearest and the place that does
// not fit it, so that a file can be mended without a search.
func TestABodyThatFitsNoShapeNamesTheNearest(t *testing.T) {
	t.Parallel()
	d := compile(t, `
codes: {400: invalid, E1: invalid, 200: success}
shapes:
  - {name: flat, status: 4xx, json: {code!: $code, hint: $help}}
  - {name: deep, status: 4xx, json: {error!: {code!: $code, errors?: [{text: $field.message}]}, id?: $request_id}}
  - {name: either, status: 4xx, json: {fault!: {$either: [{number!: $code, at: {line: $field.message}}, {name!: $code, at!: $field.path}]}}}
  - {name: elements, status: 4xx, xml: {Error: {Code!: $code, Message: $detail}}}
  - {name: made, status: 200, method: POST, path: /orders, json: {id!: $item, total!: {net!: $any}}}
`)
	const nearest = "; the nearest is shape "
	for _, c := range []struct {
		path, body, want string
		status           int
	}{
		{body: `{"id":"7","error":{"code":null,"errors":[]}}`, want: `"deep", which demands the member "code" in /error`},
		{body: `{"id":"7","error":"t"}`, want: `"deep", which /error does not fit`},
		{body: `{"id":"7"}`, want: `"deep", which demands the member "error" in the body`},
		{body: `{"fault":{"number":"1","name":null,"at":{}},"id":"7"}`, want: ``},
		{body: `{"fault":{"name":"1"},"id":"7"}`, want: `"either", which demands the member "at" in /fault`},
		{body: `{"other":"7"}`, want: ``},
		{body: `[]`, want: ``},
		{body: `<Error><Message/></Error>`, want: `"elements", which demands the member "Code" in the body`},
		{body: `{"error":["t"]}`, want: `"deep", which /error does not fit`},
		{body: `{"error":7}`, want: `"deep", which /error does not fit`},
		{body: `<Error><Code/><Message>m</Message></Error>`, want: `"elements", which demands the member "Code" in the body`},
		{path: "/orders", status: 200, body: `{"id":"1","total":{"gross":1}}`, want: `"made", which demands the member "net" in /total`},
	} {
		res := dialect.Response{Status: 400, Header: http.Header{}, Body: []byte(c.body)}
		if c.status != 0 {
			res.Status = c.status
		}
		got := ""
		for _, told := range d.Decode(dialect.Request{Method: "POST", Path: c.path}, res).Diagnostics {
			if told.Rule == "unfit_body" {
				_, got, _ = strings.Cut(told.Message, nearest)
				if !strings.Contains(told.Message, "none of the forms") {
					t.Errorf("%s: %s", c.body, told.Message)
				}
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.body, got, c.want)
		}
	}
}
