package catalog_test

import (
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
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

// confidence is that of a dialect among the guesses, 0 if it is not one of them.
func confidence(guesses []catalog.Guess, name string) float64 {
	for _, g := range guesses {
		if g.Name == name {
			return g.Confidence
		}
	}
	return 0
}

// silent are the recorded responses that any API could have sent, each with the
// reason why nothing tells whose it is.
var silent = map[string]string{
	"Load balancer in front of any API: 503 HTML page instead of the API's envelope, Retry-After present": "a page of nginx, whatever stands behind it",
	"Vision: 204: nothing found":                                                             "nothing but a status",
	"Vision: 401: refresh, then repeat":                                                      "nothing but a status",
	"Vision: 500: wait 5 minutes, then every 30 minutes":                                     "nothing but a status",
	"VBAPI: 429: no documented header; exponential backoff":                                  "nothing but a status and the commonest content type",
	"VMS: 503: maintenance":                                                                  "nothing but a status and the commonest content type",
	"VMS: 200 with the JSON literal null: nothing found":                                     "what any serializer writes of nothing",
	"VMS: error as an HTML page when Accept: application/json was not sent (body filled in)": "a page that is only a status and its name",
	"Omilia: 202: accepted for later":                                                        "nothing but a status",
	"Omilia: 429: exponential backoff":                                                       "nothing but a status",
}

// level is how far behind the first a dialect may lie that responds alike:
// Laravel's errors are VMS's, and some of FastAPI's are Omilia's and Django's.
const level = 0.02

func TestARecordedResponseIsFoundToBeItsVendors(t *testing.T) {
	t.Parallel()
	responses, first, found := 0, 0, 0
	for _, file := range []string{"testdata/vendors.jsonl", "testdata/systems.jsonl"} {
		for _, r := range readCorpus(t, file) {
			responses++
			name := r.Vendor + ": " + r.Case
			guesses := catalog.Detect(dialect.Request{Method: r.Method, Path: r.Path}, dialect.Response{Status: r.Status, Header: header(r.Headers), Body: []byte(r.Body)})
			own := confidence(guesses, dialectOf(r.Vendor))
			reason, nothing := silent[name]
			switch {
			case nothing && len(guesses) > 0:
				t.Errorf("%s: %s, and yet %+v", name, reason, guesses)
			case nothing:
			case own == 0 || own < guesses[0].Confidence-level:
				t.Errorf("%s: %+v", name, guesses)
			case guesses[0].Name == dialectOf(r.Vendor):
				first++
				found++
			default:
				found++
			}
		}
	}
	t.Logf("of %d responses %d are found, %d of them without another dialect before; of %d nothing tells whose they are", responses, found, first, len(silent))
	if found+len(silent) != responses && !t.Failed() {
		t.Errorf("%d are found and %d silent, of %d", found, len(silent), responses)
	}
}

// alike are pairs of dialects of which the first can send what the second sends too.
var alike = map[[2]string]string{
	{"azure-openai", "github-models"}:      "Azure runs the models of GitHub",
	{"cloudflare-ai-gateway", "anthropic"}: "the gateway passes Anthropic's form on",
	{"google-cloud", "gemini"}:             "Gemini is an API of Google Cloud",
	{"google-cloud", "vertex-ai"}:          "Vertex AI is an API of Google Cloud",
	{"mistral", "vllm"}:                    "both have the error object of vLLM",
	{"minimax", "anthropic"}:               "MiniMax has a path in Anthropic's form",
	{"zhipu", "anthropic"}:                 "Zhipu has a path in Anthropic's form",
	{"pollinations", "cloudflare-edge"}:    "Cloudflare stands in front of Pollinations",
}

// TestEachSampleFindsItsOwnFile finds the dialect of each sample and of each recorded
// response. Two dialects can send the very same bytes: then none of them may be sure.
func TestEachSampleFindsItsOwnFile(t *testing.T) {
	t.Parallel()
	const sure = 0.5
	all, found := 0, 0
	for _, r := range responses(t) {
		all++
		guesses := catalog.Detect(r.req, r.res)
		if len(guesses) == 0 {
			continue
		}
		first := guesses[0]
		own := max(confidence(guesses, r.of), confidence(guesses, extended(t, r.of)), confidence(guesses, r.of+"-graphql"))
		switch {
		case own >= first.Confidence-level:
			found++
		case first.Name == "problem", first.Name == "oauth2-bearer": // the form is that of the standard
		case first.Confidence > sure && alike[[2]string{r.of, first.Name}] == "":
			t.Errorf("%s of %s, %d %.100s: got %+v", r.name, r.of, r.res.Status, r.res.Body, first)
		}
	}
	t.Logf("%d of %d found", found, all)
	if found*20 < all*17 {
		t.Errorf("got the own dialect, or the one that it extends, first for %d of %d responses; want 85 of 100", found, all)
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
		if len(guesses) == 0 || guesses[0].Name != test.want || guesses[0].Confidence < 0.7 || len(guesses[0].Why) == 0 {
			t.Errorf("%s: %+v", test.name, guesses)
		}
	}
}

func TestWhatFitsAnyAPIMakesNobodySure(t *testing.T) {
	t.Parallel()
	for _, res := range []dialect.Response{
		jsonResponse(404, `{"message":"No such thing"}`),
		jsonResponse(400, `{"error":"No such thing"}`),
		jsonResponse(400, `{"status":"error","message":"No such thing"}`),
		jsonResponse(400, `{"email":["is taken"]}`),
		jsonResponse(200, `{"id":7,"name":"a thing"}`),
		jsonResponse(200, `{"ok":true}`),
		{Status: 503, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte(`<html><head><title>503</title></head></html>`)},
		{Status: 401},
		{},
	} {
		for _, g := range catalog.Detect(dialect.Request{}, res) {
			if g.Confidence > 0.5 {
				t.Errorf("%d %s: %+v", res.Status, res.Body, g)
			}
		}
	}
}

// Each is of a vendor that the catalog does not have, and in a form that many use.
func TestACommonFormIsNoEvidenceForOneVendor(t *testing.T) {
	t.Parallel()
	problem := func(status int, body string) dialect.Response {
		return dialect.Response{Status: status, Header: http.Header{"Content-Type": {"application/problem+json"}}, Body: []byte(body)}
	}
	for _, test := range []struct {
		vendor, path string
		res          dialect.Response
		want         string // "" for none
	}{
		{"Auth0", "/oauth/token", jsonResponse(403, `{"error":"access_denied","error_description":"Unauthorized"}`), "oauth2-bearer"},
		{"Keycloak", "/realms/shop/protocol/openid-connect/token", jsonResponse(401, `{"error":"invalid_grant","error_description":"Invalid user credentials"}`), "oauth2-bearer"},
		{"Spotify", "/api/token", jsonResponse(400, `{"error":"invalid_client","error_description":"Invalid client secret"}`), "oauth2-bearer"},
		{"Twitch", "/oauth2/token", jsonResponse(400, `{"error":"invalid_grant"}`), "oauth2-bearer"},
		{"Ory", "/oauth2/token", jsonResponse(400, `{"error":"invalid_scope","error_description":"m","error_uri":"https://auth.example/scopes"}`), "oauth2-bearer"},
		{"Mastodon", "https://mastodon.example/oauth/access_token/?lang=en", jsonResponse(400, `{"error":"invalid_request","error_description":"Missing required parameter: code."}`), "oauth2-bearer"},
		{"Okta", "/oauth2/default/v1/token", jsonResponse(401, `{"error":"invalid_client","error_description":"The client secret supplied for a confidential client is invalid."}`), "oauth2-bearer"},
		{"a bearer of any", "/me", dialect.Response{Status: 401, Header: http.Header{"Www-Authenticate": {`Bearer error="invalid_token"`}, "Content-Type": {"application/json"}}, Body: []byte(`{"error":"invalid_token","error_description":"m"}`)}, "oauth2-bearer"},
		{"Mailchimp", "/3.0/lists/x", problem(404, `{"type":"https://mailchimp.com/developer/marketing/docs/errors/","title":"Resource Not Found","status":404,"detail":"m","instance":"1"}`), "mailchimp"},
		{"ASP.NET", "/orders", problem(400, `{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","title":"One or more validation errors occurred.","status":400,"errors":{"Name":["m"]},"traceId":"00-1"}`), "aspnet-core"},
		{"Zalando", "/orders/7", problem(404, `{"title":"Not Found","status":404,"detail":"m"}`), "problem"},
		{"Quarkus", "/orders/7", problem(404, `{"type":"about:blank","title":"Not Found","status":404,"instance":"/orders/7"}`), "problem"},
		{"GitLab", "/api/v4/projects/1", jsonResponse(404, `{"message":"404 Project Not Found"}`), ""},
		{"AWS API Gateway", "/orders", jsonResponse(403, `{"message":"Forbidden"}`), ""},
		{"DigitalOcean", "/v2/account", jsonResponse(401, `{"id":"unauthorized","message":"Unable to authenticate you."}`), ""},
		{"LinkedIn", "/v2/me", jsonResponse(401, `{"serviceErrorCode":65600,"message":"Invalid access token","status":401}`), ""},
		{"a service of OData", "/odata/Orders(7)", jsonResponse(404, `{"error":{"code":"NotFound","message":"m"}}`), "odata"},
		{"Dynamics", "/Orders(7)", jsonResponse(404, `{"error":{"code":"NotFound","message":"m"}}`), ""},
		{"Ollama", "/api/chat", jsonResponse(404, `{"error":"model not found"}`), ""},
	} {
		guesses := catalog.Detect(dialect.Request{Method: "POST", Path: test.path}, test.res)
		elsewhere := 1.0
		for _, g := range guesses {
			elsewhere -= g.Confidence
		}
		got := ""
		if len(guesses) > 0 && guesses[0].Confidence > elsewhere {
			got = guesses[0].Name
		}
		if got != test.want {
			t.Errorf("%s is taken for %q, not %q: %+v", test.vendor, got, test.want, guesses)
		}
		for _, g := range guesses {
			if g.Name != test.want && g.Name != "problem" && g.Confidence > 0.3 {
				t.Errorf("%s may be %+v", test.vendor, g)
			}
		}
	}
}

// A common form with a mark of the vendor is still the vendor's.
func TestACommonFormWithAMarkOfTheVendorIsTheVendors(t *testing.T) {
	t.Parallel()
	const pair = `{"error":"invalid_grant","error_description":"m"}`
	marked := func(name, value string) dialect.Response {
		return dialect.Response{Status: 400, Header: http.Header{"Content-Type": {"application/json"}, name: {value}}, Body: []byte(pair)}
	}
	for want, test := range map[string]struct {
		path string
		res  dialect.Response
	}{
		"shopify":    {"/admin/oauth/access_token", marked("X-Shopify-Shop-Id", "7")},
		"paypal":     {"/v1/oauth2/token", marked("Paypal-Debug-Id", "a1")},
		"salesforce": {"/services/oauth2/token", marked("X-Salesforce-Sip", "1")},
		"vision":     {"/token", marked("X-Vision-Node", "2")},
	} {
		guesses := catalog.Detect(dialect.Request{Method: "POST", Path: test.path}, test.res)
		if len(guesses) == 0 || guesses[0].Name != want {
			t.Errorf("%s: %+v", want, guesses)
		}
	}
}

const likeTwo = `
codes: {422: invalid/fields, 4xx: invalid}
shapes:
  - name: errors
    status: 4xx
    json: {message: $detail, errors?: {$field: [$field.message]}}
`

func TestDialectsWithLikeResponsesShare(t *testing.T) {
	t.Parallel()
	among := []*dialect.Dialect{mustCompile(t, "two", "dialect: two"+likeTwo), mustCompile(t, "one", "dialect: one"+likeTwo)}
	guesses := catalog.DetectAmong(among, dialect.Request{}, jsonResponse(422, `{"message":"Invalid","errors":{"a":["is taken"]}}`))
	if len(guesses) != 2 || guesses[0].Name != "one" || guesses[0].Confidence != guesses[1].Confidence || guesses[0].Confidence < 0.3 || guesses[0].Confidence > 0.5 {
		t.Errorf("%+v", guesses)
	}
}

const acme = `dialect: acme
source: ["developer.acme.test: Errors"]
codes: {4xx: invalid, 530: unavailable, card_lost: {kind: failed, status: 402}}
shapes:
  - {name: cards, path: "*/cards/*", status: 4xx, json: {message: $detail, code?: $code}}
  - {name: error, status: 4xx, json: {message: $detail, code?: $code}}
  - {name: away, status: 5xx, json: {message: $detail, away?: true}}
  - {name: other types, status: 404, type: application/vnd.acme+json, json: {missing: $detail}}
  - {name: trace, headers: {Acme-Trace: $request_id}}
`

func TestAMapThatTakesAnythingTellsLittle(t *testing.T) {
	t.Parallel()
	among := []*dialect.Dialect{
		mustCompile(t, "any", "dialect: any\ncodes: {400: invalid}\ndefine:\n  errors: {$either: [$field.message, [$field.message], {$field#: $errors}, {$field: $errors}]}\nshapes:\n  - {name: map, status: 400, json: {$field: $errors}}\n"),
		mustCompile(t, "own", "dialect: own\ncodes: {400: invalid}\nshapes:\n  - {name: list, status: 400, json: {errors!: [{at: $field, text: $field.message}]}}\n"),
	}
	guesses := catalog.DetectAmong(among, dialect.Request{}, jsonResponse(400, `{"errors":[{"at":"a.b","text":"is taken","more":{"deep":{"deeper":[{"still":"so"}]}}}]}`))
	if len(guesses) != 2 || guesses[0].Name != "own" || guesses[1].Confidence > 0.1 {
		t.Errorf("%+v", guesses)
	}
	guesses = catalog.DetectAmong(among, dialect.Request{}, jsonResponse(400, `{"email":["is taken"],"name":"is short"}`))
	if len(guesses) != 1 || guesses[0].Name != "any" || !slices.Equal(guesses[0].Why, []string{"a map of email, name"}) {
		t.Errorf("%+v", guesses)
	}
}

func TestAnOptionalMemberOfAnotherFormIsNoneOfTheDialects(t *testing.T) {
	t.Parallel()
	among := []*dialect.Dialect{mustCompile(t, "one", "dialect: one\ncodes: {400: invalid}\nshapes:\n  - {name: error, status: 400, json: {message: $detail, faults?: [{at: $field}]}}\n")}
	fits := catalog.DetectAmong(among, dialect.Request{}, jsonResponse(400, `{"message":"No","faults":[{"at":"a"}]}`))
	other := catalog.DetectAmong(among, dialect.Request{}, jsonResponse(400, `{"message":"No","faults":{"a":"b"}}`))
	if confidence(fits, "one") < 0.5 || confidence(other, "one") > 0.1 || slices.ContainsFunc(other, func(g catalog.Guess) bool { return slices.Contains(g.Why, "the members faults, message") }) {
		t.Errorf("%+v, %+v", fits, other)
	}
}

func TestEachFactMakesSurer(t *testing.T) {
	t.Parallel()
	among := []*dialect.Dialect{mustCompile(t, "acme", acme)}
	before := confidence(catalog.DetectAmong(among, dialect.Request{}, jsonResponse(402, `{"message":"Lost"}`)), "acme")
	for name, res := range map[string]dialect.Response{
		"a code that it lists":             jsonResponse(402, `{"message":"Lost","code":"card_lost"}`),
		"a header that it reads":           {Status: 402, Header: http.Header{"Acme-Trace": {"1"}}, Body: []byte(`{"message":"Lost"}`)},
		"a header that holds its name":     {Status: 402, Header: http.Header{"X-Acme-Region": {"eu"}}, Body: []byte(`{"message":"Lost"}`)},
		"a link to its pages":              jsonResponse(402, `{"message":"Lost, see https://www.acme.test/lost"}`),
		"a link in a header":               {Status: 402, Header: http.Header{"Location": {"https://eu.acme.com/lost"}}, Body: []byte(`{"message":"Lost"}`)},
		"a flag that it asks for":          jsonResponse(500, `{"message":"Lost","away":true}`),
		"a status that HTTP does not have": jsonResponse(530, `{"message":"Lost"}`),
		"a content type of its own":        {Status: 404, Header: http.Header{"Content-Type": {"application/vnd.acme+json"}}, Body: []byte(`{"missing":"Lost"}`)},
	} {
		guesses := catalog.DetectAmong(among, dialect.Request{}, res)
		if after := confidence(guesses, "acme"); after <= before || len(guesses[0].Why) < 2 {
			t.Errorf("%s: %.2f, before %.2f: %+v", name, after, before, guesses)
		}
	}
	for name, res := range map[string]dialect.Response{
		"members that it does not have":  jsonResponse(402, `{"message":"Lost","fault_id":7,"lines":[]}`),
		"a status that it does not list": jsonResponse(500, `{"message":"Lost"}`),
		"a body that it does not know":   jsonResponse(402, `[{"message":"Lost"}]`),
		"a content type of another's":    {Status: 402, Header: http.Header{"Content-Type": {"application/vnd.other+json"}}, Body: []byte(`{"message":"Lost"}`)},
	} {
		if after := confidence(catalog.DetectAmong(among, dialect.Request{}, res), "acme"); after >= before {
			t.Errorf("%s: %.2f, before %.2f", name, after, before)
		}
	}
	if after := confidence(catalog.DetectAmong(among, dialect.Request{Path: "/v1/cards/7"}, jsonResponse(402, `{"message":"Lost"}`)), "acme"); after <= before {
		t.Errorf("a path that it names: %.2f, before %.2f", after, before)
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

func TestAllIsTheWholeCatalogWithoutItsSamples(t *testing.T) {
	t.Parallel()
	all, err := catalog.All()
	if err != nil || len(all) != len(catalog.Names()) {
		t.Fatal(len(all), err)
	}
	for i, name := range catalog.Names() {
		d, err := catalog.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if all[i].Name() != name || !slices.Equal(all[i].Sources(), d.Sources()) || !reflect.DeepEqual(authoring.Codes(all[i]), authoring.Codes(d)) || !reflect.DeepEqual(authoring.Losses(all[i], parlance.KindInvalid), authoring.Losses(d, parlance.KindInvalid)) {
			t.Errorf("%s is not what Open says of it", name)
		}
	}
}
