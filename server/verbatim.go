package server

import (
	"bufio"
	"io"
	"net"
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/internal/core"
)

// Meaning says what a response means that a handler wrote by itself.
type Meaning struct {
	Outcome  parlance.Outcome
	NoEffect bool // it proves that nothing was done, so an idempotency key is free again; some kinds prove it by themselves
}

// Verbatim passes the responses of a handler on as they come. No envelope is put around a
// success, and no failure is written anew. It is for a handler that responds in the dialect of
// the Server by itself, such as a gateway.
//
// means is called once the status is known. If it is nil or returns false, the status
// says what the response means. Put Verbatim directly around the handler.
func Verbatim(next http.Handler, means func(*http.Request) (Meaning, bool)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		if x == nil {
			next.ServeHTTP(w, r)
			return
		}
		v := &verbatim{ResponseWriter: w, x: x, r: r, means: means}
		next.ServeHTTP(v, r)
		v.begin(http.StatusOK)
	})
}

// verbatim marks a response as complete before its status is written.
type verbatim struct {
	http.ResponseWriter
	x     *exchange
	r     *http.Request
	means func(*http.Request) (Meaning, bool)
	begun bool
}

// Unwrap lets http.ResponseController reach the connection.
func (v *verbatim) Unwrap() http.ResponseWriter { return v.ResponseWriter }

// WriteHeader marks a final response.
func (v *verbatim) WriteHeader(status int) {
	if !v.begun && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		v.begun = true
		if h := v.Header(); h[core.ReportHeader] == nil { // else an exchange inside has said more
			_, h[core.ReportHeader] = v.x.inside.add(v.report(status))
		}
	}
	v.ResponseWriter.WriteHeader(status)
}

// report says what a response means.
func (v *verbatim) report(status int) core.Report {
	if v.means != nil {
		if m, known := v.means(v.r); known {
			m.Outcome.Status = status
			return core.Report{NoEffect: m.NoEffect || statusProvesUndone(m.Outcome), Outcome: &m.Outcome}
		}
	}
	if status < http.StatusBadRequest {
		return core.Report{}
	}
	o := v.x.meaning(status)
	return core.Report{NoEffect: statusProvesUndone(o), Outcome: &o}
}

// begin writes the status of a response that has none yet.
func (v *verbatim) begin(status int) {
	if !v.begun {
		v.WriteHeader(status)
	}
}

// Write writes a part of the body.
func (v *verbatim) Write(p []byte) (int, error) {
	v.begin(http.StatusOK)
	return v.ResponseWriter.Write(p)
}

// ReadFrom lets the kernel send a file.
func (v *verbatim) ReadFrom(src io.Reader) (int64, error) {
	v.begin(http.StatusOK)
	return io.Copy(v.ResponseWriter, src)
}

// FlushError sends the bytes so far.
func (v *verbatim) FlushError() error {
	v.begin(http.StatusOK)
	return http.NewResponseController(v.ResponseWriter).Flush()
}

// Hijack gives the connection to the handler.
func (v *verbatim) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(v.ResponseWriter).Hijack()
	v.begun = v.begun || err == nil
	return conn, rw, err
}
