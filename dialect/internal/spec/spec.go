package spec

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	yaml "go.yaml.in/yaml/v4"
)

// Spec is one dialect file, compiled: its codes, its shapes, and all that is known
// of both before the first response. It is immutable.
type Spec struct {
	File        string
	source      []byte
	Name, Title string
	Sources     []string
	Codes       codes
	Rows        []*Row   // the file's, and those of the dialect that it extends if it says nothing
	separate    bool     // the file says whether codes and statuses are one list
	Shapes      []*Shape // with a body, in the order of the file
	Extras      []*Shape // headers only: they read and are written beside a body
	everyHeader []*Shape // extras, then those of http
	FormsListed bool     // the file says which forms can be asked for
	Forms       []Form   // in the order of preference
	media       []ownMedia
	Names       []string // what forms say of themselves, beside kinds
	Guarded     []GuardedShape
	ByStatus    [LastStatus - FirstStatus + 1]*Plan
	Guide       [FormText + 1]*tree.Guide // of the bodies of a form
	Service     service
	Samples     []Sample
	Warnings    []parlance.Diagnostic
	Base        *Spec // of the dialect that it extends, at last http; nil for http itself
	facts
}

// service is what a file says of the API beside its responses.
type service struct {
	Idempotency string // the request header of an idempotency key
	Support     Support
	Auth        Auth
	Poll        Polling
	Limits      []limit
	Operations  []operation
}

// facts are what of a request reading and writing depend on.
type facts struct {
	Asked       []headerCondition // what rows ask of the header of a request
	Conditional bool              // a row here or below asks for something of the request
	ByForm      bool              // a row here or below asks for what the form says
	ByPath      bool              // something depends on the path of a request
	Trees       bool              // which shape is written depends on the paths of fields
	Grafts      bool              // a shape is written into the caller's own document
}

// Compile compiles a file. base is what it extends if it does not say; find
// finds what it says. The error is a *FileError that holds every fault.
func Compile(file string, source []byte, base *Spec, find []Finder) (*Spec, error) {
	r := &Reporter{File: file, defs: map[string]*definition{}}
	d := r.dialect(source, base, find)
	d.File, d.source = file, source
	d.link(r)
	if r.Failed() {
		return nil, &FileError{r.Sorted(), source}
	}
	d.finish(r)
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

var fileKeys = []string{
	"dialect", "title", "source", "language", "extends", "codes_are_statuses", "forms", "codes", "define", "shapes", "samples",
	"idempotency", "support", "auth", "poll", "limits", "operations",
}

// dialect compiles the sections of a file, each after those that it depends on.
func (r *Reporter) dialect(source []byte, base *Spec, find []Finder) *Spec {
	d := &Spec{Base: base, Codes: codes{Exact: map[string][]*Row{}, Status: map[int][]*Row{}}}
	root := r.Load(source)
	if root == nil {
		return d
	}
	sections := r.sections(root)
	if root.Kind != yaml.MappingNode {
		return d
	}
	r.head(d, root, sections)
	merged := false
	if n := sections["extends"]; n != nil {
		r.extends(d, n, find)
		merged, d.separate = d.Codes.Merged, d.Base.separate
	}
	if n := sections["define"]; n != nil {
		r.define(n)
	}
	if n := sections["codes_are_statuses"]; n != nil {
		merged, d.separate = r.Boolean(n, "codes_are_statuses"), true
	}
	if n := sections["codes"]; n != nil {
		d.Codes = r.codes(n, merged)
	} else if d.Base == base {
		r.Fault(At(root), "missing_codes", "add a table: codes: {200: success}", "the file lists no codes")
	}
	if n := sections["shapes"]; n != nil {
		for _, s := range r.shapes(n) {
			if s.Body == nil {
				d.Extras = append(d.Extras, s)
			} else {
				d.Shapes = append(d.Shapes, s)
			}
		}
	}
	r.checkUnused()
	d.inherit(base)
	if n := sections["samples"]; n != nil {
		d.Samples = r.samples(n)
	}
	r.service(d, sections)
	return d
}

// sections are the values of a file by their keys.
func (r *Reporter) sections(root *yaml.Node) map[string]*yaml.Node {
	all := map[string]*yaml.Node{}
	r.Pairs(root, "a dialect file", func(k, v *yaml.Node) {
		switch {
		case !slices.Contains(fileKeys, k.Value):
			r.Unknown(At(k), "unknown_key", "key", k.Value, fileKeys)
		case all[k.Value] == nil:
			all[k.Value] = v
		}
	})
	return all
}

// head reads what a file says of itself.
func (r *Reporter) head(d *Spec, root *yaml.Node, sections map[string]*yaml.Node) {
	if n := sections["dialect"]; n == nil {
		r.Fault(At(root), "missing_name", "begin with `dialect: name`", "the file does not say which dialect it is")
	} else if d.Name, _ = r.Text(n, "the name of a dialect"); !isName(d.Name) {
		r.Fault(At(n), "bad_name", "use lower-case letters, digits and hyphens", "%q is no name for a dialect", d.Name)
	}
	if n := sections["title"]; n != nil {
		d.Title, _ = r.Text(n, "title")
	}
	if n := sections["source"]; n != nil {
		d.Sources = r.Texts(n, "source")
	}
	if n := sections["language"]; n != nil && n.Value != "1" {
		r.Fault(At(n), "unknown_language", "this program reads language: 1", "the file is written in version %s of the language", n.Value)
	}
	if n := sections["forms"]; n != nil {
		d.Forms = r.forms(n)
		d.FormsListed = len(d.Forms) > 0
	}
}

func (r *Reporter) forms(n *yaml.Node) (all []Form) {
	for _, w := range r.words(n, "forms") {
		f, ok := formNames[w]
		if !ok {
			r.Unknown(At(n), "unknown_form", "form", w, []string{"json", "xml", "html", "text"})
			continue
		}
		all = append(all, f)
	}
	return all
}

// service reads what a file says of the API beside its responses.
func (r *Reporter) service(d *Spec, sections map[string]*yaml.Node) {
	for _, section := range [...]struct {
		key  string
		read func(*Spec, *yaml.Node)
	}{
		{"idempotency", r.idempotency},
		{"support", r.support},
		{"auth", r.auth},
		{"poll", r.poll},
		{"limits", r.limits},
		{"operations", r.operations},
	} {
		if n := sections[section.key]; n != nil {
			section.read(d, n)
		}
	}
}

// isName reports a name for a dialect.
func isName(s string) bool { return isWord(s, '-') && s[0] >= 'a' }

// isWord reports a text of lower-case letters, digits and a mark.
func isWord(s string, mark rune) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != mark {
			return false
		}
	}
	return s != ""
}

