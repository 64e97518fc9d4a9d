package dialect

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	yaml "go.yaml.in/yaml/v4"
)

// Spec is one dialect file, compiled: its codes, its shapes, and what is known of
// both before the first response. It is immutable.
type Spec struct {
	file        string
	source      []byte
	name, title string
	sources     []string
	codes       codes
	rows        []*row   // the file's, and those of the dialect that it extends where it says nothing
	separate    bool     // the file says whether codes and statuses are one list
	shapes      []*shape // with a body, in the order of the file
	extras      []*shape // headers only: they read and are written beside a body
	everyHeader []*shape // extras, then those of http
	formsListed bool     // the file says which forms can be asked for
	forms       []form   // in the order of preference
	media       []ownMedia
	names       []string // what forms say of themselves, beside kinds
	telling     []telling
	byStatus    [lastStatus - firstStatus + 1]*plan
	guide       [formText + 1]*tree.Guide // of the bodies of a form
	service     service
	samples     []sample
	warnings    []parlance.Diagnostic
	base        *Spec // of the dialect that it extends, at last http; nil for http itself
	facts
}

// service is what a file says of the API beside its responses.
type service struct {
	idempotency string // the request header of an idempotency key
	support     Support
	auth        Auth
	poll        Polling
	limits      []limit
	operations  []operation
}

// facts are what of a request reading and writing depend on.
type facts struct {
	asked       []headerCondition // what rows ask of the header of a request
	conditional bool              // a row here or below asks for something of the request
	formed      bool              // a row here or below asks for what the form says
	pathed      bool              // something depends on the path of a request
	trees       bool              // which shape is written depends on the paths of fields
	grafts      bool              // a shape is written into the caller's own document
}

// compileSpec compiles a file. base is what it extends if it does not say; find
// finds what it says. The error is a *FileError that holds every fault.
func compileSpec(file string, source []byte, base *Spec, find []finder) (*Spec, error) {
	r := &reporter{file: file, defs: map[string]*definition{}}
	d := r.dialect(source, base, find)
	d.file, d.source = file, source
	d.link(r)
	if r.failed() {
		return nil, &FileError{r.sorted(), source}
	}
	d.finish(r)
	d.warnings = r.sorted()
	return d, nil
}

// Finder gives the file that another one extends.
type finder func(name string) (*Spec, error)

//go:embed http.yaml
var httpSource []byte

// HTTP is the file of the dialect http: what every status means where no file
// says otherwise, and how an API without a dialect is read.
func HTTP() []byte { return slices.Clone(httpSource) }

// builtin is the dialect http, on which all others stand.
var builtin = sync.OnceValue(func() *Spec {
	d, err := compileSpec("http.yaml", httpSource, nil, nil)
	if err != nil {
		panic(err) // the file is embedded: a test holds it right
	}
	return d
})

var fileKeys = []string{
	"dialect", "title", "source", "language", "extends", "codes_are_statuses", "forms", "codes", "define", "shapes", "samples",
	"idempotency", "support", "auth", "poll", "limits", "operations",
}

