package catalog_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	yaml "go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

// quietCase is a response of which a reader could believe that nothing failed, or whose
// words it could lose.
type quietCase struct {
	Name, Dialect, Method, Path, Response string
	Outcome                               map[string]any
	Act                                   string
	Safe                                  bool
	Said                                  string // the rule of a Diagnostic
}

type quietKind struct {
	Kind  string
	Cases []quietCase
}

func quietKinds(t *testing.T) (all []quietKind) {
	t.Helper()
	text, err := os.ReadFile("testdata/quiet.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestNoFailureIsAQuietSuccess(t *testing.T) {
	t.Parallel()
	for _, k := range quietKinds(t) {
		for _, c := range k.Cases {
			t.Run(k.Kind+"/"+c.Dialect+": "+c.Name, func(t *testing.T) {
				t.Parallel()
				d := opened(t, c.Dialect)
				req := dialect.Request{Method: c.Method, Path: c.Path}
				read := d.Decode(req, sampled(t, c.Response))
				o := read.Outcome
				if c.Said != "" && !slices.ContainsFunc(read.Diagnostics, func(g parlance.Diagnostic) bool { return g.Rule == c.Said }) {
					t.Errorf("%s is not among %v", c.Said, read.Diagnostics)
				}
				if diff := lacking(c.Outcome, o); diff != "" {
					t.Errorf("%s\nread %s", diff, outcomeJSON(t, o))
				}
				switch decided := d.Decide(req, &o); {
				case c.Act != "" && decided.Act.String() != c.Act:
					t.Errorf("a client does %s, not %s", decided.Act, c.Act)
				case c.Safe && !decided.RetrySafe:
					t.Errorf("a retry is not safe")
				}
			})
		}
	}
}

// neverLate are the dialects whose pages name no failure under a good status, and where
// they say what a status means. A mark of a failure may still make a success noted.
var neverLate = map[string]string{
	"aspnet-core":           "an error has its status (web-api/handle-errors)",
	"cloudflare-edge":       "its pages have a status of their own (cloudflare-1xxx-errors, cloudflare-5xx-errors)",
	"deepgram":              "each error has its status (developers.deepgram.com/reference/errors)",
	"django-rest-framework": "each exception has its status_code (api-guide/exceptions)",
	"elevenlabs":            "each error has its status (help.elevenlabs.io, API error codes)",
	"fastapi":               "an HTTPException is raised with a status_code (tutorial/handling-errors)",
	"http":                  "RFC 9110, 15: the class of the status",
	"keycloak":              "of OAuth, RFC 6749, 5.2, and of the Admin API: an error has its status (rest-api)",
	"laravel":               "an exception is rendered with its status (docs/errors)",
	"notion":                "error responses have the status of their code (developers.notion.com/reference/status-codes)",
	"npm-registry":          "an error has its status (npm-registry-fetch, lib/check-response.js)",
	"oauth2-bearer":         "RFC 6749, 5.2: an error has status 400, or 401; RFC 6750, 3.1: 400, 401 or 403",
	"oci-registry":          "an error has the status of its code (distribution-spec, error codes)",
	"omilia":                "the page has a list of statuses, and the bodies of 4xx and 5xx alone",
	"pagerduty":             "an error has its status (developer.pagerduty.com/docs/errors)",
	"plain":                 "the page has statuses, and a message in the bodies of failures",
	"problem":               "RFC 9457, 3: of 4xx and 5xx responses; what a good status has in it is the application's",
	"rails":                 "an exception has its status (action_dispatch.rescue_responses)",
	"spring-boot":           "BasicErrorController responds with the status of the error",
	"stripe":                "conventional statuses: 2xx is a success, 4xx and 5xx are errors (docs.stripe.com/api/errors)",
	"twirp":                 "a success is a 200, and an error has the status of its code (docs/spec_v7)",
	"upvest":                "an error has its status, and the type of it (docs.upvest.co/api_errors)",
	"voyage":                "an error has its status (docs.voyageai.com/docs/error-codes)",
	"vms":                   "the page has a list of statuses, and the bodies of 4xx and 5xx alone",
	"zoom":                  "2xx is a success, 4xx and 5xx are errors (developers.zoom.us/docs/api/errors)",
}

// TestEachDialectHasAFailureUnderAGoodStatus, or its page names none: then the body of a
// failure under 200 is no failure, either.
func TestEachDialectHasAFailureUnderAGoodStatus(t *testing.T) {
	t.Parallel()
	quiet := map[string]bool{}
	for _, k := range quietKinds(t) {
		for _, c := range k.Cases {
			if sampled(t, c.Response).Status < 400 {
				quiet[c.Dialect] = true
			}
		}
	}
	all := responses(t)
	for _, r := range all { // a sample is such a case too
		if r.res.Status < 400 && opened(t, r.of).Decode(r.req, r.res).Outcome.Kind.Failing() {
			quiet[r.of] = true
		}
	}
	for _, name := range catalog.Names() {
		quiet[name] = quiet[name] || quiet[extended(t, name)]
		why, exempt := neverLate[name]
		if exempt == quiet[name] {
			t.Errorf("%s has cases under a good status: %t; its page names none: %t (%s)", name, quiet[name], exempt, why)
		}
		if !exempt {
			continue
		}
		d := opened(t, name)
		for _, r := range all {
			if r.of != name || r.res.Status < 400 {
				continue
			}
			res := r.res
			res.Status = 200
			if o := d.Decode(r.req, res).Outcome; o.Kind.Failing() {
				t.Errorf("%s, %s: under 200 it is read as %s", name, r.name, outcomeJSON(t, o))
			}
		}
	}
}

// extended is the dialect that a file extends, "" for none.
func extended(t *testing.T, name string) string {
	t.Helper()
	_, text, err := catalog.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Extends string }
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Extends
}

