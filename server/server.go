// Package server is the server end of a dialect. Handlers of net/http return a value or
// an error, and the Server responds in the dialect's way. Handlers deal with outcomes
// only; codes, envelopes and texts belong to the dialect.
//
//	d, err := catalog.Open("problem")
//	…
//	api := server.New(d)
//	mux := http.NewServeMux()
//	mux.Handle("GET /users/{id}", api.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
//		user, ok := users[r.PathValue("id")]
//		if !ok {
//			return nil, parlance.ErrNotFound
//		}
//		return user, nil
//	}))
//	http.ListenAndServe("localhost:8080", api.Wrap(mux))
//
// Every request has an activity id. It is in the request's context, on the log lines
// written under that context, and in the response: in the dialect's own place, or else
// in the header X-Request-Id. Facts that a client may not see, such as the cause of an
// error or the value of a panic, are logged under that id.
package server

import (
	"log/slog"
	"net/http"
	"strconv"
	"sync"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// RequestIDHeader carries the activity id in a response whose dialect has no place for
// it.
const RequestIDHeader = "X-Request-Id"

// Server responds in one dialect. It is immutable and safe for concurrent use. One
// process may hold several, with different dialects.
type Server struct {
	dialect *dialect.Dialect
	unused  [100]bool // the statuses from 300 that the dialect says its API never gives
	config

	misplaced sync.Once // says that a middleware compresses behind Wrap
}

// New makes a Server that responds in d.
func New(d *dialect.Dialect, options ...Option) *Server {
	s := &Server{dialect: d, config: config{logger: slog.Default(), maxBuffered: DefaultMaxBuffered, heartbeat: DefaultHeartbeat, stall: DefaultMaxStall}}
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

// allows reports whether the Server may send a status.
func (s *Server) allows(status int) bool {
	return status < 300 || status >= 300+len(s.unused) || !s.unused[status-300]
}

// unconditional removes the conditions that 304 responds to, if the dialect's API does
// not give 304. A server may ignore them; it then sends no validator (RFC 9110, 13.1.2
// and 13.1.3). r is a copy.
func (s *Server) unconditional(r *http.Request) {
	if r.Header["If-None-Match"] != nil || r.Header["If-Modified-Since"] != nil {
		r.Header = r.Header.Clone() // who called us keeps the header that he had
		delete(r.Header, "If-None-Match")
		delete(r.Header, "If-Modified-Since")
	}
}

// Dialect is the dialect that the Server responds in.
func (s *Server) Dialect() *dialect.Dialect { return s.dialect }

// Logger is the Server's logger. It adds the activity id of a context to each line.
func (s *Server) Logger() *slog.Logger { return s.logger }
