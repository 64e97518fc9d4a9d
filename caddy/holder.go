package caddyparlance

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/gateway"
)

// holder holds a failure that no Transport has translated, up to the longest body that a
// dialect reads. Everything else passes, and so does a longer failure.
type holder struct {
	*caddyhttp.ResponseWriterWrapper
	reply  *gateway.Reply
	status int // of the failure that is held, 0 for none
	body   []byte
	passed bool // the header of the response was sent

	written bool             // a mechanism behind it writes all responses in the dialect of the caller
	outcome parlance.Outcome // of the refusal of a mechanism
}

func newHolder(w http.ResponseWriter, reply *gateway.Reply) *holder {
	return &holder{ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w}, reply: reply}
}

// serve lets handlers respond, and translates what they say. An error of it is one that no
// response can tell.
func (h *holder) serve(r *http.Request, next caddyhttp.Handler) error {
	caddyhttp.SetVar(r.Context(), holderVar, h)
	err := next.ServeHTTP(h, r)
	switch {
	case err != nil && h.passed:
		// The response has begun, and only the connection can tell that it broke off.
	case err != nil && errors.Is(err, context.Canceled):
	case err != nil:
		h.fail(err) // the log has the cause beside the response
		err = nil
	case h.held():
		h.translate(r)
	}
	return err
}

// story is what there is to tell of the response.
func (h *holder) story() gateway.Story {
	s := h.reply.End()
	if s.Kind == 0 {
		s.Kind, s.Reason, s.Code, s.RequestID = h.outcome.Kind, h.outcome.Reason, h.outcome.Code, h.outcome.RequestID
	}
	return s
}

// held reports that a failure is to be translated.
func (h *holder) held() bool { return h.status != 0 && !h.passed }

// WriteHeader holds a failure, and passes everything else.
func (h *holder) WriteHeader(status int) {
	switch {
	case h.passed || h.status != 0:
	case status >= http.StatusBadRequest && !h.written && !h.reply.Translated():
		h.status = status
	default:
		h.passed = status >= http.StatusOK || status == http.StatusSwitchingProtocols
		h.close()
		h.ResponseWriterWrapper.WriteHeader(status)
	}
}

// Write holds or passes a part of a body.
func (h *holder) Write(p []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	if h.held() {
		if len(h.body)+len(p) <= dialect.MaxBody {
			h.body = append(h.body, p...)
			return len(p), nil
		}
		if err := h.release(); err != nil {
			return 0, err
		}
	}
	return h.ResponseWriterWrapper.Write(p)
}

// close ends the connection with the response, if it has to.
func (h *holder) close() {
	if h.reply.Closes() {
		h.Header().Set("Connection", "close")
	}
}

// release passes what was held.
func (h *holder) release() error {
	h.passed = true
	h.ResponseWriterWrapper.WriteHeader(h.status)
	_, err := h.ResponseWriterWrapper.Write(h.body)
	h.body = nil
	return err
}

// ReadFrom passes a body in the quickest way, if it passes.
func (h *holder) ReadFrom(r io.Reader) (int64, error) {
	h.WriteHeader(http.StatusOK)
	if h.held() {
		return io.Copy(struct{ io.Writer }{h}, r)
	}
	return h.ResponseWriterWrapper.ReadFrom(r)
}

// FlushError sends what has passed.
func (h *holder) FlushError() error {
	if h.held() {
		return nil
	}
	h.passed = true // a header without WriteHeader is that of a success
	return http.NewResponseController(h.ResponseWriter).Flush()
}

// translate writes the failure that is held in the dialect of the caller.
func (h *holder) translate(r *http.Request) {
	header := h.Header().Clone()
	clear(h.Header())
	h.reply.Translate(h.ResponseWriter, &http.Response{StatusCode: h.status, Header: header, Request: r}, h.body)
}

// fail writes an error of Caddy or of a handler in the dialect of the caller.
func (h *holder) fail(err error) {
	if h.held() { // the handler began a failure of its own, and did not end it
		h.body = nil
		for name := range h.Header() {
			h.Header().Del(name)
		}
	}
	h.close()
	if h.reply.Failed(h.ResponseWriter) {
		return
	}
	var handled caddyhttp.HandlerError
	errors.As(err, &handled)
	h.reply.Error(h.ResponseWriter, cmp.Or(handled.StatusCode, http.StatusInternalServerError), err)
}
