package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

func TestEveryRowOfTheCatalogIsWrittenAndComesBack(t *testing.T) {
	t.Parallel()
	for _, name := range catalog.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := opened(t, name)
			examples := authoring.Examples(d)
			for _, e := range examples {
				m := d.Encode(nil, e.Request, &e.Outcome, e.Payload)
				back := d.Decode(e.Request, dialect.Response{Status: m.Status, Header: pairs(m.Header), Body: m.Body}).Outcome
				got := []string{fmt.Sprint(back.Kind, "/", back.Reason, " ", back.Code)}
				for _, it := range back.Items {
					got = append(got, fmt.Sprint(it.Outcome.Kind, "/", it.Outcome.Reason, " ", it.Outcome.Code))
				}
				of := e.Outcome
				if of.Kind != e.Kind { // the row is that of a record
					of = of.Items[len(of.Items)-1].Outcome
				}
				code := of.Code
				if code == "" {
					code = back.Code // of the file's default, if each error has one
				}
				if want := fmt.Sprint(e.Kind, "/", e.Reason, " ", code); !strings.Contains(strings.Join(got, "\n"), want) {
					t.Errorf("%s %q is written as %d %s, which is read as %q; want %q", e.Line, e.Key, m.Status, m.Body, got, want)
				}
			}
			untried := map[string]string{}
			for _, u := range authoring.UntriedRows(d) {
				if !strings.HasPrefix(u.Line, name+".yaml:") {
					continue // of the file that this one extends, and tried there
				}
				untried[u.Key] = u.Why
				if notGiven[name][u.Key] == "" || !strings.HasPrefix(u.Why, notGiven[name][u.Key]) {
					t.Errorf("%s %q has no example: %s; want %q", u.Line, u.Key, u.Why, notGiven[name][u.Key])
				}
			}
			for key := range notGiven[name] {
				if untried[key] == "" {
					t.Errorf("%q has an example now; take it from the list", key)
				}
			}
			if n := len(examples) + len(authoring.UntriedRows(d)); n < len(authoring.Codes(d)) {
				t.Errorf("%d rows have an example or a reason; want at least %d", n, len(authoring.Codes(d)))
			}
		})
	}
}

func TestSamplesAndExamplesTogetherReachEveryRowThatCanBeGiven(t *testing.T) {
	t.Parallel()
	for _, name := range catalog.Names() {
		d := opened(t, name)
		report := authoring.Test(d)
		for _, r := range report.Results {
			if !r.Passed {
				t.Errorf("%s:%d %s: %v", r.File, r.Line, r.Name, r.Differences)
			}
		}
		for _, m := range report.Coverage.Examples.Missing {
			key, _, _ := strings.Cut(m.Name, " if ")
			if notGiven[name][key] == "" && m.File == name+".yaml" {
				t.Errorf("%s:%d %q is reached by nothing: %s", m.File, m.Line, m.Name, m.Why)
			}
		}
	}
}

// The reasons why a row of the catalog has no example.
const (
	noPlace   = "no shape that is written for it has a place for its code" // the API's own forms for it are only read
	onlyRead  = "the shapes that say so are only read"
	neverSent = "the page says that the API never sends it"
	sameAs    = "its response is read by another row, which means the same"
)