// link checks that the names which forms give stand in the table, and that the
// forms which rows ask for are given.
func (d *Spec) link(r *Reporter) {
	for _, n := range r.named {
		if _, isKind := parlance.ParseKind(n.name); isKind || d.lists(n.name) {
			continue
		}
		known := kindWords()
		for _, w := range d.Codes.Rows {
			if _, numeric := w.Number(); !numeric {
				known = append(known, w.First)
			}
		}
		r.Unknown(n.pos, "unknown_name", "name after is:", n.name, known)
	}
	for _, a := range r.asked {
		known := d.given()
		if slices.ContainsFunc(r.named, func(n namedPlace) bool { return n.name == a.name }) || slices.Contains(known, a.name) {
			continue
		}
		if len(known)+len(r.named) == 0 {
			r.Fault(a.pos, "unknown_name", "let a shape say is: "+a.name, "no shape says of itself that it is %q", a.name)
			continue
		}
		for _, n := range r.named {
			known = append(known, n.name)
		}
		r.Unknown(a.pos, "unknown_name", "form", a.name, known)
	}
}

// given are the names that the forms of the dialect say which this one extends.
func (d *Spec) given() (names []string) {
	if d.Base == nil {
		return nil
	}
	for _, s := range slices.Concat(d.Base.Shapes, d.Base.Extras) {
		if s.Is != "" {
			names = append(names, s.Is)
		}
	}
	return append(names, d.Base.Names...)
}

// overrides reports that the file itself says what a row of the dialect that it
// extends speaks of.
func (d *Spec) overrides(w *Row) bool {
	if sp, numeric := w.Number(); numeric && w.Status == 0 {
		return d.Codes.ByStatus(sp.From, AnyForm, &wire.Request{}) != nil
	}
	return d.Codes.ByCode(w.First, AnyForm, &wire.Request{}) != nil
}

// lists reports that a name stands in the table, or in that of the dialect
// which this one extends; or that a row asks for it.
func (d *Spec) lists(name string) bool {
	return d.Codes.Exact[name] != nil || slices.ContainsFunc(d.Codes.Rows, func(w *Row) bool { return w.Is == name }) || d.Base != nil && d.Base.lists(name)
}

// ownMedia is a type that only this dialect gives a form to.
type ownMedia struct {
	media string
	form  Form
}

// deriveFacts finds out what of a request writing depends on.
func (d *Spec) deriveFacts() {
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
	f.Trees = f.Trees || slices.ContainsFunc(s.Sites, func(s Site) bool { return s.Owner == Field && (s.Tree || s.Indexed) })
}

// ownTypes are the types that only this dialect gives a form to.
func (d *Spec) ownTypes() {
	for _, s := range slices.Concat(d.Shapes, d.HeaderShapes()) {
		if media, _, _ := strings.Cut(s.Media, ";"); s.Body != nil && !strings.HasPrefix(media, "text/") {
			d.media = append(d.media, ownMedia{strings.ToLower(strings.TrimSpace(media)), s.Form})
		}
	}
}

// finish derives what reading and writing need, and warns of what only the
// whole file shows.
func (d *Spec) finish(r *Reporter) {
	d.inheritRows()
	d.names(r)
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
			s.locate()
		}
	}
	d.guides()
	d.plans()
	d.deriveFacts()
	d.ownTypes()
	d.checkShadowed(r)
	d.checkCodes(r)
}

// inheritRows completes the rows of the file, and puts behind them those of the
// dialect that it extends where it says nothing.
func (d *Spec) inheritRows() {
	for _, w := range d.Codes.Rows {
		w.Line = fmt.Sprintf("%s:%d", w.file, w.Pos.Line)
		w.Why = w.Explain(w.Key)
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

// names collects what forms say of themselves, here and in the dialect that is
// extended.
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

// InBodies reports that the tables list codes that stand in bodies.
func (d *Spec) InBodies() bool {
	return d.Codes.InBodies() || d.Base != nil && d.Base.Base != nil && d.Base.InBodies()
}

// FileError is every fault of a dialect file at once.
type FileError struct {
	Diagnostics []parlance.Diagnostic // faults and warnings, in the order of the file
	Source      []byte                // the file, for excerpts
}

// Error lists the faults, one a line.
func (e *FileError) Error() string {
	var lines []string
	for _, d := range e.Diagnostics {
		if d.Severity == parlance.SeverityError {
			lines = append(lines, d.Error())
		}
	}
	return strings.Join(lines, "\n")
}
