package dialect_test

import (
	"fmt"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

const coded = `codes:
  200: success
  404: not_found
  405: invalid
  409: conflict
  422: invalid/fields
  503: unavailable
  full: {kind: quota/license, status: 403}
  "1004": {kind: not_found, status: 404, default: true}
  "1005": {kind: invalid, status: 405, default: true}
  "1022": {kind: invalid, status: 422, default: true}
  "1040": {kind: quota/license, status: 403}
  "1051": {kind: conflict/idempotency_mismatch, status: 409}
  "1070": {kind: unavailable, status: 503}
  "1071": {kind: unavailable/maintenance, status: 503, default: true}
  "1072": {kind: unavailable, status: 503, default: true}
shapes:
  - {name: full, status: 403, is: full, json: {code?: $code, message!: '$detail is "No seat{_}"'}}
  - {name: error, status: 4xx 5xx, json: {code: $code, message: $detail}}
`

// A default must not change the meaning: it is taken if it says what the status or
// the outcome says.
func TestAnErrorWithoutACodeIsWrittenWithTheDefaultOfItsMeaning(t *testing.T) {
	t.Parallel()
	d := compile(t, coded)
	for _, c := range []struct {
		name   string
		o      parlance.Outcome
		status int
		code   string
	}{
		{"of its kind", parlance.Outcome{Kind: parlance.KindNotFound}, 404, "1004"},
		{"of its kind and status", parlance.Outcome{Kind: parlance.KindInvalid, Status: 405}, 405, "1005"},
		{"of its reason", parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonMaintenance}, 503, "1071"},
		{"of the kind, if none has its reason", parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonReset}, 503, "1072"},
		{"a row of its reason needs no mark", parlance.Outcome{Kind: parlance.KindConflict, Reason: parlance.ReasonMismatch}, 409, "1051"},
		{"a code of its own stands", parlance.Outcome{Kind: parlance.KindUnavailable, Code: "1070"}, 503, "1070"},
		{"a foreign code stands", parlance.Outcome{Kind: parlance.KindNotFound, Code: "77"}, 404, "77"},
		{"the meaning of the status is finer", parlance.Outcome{Kind: parlance.KindInvalid, Reason: parlance.ReasonFields}, 422, ""},
		{"there is none for the kind", parlance.Outcome{Kind: parlance.KindConflict}, 409, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := d.Encode(nil, dialect.Request{}, &c.o, dialect.Payload{})
			back := d.Decode(dialect.Request{}, dialect.Response{Status: m.Status, Body: m.Body}).Outcome
			if m.Status != c.status || back.Code != c.code || back.Kind != c.o.Kind {
				t.Errorf("got %d %s\nwant %d and the code %q", m.Status, m.Body, c.status, c.code)
			}
		})
	}
}

// A coarser code is none of an error's own, unless the file says so by `default`.
func TestAFailureUnderAnUnlistedStatusIsWrittenWithTheDefaultCode(t *testing.T) {
	t.Parallel()
	const file = `codes:
  200: success
  400: {kind: invalid, family: bad_request}
  fine: {kind: failed, status: 400, family: bad_request}
  bad_request: [{kind: invalid/size, status: 400, is: large}, {kind: invalid, status: 400%s}]
shapes:
  - {name: large, status: 4xx, is: large, json: {code!: $code, message!: '$detail is "Too large{_}"'}}
  - {name: error, status: 4xx, json: {code!: $code, message: $detail}}
`
	for mark, want := range map[string]string{", default: true": `{"code":"bad_request","message":"d"}`, "": ""} {
		d := compile(t, fmt.Sprintf(file, mark))
		m := d.Encode(nil, dialect.Request{}, &parlance.Outcome{Kind: parlance.KindInvalid, Status: 418, Detail: "d"}, dialect.Payload{})
		if m.Status != 418 || string(m.Body) != want {
			t.Errorf("%q: got %d %s, want 418 %s", mark, m.Status, m.Body, want)
		}
	}
}

func TestATextThatTellsTheMeaningIsReadInAnyLetterCase(t *testing.T) {
	t.Parallel()
	d := compile(t, coded)
	for text, want := range map[string]parlance.Kind{
		"No seat": parlance.KindQuota, "NO SEAT IS FREE": parlance.KindQuota, "no seat": parlance.KindQuota, "No sea": parlance.KindForbidden, "There is no seat": parlance.KindForbidden,
	} {
		o := d.Decode(dialect.Request{}, dialect.Response{Status: 403, Body: []byte(`{"message":"` + text + `"}`)}).Outcome
		if o.Kind != want || o.Detail != text {
			t.Errorf("%q: got %v with the detail %q, want %v", text, o.Kind, o.Detail, want)
		}
	}
}

func TestACodeOfTheSameMeaningKeepsTheTextThatTellsIt(t *testing.T) {
	t.Parallel()
	d := compile(t, coded)
	o := parlance.Outcome{Kind: parlance.KindQuota, Reason: parlance.ReasonLicense, Code: "1040", Detail: "NO SEAT today"}
	m := d.Encode(nil, dialect.Request{}, &o, dialect.Payload{})
	if want := `{"code":"1040","message":"NO SEAT today"}`; string(m.Body) != want || len(m.Losses) > 0 {
		t.Errorf("got  %s %v\nwant %s", m.Body, m.Losses, want)
	}
}

func TestADefaultThatCannotBeWrittenIsComplainedOf(t *testing.T) {
	t.Parallel()
	for row, want := range map[string]string{
		"404: {kind: not_found, default: true}":                                                                  "contradiction",
		"E*: {kind: not_found, status: 404, default: true}":                                                      "contradiction",
		"E-1: {kind: not_found, status: 404, default: maybe}":                                                    "wrong_type",
		"E1: {kind: not_found, status: 404, default: true}\n  E2: {kind: not_found, status: 404, default: true}": "shadowed",
	} {
		found := authoring.Lint("test.yaml", []byte("dialect: test\ncodes:\n  200: success\n  "+row+"\nshapes:\n  - {name: error, status: 4xx, json: {code: $code}}\n"))
		if got := rules(found); len(got) != 1 || got[0] != want {
			t.Errorf("%s\ngot %v, want %s", row, got, want)
		}
	}
}
