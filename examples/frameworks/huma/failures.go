package huma

import (
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
)

// failure is an error of a handler, as huma takes it without a change.
type failure struct{ error }

// GetStatus is asked by huma. The dialect decides on the true status.
func (failure) GetStatus() int { return http.StatusInternalServerError }

func (f failure) Unwrap() error { return f.error }

// humaContext is huma.Context under a name that is not that of a method.
type humaContext huma.Context

// taken is the context of a request. Its failure is not written by huma.
type taken struct {
	humaContext
	err error
}

// SetStatus leaves the status of a failure to the dialect.
func (c *taken) SetStatus(code int) {
	if c.err == nil {
		c.humaContext.SetStatus(code)
	}
}

// SetHeader leaves the Content-Type and the other fields of a failure to the dialect.
func (c *taken) SetHeader(name, value string) {
	if c.err == nil {
		c.humaContext.SetHeader(name, value)
	}
}

// BodyWriter drops what huma writes for a failure.
func (c *taken) BodyWriter() io.Writer {
	if c.err != nil {
		return io.Discard
	}
	return c.humaContext.BodyWriter()
}

// takeFailure is a transformer: huma calls it with each value before it writes it.
func takeFailure(ctx huma.Context, _ string, v any) (any, error) {
	c, ok := ctx.(*taken)
	if !ok {
		return v, nil
	}
	switch e := v.(type) {
	case failure:
		c.err = e
	case *huma.ErrorModel:
		c.err = outcome(e)
	}
	return v, nil
}

// writeFailures is the middleware that writes them in the dialect of the server.
func writeFailures(ctx huma.Context, next func(huma.Context)) {
	c := &taken{humaContext: ctx}
	next(c)
	if c.err != nil {
		r, w := humago.Unwrap(ctx)
		server.WriteError(w, r, c.err)
	}
}

// outcome is a failure of huma: its status with its text, and each detail as a field.
func outcome(e *huma.ErrorModel) error {
	out := parlance.Outcome{Status: e.Status, Detail: e.Detail}
	for _, d := range e.Errors {
		// body.count is the field count, as is query.count; body alone is none.
		_, path, _ := strings.Cut(d.Location, ".")
		out.Fields = append(out.Fields, parlance.Field{Path: path, Message: d.Message})
	}
	if e.Status == http.StatusUnprocessableEntity || e.Status == http.StatusBadRequest {
		out.Kind, out.Status = parlance.KindInvalid, 0 // the dialect knows its own status for it
	}
	return &parlance.Error{Outcome: out}
}
