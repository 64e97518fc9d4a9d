package dialect

import (
	"hash/maphash"
	"strconv"
	"sync/atomic"

	"github.com/parlance-api/parlance"
)

// choice is what follows from the meaning of an Outcome alone: the row that it
// is written by, the status, the code, and what these read back as. Making it
// costs more than writing a body, and most answers of an API are of a few
// kinds, so each dialect keeps those that it made last.
type choice struct {
	key        choiceKey
	row        *row
	status     int
	statusText string
	code       string
	lost       []parlance.Loss // of the code
	back       *row            // what the status reads as
	telling    bool            // texts may have to be dropped
	dresses    dresses
}

// choiceKey is all that a choice depends on.
type choiceKey struct {
	kind       parlance.Kind
	payload    bool
	fields     bool
	status     int
	conditions uint64 // which request headers hold that rows ask for
	reason     parlance.Reason
	code       string
	family     string
	method     string
	path       string // "" where nothing in the file depends on it
}

// dress is the shape that a choice is written in, for a set of attributes and
// what the caller accepts.
type dress struct {
	present set
	lacking set // what some of the fields do not have
	accept  string
	shape   *shape
	header  []Pair // its content type
}

const (
	maxChoices = 256 // of one dialect
	maxDresses = 8   // of one choice
	maxKey     = 128 // bytes of a text in a key: longer ones are not kept
)

type dresses [maxDresses]atomic.Pointer[dress]

// choices keeps what was chosen, each at the place that its key hashes to. A
// later one takes the place of an earlier one, so that nothing grows.
type choices struct {
	seed maphash.Seed
	kept [maxChoices]atomic.Pointer[choice]
}

// conditions are the headers of requests that rows ask for.
func (d *Dialect) conditions(req *Request) (set uint64) {
	for i := range d.asked {
		if d.asked[i].holds(req) {
			set |= 1 << (i & 63)
		}
	}
	return set
}

// choose finds or makes the choice for an Outcome without records.
func (d *Dialect) choose(w *writer) *choice {
	o := w.o
	key := choiceKey{kind: o.Kind, payload: len(w.data.Body) > 0, fields: len(o.Fields) > 0, status: o.Status, conditions: d.conditions(w.req), reason: o.Reason, code: o.Code, family: o.Family, method: w.req.Method}
	if d.pathed {
		key.path = w.req.Path
	}
	if len(o.Items) > 0 || len(d.asked) > 64 || len(key.reason) > maxKey || len(key.code) > maxKey || len(key.family) > maxKey || len(key.method) > maxKey || len(key.path) > maxKey {
		return d.newChoice(w, key)
	}
	h := (uint64(key.kind)<<10 ^ uint64(key.status) ^ key.conditions<<20) * 0x9E3779B97F4A7C15
	for _, text := range [...]string{string(key.reason), key.code, key.family, key.path} {
		if text != "" {
			h = h*31 ^ maphash.String(d.kept.seed, text)
		}
	}
	h ^= uint64(len(key.method)) << 40
	at := &d.kept.kept[(h^h>>32)%maxChoices]
	if c := at.Load(); c != nil && c.key == key {
		return c
	}
	key.reason, key.code = parlance.Reason(string(append([]byte(nil), key.reason...))), string(append([]byte(nil), key.code...))
	key.family = string(append([]byte(nil), key.family...))
	key.method, key.path = string(append([]byte(nil), key.method...)), string(append([]byte(nil), key.path...))
	c := d.newChoice(w, key)
	at.Store(c)
	return c
}

func (d *Dialect) newChoice(w *writer, key choiceKey) *choice {
	c := &choice{key: key, telling: len(d.telling) > 0}
	w.row, w.status = d.writable(w.o, w.req)
	w.code = w.chooseCode()
	if w.code == key.code {
		w.code = key.code // in memory of its own
	}
	c.row, c.status, c.code, c.lost = w.row, w.status, w.code, w.losses
	c.statusText = strconv.Itoa(c.status)
	c.back = d.statusRow(c.status, w.req)
	return c
}

// dress finds or makes the shape for the attributes that are set.
func (c *choice) dress(w *writer) (*shape, []Pair) {
	accept := ""
	if len(w.d.forms) > 1 {
		accept = firstValue(w.req.Header, "Accept")
	}
	kept := len(accept) <= maxKey && len(w.o.Items) == 0 && !(w.d.trees && len(w.o.Fields) > 0) && !(w.d.grafts && len(w.req.Body) > 0) && !w.negotiates()
	at := &c.dresses[((uint64(w.present)^uint64(w.lacking)>>8)*0x9E3779B97F4A7C15>>32^uint64(len(accept)))%maxDresses]
	if kept {
		if l := at.Load(); l != nil && l.present == w.present && l.lacking == w.lacking && l.accept == accept {
			return l.shape, l.header
		}
	}
	l := &dress{present: w.present, lacking: w.lacking, accept: string(append([]byte(nil), accept...)), shape: w.chooseShape()}
	if l.shape != nil {
		l.header = []Pair{{"Content-Type", l.shape.media}}
	}
	if kept {
		at.Store(l)
	}
	return l.shape, l.header
}

// negotiates reports that the request has several Accept fields, which are kept
// by nobody.
func (w *writer) negotiates() bool {
	return len(w.d.forms) > 1 && len(values(w.req.Header, "Accept")) > 1
}

func firstValue(h Header, name string) string {
	if v := values(h, name); len(v) > 0 {
		return v[0]
	}
	return ""
}
