package dialect_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

func TestTheTextThatMustFitComesLast(t *testing.T) {
	t.Parallel()
	const file = "codes: {200: success, 4xx: invalid}\nshapes: [{name: e, status: 4xx, json: {msg!: "
	for hole, hint := range map[string]string{
		`'$detail is "{_}until{_}" & "{_}until {$retry_after}.{_}"'`:     `write $detail & "{_}until {$retry_after}.{_}" is "{_}until{_}"`,
		`'''$detail is "{_}until{_}"'' & "{_}until {$retry_after}.{_}"'`: "write it without these quotes",
	} {
		all := authoring.Lint("x.yaml", []byte("dialect: x\n"+file+hole+"}}]\n"))
		if len(all) != 1 || all[0].Rule != "bad_hole" || all[0].Hint != hint {
			t.Errorf("%s: %v", hole, all)
		}
	}
	d := compile(t, file+`'$detail & "{_}until {$retry_after}.{_}" is "{_}until{_}"'}}, {name: other, status: 4xx, json: {msg!: $title}}]`)
	for body, shape := range map[string]string{`{"msg":"Banned until 30. Bye"}`: "e", `{"msg":"Banned"}`: "other"} {
		if r := d.Decode(dialect.Request{}, dialect.Response{Status: http.StatusBadRequest, Body: []byte(body)}); r.Shape != shape || (r.Outcome.RetryAfter > 0) != (shape == "e") {
			t.Errorf("%s is read by %q as %+v", body, r.Shape, r.Outcome)
		}
	}
}

func TestACodeThatIsOnlyWrittenIsALoss(t *testing.T) {
	t.Parallel()
	d := compile(t, `codes: {200: success, 4xx: invalid}
shapes: [{name: e, status: 4xx, json: {error!: ['$code & $detail is "E{_}"']}}]`)
	w := d.Encode(nil, dialect.Request{}, &parlance.Outcome{Kind: parlance.KindInvalid}, dialect.Payload{})
	if got := attributes(w.Losses); strings.Contains(string(w.Body), `"E"`) && got != "code" {
		t.Errorf("%s loses %q", w.Body, got)
	}
}

func TestOneTextForADetailAndANoteIsNoNoteInXMLEither(t *testing.T) {
	t.Parallel()
	const rows = "codes: {200: success, E1: {kind: conflict, status: 409}, 4xx: invalid}\nshapes: [{name: batch, status: 200, "
	for body, form := range map[string]string{
		`<rows><row><id>1</id><e><code>E1</code><m>a text</m></e></row></rows>`:      `xml: {rows: {row!: [{id: $item, e?: [{code!: $item.code, m: $item.detail & $item.note}]}]}}}]`,
		`<rows><row ok="n"><id>1</id><e>a text</e></row></rows>`:                     `xml: {rows: {row!: [{"@ok": "n", id: $item, $is: failed, e?: [$item.detail & $item.note]}, {"@ok": "y", id: $item, $is: success}]}}}]`,
		`{"rows":[{"id":"1","errors":[{"code":"E1","m":"a text"}]}]}`:                `json: {rows!: [{id: $item, errors?: [{code!: $item.code, m: $item.detail & $item.note}]}]}}]`,
		`{"rows":[{"id":"1","errors":[{"code":"E1","m":"a \u0074ext"}]}],"other":1}`: `json: {rows!: [{id: $item, errors?: [{code!: $item.code, m: $item.detail & $item.note}]}]}}]`,
	} {
		r := compile(t, rows+form).Decode(dialect.Request{}, dialect.Response{Status: http.StatusOK, Body: []byte(body)})
		if len(r.Outcome.Items) != 1 || r.Outcome.Items[0].Outcome.Detail != "a text" || len(r.Outcome.Items[0].Outcome.Notes) > 0 {
			t.Errorf("%s is read as %+v", body, r.Outcome)
		}
	}
}

// An item of a sample has the place in its list if it names no index.
func TestAnItemOfASampleHasThePlaceInItsList(t *testing.T) {
	t.Parallel()
	const file = `dialect: t
codes: {200: success, 4xx: invalid, E1: {kind: conflict, status: 400}}
shapes:
  - {name: batch, status: 200, path: "*/batch", json: {rows!: [{id!: $item, code?: $item.code}]}}
  - {name: success, status: 200, json: $data}
samples:
  - path: /a/batch
    response: |
      HTTP/1.1 200 OK
      Content-Type: application/json

      {"rows":[{"id":"1"},{"id":"2","code":"E1"}]}
    outcome: {kind: partial, items: [{id: "1", outcome: {kind: success}}, {id: "2", outcome: {kind: conflict, code: E1}}]}
`
	if all := authoring.Lint("x.yaml", []byte(file)); len(all) > 0 {
		t.Errorf("%v", all)
	}
}

func TestABraceInsideOfBracesNeedsQuotes(t *testing.T) {
	t.Parallel()
	all := authoring.Lint("x.yaml", []byte("dialect: t\ncodes: {200: success}\nshapes:\n  - {name: a, json: {descr!: $any = {}, x: $detail}}\n"))
	if len(all) != 1 || !strings.HasPrefix(all[0].Hint, "inside of { } and [ ]") {
		t.Errorf("%v", all)
	}
}
