package envoy_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	mode "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extproc "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/envoy"
)

// filter plays the part of Envoy by the state machine that external_processor.proto and
// processing_mode.proto describe. It connects over a socket of its own.
type filter struct {
	t        testing.TB
	client   extproc.ExternalProcessorClient
	log      *journal
	strict   bool                             // allow_mode_override is false
	bodies   mode.ProcessingMode_BodySendMode // of responses, as configured
	trailers http.Header                      // of the upstream
}

// journal is a log that several goroutines write.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func open(t testing.TB, name string) *dialect.Dialect {
	t.Helper()
	d, err := catalog.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// start runs a processor behind a socket on loopback until the test ends.
func start(t testing.TB, speaks, to string, maxBody int) *filter {
	t.Helper()
	log := new(journal)
	p := envoy.New(envoy.Config{Speaks: open(t, speaks), To: open(t, to), MaxBody: maxBody, Logger: slog.New(slog.NewTextHandler(log, nil))})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- p.Serve(ctx, l, time.Minute) }()
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return &filter{t: t, client: extproc.NewExternalProcessorClient(conn), log: log}
}

// message is a request or a response on its way through the filter.
type message struct {
	pseudo  map[string]string
	header  http.Header
	body    []byte
	trailer http.Header
	shown   bool // the processor was sent the body
}

func (m *message) status() int {
	n, _ := strconv.Atoi(m.pseudo[":status"])
	return n
}

func headers(pseudo map[string]string, h http.Header) *core.HeaderMap {
	out := &core.HeaderMap{}
	for name, value := range pseudo {
		out.Headers = append(out.Headers, &core.HeaderValue{Key: name, RawValue: []byte(value)})
	}
	for name, values := range h {
		for _, value := range values {
			out.Headers = append(out.Headers, &core.HeaderValue{Key: strings.ToLower(name), RawValue: []byte(value)})
		}
	}
	return out
}

// mutate changes a header as the proxy does, and refuses what it would refuse.
func (f *filter) mutate(m *message, by *extproc.HeaderMutation) {
	for _, name := range by.GetRemoveHeaders() {
		if strings.HasPrefix(name, ":") || name == "host" || name != strings.ToLower(name) {
			f.t.Errorf("%s cannot be removed", name)
		}
		m.header.Del(name)
	}
	for _, option := range by.GetSetHeaders() {
		name, value := option.GetHeader().GetKey(), string(option.GetHeader().GetRawValue())
		switch {
		case name == ":status":
			m.pseudo[name] = value
		case strings.HasPrefix(name, ":"), name == "host", strings.HasPrefix(name, "x-envoy"), name != strings.ToLower(name):
			f.t.Errorf("%s cannot be set", name)
		case option.GetAppendAction() == core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD:
			m.header.Set(name, value)
		default:
			m.header.Add(name, value)
		}
	}
}

func replaceBody(m *message, by *extproc.BodyMutation) bool {
	switch b := by.GetMutation().(type) {
	case *extproc.BodyMutation_Body:
		m.body = b.Body
	case *extproc.BodyMutation_ClearBody:
		m.body = nil
	default:
		return false
	}
	return true
}

