// Package core is the seam between package server and the packages below it: the parts
// of a served request that each needs from the other. It keeps both out of server's own
// names.
package core

import (
	"context"
	"io"
	"log/slog"
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// Exchange is one request under a Server, and the writer of its response.
type Exchange interface {
	http.ResponseWriter

	// RequestContext has the request's id and the values that observers added. The
	// context of a handler may have more.
	RequestContext() context.Context

	// Request describes the request to the dialect. Its path is the one that was called,
	// even if a handler has stripped a prefix since.
	Request() dialect.Request

	Dialect() *dialect.Dialect
	Logger() *slog.Logger

	// Serve serves a request by a handler, as Server.Wrap does.
	Serve(next http.Handler, w http.ResponseWriter, r *http.Request)

	// Respond writes the result of a handler. The context is the handler's.
	Respond(ctx context.Context, value any, err error)

	// LogFailure logs the part of an error that the client is not told.
	LogFailure(err error)

	caller
	recorder
	encoder
}

// caller is for whatever finds out who calls.
type caller interface {
	// Admit notes who calls, for all that share the exchange. It is false if somebody
	// is noted already.
	Admit(i *Identity) bool

	// SetCaller notes who calls, for observers alone.
	SetCaller(c *Caller)

	// SetPattern notes the pattern that a ServeMux found for a copy of the request.
	SetPattern(copied *http.Request)
}

// recorder is for whatever keeps a response.
type recorder interface {
	// Resend sends a response that was given before, to the request with the activity id
	// original. Its header is in place.
	Resend(status int, body []byte, original string)

	// Reported is the report with this mark, by an exchange inside this one; see
	// ReportHeader.
	Reported(mark []string) Report

	// Recorded reports that a record of the request is kept.
	Recorded() bool

	// CommitRecord adds what is known of the request to the transaction in which its
	// response is kept. A nil Outcome is that of the status.
	CommitRecord(ctx context.Context, r Response, o *parlance.Outcome) error
}

// encoder is for whatever writes a response piece by piece.
type encoder interface {
	// Encode appends an outcome to dst, completed as that of any response. document is
	// the caller's own, for a dialect that writes into it.
	Encode(dst []byte, o *parlance.Outcome, data dialect.Payload, document []byte) dialect.Encoded

	// Render writes a complete response.
	Render(o parlance.Outcome, data dialect.Payload, document []byte)

	// Begin sends the head of a response; its body follows by Write.
	Begin(m dialect.Encoded, o parlance.Outcome)

	// SetOutcome notes for observers what the response says.
	SetOutcome(o parlance.Outcome)
}

// Response is a recorded response.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Key is the key of a context's innermost Exchange.
type Key struct{}

// Of returns the innermost Exchange of the context, nil if there is none.
func Of(ctx context.Context) Exchange {
	x, _ := ctx.Value(Key{}).(Exchange)
	return x
}

// Pass calls next under another context. The request learns the pattern that a ServeMux
// finds, as if there was no copy between the two.
func Pass(ctx context.Context, next http.Handler, w http.ResponseWriter, r *http.Request) {
	PassBody(ctx, next, w, r, r.Body)
}

// PassBody is Pass with another body.
func PassBody(ctx context.Context, next http.Handler, w http.ResponseWriter, r *http.Request, body io.ReadCloser) {
	copied := r.WithContext(ctx)
	copied.Body = body
	defer func() {
		r.Pattern = copied.Pattern
		if x := Of(ctx); x != nil {
			x.SetPattern(copied)
		}
	}()
	next.ServeHTTP(w, copied)
}
