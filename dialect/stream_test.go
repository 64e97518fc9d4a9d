package dialect_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// streaming is a dialect with a stream of each form.
const streaming = `dialect: test
codes:
  200: success
  4xx: invalid
  overloaded: {kind: unavailable, status: 529, retry: {backoff: 1s..9s}}
  slow: {kind: rate_limited, status: 429, no_effect: true}
shapes:
  - name: error
    status: 4xx 5xx
    json: {error!: {code?: $code, message: $detail, wait?: $retry_after:seconds}}
  - name: chat
    method: POST
    path: /chat
    stream: sse
    elements:
      - {event: ping, as: preamble}
      - {as: preamble, json: {type: start}}
      - {text: "[DONE]", as: end}
      - {is: noted, as: end, json: {type: incomplete, why: $note}}
      - {event: error, is: failed, json: {error!: {code?: $code, message!: $detail, wait?: $retry_after:seconds}}}
      - {is: failed, read_only: true, json: {error!: {code?: $code, message!: $detail}}}
  - name: jobs
    path: /jobs
    stream: sse
    elements:
      - {event: state, is: failed, json: {state: failed, message!: $detail}}
      - {event: state, as: preamble, json: {state: waits}}
  - name: batch
    path: /batch
    stream: ndjson
    partial: true
    elements:
      - {is: failed, json: {id?: $any, error!: {code?: $code, message: $detail}}}
  - name: watch
    path: /pods
    query: {watch: [1, true]}
    stream: ndjson
    type: application/json
    elements:
      - {is: failed, json: {type: ERROR, object: {code?: $code, message: $detail}}}
  - name: log
    path: /log
    stream: json-seq
    elements:
      - {is: failed, json: {error!: $detail}}
      - {as: end, json: {done: true}}
  - name: list
    path: /list
    stream: json-array
    elements:
      - {is: failed, json: {error!: $detail}}
  - name: invoke
    path: /invoke
    stream: aws-event-stream
    elements:
      - {is: failed, headers: {Message-Type: exception, Exception-Type: $code}, json: {message: $detail}}
      - {event: stop, as: end}
  - {name: request, headers: {X-Request-Id: $request_id}}
`

// streamed reads a stream that is recorded whole.
func streamed(d *dialect.Dialect, method, path, media, body string) string {
	header := http.Header{"Content-Type": {media}, "X-Request-Id": {"r-1"}}
	req := dialect.Request{Method: method, Path: path, Now: stated}
	read := d.Decode(req, dialect.Response{Status: 200, Header: header, Body: []byte(body), Received: stated})
	return inWords(&read)
}

// inWords is the meaning of a stream.
func inWords(read *dialect.Decoded) string {
	o := &read.Outcome
	text := o.Kind.String()
	for _, part := range []string{string(o.Reason), o.Code, o.Detail, strings.Join(o.Notes, ", ")} {
		if part != "" {
			text += " " + part
		}
	}
	if o.RetryAfter > 0 {
		text += " " + o.RetryAfter.String()
	}
	if o.RequestID != "r-1" {
		text += " without its request ID"
	}
	if read.Stream == nil {
		return text + " (no stream)"
	}
	s := *read.Stream
	text += fmt.Sprintf(" after %d of %d", s.Content, s.Elements)
	if s.Ended {
		text += ", ended"
	}
	if s.Cut {
		text += ", cut"
	}
	for _, d := range read.Diagnostics {
		text += " [" + d.Rule + "]"
	}
	return text
}

