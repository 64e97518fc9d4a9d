package authoring_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// chat is a dialect with a stream, of which one element has no sample.
const chat = `dialect: chat
codes:
  200: success
  overloaded: {kind: unavailable, status: 529}
shapes:
  - name: events
    method: POST
    path: /chat
    stream: sse
    elements:
      - {event: stop, as: end}
      - {name: error event, event: error, is: failed, json: {error!: {code: $code, message!: $detail}}}
      - {name: bare error, is: failed, read_only: true, json: {failed!: $detail}}
samples:
  - method: POST
    path: /chat
    response: |
      HTTP/1.1 200 OK
      Content-Type: text/event-stream

      event: error
      data: {"error": {"code": "overloaded", "message": "Busy"}}

    outcome: {kind: unavailable, code: overloaded, detail: Busy}
`

func TestTheElementsOfAStreamAreTracedAndCovered(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("chat.yaml", []byte(chat))
	if err != nil {
		t.Fatal(err)
	}
	body := "data: {\"text\": \"a\"}\n\nevent: error\ndata: {\"error\": {\"code\": \"overloaded\", \"message\": \"Busy\"}}\n\n"
	trace := authoring.TraceOf(d, dialect.Request{Method: "POST", Path: "/chat"}, dialect.Response{Status: 200, Header: dialect.HeaderMap{"Content-Type": {"text/event-stream"}}, Body: []byte(body)})
	var got []string
	for _, text := range trace.Texts {
		got = append(got, fmt.Sprintf("%s %s %d", text.Attribute, text.Value, text.Offset-strings.Index(body, `"`+text.Value)))
	}
	if want := "code overloaded 0, detail Busy 0"; !trace.Fits || trace.Shape.Name != "error event" || trace.Shape.Line != 12 || strings.Join(got, ", ") != want {
		t.Errorf("it fits %v, %q on line %d, and has %q; want error event on line 12 and %q", trace.Fits, trace.Shape.Name, trace.Shape.Line, got, want)
	}
	if f, known := authoring.IndexOf(d).Shape("error event"); !known || f.Place.Line != 12 || f.Is != "failed" {
		t.Errorf("the index has %+v", f)
	}
	var missing []string
	for _, m := range authoring.Test(d).Coverage.Alternatives.Missing {
		missing = append(missing, fmt.Sprint(m.Name, " ", m.Line))
	}
	if want := "[events: element 1 of 3 11 events: element 3 of 3 13]"; fmt.Sprint(missing) != want {
		t.Errorf("no sample reaches %v, want %s", missing, want)
	}
}
