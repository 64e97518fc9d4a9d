package authoring

import (
	"fmt"
	"slices"

	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/internal/keyfile"
)

// Departure is a place of a body, and the place of the file that is about it.
type Departure struct {
	Offset  int    // of the body, in bytes from 0
	Member  string // as a JSON pointer (RFC 6901), also for XML; "" for the whole body
	Message string // what is wrong there, "" for nothing
	Place   Place  // of the dialect file
}

// departure is the first node that does not fit a template.
type departure struct {
	fits int // how many members before it do
	node uint32
	by   *spec.Template
	why  string
}

func (d *departure) shown(w *tracer) *Departure {
	if d == nil {
		return nil
	}
	at := w.at(d.node, d.by)
	at.Message = d.why
	return &at
}

// maxDepartures bounds how deep the search for a place goes.
const maxDepartures = 32

// departs finds where a document of JSON departs from a template; nil if it fits.
func (w *tracer) departs(t *spec.Template, n uint32) *departure { return w.departsAt(t, n, 0) }

func (w *tracer) departsAt(t *spec.Template, n uint32, depth int) *departure {
	if t.WriteOnly || depth > maxDepartures || !w.isStrange(t, n, depth) {
		return nil
	}
	t = t.Resolve()
	node := &w.m.Tree.Nodes[n]
	here := &departure{node: n, by: t, why: "expected " + expected(t) + ", found " + kindWord(node.Kind)}
	switch {
	case t.Op == spec.OpConst:
		here.why = "expected " + keyfile.Short(t.Text) + ", found another value"
	case t.Op == spec.OpEither:
		for _, e := range t.Elems {
			if d := w.departsAt(e, n, depth+1); d != nil && (d.fits > here.fits || d.node > here.node) {
				here = d
			}
		}
	case t.Op == spec.OpObject && node.Kind == tree.Object:
		return w.memberDeparts(t, n, depth)
	case t.Op == spec.OpList && node.Kind == tree.List:
		if d := w.elementDeparts(t, n, depth); d != nil {
			return d
		}
	}
	return here
}

// elementDeparts finds where the first element departs that fits none of the templates.
func (w *tracer) elementDeparts(t *spec.Template, n uint32, depth int) *departure {
	for c := range w.m.Tree.Children(n) {
		if len(t.Elems) == 0 || slices.ContainsFunc(t.Elems, func(e *spec.Template) bool { return !w.isStrange(e, c, depth+1) }) {
			continue
		}
		if d := w.departsAt(t.Elems[0], c, depth+1); d != nil {
			return d
		}
	}
	return nil
}

// strange reports that a node fits a template only because members of another form are
// optional, or because the rest of a list fits.
func (w *tracer) strange(t *spec.Template, n uint32, depth int) bool {
	t = t.Resolve()
	switch {
	case depth > maxDepartures:
		return false
	case t.Op == spec.OpObject && w.m.Tree.Nodes[n].Kind == tree.Object:
		for i := range t.Members {
			member := &t.Members[i]
			if c, found := w.child(member, n); found && w.m.Filled(member, c) && w.isStrange(member.Value, c, depth+1) {
				return true
			}
		}
	case t.Op == spec.OpList && w.m.Tree.Nodes[n].Kind == tree.List:
		for c := range w.m.Tree.Children(n) {
			if !slices.ContainsFunc(t.Elems, func(e *spec.Template) bool { return !w.isStrange(e, c, depth+1) }) {
				return true
			}
		}
	}
	return false
}

func (w *tracer) isStrange(t *spec.Template, n uint32, depth int) bool {
	return !t.WriteOnly && (!w.follower.fits(t, n) || w.strange(t, n, depth))
}

// memberDeparts finds the member of an object that departs from its template, or is
// missing.
func (w *tracer) memberDeparts(t *spec.Template, n uint32, depth int) *departure {
	var missing *departure
	fits := 0
	for i := range t.Members {
		member := &t.Members[i]
		c, found := w.child(member, n)
		switch {
		case found && (w.m.Filled(member, c) || member.Must):
			if d := w.departsAt(member.Value, c, depth+1); d != nil {
				d.fits += fits + 1
				return d
			}
			if member.Must && tree.Empty(&w.m.Tree, c) {
				return &departure{fits, c, member.Value, fmt.Sprintf("%q is empty", member.Names[0])}
			}
			fits++
		case !found && missing == nil && (member.Must || !member.Optional && member.Value.Resolve().Op == spec.OpObject):
			missing = &departure{0, n, member.Value, fmt.Sprintf("%q is missing", member.Names[0])}
		}
	}
	if missing != nil {
		missing.fits = fits
		return missing
	}
	return &departure{fits, n, t, "the object has other members"}
}

func (w *tracer) child(member *spec.Member, n uint32) (at uint32, found bool) {
	of := read.Selection{Named: member}
	for c := range w.m.Tree.Children(n) {
		if w.m.Takes(&of, c) {
			at, found = c, true
		}
	}
	return at, found
}

// expected is the value that a template is about, in words.
func expected(t *spec.Template) string {
	switch t.Op {
	case spec.OpObject:
		return "an object"
	case spec.OpList:
		return "a list"
	case spec.OpAbsent:
		return "nothing"
	}
	return "another form"
}

// kindWord is a value of JSON in words.
func kindWord(k tree.Kind) string {
	switch k {
	case tree.Null:
		return "null"
	case tree.False, tree.True:
		return "true or false"
	case tree.Number:
		return "a number"
	case tree.Text:
		return "a text"
	case tree.List:
		return "a list"
	}
	return "an object"
}
