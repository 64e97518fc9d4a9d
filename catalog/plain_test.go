package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

func TestAFailureOfAKindAloneKeepsItsTextWhereACodeMeansTheSame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect string
		kind    parlance.Kind
		status  int
		code    string
	}{
		{"anthropic", parlance.KindInternal, 500, "api_error"},
		{"anthropic", parlance.KindNotFound, 404, "not_found_error"},
		{"airtable", parlance.KindForbidden, 403, "NOT_AUTHORIZED"},
		{"box", parlance.KindConflict, 409, "conflict"},
		{"databricks", parlance.KindUnavailable, 503, "TEMPORARILY_UNAVAILABLE"},
		{"grpc-gateway", parlance.KindUnauthenticated, 401, "16"},
		{"okta", parlance.KindRateLimited, 429, "E0000047"},
		{"twirp", parlance.KindInvalid, 400, "invalid_argument"},
		{"x-api", parlance.KindForbidden, 403, "220"},
	} {
		t.Run(c.dialect+" "+c.kind.String(), func(t *testing.T) {
			t.Parallel()
			d := opened(t, c.dialect)
			req := dialect.Request{Method: "POST", Path: "/v1/messages"}
			m := d.Encode(nil, req, &parlance.Outcome{Kind: c.kind, Detail: "The reason in words"}, dialect.Payload{})
			back := d.Decode(req, dialect.Response{Status: m.Status, Header: pairs(m.Header), Body: m.Body}).Outcome
			if m.Status != c.status || back.Code != c.code || back.Detail != "The reason in words" || back.Kind != c.kind || back.Reason != "" {
				t.Errorf("it is written as %d %s, and read as %s/%s %s %q; want %d with %s", m.Status, m.Body, back.Kind, back.Reason, back.Code, back.Detail, c.status, c.code)
			}
		})
	}
}

func TestACodeIsLentOnlyUnderItsStatus(t *testing.T) {
	t.Parallel()
	// The codes of invalid stand under 422, and say which value is wrong: 400 has none.
	d := opened(t, "airtable")
	m := d.Encode(nil, dialect.Request{Method: "POST", Path: "/v0/app/Orders"}, &parlance.Outcome{Kind: parlance.KindInvalid, Detail: "Wrong"}, dialect.Payload{})
	if m.Status != 400 || len(m.Body) > 0 || len(m.Losses) != 1 || m.Losses[0].Attribute != "detail" {
		t.Errorf("%d %s, losses %v; want 400 without a body and the loss of the detail", m.Status, m.Body, m.Losses)
	}
}

func TestAnElementOfAFailureHasACodeThatSaysItsKind(t *testing.T) {
	t.Parallel()
	overloaded := parlance.Outcome{Kind: parlance.KindUnavailable, Reason: "overloaded", Code: "busy", Detail: "Busy"}
	for _, c := range []struct {
		dialect, path string
		o             parlance.Outcome
		wrote, lost   string
	}{
		{"anthropic", "/v1/messages", overloaded, `"type":"overloaded_error"`, "code"},
		{"anthropic", "/v1/messages", parlance.Outcome{Kind: parlance.KindInternal, Detail: "Busy"}, `"type":"api_error"`, ""},
		{"anthropic", "/v1/messages", parlance.Outcome{Kind: parlance.KindUnavailable, Detail: "Busy"}, `"type":"overloaded_error"`, "reason"},
		{"openai", "/v1/chat/completions", overloaded, `"code":"server_is_overloaded"`, "code"}, // resource_unavailable would promise that nothing was done
		{"openai", "/v1/chat/completions", parlance.Outcome{Kind: parlance.KindQuota, Reason: "balance", Family: "billing", Detail: "Busy"}, `"type":"billing","param":null,"code":"insufficient_quota"`, ""},
		{"openai", "/v1/chat/completions", parlance.Outcome{Kind: parlance.KindRateLimited, Detail: "Busy"}, `"code":"rate_limit_exceeded"`, ""},
		{"kubernetes", "/api/v1/pods?watch=true", overloaded, `"reason":"ServiceUnavailable"`, "code reason"},
		{"ollama", "/api/chat", overloaded, `{"error":"Busy"}`, "reason code kind"},
		{"deepseek", "/v1/responses", parlance.Outcome{Kind: parlance.KindInvalid, Detail: "Busy"}, `"message":"Busy"`, ""},
	} {
		t.Run(c.dialect+" "+c.wrote, func(t *testing.T) {
			t.Parallel()
			method := "POST"
			if c.dialect == "kubernetes" {
				method = "GET"
			}
			d := opened(t, c.dialect)
			for time := range 2 { // what one stream loses is no matter of the next
				m, written := d.WriteStream(dialect.Request{Method: method, Path: c.path}).Encode(nil, &c.o)
				var lost []string
				for _, l := range m.Losses {
					lost = append(lost, l.Attribute)
				}
				if !written || !strings.Contains(string(m.Body), c.wrote) || !strings.Contains(string(m.Body), "Busy") || strings.Join(lost, " ") != c.lost || slices.Contains(lost, "") {
					t.Errorf("time %d: wrote %s, lost %v; want %s and %s", time, m.Body, m.Losses, c.wrote, c.lost)
				}
			}
		})
	}
}