// pass lets a request and its response through the filter, in place. A local reply of the
// proxy is a fault of the processor.
func (f *filter) pass(req, res *message) {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := f.client.Process(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	defer f.close(s)
	current := &mode.ProcessingMode{ResponseBodyMode: f.bodies}
	answer := f.ask(s, &extproc.ProcessingRequest{
		Request:        &extproc.ProcessingRequest_RequestHeaders{RequestHeaders: &extproc.HttpHeaders{Headers: headers(req.pseudo, req.header), EndOfStream: len(req.body) == 0}},
		ProtocolConfig: &extproc.ProtocolConfiguration{ResponseBodyMode: f.bodies},
	})
	if answer == nil {
		return
	}
	if answer.GetRequestHeaders() == nil {
		f.t.Fatalf("got %v", answer)
	}
	f.mutate(req, answer.GetRequestHeaders().GetResponse().GetHeaderMutation())
	current = f.override(current, answer)
	if current.GetRequestBodyMode() != mode.ProcessingMode_NONE || current.GetResponseHeaderMode() == mode.ProcessingMode_SKIP {
		f.t.Errorf("the processor asks for %v", current)
	}
	answer = f.ask(s, &extproc.ProcessingRequest{Request: &extproc.ProcessingRequest_ResponseHeaders{ResponseHeaders: &extproc.HttpHeaders{
		Headers: headers(res.pseudo, res.header), EndOfStream: len(res.body) == 0 && len(f.trailers) == 0 || req.pseudo[":method"] == "HEAD"}}})
	if answer == nil {
		return
	}
	common := answer.GetResponseHeaders().GetResponse()
	if answer.GetResponseHeaders() == nil {
		f.t.Fatalf("got %v", answer)
	}
	f.mutate(res, common.GetHeaderMutation())
	current = f.override(current, answer)
	if common.GetStatus() == extproc.CommonResponse_CONTINUE_AND_REPLACE {
		res.header.Del("Content-Length")
		replaceBody(res, common.GetBodyMutation())
		return
	}
	if common.GetBodyMutation() != nil {
		f.t.Error("the proxy ignores a body in the answer to a header")
	}
	if len(res.body) == 0 || req.pseudo[":method"] == "HEAD" {
		return
	}
	f.passBody(s, current, res)
}

func (f *filter) passBody(s extproc.ExternalProcessor_ProcessClient, current *mode.ProcessingMode, res *message) {
	switch current.GetResponseBodyMode() {
	case mode.ProcessingMode_NONE:
		return
	case mode.ProcessingMode_STREAMED:
		half := len(res.body) / 2
		pieces := [][]byte{res.body[:half], res.body[half:]}
		res.body, res.shown = nil, true
		for i, piece := range pieces {
			one := message{body: piece}
			answer := f.ask(s, responseBody(piece, i == 1))
			replaceBody(&one, answer.GetResponseBody().GetResponse().GetBodyMutation())
			res.body = append(res.body, one.body...)
		}
		return
	}
	res.shown = true
	answer := f.ask(s, responseBody(res.body, len(f.trailers) == 0))
	if answer.GetResponseBody() == nil {
		f.t.Fatalf("got %v", answer)
	}
	common := answer.GetResponseBody().GetResponse()
	f.mutate(res, common.GetHeaderMutation())
	replaceBody(res, common.GetBodyMutation())
	if length := res.header.Get("Content-Length"); length != "" && length != strconv.Itoa(len(res.body)) {
		f.t.Errorf("the proxy refuses a body of %d bytes with the length %s", len(res.body), length)
	}
	if len(f.trailers) > 0 && current.GetResponseTrailerMode() == mode.ProcessingMode_SEND {
		answer = f.ask(s, &extproc.ProcessingRequest{Request: &extproc.ProcessingRequest_ResponseTrailers{ResponseTrailers: &extproc.HttpTrailers{Trailers: headers(nil, f.trailers)}}})
		if answer.GetResponseTrailers() == nil {
			f.t.Fatalf("got %v", answer)
		}
		res.trailer = f.trailers.Clone()
		for _, name := range answer.GetResponseTrailers().GetHeaderMutation().GetRemoveHeaders() {
			res.trailer.Del(name)
		}
	}
}

func responseBody(b []byte, end bool) *extproc.ProcessingRequest {
	return &extproc.ProcessingRequest{Request: &extproc.ProcessingRequest_ResponseBody{ResponseBody: &extproc.HttpBody{Body: b, EndOfStream: end}}}
}

// ask sends a message and receives the answer to it. It is nil if the processor has ended the
// stream, after which the proxy goes on without it.
func (f *filter) ask(s extproc.ExternalProcessor_ProcessClient, m *extproc.ProcessingRequest) *extproc.ProcessingResponse {
	f.t.Helper()
	if err := s.Send(m); err != nil {
		f.t.Fatal(err)
	}
	answer, err := s.Recv()
	if err == io.EOF {
		return nil
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return answer
}

// override is the mode after an answer to a header.
func (f *filter) override(current *mode.ProcessingMode, answer *extproc.ProcessingResponse) *mode.ProcessingMode {
	if f.strict || answer.GetModeOverride() == nil {
		return current
	}
	return answer.GetModeOverride()
}

// close ends a stream. The processor must have nothing more to say.
func (f *filter) close(s extproc.ExternalProcessor_ProcessClient) {
	f.t.Helper()
	if err := s.CloseSend(); err != nil {
		f.t.Error(err)
	}
	if m, err := s.Recv(); err != io.EOF {
		f.t.Errorf("got %v, %v after the end", m, err)
	}
}