func (r *reporter) dialect(source []byte, base *Spec, find []finder) *Spec {
	d := &Spec{base: base, codes: codes{exact: map[string][]*row{}, status: map[int][]*row{}}}
	root := r.load(source)
	if root == nil {
		return d
	}
	sections := map[string]*yaml.Node{}
	r.pairs(root, "a dialect file", func(k, v *yaml.Node) {
		if !slices.Contains(fileKeys, k.Value) {
			r.unknown(at(k), "unknown_key", "key", k.Value, fileKeys)
			return
		}
		if sections[k.Value] == nil {
			sections[k.Value] = v
		}
	})
	if root.Kind != yaml.MappingNode {
		return d
	}
	if n := sections["dialect"]; n == nil {
		r.fault(at(root), "missing_name", "begin with `dialect: name`", "the file does not say which dialect it is")
	} else if d.name, _ = r.text(n, "the name of a dialect"); !isName(d.name) {
		r.fault(at(n), "bad_name", "use lower-case letters, digits and hyphens", "%q is no name for a dialect", d.name)
	}
	if n := sections["title"]; n != nil {
		d.title, _ = r.text(n, "title")
	}
	if n := sections["source"]; n != nil {
		d.sources = r.texts(n, "source")
	}
	if n := sections["language"]; n != nil && n.Value != "1" {
		r.fault(at(n), "unknown_language", "this program reads language: 1", "the file is written in version %s of the language", n.Value)
	}
	if n := sections["forms"]; n != nil {
		for _, w := range r.words(n, "forms") {
			f, ok := formNames[w]
			if !ok {
				r.unknown(at(n), "unknown_form", "form", w, []string{"json", "xml", "html", "text"})
				continue
			}
			d.forms, d.formsListed = append(d.forms, f), true
		}
	}
	merged := false
	if n := sections["extends"]; n != nil {
		r.extends(d, n, find)
		merged, d.separate = d.codes.merged, d.base.separate
	}
	if n := sections["define"]; n != nil {
		r.define(n)
	}
	if n := sections["codes_are_statuses"]; n != nil {
		merged, d.separate = r.boolean(n, "codes_are_statuses"), true
	}
	if n := sections["codes"]; n != nil {
		d.codes = r.codes(n, merged)
	} else if d.base == base {
		r.fault(at(root), "missing_codes", "add a table: codes: {200: success}", "the file lists no codes")
	}
	if n := sections["shapes"]; n != nil {
		for _, s := range r.shapes(n) {
			if s.body == nil {
				d.extras = append(d.extras, s)
			} else {
				d.shapes = append(d.shapes, s)
			}
		}
	}
	r.unused()
	d.inherit(base)
	if n := sections["samples"]; n != nil {
		d.samples = r.samples(n)
	}
	for key, read := range map[string]func(*Spec, *yaml.Node){
		"idempotency": r.idempotency, "support": r.support, "auth": r.auth, "poll": r.poll, "limits": r.limits, "operations": r.operations,
	} {
		if n := sections[key]; n != nil {
			read(d, n)
		}
	}
	return d
}

func isName(s string) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s != "" && s[0] >= 'a'
}

// link checks that the names which forms give stand in the table, and that the
// forms which rows ask for are given.
func (d *Spec) link(r *reporter) {
	for _, n := range r.named {
		if _, isKind := parlance.ParseKind(n.name); isKind || d.lists(n.name) {
			continue
		}
		known := kindWords()
		for _, w := range d.codes.rows {
			if _, numeric := w.number(); !numeric {
				known = append(known, w.first)
			}
		}
		r.unknown(n.pos, "unknown_name", "name after is:", n.name, known)
	}
	for _, a := range r.asked {
		known := d.given()
		if slices.ContainsFunc(r.named, func(n namedPlace) bool { return n.name == a.name }) || slices.Contains(known, a.name) {
			continue
		}
		if len(known)+len(r.named) == 0 {
			r.fault(a.pos, "unknown_name", "let a shape say is: "+a.name, "no shape says of itself that it is %q", a.name)
			continue
		}
		for _, n := range r.named {
			known = append(known, n.name)
		}
		r.unknown(a.pos, "unknown_name", "form", a.name, known)
	}
}

// given are the names that the forms of the dialect say which this one extends.
func (d *Spec) given() (names []string) {
	if d.base == nil {
		return nil
	}
	for _, s := range slices.Concat(d.base.shapes, d.base.extras) {
		if s.is != "" {
			names = append(names, s.is)
		}
	}
	return append(names, d.base.names...)
}

// overrides reports that the file itself says what a row of the dialect that it
// extends speaks of.
func (d *Spec) overrides(w *row) bool {
	if sp, numeric := w.number(); numeric && w.status == 0 {
		return d.codes.byStatus(sp.from, anyForm, &Request{}) != nil
	}
	return d.codes.byCode(w.first, anyForm, &Request{}) != nil
}

// lists reports that a name stands in the table, or in that of the dialect
// which this one extends; or that a row asks for it.
func (d *Spec) lists(name string) bool {
	return d.codes.exact[name] != nil || slices.ContainsFunc(d.codes.rows, func(w *row) bool { return w.is == name }) || d.base != nil && d.base.lists(name)
}

