package replay

import (
	"cmp"
	"hash/maphash"
	"strings"
	"sync/atomic"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Choice is what follows from the meaning of an Outcome alone: the row that it
// is written by, the status, the code, and what these read back as. Making it
// costs more than writing a body, and most responses of an API are of a few
// kinds, so each dialect keeps those that it made last.
type Choice struct {
	Key        ChoiceKey
	Row        *spec.Row
	Status     int
	StatusText string
	Phrase     string
	Code       string
	Lent       bool            // the Outcome has no such code: the dialect needs one
	Lost       []parlance.Loss // of the code
	Back       *spec.Row       // what the status reads as
	CanMisread bool            // texts may have to be dropped
	kept       renderings
}

// ChoiceKey is all that a choice depends on.
type ChoiceKey struct {
	kind       parlance.Kind
	payload    bool
	fields     bool
	status     int
	conditions uint64 // which request headers hold that rows ask for
	reason     parlance.Reason
	Code       string
	family     string
	method     string
	path       string // "" where nothing in the file depends on it
}

// Rendering is the shape that a choice is written in, for a set of attributes and
// what the caller accepts.
type Rendering struct {
	RenderingKey
	Shape   *spec.Shape
	Header  []wire.HeaderField // its content type
	Tries   int                // how often more a replay is looked for
	program *Replay            // nil where none was found
}

type RenderingKey struct {
	present   spec.Set
	lacking   spec.Set // what some of the fields do not have
	retryable parlance.Advice
	Accept    string
}

const (
	maxSlots      = 128 // of one dialect
	maxRenderings = 8   // of one choice
	MaxTries      = 4   // whose texts went another way, before a replay is given up
)

type renderings [maxRenderings]atomic.Pointer[Rendering]

// Memory keeps what was chosen, each in the slot that its key hashes to.
type Memory struct {
	Seed maphash.Seed
	kept [maxSlots]Slot
}

// Slot keeps the two choices that were made last, of those whose keys hash to it. So
// nothing grows.
type Slot [2]atomic.Pointer[Choice]

// Find is the choice of a key, nil if it is not kept.
func (s *Slot) Find(key *ChoiceKey) *Choice {
	for i := range s {
		if c := s[i].Load(); c != nil && c.Key == *key {
			return c
		}
	}
	return nil
}

// Keep puts a choice before the one that was made last.
func (s *Slot) Keep(c *Choice) {
	s[1].Store(s[0].Load())
	s[0].Store(c)
}

func (c *Memory) mixed(h uint64, text string) uint64 {
	if text == "" {
		return h
	}
	return h*31 ^ maphash.String(c.Seed, text)
}

// Keep is the key in memory of its own.
func (k ChoiceKey) Keep() ChoiceKey {
	k.reason, k.Code = parlance.Reason(strings.Clone(string(k.reason))), strings.Clone(k.Code)
	k.family, k.method, k.path = strings.Clone(k.family), strings.Clone(k.method), strings.Clone(k.path)
	return k
}

// At is the place of a rendering.
func (c *Choice) At(k *RenderingKey) *atomic.Pointer[Rendering] {
	h := uint64(k.present) ^ uint64(k.lacking)>>8
	h = (h ^ h>>31) * 0x9E3779B97F4A7C15 // the attributes of Fields are the highest bits
	return &c.kept[(h>>61^uint64(len(k.Accept)))%maxRenderings]
}

// Replay is that of the rendering for an Outcome, nil if there is none.
func (c *Choice) Replay(d *spec.Spec, req *wire.Request, o *parlance.Outcome) *Replay {
	if c.CanMisread {
		return nil
	}
	present, lacking := spec.Attributes(o, c.Row, c.Code, c.Key.payload)
	var k RenderingKey
	if !k.Set(d, req, o, present, lacking) {
		return nil
	}
	if l := c.At(&k).Load(); l != nil && l.RenderingKey == k {
		return l.program
	}
	return nil
}

// Unroll keeps the replay of a rendering, if one was found.
func (c *Choice) Unroll(l *Rendering, p *Replay) {
	next := *l
	next.Tries--
	if next.program = p; p != nil {
		next.Tries = 0
	}
	c.At(&l.RenderingKey).Store(&next)
}

// Place makes the key of the choice for an Outcome, and finds its slot: nil for one with
// records, and for texts that are too long.
func (c *Memory) Place(d *spec.Spec, key *ChoiceKey, req *wire.Request, o *parlance.Outcome, payload bool) *Slot {
	*key = ChoiceKey{kind: o.Kind, payload: payload, fields: len(o.Fields) > 0, status: o.Status, reason: o.Reason, Code: o.Code, family: o.Family, method: req.Method}
	if len(d.Asked) > 0 {
		key.conditions = d.Conditions(req)
	}
	if d.ByPath {
		key.path = req.Path
	}
	if len(o.Items) > 0 || len(d.Asked) > 64 || len(key.reason) > spec.MaxKey || len(key.Code) > spec.MaxKey || len(key.family) > spec.MaxKey || len(key.method) > spec.MaxKey || len(key.path) > spec.MaxKey {
		return nil
	}
	has := uint64(spec.Btoi(key.payload)<<1 | spec.Btoi(key.fields))
	h := (uint64(key.kind)<<10 ^ uint64(key.status) ^ has<<18 ^ key.conditions<<20) * 0x9E3779B97F4A7C15
	h = c.mixed(h, string(key.reason))
	h = c.mixed(h, cmp.Or(key.Code, key.family)) // a code is of one family
	h = c.mixed(h, key.path)
	if m := key.method; m != "" {
		h = h*31 ^ uint64(m[0])<<8 ^ uint64(len(m)) // no two methods of HTTP have both
	}
	return &c.kept[(h^h>>32)%maxSlots]
}

// Set makes the key of the rendering for an Outcome. It reports false if none
// is kept.
func (key *RenderingKey) Set(d *spec.Spec, req *wire.Request, o *parlance.Outcome, present, lacking spec.Set) bool {
	*key = RenderingKey{present: present, lacking: lacking, retryable: o.Retryable}
	if len(d.Forms) > 1 {
		// Several fields are kept by nobody.
		switch all := wire.Values(req.Header, "Accept"); {
		case len(all) > 1 || len(all) == 1 && len(all[0]) > spec.MaxKey:
			return false
		case len(all) == 1:
			key.Accept = all[0]
		}
	}
	return len(o.Items) == 0 && !(d.Trees && len(o.Fields) > 0) && !(d.Grafts && len(req.Body) > 0)
}
