package envoy_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"

	mode "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extproc "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/translate"
	"github.com/parlance-api/parlance/internal/catalogtest"
)

func request(method, path string, fields ...string) *message {
	return &message{pseudo: map[string]string{":method": method, ":path": path, ":authority": "api.example.com", ":scheme": "https"}, header: headerOf(fields)}
}

func response(status int, body string, fields ...string) *message {
	m := &message{pseudo: map[string]string{":status": strconv.Itoa(status)}, header: headerOf(fields), body: []byte(body)}
	if body != "" && m.header.Get("Content-Length") == "" {
		m.header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	return m
}

func headerOf(fields []string) http.Header {
	h := http.Header{}
	for i := 0; i < len(fields); i += 2 {
		h.Add(fields[i], fields[i+1])
	}
	return h
}

const jsonType = "application/json"

// TestEachRecordedResponseIsTranslatedAsTheCoreSays holds for each recorded response of the
// five systems, in each of the other dialects, for GET as for the method of the record.
func TestEachRecordedResponseIsTranslatedAsTheCoreSays(t *testing.T) {
	t.Parallel()
	rows, compared, shown := catalogtest.ReadRecorded(t, "../catalog/testdata/systems.jsonl"), 0, 0
	for _, speaks := range []string{"vision", "omilia", "plain", "vbapi", "vms"} {
		for _, to := range []string{"vision", "omilia", "plain", "vbapi", "vms", "problem"} {
			if speaks == to {
				continue
			}
			from := open(t, speaks)
			f, core := start(t, speaks, to, 0), translate.New(from, open(t, to))
			for _, row := range rows {
				if strings.ToLower(row.Vendor) != speaks {
					continue
				}
				method := cmp.Or(row.Method, "GET")
				res := response(row.Status, row.Body)
				for name, value := range row.Headers {
					res.header.Set(name, value)
				}
				want := dialect.HeaderMap(res.header.Clone())
				req := dialect.Request{Method: method, Path: row.Path, Header: dialect.HeaderMap{}}
				r := core.Translate(req, dialect.Response{Status: row.Status, Header: dialect.HeaderMap(res.header.Clone()), Body: []byte(row.Body)})
				if d := from.Decide(req, r.Outcome); len(d.Schedule) > 0 && r.Outcome.RetryAfter == 0 {
					continue // the core leaves the page's time to the engine: the comparison with the gateway has it
				}
				r.Apply(want)
				wantBody := []byte(row.Body)
				if r.Replaced {
					wantBody = r.Body
				}
				needs := row.Body != "" && core.NeedsBody(req, row.Status, dialect.HeaderMap(res.header))
				f.pass(request(method, row.Path), res)
				if !res.shown || row.Body == "" {
					delete(want, "Content-Length")
					res.header.Del("Content-Length") // the proxy sets it
				}
				compared++
				if res.shown {
					shown++
				}
				if res.status() != r.Status || !bytes.Equal(res.body, wantBody) || !reflect.DeepEqual(http.Header(want), res.header) || res.shown != needs {
					t.Errorf("%s of %s to %s:\ngot  %d %v\n%s\nwant %d %v\n%s", row.Case, speaks, to, res.status(), res.header, res.body, r.Status, want, wantBody)
				}
			}
		}
	}
	if compared < 100 || shown == 0 || shown == compared {
		t.Errorf("%d responses were compared, and the bodies of %d shown", compared, shown)
	}
	t.Logf("%d responses were compared, and the bodies of %d shown", compared, shown)
}

func TestAResponsePassesThroughTheFilter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, speaks, to string
		method           string
		res              *message
		status           int
		has              string // in the body; "=" before it for all of it
		shown            bool
		gone, field      string // a field that is removed; one that stays or is set, with its value
		logs             string
	}{
		{"a failure", "vms", "problem", "GET", response(http.StatusNotFound, `{"message":"no camera"}`, "Content-Type", jsonType, "Etag", `"1"`), http.StatusNotFound, `"detail":"no camera"`, true, "Etag", "Content-Type: application/problem+json", "a failure is translated"},
		{"a chunked failure", "vms", "problem", "GET", response(http.StatusNotFound, `{"message":"no camera"}`, "Content-Type", jsonType, "Transfer-Encoding", "chunked"), http.StatusNotFound, `"detail":"no camera"`, true, "Transfer-Encoding", "", ""},
		{"a failure under 200", "vision", "problem", "POST", response(http.StatusOK, `<RES><Code>400</Code><Message>no customer</Message></RES>`, "Content-Type", "application/xml"), http.StatusBadRequest, "no customer", true, "", "", ""},
		{"a failure without a body", "vms", "problem", "GET", response(http.StatusServiceUnavailable, ""), http.StatusServiceUnavailable, `"status":503`, false, "Content-Length", "Content-Type: application/problem+json", ""},
		{"a failure of a HEAD", "vms", "problem", "HEAD", response(http.StatusNotFound, "", "Content-Type", jsonType, "Content-Length", "23"), http.StatusNotFound, "=", false, "Content-Length", "Content-Type: application/problem+json", ""},
		{"a download", "plain", "problem", "GET", response(http.StatusOK, "film", "Content-Type", "video/mp4"), http.StatusOK, "=film", false, "", "Content-Length: 4", ""},
		{"a stream of events", "vms", "problem", "GET", response(http.StatusOK, "data: 1\n\n", "Content-Type", "text/event-stream"), http.StatusOK, "=data: 1\n\n", false, "", "", ""},
		{"an envelope comes off", "vbapi", "plain", "GET", response(http.StatusOK, `{"data":{"id":7},"error":null,"debug":{"activityId":"a1"}}`, "Content-Type", jsonType, "Set-Cookie", "a=1", "Set-Cookie", "b=2"), http.StatusOK, `={"id":7}`, true, "", "Content-Length: 8", ""},
		{"an envelope goes on", "plain", "vbapi", "GET", response(http.StatusOK, `{"id":7}`, "Content-Type", jsonType), http.StatusOK, `"data":{"id":7}`, true, "", "", ""},
		{"an envelope around nothing", "plain", "vbapi", "POST", response(http.StatusCreated, ""), http.StatusCreated, `"data":{}`, false, "", "", ""},
		{"an empty list", "vms", "problem", "GET", response(http.StatusOK, `null`, "Content-Type", jsonType), http.StatusNoContent, "=", true, "Content-Type", "", ""},
		{"a failure in gzip", "vms", "problem", "GET", response(http.StatusNotFound, zipped(`{"message":"no camera"}`), "Content-Type", jsonType, "Content-Encoding", "gzip"), http.StatusNotFound, `"detail":"no camera"`, true, "Content-Encoding", "", ""},
		{"a failure in another coding", "vms", "problem", "GET", response(http.StatusNotFound, "\x1b\x03", "Content-Type", jsonType, "Content-Encoding", "br"), http.StatusNotFound, `"status":404`, true, "Content-Encoding", "", "its coding cannot be undone"},
		{"a success in gzip that nothing changes", "vms", "problem", "GET", response(http.StatusOK, zipped(`{"id":7}`), "Content-Type", jsonType, "Content-Encoding", "gzip"), http.StatusOK, "=" + zipped(`{"id":7}`), true, "", "Content-Encoding: gzip", ""},
		{"a bomb", "vms", "problem", "GET", response(http.StatusNotFound, zipped(strings.Repeat(" ", 8<<20)), "Content-Type", jsonType, "Content-Encoding", "gzip"), http.StatusNotFound, `"status":404`, true, "Content-Encoding", "", "longer than the limit"},
		{"a failure that says it is too long", "vms", "problem", "GET", response(http.StatusNotFound, strings.Repeat("x", 2<<20), "Content-Type", jsonType), http.StatusNotFound, `"status":404`, false, "Content-Length", "", "longer than the limit"},
		{"a success that says it is too long", "vbapi", "plain", "GET", response(http.StatusOK, strings.Repeat(" ", 2<<20), "Content-Type", jsonType), http.StatusOK, "=" + strings.Repeat(" ", 2<<20), false, "", "", "longer than the limit"},
		{"a redirect", "vbapi", "vms", "GET", response(http.StatusFound, "<p>", "Content-Type", "text/html", "Location", "/x"), http.StatusFound, "=<p>", true, "", "Location: /x", ""},
		{"a switched protocol", "vms", "problem", "GET", response(http.StatusSwitchingProtocols, "", "Upgrade", "websocket"), http.StatusSwitchingProtocols, "=", false, "", "Upgrade: websocket", ""},
		{"a status that is none", "vms", "problem", "GET", response(7, "x"), 7, "=x", false, "", "", "has no status"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, tt.speaks, tt.to, 0)
			cookies := len(tt.res.header["Set-Cookie"])
			f.pass(request(tt.method, "/things"), tt.res)
			m := tt.res
			body, all := strings.CutPrefix(tt.has, "=")
			if m.status() != tt.status || m.shown != tt.shown || !strings.Contains(string(m.body), body) || all && string(m.body) != body {
				t.Errorf("got %d, shown %t, %d bytes %.200q", m.status(), m.shown, len(m.body), m.body)
			}
			name, value, _ := strings.Cut(tt.field, ": ")
			if tt.gone != "" && m.header.Get(tt.gone) != "" || m.header.Get(name) != value || len(m.header["Set-Cookie"]) != cookies {
				t.Errorf("got the header %v", m.header)
			}
			if !strings.Contains(f.log.String(), tt.logs) {
				t.Errorf("the log is %s", f.log)
			}
		})
	}
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

