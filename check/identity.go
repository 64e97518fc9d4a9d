package check

import (
	"fmt"
	"slices"
)

// missingRequestID finds a response without the ID that the page promises.
func (l *look) missingRequestID() {
	if l.read.Outcome.RequestID != "" {
		return
	}
	if l.shape.Promises {
		l.fault(l.body(0, ""), lineOf(l.shape.Place), "the body has no ID of the request")
		return
	}
	if field, at := l.c.index.RequestIDField(&l.x.Request, l.x.Response.Status); field != "" {
		l.fault(l.field(field), lineOf(at), "the header field %s, the ID of the request, is missing", field)
	}
}

// repeatedRequestID finds an ID that an earlier response had. The caller can repeat one: by
// an ID of its own, which the server takes over, and by an idempotency key, for which the
// server may send the response again.
func (l *look) repeatedRequestID() {
	id := l.read.Outcome.RequestID
	if id == "" || l.x.Request.Key != "" || slices.Contains(l.asked("X-Request-Id"), id) {
		return
	}
	earlier := l.c.ids.saw(id, l.number)
	if earlier == 0 {
		return
	}
	at, line := l.placeOf("request_id", id)
	if field := l.fieldOf(id); field != "" {
		at = l.field(field)
	}
	l.fault(at, line, "the ID %q is not unique: response %d of this run had it too", clean(short(id)), earlier)
}

// fieldOf is the header field that has an ID.
func (l *look) fieldOf(id string) string {
	field, _ := l.c.index.RequestIDField(&l.x.Request, l.x.Response.Status)
	for _, name := range [...]string{field, "X-Request-Id"} {
		if name != "" && slices.Contains(l.header(name), id) {
			return name
		}
	}
	return ""
}

// requestIDDiffers finds an ID in the body that is not that of the header.
func (l *look) requestIDDiffers() {
	if !l.shape.RequestID {
		return
	}
	field, _ := l.c.index.RequestIDField(&l.x.Request, l.x.Response.Status)
	for _, name := range [...]string{field, "X-Request-Id"} {
		if name == "" || len(l.header(name)) == 0 {
			continue
		}
		if t, ok := l.text("request_id"); ok && t.Value != "" && !slices.Contains(l.header(name), t.Value) {
			l.fault(l.body(t.Offset, t.Member), lineOf(t.Place), "the body has the ID %q, and the header field %s has %q", clean(short(t.Value)), name, clean(short(fmt.Sprint(l.header(name)[0]))))
		}
		return
	}
}
