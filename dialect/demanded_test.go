package dialect_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// A constant in a member must be there once the member is, also if that is empty.
func TestAnEmptyMemberLacksTheConstantInIt(t *testing.T) {
	t.Parallel()
	const codes = "codes: {200: success, 4xx: invalid}\nshapes: [{name: good, status: 200, is: success, "
	const one = codes + `json: {v?: $any, a: {ok: true}}}]`
	const deep = codes + `json: {v?: $any, a: {b: {ok: true}}}}]`
	const either = codes + `json: {v?: $any, a: {$either: [{ok: true}, {ok: 1}]}}}]`
	const named = codes + "json: {v?: $any, a: $inner}}]\ndefine: {inner: {ok: true, x: $any}}"
	const may = codes + `json: {v?: $any, a?: {ok: true}, b: $any}}]`
	const xml = codes + `xml: {r: {v?: $any, a: {s: {"@ok": "true"}}}}}]`
	for _, c := range []struct {
		file, body string
		kind       parlance.Kind
	}{
		{one, `{"a":{"ok":true}}`, parlance.KindSuccess},
		{one, `{"a":{}}`, parlance.KindNoted},
		{one, `{"a":[]}`, parlance.KindNoted},
		{one, `{"a":null}`, parlance.KindNoted},
		{one, `{"a":""}`, parlance.KindNoted},
		{one, `{"v":1,"a":{}}`, parlance.KindNoted},
		{deep, `{"a":{"b":{"ok":true}}}`, parlance.KindSuccess},
		{deep, `{"v":1,"a":{}}`, parlance.KindNoted},
		{deep, `{"v":1,"a":{"b":{}}}`, parlance.KindNoted},
		{either, `{"v":1,"a":{"ok":1}}`, parlance.KindSuccess},
		{either, `{"v":1,"a":{}}`, parlance.KindNoted},
		{named, `{"v":1,"a":{"ok":true}}`, parlance.KindSuccess},
		{named, `{"v":1,"a":null}`, parlance.KindNoted},
		{may, `{"b":1,"a":null}`, parlance.KindSuccess},
		{xml, `<r><a><s ok="true"/></a></r>`, parlance.KindSuccess},
		{xml, `<r><v>1</v><a/></r>`, parlance.KindNoted},
		{xml, `<r><v>1</v><a><s/></a></r>`, parlance.KindNoted},
	} {
		d := compile(t, c.file)
		r := d.Decode(dialect.Request{}, dialect.Response{Status: http.StatusOK, Body: []byte(c.body)})
		if r.Outcome.Kind != c.kind || len(r.Diagnostics) > 0 != (c.kind == parlance.KindNoted) {
			t.Errorf("%s by %s reads as %s, not %s: %v", c.body, c.file, r.Outcome.Kind, c.kind, r.Diagnostics)
		}
	}
}

func TestFormsOfRecordsOfWhichNoneSaysSuccessAreCalledLoose(t *testing.T) {
	t.Parallel()
	const file = "dialect: x\ncodes: {200: success, E1: {kind: conflict, status: 409}}\nshapes:\n" +
		"  - {name: batch, status: 200, path: /batch, json: {rows!: [{ok: false, id: $item, error?: $item.code}, "
	for form, loose := range map[string]bool{"{ok: true, id: $item}": true, "{ok: true, id: $item, $is: success}": false} {
		all := authoring.Lint("x.yaml", []byte(file+form+"]}}\n  - {name: other, status: 200, json: $data}\n"))
		if got := slices.ContainsFunc(all, func(d parlance.Diagnostic) bool { return d.Rule == "loose_success" }); got != loose {
			t.Errorf("%s: %v", form, all)
		}
	}
}

// The body of an operation which says how it ended is due, although the file has no form for
// one that went well.
func TestABodyThatSaysHowAnOperationEndedIsDue(t *testing.T) {
	t.Parallel()
	const file = "codes: {200: success, 4xx: invalid}\nshapes:\n" +
		"  - {name: failed, path: /jobs/*, status: 200, is: failed, json: {state: failed, text: $detail}}\n" +
		"  - {name: bulk, method: POST, path: /bulk, status: 200, json: {rows!: [{id!: $item, error?: $item.detail}]}}\n" +
		"  - {name: named, path: /names, status: 200, json: {at: $note}}\n" +
		"  - {name: error, status: 4xx, json: {text: $detail}}\n"
	d := compile(t, file)
	for _, c := range []struct {
		method, path string
		status       int
		kind         parlance.Kind
	}{
		{"GET", "/jobs/1", 200, parlance.KindNoted},
		{"POST", "/jobs/1", 200, parlance.KindNoted},
		{"DELETE", "/jobs/1", 200, parlance.KindSuccess}, // most answer so without a body
		{"HEAD", "/jobs/1", 200, parlance.KindSuccess},
		{"GET", "/jobs/1", 204, parlance.KindEmpty},
		{"POST", "/bulk", 200, parlance.KindNoted},
		{"GET", "/bulk", 200, parlance.KindSuccess},
		{"GET", "/names", 200, parlance.KindSuccess}, // a note is no failure
		{"GET", "/other", 200, parlance.KindSuccess},
		{"GET", "", 200, parlance.KindSuccess},
	} {
		r := d.Decode(dialect.Request{Method: c.method, Path: c.path}, dialect.Response{Status: c.status})
		if due := c.kind == parlance.KindNoted; r.Outcome.Kind != c.kind || (len(r.Diagnostics) == 1 && r.Diagnostics[0].Rule == "empty_body") != due {
			t.Errorf("%s %s: an empty %d reads as %s with %v", c.method, c.path, c.status, r.Outcome.Kind, r.Diagnostics)
		}
	}
}

func TestABodyOfBlanksIsEmpty(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"json: {a!: $data}", "xml: {r: {a!: $data}}"} {
		d := compile(t, "codes: {200: success, 4xx: invalid}\nshapes: [{name: good, status: 200, is: success, "+form+"}]")
		for _, body := range []string{"  \n ", "\t", "\xEF\xBB\xBF\n"} {
			r := d.Decode(dialect.Request{}, dialect.Response{Status: http.StatusOK, Body: []byte(body)})
			if len(r.Diagnostics) != 1 || r.Diagnostics[0].Rule != "empty_body" || r.Outcome.Kind != parlance.KindNoted {
				t.Errorf("%q by %s reads as %s with %v", body, form, r.Outcome.Kind, r.Diagnostics)
			}
		}
	}
}
