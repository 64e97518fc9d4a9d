package dialect

import (
	"cmp"
	"hash/maphash"
	"strings"
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
	phrase     string
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
	dressKey
	shape   *shape
	header  []Pair   // its content type
	tries   int      // how often more a program is looked for
	program *program // nil where none was found
}

type dressKey struct {
	present   set
	lacking   set // what some of the fields do not have
	retryable parlance.Advice
	accept    string
}

const (
	maxChoices = 256 // of one dialect
	maxDresses = 8   // of one choice
	maxTries   = 4   // whose texts went another way, before a program is given up
)

type dresses [maxDresses]atomic.Pointer[dress]

// choices keeps what was chosen, each at the place that its key hashes to. A
// later one takes the place of an earlier one, so that nothing grows.
type choices struct {
	seed maphash.Seed
	kept [maxChoices]atomic.Pointer[choice]
}

func (c *choices) mixed(h uint64, text string) uint64 {
	if text == "" {
		return h
	}
	return h*31 ^ maphash.String(c.seed, text)
}

// keep is the key in memory of its own.
func (k choiceKey) keep() choiceKey {
	k.reason, k.code = parlance.Reason(strings.Clone(string(k.reason))), strings.Clone(k.code)
	k.family, k.method, k.path = strings.Clone(k.family), strings.Clone(k.method), strings.Clone(k.path)
	return k
}

func (c *choice) at(k *dressKey) *atomic.Pointer[dress] {
	return &c.dresses[((uint64(k.present)^uint64(k.lacking)>>8)*0x9E3779B97F4A7C15>>32^uint64(len(k.accept)))%maxDresses]
}

// program is that of the dress for an Outcome, nil where there is none.
func (c *choice) program(d *Spec, req *Request, o *parlance.Outcome) *program {
	if c.telling {
		return nil
	}
	present, lacking := attributes(o, c.row, c.code, c.key.payload)
	var k dressKey
	if !k.set(d, req, o, present, lacking) {
		return nil
	}
	if l := c.at(&k).Load(); l != nil && l.dressKey == k {
		return l.program
	}
	return nil
}

// unroll keeps the program of a dress, if one was found.
func (c *choice) unroll(l *dress, p *program) {
	next := *l
	next.tries--
	if next.program = p; p != nil {
		next.tries = 0
	}
	c.at(&l.dressKey).Store(&next)
}

// place makes the key of the choice for an Outcome, and finds the place where
// it is kept: nil for one with records, and for texts that are too long.
func (c *choices) place(d *Spec, key *choiceKey, req *Request, o *parlance.Outcome, payload bool) *atomic.Pointer[choice] {
	*key = choiceKey{kind: o.Kind, payload: payload, fields: len(o.Fields) > 0, status: o.Status, reason: o.Reason, code: o.Code, family: o.Family, method: req.Method}
	if len(d.asked) > 0 {
		key.conditions = d.conditions(req)
	}
	if d.pathed {
		key.path = req.Path
	}
	if len(o.Items) > 0 || len(d.asked) > 64 || len(key.reason) > maxKey || len(key.code) > maxKey || len(key.family) > maxKey || len(key.method) > maxKey || len(key.path) > maxKey {
		return nil
	}
	h := (uint64(key.kind)<<10 ^ uint64(key.status) ^ key.conditions<<20) * 0x9E3779B97F4A7C15
	h = c.mixed(h, string(key.reason))
	h = c.mixed(h, cmp.Or(key.code, key.family)) // a code is of one family
	h = c.mixed(h, key.path)
	h ^= uint64(len(key.method)) << 40
	return &c.kept[(h^h>>32)%maxChoices]
}

// set makes the key of the dress for an Outcome. It reports false where none
// is kept.
func (key *dressKey) set(d *Spec, req *Request, o *parlance.Outcome, present, lacking set) bool {
	*key = dressKey{present: present, lacking: lacking, retryable: o.Retryable}
	if len(d.forms) > 1 {
		// Several fields are kept by nobody.
		switch all := values(req.Header, "Accept"); {
		case len(all) > 1 || len(all) == 1 && len(all[0]) > maxKey:
			return false
		case len(all) == 1:
			key.accept = all[0]
		}
	}
	return len(o.Items) == 0 && !(d.trees && len(o.Fields) > 0) && !(d.grafts && len(req.Body) > 0)
}