func TestTheHeaderOfARequestIsChangedForTheUpstream(t *testing.T) {
	t.Parallel()
	f := start(t, "vision", "problem", 0)
	req := request("POST", "/orders", "Accept", "application/problem+json", "Accept-Encoding", "gzip, br", "Cookie", "a=1")
	want := dialect.HeaderMap(req.header.Clone())
	translate.New(open(t, "vision"), open(t, "problem")).Request(dialect.Request{Method: "POST", Path: "/orders", Header: want}, want)
	f.pass(req, response(http.StatusOK, "<x/>", "Content-Type", "application/xml"))
	if !reflect.DeepEqual(http.Header(want), req.header) || req.header.Get("Accept-Encoding") == "gzip, br" {
		t.Errorf("got %v, want %v", req.header, want)
	}
}

func TestTrailersOfABodyThatWasReplacedAreRemoved(t *testing.T) {
	t.Parallel()
	f := start(t, "vms", "problem", 0)
	f.trailers = http.Header{"Checksum": {"x"}}
	failed, good := response(http.StatusNotFound, `{"message":"no"}`, "Content-Type", jsonType), response(http.StatusOK, `{"id":7}`, "Content-Type", jsonType)
	f.pass(request("GET", "/"), failed)
	f.pass(request("GET", "/"), good)
	if len(failed.trailer) != 0 || len(good.trailer) != 1 || !strings.Contains(string(failed.body), `"detail":"no"`) {
		t.Errorf("got %v of %s, and %v", failed.trailer, failed.body, good.trailer)
	}
}

