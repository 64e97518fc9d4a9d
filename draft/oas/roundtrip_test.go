package oas_test

import (
	"bytes"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/draft"
	"github.com/parlance-api/parlance/draft/oas"
	"github.com/parlance-api/parlance/openapi"
)

// readOtherwise are the failures that an imported dialect reads otherwise than the one that
// was exported: another code or detail, or no failure. A number may only become smaller.
var readOtherwise = map[string]int{
	"cloudflare-edge": 22, // the code is within a line of text
	"dropbox":         51, // the code is the beginning of a text
	"google-calendar": 51, // the code is within the list of errors alone
	"keycloak":        1,  // one text is the code, and the message of others
	"xero":            3,  // one text is both the code and the message
	"xml-rpc":         16, // members are elements with a name and a value
	"zoom":            1,  // a code that repeats the status is none
}

// readOtherwisePlain are those after the extension x-parlance was taken out of the document,
// as in one that somebody else wrote. The names and the values of members are then all that
// an import has.
var readOtherwisePlain = map[string]int{
	"aws-rest-json":      38, // a header field is the code
	"braintree":          11, // errors beside data, under 200
	"cloudflare-edge":    22, // as above
	"datadog":            15, // the errors are texts
	"dropbox":            51, // as above
	"facebook-graph":     7,  // the subcode is the code
	"figma":              11, // the member of the message has a name of its own
	"firebase-messaging": 11, // the code is within the list of errors in one of two forms
	"google-calendar":    51, // as above
	"intercom":           43, // the type of the whole is not the code
	"keycloak":           1,  // as above
	"rails":              1,  // the message stands among the fields
	"scim":               10, // a type beside the status is the code
	"x-api":              13, // an address is the code
	"xml-rpc":            16, // as above
	"zoom":               1,  // as above
	"talkdesk":           8,  // a code under 200 that does not look like a failure
	"adyen":              4,  // a code under 200 that does not look like a failure
	"google-cloud":       11, // the code is within the list of errors in one of two forms
	"hubspot":            3,  // the policy of a limit is the code, and not the type
	"mailchimp":          24, // the title is the code
	"microsoft-graph":    16, // the inner error has the finer code
	"problem":            1,  // the reason is no code
	"salesforce":         1,  // 300 is a conflict
	"soap":               10, // two versions, and codes behind prefixes
	"stability":          23, // the code is called name
	"vms":                12, // the message stands under an empty one, where fields stand too
	"webdav":             11, // the name of an element is the code
	"xero":               7,  // the message is the code, or a header field is
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
		t.Run(d.Name(), func(t *testing.T) {
			t.Parallel()
			readsAlike(t, d, exported, readOtherwise, 40)
		})
		t.Run(d.Name()+" without the extension", func(t *testing.T) {
			t.Parallel()
			readsAlike(t, d, withoutExtension(t, exported), readOtherwisePlain, 80)
		})
	}
}

// readsAlike imports a document, and reads the responses of the dialect with what came of it.
// The files of a group, such as ai, change with their vendors: at most so many percent of
// what such a file writes may be read otherwise.
func readsAlike(t *testing.T, d *dialect.Dialect, document []byte, table map[string]int, most int) {
	tree, err := openapi.ReadTree(d.Name()+".yaml", document)
	if err != nil {
		t.Fatal(err)
	}
	file, err := draft.FromDescription(d.Name(), oas.Describe(tree))
	if err != nil {
		t.Fatal(err)
	}
	imported, err := dialect.Compile(d.Name()+".yaml", file)
	if err != nil {
		t.Fatalf("%v\n%s", err, file)
	}
	lost, read := 0, 0
	for _, e := range authoring.Examples(d) {
		written := d.Encode(nil, e.Request, &e.Outcome, e.Payload)
		h := dialect.HeaderMap{}
		h.Set(written.Header)
		res := dialect.Response{Status: written.Status, Header: h, Body: written.Body}
		want, got := d.Decode(e.Request, res).Outcome, imported.Decode(e.Request, res).Outcome
		read++
		switch {
		case !want.Kind.Failing() && got.Kind.Failing():
			t.Errorf("%s %d %s: got the failure %s/%s, want the success %s", e.Key, res.Status, res.Body, got.Kind, got.Code, want.Kind)
		case want.Kind.Failing() && (!got.Kind.Failing() || got.Detail != want.Detail || got.Code != want.Code):
			lost++
			t.Logf("%s %d %s: got %s/%s %q, want %s/%s %q", e.Key, res.Status, res.Body, got.Kind, got.Code, got.Detail, want.Kind, want.Code, want.Detail)
		}
	}
	known, listed := table[d.Name()]
	if !listed && d.Group() != "" && lost*100 <= read*most {
		known = lost
	}
	if lost != known {
		t.Errorf("got %d failures that are read otherwise, want %d", lost, known)
	}
}

// withoutExtension takes x-parlance out of a document.
func withoutExtension(t *testing.T, document []byte) []byte {
	var n yaml.Node
	if err := yaml.Unmarshal(document, &n); err != nil {
		t.Fatal(err)
	}
	strip(&n)
	text, err := yaml.Marshal(&n)
	if err != nil || bytes.Contains(text, []byte("x-parlance")) {
		t.Fatal(err, "the extension is still there")
	}
	return text
}

func strip(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == "x-parlance" {
				n.Content = append(n.Content[:i], n.Content[i+2:]...)
				i -= 2
			}
		}
	}
	for _, e := range n.Content {
		strip(e)
	}
}
