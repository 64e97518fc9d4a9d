// Package fault breaks the responses of a server on their way, as [scenario.Fault] lists it.
// The connection is reset, for example, or the body ends in the middle.
//
// Over HTTP/1.1 it takes the connection over (http.Hijacker) and writes the bytes itself.
// Over HTTP/2, and if a middleware hides the connection, these faults are still possible:
//
//   - reset and half_body end the stream (RST_STREAM in HTTP/2) by http.ErrAbortHandler;
//   - slow sends the header at once, and one byte of the body a second;
//   - lying_type, wrong_charset and no_response are the same.
//
// half_header is not possible there: the error is [ErrImpossible].
package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/parlance-api/parlance/mock/scenario"
)

// ErrImpossible is the error, for errors.Is, if a fault cannot be carried out on a
// connection or a response. Nothing has been sent then.
var ErrImpossible = errors.New("the fault is not possible")

// Pace is the time between two bytes of a slow response.
const Pace = time.Second

// Sender carries faults out. The zero value is ready to use, and it is safe for concurrent
// use.
type Sender struct {
	// Wait waits for a time, or until the context ends. nil waits in real time.
	Wait func(ctx context.Context, d time.Duration) error
}

// Send sends a response and breaks it. It returns an [ErrImpossible] before anything is
// sent if that cannot be, and another error if the client is gone. It panics with
// http.ErrAbortHandler to end a stream in the middle, as net/http demands it. Without a
// fault it sends the response as it is.
func (s *Sender) Send(w http.ResponseWriter, r *http.Request, f scenario.Fault, res *Response) error {
	switch {
	case f == scenario.FaultLyingType, f == scenario.FaultWrongCharset:
		if len(res.Body) == 0 {
			return fmt.Errorf("%w: %s needs a body, and the response has none", ErrImpossible, f)
		}
		res = res.lying(f)
		fallthrough
	case f == scenario.FaultNone:
		res.head(w.Header())
		w.WriteHeader(res.status())
		_, err := w.Write(res.Body)
		return err
	case f == scenario.FaultHalfBody && (len(res.Body) == 0 || r.Method == http.MethodHead):
		return fmt.Errorf("%w: %s needs a body, and the response has none", ErrImpossible, f)
	}
	// A request that is not read to its end makes the kernel reset the connection, and the
	// client would lose what was sent.
	_, _ = io.CopyN(io.Discard, r.Body, maxRequest)
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return s.stream(w, r, f, res)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Time{}) // those of the server are not for a slow response
	stop := context.AfterFunc(r.Context(), func() { conn.Close() })
	defer stop()
	header, body := res.parts(r)
	switch f {
	case scenario.FaultReset:
		return reset(conn)
	case scenario.FaultNoResponse:
		// The client ends it. What it still sends is read, so that its end is seen.
		_, _ = io.Copy(io.Discard, buffered)
	case scenario.FaultHalfHeader:
		_, err = conn.Write(half(header))
	case scenario.FaultHalfBody:
		_, err = conn.Write(append(header, half(body)...))
	case scenario.FaultSlow:
		err = s.trickle(r.Context(), append(header, body...), conn.Write)
	}
	return err
}

// maxRequest bounds, in bytes, what is read of the rest of a request.
const maxRequest = 1 << 20

// stream carries a fault out without the connection.
func (s *Sender) stream(w http.ResponseWriter, r *http.Request, f scenario.Fault, res *Response) error {
	switch f {
	case scenario.FaultReset:
		panic(http.ErrAbortHandler)
	case scenario.FaultNoResponse:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case scenario.FaultHalfBody, scenario.FaultSlow:
	default:
		return fmt.Errorf("%w: %s needs a connection of HTTP/1.1 that the handler can take over, and this one is %s", ErrImpossible, f, r.Proto)
	}
	res.head(w.Header())
	w.WriteHeader(res.status())
	send := func(p []byte) (int, error) {
		n, err := w.Write(p)
		return n, errors.Join(err, http.NewResponseController(w).Flush())
	}
	if f == scenario.FaultSlow {
		return s.trickle(r.Context(), res.Body, send)
	}
	_, _ = send(half(res.Body))
	panic(http.ErrAbortHandler)
}

// trickle sends one byte after the other.
func (s *Sender) trickle(ctx context.Context, all []byte, write func([]byte) (int, error)) error {
	for i := range all {
		if i > 0 {
			if err := s.wait(ctx); err != nil {
				return err
			}
		}
		if _, err := write(all[i : i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sender) wait(ctx context.Context) error {
	if s.Wait != nil {
		return s.Wait(ctx, Pace)
	}
	timer := time.NewTimer(Pace)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// reset ends a TCP connection with RST, and any other one without a word.
func reset(conn net.Conn) error {
	under := conn
	if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		under = wrapped.NetConn()
	}
	if tcp, ok := under.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	return under.Close()
}

// half is the first half of some bytes, and never all of them.
func half(all []byte) []byte { return all[:len(all)/2] }
