package fault_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/mock/fault"
	"github.com/parlance-api/parlance/mock/scenario"
)

const body = `{"message":"Überlastet, bitte warten"}`

func overloaded() *fault.Response {
	return &fault.Response{
		Status: 503,
		Fields: http.Header{"Content-Type": {"application/json"}, "Retry-After": {"7"}, "Date": {"Tue, 01 Dec 2026 09:00:00 GMT"}},
		Body:   []byte(body),
	}
}

const header = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 39\r\nContent-Type: application/json\r\n" +
	"Date: Tue, 01 Dec 2026 09:00:00 GMT\r\nRetry-After: 7\r\n\r\n"

// breaking is a handler that breaks its responses. What Send returns goes to errs.
func breaking(s *fault.Sender, f scenario.Fault, errs chan<- error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := s.Send(w, r, f, overloaded())
		if errors.Is(err, fault.ErrImpossible) {
			w.WriteHeader(http.StatusTeapot)
		}
		if errs != nil {
			errs <- err
		}
	})
}

// dial sends a request over a socket and returns the connection.
func dial(t *testing.T, server *httptest.Server, request string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if server.TLS != nil {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return conn
}

const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

func TestEachFaultIsSeenInTheBytesOfTheConnection(t *testing.T) {
	t.Parallel()
	for f, want := range map[scenario.Fault]string{
		scenario.FaultReset:      "",
		scenario.FaultHalfHeader: header[:len(header)/2],
		scenario.FaultHalfBody:   header + body[:19],
		scenario.FaultSlow:       header + body,
	} {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			waits := 0
			s := fault.Sender{Wait: func(_ context.Context, d time.Duration) error {
				waits++
				if d != time.Second {
					t.Errorf("it waits %s", d)
				}
				return nil
			}}
			server := httptest.NewServer(breaking(&s, f, nil))
			defer server.Close()
			for _, request := range []string{get, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("a", 100_000)} {
				got, err := io.ReadAll(dial(t, server, request))
				if string(got) != want {
					t.Errorf("got\n%q\nwant\n%q", got, want)
				}
				if wasReset := errors.Is(err, syscall.ECONNRESET); wasReset != (f == scenario.FaultReset) {
					t.Errorf("the connection ends with %v", err)
				}
			}
			if f == scenario.FaultSlow && waits != 2*(len(header)+len(body)-1) {
				t.Errorf("it waited %d times", waits)
			}
		})
	}
}

func TestAResetOfTLSIsAResetOfTheConnection(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(breaking(new(fault.Sender), scenario.FaultReset, nil))
	server.StartTLS()
	defer server.Close()
	got, err := io.ReadAll(dial(t, server, get))
	if len(got) > 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAContentTypeLies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault     scenario.Fault
		is, wants string
	}{
		{scenario.FaultLyingType, "application/json", "text/html"},
		{scenario.FaultLyingType, "text/html; charset=utf-8", "application/json"},
		{scenario.FaultLyingType, "application/problem+xml", "application/json"},
		{scenario.FaultLyingType, "", "application/json"},
		{scenario.FaultWrongCharset, "application/json", "application/json; charset=utf-16"},
		{scenario.FaultWrongCharset, "text/html; charset=utf-8", "text/html; charset=utf-16"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			res := &fault.Response{}
			if test.is != "" {
				res.Header().Set("Content-Type", test.is)
			}
			io.WriteString(res, body)
			if err := new(fault.Sender).Send(w, r, test.fault, res); err != nil {
				t.Error(err)
			}
		}))
		res, err := http.ReadResponse(bufio.NewReader(dial(t, server, get)), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		if string(got) != body || err != nil || res.Header.Get("Content-Type") != test.wants {
			t.Errorf("%s of %q: got %v %q, %v, want %q", test.fault, test.is, res.Header, got, err, test.wants)
		}
		server.Close()
	}
}

func TestASlowResponseTakesASecondForEachByte(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := http.Client{Transport: memhttp.Serve(t, breaking(new(fault.Sender), scenario.FaultSlow, nil))}
		began := time.Now()
		res, err := client.Get("http://x/")
		if err != nil {
			t.Fatal(err)
		}
		if passed := time.Since(began); passed != time.Duration(len(header)-1)*time.Second {
			t.Errorf("the header took %s", passed)
		}
		got, err := io.ReadAll(res.Body)
		if passed := time.Since(began); string(got) != body || err != nil || passed != time.Duration(len(header+body)-1)*time.Second {
			t.Errorf("got %q, %v after %s", got, err, passed)
		}
	})
}

func TestASlowResponseEndsWithItsClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		errs := make(chan error, 1)
		client := http.Client{Timeout: 5 * time.Second, Transport: memhttp.Serve(t, breaking(new(fault.Sender), scenario.FaultSlow, errs))}
		if _, err := client.Get("http://x/"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the client ends with %v", err)
		}
		if err := <-errs; err == nil {
			t.Error("Send reports no error")
		}
	})
}

func TestWithoutAResponseTheConnectionStaysOpenUntilTheClientLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		errs := make(chan error, 1)
		client := http.Client{Timeout: time.Hour, Transport: memhttp.Serve(t, breaking(new(fault.Sender), scenario.FaultNoResponse, errs))}
		began := time.Now()
		if _, err := client.Get("http://x/"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Hour {
			t.Errorf("the client ends with %v after %s", err, time.Since(began))
		}
		if err := <-errs; err != nil {
			t.Error(err)
		}
	})
}

// http2Server is a server that speaks HTTP/2, and the client to it.
func http2Server(t *testing.T, h http.Handler) (*httptest.Server, *http.Client) {
	server := httptest.NewUnstartedServer(h)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, server.Client()
}

func TestOverHTTP2AFaultEndsTheStreamOrIsImpossible(t *testing.T) {
	t.Parallel()
	s := fault.Sender{Wait: func(context.Context, time.Duration) error { return nil }}
	for f, want := range map[scenario.Fault]string{
		scenario.FaultReset:        "error",
		scenario.FaultHalfBody:     "503 " + body[:19] + " error",
		scenario.FaultHalfHeader:   "418 ",
		scenario.FaultSlow:         "503 " + body,
		scenario.FaultLyingType:    "503 " + body,
		scenario.FaultWrongCharset: "503 " + body,
	} {
		errs := make(chan error, 1)
		server, client := http2Server(t, breaking(&s, f, errs))
		got := ""
		res, err := client.Get(server.URL)
		if err != nil {
			got = "error"
		} else {
			read, err := io.ReadAll(res.Body)
			got = res.Status[:4] + string(read)
			if err != nil {
				got += " error"
			}
			if res.ProtoMajor != 2 {
				t.Fatal(res.Proto)
			}
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", f, got, want)
		}
		if f == scenario.FaultHalfHeader {
			if err := <-errs; !errors.Is(err, fault.ErrImpossible) || !strings.Contains(err.Error(), "half_header needs a connection of HTTP/1.1") {
				t.Errorf("%s: %v", f, err)
			}
		}
	}
}

func TestOverHTTP2NoResponseLastsUntilTheClientLeaves(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	left := make(chan struct{})
	server, client := http2Server(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(left)
		close(entered)
		new(fault.Sender).Send(w, r, scenario.FaultNoResponse, overloaded())
	}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	req, _ := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	if _, err := client.Do(req); !errors.Is(err, context.Canceled) {
		t.Errorf("the client ends with %v", err)
	}
	<-left
}

func TestAResponseWithoutABodyHasNoHalf(t *testing.T) {
	t.Parallel()
	for _, f := range []scenario.Fault{scenario.FaultHalfBody, scenario.FaultLyingType, scenario.FaultWrongCharset} {
		w := httptest.NewRecorder()
		err := new(fault.Sender).Send(w, httptest.NewRequest("GET", "/", nil), f, &fault.Response{Status: 204})
		if !errors.Is(err, fault.ErrImpossible) || w.Body.Len() > 0 || len(w.Header()) > 0 {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func TestALineBreakInAFieldAddsNoField(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := fault.Sender{Wait: func(context.Context, time.Duration) error { return nil }}
		s.Send(w, r, scenario.FaultSlow, &fault.Response{Fields: http.Header{"X-A": {"b\r\nX-C: d"}}})
	}))
	defer server.Close()
	got, err := io.ReadAll(dial(t, server, get))
	if err != nil || strings.Contains(string(got), "\nX-C:") || !strings.HasPrefix(string(got), "HTTP/1.1 200 OK\r\n") {
		t.Errorf("%q, %v", got, err)
	}
}
