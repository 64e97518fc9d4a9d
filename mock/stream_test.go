package mock_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/mock"
	"github.com/parlance-api/parlance/mock/scenario"
)

// streaming is a dialect with a stream of each form.
const streaming = `dialect: test
codes:
  200: success
  4xx: invalid
  401: unauthenticated
  overloaded: {kind: unavailable, status: 529}
shapes:
  - {name: error, status: 4xx 5xx, json: {error!: {code?: $code, message: $detail}}}
  - name: chat
    path: /sse
    method: POST
    stream: sse
    elements:
      - {event: ping, as: preamble}
      - {text: "[DONE]", as: end}
      - {event: token, json: {n: 1}}
      - {event: error, is: failed, json: {error!: {code?: $code, message!: $detail}}}
  - name: lines
    path: /ndjson
    stream: ndjson
    elements:
      - {is: failed, json: {error!: {code?: $code, message!: $detail}}}
      - {as: end, json: {done: true}}
  - name: log
    path: /json-seq
    stream: json-seq
    elements:
      - {is: failed, json: {error!: {code?: $code, message!: $detail}}}
      - {as: end, json: {done: true}}
  - name: list
    path: /json-array
    stream: json-array
    elements:
      - {is: failed, json: {error!: {code?: $code, message!: $detail}}}
  - name: invoke
    path: /aws-event-stream
    stream: aws-event-stream
    elements:
      - {is: failed, headers: {Message-Type: exception, Exception-Type: $code}, json: {message: $detail}}
      - {event: stop, as: end}
  - name: watch
    path: /pods
    query: {watch: true}
    stream: ndjson
    type: application/json
    elements:
      - {is: failed, json: {type: ERROR, object: {code?: $code, message: $detail}}}
`

// forms are the paths of the streams, which have the names of their forms.
var forms = []string{"sse", "ndjson", "json-seq", "json-array", "aws-event-stream"}

