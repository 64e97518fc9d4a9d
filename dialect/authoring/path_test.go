package authoring_test

import (
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

func TestAPathThatDecidesAndIsMissingIsReported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, dialect, method, path string
		status                      int
		body                        string
		says                        string // "" for nothing
	}{
		{"records", "elasticsearch", "POST", "", 200, `{"took":1,"errors":true,"items":[{"index":{"_id":"1","status":400,"error":{"type":"mapper_parsing_exception","reason":"m"}}}]}`, `on a path such as "/_tasks/x" it means success`},
		{"records, with a path", "elasticsearch", "POST", "/a/_doc", 200, `{"took":1,"errors":true,"items":[{"index":{"_id":"1","status":400,"error":{"type":"mapper_parsing_exception","reason":"m"}}}]}`, ""},
		{"records that went well", "elasticsearch", "POST", "", 200, `{"took":1,"errors":false,"items":[{"index":{"_id":"1","status":200}}]}`, `on a path such as "/_tasks/x" it lists other records`},
		{"a retry", "elasticsearch", "POST", "", 500, `{"error":{"type":"e","reason":"m"},"status":500}`, `on a path such as "/_msearch" it is safe to retry`},
		{"a GET is safe on any path", "elasticsearch", "GET", "", 500, `{"error":{"type":"e","reason":"m"},"status":500}`, ""},
		{"an operation that runs", "google-cloud", "GET", "", 200, `{"name":"operations/7","done":false}`, `on a path such as "/queriesx" it means noted`},
		{"requests in a batch", "microsoft-graph", "POST", "", 200, `{"responses":[{"id":"1","status":404,"body":{"error":{"code":"itemNotFound","message":"m"}}}]}`, `on a path such as "/members/add" it means noted`},
		{"requests in a composite", "salesforce", "POST", "", 200, `{"compositeResponse":[{"body":[{"errorCode":"X","message":"m"}],"httpStatusCode":400,"referenceId":"a"}]}`, `on a path such as "/composite/graph" it means success`},
		{"a dialect without paths", "stripe", "POST", "", 400, `{"error":{"type":"card_error"}}`, ""},
		{"a file that nothing hangs on", "vms", "GET", "", 404, `{}`, ""},
	} {
		t.Run(c.dialect+": "+c.name, func(t *testing.T) {
			t.Parallel()
			d, err := catalog.Open(c.dialect)
			if err != nil {
				t.Fatal(err)
			}
			all := authoring.MissingPath(d, dialect.Request{Method: c.method, Path: c.path}, dialect.Response{Status: c.status, Body: []byte(c.body)})
			if c.says == "" {
				if len(all) > 0 {
					t.Errorf("it says %v", all)
				}
				return
			}
			if len(all) != 1 || all[0].Rule != "missing_path" || !strings.Contains(all[0].Message, c.says) || all[0].Why == "" {
				t.Errorf("it says %v, without %q", all, c.says)
			}
		})
	}
}

func TestAPathThatDecidesWhatIsWrittenIsReported(t *testing.T) {
	t.Parallel()
	items := []parlance.Item{{Index: 0, ID: "a", Outcome: parlance.Outcome{Kind: parlance.KindSuccess}}, {Index: 1, ID: "b", Outcome: parlance.Outcome{Kind: parlance.KindInvalid, Detail: "d"}}}
	for _, c := range []struct {
		name, dialect, path string
		outcome             parlance.Outcome
		says                bool
	}{
		{"records", "vision", "", parlance.Outcome{Kind: parlance.KindPartial, Items: items}, true},
		{"records, with a path", "vision", "/service/PreAdvice", parlance.Outcome{Kind: parlance.KindPartial, Items: items}, false},
		{"records of a dialect without paths", "vms", "", parlance.Outcome{Kind: parlance.KindPartial, Items: items}, false},
		{"one failure", "elasticsearch", "", parlance.Outcome{Kind: parlance.KindNotFound, Detail: "d"}, false},
	} {
		d, err := catalog.Open(c.dialect)
		if err != nil {
			t.Fatal(err)
		}
		all := authoring.MissingPathToWrite(d, dialect.Request{Method: "POST", Path: c.path}, &c.outcome, dialect.Payload{})
		if c.says != (len(all) == 1 && all[0].Rule == "missing_path" && strings.Contains(all[0].Message, "another response is written")) || len(all) > 1 {
			t.Errorf("%s: %v", c.name, all)
		}
	}
}
