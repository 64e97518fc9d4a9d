package bulk

import (
	"errors"
	"iter"
	"net/http"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/server/internal/core"
)

// response tells what became of each record, in order. It is kept until the head
// can be known, and goes out in pieces from then on.
type response struct {
	x       core.Exchange
	hold    bool   // until the request was read
	graft   *graft // where the request is XML: the response may be written into it
	spool   spool
	summary func(iter.Seq[parlance.Item]) parlance.Outcome // what it comes to where none failed; nil is a success

	total, failed int
	witnesses     []parlance.Item  // by these the whole rolls up as by all
	concluded     parlance.Outcome // by whole, once all was read

	tried   bool         // to begin
	place   bool         // there is one for records, if it was tried
	name    string       // of the last record's element
	out     recordWriter // once the head is out
	tail    []byte
	began   bool // a record is out
	pending []handled
	size    int // bytes of pending
	arena   []byte
	text    []byte // to be sent
}

// recordWriter writes records as the dialect does.
type recordWriter interface {
	// append writes some more. first is that there were none before.
	append(dst []byte, records []handled, first bool) ([]byte, error)
}

// How much is written at once: records, and bytes of theirs.
const (
	batchRecords = 64
	batchBytes   = 64 << 10
)

// add tells of one record. It keeps nothing of h.
func (a *response) add(h *handled) error {
	a.total++
	a.witness(h.item)
	if a.grafts() {
		a.name = h.name
	} else {
		h.name, h.before, h.raw = "", nil, nil
	}
	if a.out != nil {
		return a.write(h)
	}
	if a.tried && !a.place {
		return nil
	}
	if err := a.spool.put(h); err != nil {
		return err
	}
	if a.hold || a.tried || a.failed == 0 || a.failed == a.total {
		return nil
	}
	return a.begin()
}

func (a *response) grafts() bool { return a.graft != nil && a.graft.into }

// maxWitness is how much of a witness's text is kept, in bytes.
const maxWitness = 256

// witness keeps an item that changes what the whole rolls up to: the first that is
// well, and the first that failed of each kind.
func (a *response) witness(item parlance.Item) {
	failing := item.Outcome.Kind.Failing() || item.Outcome.Kind == parlance.KindPartial
	if failing {
		a.failed++
	}
	if a.out != nil {
		return // the head is out
	}
	for i := range a.witnesses {
		k := a.witnesses[i].Outcome.Kind
		switch {
		case k == item.Outcome.Kind,
			!failing && !k.Failing() && k != parlance.KindPartial:
			return // there is one like it
		}
	}
	if o := &item.Outcome; len(o.Detail) > maxWitness {
		o.Detail = strings.ToValidUTF8(o.Detail[:maxWitness], "") // it is written with each batch
	}
	a.witnesses = append(a.witnesses, item)
}

// outcome is what the whole comes to so far.
func (a *response) outcome() parlance.Outcome {
	o := a.concluded
	if o.Kind == 0 {
		o.Kind, o.Reason = parlance.RollUp(a.witnesses)
	}
	o.Items = a.witnesses
	return o
}

// conclude asks what the whole comes to, where that is not known by itself.
func (a *response) conclude() (err error) {
	if a.summary == nil || a.failed > 0 {
		return nil
	}
	enough := errors.New("enough")
	a.concluded = a.summary(func(yield func(parlance.Item) bool) {
		err = a.spool.all(func(h *handled) error {
			if !yield(h.item) {
				return enough
			}
			return nil
		})
	})
	if err == enough {
		err = nil
	}
	return err
}

// begin sends the head, and what was kept. It does neither where the dialect cannot
// tell of one record after the other.
func (a *response) begin() error {
	a.tried = true
	o := a.outcome()
	var message dialect.Encoded
	if a.grafts() {
		a.place = true
		if e := newGraftWriter(a.x, &o, a.graft, a.name); e != nil {
			a.out, message = e, e.message
		}
	} else {
		l, place := newListing(a.x, &o)
		a.place = place
		if l != nil {
			a.out, a.tail, message = l, l.tail, l.message
			a.text = append(a.text[:0], l.head...)
		}
	}
	if a.out == nil {
		return nil
	}
	a.x.Begin(message, o)
	err := a.spool.all(a.write)
	a.spool.close()
	return err
}

