package client_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
)

// Frames of HTTP/2 (RFC 9113, 6) and two of its error codes.
const (
	frameData, frameHeaders, frameReset, frameSettings, frameGoAway = 0, 1, 3, 4, 7

	noError, refusedStream, enhanceYourCalm = 0, 7, 11
)

// streams is a server of HTTP/2 without TLS that does to each request what it is
// told, and nothing else.
type streams struct {
	do    func(n int, s *stream) // n counts the requests of all connections, from 1
	count int
}

// stream is one request of a connection.
type stream struct {
	io.Writer
	id uint32
}

func (s *stream) frame(kind, flags byte, id uint32, payload []byte) {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	head = binary.BigEndian.AppendUint32(append(head, flags), id)
	s.Write(append(head, payload...))
}

func (s *stream) reset(code uint32) {
	s.frame(frameReset, 0, s.id, binary.BigEndian.AppendUint32(nil, code))
}

// goAway says which request is the last one that may have been processed.
func (s *stream) goAway(last, code uint32) {
	s.frame(frameGoAway, 0, 0, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, last), code))
}

// ok responds with 200 and no body: 0x88 is ":status: 200" (RFC 7541, appendix A).
func (s *stream) ok() { s.frame(frameHeaders, 5, s.id, []byte{0x88}) }

// transport is a base whose connections all lead to the server.
func (s *streams) transport(t *testing.T) *http.Transport {
	h2c := new(http.Protocols)
	h2c.SetUnencryptedHTTP2(true)
	base := &http.Transport{Protocols: h2c, DialContext: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		t.Cleanup(func() { there.Close() })
		go s.serve(there)
		return here, nil
	}}
	t.Cleanup(base.CloseIdleConnections)
	return base
}

func (s *streams) serve(conn net.Conn) {
	defer conn.Close()
	out := make(chan []byte, 100) // so that two writers on a pipe cannot wait for each other
	defer close(out)
	go func() {
		for p := range out {
			conn.Write(p)
		}
	}()
	w := &stream{Writer: toChannel(out)}
	w.frame(frameSettings, 0, 0, nil)
	if _, err := io.ReadFull(conn, make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))); err != nil {
		return
	}
	for {
		head := make([]byte, 9)
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		length := binary.BigEndian.Uint32(head) >> 8
		if _, err := io.CopyN(io.Discard, conn, int64(length)); err != nil {
			return
		}
		const endStream = 1
		if kind := head[3]; (kind == frameHeaders || kind == frameData) && head[4]&endStream != 0 {
			s.count++
			r := &stream{w, binary.BigEndian.Uint32(head[5:])}
			s.do(s.count, r)
		}
	}
}

type toChannel chan<- []byte

func (c toChannel) Write(p []byte) (int, error) { c <- p; return len(p), nil }

// A stream that was refused, or came after the last one of a GOAWAY, was not
// processed (RFC 9113, 8.7). plain has no key, so nothing else makes a POST safe.
func TestARequestThatHTTP2DidNotProcessIsSentAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		key      string // of the caller, in a dialect without one
		do       func(n int, s *stream)
		sent     int // requests that the server saw
		attempts int
		reason   parlance.Reason // of the first attempt
	}{
		{"a refused stream", "", func(n int, s *stream) {
			if n == 1 {
				s.reset(refusedStream)
				return
			}
			s.ok()
		}, 2, 1, ""}, // by net/http
		{"a refused stream, with a key of the caller's own", "k", func(n int, s *stream) {
			if n == 1 {
				s.reset(refusedStream)
				return
			}
			s.ok()
		}, 2, 1, ""},
		{"a stream that net/http gave up", "k", func(n int, s *stream) {
			if n <= 8 {
				s.reset(refusedStream)
				return
			}
			s.ok()
		}, 9, 2, parlance.ReasonNotProcessed},
		{"a connection that ends gracefully", "k", func(n int, s *stream) {
			if n == 1 {
				s.goAway(0, noError)
				return
			}
			s.ok()
		}, 2, 1, ""},
		{"a connection that ends with an error, which net/http does not send again", "", func(n int, s *stream) {
			if n == 1 {
				s.goAway(0, enhanceYourCalm)
				return
			}
			s.ok()
		}, 2, 2, parlance.ReasonNotProcessed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &streams{do: c.do}
				req := request(t, "POST", "pay")
				if c.key != "" {
					req.Header.Set("Idempotency-Key", c.key)
				}
				resp, err := client.New(open(t, "plain"), client.WithBase(s.transport(t)), client.WithMaxWait(time.Minute)).RoundTrip(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				a := report(t, resp).Attempts
				if resp.StatusCode != 200 || s.count != c.sent || len(a) != c.attempts || a[0].Outcome.Reason != c.reason {
					t.Errorf("got %d after %d requests and %d attempts, the first of which came to %+v", resp.StatusCode, s.count, len(a), a[0].Outcome)
				}
			})
		})
	}
}

func TestARequestThatHTTP2MayHaveProcessedIsNotSentAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(n int, s *stream)
	}{
		{"a stream that is canceled", func(_ int, s *stream) { s.reset(8) }},
		{"a stream that broke inside", func(_ int, s *stream) { s.reset(2) }},
		{"a last stream", func(_ int, s *stream) { s.goAway(s.id, noError); s.reset(8) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &streams{do: c.do}
				req := request(t, "POST", "pay")
				req.Header.Set("Idempotency-Key", "k")
				_, err := client.New(open(t, "plain"), client.WithBase(s.transport(t))).RoundTrip(req)
				var e *client.Error
				if !errors.As(err, &e) || s.count != 1 || e.Outcome.Reason != parlance.ReasonReset || e.Decision.RetrySafe {
					t.Errorf("%v after %d requests", err, s.count)
				}
			})
		})
	}
}

// A body that cannot be had again cannot be sent again, but the caller learns that
// nothing was done.
func TestABodyThatCannotBeHadAgainIsHandedBackAsNotProcessed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &streams{do: func(_ int, s *stream) { s.reset(refusedStream) }}
		req := request(t, "POST", "")
		req.Body = io.NopCloser(io.MultiReader(strings.NewReader("pay")))
		_, err := client.New(open(t, "plain"), client.WithBase(s.transport(t))).RoundTrip(req)
		var e *client.Error
		if !errors.As(err, &e) || s.count != 1 || e.Outcome.Reason != parlance.ReasonNotProcessed || !e.Decision.RetrySafe || e.Decision.Act != parlance.ActRetry {
			t.Errorf("%v after %d requests", err, s.count)
		}
	})
}