// notGiven are the rows of the catalog without an example.
var notGiven = map[string]map[string]string{
	"adyen": {
		"modified later": onlyRead,
	},
	"anthropic": {
		"refused": onlyRead,
	},
	"asana": {
		"job failed": onlyRead,
	},
	"assemblyai": {
		"try again": onlyRead,
	},
	"aws-ec2": {
		"DryRunOperation": noPlace,
	},
	"aws-json": {
		"RESOURCE:CPU, RESOURCE:MEMORY, RESOURCE:PORTS, RESOURCE:ENI, RESOURCE:GPU": noPlace,
	},
	"aws-s3": {
		"PermanentRedirect, PermanentRedirectControlError": noPlace,
		"TemporaryRedirect, Redirect":                      noPlace,
	},
	"black-forest-labs": {
		"Request Moderated, Content Moderated": noPlace,
		"Task not found":                       noPlace,
		"Error":                                noPlace,
	},
	"braintree": {
		"declined": onlyRead,
		"rejected": onlyRead,
	},
	"docker-hub": {
		"pulls":         onlyRead,
		"abuse":         onlyRead,
		"second factor": onlyRead,
	},
	"bedrock": {
		"no model": sameAs,
		"refused":  onlyRead,
	},
	"elasticsearch": {
		"conflicts":        onlyRead,
		"timed out":        onlyRead,
		"not acknowledged": onlyRead,
	},
	"gemini": {
		"UNAUTHENTICATED, 16":   noPlace,
		"PERMISSION_DENIED, 7":  noPlace,
		"RESOURCE_EXHAUSTED, 8": noPlace,
		"prompt blocked":        onlyRead,
		"output blocked":        onlyRead,
	},
	"github": {
		"RATE_LIMITED, RATE_LIMIT":       noPlace,
		"NOT_FOUND":                      noPlace,
		"FORBIDDEN, INSUFFICIENT_SCOPES": noPlace,
		"UNPROCESSABLE, MAX_NODE_LIMIT_EXCEEDED, EXCESSIVE_PAGINATION, MISSING_PAGINATION_BOUNDARIES, RESOURCE_LIMITS_EXCEEDED": noPlace,
		"bad_verification_code, bad_refresh_token, incorrect_device_code":                                                       noPlace,
		"incorrect_client_credentials":                               noPlace,
		"redirect_uri_mismatch, unsupported_grant_type":              noPlace,
		"unverified_user_email, device_flow_disabled, access_denied": noPlace,
		"authorization_pending":                                      noPlace,
		"slow_down":                                                  noPlace,
		"expired_token, token_expired":                               noPlace,
		"incomplete":                                                 onlyRead,
	},
	"github-graphql": {
		"timed out": onlyRead,
	},
	"gitlab": {
		"spam":       onlyRead,
		"not valid":  onlyRead,
		"not merged": onlyRead,
	},
	"google-cloud": {
		"prompt blocked": onlyRead,
		"incomplete":     onlyRead,
	},
	"jira": {
		"anonymous": onlyRead,
		"captcha":   onlyRead,
		"scope":     onlyRead,
	},
	"keycloak": {
		"exists": onlyRead,
	},
	"klaviyo": {
		"import failed": onlyRead,
	},
	"npm-registry": {
		"one-time password": onlyRead,
		"address":           onlyRead,
	},
	"okta": {
		"SUCCESS, CHALLENGE": noPlace,
		"WAITING":            noPlace,
		"locked out":         onlyRead,
	},
	"ollama": {
		"not in the plan": sameAs,
	},
	"openai": {
		"filtered": onlyRead,
	},
	"openrouter": {
		"region":      onlyRead,
		"flagged":     "it is written as 403", // without its reasons
		"day used up": sameAs,
	},
	"pagerduty": {
		"2001":       onlyRead,
		"no license": onlyRead,
	},
	"paypal": {
		"UNPROCESSABLE_ENTITY": noPlace, // of a failure without a list of issues
	},
	"plaid": {
		"declined": onlyRead,
	},
	"salesforce": {
		"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": onlyRead,
	},
	"sendgrid": {
		"import failed": onlyRead,
	},
	"quickbooks": {
		"100":               onlyRead,
		"not authenticated": onlyRead,
	},
	"replicate": {
		"flagged":     onlyRead,
		"interrupted": onlyRead,
		"canceled":    onlyRead,
	},
	"stability": {
		"filtered": onlyRead,
	},
	"kling": {
		"flagged": onlyRead,
	},
	"shopify": {
		"INTERNAL_SERVER_ERROR": noPlace,
		"TIMEOUT":               noPlace,
		"user errors":           onlyRead,
	},
	"shopify-graphql": {
		"user errors": onlyRead,
	},
	"talkdesk": {
		"canceled": onlyRead,
	},
	"telegram": {
		"chat":         onlyRead,
		"message":      onlyRead,
		"same":         onlyRead,
		"kicked":       onlyRead,
		"other poller": onlyRead,
		"webhook set":  onlyRead,
	},
	"vertex-ai": {
		"filtered": onlyRead,
	},
	"vision": {
		"3xx": neverSent,
	},
	"xero": {
		"AuthenticationUnsuccessful": onlyRead,
		"WARNING":                    noPlace,
		"OK":                         noPlace,
	},
	"zendesk": {
		"job started":   onlyRead,
		"job failed":    onlyRead,
		"record failed": onlyRead,
	},
}
