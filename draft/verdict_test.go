package draft_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/draft"
	"github.com/parlance-api/parlance/draft/oas"
	"github.com/parlance-api/parlance/openapi"
)

// A body is followed by the kind that it is read as, and by its code and its detail, if any.
type underGood struct {
	body, kind, code, detail string
}

// verdicts are APIs that respond 200 to failures, and say in a member of the body whether a
// request went well. Nobody recorded the bodies in unseen.
var verdicts = []struct {
	name             string
	recorded, unseen []underGood
}{
	{"an HTTP status in the body",
		[]underGood{{`{"statusCode":500,"message":"Database is gone"}`, "internal", "500", "Database is gone"}, {`{"statusCode":200,"message":"OK","data":{"id":1}}`, "success", "", ""}},
		[]underGood{{`{"statusCode":404,"message":"No such thing"}`, "not_found", "404", "No such thing"}, {`{"statusCode":200,"message":"OK","data":{"a":[]}}`, "success", "", ""}, {`{"statusCode":200}`, "success", "", ""}}},
	{"an HTTP status in an object",
		[]underGood{{`{"meta":{"code":400,"errorDetail":"No place"},"response":{}}`, "invalid", "400", "No place"}, {`{"meta":{"code":200},"response":{"venues":[1]}}`, "success", "", ""}},
		[]underGood{{`{"meta":{"code":401,"errorDetail":"No token"},"response":{}}`, "unauthenticated", "401", "No token"}, {`{"meta":{"code":200},"response":{}}`, "success", "", ""}}},
	{"a number that is 1 for a success",
		[]underGood{{`{"status":0,"msg":"fail"}`, "failed", "", "fail"}, {`{"status":1,"msg":"ok","data":[1]}`, "success", "", ""}},
		[]underGood{{`{"status":0,"msg":"No such user"}`, "failed", "", "No such user"}, {`{"status":1,"msg":"ok"}`, "success", "", ""}, {`{"status":-1,"msg":"broken"}`, "noted", "", ""}}},
	{"a code that is 0 for a success",
		[]underGood{{`{"code":0,"msg":"ok","data":{"a":1}}`, "success", "", ""}, {`{"code":10012,"msg":"No such camera","data":null}`, "failed", "10012", "No such camera"}},
		[]underGood{{`{"code":10013,"msg":"Offline","data":null}`, "failed", "10013", "Offline"}, {`{"code":0,"msg":"","data":{}}`, "success", "", ""}}},
	{"a flag in an object",
		[]underGood{{`{"result":{"success":false,"error":"No such user"}}`, "failed", "", "No such user"}, {`{"result":{"success":true,"id":7}}`, "success", "", ""}},
		[]underGood{{`{"result":{"success":false,"error":"Locked"}}`, "failed", "", "Locked"}, {`{"result":{"success":true,"id":8,"x":1}}`, "success", "", ""}}},
	{"a flag that is a number",
		[]underGood{{`{"success":1,"id":4}`, "success", "", ""}, {`{"success":0,"reason":"It is gone"}`, "failed", "", "It is gone"}},
		[]underGood{{`{"success":0,"reason":"It is shut"}`, "failed", "", "It is shut"}, {`{"success":1}`, "success", "", ""}}},
	{"a word in an object",
		[]underGood{{`{"meta":{"status":"fail","message":"Broke down"}}`, "failed", "", "Broke down"}, {`{"meta":{"status":"ok"},"rows":[1]}`, "success", "", ""}},
		[]underGood{{`{"meta":{"status":"fail","message":"Timed out"}}`, "failed", "", "Timed out"}, {`{"meta":{"status":"ok"},"rows":[]}`, "success", "", ""}}},
	{"a word that is the opposite of OK",
		[]underGood{{`{"status":"KO","error":"No credit left"}`, "failed", "", "No credit left"}, {`{"status":"OK","balance":3}`, "success", "", ""}},
		[]underGood{{`{"status":"KO","error":"No such card"}`, "failed", "", "No such card"}, {`{"status":"OK"}`, "success", "", ""}}},
	{"an error code that is 0 for a success",
		[]underGood{{`{"errorCode":0,"errorMessage":"ok"}`, "success", "", ""}, {`{"errorCode":5,"errorMessage":"No such order"}`, "failed", "5", "No such order"}},
		[]underGood{{`{"errorCode":7,"errorMessage":"Sold out"}`, "failed", "7", "Sold out"}, {`{"errorCode":0,"errorMessage":"ok","order":5}`, "success", "", ""}}},
	{"an error code in an object",
		[]underGood{{`{"head":{"errorCode":0,"msg":"ok"},"x":1}`, "success", "", ""}, {`{"head":{"errorCode":12,"msg":"No such bus"}}`, "failed", "12", "No such bus"}},
		[]underGood{{`{"head":{"errorCode":13,"msg":"No such line"}}`, "failed", "13", "No such line"}, {`{"head":{"errorCode":0,"msg":"ok"},"y":1}`, "success", "", ""}}},
}