// The streams of models: what comes between the chunks of content and the end.
func TestAFailureBetweenTheChunksOfAModelIsNoSuccess(t *testing.T) {
	t.Parallel()
	const chat = "/v1/chat/completions"
	for _, c := range []struct{ dialect, path, element, want string }{
		{"vllm", chat, `{"error": {"object": "error", "message": "boom", "type": "BadRequestError", "param": null, "code": 400}}`, "invalid 400 boom"},
		{"vllm", chat, `{"object": "error", "message": "boom", "type": "InternalServerError", "param": null, "code": 500}`, "internal 500 boom"},
		{"openrouter", chat, `{"id": "gen-1", "error": {"code": 429, "message": "boom"}, "choices": [{"delta": {"content": ""}, "finish_reason": "error"}]}`, "rate_limited 429 boom"},
		{"databricks", "/serving-endpoints/a/invocations", `{"error_code": "TEMPORARILY_UNAVAILABLE", "message": "boom"}`, "unavailable TEMPORARILY_UNAVAILABLE boom"},
		{"mistral", chat, `{"object": "error", "message": "boom", "type": "service_unavailable", "param": null, "code": null}`, "failed  boom"},
		{"llama-cpp", chat, `{"error": {"code": 503, "message": "boom", "type": "unavailable_error"}}`, "unavailable unavailable_error boom"},
		{"hugging-face", "/generate_stream", `{"error": "boom", "error_type": "overloaded"}`, "unavailable overloaded boom"},
		{"huawei-apig", chat, `{"error_code": "APIG.0308", "error_msg": "boom"}`, "rate_limited APIG.0308 boom"},
		{"modelscope", chat, `{"errors": {"message": "boom"}}`, "noted  "},
		{"xai", chat, `{"error": "boom", "code": "The service is currently unavailable"}`, "unavailable The service is currently unavailable boom"},
	} {
		t.Run(c.dialect+" "+c.element, func(t *testing.T) {
			t.Parallel()
			body := "data: {\"choices\": [{\"delta\": {\"content\": \"a\"}}]}\n\ndata: " + c.element + "\n\ndata: [DONE]\n\n"
			res := dialect.Response{Status: 200, Header: dialect.HeaderMap{"Content-Type": {"text/event-stream"}}, Body: []byte(body)}
			o := opened(t, c.dialect).Decode(dialect.Request{Method: "POST", Path: c.path}, res).Outcome
			if got := o.Kind.String() + " " + o.Code + " " + o.Detail; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAnExceptionInAStreamOfBedrockIsRead(t *testing.T) {
	t.Parallel()
	d := opened(t, "bedrock")
	req := dialect.Request{Method: "POST", Path: "/model/a/converse-stream"}
	for _, c := range []struct {
		o    parlance.Outcome
		want string
	}{
		{parlance.Outcome{Kind: parlance.KindRateLimited, Code: "throttlingException", Detail: "Too many"}, "rate_limited throttlingException Too many"},
		{parlance.Outcome{Kind: parlance.KindInternal, Detail: "boom"}, "internal InternalServerException boom"},
	} {
		w := d.WriteStream(req)
		body := w.Append(nil, dialect.StreamPart{Event: "contentBlockDelta", Data: []byte(`{"delta": {"text": "a"}}`)})
		m, _ := w.Encode(body, &c.o)
		res := dialect.Response{Status: 200, Header: dialect.HeaderMap{"Content-Type": {w.Type()}}, Body: m.Body}
		read := d.Decode(req, res)
		if got := read.Outcome.Kind.String() + " " + read.Outcome.Code + " " + read.Outcome.Detail; got != c.want || read.Stream == nil || read.Stream.Content != 1 {
			t.Errorf("got %q in %+v, want %q after one element", got, read.Stream, c.want)
		}
	}
}