func compiledStreams(t testing.TB) *dialect.Dialect {
	t.Helper()
	d, err := dialect.Compile("test.yaml", []byte(streaming))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// watched is what the client end of Parlance reads of a stream: its roles, and how it ended.
func watched(t testing.TB, c *http.Client, req *http.Request) string {
	t.Helper()
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for e, err := range client.Elements(res) {
		var failed *client.Error
		switch {
		case errors.As(err, &failed):
			return text + strings.TrimSuffix(failed.Outcome.Kind.String()+"/"+string(failed.Outcome.Reason), "/") + " " + failed.Outcome.Code
		case err != nil:
			return text + err.Error()
		}
		text += [...]string{dialect.RoleContent: "content ", dialect.RolePreamble: "preamble ", dialect.RoleEnd: "end ", dialect.RoleFailure: "failure "}[e.Role]
	}
	return text
}

func TestAClientReadsAStreamThatFailsAtAnyElementOrIsCutOff(t *testing.T) {
	t.Parallel()
	d := compiledStreams(t)
	_, url := started(t, d)
	c := &http.Client{Transport: client.New(d, client.WithMaxAttempts(1))}
	for _, form := range forms {
		end := "end "
		if form == "json-array" {
			end = "" // its bracket is no element
		}
		for _, test := range []struct{ prefer, want string }{
			{"", "content content content " + end},
			{"items=1", "content " + end},
			{"element=1", "unavailable overloaded"},
			{"code=overloaded; element=2", "content unavailable overloaded"},
			{"code=overloaded; element=4", "content content content unavailable overloaded"},
			{"code=overloaded; element=40", strings.Repeat("content ", 39) + "unavailable overloaded"},
			{"cut=1", "unavailable/cut_off "},
		} {
			t.Run(form+" "+test.prefer, func(t *testing.T) {
				t.Parallel()
				req := request(t, "POST", url+"/"+form)
				if test.prefer != "" {
					req.Header.Set("Prefer", test.prefer)
				}
				if got := watched(t, c, req); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			})
		}
	}
}

func TestAStreamIsCutAtTheByteThatWasChosen(t *testing.T) {
	t.Parallel()
	d := compiledStreams(t)
	_, url := started(t, d)
	for _, form := range forms {
		for _, cut := range []int{1, 2, 60, 5000} {
			read, res, body := sent(t, d, request(t, "POST", url+"/"+form, fmt.Sprintf("Prefer: cut=%d", cut)))
			if len(body) != cut || res.StatusCode != 200 || read.Outcome.Reason != parlance.ReasonCutOff {
				t.Errorf("%s cut=%d: got %d bytes, which are %s; want %d that are cut off", form, cut, len(body), short(&read.Outcome), cut)
			}
			if got := res.Header.Get("Preference-Applied"); got != fmt.Sprintf("cut=%d", cut) {
				t.Errorf("%s: the preference %q was applied", form, got)
			}
		}
	}
}

func TestAnElementOfABinaryStreamIsAWholeMessage(t *testing.T) {
	t.Parallel()
	d := compiledStreams(t)
	_, url := started(t, d)
	_, res, body := sent(t, d, request(t, "POST", url+"/aws-event-stream", "Prefer: element=3"))
	if got := res.Header.Get("Content-Type"); got != "application/vnd.amazon.eventstream" {
		t.Errorf("got the type %s", got)
	}
	var lengths []int
	for rest := []byte(body); len(rest) > 12; {
		n := int(binary.BigEndian.Uint32(rest))
		lengths = append(lengths, n)
		rest = rest[min(n, len(rest)):]
	}
	if len(lengths) != 3 || lengths[0]+lengths[1]+lengths[2] != len(body) {
		t.Errorf("got messages of %d bytes in %d bytes, want three", lengths, len(body))
	}
}

// flushes counts how much was written before each flush.
type flushes struct {
	*httptest.ResponseRecorder
	at []int
}

// FlushError notes a flush.
func (f *flushes) FlushError() error {
	f.at = append(f.at, f.Body.Len())
	return nil
}

func TestEachElementIsSentAtOnce(t *testing.T) {
	t.Parallel()
	m := mock.New(compiledStreams(t))
	defer m.Close()
	w := &flushes{ResponseRecorder: httptest.NewRecorder()}
	m.ServeHTTP(w, httptest.NewRequest("POST", "/sse", nil))
	one := len("data: {\"n\":1}\n\n") + len("event: token\n")
	if want := []int{one, 2 * one, 3 * one, 3*one + len("data: [DONE]\n\n")}; !slices.Equal(w.at, want) {
		t.Errorf("got flushes at %d, want %d\n%s", w.at, want, w.Body)
	}
}

func TestARequestSaysWhetherItWantsAStream(t *testing.T) {
	t.Parallel()
	d := compiledStreams(t)
	_, url := started(t, d)
	for _, test := range []struct {
		name, target, body, accept string
		streams                    bool
	}{
		{"nothing is said", "/sse", "", "", true},
		{"the body asks for it", "/sse", `{"n": 1, "stream" : true}`, "application/json", true},
		{"the body refuses it", "/sse", `{"n": "stream", "stream":false}`, "text/event-stream", false},
		{"a text is no wish", "/sse", `{"n": "the \"stream\" of words"}`, "", true},
		{"any type is taken", "/sse", "", "*/*", true},
		{"any text is taken", "/sse", "", "application/json, text/*;q=0.5", true},
		{"its type is taken", "/sse", "", "text/event-stream", true},
		{"another type is asked for", "/sse", "", "application/json", false},
		{"the query has no watch", "/pods", "", "", false},
		{"the query has a watch", "/pods?watch=true", "", "", true},
		{"the operation has no stream", "/other", "", "", false},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", url+test.target, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		if test.accept != "" {
			req.Header.Set("Accept", test.accept)
		}
		read, _, body := sent(t, d, req)
		if got := read.Stream != nil; got != test.streams || read.Outcome.Kind != parlance.KindSuccess {
			t.Errorf("%s: got a stream %t, %s %q; want %t", test.name, got, short(&read.Outcome), body, test.streams)
		}
	}
}

func TestAWishThatNoStreamCanHaveIsRefused(t *testing.T) {
	t.Parallel()
	_, streams := started(t, compiledStreams(t))
	_, stripe := started(t, open(t, "stripe"))
	_, anthropic := started(t, open(t, "anthropic"))
	for _, test := range []struct{ url, prefer, want string }{
		{streams + "/other", "element=2", "No stream responds to GET /other. The streams are: POST /sse; /ndjson; /json-seq; /json-array; /aws-event-stream; /pods?watch=true"},
		{streams + "/ndjson", "code=200; element=2", "The element 2 needs a failure, and the wish is a success"},
		{streams + "/ndjson", "code=overloaded; cut=20", "Name the element of the failure too, such as element=4"},
		{streams + "/ndjson", "element=0", `\"0\" is no number from 1 to 10000`},
		{streams + "/ndjson", "element=2; code=overload", "There is no code \\\"overload\\\"; did you mean overloaded?"},
		{stripe + "/v1/charges", "cut=20", "The dialect stripe describes no streams, so there is no element and no cut"},
		{anthropic + "/v1/messages/batches/b/results", "element=2", `The file reads the failures of the stream \"results\" and does not write them`},
	} {
		_, res, body := sent(t, open(t, "plain"), request(t, "GET", test.url, "Prefer: "+test.prefer))
		if res.StatusCode != 400 || !strings.Contains(body, test.want) {
			t.Errorf("%s of %s: got %d %s, want 400 %s", test.prefer, test.url, res.StatusCode, body, test.want)
		}
	}
}

