package oas_test

import (
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/draft"
	"github.com/parlance-api/parlance/draft/oas"
	"github.com/parlance-api/parlance/openapi"
)

// readOtherwise are the failures that an imported dialect reads otherwise than the one that
// was exported: another code or detail, or no failure. An import knows nothing of codes in
// header fields, of XML, of patterns in texts, or of a failure under 200. A number may only
// become smaller. The files of a group, such as ai, change with their vendors: at most four
// fifths of what such a file writes may be read otherwise.
var readOtherwise = map[string]int{
	"adyen": 4, "aws-dynamodb": 21, "aws-rest-json": 22, "azure": 1, "braintree": 10, "cloudflare-edge": 22,
	"datadog": 15, "discord": 9, "dropbox": 26, "facebook-graph": 7, "figma": 10, "firebase-messaging": 10,
	"github-graphql": 26, "google-calendar": 43, "google-cloud": 10, "graphql": 1, "hubspot": 3, "intercom": 40,
	"jira": 4, "json-rpc": 7, "keycloak": 1, "klaviyo": 24, "mailchimp": 16, "microsoft-graph": 8,
	"oauth2-bearer": 3, "omilia": 17, "problem": 1, "salesforce": 1, "scim": 10, "shopify-graphql": 10,
	"slack": 16, "soap": 10, "vms": 12, "webdav": 10, "x-api": 13, "xero": 11, "xml-rpc": 16, "zendesk": 12,
	"zoom": 4,
}

// TestADialectThatIsExportedAndImportedStillReadsItsFailures takes each dialect of the
// catalog through an OpenAPI document and back.
func TestADialectThatIsExportedAndImportedStillReadsItsFailures(t *testing.T) {
	t.Parallel()
	all, err := catalog.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		exported, err := openapi.Export(d)
		if err != nil {
			t.Fatalf("%s: %v", d.Name(), err)
		}
		tree, err := openapi.ReadTree(d.Name()+".yaml", exported)
		if err != nil {
			t.Fatalf("%s: %v", d.Name(), err)
		}
		file, err := draft.FromDescription(d.Name(), oas.Describe(tree))
		if err != nil {
			t.Fatalf("%s: %v", d.Name(), err)
		}
		imported, err := dialect.Compile(d.Name()+".yaml", file)
		if err != nil {
			t.Errorf("%s: %v\n%s", d.Name(), err, file)
			continue
		}
		read, lost := 0, 0
		for _, e := range authoring.Examples(d) {
			if !e.Kind.Failing() {
				continue
			}
			written := d.Encode(nil, e.Request, &e.Outcome, dialect.Payload{})
			h := dialect.HeaderMap{}
			h.Set(written.Header)
			res := dialect.Response{Status: written.Status, Header: h, Body: written.Body}
			want, got := d.Decode(e.Request, res).Outcome, imported.Decode(e.Request, res).Outcome
			read++
			if got.Kind.Failing() != want.Kind.Failing() || got.Detail != want.Detail || got.Code != want.Code {
				lost++
				t.Logf("%s: %s %d %s: got %s/%s %q, want %s/%s %q", d.Name(), e.Key, written.Status, written.Body, got.Kind, got.Code, got.Detail, want.Kind, want.Code, want.Detail)
			}
		}
		known, listed := readOtherwise[d.Name()]
		if !listed && d.Group() != "" && lost*5 <= read*4 {
			known = lost
		}
		if lost != known {
			t.Errorf("%s: %d of %d failures are read otherwise, and %d were known", d.Name(), lost, read, known)
		}
	}
}
