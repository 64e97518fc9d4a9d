package dialect_test

import (
	"testing"

	"github.com/parlance-api/parlance/dialect"
)

func TestTheReasonOfADecisionNamesTheCodeThatWasMet(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("x.yaml", []byte(`dialect: x
codes:
  200: success
  "E1*, F1": {kind: conflict, status: 409, help: Wait}
  no license, no seat: {kind: quota, status: 403}
  400-403: invalid
  5xx: internal
shapes:
  - {name: seat, status: 4xx, is: no seat, json: {message!: '$detail is "No seat{_}"'}}
  - {name: error, status: 4xx 5xx, json: {code?: $code, type?: $family, message: $detail}}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		status     int
		body, want string
	}{
		{409, `{"code":"E17","message":"m"}`, "E17 means conflict: Wait"},
		{409, `{"code":"new","type":"F1","message":"m"}`, "F1 means conflict: Wait"},
		{402, `{"message":"m"}`, "402 means invalid"},
		{503, `{"message":"m"}`, "503 means internal; a POST is retried only with an idempotency key (this API has none), if the dialect marks the operation, or if the caller allows it"},
		{403, `{"message":"No seat is free"}`, "quota"}, // which of the names gave it is not in the outcome
	} {
		req, res := dialect.Request{Method: "POST"}, dialect.Response{Status: test.status, Body: []byte(test.body)}
		o := d.Decode(req, res).Outcome
		if got := d.Decide(req, &o).Why; got != test.want {
			t.Errorf("%d %s: %q, not %q", test.status, test.body, got, test.want)
		}
	}
}

func TestABodyThatIsNotJSONIsToldFromBrokenJSON(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("x.yaml", []byte("dialect: x\ncodes: {200: success}\nshapes: [{name: error, status: 4xx, json: {message: $detail}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{
		"Bad gateway":      "the body is not JSON, although its type is application/json",
		`{"message": "m`:   "the body is not valid JSON: the JSON is cut off at byte 14",
		`{"message": m}`:   "the body is not valid JSON: expected a value at byte 12",
		`{"message": "m"}`: "",
	} {
		res := dialect.Response{Status: 400, Header: lines("Content-Type: application/json"), Body: []byte(body)}
		got := ""
		for _, g := range d.Decode(dialect.Request{}, res).Diagnostics {
			if g.Rule == "broken_body" {
				got = g.Message
			}
		}
		if got != want {
			t.Errorf("%s: %q, not %q", body, got, want)
		}
	}
}