// A filter whose configuration does not fit must not break a response.
func TestAFilterThatDoesNotDoAsAskedPassesTheResponseOn(t *testing.T) {
	t.Parallel()
	const body = `{"message":"no camera"}`
	for _, tt := range []struct {
		name   string
		bodies mode.ProcessingMode_BodySendMode
		shown  bool
		logs   string
	}{
		{"no body is sent", mode.ProcessingMode_NONE, false, "allow_mode_override"},
		{"the body is sent in pieces", mode.ProcessingMode_STREAMED, true, "in pieces"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, "vms", "problem", 0)
			f.strict, f.bodies = true, tt.bodies
			res := response(http.StatusNotFound, body, "Content-Type", jsonType)
			f.pass(request("GET", "/"), res)
			if res.status() != http.StatusNotFound || string(res.body) != body || res.shown != tt.shown || !strings.Contains(f.log.String(), tt.logs) {
				t.Errorf("got %d %s, the log %s", res.status(), res.body, f.log)
			}
		})
	}
}

func TestAMessageOutOfTurnIsAnsweredAndLogged(t *testing.T) {
	t.Parallel()
	f := start(t, "vms", "problem", 0)
	head := &extproc.HttpHeaders{Headers: headers(map[string]string{":status": "404"}, nil)}
	for name, m := range map[string]*extproc.ProcessingRequest{
		"response_headers":  {Request: &extproc.ProcessingRequest_ResponseHeaders{ResponseHeaders: head}},
		"response_body":     responseBody([]byte("x"), true),
		"response_trailers": {Request: &extproc.ProcessingRequest_ResponseTrailers{ResponseTrailers: &extproc.HttpTrailers{}}},
		"request_body":      {Request: &extproc.ProcessingRequest_RequestBody{RequestBody: &extproc.HttpBody{}}},
		"request_trailers":  {Request: &extproc.ProcessingRequest_RequestTrailers{RequestTrailers: &extproc.HttpTrailers{}}},
		"nothing":           {},
	} {
		s, err := f.client.Process(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		answer := f.ask(s, m)
		if (answer == nil) != (name == "nothing") || answer != nil && !strings.Contains(answer.String(), name) {
			t.Errorf("%s: got %v", name, answer)
		}
		if answer.GetResponseHeaders().GetResponse().GetHeaderMutation() != nil || answer.GetResponseBody().GetResponse().GetBodyMutation() != nil {
			t.Errorf("%s: got the change %v", name, answer)
		}
		f.close(s)
		if !strings.Contains(f.log.String(), "out of turn") || !strings.Contains(f.log.String(), name) {
			t.Errorf("%s: the log is %s", name, f.log)
		}
	}
}

func TestAnObservingFilterIsLeftAlone(t *testing.T) {
	t.Parallel()
	f := start(t, "vms", "problem", 0)
	s, err := f.client.Process(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if answer := f.ask(s, &extproc.ProcessingRequest{ObservabilityMode: true, Request: &extproc.ProcessingRequest_RequestHeaders{}}); answer != nil || !strings.Contains(f.log.String(), "observability_mode") {
		t.Errorf("got %v, the log %s", answer, f.log)
	}
}

func TestAHeaderWithTooManyFieldsPassesOn(t *testing.T) {
	t.Parallel()
	f := start(t, "vms", "problem", 0)
	for _, long := range []bool{true, false} {
		req, res := request("GET", "/"), response(http.StatusNotFound, `{"message":"no"}`, "Content-Type", jsonType)
		hostile := res
		if long {
			hostile = req
		}
		for i := range 1001 {
			hostile.header.Add("X-"+strconv.Itoa(i), "1")
		}
		if f.pass(req, res); string(res.body) != `{"message":"no"}` || !strings.Contains(f.log.String(), "too many fields") {
			t.Errorf("got %s, the log %s", res.body, f.log)
		}
	}
}

func TestAMessageAboveTheBoundEndsItsStreamAlone(t *testing.T) {
	t.Parallel()
	f := start(t, "vms", "problem", 100)
	s, err := f.client.Process(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(responseBody(make([]byte, 3<<20), true)); err != nil {
		t.Fatal(err)
	}
	if answer, err := s.Recv(); err == nil {
		t.Errorf("got %v", answer)
	}
	res := response(http.StatusNotFound, `{"message":"no"}`, "Content-Type", jsonType)
	if f.pass(request("GET", "/"), res); !strings.Contains(string(res.body), `"detail":"no"`) {
		t.Errorf("got %s", res.body)
	}
}

func TestManyStreamsAreTranslatedAtATimeAndSomeAreCanceled(t *testing.T) {
	t.Parallel()
	f := start(t, "vms", "problem", 0)
	var running sync.WaitGroup
	for i := range 100 {
		running.Go(func() {
			if i%4 == 0 {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				s, err := f.client.Process(ctx)
				if err != nil {
					t.Error(err)
					return
				}
				f.ask(s, &extproc.ProcessingRequest{Request: &extproc.ProcessingRequest_RequestHeaders{RequestHeaders: &extproc.HttpHeaders{Headers: headers(request("GET", "/").pseudo, nil)}}})
				return
			}
			text := "no camera " + strconv.Itoa(i)
			res := response(http.StatusNotFound, `{"message":"`+text+`"}`, "Content-Type", jsonType)
			if f.pass(request("GET", "/"), res); !strings.Contains(string(res.body), `"detail":"`+text+`"`) {
				t.Errorf("got %s", res.body)
			}
		})
	}
	running.Wait()
	if strings.Contains(f.log.String(), "level=WARN") {
		t.Errorf("the log is %s", f.log)
	}
}