func TestAVerdictInABodyUnder200IsDraftedForFailuresAndSuccesses(t *testing.T) {
	t.Parallel()
	for _, test := range verdicts {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var all []draft.Recorded
			for _, one := range test.recorded {
				all = append(all, draft.Recorded{Status: 200, Header: dialect.HeaderMap{"Content-Type": {"application/json"}}, Body: []byte(one.body)})
			}
			reads(t, clean(t, all...), append(test.recorded, test.unseen...))
		})
	}
}

func TestAVerdictInTheExamplesOfADocumentIsDrafted(t *testing.T) {
	t.Parallel()
	for _, test := range verdicts {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			examples := map[string]any{}
			for i, one := range test.recorded {
				examples[string(rune('a'+i))] = map[string]any{"value": json.RawMessage(one.body)}
			}
			document, err := json.Marshal(map[string]any{
				"openapi": "3.0.0", "info": map[string]any{"title": "Acme", "version": "1"},
				"paths": map[string]any{"/things": map[string]any{"get": map[string]any{"responses": map[string]any{"200": map[string]any{
					"description": "it", "content": map[string]any{"application/json": map[string]any{"examples": examples}},
				}}}}},
			})
			if err != nil {
				t.Fatal(err)
			}
			tree, err := openapi.ReadTree("acme.json", document)
			if err != nil {
				t.Fatal(err)
			}
			file, err := draft.FromDescription("acme", oas.Describe(tree))
			if err != nil {
				t.Fatal(err)
			}
			reads(t, file, append(test.recorded, test.unseen...))
		})
	}
}

// A number that only differs is no verdict: nothing says which one is a failure.
func TestANumberOfWhichNothingSaysThatItFailedIsNoVerdict(t *testing.T) {
	t.Parallel()
	for _, bodies := range [][]string{
		{`{"status":1,"name":"Anna"}`, `{"status":2,"name":"Ben"}`},
		{`{"code":49,"name":"Germany"}`, `{"code":33,"name":"France"}`},
		{`{"state":"open","description":"A door"}`, `{"state":"closed","description":"A gate"}`},
		{`{"status":404,"street":"Main Street"}`},
	} {
		var all []draft.Recorded
		var want []underGood
		for _, body := range bodies {
			all = append(all, draft.Recorded{Status: 200, Header: dialect.HeaderMap{"Content-Type": {"application/json"}}, Body: []byte(body)})
			want = append(want, underGood{body: body, kind: "success"})
		}
		reads(t, clean(t, all...), want)
	}
}

// reads holds a drafted file to what it is to read.
func reads(t *testing.T, file []byte, all []underGood) {
	t.Helper()
	d, err := dialect.Compile("acme.yaml", file)
	if err != nil {
		t.Fatalf("%v\n%s", err, file)
	}
	for _, one := range all {
		got := d.Decode(dialect.Request{Method: "GET", Path: "/things"}, dialect.Response{Status: 200, Header: dialect.HeaderMap{"Content-Type": {"application/json"}}, Body: []byte(one.body)}).Outcome
		if got.Kind.String() != one.kind || got.Code != one.code || got.Detail != one.detail {
			t.Errorf("%s is read as %s, %q, %q; want %s, %q, %q\n%s", one.body, got.Kind, got.Code, got.Detail, one.kind, one.code, one.detail, strings.SplitN(string(file), "samples:", 2)[0])
		}
	}
}
