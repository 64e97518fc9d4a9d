package draft_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/draft"
	"github.com/parlance-api/parlance/internal/rawhttp"
)

var update = flag.Bool("update", false, "write the goldens anew")

// Each golden is the draft from the responses beside it, which a line of equals
// signs parts.
func TestADraftNamesItsGuesses(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.http")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var all []draft.Recorded
			for _, one := range bytes.Split(text, []byte("=====\n")) {
				raw, err := rawhttp.Parse(one)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, draft.Recorded{Status: raw.Status, Header: dialect.HeaderMap(raw.Header), Body: raw.Body})
			}
			got := clean(t, all...)
			golden := strings.TrimSuffix(file, ".http") + ".yaml"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))) {
				t.Errorf("it drafts\n%s\nnot\n%s", got, want)
			}
		})
	}
}

// clean drafts a file of which lint says only what its comments leave to be done.
func clean(t *testing.T, all ...draft.Recorded) []byte {
	t.Helper()
	file, err := draft.File("acme", all...)
	if err != nil {
		t.Fatal(err)
	}
	marked := bytes.Count(file, []byte("  # guess: ")) + bytes.Count(file, []byte("  # todo: "))
	for _, d := range authoring.Lint("acme.yaml", file) {
		if d.Rule == "unfinished" {
			marked--
			continue
		}
		if d.Rule == "records_only" && bytes.Contains(file, []byte("# todo: add the path of the operation")) {
			continue
		}
		t.Errorf("%s\n%s\n%s", d.Error(), authoring.Excerpt(file, d), file)
	}
	if marked != 0 {
		t.Errorf("lint warns of all marked lines but %d\n%s", marked, file)
	}
	return file
}

func TestOfEveryResponseAFileIsDraftedOfWhichThereIsNothingToComplain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		status int
		media  string
		body   string
		want   string // a line of the file
	}{
		{"no body", 404, "", "", "404: not_found"},
		{"a status that HTTP does not have", 630, "", "", "630: internal"},
		{"JSON that is none", 400, "application/json", `{"message": `, "400: invalid"},
		{"bytes that are no text", 500, "text/plain", "\x00\xff\xfe", "500: internal"},
		{"a bare value", 400, "application/json", `"no"`, "400: invalid"},
		{"a text that YAML takes for something else", 400, "text/plain", "- no: {", "text: $detail  # guess: looks like the message"},
		{"a text with letters that do not print", 400, "text/plain", "a\u0085b\ufeffc", "400: invalid"},
		{"a problem", 403, "application/problem+json", `{"type":"https://example.com/credit","title":"No credit","status":403,"detail":"30 is not 50","instance":"/account/1"}`, "type?: $type  # guess: looks like the kind of problem"},
		{"JSON:API", 422, "application/vnd.api+json", `{"errors":[{"status":"422","source":{"pointer":"/data/attributes/volume"},"detail":"Too loud"}]}`, "pointer?: $field:pointer  # guess: looks like the bad input"},
		{"a path of segments", 422, "application/json", `{"detail":[{"loc":["body","size"],"msg":"is no number","type":"type_error.integer"}]}`, `loc?: "$field:segments(body?)"  # guess: looks like the bad input`},
		{"a path with dots and brackets", 422, "application/json", `{"message":"a b","errors":[{"field":"email","message":"is missing"},{"field":"lines[0].count","message":"must be positive"}]}`, "- field?: $field:dots  # guess: looks like the bad input"},
		{"a path with names in brackets", 400, "application/json", `{"error":{"message":"a b","code":"c","param":"card[number]"}}`, "param?: $field:brackets  # guess: looks like the bad input"},
		{"a path with an open bracket", 400, "application/json", `{"error":{"message":"a b","code":"c","param":"card[number"}}`, "param?: $field  # guess: looks like the bad input"},
		{"the text of an error under any name", 422, "application/json", `{"error":{"code":"c","message":"a b","fields":[{"name":"x","hint_for_people":"is too long","value":7}]}}`, "hint_for_people: $field.message  # guess: looks like the message"},
		{"a problem of a field", 422, "application/json", `{"error":{"code":"c","message":"a b","fields":[{"name":"x","problem":"missing"}]}}`, "problem: $field.message  # guess: looks like the message"},
		{"two texts of an error, of which neither is called so", 422, "application/json", `{"error":{"code":"c","message":"a b","fields":[{"name":"x","one":"is too long","two":"or so"}]}}`, "one?: $any  # todo: not recognized, so it is not read; write what it is, or keep $any if callers do not need it"},
		{"the reason of a status", 422, "application/json", `{"error":{"code":"invalid_order","message":"a b","fields":[{"name":"x","problem":"missing"}]}}`, "invalid_order: {kind: invalid/fields, status: 422}  # guess: as its status"},
		{"a code that is a number", 400, "application/json", `{"code":50035,"message":"Invalid Form Body"}`, "code: $code:int  # guess: looks like the code"},
		{"a code in a status", 429, "application/json", `{"error":{"code":429,"message":"Too many","status":"RESOURCE_EXHAUSTED"}}`, "status: $code  # guess: looks like the code"},
		{"when to come back", 429, "application/json", `{"message":"Slow down","retry_after":64.57}`, "retry_after?: $retry_after:seconds  # guess: looks like when to come back"},
		{"a request's id", 503, "application/json", `{"message":"Away","debug_id":"90957fca61718"}`, "debug_id?: $request_id  # guess: looks like the request's id"},
		{"a list of messages", 404, "application/json", `{"errorMessages":["Issue does not exist"],"errors":{}}`, `errorMessages?: [$detail & $field.message]  # guess: looks like the bad inputs`},
		{"a summary of an error", 401, "application/json", `{"errorCode":"E0000011","errorSummary":"Invalid token provided","errorId":"oae5F52"}`, "errorSummary: $detail  # guess: looks like the message"},
		{"a payment that was refused under a good status", 200, "application/json", `{"pspReference":"8836","refusalReason":"Expired Card","resultCode":"Refused"}`, "resultCode: Refused  # guess: says that it failed"},
		{"a map at the root", 400, "application/json", `{"amount":["is no number"],"when":["is past"]}`, "$field: [$field.message]  # guess: looks like a map of bad inputs"},
		{"an envelope", 200, "application/json", `{"success":true,"data":{"id":1},"request_id":"r1"}`, "data: $data  # guess: looks like what was asked for"},
		{"what is none of the vendor's words", 200, "application/json", `{"id":1}`, "200: success"},
		{"SOAP", 500, "text/xml", `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>Away</faultstring><detail/></s:Fault></s:Body></s:Envelope>`, "faultstring: $detail  # guess: looks like the message"},
		{"names that YAML takes for something else", 400, "application/json", `{"message":"m","on":1,"@type":"x","a: b":1,"$x":2,"y?":3,"a|b":4,"":5}`, "message: $detail  # guess: looks like the message"},
		{"records", 200, "application/json", `{"results":[{"id":"1","status":200},{"id":"2","status":404}]}`, "path: /a b  # guess: only this operation has records"},
		{"a blank", 400, "text/plain", " ", "400: invalid"},
		{"windows lines", 400, "text/plain", "one\r\ntwo", "400: invalid"},
		{"a deep one", 400, "application/json", strings.Repeat(`{"error":`, 100) + `"a b"` + strings.Repeat("}", 100), "400: invalid"},
		{"a long one", 400, "application/json", `{"message":"` + strings.Repeat("a b ", 30_000) + `"}`, "400: invalid"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := dialect.HeaderMap{}
			if test.media != "" {
				h["Content-Type"] = []string{test.media}
			}
			file := clean(t, draft.Recorded{Method: "POST", Path: "/a b", Status: test.status, Header: h, Body: []byte(test.body)})
			if !strings.Contains(string(file), " "+test.want+"\n") {
				t.Errorf("it has no line %s\n%s", test.want, file)
			}
		})
	}
}

