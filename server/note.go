package server

import "net/http"

// AddNote adds a note for the user to a success that the handler writes to its
// http.ResponseWriter itself, such as a download. A handler that returns a value
// returns [Noted] instead.
//
// The note is sent in the dialect's place for notes: the header, or the envelope around
// JSON. If the dialect has no place, the note is logged as a warning. Call it before
// the header is written. Without a Server it does nothing.
func AddNote(r *http.Request, note string) {
	if x := exchangeOf(r.Context()); x != nil {
		x.notes = append(x.notes, note)
	}
}

// tellNotes puts the notes about a success that streams as it is into its header.
func (x *exchange) tellNotes() {
	if x.status < 200 || x.status > 299 {
		return // they are about a success
	}
	o, h := x.written(), x.Header()
	m := x.Encode(nil, &o, none, nil)
	media, typed := h["Content-Type"]
	x.putHeader(m)
	if delete(h, "Content-Type"); typed {
		h["Content-Type"] = media // the handler's own, as the body is
	}
	o.Status = x.status
	x.SetOutcome(o)
}
