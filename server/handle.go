package server

import (
	"context"
	"net/http"

	"github.com/parlance-api/parlance/dialect"
)

// HandlerFunc responds to a request with a value or an error.
//
// The value is the payload of a success. It is written as JSON, with four exceptions:
//
//   - [Raw] is written as it is.
//   - [Reply] carries more than a value, such as a location.
//   - [Atomic] makes the value in a transaction.
//   - [Stream] writes the response element by element.
//
// nil is a success without a payload.
//
// An error becomes an outcome by [parlance.OutcomeOf]. The client gets the Outcome of a
// *parlance.Error or the kind of a sentinel; the log gets the rest.
//
// A handler may instead write to w itself, as for a download, and return nil, nil. An error after bytes were sent cuts the connection, so that the client notices.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) (any, error)

// Handle makes an http.Handler of f. It works alone. Under [Server.Wrap], which also
// covers a ServeMux, both share one activity id.
func (s *Server) Handle(f HandlerFunc) http.Handler {
	return s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		value, err := f(w, r)
		x.Respond(r.Context(), value, err)
	}))
}

// Respond writes the result of a handler. The context is the handler's.
func (x *exchange) Respond(ctx context.Context, value any, err error) {
	switch {
	case err == nil && value == nil && x.mode != open:
		return // the handler wrote its response itself
	case err != nil && x.sent():
		x.logFailure("the handler failed after its response had begun; the connection is cut", err)
		x.SetOutcome(x.outcomeOf(err))
		panic(http.ErrAbortHandler)
	case err == nil && x.sent():
		x.server.logger.ErrorContext(x.ctx, "the handler returned a value after its response had begun; the value is dropped")
		return
	}
	if err != nil {
		x.fail(err)
		return
	}
	if a, ok := value.(Atomic); ok {
		x.atomic(ctx, a)
		return
	}
	if fn, ok := value.(Stream); ok {
		x.streamed(ctx, fn)
		return
	}
	s := scratches.Get().(*scratch)
	defer s.release()
	m, err := x.compose(s, value)
	if err != nil {
		x.fail(err)
		return
	}
	x.send(m)
}

// compose makes the response of a handler's value and sets its header. Its body is
// valid until the memory is used again.
func (x *exchange) compose(s *scratch, value any) (dialect.Encoded, error) {
	reply := ReplyOf(value)
	x.complete(&reply.Outcome)
	data, err := s.payload(reply.Value)
	if err != nil {
		return dialect.Encoded{}, err
	}
	if reply.listsNothing(data.Body) && x.server.dialect.HasEnvelope(x.request, &reply.Outcome) {
		data = emptyList
	}
	if reply.Location != "" {
		x.Header().Set("Location", reply.Location)
	}
	return x.prepare(s, &reply.Outcome, data, reply.Document), nil
}
