package caddyparlance

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/parlance-api/parlance/dialect"
)

// bodyVar is the variable of the body of a request that another upstream may get, too. It is
// nil if the body was sent and is not kept.
const bodyVar = "parlance.body"

var errBodySent = errors.New("the body of the request was sent to another upstream, and is not kept (max_replay)")

// replayable is a request whose body another upstream can have, too. A body that is longer than
// max_replay, or of unknown length, is sent once. A body that a handler has set since then is a
// new one.
func (t *Transport) replayable(r *http.Request) (*http.Request, error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return r, nil
	}
	kept, sent := caddyhttp.GetVar(r.Context(), bodyVar).([]byte)
	resends := t.retried || t.handled
	keeps := resends && r.ContentLength > 0 && r.ContentLength <= int64(cmp.Or(t.MaxReplay, dialect.MaxBody))
	switch {
	case sent || keeps:
		return replay(r, kept, sent, keeps)
	case resends:
		caddyhttp.SetVar(r.Context(), bodyVar, []byte(nil))
	}
	return r, nil
}

// replay is the request with its body, or with the one that was kept if an upstream had it.
func replay(r *http.Request, kept []byte, sent, keeps bool) (*http.Request, error) {
	start := make([]byte, 1)
	if keeps {
		start = make([]byte, r.ContentLength)
	}
	with := *r
	switch n, err := io.ReadFull(r.Body, start); {
	case err == nil && keeps:
		caddyhttp.SetVar(r.Context(), bodyVar, start)
		with.Body = io.NopCloser(bytes.NewReader(start))
	case err == nil:
		with.Body = startedBody{io.MultiReader(bytes.NewReader(start), r.Body), r.Body}
	case n > 0 || !sent:
		return nil, err
	case kept == nil || r.ContentLength != int64(len(kept)):
		return nil, errBodySent
	default:
		with.Body = io.NopCloser(bytes.NewReader(kept))
	}
	return &with, nil
}

// startedBody is a body whose start was read.
type startedBody struct {
	io.Reader
	io.Closer
}
