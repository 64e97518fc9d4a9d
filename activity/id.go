// Package activity connects everything that happens for one request. The request's
// context carries an id, every log record under it has that id, and a [Recorder] keeps
// the record of the request.
//
//	slog.SetDefault(slog.New(activity.NewHandler(slog.NewTextHandler(os.Stderr, nil))))
//	recorder := activity.NewRecorder(db.Activity())
//	defer recorder.Close(ctx)
//	api := server.New(d, server.WithRecorder(recorder))
//	…
//	slog.InfoContext(r.Context(), "order stored") // has the activity_id of the request
package activity

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// NewID makes an id: a UUID of the time and 74 random bits (RFC 9562, version 7) as
// lower-case text of 36 bytes. It cannot be guessed, so an id that was given to support
// reveals nothing of other requests. Ids of the same time are close in an index, so that
// many records change few of its pages. It is safe for concurrent use.
func NewID() string {
	var u [16]byte
	rand.Read(u[6:]) // never fails: crypto/rand ends the program instead
	milliseconds := uint64(time.Now().UnixMilli())
	binary.BigEndian.PutUint32(u[:], uint32(milliseconds>>16))
	binary.BigEndian.PutUint16(u[4:], uint16(milliseconds))
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80

	var text [36]byte
	hex.Encode(text[:8], u[:4])
	hex.Encode(text[9:13], u[4:6])
	hex.Encode(text[14:18], u[6:8])
	hex.Encode(text[19:23], u[8:10])
	hex.Encode(text[24:], u[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

type key struct{}

// identified is a context with an id, in one piece since every request has one.
type identified struct {
	context.Context
	id string
}

func (c *identified) Value(k any) any {
	if k == (key{}) {
		return &c.id
	}
	return c.Context.Value(k)
}

// WithID returns a context that carries the id. An empty id hides the id of ctx.
func WithID(ctx context.Context, id string) context.Context {
	return &identified{ctx, id}
}

// ID is the id that the context carries, "" if there is none.
func ID(ctx context.Context) string {
	if id, ok := ctx.Value(key{}).(*string); ok {
		return *id
	}
	return ""
}
