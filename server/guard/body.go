package guard

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
)

// What ApplyDefaultLimits sets where a server has no bound of its own.
const (
	maxHeaderBytes = 64 << 10
	headerTimeout  = 10 * time.Second
	idleTimeout    = 2 * time.Minute
)

// ApplyDefaultLimits sets the limits of a server that are not set yet, so that a slow
// or hostile client costs little. They are 64 KiB of headers, 10 s to send them, and 2
// min for an idle connection. If a limit is exceeded, net/http itself responds, without
// the dialect. "OPTIONS *" goes to the handler, so that the response is in the dialect.
// It returns hs.
func ApplyDefaultLimits(hs *http.Server) *http.Server {
	hs.MaxHeaderBytes = cmp.Or(hs.MaxHeaderBytes, maxHeaderBytes)
	hs.ReadHeaderTimeout = cmp.Or(hs.ReadHeaderTimeout, headerTimeout)
	hs.IdleTimeout = cmp.Or(hs.IdleTimeout, idleTimeout)
	hs.DisableGeneralOptionsHandler = true
	return hs
}

// MaxBody bounds the body of a request, in bytes. A longer one is invalid, with the
// status 413 (RFC 9110, 15.5.14). If its length is declared, it is refused before it is
// read. Otherwise the reader gets an error at the bound; a handler that returns it
// sends the same refusal. Bodies are not unpacked here, so the bound is on the bytes as
// sent.
func MaxBody(bytes int64) server.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength > bytes {
				w.Header().Set("Connection", "close") // nobody reads it to its end
				server.WriteError(w, r, tooLarge(bytes, nil))
				return
			}
			if r.Body != nil && r.Body != http.NoBody {
				q := *r
				q.Body = boundedBody{http.MaxBytesReader(w, r.Body, bytes), bytes}
				r = &q
			}
			next.ServeHTTP(w, r)
		})
	}
}

type boundedBody struct {
	io.ReadCloser
	most int64
}

func (b boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		err = tooLarge(b.most, err)
	}
	return n, err
}

func tooLarge(most int64, cause error) error {
	err := parlance.NewError(parlance.KindInvalid, "The body is longer than %d bytes", most)
	err.Outcome.Status, err.Outcome.Reason = http.StatusRequestEntityTooLarge, parlance.ReasonRequestTooLarge
	return err.Because(cause)
}

// slowest is how much of a body must come in the time that SlowBody gives, in bytes:
// less than any network carries, and more than a byte now and then.
const slowest = 1 << 10

// SlowBody bounds how long a client may take for each KiB of a body, or for the shorter
// rest. Only the time in which the handler waits for the body counts. It makes no
// difference whether the client sends nothing or a byte a second. The reader then gets
// an error for the handler to return: a timeout with the status 408 (RFC 9110, 15.5.9).
// SlowBody replaces http.Server.ReadTimeout, which would count the handler's own time
// too.
func SlowBody(stall time.Duration) server.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Body != nil && r.Body != http.NoBody {
				q := *r
				q.Body = &slowBody{ReadCloser: r.Body, rc: http.NewResponseController(w), w: w, stall: stall, left: stall}
				r = &q
			}
			next.ServeHTTP(w, r)
		})
	}
}

type slowBody struct {
	io.ReadCloser
	rc    *http.ResponseController
	w     http.ResponseWriter
	stall time.Duration
	left  time.Duration // of it, for the KiB that is coming
	came  int           // of that KiB, in bytes
}

func (b *slowBody) Read(p []byte) (int, error) {
	began := time.Now()
	if b.rc.SetReadDeadline(began.Add(b.left)) != nil {
		return b.ReadCloser.Read(p) // a connection that knows no deadlines
	}
	n, err := b.ReadCloser.Read(p)
	_ = b.rc.SetReadDeadline(time.Time{}) // net/http goes on listening, for a client that leaves
	b.left -= time.Since(began)
	if b.came += n; b.came >= slowest {
		b.left, b.came = b.stall, 0
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		b.w.Header().Set("Connection", "close") // the rest of it would be taken for a request
		err = &parlance.Error{Err: err, Outcome: parlance.Outcome{
			Kind: parlance.KindTimeout, Status: http.StatusRequestTimeout, Detail: "The body did not arrive in time"}}
	}
	return n, err
}
