// Package server is the server end of a dialect: it lets net/http handlers
// return a value or an error and answers in the dialect's way. Handlers speak
// of outcomes only; codes, envelopes and texts are the dialect's.
//
//	api := server.New(vms)
//	mux := http.NewServeMux()
//	mux.Handle("GET /cameras/{id}", api.Handle(camera))
//	http.ListenAndServe(addr, api.Wrap(mux))
//
// Every request has an activity id: in its context, on the log lines written
// under it, and in the response, in the dialect's own place or else in the header
// X-Request-Id. What a client may not see (the cause of an error, the value of a
// panic) goes to the log under that id.
package server

import (
	"log/slog"
	"net/http"
	"strconv"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// RequestIDHeader carries the activity id in a response whose dialect has no
// place for it.
const RequestIDHeader = "X-Request-Id"

// Server answers in one dialect. It is immutable and safe for concurrent use;
// one process may hold several, of several dialects.
type Server struct {
	dialect *dialect.Dialect
	unused  [100]bool // the statuses from 300 that the dialect says its API never gives
	config
}

// New makes a Server that answers in d.
func New(d *dialect.Dialect, options ...Option) *Server {
	s := &Server{dialect: d, config: config{logger: slog.Default(), maxBuffered: DefaultMaxBuffered}}
	for _, o := range options {
		o.apply(&s.config)
	}
	s.logger = slog.New(activity.NewHandler(s.logger.Handler()))
	for i := range s.unused {
		for _, e := range authoring.Explain(d, strconv.Itoa(300+i)) {
			s.unused[i] = s.unused[i] || e.NotUsed
		}
	}
	return s
}

// allows reports that a status may leave the server.
func (s *Server) allows(status int) bool {
	return status < 300 || status >= 300+len(s.unused) || !s.unused[status-300]
}

// unconditional takes the conditions away that 304 responds to, if the dialect's API
// does not give 304. A server may ignore them: it then gives no validator to come back
// with (RFC 9110, 13.1.2 and 13.1.3). r is a copy.
func (s *Server) unconditional(r *http.Request) {
	if r.Header["If-None-Match"] != nil || r.Header["If-Modified-Since"] != nil {
		r.Header = r.Header.Clone() // who called us keeps the header that he had
		delete(r.Header, "If-None-Match")
		delete(r.Header, "If-Modified-Since")
	}
}

// Dialect is the dialect that the server answers in.
func (s *Server) Dialect() *dialect.Dialect { return s.dialect }

// Logger is where the server logs. It adds the activity id of a context to each line.
func (s *Server) Logger() *slog.Logger { return s.logger }
