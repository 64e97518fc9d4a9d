package bulk

import (
	"bytes"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/server/internal/core"
)

// echo writes records with their responses in them, as a dialect writes them into the
// caller's own document. What it adds to a record is the same whatever else is in
// that, so it is asked for with empty ones, and kept for the next that came to the
// same.
type echo struct {
	x       core.Exchange
	root    []byte           // start tag
	close   []byte           // end tag
	outcome parlance.Outcome // of the whole
	message dialect.Encoded  // the head's status and headers
	ids     bool             // what is added depends on the record's id

	known map[added][]byte
}

// added is all of a record that what is added to it depends on.
type added struct {
	name, id            string
	kind                parlance.Kind
	reason              parlance.Reason
	code, title, detail string
}

// maxKnown bounds how much is kept of what was added.
const maxKnown = 256

// between parts what is added to one record from what is to the next: it can stand
// in nothing that is.
const between = "<!--|-->"

// newEcho is how the dialect writes into the caller's document; nil where it does not
// after all. name is that of a record in it.
func newEcho(x core.Exchange, o *parlance.Outcome, g *graft, name string) *echo {
	e := &echo{x: x, root: g.xml.root, close: g.close, known: make(map[added][]byte)}
	o.Items = slices.Clone(o.Items)
	for i := range o.Items {
		o.Items[i].Index = i // in a document of their own
	}
	e.message = x.Encode(nil, o, dialect.Payload{}, e.document(name, len(o.Items)))
	e.outcome = *o
	one, other := o.Items[0], o.Items[0]
	one.ID, other.ID = "1", "2"
	both, err := e.encode(name, []parlance.Item{one, other})
	if err != nil {
		return nil
	}
	e.ids = !bytes.Equal(both[0], both[1])
	return e
}

// document is one like the caller's with so many empty records.
func (e *echo) document(name string, records int) []byte {
	d := bytes.Clone(e.root)
	for range records {
		d = append(append(append(append(d, '<'), name...), "/>"...), between...)
	}
	return append(d, e.close...)
}

// encode is what is added to each of these records, beside the witnesses.
func (e *echo) encode(name string, items []parlance.Item) ([][]byte, error) {
	o, request := e.outcome, e.x.Request()
	o.Items = append(slices.Clip(o.Items), items...)
	for i := range o.Items {
		o.Items[i].Index = i
	}
	request.Body = e.document(name, len(o.Items))
	body := e.x.Dialect().Encode(nil, request, &o, dialect.Payload{}).Body
	body, begins := bytes.CutPrefix(body, e.root)
	body, ends := bytes.CutSuffix(body, e.close)
	all := bytes.Split(body, []byte(between))
	if !begins || !ends || len(all) != len(o.Items)+1 {
		return nil, errNotListed
	}
	all = all[len(e.outcome.Items) : len(all)-1]
	for i := range all {
		all[i], begins = bytes.CutPrefix(all[i], []byte("<"+name+">"))
		all[i], ends = bytes.CutSuffix(all[i], []byte("</"+name+">"))
		if !begins || !ends {
			return nil, errNotListed
		}
	}
	return all, nil
}

// append writes records, with all that stood before them.
func (e *echo) append(dst []byte, records []handled, _ bool) ([]byte, error) {
	if err := e.learn(records); err != nil {
		return dst, err
	}
	for i := range records {
		r := &records[i]
		child := r.child
		if child == nil {
			child = e.known[e.key(r)]
		}
		dst = append(dst, r.before...)
		if tag, empty := bytes.CutSuffix(r.raw, []byte("/>")); empty {
			dst = append(append(append(dst, tag...), '>'), child...)
			dst = append(append(append(dst, "</"...), r.name...), '>')
			continue
		}
		end := bytes.LastIndexByte(r.raw, '<')
		dst = append(append(append(dst, r.raw[:end]...), child...), r.raw[end:]...)
	}
	return dst, nil
}

// learn asks for what is added to those of the records that are not known.
func (e *echo) learn(records []handled) error {
	if len(e.known) > maxKnown {
		clear(e.known)
	}
	for len(records) > 0 {
		// Those of one name go together, for a document may be read by what is in it.
		n := 1
		for n < len(records) && records[n].name == records[0].name {
			n++
		}
		var unknown []*handled
		var items []parlance.Item
		for i := range records[:n] {
			r := &records[i]
			if plain(&r.item.Outcome) {
				key := e.key(r)
				if _, known := e.known[key]; known {
					continue
				}
				e.known[key] = nil // by this record
			}
			unknown, items = append(unknown, r), append(items, r.item)
		}
		if len(unknown) > 0 {
			children, err := e.encode(records[0].name, items)
			if err != nil {
				return err
			}
			for i, r := range unknown {
				if r.child = children[i]; plain(&r.item.Outcome) {
					e.known[e.key(r)] = bytes.Clone(children[i])
				}
			}
		}
		records = records[n:]
	}
	return nil
}

func (e *echo) key(r *handled) added {
	o := &r.item.Outcome
	k := added{r.name, "", o.Kind, o.Reason, o.Code, o.Title, o.Detail}
	if e.ids {
		k.id = r.item.ID
	}
	return k
}