// ownMedia is a type that only this dialect gives a form to.
type ownMedia struct {
	media string
	form  form
}

// depends finds out what of a request writing depends on.
func (d *Spec) depends() {
	for b := d; b != nil; b = b.base {
		d.formed = d.formed || b.codes.formed
		for _, w := range b.codes.rows {
			d.conditional = d.conditional || len(w.methods)+len(w.paths)+len(w.headers) > 0 || w.of != nil
			d.pathed = d.pathed || len(w.paths) > 0 || w.of != nil && len(w.of.paths) > 0
			for _, h := range w.headers {
				if !slices.Contains(d.asked, h) {
					d.asked = append(d.asked, h)
				}
			}
		}
	}
	for _, s := range slices.Concat(d.shapes, d.headerShapes()) {
		d.pathed = d.pathed || len(s.paths) > 0 || len(s.writeFor) > 0
		d.grafts = d.grafts || s.graft
		if media, _, _ := strings.Cut(s.media, ";"); s.body != nil && !strings.HasPrefix(media, "text/") {
			d.media = append(d.media, ownMedia{strings.ToLower(strings.TrimSpace(media)), s.form})
		}
		d.trees = d.trees || slices.ContainsFunc(s.sites, func(s site) bool { return s.owner == field && (s.tree || s.indexed) })
	}
}

// finish derives what reading and writing need, and warns of what only the
// whole file shows.
func (d *Spec) finish(r *reporter) {
	for _, w := range d.codes.rows {
		w.line = fmt.Sprintf("%s:%d", w.file, w.pos.line)
		w.why = w.explain(w.key)
	}
	d.rows = d.codes.rows
	if d.base != nil && d.base.base != nil {
		for _, w := range d.base.rows {
			if !d.overrides(w) {
				d.rows = append(d.rows[:len(d.rows):len(d.rows)], w)
			}
		}
	}
	for _, n := range r.named {
		if _, isKind := parlance.ParseKind(n.name); !isKind && !slices.Contains(d.names, n.name) {
			d.names = append(d.names, n.name)
		}
	}
	if d.base != nil {
		d.names = append(d.names, d.base.names...)
	}
	for _, s := range d.shapes {
		if !slices.Contains(d.forms, s.form) {
			d.forms = append(d.forms, s.form)
		}
		if s.is != "" {
			s.body.guards(func(p *pattern) { d.telling = append(d.telling, telling{s, s.is, p}) })
		}
	}
	if d.base != nil {
		d.everyHeader = slices.Concat(d.extras, builtinExtras(d))
	}
	for _, s := range d.shapes {
		if s.sites == nil {
			s.locate()
		}
	}
	d.guides()
	d.plans()
	d.depends()
	d.shadows(r)
	d.meetable(r)
}

// headerShapes are those without a body: the file's own, then those of http,
// which give every dialect a place for the request id.
func (d *Spec) headerShapes() []*shape {
	if d.base == nil {
		return d.extras
	}
	return d.everyHeader
}

// named reports that a form gives the name.
func (d *Spec) named(name string) bool { return slices.Contains(d.names, name) }

// told reports that a row is met only by a text in the body: it says more than
// its kind.
func (d *Spec) told(r *row) bool {
	return slices.ContainsFunc(d.telling, func(t telling) bool { return t.is == r.first })
}

// conditions are the headers of requests that rows ask for.
func (d *Spec) conditions(req *Request) (set uint64) {
	for i := range d.asked {
		if d.asked[i].holds(req) {
			set |= 1 << (i & 63)
		}
	}
	return set
}

// declares reports that a shape of the form has the type for its own, such as
// application/x-amz-json-1.0.
func (d *Spec) declares(media string, f form) bool {
	for _, own := range d.media {
		if own.form == f && own.media == media {
			return true
		}
	}
	return false
}

// inBodies reports that the tables list codes that stand in bodies.
func (d *Spec) inBodies() bool {
	return d.codes.inBodies() || d.base != nil && d.base.base != nil && d.base.inBodies()
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
		if d.Severity == parlance.Fault {
			lines = append(lines, d.Error())
		}
	}
	return strings.Join(lines, "\n")
}
