package client_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/internal/testnet"
)

// server is a real one on a real socket.
func server(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

func get(t *testing.T, c *http.Client, url string) *http.Response {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// TestWhatNeedNotBeReadStreams has a server that sends the rest of its body only
// after the caller has read the beginning.
func TestWhatNeedNotBeReadStreams(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, dialect string
		header        map[string]string
	}{
		{"a success that no shape can alter", "omilia", map[string]string{"Content-Type": "application/octet-stream"}},
		{"a success that no shape is about", "github", map[string]string{"Content-Type": "application/json"}},
		{"server-sent events, under an envelope too", "vbapi", map[string]string{"Content-Type": "text/event-stream; charset=utf-8"}},
		{"a download, under an envelope too", "vbapi", map[string]string{"Content-Disposition": `attachment; filename="x"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			read := make(chan struct{})
			srv := server(t, func(w http.ResponseWriter, r *http.Request) {
				for name, value := range tt.header {
					w.Header().Set(name, value)
				}
				io.WriteString(w, "first;")
				w.(http.Flusher).Flush()
				<-read
				io.WriteString(w, "second")
			})
			resp := get(t, &http.Client{Transport: client.New(open(t, tt.dialect))}, srv.URL)
			first := make([]byte, 6)
			if _, err := io.ReadFull(resp.Body, first); err != nil {
				t.Fatal(err)
			}
			close(read)
			rest, err := io.ReadAll(resp.Body)
			if got := string(first) + string(rest); got != "first;second" || err != nil {
				t.Errorf("read %q, %v", got, err)
			}
			if r := report(t, resp); r.Whole || r.Outcome.Kind != parlance.KindSuccess {
				t.Errorf("report %+v", r.Outcome)
			}
		})
	}
}

func TestAShortResponseThatNoShapeIsAboutIsSearchedForAMark(t *testing.T) {
	t.Parallel()
	const body = `{"error":"access_denied","error_description":"The user refused"}`
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, body)
	})
	resp := get(t, &http.Client{Transport: client.New(open(t, "github"))}, srv.URL+"/user")
	if text, err := io.ReadAll(resp.Body); string(text) != body || err != nil {
		t.Errorf("got %q, %v, want %q", text, err, body)
	}
	if o := report(t, resp).Outcome; o.Kind.Good() && o.Kind != parlance.KindNoted {
		t.Errorf("got %+v, want it noted or a failure", o)
	}
}

// TestTheFirstDocumentOfAStreamIsAllThatIsWaitedFor has a server that sends an event
// only after the caller has read the one before.
func TestTheFirstDocumentOfAStreamIsAllThatIsWaitedFor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, first string
		kind        parlance.Kind
	}{
		{"an object that was added", `{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"web"}}}` + "\n", parlance.KindSuccess},
		{"a version that is too old", `{"type":"ERROR","object":{"kind":"Status","status":"Failure","reason":"Expired","code":410}}` + "\n", parlance.KindNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			read := make(chan struct{})
			srv := server(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				io.WriteString(w, tt.first[:9])
				w.(http.Flusher).Flush()
				io.WriteString(w, tt.first[9:])
				w.(http.Flusher).Flush()
				<-read
				io.WriteString(w, "{}\n")
			})
			resp := get(t, &http.Client{Transport: client.New(open(t, "kubernetes"))}, srv.URL+"/api/v1/pods?watch=true")
			if r := report(t, resp); r.Whole || r.Outcome.Kind != tt.kind && !r.Undecided {
				t.Errorf("whole: %t, report %+v", r.Whole, r.Outcome)
			}
			close(read)
			if all, err := io.ReadAll(resp.Body); string(all) != tt.first+"{}\n" || err != nil {
				t.Errorf("read %q, %v", all, err)
			}
			if r := report(t, resp); r.Outcome.Kind != tt.kind {
				t.Errorf("at the end: report %+v, want %s", r.Outcome, tt.kind)
			}
		})
	}
}

func TestABodyBeyondTheLimitReachesTheCallerWhole(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 511, 512, 513, 999, 1000, 1001, 5000} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d bytes under a limit of 1000, chunked %v", size, chunked), func(t *testing.T) {
				t.Parallel()
				want := strings.Repeat("x", size)
				srv := server(t, func(w http.ResponseWriter, r *http.Request) {
					w.WriteHeader(http.StatusBadRequest)
					if chunked {
						w.(http.Flusher).Flush()
					}
					io.WriteString(w, want)
				})
				resp := get(t, &http.Client{Transport: client.New(open(t, "vms"), client.WithMaxBody(1000))}, srv.URL)
				body, err := io.ReadAll(resp.Body)
				if string(body) != want || err != nil {
					t.Errorf("read %d bytes, %v", len(body), err)
				}
				r := report(t, resp)
				if r.Whole != (size <= 1000) {
					t.Errorf("whole: %v", r.Whole)
				}
				if r.Outcome.Kind != parlance.KindInvalid {
					t.Errorf("kind %v", r.Outcome.Kind)
				}
			})
		}
	}
}

func TestContentCodingsAreUndoneForReadingOnly(t *testing.T) {
	t.Parallel()
	text := `{"message":"too long","errors":{"url":["bad"]}}`
	tests := []struct {
		name, coding string
		body         []byte
		accept       string // the caller's own Accept-Encoding
		want         string // detail
	}{
		{"gzip that net/http asked for", "gzip", zip(text), "", "too long"},
		{"gzip that the caller asked for", "gzip", zip(text), "gzip", "too long"},
		{"gzip by its old name", "x-gzip", zip(text), "gzip", "too long"},
		{"a coding that nobody knows", "br", []byte(text), "br", ""},
		{"a coding on top of another", "gzip, br", zip(text), "gzip, br", ""},
		{"gzip that is none", "gzip", []byte(text), "gzip", ""},
		{"identity", "identity", []byte(text), "identity", "too long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := server(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Content-Encoding", tt.coding)
				w.WriteHeader(http.StatusUnprocessableEntity)
				w.Write(tt.body)
			})
			req, _ := http.NewRequest("GET", srv.URL, nil)
			want := tt.body
			if tt.accept != "" {
				req.Header.Set("Accept-Encoding", tt.accept)
			} else {
				want = []byte(text)
			}
			resp, body := call(t, &http.Client{Transport: client.New(open(t, "vms"))}, req)
			if body != string(want) {
				t.Errorf("the caller read %q", body)
			}
			if o := report(t, resp).Outcome; o.Detail != tt.want || o.Kind != parlance.KindInvalid {
				t.Errorf("outcome %+v", o)
			}
		})
	}
}

func TestABombCostsNoMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	bomb := zip(`{"message":"` + strings.Repeat("0", 8<<20) + `"}`) // 8 KiB on the wire
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusBadRequest)
		w.Write(bomb)
	})
	for _, accept := range []string{"gzip", ""} { // whoever undoes it
		req, _ := http.NewRequest("GET", srv.URL, nil)
		if accept != "" {
			req.Header.Set("Accept-Encoding", accept)
		}
		resp, err := client.New(open(t, "vms")).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if r := report(t, resp); r.Outcome.Kind != parlance.KindInvalid || len(r.Outcome.Detail) > 1<<20 {
			t.Errorf("kind %v, %d bytes of detail", r.Outcome.Kind, len(r.Outcome.Detail))
		}
		resp.Body.Close()
	}
}

func zip(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

func TestASwitchedProtocolPassesWithItsConnection(t *testing.T) {
	t.Parallel()
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		line, _ := rw.ReadString('\n')
		io.WriteString(conn, "you said "+line)
	})
	for _, name := range []string{"vision", "vbapi", "plain"} {
		req, _ := http.NewRequest("GET", srv.URL, nil)
		req.Header.Set("Connection", "Upgrade")
		req.Header.Set("Upgrade", "echo")
		resp, err := (&http.Client{Transport: client.New(open(t, name))}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		conn, ok := resp.Body.(io.ReadWriteCloser)
		if !ok {
			t.Fatalf("%s: the body of a 101 cannot be written to", name)
		}
		io.WriteString(conn, "hello\n")
		line, _ := bufio.NewReader(conn).ReadString('\n')
		conn.Close()
		if line != "you said hello\n" {
			t.Errorf("%s: got %q", name, line)
		}
		if r := report(t, resp); r.Outcome.Kind != parlance.KindSuccess || r.Decision.Act != parlance.ActDone {
			t.Errorf("%s: %+v", name, r.Outcome)
		}
	}
}

func TestHEADIsReadByItsStatus(t *testing.T) {
	t.Parallel()
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "1000")
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusNotFound)
		}
	})
	for path, want := range map[string]parlance.Kind{"/": parlance.KindSuccess, "/gone": parlance.KindNotFound} {
		resp, err := (&http.Client{Transport: client.New(open(t, "vms"))}).Head(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := report(t, resp).Outcome.Kind; got != want || resp.ContentLength != 1000 {
			t.Errorf("HEAD %s: %v, length %d", path, got, resp.ContentLength)
		}
	}
}

func TestTheEnvelopesPayloadIsInTheReport(t *testing.T) {
	t.Parallel()
	body := `{"data":{"id":7},"error":null,"debug":{"activityId":"1b4e28ba-2fa1-11d2-883f-0016d3cca427"}}`
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, body)
	})
	req, _ := http.NewRequest("GET", srv.URL, nil)
	resp, got := call(t, &http.Client{Transport: client.New(open(t, "vbapi"))}, req)
	r := report(t, resp)
	if got != body || !r.Whole || !r.Enveloped || string(r.Data) != `{"id":7}` || r.Outcome.RequestID == "" {
		t.Errorf("read %q, report %+v", got, r.Decoded)
	}
}

func TestTheRequestBodyIsAlwaysClosed(t *testing.T) {
	t.Parallel()
	srv := server(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	d := open(t, "vms")
	broken := client.NewLogin(func(context.Context) (client.Grant, error) { return client.Grant{}, io.ErrUnexpectedEOF }, nil)
	tests := []struct {
		name string
		url  string
		t    *client.Transport
	}{
		{"after a response", srv.URL, client.New(d)},
		{"after no response", "http://" + testnet.Closed, client.New(d, client.WithMaxAttempts(1))},
		{"where no token could be had", srv.URL, client.New(d, client.WithCredential(broken))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			closed := make(chan struct{})
			req, _ := http.NewRequest("PUT", tt.url, &closing{strings.NewReader("x"), closed})
			if resp, err := tt.t.RoundTrip(req); err == nil {
				resp.Body.Close()
			}
			<-closed
		})
	}
}

type closing struct {
	io.Reader
	closed chan struct{}
}

func (c *closing) Close() error {
	select {
	case <-c.closed:
	default:
		close(c.closed)
	}
	return nil
}
