package spec

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Spec is one dialect file, compiled: its codes, its shapes, and all that is known
// of both before the first response. It is immutable.
type Spec struct {
	File        string
	Name, Title string
	Group       string // the word that APIs of one sort share, such as ai; "" for none
	Sources     []string
	PageDate    string // the day on which the sources were read, FromRecordings or FromMemory; "" if the file does not say
	ReadOnly    bool   // it describes how an API is read, and nothing is to be written by it
	Codes       codes
	Rows        []*Row   // the file's, and those of the dialect that it extends if it says nothing
	separate    bool     // the file says whether codes and statuses are one list
	Shapes      []*Shape // with a body, in the order of the file
	Extras      []*Shape // headers only: they read and are written beside a body
	Streams     []*Stream
	everyHeader []*Shape // extras, then those of http
	FormsListed bool     // the file says which forms can be asked for
	Forms       []Form   // in the order of preference
	media       []ownMedia
	Names       []string // what forms say of themselves, beside kinds
	Guarded     []GuardedShape
	Suspects    Suspects
	ByStatus    [LastStatus - FirstStatus + 1]*Plan
	Guide       [FormText + 1]*tree.Guide // of the bodies of a form
	Service     service
	Samples     []Sample
	Warnings    []parlance.Diagnostic
	Base        *Spec // of the dialect that it extends, at last http; nil for http itself
	chain       int   // how many files it extends, http not counted
	facts
}

// service describes the API apart from its responses.
type service struct {
	Idempotency string // the request header of an idempotency key
	Support     Support
	Auth        Auth
	Poll        Polling
	Limits      []limit
	Operations  []operation
}

// Compile compiles a file. base is what it extends if it does not say; find
// finds what it says. The error is a *FileError that holds every fault.
func Compile(file string, source []byte, base *Spec, find []Finder) (*Spec, error) {
	r := NewReporter(file)
	d := r.dialect(source, base, find)
	d.File = file
	d.link(r)
	if r.Failed() {
		return nil, &FileError{r.Sorted(), source, r.cause}
	}
	d.finish(r)
	if r.Failed() {
		return nil, &FileError{r.Sorted(), source, r.cause}
	}
	d.Warnings = r.Sorted()
	return d, nil
}

// Finder gives the file that another one extends.
type Finder func(name string) (*Spec, error)

//go:embed http.yaml
var httpSource []byte

// HTTPSource is the file of the dialect http. It says what a status means if no
// other file does, and how an API without a dialect is read.
func HTTPSource() []byte { return slices.Clone(httpSource) }

// HTTP is the dialect http, on which all others stand.
var HTTP = sync.OnceValue(func() *Spec {
	d, err := Compile("http.yaml", httpSource, nil, nil)
	if err != nil {
		panic(err) // the file is embedded: a test holds it right
	}
	return d
})

// overrides reports that the file itself has a row for the code of a row in the extended
// dialect.
func (d *Spec) overrides(w *Row) bool {
	if sp, numeric := w.Number(); numeric && w.Status == 0 {
		return d.Codes.ByStatus(sp.From, AnyForm, &wire.Request{}) != nil
	}
	return d.Codes.ByCode(w.First, AnyForm, &wire.Request{}) != nil
}

// finish derives the data that reading and writing need, and gives the warnings that need
// the whole file.
func (d *Spec) finish(r *Reporter) {
	d.inheritRows()
	d.names(r)
	d.prepare()
	for _, st := range d.Streams {
		st.Spec.Rows, st.Spec.Names = d.Rows, d.Names
		st.Spec.prepare()
		st.lookInto()
	}
	d.checkShadowed(r)
	d.checkReach(r)
	d.checkCodes(r)
}

// prepare derives what reading and writing need of the shapes.
func (d *Spec) prepare() {
	for _, s := range d.Shapes {
		if !slices.Contains(d.Forms, s.Form) {
			d.Forms = append(d.Forms, s.Form)
		}
		if s.Is != "" {
			s.Body.Guards(func(p *Pattern) { d.Guarded = append(d.Guarded, GuardedShape{s, s.Is, p}) })
		}
	}
	if d.Base != nil {
		d.everyHeader = slices.Concat(d.Extras, builtinExtras(d))
	}
	for _, s := range d.Shapes {
		if s.Sites == nil {
			d.failedForms(s)
			s.locate()
		}
		if s.Form == FormJSON {
			s.Roots = s.Body.roots()
		}
	}
	d.guides()
	d.marks()
	d.suspects()
	d.plans()
	d.deriveFacts()
	d.ownTypes()
}

// inheritRows completes the rows of the file, and appends those of the extended dialect
// that the file does not override.
func (d *Spec) inheritRows() {
	for _, w := range d.Codes.Rows {
		w.Line = fmt.Sprintf("%s:%d", w.file, w.Pos.Line)
		w.Why, w.shared = w.Explain(w.Key), w.many()
	}
	d.Rows = d.Codes.Rows
	if d.Base == nil || d.Base.Base == nil {
		return
	}
	for _, w := range d.Base.Rows {
		if !d.overrides(w) {
			d.Rows = append(d.Rows[:len(d.Rows):len(d.Rows)], w)
		}
	}
}

// names collects the names that forms give, here and in the extended dialect.
func (d *Spec) names(r *Reporter) {
	for _, n := range r.named {
		if _, isKind := parlance.ParseKind(n.name); !isKind && !slices.Contains(d.Names, n.name) {
			d.Names = append(d.Names, n.name)
		}
	}
	if d.Base != nil {
		d.Names = append(d.Names, d.Base.Names...)
	}
}

// HeaderShapes are those without a body: the file's own, then those of http,
// which give every dialect a place for the request id.
func (d *Spec) HeaderShapes() []*Shape {
	if d.Base == nil {
		return d.Extras
	}
	return d.everyHeader
}

// Named reports that a form gives the name.
func (d *Spec) Named(name string) bool { return slices.Contains(d.Names, name) }

// ByGuard reports that a row is met only by a text in the body: it says more than
// its kind.
func (d *Spec) ByGuard(r *Row) bool {
	return slices.ContainsFunc(d.Guarded, func(g GuardedShape) bool { return g.Is == r.First })
}

// InBodies reports that the tables list codes that stand in bodies.
func (d *Spec) InBodies() bool {
	return d.Codes.InBodies() || d.Base != nil && d.Base.Base != nil && d.Base.InBodies()
}
