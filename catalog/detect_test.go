package catalog_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

func jsonResponse(status int, body string) dialect.Response {
	return dialect.Response{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
}

func mustCompile(t *testing.T, name, text string) *dialect.Dialect {
	t.Helper()
	d, err := dialect.Compile(name+".yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// sure is how sure a dialect is among the guesses, 0 where it is none of them.
func sure(guesses []catalog.Guess, name string) float64 {
	for _, g := range guesses {
		if g.Name == name {
			return g.Sure
		}
	}
	return 0
}

func TestARecordedResponseIsNoOthersThanItsVendors(t *testing.T) {
	t.Parallel()
	for _, r := range readCorpus(t, "testdata/systems.jsonl") {
		guesses := catalog.Detect(dialect.Request{Method: r.Method, Path: r.Path}, dialect.Response{Status: r.Status, Header: header(r.Headers), Body: []byte(r.Body)})
		if len(guesses) == 0 || guesses[0].Sure < 0.3 {
			continue // most of them say only what any API says
		}
		// Where frameworks answer alike, the vendor's is as likely as the likeliest.
		own := strings.ToLower(r.Vendor)
		if sure(guesses, own) < guesses[0].Sure-0.25 {
			t.Errorf("%s: %s: %+v", r.Vendor, r.Case, guesses)
		}
	}
}

func TestWhatTellsADialectMakesSure(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, want string
		res        dialect.Response
	}{
		{"an envelope of its own", "vbapi", jsonResponse(404, `{"data":null,"error":{"type":"https://httpstatuses.com/404","title":"Not Found","status":404,"detail":"Gone","instance":"/clients/abc"},"debug":{"activityId":"a62d"}}`)},
		{"elements of its own", "vision", dialect.Response{Status: 207, Body: []byte(`<MANUFACTURING><MC><DocRef>1</DocRef><RES><Code>200</Code><Message>Done</Message></RES></MC></MANUFACTURING>`)}},
		{"a text of its own", "omilia", jsonResponse(403, `{"errors":[{"code":"x","detail":"No available licenses","meta":{},"source":"","status":403,"title":"Forbidden"}]}`)},
		{"a content type of its own", "problem", dialect.Response{Status: 403, Header: http.Header{"Content-Type": {"application/problem+json"}}, Body: []byte(`{"type":"https://example.com/probs/out-of-credit","title":"No credit","status":403,"detail":"30 is not 50","instance":"/account/1"}`)}},
	} {
		guesses := catalog.Detect(dialect.Request{}, test.res)
		if len(guesses) == 0 || guesses[0].Name != test.want || guesses[0].Sure < 0.7 || len(guesses[0].Why) == 0 {
			t.Errorf("%s: %+v", test.name, guesses)
		}
	}
}

func TestWhatFitsAnyAPIMakesNobodySure(t *testing.T) {
	t.Parallel()
	for _, res := range []dialect.Response{
		jsonResponse(404, `{"message":"No such thing"}`),
		jsonResponse(400, `{"error":"No such thing"}`),
		jsonResponse(200, `{"id":7,"name":"a thing"}`),
		{Status: 503, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte(`<html><head><title>503</title></head></html>`)},
		{Status: 401},
		{},
	} {
		for _, g := range catalog.Detect(dialect.Request{}, res) {
			if g.Sure > 0.5 {
				t.Errorf("%d %s: %+v", res.Status, res.Body, g)
			}
		}
	}
}

const alike = `
codes: {422: invalid/fields, 4xx: invalid}
shapes:
  - name: errors
    status: 4xx
    json: {message: $detail, errors?: {$field: [$field.message]}}
`

func TestDialectsThatAnswerAlikeShare(t *testing.T) {
	t.Parallel()
	among := []*dialect.Dialect{mustCompile(t, "two", "dialect: two"+alike), mustCompile(t, "one", "dialect: one"+alike)}
	guesses := catalog.DetectAmong(among, dialect.Request{}, jsonResponse(422, `{"message":"Invalid","errors":{"a":["is taken"]}}`))
	if len(guesses) != 2 || guesses[0].Name != "one" || guesses[0].Sure != guesses[1].Sure || guesses[0].Sure < 0.3 || guesses[0].Sure > 0.5 {
		t.Errorf("%+v", guesses)
	}
}

const acme = `dialect: acme
source: ["developer.acme.test: Errors"]
codes: {4xx: invalid, card_lost: {kind: failed, status: 402}}
shapes:
  - {name: error, status: 4xx, json: {message: $detail, code?: $code}}
  - {name: trace, headers: {Acme-Trace: $request_id}}
`

func TestEachFactMakesSurer(t *testing.T) {
	t.Parallel()
	among := []*dialect.Dialect{mustCompile(t, "acme", acme)}
	before := sure(catalog.DetectAmong(among, dialect.Request{}, jsonResponse(402, `{"message":"Lost"}`)), "acme")
	for name, res := range map[string]dialect.Response{
		"a code that it lists":         jsonResponse(402, `{"message":"Lost","code":"card_lost"}`),
		"a header that it reads":       {Status: 402, Header: http.Header{"Acme-Trace": {"1"}}, Body: []byte(`{"message":"Lost"}`)},
		"a header that holds its name": {Status: 402, Header: http.Header{"X-Acme-Region": {"eu"}}, Body: []byte(`{"message":"Lost"}`)},
		"a link to its pages":          jsonResponse(402, `{"message":"Lost, see https://www.acme.test/lost"}`),
	} {
		guesses := catalog.DetectAmong(among, dialect.Request{}, res)
		if after := sure(guesses, "acme"); after <= before || len(guesses[0].Why) < 2 {
			t.Errorf("%s: %.2f, before %.2f: %+v", name, after, before, guesses)
		}
	}
	for name, res := range map[string]dialect.Response{
		"members that it does not have":  jsonResponse(402, `{"message":"Lost","fault_id":7,"lines":[]}`),
		"a status that it does not list": jsonResponse(500, `{"message":"Lost"}`),
		"a body that it does not know":   jsonResponse(402, `[{"message":"Lost"}]`),
	} {
		if after := sure(catalog.DetectAmong(among, dialect.Request{}, res), "acme"); after >= before {
			t.Errorf("%s: %.2f, before %.2f", name, after, before)
		}
	}
}

func TestAHeaderOfAnotherKindThanAMapIsAskedOnlyForWhatIsKnown(t *testing.T) {
	t.Parallel()
	among := []*dialect.Dialect{mustCompile(t, "acme", acme)}
	guesses := catalog.DetectAmong(among, dialect.Request{}, dialect.Response{Status: 402, Header: onlyTrace{}, Body: []byte(`{"message":"Lost"}`)})
	if len(guesses) != 1 || !slices.Contains(guesses[0].Why, "the header Acme-Trace") {
		t.Errorf("%+v", guesses)
	}
}

// onlyTrace is a header that cannot be listed.
type onlyTrace struct{}

func (onlyTrace) Values(name string) []string {
	if name == "Acme-Trace" {
		return []string{"7"}
	}
	return nil
}