func TestAStreamPassesWhatAServerChecks(t *testing.T) {
	t.Parallel()
	d := compiledStreams(t)
	given := make(chan mock.Given, 3)
	_, url := started(t, d, mock.WithAuth(), mock.WithObserver(func(g mock.Given) { given <- g }))
	for _, test := range []struct{ token, want string }{
		{"", "401 unauthenticated/ "}, {"wrong", "401 unauthenticated/ "}, {"right", "200 success/ "},
	} {
		req := request(t, "POST", url+"/sse")
		if test.token != "" {
			req.Header.Set("Authorization", "Bearer "+test.token)
		}
		if read, _, body := sent(t, d, req); short(&read.Outcome) != test.want {
			t.Errorf("with the token %q: got %s %s, want %s", test.token, short(&read.Outcome), body, test.want)
		}
		if g := <-given; !strings.HasPrefix(test.want, fmt.Sprintf("%d %s/", g.Status, g.Outcome.Kind)) {
			t.Errorf("with the token %q: the observer saw %s, want %s", test.token, short(&g.Outcome), test.want)
		}
	}
}

func TestTheObserverLearnsWhatAStreamCameTo(t *testing.T) {
	t.Parallel()
	d := compiledStreams(t)
	given := make(chan mock.Given, 1)
	_, url := started(t, d, mock.WithObserver(func(g mock.Given) { given <- g }))
	var got []string
	for _, prefer := range []string{"element=2", "cut=20", "element=1; cut=20000", "element=1; retry-after=7"} {
		sent(t, d, request(t, "POST", url+"/ndjson", "Prefer: "+prefer))
		g := <-given
		text := short(&g.Outcome)
		for _, l := range g.Losses {
			text += " [" + l.Attribute + ": " + l.Reason + "]"
		}
		got = append(got, text)
	}
	want := []string{
		"200 unavailable/ overloaded",
		"200 unavailable/cut_off ",
		"200 unavailable/ overloaded [cut: the stream has only 77 bytes]",
		"200 unavailable/ overloaded [retry_after: an element has no header]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestAScenarioLetsAStreamFail(t *testing.T) {
	t.Parallel()
	d := compiledStreams(t)
	s, err := scenario.Compile("busy.yaml", []byte(`scenario: a busy day
requests:
  POST /sse: first, late, cut, broken, then 200
responses:
  first: {code: overloaded, element: 1}
  late: {element: 3}
  cut: {cut: 70}
  broken: {items: 4, fault: half_body}
`), d)
	if err != nil {
		t.Fatal(err)
	}
	_, url := started(t, d, mock.WithScenario(s))
	c := &http.Client{Transport: client.New(d, client.WithMaxAttempts(1))}
	for _, want := range []string{
		"unavailable overloaded", "content content unavailable overloaded", "content content unavailable/cut_off ",
		"content content unavailable/reset ", "content content content end ",
	} {
		if got := watched(t, c, request(t, "POST", url+"/sse")); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestTheStreamsOfTheCatalogAreMocked(t *testing.T) {
	t.Parallel()
	n := 0
	for _, name := range []string{"openai", "anthropic", "ollama", "kubernetes"} {
		d := open(t, name)
		_, url := started(t, d)
		c := &http.Client{Transport: client.New(d, client.WithMaxAttempts(1))}
		for _, s := range authoring.Streams(d, authoring.Examples(d)) {
			n++
			if got := watched(t, c, request(t, s.Request.Method, url+s.Request.Path)); !strings.Contains(got, "content ") || s.HasEnd != strings.HasSuffix(got, "end ") {
				t.Errorf("%s, %s: got %q, want content and its end", name, s.Name, got)
			}
			if _, ok := s.Fail(); !ok {
				continue
			}
			got := watched(t, c, request(t, s.Request.Method, url+s.Request.Path, "Prefer: element=2"))
			if !strings.Contains(got, "content ") || strings.Contains(got, "cut_off") || strings.Contains(got, "end") {
				t.Errorf("%s, %s: got %q, want content and a failure", name, s.Name, got)
			}
		}
	}
	if n < 7 {
		t.Errorf("%d streams, want 7 or more", n)
	}
}
