package dialect_test

import (
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

// reading is one response of an API of the catalog which differs from what the page of
// the vendor says: what it reads as, and what is told about it.
type reading struct {
	name    string // the kind of the difference; the dialects under one name are siblings
	dialect string
	method  string
	path    string
	status  int
	header  string // application/json is the type if it has none
	body    string
	want    string // the whole Outcome as JSON, without its status and the help of its row
	told    string // the rules of what is told about the response
	act     string // the decision, as "retry 5s safe"
}

func holdReadings(t *testing.T, all []reading) {
	t.Helper()
	for _, r := range all {
		t.Run(r.name+" in "+r.dialect, func(t *testing.T) {
			t.Parallel()
			r.hold(t)
		})
	}
}

func (r *reading) hold(t *testing.T) {
	t.Helper()
	d, err := catalog.Open(r.dialect)
	if err != nil {
		t.Fatal(err)
	}
	req := dialect.Request{Method: r.method, Path: r.path, Now: stated}
	res := dialect.Response{Status: r.status, Header: lines(r.header), Body: []byte(r.body), Received: stated}
	if res.Header.Values("Content-Type") == nil {
		res.Header = lines(strings.TrimPrefix(r.header+"\nContent-Type: application/json", "\n"))
	}
	got := d.Decode(req, res)
	o := got.Outcome
	texts := o
	texts.Help = "" // the row's
	same(t, "it reads as", r.want, &texts)
	if o.Status != r.status {
		t.Errorf("the status is %d", o.Status)
	}
	if told := strings.Join(rules(got.Diagnostics), " "); told != r.told {
		t.Errorf("it is told %q, not %q: %v", told, r.told, got.Diagnostics)
	}
	glanced(t, d, req, res)
	if p := d.Decide(req, &o); decided(p) != r.act {
		t.Errorf("the decision is %q, not %q: %+v", decided(p), r.act, p)
	}
}

func TestTheFormsThatEverybodyUsesStandBehindEveryDialect(t *testing.T) {
	t.Parallel()
	holdReadings(t, []reading{
		{name: "OAuth's pair", dialect: "stripe", method: "POST", path: "/oauth/token", status: 400, header: "Request-Id: req_1",
			body: `{"error":"invalid_grant","error_description":"This authorization code has already been used"}`,
			want: `{"kind":"unauthenticated","reason":"grant","code":"invalid_grant","detail":"This authorization code has already been used","request_id":"req_1"}`, act: "stop"},
		{name: "OAuth's pair", dialect: "github", method: "POST", path: "/login/oauth/access_token", status: 400,
			body: `{"error":"bad_verification_code","error_description":"The code passed is incorrect or expired."}`,
			want: `{"kind":"invalid","detail":"The code passed is incorrect or expired."}`, told: "unfit_body common_form", act: "correct"},
		{name: "OAuth's pair", dialect: "shopify", method: "POST", path: "/admin/oauth/access_token", status: 400,
			body: `{"error":"invalid_request","error_description":"The authorization code was not found or was already used"}`,
			want: `{"kind":"invalid","code":"invalid_request","detail":"The authorization code was not found or was already used"}`, act: "correct"},
		{name: "a message alone", dialect: "elasticsearch", method: "POST", path: "/_bulk", status: 403,
			body: `{"message":"The security token included in the request is expired"}`,
			want: `{"kind":"forbidden","detail":"The security token included in the request is expired"}`, told: "unfit_body common_form", act: "stop"},
		{name: "a message alone", dialect: "paypal", method: "POST", path: "/v2/checkout/orders", status: 403,
			body: `{"message":"Forbidden by policy"}`,
			want: `{"kind":"forbidden","detail":"Forbidden by policy"}`, told: "unfit_body common_form", act: "stop"},
		{name: "a message alone", dialect: "google-cloud", method: "GET", path: "/v1/x", status: 404,
			body: `{"message":"no Route matched with those values"}`,
			want: `{"kind":"not_found","detail":"no Route matched with those values"}`, told: "unfit_body common_form", act: "stop safe"},
		{name: "an error that is a text", dialect: "kubernetes", method: "GET", path: "/api/v1/pods", status: 502,
			body: `{"error":"the backend is gone"}`,
			want: `{"kind":"bad_gateway","detail":"the backend is gone"}`, told: "unfit_body common_form", act: "retry 1s 1m0s safe"},
		{name: "an error that is a text", dialect: "azure", method: "GET", path: "/subscriptions/1", status: 500,
			body: `{"error":"An error has occurred."}`,
			want: `{"kind":"internal","detail":"An error has occurred."}`, told: "unfit_body common_form", act: "retry 1s 1m0s safe"},
		{name: "an error that is a text", dialect: "openai", method: "POST", path: "/v1/chat/completions", status: 400,
			body: `{"error":"model is required"}`,
			want: `{"kind":"invalid","detail":"model is required"}`, told: "unfit_body common_form", act: "correct safe"},
		{name: "a listed code in an element, where no form of the status has one", dialect: "github", method: "GET", path: "/repos/o/r", status: 404,
			body: `{"errors":[{"category":"INVALID_REQUEST_ERROR","code":"NOT_FOUND","detail":"There is no such payment"}]}`,
			want: `{"kind":"not_found","detail":"There is no such payment"}`, told: "unfit_body common_form", act: "stop safe"},
		{name: "an error with code and message", dialect: "vms", method: "GET", path: "/api/v1/cameras", status: 404,
			body: `{"error":{"code":"CameraGone","message":"The camera is gone"}}`,
			want: `{"kind":"not_found","code":"CameraGone","detail":"The camera is gone"}`, told: "unfit_body common_form", act: "stop safe"},
		{name: "an error with code and message", dialect: "hubspot", method: "GET", path: "/crm/v3/objects/contacts/1", status: 503,
			body: `{"error":{"code":"UPSTREAM","message":"upstream is away"}}`,
			want: `{"kind":"unavailable","code":"UPSTREAM","detail":"upstream is away"}`, told: "unfit_body common_form", act: "retry 1s 1m0s safe"},
		{name: "an error with code and message", dialect: "django-rest-framework", method: "GET", path: "/x", status: 503,
			body: `{"error":{"code":"E9","message":"try later"}}`,
			want: `{"kind":"unavailable","code":"E9","detail":"try later"}`, told: "unfit_body common_form", act: "retry 1s 1m0s safe"},
		{name: "a list of errors", dialect: "hubspot", method: "GET", path: "/crm/v3/objects/contacts/1", status: 400,
			body: `{"errors":[{"field":"email","message":"is taken"},{"field":"age","message":"is no number"}]}`,
			want: `{"kind":"invalid","detail":"is taken","fields":[{"path":"email","message":"is taken"},{"path":"age","message":"is no number"}]}`, told: "unfit_body common_form", act: "correct safe"},
		{name: "a list of errors", dialect: "azure", method: "PUT", path: "/subscriptions/1", status: 400,
			body: `{"errors":[{"code":"E1","message":"no name"}]}`,
			want: `{"kind":"invalid","code":"E1","detail":"no name"}`, told: "unfit_body common_form", act: "correct safe"},
		{name: "a list of errors", dialect: "discord", method: "POST", path: "/api/v10/channels/1/messages", status: 400,
			body: `{"errors":["no content","no embeds"]}`,
			want: `{"kind":"invalid","detail":"no content","fields":[{"message":"no content"},{"message":"no embeds"}]}`, told: "unfit_member common_form", act: "correct"},
		{name: "a problem", dialect: "github", method: "GET", path: "/repos/o/r", status: 503, header: "Content-Type: application/problem+json",
			body: `{"type":"https://example.com/away","title":"Away","status":503,"detail":"The server is away"}`,
			want: `{"kind":"unavailable","detail":"The server is away"}`, told: "unfit_body common_form", act: "retry 1s 1m0s safe"},
		{name: "a problem", dialect: "twilio", method: "GET", path: "/2010-04-01/Accounts", status: 503, header: "Content-Type: application/problem+json",
			body: `{"title":"Away","status":503,"detail":"The server is away"}`,
			want: `{"kind":"unavailable","detail":"The server is away"}`, told: "unfit_body common_form", act: "retry 1s 1m0s safe"},
		{name: "a problem", dialect: "slack", method: "POST", path: "/api/chat.postMessage", status: 503, header: "Content-Type: application/problem+json",
			body: `{"title":"Away","status":503,"detail":"The server is away"}`,
			want: `{"kind":"unavailable","detail":"The server is away"}`, told: "unfit_body common_form", act: "retry 1s 1m0s"},
		{name: "FastAPI's detail", dialect: "openai", method: "POST", path: "/v1/x", status: 422,
			body: `{"detail":[{"loc":["body","name"],"msg":"field required","type":"value_error.missing"}]}`,
			want: `{"kind":"invalid","detail":"field required","fields":[{"path":"body.name","code":"value_error.missing","message":"field required"}]}`, told: "unfit_body common_form", act: "correct"},
		{name: "FastAPI's detail", dialect: "elasticsearch", method: "GET", path: "/i/_doc/1", status: 404,
			body: `{"detail":"Not Found"}`,
			want: `{"kind":"not_found","detail":"Not Found"}`, told: "unfit_body common_form", act: "stop safe"},
		{name: "FastAPI's detail", dialect: "paypal", method: "GET", path: "/v1/x", status: 404,
			body: `{"detail":"Not Found"}`,
			want: `{"kind":"not_found","detail":"Not Found"}`, told: "unfit_body common_form", act: "stop safe"},
		{name: "the title of a page", dialect: "shopify", method: "POST", path: "/admin/orders.json", status: 504, header: "Content-Type: text/html",
			body: "<html>\n<head><title>504 Gateway Time-out</title></head>\n<body bgcolor=\"white\">\n<center><h1>504 Gateway Time-out</h1></center>\n<hr><center>nginx/1.13.9</center>\n</body>\n",
			want: `{"kind":"timeout","detail":"504 Gateway Time-out"}`, told: "unfit_body common_form", act: "retry 1s 1m0s"},
		{name: "the title of a page", dialect: "twilio", method: "GET", path: "/2010-04-01/Accounts", status: 502, header: "Content-Type: text/html",
			body: `<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Oops</h1></body></html>`,
			want: `{"kind":"bad_gateway","detail":"502 Bad Gateway"}`, told: "unfit_body common_form", act: "retry 1s 1m0s safe"},
		{name: "the heading of a page without a title", dialect: "kubernetes", method: "GET", path: "/api/v1/pods", status: 503, header: "Content-Type: text/html",
			body: "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>",
			want: `{"kind":"unavailable","detail":"503 Service Unavailable"}`, told: "unfit_body common_form", act: "retry 1s 1m0s safe"},
		{name: "a plain text", dialect: "slack", method: "POST", path: "/api/chat.postMessage", status: 429, header: "Content-Type: text/plain\nRetry-After: 1",
			body: `You are sending too many requests. Please relax.`,
			want: `{"kind":"rate_limited","detail":"You are sending too many requests. Please relax.","retry_after":1}`, told: "unfit_body common_form", act: "retry 1s safe"},
		{name: "a plain text", dialect: "salesforce", method: "POST", path: "/services/data/v59.0/sobjects/Account", status: 503, header: "Content-Type: text/plain",
			body: `upstream connect error or disconnect/reset before headers. reset reason: connection failure`,
			want: `{"kind":"unavailable","detail":"upstream connect error or disconnect/reset before headers. reset reason: connection failure"}`, told: "unfit_body common_form", act: "retry 1s 1m0s"},
		{name: "a plain text", dialect: "aws-dynamodb", method: "POST", path: "/", status: 503, header: "Content-Type: text/plain",
			body: `no healthy upstream`,
			want: `{"kind":"unavailable","detail":"no healthy upstream"}`, told: "unfit_body common_form", act: "retry 1s 1m0s"},
		{name: "a bare text of JSON", dialect: "github", method: "GET", path: "/repos/o/r", status: 404,
			body: `"Not Found"`,
			want: `{"kind":"not_found","detail":"Not Found"}`, told: "unfit_body common_form", act: "stop safe"},
		{name: "a bare text of JSON", dialect: "stripe", method: "GET", path: "/v1/charges", status: 503,
			body: `"away"`,
			want: `{"kind":"unavailable","detail":"away"}`, told: "unfit_body common_form", act: "retry 1s 1m0s safe"},
		{name: "a bare text of JSON", dialect: "oauth2-bearer", method: "GET", path: "/x", status: 400,
			body: `"no"`,
			want: `{"kind":"invalid","detail":"no"}`, told: "unfit_body common_form", act: "correct safe"},
		{name: "a text as an object of names", dialect: "stripe", method: "GET", path: "/v1/charges", status: 400,
			body: `{"errorMessage":{"name":"is missing","age":"is no number"}}`,
			want: `{"kind":"invalid","detail":"is missing","fields":[{"path":"name","message":"is missing"},{"path":"age","message":"is no number"}]}`, told: "unfit_body common_form", act: "correct safe"},
		{name: "a text as an object beside another member", dialect: "notion", method: "GET", path: "/v1/users", status: 404,
			body: `{"errorMessage":{"text":"There is no such user","code":"E1"},"time":3}`,
			want: `{"kind":"not_found","code":"E1","detail":"There is no such user"}`, told: "unfit_body common_form", act: "stop safe"},
		{name: "a list of messages beside their fields", dialect: "plain", method: "GET", path: "/x", status: 404,
			body: `{"errorMessages":["Issue does not exist or you do not have permission to see it."],"errors":{}}`,
			want: `{"kind":"not_found","title":"Not Found","detail":"Issue does not exist or you do not have permission to see it."}`, told: "unfit_body common_form", act: "stop safe"},
		{name: "a text that no person can read is none", dialect: "stripe", method: "GET", path: "/v1/charges", status: 500, header: "Content-Type: application/octet-stream",
			body: "\x01\x02\x00\x03",
			want: `{"kind":"internal"}`, told: "unfit_body", act: "retry 1s 1m0s safe"},
		{name: "a reason that is a symbol, beside a title", dialect: "stripe", method: "POST", path: "/v1/x", status: 409,
			body: `{"title":"The order is closed already.","status":409,"reason":"order_closed"}`,
			want: `{"kind":"conflict","code":"order_closed","detail":"The order is closed already."}`, told: "unfit_body common_form", act: "stop"},
		{name: "a reason that is a sentence, beside a title", dialect: "stripe", method: "POST", path: "/v1/x", status: 409,
			body: `{"title":"Conflict","status":409,"reason":"The order is closed already."}`,
			want: `{"kind":"conflict","detail":"The order is closed already."}`, told: "unfit_body common_form", act: "stop"},
	})
}

func TestAMemberOfAnotherFormDoesNotTakeTheOthersWithIt(t *testing.T) {
	t.Parallel()
	holdReadings(t, []reading{
		{name: "details under other names", dialect: "paypal", method: "POST", path: "/v1/billing-agreements/agreements", status: 400, header: "Paypal-Debug-Id: f0f0",
			body: `{"name":"BUSINESS_ERROR","debug_id":"f0f0","message":"Business error","information_link":"https://developer.paypal.com/x#BUSINESS_ERROR","details":[{"name":"TOKEN_NOT_FOUND","message":"Not Found: Invalid BA-Token Identifier"}]}`,
			want: `{"kind":"invalid","code":"BUSINESS_ERROR","detail":"Business error","type":"https://developer.paypal.com/x#BUSINESS_ERROR","request_id":"f0f0","fields":[{"code":"TOKEN_NOT_FOUND","message":"Not Found: Invalid BA-Token Identifier"}]}`, act: "correct"},
		{name: "an object for a text", dialect: "fastapi", method: "POST", path: "/x", status: 400,
			body: `{"detail":{"code":"E1","message":"Model not found"}}`,
			want: `{"kind":"invalid","code":"E1","detail":"Model not found"}`, act: "correct"},
		{name: "an object for a text", dialect: "discord", method: "GET", path: "/api/v10/channels/1", status: 400,
			body: `{"code":50035,"message":{"text":"Invalid Form Body"}}`,
			want: `{"kind":"invalid","reason":"form","code":"50035","detail":"Invalid Form Body"}`, told: "unfit_member", act: "correct safe"},
		{name: "an object for a text", dialect: "github", method: "GET", path: "/repos/o/r", status: 422,
			body: `{"message":{"error":"Validation Failed"},"documentation_url":"https://docs.github.com"}`,
			want: `{"kind":"invalid","reason":"fields","detail":"Validation Failed"}`, told: "unfit_body common_form", act: "correct safe"},
		{name: "a list for an object", dialect: "laravel", method: "POST", path: "/x", status: 422,
			body: `{"message":"The given data was invalid.","errors":["The name is required."]}`,
			want: `{"kind":"invalid","reason":"fields","detail":"The given data was invalid.","fields":[{"message":"The name is required."}]}`, told: "unfit_member", act: "correct"},
		{name: "a list for an object", dialect: "stripe", method: "POST", path: "/v1/charges", status: 402,
			body: `{"error":[{"type":"card_error","code":"card_declined","message":"Your card was declined."}]}`,
			want: `{"kind":"failed","reason":"declined","code":"card_declined","family":"card_error","detail":"Your card was declined."}`, told: "unfit_member", act: "stop"},
		{name: "a list for an object", dialect: "discord", method: "POST", path: "/api/v10/channels/1/messages", status: 400,
			body: `{"code":50035,"message":"Invalid Form Body","errors":["content is required"]}`,
			want: `{"kind":"invalid","reason":"form","code":"50035","detail":"Invalid Form Body","fields":[{"message":"content is required"}]}`, told: "unfit_member", act: "correct"},
		{name: "texts for objects", dialect: "spring-boot", method: "POST", path: "/x", status: 400,
			body: `{"timestamp":"2024-01-01T00:00:00Z","status":400,"error":"Bad Request","errors":["name: must not be blank"],"path":"/x"}`,
			want: `{"kind":"invalid","code":"Bad Request","instance":"/x","fields":[{"message":"name: must not be blank"}]}`, told: "unfit_member", act: "correct"},
		{name: "texts for objects", dialect: "github", method: "POST", path: "/repos/o/r/issues", status: 422,
			body: `{"message":"Validation Failed","errors":["title is missing","body is too long"]}`,
			want: `{"kind":"invalid","reason":"fields","detail":"Validation Failed","fields":[{"message":"title is missing"},{"message":"body is too long"}]}`, act: "correct"},
		{name: "texts for objects", dialect: "hubspot", method: "POST", path: "/crm/v3/objects/contacts", status: 400,
			body: `{"status":"error","message":"Invalid input","correlationId":"c-1","category":"VALIDATION_ERROR","errors":["email is taken"]}`,
			want: `{"kind":"invalid","code":"VALIDATION_ERROR","detail":"Invalid input","request_id":"c-1","fields":[{"message":"email is taken"}]}`, told: "unfit_member", act: "correct"},
		{name: "a list for a text", dialect: "stripe", method: "POST", path: "/v1/charges", status: 400,
			body: `{"error":{"type":"invalid_request_error","message":["Missing amount","Missing currency"]}}`,
			want: `{"kind":"invalid","code":"invalid_request_error","family":"invalid_request_error","detail":"Missing amount","notes":["Missing currency"]}`, told: "unfit_member", act: "correct"},
		{name: "a list for a text", dialect: "azure", method: "PUT", path: "/subscriptions/1", status: 400,
			body: `{"error":{"code":"BadRequest","message":["no name","no place"]}}`,
			want: `{"kind":"invalid","code":"BadRequest","detail":"no name","notes":["no place"]}`, told: "unfit_member", act: "correct safe"},
		{name: "a list for a text", dialect: "laravel", method: "POST", path: "/x", status: 422,
			body: `{"message":["Two things","are wrong"],"errors":{"name":["is missing"]}}`,
			want: `{"kind":"invalid","reason":"fields","detail":"Two things","fields":[{"path":"name","message":"is missing"}],"notes":["are wrong"]}`, told: "unfit_member", act: "correct"},
		{name: "a text for a list", dialect: "laravel", method: "POST", path: "/x", status: 422,
			body: `{"message":"The given data was invalid.","errors":{"name":"is missing"}}`,
			want: `{"kind":"invalid","reason":"fields","detail":"The given data was invalid.","fields":[{"path":"name","message":"is missing"}]}`, told: "unfit_member", act: "correct"},
		{name: "a text for a list", dialect: "github", method: "POST", path: "/repos/o/r/issues", status: 422,
			body: `{"message":"Validation Failed","errors":"title is missing"}`,
			want: `{"kind":"invalid","reason":"fields","detail":"Validation Failed","fields":[{"message":"title is missing"}]}`, told: "unfit_member", act: "correct"},
		{name: "a text for a list", dialect: "django-rest-framework", method: "POST", path: "/x", status: 400,
			body: `{"name":"is missing","age":["is no number"]}`,
			want: `{"kind":"invalid","reason":"fields","fields":[{"path":"name","message":"is missing"},{"path":"age","message":"is no number"}]}`, act: "correct"},
		{name: "a number for a text", dialect: "twilio", method: "GET", path: "/2010-04-01/Accounts", status: 400,
			body: `{"code":20404,"message":404,"more_info":"https://www.twilio.com/docs/errors/20404","status":400}`,
			want: `{"kind":"not_found","code":"20404","title":"Not found","detail":"404","type":"https://www.twilio.com/docs/errors/20404"}`, act: "stop safe"},
		{name: "a text for a number", dialect: "discord", method: "GET", path: "/api/v10/channels/1", status: 404,
			body: `{"code":"10003","message":"Unknown Channel"}`,
			want: `{"kind":"not_found","code":"10003","detail":"Unknown Channel"}`, act: "stop safe"},
		{name: "a text for a number", dialect: "twilio", method: "GET", path: "/2010-04-01/Accounts", status: 404,
			body: `{"code":"20404","message":"The resource was not found","more_info":"https://www.twilio.com/docs/errors/20404","status":"404"}`,
			want: `{"kind":"not_found","code":"20404","title":"Not found","detail":"The resource was not found","type":"https://www.twilio.com/docs/errors/20404"}`, act: "stop safe"},
		{name: "null", dialect: "paypal", method: "GET", path: "/v2/x", status: 404,
			body: `{"name":"RESOURCE_NOT_FOUND","message":"No such order","debug_id":null,"details":null,"links":null}`,
			want: `{"kind":"not_found","code":"RESOURCE_NOT_FOUND","detail":"No such order"}`, act: "stop safe"},
		{name: "null", dialect: "google-cloud", method: "GET", path: "/v1/x", status: 404,
			body: `{"error":{"code":404,"message":"No such thing","status":"NOT_FOUND","details":null}}`,
			want: `{"kind":"not_found","code":"NOT_FOUND","detail":"No such thing"}`, act: "stop safe"},
		{name: "null", dialect: "kubernetes", method: "GET", path: "/api/v1/pods/x", status: 404,
			body: `{"kind":"Status","apiVersion":"v1","metadata":null,"status":"Failure","message":"pods \"x\" not found","reason":"NotFound","details":null,"code":404}`,
			want: `{"kind":"not_found","code":"NotFound","detail":"pods \"x\" not found"}`, act: "stop safe"},
		{name: "a stranger in a list", dialect: "github", method: "POST", path: "/repos/o/r/issues", status: 422,
			body: `{"message":"Validation Failed","errors":[{"resource":"Issue","field":"title","code":"missing_field"},"the body is too long",7]}`,
			want: `{"kind":"invalid","reason":"fields","detail":"Validation Failed","fields":[{"path":"title","code":"missing_field"},{"message":"the body is too long"}]}`, told: "unfit_member unread_element", act: "correct"},
		{name: "a stranger in a list", dialect: "jsonapi", method: "POST", path: "/articles", status: 422, header: "Content-Type: application/vnd.api+json",
			body: `{"errors":[{"code":"E1","detail":"is missing","source":{"pointer":"/data/attributes/title"}},"something else"]}`,
			want: `{"kind":"invalid","reason":"fields","code":"E1","detail":"is missing","fields":[{"path":"data.attributes.title","code":"E1","message":"is missing"},{"message":"something else"}]}`, told: "unfit_member", act: "correct"},
		{name: "a stranger in a list", dialect: "laravel", method: "POST", path: "/x", status: 422,
			body: `{"message":"The given data was invalid.","errors":{"name":["is missing",{"text":"and wrong"}]}}`,
			want: `{"kind":"invalid","reason":"fields","detail":"The given data was invalid.","fields":[{"path":"name","message":"is missing"},{"path":"name","message":"and wrong"}]}`, told: "unfit_member", act: "correct"},
		{name: "a map in a map of errors", dialect: "laravel", method: "POST", path: "/x", status: 422,
			body: `{"message":"The given data was invalid.","errors":{"address":{"zip":["is too short"],"city":"is missing"},"name":["is missing"]}}`,
			want: `{"kind":"invalid","reason":"fields","detail":"The given data was invalid.","fields":[{"path":"address.zip","message":"is too short"},{"path":"address.city","message":"is missing"},{"path":"name","message":"is missing"}]}`, told: "unfit_member", act: "correct"},
		{name: "a map in a map of errors", dialect: "aspnet-core", method: "POST", path: "/x", status: 400, header: "Content-Type: application/problem+json",
			body: `{"title":"One or more validation errors occurred.","status":400,"errors":{"address":{"zip":["is too short"]}}}`,
			want: `{"kind":"invalid","reason":"fields","title":"One or more validation errors occurred.","fields":[{"path":"address.zip","message":"is too short"}]}`, told: "unfit_member", act: "correct"},
		{name: "a map in a list of a map of errors", dialect: "laravel", method: "POST", path: "/x", status: 422,
			body: `{"message":"The given data was invalid.","errors":{"lines":[{},{"price":{"amount":["is no number"]}}]}}`,
			want: `{"kind":"invalid","reason":"fields","detail":"The given data was invalid.","fields":[{"path":"lines.1.price.amount","message":"is no number"}]}`, told: "unfit_member unread_element", act: "correct"},
		{name: "a code beside nothing but strangers", dialect: "shopify", method: "POST", path: "/x", status: 400,
			body: `{"code":50035,"errors":{"name":{"_errors":[{"code":"REQUIRED","message":"is required"}]}},"message":"Invalid Form Body"}`,
			want: `{"kind":"invalid","code":"50035","detail":"Invalid Form Body","fields":[{"path":"name._errors","code":"REQUIRED","message":"is required"}]}`, told: "unfit_member common_form", act: "correct"},
		{name: "an error in a map in a map of errors", dialect: "rails", method: "POST", path: "/x", status: 422,
			body: `{"errors":{"address":{"zip":{"code":"short","message":"is too short"}}}}`,
			want: `{"kind":"invalid","reason":"fields","fields":[{"path":"address.zip","code":"short","message":"is too short"}]}`, told: "unfit_member", act: "correct"},
	})
}

func TestWhatStandsAroundABodyIsPassedOver(t *testing.T) {
	t.Parallel()
	holdReadings(t, []reading{
		{name: "a list around the envelope", dialect: "google-cloud", method: "POST", path: "/v1internal:streamGenerateContent", status: 429,
			body: "[{\n  \"error\": {\n    \"code\": 429,\n    \"message\": \"Resource exhausted. Please try again later.\",\n    \"errors\": [\n      {\n        \"message\": \"Resource exhausted. Please try again later.\",\n        \"domain\": \"global\",\n        \"reason\": \"rateLimitExceeded\"\n      }\n    ],\n    \"status\": \"RESOURCE_EXHAUSTED\"\n  }\n}\n]",
			want: `{"kind":"rate_limited","code":"RESOURCE_EXHAUSTED","detail":"Resource exhausted. Please try again later."}`, told: "wrapped_body", act: "retry 1s 1m0s safe"},
		{name: "a list around the envelope", dialect: "azure", method: "GET", path: "/subscriptions/1", status: 404,
			body: `[{"error":{"code":"ResourceNotFound","message":"There is none"}}]`,
			want: `{"kind":"not_found","code":"ResourceNotFound","detail":"There is none"}`, told: "wrapped_body", act: "stop safe"},
		{name: "a list around the envelope", dialect: "stripe", method: "GET", path: "/v1/charges/1", status: 404,
			body: `[{"error":{"type":"invalid_request_error","code":"resource_missing","message":"No such charge","param":"id"}}]`,
			want: `{"kind":"not_found","code":"resource_missing","family":"invalid_request_error","detail":"No such charge","fields":[{"path":"id","code":"resource_missing","message":"No such charge"}]}`, told: "wrapped_body", act: "stop safe"},
		{name: "a list in a list", dialect: "stripe", method: "GET", path: "/v1/charges/1", status: 404,
			body: `[[{"error":{"type":"invalid_request_error","code":"resource_missing","message":"No such charge"}}]]`,
			want: `{"kind":"not_found","code":"resource_missing","family":"invalid_request_error","detail":"No such charge"}`, told: "wrapped_body", act: "stop safe"},
		{name: "a list in a list", dialect: "github", method: "GET", path: "/repos/o/r", status: 404,
			body: `[1,[{"message":"Not Found"}]]`,
			want: `{"kind":"not_found","detail":"Not Found"}`, told: "wrapped_body", act: "stop safe"},
		{name: "a document in a text", dialect: "azure", method: "GET", path: "/subscriptions/1", status: 404,
			body: `"{\"error\":{\"code\":\"ResourceNotFound\",\"message\":\"There is none\"}}"`,
			want: `{"kind":"not_found","code":"ResourceNotFound","detail":"There is none"}`, told: "wrapped_body", act: "stop safe"},
		{name: "a document in a text", dialect: "discord", method: "GET", path: "/api/v10/channels/1", status: 404,
			body: `"{\"code\":10003,\"message\":\"Unknown Channel\"}"`,
			want: `{"kind":"not_found","code":"10003","detail":"Unknown Channel"}`, told: "wrapped_body", act: "stop safe"},
		{name: "a guard against scripts", dialect: "google-cloud", method: "GET", path: "/v1/x", status: 404,
			body: ")]}'\n{\"error\":{\"code\":404,\"message\":\"No such thing\",\"status\":\"NOT_FOUND\"}}",
			want: `{"kind":"not_found","code":"NOT_FOUND","detail":"No such thing"}`, told: "wrapped_body", act: "stop safe"},
		{name: "a guard against scripts", dialect: "github", method: "GET", path: "/repos/o/r", status: 404,
			body: `while(1);{"message":"Not Found"}`,
			want: `{"kind":"not_found","detail":"Not Found"}`, told: "wrapped_body", act: "stop safe"},
		{name: "a guard against scripts", dialect: "discord", method: "GET", path: "/api/v10/channels/1", status: 404,
			body: `for (;;);{"code":10003,"message":"Unknown Channel"}`,
			want: `{"kind":"not_found","code":"10003","detail":"Unknown Channel"}`, told: "wrapped_body", act: "stop safe"},
		{name: "a byte order mark and blanks", dialect: "vms", method: "GET", path: "/api/v1/cameras", status: 404,
			body: "\ufeff\r\n  {\"message\":\"There is no such camera\"}",
			want: `{"kind":"not_found","detail":"There is no such camera"}`, told: "wrapped_body", act: "stop safe"},
		{name: "a byte order mark and blanks", dialect: "azure", method: "GET", path: "/subscriptions/1", status: 404,
			body: "\ufeff{\"error\":{\"code\":\"ResourceNotFound\",\"message\":\"There is none\"}}\n",
			want: `{"kind":"not_found","code":"ResourceNotFound","detail":"There is none"}`, told: "wrapped_body", act: "stop safe"},
		{name: "a byte order mark and blanks", dialect: "soap", method: "POST", path: "/ws", status: 500, header: "Content-Type: text/xml",
			body: "\ufeff <Envelope><Body><Fault><faultcode>Client</faultcode><faultstring>No</faultstring></Fault></Body></Envelope>",
			want: `{"kind":"invalid","code":"Client","detail":"No"}`, act: "correct"},
		{name: "two declarations of XML", dialect: "aws-s3", method: "DELETE", path: "/my-bucket/87?uploadId=x", status: 404, header: "Content-Type: application/xml",
			body: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchUpload</Code><Message>The specified multipart upload does not exist.</Message><Key></Key><BucketName></BucketName><Resource>/my-bucket/87</Resource><RequestId>3L137</RequestId><HostId>3L137</HostId></Error>",
			want: `{"kind":"not_found","code":"NoSuchUpload","detail":"The specified multipart upload does not exist.","instance":"/my-bucket/87","request_id":"3L137"}`, told: "wrapped_body", act: "stop safe"},
		{name: "two declarations of XML", dialect: "webdav", method: "PUT", path: "/f", status: 423, header: "Content-Type: application/xml",
			body: `<?xml version="1.0"?><?xml version="1.0"?><D:error xmlns:D="DAV:"><D:lock-token-submitted><D:href>/f</D:href></D:lock-token-submitted></D:error>`,
			want: `{"kind":"conflict","reason":"locked","code":"lock-token-submitted"}`, told: "wrapped_body", act: "stop safe"},
		{name: "two declarations of XML", dialect: "soap", method: "POST", path: "/ws", status: 500, header: "Content-Type: text/xml",
			body: "<?xml version=\"1.0\"?>\n<?xml version=\"1.0\"?>\n<Envelope><Body><Fault><faultcode>Client</faultcode><faultstring>No</faultstring></Fault></Body></Envelope>",
			want: `{"kind":"invalid","code":"Client","detail":"No"}`, told: "wrapped_body", act: "correct"},
		{name: "a text before", dialect: "laravel", method: "POST", path: "/x", status: 422,
			body: "<br />\n<b>Warning</b>: something in x.php on line 1<br />\n{\"message\":\"The given data was invalid.\",\"errors\":{\"name\":[\"is missing\"]}}",
			want: `{"kind":"invalid","reason":"fields","detail":"The given data was invalid.","fields":[{"path":"name","message":"is missing"}]}`, told: "wrapped_body", act: "correct"},
		{name: "a text before", dialect: "twilio", method: "GET", path: "/2010-04-01/Accounts", status: 404,
			body: "Notice: deprecated\n{\"code\":20404,\"message\":\"The resource was not found\",\"status\":404}",
			want: `{"kind":"not_found","code":"20404","title":"Not found","detail":"The resource was not found"}`, told: "wrapped_body", act: "stop safe"},
		{name: "a text before", dialect: "aws-s3", method: "GET", path: "/b/k", status: 404, header: "Content-Type: application/xml",
			body: `  junk <Error><Code>NoSuchKey</Code><Message>There is none</Message></Error>`,
			want: `{"kind":"not_found","code":"NoSuchKey","detail":"There is none"}`, told: "wrapped_body", act: "stop safe"},
		{name: "a text behind", dialect: "stripe", method: "GET", path: "/v1/charges/1", status: 404,
			body: "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"No such charge\"}}\nHTTP/1.1 404 Not Found",
			want: `{"kind":"not_found","code":"invalid_request_error","family":"invalid_request_error","detail":"No such charge"}`, told: "wrapped_body", act: "stop safe"},
		{name: "a text behind", dialect: "elasticsearch", method: "GET", path: "/i", status: 404,
			body: `{"error":{"type":"index_not_found_exception","reason":"no such index [i]"},"status":404}{"x"`,
			want: `{"kind":"not_found","code":"index_not_found_exception","detail":"no such index [i]"}`, told: "wrapped_body", act: "stop safe"},
		{name: "a text behind", dialect: "aws-s3", method: "GET", path: "/b/k", status: 404, header: "Content-Type: application/xml",
			body: "<Error><Code>NoSuchKey</Code><Message>There is none</Message></Error>\n0\r\n",
			want: `{"kind":"not_found","code":"NoSuchKey","detail":"There is none"}`, told: "wrapped_body", act: "stop safe"},
		{name: "XML in ISO-8859-1", dialect: "soap", method: "POST", path: "/ws", status: 500, header: "Content-Type: text/xml; charset=ISO-8859-1",
			body: "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body><soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>Utilisateur non autoris\xe9</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>",
			want: `{"kind":"invalid","code":"Client","detail":"Utilisateur non autorisé"}`, act: "correct"},
		{name: "XML that declares ISO-8859-1 and is UTF-8", dialect: "soap", method: "POST", path: "/ws", status: 500, header: "Content-Type: text/xml; charset=ISO-8859-1",
			body: `<?xml version="1.0" encoding="ISO-8859-1"?><Envelope><Body><Fault><faultcode>Client</faultcode><faultstring>Utilisateur non autorisé</faultstring></Fault></Body></Envelope>`,
			want: `{"kind":"invalid","code":"Client","detail":"Utilisateur non autorisé"}`, act: "correct"},
		{name: "XML in Windows-1252, by its declaration", dialect: "aws-s3", method: "GET", path: "/b/k", status: 404, header: "Content-Type: application/xml",
			body: "<?xml version=\"1.0\" encoding=\"windows-1252\"?><Error><Code>NoSuchKey</Code><Message>There is none \x93here\x94</Message></Error>",
			want: `{"kind":"not_found","code":"NoSuchKey","detail":"There is none “here”"}`, act: "stop safe"},
		{name: "XML in UTF-16", dialect: "webdav", method: "GET", path: "/f", status: 403, header: "Content-Type: application/xml",
			body: "\xff\xfe<\x00d\x00:\x00e\x00r\x00r\x00o\x00r\x00 \x00x\x00m\x00l\x00n\x00s\x00:\x00d\x00=\x00\"\x00D\x00A\x00V\x00:\x00\"\x00 \x00x\x00m\x00l\x00n\x00s\x00:\x00s\x00=\x00\"\x00h\x00t\x00t\x00p\x00:\x00/\x00/\x00s\x00a\x00b\x00r\x00e\x00d\x00a\x00v\x00.\x00o\x00r\x00g\x00/\x00n\x00s\x00\"\x00>\x00<\x00s\x00:\x00e\x00x\x00c\x00e\x00p\x00t\x00i\x00o\x00n\x00>\x00F\x00o\x00r\x00b\x00i\x00d\x00d\x00e\x00n\x00<\x00/\x00s\x00:\x00e\x00x\x00c\x00e\x00p\x00t\x00i\x00o\x00n\x00>\x00<\x00s\x00:\x00m\x00e\x00s\x00s\x00a\x00g\x00e\x00>\x00-\x04B\x04>\x04 \x00=\x045\x04 \x002\x040\x04H\x045\x04<\x00/\x00s\x00:\x00m\x00e\x00s\x00s\x00a\x00g\x00e\x00>\x00<\x00/\x00d\x00:\x00e\x00r\x00r\x00o\x00r\x00>\x00",
			want: `{"kind":"forbidden","detail":"Это не ваше"}`, act: "stop safe"},
		{name: "JSON in ISO-8859-1", dialect: "laravel", method: "POST", path: "/x", status: 422, header: "Content-Type: application/json; charset=iso-8859-1",
			body: "{\"message\":\"Donn\xe9es invalides\",\"errors\":{\"name\":[\"est vide\"]}}",
			want: `{"kind":"invalid","reason":"fields","detail":"Données invalides","fields":[{"path":"name","message":"est vide"}]}`, told: "not_utf8", act: "correct"},
		{name: "JSON in Windows-1252", dialect: "azure", method: "GET", path: "/subscriptions/1", status: 404, header: "Content-Type: application/json; charset=windows-1252",
			body: "{\"error\":{\"code\":\"ResourceNotFound\",\"message\":\"It\x92s gone\"}}",
			want: `{"kind":"not_found","code":"ResourceNotFound","detail":"It’s gone"}`, told: "not_utf8", act: "stop safe"},
		{name: "JSON in UTF-16", dialect: "stripe", method: "GET", path: "/v1/charges/1", status: 404,
			body: "\xfe\xff\x00{\x00\"\x00e\x00r\x00r\x00o\x00r\x00\"\x00:\x00{\x00\"\x00t\x00y\x00p\x00e\x00\"\x00:\x00\"\x00i\x00n\x00v\x00a\x00l\x00i\x00d\x00_\x00r\x00e\x00q\x00u\x00e\x00s\x00t\x00_\x00e\x00r\x00r\x00o\x00r\x00\"\x00,\x00\"\x00m\x00e\x00s\x00s\x00a\x00g\x00e\x00\"\x00:\x00\"\x00K\x00e\x00i\x00n\x00 \x00E\x00i\x00n\x00t\x00r\x00a\x00g\x00 \x00f\x00\xfc\x00r\x00 \x00\xfc\x00\"\x00}\x00}",
			want: `{"kind":"not_found","code":"invalid_request_error","family":"invalid_request_error","detail":"Kein Eintrag für ü"}`, told: "not_utf8", act: "stop safe"},
		{name: "JSON in UTF-8 with an error", dialect: "github", method: "GET", path: "/repos/o/r", status: 404,
			body: "{\"message\":\"Not \xff Found\"}",
			want: `{"kind":"not_found","detail":"Not � Found"}`, told: "not_utf8", act: "stop safe"},
		{name: "a charset that nobody knows", dialect: "discord", method: "GET", path: "/api/v10/channels/1", status: 404, header: "Content-Type: application/json; charset=x-klingon",
			body: "{\"code\":10003,\"message\":\"Unknown \xe9\"}",
			want: `{"kind":"not_found","code":"10003","detail":"Unknown �"}`, told: "not_utf8 not_utf8", act: "stop safe"},
	})
}
