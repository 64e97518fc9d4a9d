package dialect

import (
	"bytes"

	"github.com/parlance-api/parlance"
)

// StatusFor is the status that Encode gives the response to such an Outcome, and what the
// response is called for people: its Message's Status and Phrase. It costs little, so a
// caller may ask first and complete the Outcome by it. Only an Extension can give another
// status: it sees the response once it is written.
func (d *Dialect) StatusFor(req Request, o *parlance.Outcome, data Payload) (status int, phrase string) {
	payload := len(data.Body) > 0 && string(bytes.TrimSpace(data.Body)) != "null" // JSON's word for none
	var key choiceKey
	at := d.choiceAt(&key, &req, o, payload)
	if at != nil {
		if c := at.Load(); c != nil && c.key == key {
			return c.status, c.phrase
		}
		key = key.keep()
	}
	w := writers.Get().(*writer)
	defer w.release()
	w.d, w.o, w.data = d, o, data
	w.own = req
	w.req = &w.own
	c := d.newChoice(w, key)
	if at != nil {
		at.Store(c)
	}
	return c.status, c.phrase
}
