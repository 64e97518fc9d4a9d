package spec

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// facts are the parts of a request on which reading and writing depend.
type facts struct {
	Asked         []headerCondition // what rows ask of the header of a request
	Conditional   bool              // a row here or below asks for something of the request
	ByForm        bool              // a row here or below asks for what the form says
	PathGlobs     []string          // of paths that rows, shapes and operations ask for
	ByPath        bool              // something depends on the path of a request
	Trees         bool              // which shape is written depends on the paths of fields
	OwnRetryAfter bool              // a shape reads Retry-After in a notation of its own
	Grafts        bool              // a shape is written into the caller's own document
}

// deriveFacts finds the parts of a request on which writing depends.
func (d *Spec) deriveFacts() {
	d.PathGlobs = d.globs()
	for b := d; b != nil; b = b.Base {
		d.ByForm = d.ByForm || b.Codes.ByForm
		for _, w := range b.Codes.Rows {
			d.addRow(w)
		}
	}
	for _, s := range slices.Concat(d.Shapes, d.HeaderShapes()) {
		d.addShape(s)
	}
}

func (f *facts) addRow(w *Row) {
	f.Conditional = f.Conditional || len(w.Methods)+len(w.Paths)+len(w.Headers) > 0 || w.Of != nil
	f.ByPath = f.ByPath || len(w.Paths) > 0 || w.Of != nil && len(w.Of.Paths) > 0
	for _, h := range w.Headers {
		if !slices.Contains(f.Asked, h) {
			f.Asked = append(f.Asked, h)
		}
	}
}

func (f *facts) addShape(s *Shape) {
	f.ByPath = f.ByPath || len(s.Paths) > 0 || len(s.WriteFor) > 0
	f.Grafts = f.Grafts || s.Graft
	f.OwnRetryAfter = f.OwnRetryAfter || slices.ContainsFunc(s.Headers, func(h HeaderHole) bool {
		return h.Name == "Retry-After" && h.Value != nil && h.Value.Reads.Has(Whole, AttrRetryAfter)
	})
	f.Trees = f.Trees || slices.ContainsFunc(s.Sites, func(s Site) bool { return s.Owner == Field && (s.Tree || s.Indexed) })
}

// globs are those of paths that rows, shapes and operations ask for, each once.
func (d *Spec) globs() (all []string) {
	add := func(globs []string) {
		for _, g := range globs {
			if !slices.Contains(all, g) {
				all = append(all, g)
			}
		}
	}
	for _, s := range slices.Concat(d.Shapes, d.HeaderShapes()) {
		add(s.Paths)
		add(s.WriteFor)
	}
	for b := d; b != nil; b = b.Base {
		for _, w := range b.Codes.Rows {
			add(w.Paths)
		}
		for i := range b.Service.Operations {
			add(b.Service.Operations[i].Paths)
		}
	}
	return all
}

// ownMedia is a media type whose form only this dialect knows.
type ownMedia struct {
	media string
	form  Form
}

// ownTypes are the media types whose form only this dialect knows.
func (d *Spec) ownTypes() {
	for _, s := range slices.Concat(d.Shapes, d.HeaderShapes()) {
		if media, _, _ := strings.Cut(s.Media, ";"); s.Body != nil && !strings.HasPrefix(media, "text/") {
			d.media = append(d.media, ownMedia{strings.ToLower(strings.TrimSpace(media)), s.Form})
		}
	}
}

// Conditions are the headers of requests that rows ask for.
func (d *Spec) Conditions(req *wire.Request) (set uint64) {
	for i := range d.Asked {
		if d.Asked[i].holds(req) {
			set |= 1 << (i & 63)
		}
	}
	return set
}

// Declares reports that a shape of the form has the type for its own, such as
// application/x-amz-json-1.0.
func (d *Spec) Declares(media string, f Form) bool {
	for _, own := range d.media {
		if own.form == f && own.media == media {
			return true
		}
	}
	return false
}