func TestAChallengeIsReadForItsCode(t *testing.T) {
	t.Parallel()
	file := clean(t, draft.Recorded{Status: 401, Header: dialect.HeaderMap{"Www-Authenticate": {`Bearer realm="example", error="invalid_token", error_description="The access token expired"`}}})
	for _, want := range []string{
		"  invalid_token: {kind: unauthenticated, status: 401}  # guess: as its status\n",
		"      Www-Authenticate: {Bearer: {error: $code, error_description: $detail}}  # guess: looks like the code\n",
		"outcome: {kind: unauthenticated, code: invalid_token, detail: The access token expired}\n",
	} {
		if !strings.Contains(string(file), want) {
			t.Errorf("it has no %s\n%s", want, file)
		}
	}
}

func TestASecretInAHeaderIsNotPutIntoTheFile(t *testing.T) {
	t.Parallel()
	file := clean(t, draft.Recorded{Status: 401, Header: dialect.HeaderMap{"Set-Cookie": {"session=hush"}, "Authorization": {"Bearer hush"}}, Body: []byte(`{"message":"Who are you?"}`)})
	if bytes.Contains(file, []byte("hush")) {
		t.Errorf("it tells\n%s", file)
	}
}

func TestADraftNeedsAResponseAndAName(t *testing.T) {
	t.Parallel()
	if _, err := draft.File("acme"); !errors.Is(err, draft.ErrNothing) {
		t.Error(err)
	}
	var faults *dialect.FileError
	if _, err := draft.File("Acme Inc.", draft.Recorded{Status: 404}); !errors.As(err, &faults) {
		t.Error(err)
	}
}

// FuzzFile: whatever a server sends, there is nothing to complain of in the
// file that is drafted from it.
func FuzzFile(f *testing.F) {
	for _, body := range []string{
		`{"error":{"code":"a","message":"b c"}}`, `[{"errorCode":"A","message":"b c","fields":["x"]}]`, `{"errors":{"a":["b c"]}}`,
		`<Error a="b"><Code>c</Code><M>d</M><M>e</M></Error>`, `<html><title>a b</title></html>`, "a b", `{"items":[{"status":404,"id":1}]}`,
	} {
		f.Add(uint16(400), "application/json", []byte(body))
		f.Add(uint16(200), "", []byte(body))
	}
	f.Fuzz(func(t *testing.T, status uint16, media string, body []byte) {
		h := dialect.HeaderMap{"Content-Type": {media}}
		clean(t, draft.Recorded{Status: 100 + int(status)%900, Header: h, Body: body})
	})
}