// write has a record told, by and by.
func (a *response) write(h *handled) error {
	if len(a.pending) == batchRecords || len(a.pending) > 0 && a.size+len(h.raw) > batchBytes {
		if err := a.put(); err != nil {
			return err
		}
	}
	kept := *h
	kept.before, kept.raw = a.keep(h.before), a.keep(h.raw)
	a.pending = append(a.pending, kept)
	a.size += len(h.raw)
	return nil
}

// keep copies bytes to where they are good until they are written.
func (a *response) keep(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	from := len(a.arena)
	a.arena = append(a.arena, b...)
	return a.arena[from:len(a.arena):len(a.arena)]
}

// put writes what is pending.
func (a *response) put() (err error) {
	if len(a.pending) == 0 && len(a.text) == 0 {
		return nil
	}
	if len(a.pending) > 0 {
		if a.text, err = a.out.append(a.text, a.pending, !a.began); err != nil {
			return err
		}
		a.began = true
	}
	clear(a.pending)
	a.pending, a.size, a.arena = a.pending[:0], 0, a.arena[:0]
	_, err = a.x.Write(a.text)
	a.text = a.text[:0]
	if err != nil {
		return errUnheard
	}
	return nil
}

// flush sends all that can be told.
func (a *response) flush() error {
	if a.out == nil || len(a.pending) == 0 && len(a.text) == 0 {
		return nil
	}
	if err := a.put(); err != nil {
		return err
	}
	_ = http.NewResponseController(a.x).Flush() // where it cannot be, it goes out at the end
	return nil
}

// end tells of the part that was not read, if there is one, and ends the response.
func (a *response) end(rest *parlance.Error) error {
	if rest != nil {
		h := handled{item: parlance.Item{Index: a.total, Outcome: rest.Outcome}}
		h.item.Outcome.Status = 0 // that of the whole is by all of them
		if a.grafts() {
			h.name, h.raw = a.name, []byte("<"+a.name+"/>")
		}
		if err := a.add(&h); err != nil {
			return err
		}
	}
	if err := a.conclude(); err != nil {
		return err
	}
	if s := a.concluded.Status; s == http.StatusNoContent || s == http.StatusResetContent {
		a.x.Render(a.concluded, dialect.Payload{}, nil) // that of all of them is enough
		return nil
	}
	if a.out == nil && a.total > 0 {
		if err := a.begin(); err != nil {
			return err
		}
	}
	if a.out == nil {
		return a.inOne()
	}
	if err := a.put(); err != nil {
		return err
	}
	if a.grafts() {
		a.tail = a.graft.end(rest != nil)
	}
	a.x.SetOutcome(a.outcome())
	if _, err := a.x.Write(a.tail); err != nil {
		return errUnheard
	}
	return nil
}

// inOne responds in one piece.
func (a *response) inOne() error {
	o := a.outcome()
	o.Items = nil
	switch {
	case a.place:
		o.Items = make([]parlance.Item, 0, a.total)
		err := a.spool.all(func(h *handled) error {
			o.Items = append(o.Items, h.item)
			return nil
		})
		if err != nil {
			return err
		}
	case o.Kind.Failing():
		// Nothing can be said of the others: the first failure stands for all.
		kind, reason := o.Kind, o.Reason
		o = a.witnesses[0].Outcome
		o.Kind, o.Reason = kind, reason
	}
	data := dialect.Payload{}
	if a.total == 0 && a.graft == nil && a.x.Dialect().HasEnvelope(a.x.Request(), &o) {
		data = dialect.Payload{ContentType: "application/json", Body: []byte("[]")} // where an envelope has a place for what became of them
	}
	a.x.Render(o, data, nil)
	return nil
}