// lacking says what an Outcome has otherwise than a case names, "" for nothing.
func lacking(want map[string]any, o parlance.Outcome) string {
	text, err := json.Marshal(o)
	if err != nil {
		return err.Error()
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		return err.Error()
	}
	return lacks("", want, got)
}

func lacks(at string, want, got any) string {
	switch w := want.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		for name, v := range w {
			if diff := lacks(at+"."+name, v, g[name]); diff != "" {
				return diff
			}
		}
		return ""
	case []any:
		g, _ := got.([]any)
		if len(g) != len(w) {
			return fmt.Sprintf("%s has %d elements, not %d", at, len(g), len(w))
		}
		for i := range w {
			if diff := lacks(fmt.Sprintf("%s[%d]", at, i), w[i], g[i]); diff != "" {
				return diff
			}
		}
		return ""
	}
	if got == nil {
		got = ""
	}
	if fmt.Sprint(want) != fmt.Sprint(got) {
		return fmt.Sprintf("%s is %v, not %v", at, got, want)
	}
	return ""
}

// long are good responses of which a reader sees the beginning only.
var long = []struct{ dialect, method, path, body string }{
	{"azure", "GET", "/subscriptions/1/resourceGroups", `{"value":[{"id":"1"}`},
	{"elasticsearch", "POST", "/logs/_search", `{"took":1,"timed_out":false,"_shards":{"total":1,"successful":1,"failed":0},"hits":{"hits":[{"_id":"1"}`},
	{"github", "GET", "/repos/o/r/issues", `[{"id":1}`},
	{"google-cloud", "GET", "/storage/v1/b/b/o", `{"kind":"storage#objects","items":[{"id":"1"}`},
	{"google-cloud", "GET", "/compute/v1/projects/p/zones/z/instances", `{"kind":"compute#instanceList","items":[{"id":"1"}`},
	{"google-cloud", "POST", "/bigquery/v2/projects/p/queries", `{"kind":"bigquery#queryResponse","rows":[{"f":[]}`},
	{"hubspot", "GET", "/crm/v3/objects/contacts", `{"results":[{"id":"1"}`},
	{"jira", "POST", "/rest/api/3/search/jql", `{"isLast":true,"issues":[{"id":"1"}`},
	{"json-rpc", "POST", "/", `{"jsonrpc":"2.0","id":1,"result":[1,2`},
	{"jsonapi", "GET", "/photos", `{"data":[{"id":"1"}`},
	{"kubernetes", "GET", "/api/v1/pods", `{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{}}`},
	{"kubernetes", "GET", "/apis/x/v1/things", `{"apiVersion":"v1","items":[{"metadata":{}}`},
	{"microsoft-graph", "GET", "/v1.0/users/delta", `{"@odata.context":"x","value":[{"id":"1"}`},
	{"okta", "GET", "/api/v1/users", `[{"id":"00u1","status":"LOCKED_OUT"}`},
	{"openai", "GET", "/v1/models", `{"object":"list","data":[{"id":"1"}`},
	{"openai", "POST", "/v1/embeddings", `{"object":"list","data":[{"embedding":[0.1`},
	{"paypal", "GET", "/v1/reporting/transactions", `{"transaction_details":[{"id":"1"}`},
	{"plaid", "POST", "/accounts/get", `{"accounts":[{"account_id":"1"}],"item":{"item_id":"1"`},
	{"salesforce", "GET", "/services/data/v60.0/query", `{"totalSize":2,"done":true,"records":[{"Id":"1"}`},
	{"salesforce", "POST", "/services/apexrest/x", `{"rows":[{"Id":"1"}`},
	{"shopify", "POST", "/admin/api/2025-10/graphql.json", `{"data":{"orders":{"nodes":[{"id":"1"}`},
	{"github", "POST", "/graphql", `{"data":{"viewer":{"login":"o"`},
	{"salesforce", "POST", "/services/data/v60.0/graphql", `{"data":{"uiapi":{"a":"b"`},
	{"slack", "GET", "/api/conversations.history", `{"ok":true,"messages":[{"text":"a"}`},
	{"twilio", "GET", "/2010-04-01/Accounts/AC0/Messages.json", `{"messages":[{"sid":"SM0"}`},
	{"xero", "GET", "/api.xro/2.0/Invoices", `{"Id":"1","Status":"OK","Invoices":[{"InvoiceID":"1"}`},
}

// TestALongSuccessIsNoFailure, although what follows could be the mark of one.
func TestALongSuccessIsNoFailure(t *testing.T) {
	t.Parallel()
	for _, c := range long {
		d := opened(t, c.dialect)
		res := dialect.Response{Status: 200, Header: dialect.HeaderMap{"Content-Type": {"application/json"}}, Body: []byte(c.body), Cut: true}
		if o := d.Decode(dialect.Request{Method: c.method, Path: c.path}, res).Outcome; o.Kind != parlance.KindSuccess && o.Kind != parlance.KindNoted {
			t.Errorf("%s %s %s: the beginning %s is read as %s", c.dialect, c.method, c.path, c.body, outcomeJSON(t, o))
		}
	}
}
