package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/keyfile"
	yaml "go.yaml.in/yaml/v4"
)

// MaxExtends is the most dialect files in a chain in which each extends the next
// one. Real chains have two or three.
const MaxExtends = 16

// extends takes another dialect as what holds where this file says nothing.
func (r *Reporter) extends(d *Spec, n *yaml.Node, find []Finder) {
	name, ok := r.Text(n, "extends")
	if !ok {
		return
	}
	err := errors.New("no other dialects are available here")
	for _, f := range find {
		var other *Spec
		if other, err = f(name); err != nil {
			continue
		}
		if d.chain = other.chain + 1; d.chain >= MaxExtends {
			r.unextendable(At(n), name, fmt.Errorf("%w: more than %d in a chain", ErrCircle, MaxExtends))
			return
		}
		d.Base = other
		d.Codes.Merged = other.Codes.Merged
		return
	}
	r.unextendable(At(n), name, err)
}

// ErrCircle is the error, for errors.Is, if dialect files extend each other in a circle
// or in a longer chain than MaxExtends.
var ErrCircle = errors.New("dialect files extend each other without end")

// unextendable says why a dialect cannot be extended. It shows nothing of a file with
// faults but its name and places: the file may be no dialect, and not be meant for
// the author of this one.
func (r *Reporter) unextendable(pos Position, name string, err error) {
	var faulty *FileError
	switch {
	case errors.Is(err, ErrCircle):
		for errors.As(err, &faulty) {
			err = faulty.cause
		}
		r.cause = err
		r.Fault(pos, "unknown_dialect", "end the chain: one of these files must extend none of the others", "the dialect %q cannot be extended: %s", name, firstLine(err))
	case errors.As(err, &faulty):
		r.Fault(pos, "unknown_dialect", "correct that file first", "the dialect %q cannot be extended, because its file has faults%s", name, Ours(faulty.first()))
	default:
		r.Fault(pos, "unknown_dialect", "use a dialect that `parlance dialects` lists, or a file beside this one", "the dialect %q cannot be extended: %s", name, firstLine(err))
	}
}

// first is where the first fault stands.
func (e *FileError) first() string {
	for _, d := range e.Diagnostics {
		if d.Severity == parlance.SeverityError {
			return fmt.Sprintf(", the first in line %d of %s [%s]", d.Line, d.File, d.Rule)
		}
	}
	return ""
}

// firstLine is the beginning of an error, which may quote a long path.
func firstLine(err error) Ours {
	s, _, _ := strings.Cut(err.Error(), "\n")
	return Ours(keyfile.Cut(s, keyfile.MaxListed))
}

// inherit takes over the shapes of the dialect that is extended, behind the
// file's own; one of the same name is replaced. What else the file does not say
// is taken over too.
func (d *Spec) inherit(http *Spec) {
	if d.Base == nil || d.Base == http {
		return
	}
	own := map[string]bool{}
	for _, s := range slices.Concat(d.Shapes, d.Extras) {
		own[s.Name] = true
	}
	for _, s := range d.Base.Shapes {
		if !own[s.Name] {
			d.Shapes = append(d.Shapes, s.inherited())
		}
	}
	for _, s := range d.Base.Extras {
		if !own[s.Name] {
			d.Extras = append(d.Extras, s.inherited())
		}
	}
	if !d.FormsListed {
		d.Forms, d.FormsListed = slices.Clip(d.Base.Forms), d.Base.FormsListed // others extend it too
	}
	d.Service.Idempotency, d.Service.Support, d.Service.Auth, d.Service.Poll, d.Service.Limits = d.Base.Service.Idempotency, d.Base.Service.Support, d.Base.Service.Auth, d.Base.Service.Poll, slices.Clip(d.Base.Service.Limits)
}

// inherited is a copy of a shape for a dialect that extends its own. Members have
// numbers in the guide of the dialect that they serve, so two dialects share no
// template.
func (s *Shape) inherited() *Shape {
	own := *s
	own.Inherited = true
	if s.Body != nil {
		c := copier{templates: map[*Template]*Template{}, instances: map[*Instance]*Instance{}}
		own.Body = c.template(s.Body)
	}
	return &own
}

// copier copies the templates of one shape. A template that stands in two places
// stays one.
type copier struct {
	templates map[*Template]*Template
	instances map[*Instance]*Instance
}

func (c *copier) template(t *Template) *Template {
	if t == nil {
		return nil
	}
	if known := c.templates[t]; known != nil {
		return known
	}
	own := new(Template)
	c.templates[t] = own
	*own = *t
	own.Guided, own.Named, own.Needed = false, nil, 0 // the guide says them anew
	own.Members = slices.Clone(t.Members)
	for i := range own.Members {
		own.Members[i] = c.member(&t.Members[i])
	}
	if t.Rest != nil {
		rest := c.member(t.Rest)
		own.Rest = &rest
	}
	own.Elems = slices.Clone(t.Elems)
	for i, e := range t.Elems {
		own.Elems[i] = c.template(e)
	}
	own.Entries, own.Def = c.template(t.Entries), c.instance(t.Def)
	return own
}

func (c *copier) member(m *Member) Member {
	own := *m
	own.Slots, own.Simple = nil, false
	own.Value = c.template(m.Value)
	return own
}

func (c *copier) instance(in *Instance) *Instance {
	if in == nil {
		return nil
	}
	if known := c.instances[in]; known != nil {
		return known
	}
	own := new(Instance)
	c.instances[in] = own
	*own = *in
	own.Body = c.template(in.Body)
	own.refs = slices.Clone(in.refs)
	for i, ref := range in.refs {
		own.refs[i] = c.instance(ref)
	}
	return own
}