func TestAStreamHasTheMeaningOfItsElements(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("test.yaml", []byte(streaming))
	if err != nil {
		t.Fatal(err)
	}
	const (
		sse   = "text/event-stream; charset=utf-8"
		good  = "data: {\"delta\": \"a\"}\n\n"
		fails = "event: error\ndata: {\"error\": {\"code\": \"overloaded\", \"message\": \"Busy\"}}\n\n"
		done  = "data: [DONE]\n\n"
	)
	for _, tt := range []struct{ name, path, media, body, want string }{
		{"it ends well", "/chat", sse, "data: {\"type\": \"start\"}\n\n" + good + good + done, "success after 2 of 4, ended"},
		{"it fails first", "/chat", sse, fails, "unavailable overloaded Busy after 0 of 1"},
		{"it fails first, after a preamble", "/chat", sse, "event: ping\ndata: {}\n\ndata: {\"type\": \"start\"}\n\n" + fails, "unavailable overloaded Busy after 0 of 3"},
		{"it fails in the middle", "/chat", sse, good + good + fails, "unavailable overloaded Busy after 2 of 3"},
		{"it fails without the name of an event", "/chat", sse, good + "data: {\"error\": {\"code\": \"slow\", \"message\": \"Wait\"}}\n\n", "rate_limited slow Wait after 1 of 2"},
		{"the failure states a wait", "/chat", sse, "event: error\ndata: {\"error\": {\"code\": \"slow\", \"message\": \"Wait\", \"wait\": 7}}\n\n", "rate_limited slow Wait 7s after 0 of 1"},
		{"the name of the error is escaped", "/chat", sse, "data: {\"\\u0065rror\": {\"message\": \"Busy\"}}\n\n", "failed Busy after 0 of 1"},
		{"it is cut off", "/chat", sse, good + good, "unavailable cut_off after 2 of 2, cut [cut_stream]"},
		{"it is cut off in an element", "/chat", sse, good + "data: {\"delta\": ", "unavailable cut_off after 1 of 1, cut [cut_stream]"},
		{"it is cut off in a failure", "/chat", sse, good + "event: error\ndata: {\"error\": {\"code\": \"overloaded\", \"message\": \"Bu", "unavailable overloaded after 1 of 1 [body_not_read] [failure_mark]"},
		{"the end has no empty line behind it", "/chat", sse, good + "data: [DONE]\n", "success after 1 of 2, ended"},
		{"it ends with a note", "/chat", sse, good + "data: {\"type\": \"incomplete\", \"why\": \"length\"}\n\n", "noted length after 1 of 2, ended"},
		{"a failure is followed by content", "/chat", sse, good + fails + good + done, "unavailable overloaded Busy after 1 of 4, ended"},
		{"two failures", "/chat", sse, fails + "data: {\"error\": {\"message\": \"again\"}}\n\n", "unavailable overloaded Busy after 0 of 2"},
		{"content follows the end", "/chat", sse, good + done + good, "noted after 1 of 3, ended [after_end]"},
		{"an error that the dialect does not know", "/chat", sse, good + "data: {\"error\": {\"text\": \"Busy\"}}\n\n" + done, "noted after 2 of 3, ended [failure_mark] [common_form]"},
		{"an event of an error that fits no template", "/chat", sse, good + "event: error\ndata: {\"error\": {\"text\": \"Busy\"}}\n\n" + done, "failed Busy after 1 of 3, ended [failure_mark] [common_form] [unfit_body]"},
		{"its text is taken by the forms that most APIs use", "/chat", sse, "event: error\ndata: {\"detail\": \"Busy\"}\n\n" + done, "failed Busy after 0 of 2, ended [unfit_body] [common_form]"},
		{"an event of an error in plain text", "/chat", sse, "event: error\ndata: Busy\n\n" + done, "failed Busy after 0 of 2, ended [unfit_body] [common_form]"},
		{"an event with the name that errors have elsewhere", "/jobs", sse, good + "event: error\ndata: Busy\n\n", "noted after 2 of 2 [failure_mark]"},
		{"an event of two templates, of which one is no failure", "/jobs", sse, "event: state\ndata: {\"code\": 1}\n\n", "success after 1 of 1"},
		{"an error of null is none", "/chat", sse, "data: {\"error\": null}\n\n" + done, "success after 1 of 2, ended"},
		{"comments only", "/chat", sse, ": a\n\n:\n\n", "unavailable cut_off after 0 of 0, cut [cut_stream]"},
		{"nothing", "/chat", sse, "", "unavailable cut_off after 0 of 0, cut [cut_stream]"},
		{"bare JSON at the end", "/chat", sse, good + `{"error": {"code": "overloaded", "message": "Busy"}}`, "unavailable overloaded Busy after 1 of 2"},
		{"JSON instead of a stream", "/chat", sse, "{\n  \"error\": {\n    \"message\": \"Busy\"\n  }\n}\n", "failed Busy after 0 of 1"},
		{"JSON of a success instead of a stream", "/chat", sse, "{\n  \"choices\": []\n}\n", "noted after 1 of 1 [unfit_body]"},
		{"JSON of a success instead of an array", "/list", "application/json", `{"items": []}`, "noted after 1 of 1 [unfit_body]"},
		{"a page instead of a stream", "/chat", sse, "<html><title>Bad gateway</title>", "unavailable cut_off after 0 of 0, cut [cut_stream] [unfit_body]"},
		{"JSON across several lines of data", "/chat", sse, "event: error\r\ndata: {\"error\":\r\ndata: {\"code\": \"overloaded\",\r\ndata: \"message\": \"Busy\"}}\r\n\r\n", "unavailable overloaded Busy after 0 of 1"},
		{"a byte order mark and mixed line ends", "/chat", sse, "\xEF\xBB\xBFdata: {\"delta\": 1}\r\r" + fails, "unavailable overloaded Busy after 1 of 2"},
		{"an event of 10 MB", "/chat", sse, "data: {\"delta\": \"" + strings.Repeat("x", 10<<20) + "\"}\n\n" + done, "success after 1 of 2, ended"},
		{"a failure of 10 MB", "/chat", sse, "event: error\ndata: {\"error\": {\"code\": \"overloaded\", \"message\": \"Busy\", \"trace\": \"" + strings.Repeat("x", 10<<20) + "\"}}\n\n", "unavailable overloaded Busy after 0 of 1 [body_not_read] [failure_mark]"},
		{"another type", "/chat", "application/json", `{"delta": "a"}`, "success (no stream)"},

		{"lines, all good", "/batch", "application/jsonl", "{\"id\": 1}\n{\"id\": 2}", "success after 2 of 2"},
		{"lines, some failed", "/batch", "application/x-ndjson", "{\"id\": 1}\n{\"id\": 2, \"error\": {\"code\": \"slow\", \"message\": \"Wait\"}}\n{\"id\": 3}\n", "partial slow Wait after 2 of 3"},
		{"lines, all failed", "/batch", "application/x-ndjson", "{\"id\": 2, \"error\": {\"code\": \"slow\", \"message\": \"Wait\"}}\n", "rate_limited slow Wait after 0 of 1"},
		{"lines that are cut off", "/batch", "application/x-ndjson", "{\"id\": 1}\n{\"id\": 2", "partial after 1 of 1, cut [cut_stream]"},

		{"a watch", "/pods?watch=true", "application/json", "{\"type\": \"ADDED\"}\n{\"type\": \"ERROR\", \"object\": {\"code\": \"slow\", \"message\": \"Gone\"}}\n", "rate_limited slow Gone after 1 of 2"},
		{"a watch that ended", "/pods?a=b&watch=1", "application/json", "{\"type\": \"ADDED\"}\n", "success after 1 of 1"},
		{"no watch", "/pods?watch=0", "application/json", `{"items": []}`, "success (no stream)"},
		{"a sequence", "/log", "application/json-seq", "\x1E{\"a\": 1}\n\x1E{\"done\": false}\n\x1E{\"done\": true}\n", "success after 2 of 3, ended"},
		{"a sequence without its end", "/log", "application/json-seq", "\x1E{\"a\": 1}\n", "unavailable cut_off after 1 of 1, cut [cut_stream]"},
		{"an array", "/list", "application/json", `[{"a": 1}, {"b": 2}]`, "success after 2 of 2, ended"},
		{"an array with a failure", "/list", "application/json", `[{"a": 1}, {"error": "Busy"}]`, "failed Busy after 1 of 2, ended"},
		{"an array that is cut off", "/list", "application/json", `[{"a": 1}, {"b"`, "unavailable cut_off after 1 of 1, cut [cut_stream]"},
		{"an object instead of an array", "/list", "application/json", `{"error": "Busy"}`, "failed Busy after 0 of 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := streamed(d, "POST", tt.path, tt.media, tt.body); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestAFailureIsTheLastElementOfAStream(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("test.yaml", []byte(streaming))
	if err != nil {
		t.Fatal(err)
	}
	o := parlance.Outcome{Kind: parlance.KindUnavailable, Code: "overloaded", Detail: "Busy"}
	for _, tt := range []struct{ path, media, wrote, read string }{
		{"/chat", "text/event-stream", "data: {\"a\": 1}\n\nevent: error\ndata: {\"error\":{\"code\":\"overloaded\",\"message\":\"Busy\"}}\n\n", "unavailable overloaded Busy after 1 of 2"},
		{"/batch", "application/x-ndjson", "{\"a\": 1}\n{\"error\":{\"code\":\"overloaded\",\"message\":\"Busy\"}}\n", "partial overloaded Busy after 1 of 2"},
		{"/log", "application/json-seq", "\x1E{\"a\": 1}\n\x1E{\"error\":\"Busy\"}\n", "failed Busy after 1 of 2"},
		{"/list", "application/json", "[\n{\"a\": 1},\n{\"error\":\"Busy\"}\n]\n", "failed Busy after 1 of 2, ended"},
		{"/invoke", "application/vnd.amazon.eventstream", "", "unavailable overloaded Busy after 1 of 2"},
	} {
		w := d.WriteStream(dialect.Request{Method: "POST", Path: tt.path})
		if w == nil || w.Type() != tt.media {
			t.Fatalf("%s: the writer is %v", tt.path, w)
		}
		body := w.Append(nil, dialect.StreamPart{Data: []byte(`{"a": 1}`)})
		m, written := w.Encode(body, &o)
		if !written {
			t.Fatalf("%s: no element is written", tt.path)
		}
		if tt.wrote != "" && string(m.Body) != tt.wrote {
			t.Errorf("%s: wrote\n%s, want\n%s", tt.path, m.Body, tt.wrote)
		}
		if got := streamed(d, "POST", tt.path, tt.media, string(m.Body)); got != tt.read {
			t.Errorf("%s: read %s, want %s", tt.path, got, tt.read)
		}
		if lost := bytes.Contains([]byte(fmt.Sprint(m.Losses)), []byte("kind")); lost != !strings.HasPrefix(tt.read, "unavailable") && !strings.HasPrefix(tt.read, "partial") {
			t.Errorf("%s: lost %v", tt.path, m.Losses)
		}
	}
}
