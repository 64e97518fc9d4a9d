package bulk

import (
	"bytes"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/server/internal/core"
)

// graftWriter writes the records of the caller's own document, each with its response
// inside. What the dialect adds to a record depends on the outcome of the record alone. So
// it is found with empty records, and kept for other records of the same outcome.
type graftWriter struct {
	x       core.Exchange
	root    []byte           // start tag
	close   []byte           // end tag
	outcome parlance.Outcome // of the whole
	message dialect.Encoded  // its status and header
	ids     bool             // what is added depends on the record's id

	known map[added][]byte
}

// added is the key of what is added to a record: all that this depends on.
type added struct {
	name, id            string
	kind                parlance.Kind
	reason              parlance.Reason
	code, title, detail string
}

// maxKnown is the most added texts that are kept.
const maxKnown = 256

// between separates the empty records. A dialect cannot add this text itself.
const between = "<!--|-->"

// newGraftWriter makes the writer for a document whose records have this name. It returns
// nil if the dialect does not write into the document.
func newGraftWriter(x core.Exchange, o *parlance.Outcome, g *graft, name string) *graftWriter {
	w := &graftWriter{x: x, root: g.xml.root, close: g.close, known: make(map[added][]byte)}
	o.Items = slices.Clone(o.Items)
	for i := range o.Items {
		o.Items[i].Index = i // in a document of their own
	}
	w.message = x.Encode(nil, o, dialect.Payload{}, w.document(name, len(o.Items)))
	w.outcome = *o
	one, other := o.Items[0], o.Items[0]
	one.ID, other.ID = "1", "2"
	both, err := w.encode(name, []parlance.Item{one, other})
	if err != nil {
		return nil
	}
	w.ids = !bytes.Equal(both[0], both[1])
	return w
}

// document is a document like the caller's, with empty records.
func (w *graftWriter) document(name string, records int) []byte {
	d := bytes.Clone(w.root)
	for range records {
		d = append(append(append(append(d, '<'), name...), "/>"...), between...)
	}
	return append(d, w.close...)
}

// encode is what the dialect adds to each of these records.
func (w *graftWriter) encode(name string, items []parlance.Item) ([][]byte, error) {
	o, request := w.outcome, w.x.Request()
	o.Items = append(slices.Clip(o.Items), items...)
	for i := range o.Items {
		o.Items[i].Index = i
	}
	request.Body = w.document(name, len(o.Items))
	body := w.x.Dialect().Encode(nil, request, &o, dialect.Payload{}).Body
	body, begins := bytes.CutPrefix(body, w.root)
	body, ends := bytes.CutSuffix(body, w.close)
	all := bytes.Split(body, []byte(between))
	if !begins || !ends || len(all) != len(o.Items)+1 {
		return nil, errNotListed
	}
	all = all[len(w.outcome.Items) : len(all)-1]
	for i := range all {
		all[i], begins = bytes.CutPrefix(all[i], []byte("<"+name+">"))
		all[i], ends = bytes.CutSuffix(all[i], []byte("</"+name+">"))
		if !begins || !ends {
			return nil, errNotListed
		}
	}
	return all, nil
}

// append writes records, each with the text before it.
func (w *graftWriter) append(dst []byte, records []handled, _ bool) ([]byte, error) {
	if err := w.learn(records); err != nil {
		return dst, err
	}
	for i := range records {
		r := &records[i]
		child := r.child
		if child == nil {
			child = w.known[w.key(r)]
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

// learn finds what is added to records whose outcome is new.
func (w *graftWriter) learn(records []handled) error {
	if len(w.known) > maxKnown {
		clear(w.known)
	}
	for len(records) > 0 {
		// A dialect may tell documents apart by the name of their records.
		n := 1
		for n < len(records) && records[n].name == records[0].name {
			n++
		}
		var unknown []*handled
		var items []parlance.Item
		for i := range records[:n] {
			r := &records[i]
			if plain(&r.item.Outcome) {
				key := w.key(r)
				if _, known := w.known[key]; known {
					continue
				}
				w.known[key] = nil // by this record
			}
			unknown, items = append(unknown, r), append(items, r.item)
		}
		if len(unknown) > 0 {
			children, err := w.encode(records[0].name, items)
			if err != nil {
				return err
			}
			for i, r := range unknown {
				if r.child = children[i]; plain(&r.item.Outcome) {
					w.known[w.key(r)] = bytes.Clone(children[i])
				}
			}
		}
		records = records[n:]
	}
	return nil
}

func (w *graftWriter) key(r *handled) added {
	o := &r.item.Outcome
	k := added{r.name, "", o.Kind, o.Reason, o.Code, o.Title, o.Detail}
	if w.ids {
		k.id = r.item.ID
	}
	return k
}
