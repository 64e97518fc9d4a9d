package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/client"
)

const visionError = "<RES><Code>500</Code><Message>encoding</Message></RES>"

// secrets are all over this request.
func secretive(t *testing.T) *http.Request {
	t.Helper()
	req, err := http.NewRequest("PUT", "http://user:s3cret@upstream.test/things/7?token=s3cret", strings.NewReader("s3cret"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Authorization", "Cookie", "X-Api-Key", "Idempotency-Key"} {
		req.Header.Set(name, "s3cret")
	}
	return req
}

func TestTheReportForSupportHoldsIDsTimesAndCodesAndNoSecrets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{status: 500, header: map[string]string{"Content-Type": "application/xml", "X-Request-Id": "r-1", "Set-Cookie": "s3cret"}, body: visionError})
		c := u.client(t, "vision", client.WithMaxWait(time.Hour))
		resp, _ := call(t, c, secretive(t).WithContext(client.WithCall(t.Context(), client.Call{Operation: "put a thing"})))
		r := report(t, resp).SupportReport()
		const want = "To: Vision Support\n" +
			"PUT http://upstream.test/things/7 (put a thing)\n" +
			"2000-01-01T00:00:00.000Z  500 internal  code 500  request ID r-1\n" +
			"2000-01-01T00:05:00.000Z  500 internal  code 500  request ID r-1\n" +
			"2000-01-01T00:35:00.000Z  500 internal  code 500  request ID r-1\n"
		if r.String() != want {
			t.Errorf("the report is\n%s\nnot\n%s", r, want)
		}
		text, err := json.Marshal(r)
		if err != nil || strings.Contains(string(text)+r.String(), "s3cret") || !strings.Contains(string(text), `"request_id":"r-1"`) {
			t.Errorf("as JSON it is %s", text)
		}
	})
}

func TestTheReportForSupportIsMadeWhereNoResponseCame(t *testing.T) {
	t.Parallel()
	d := open(t, "http")
	c := &http.Client{Transport: client.New(d, client.WithMaxAttempts(1), client.WithBase(roundTripper(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })))}
	_, err := c.Do(secretive(t))
	var e *client.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if s := e.SupportReport().String(); !strings.HasPrefix(s, "PUT http://upstream.test/things/7\n") || !strings.HasSuffix(s, "  unavailable/reset\n") || strings.Contains(s, "s3cret") {
		t.Errorf("the report is\n%s", s)
	}
}

func TestEveryAttemptIsLoggedWithItsReasonAndLineAndNoSecrets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		u := newUpstream(t,
			response{status: 503, header: map[string]string{"Retry-After": "3", "X-Request-Id": "r-1"}, body: vmsError},
			response{status: 422, body: `{"message":"bad","errors":{"url":["no URL"]}}`},
			response{status: 200, body: "{}"})
		c := u.client(t, "vms", client.WithObserver(client.LogTo(logger)))
		ctx := client.WithCall(t.Context(), client.Call{Operation: "put a thing"})
		call(t, c, secretive(t).WithContext(ctx))
		call(t, c, secretive(t))
		if strings.Contains(log.String(), "s3cret") {
			t.Errorf("a secret is in the log:\n%s", &log)
		}
		type record struct {
			Level, Act, Why, Line, Kind, Operation string
			Wait                                   int64
			Resend                                 int    `json:"http.request.resend_count"`
			Status                                 int    `json:"http.response.status_code"`
			Path                                   string `json:"url.path"`
			RequestID                              string `json:"request_id"`
		}
		var got []record
		for dec := json.NewDecoder(&log); ; {
			var r record
			if err := dec.Decode(&r); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if r.Why == "" || !strings.Contains(r.Line, ".yaml:") {
				t.Errorf("a record without a reason or its line: %+v", r)
			}
			r.Why, r.Line = "", ""
			got = append(got, r)
		}
		want := []record{
			{Level: "INFO", Act: "retry", Kind: "unavailable", Operation: "put a thing", Wait: int64(3 * time.Second), Status: 503, Path: "/things/7", RequestID: "r-1"},
			{Level: "INFO", Act: "correct", Kind: "invalid", Operation: "put a thing", Resend: 1, Status: 422, Path: "/things/7"},
			{Level: "DEBUG", Act: "done", Kind: "success", Status: 200, Path: "/things/7"},
		}
		if len(got) != len(want) {
			t.Fatalf("%d records", len(got))
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("record %d is %+v, want %+v", i+1, got[i], want[i])
			}
		}
	})
}

// An observer can put a field on each attempt, such as a traceparent.
func TestWhatAnObserverSetsGoesWithItsAttemptOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{status: 503, header: map[string]string{"Retry-After": "3"}, body: vmsError}, response{status: 200, body: "{}"})
		type mark struct{}
		o := marking{before: func(ctx context.Context, req *http.Request, a *client.Attempt) context.Context {
			req.Header.Add("Traceparent", string(rune('0'+a.Number)))
			return context.WithValue(ctx, mark{}, a.Number)
		}, after: func(ctx context.Context, _ *http.Request, a *client.Attempt) {
			if ctx.Value(mark{}) != a.Number {
				t.Errorf("attempt %d ends in the context of %v", a.Number, ctx.Value(mark{}))
			}
		}}
		req := request(t, "GET", "")
		call(t, u.client(t, "vms", client.WithObserver(o)), req)
		for i, s := range u.sightings() {
			if v := s.header.Values("Traceparent"); len(v) != 1 || v[0] != string(rune('1'+i)) {
				t.Errorf("attempt %d had %q", i+1, v)
			}
		}
		if len(req.Header) != 0 {
			t.Errorf("the caller's header is now %v", req.Header)
		}
	})
}

type marking struct {
	before func(context.Context, *http.Request, *client.Attempt) context.Context
	after  func(context.Context, *http.Request, *client.Attempt)
}

func (m marking) Before(ctx context.Context, req *http.Request, a *client.Attempt) context.Context {
	return m.before(ctx, req, a)
}
func (m marking) After(ctx context.Context, req *http.Request, a *client.Attempt) {
	m.after(ctx, req, a)
}
