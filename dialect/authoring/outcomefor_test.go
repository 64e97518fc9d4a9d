package authoring_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

func TestAnOutcomeIsFoundByACodeAStatusOrAKeyOfTheFile(t *testing.T) {
	t.Parallel()
	withKey := dialect.HeaderMap{"Idempotency-Key": {"k"}}
	for _, test := range []struct {
		dialect, code string
		req           dialect.Request
		want          string // of the response as it is read; "" for none
	}{
		{"stripe", "card_declined", dialect.Request{Method: "POST"}, "402 failed/declined card_declined"},
		{"stripe", "parameter_*", dialect.Request{Method: "POST"}, "400 invalid/ parameter_example"},
		{"stripe", "parameter_unknown", dialect.Request{Method: "POST"}, "400 invalid/ parameter_unknown"},
		{"stripe", "402", dialect.Request{}, "402 failed/ card_error"},
		{"stripe", "418", dialect.Request{}, "418 invalid/ invalid_request_error"},
		{"stripe", "card_declind", dialect.Request{}, ""},
		{"stripe", "999", dialect.Request{}, ""},
		{"stripe", "100", dialect.Request{}, ""},
		{"stripe", "", dialect.Request{}, ""},
		{"vision", "110", dialect.Request{}, "400 invalid/ 110"},
		{"vision", "999", dialect.Request{}, "999 internal/ "},
		{"vision", "3xx", dialect.Request{}, ""},
		{"vision", "204", dialect.Request{Method: "GET"}, "204 empty/ "},
		{"vision", "204", dialect.Request{Method: "POST"}, "204 noted/ "},
		{"vision", "207", dialect.Request{Method: "POST", Path: "/service/ManufactureComplete"}, "207 partial/ "},
		{"vision", "400-429", dialect.Request{Method: "POST"}, "418 invalid/ "},
		{"omilia", "no license", dialect.Request{Method: "POST"}, "403 quota/license "},
		{"omilia", "409", dialect.Request{Method: "POST", Header: withKey}, "409 conflict/ "},
		{"plaid", "ITEM_LOCKED", dialect.Request{Method: "POST"}, "400 forbidden/item_locked ITEM_LOCKED"},
		{"notion", "400", dialect.Request{}, "400 invalid/ validation_error"},
	} {
		d, err := catalog.Open(test.dialect)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if o, ok := authoring.OutcomeFor(d, test.req, test.code); ok {
			m := d.Encode(nil, test.req, &o, dialect.Payload{})
			h := dialect.HeaderMap{}
			h.Set(m.Header)
			back := d.Decode(test.req, dialect.Response{Status: m.Status, Header: h, Body: m.Body}).Outcome
			got = fmt.Sprint(back.Status, " ", back.Kind, "/", back.Reason, " ", back.Code)
		}
		if got != test.want {
			t.Errorf("%s %q for %s: got %q, want %q", test.dialect, test.code, test.req.Method, got, test.want)
		}
	}
}

func TestARowWhoseExampleIsReadOtherwiseFailsTheTest(t *testing.T) {
	t.Parallel()
	// No response is written with the field that tells a locked record from another one.
	d, err := dialect.Compile("lost.yaml", []byte(`dialect: lost
codes: {200: success, locked: {kind: conflict/locked, status: 409}, gone: {kind: not_found/gone, status: 404}}
shapes:
  - {name: locked, status: 409, is: locked, headers: {X-Lock: $any}, json: {message: $detail}}
  - {name: code, status: 4xx, json: {code!: $code, message: $detail}}
  - {name: message, status: 4xx, json: {message: $detail}}
`))
	if err != nil {
		t.Fatal(err)
	}
	report := authoring.Test(d)
	if report.Failed != 1 || len(report.Results) != 1 || report.Results[0].Passed || report.Results[0].Name != "example of locked" ||
		!strings.Contains(report.Results[0].Differences[0].Message, "which is read as conflict") {
		t.Errorf("got %d failures, %+v; want one, of locked", report.Failed, report.Results)
	}
	if c := report.Coverage; c.Codes.Reached != 0 || c.Examples.Reached != 2 || c.Examples.Total != 3 {
		t.Errorf("got %+v; want 0 rows by samples and 2 of 3 by examples", c)
	}
}
