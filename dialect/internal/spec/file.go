package spec

import (
	"slices"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	yaml "go.yaml.in/yaml/v4"
)

var fileKeys = []string{
	"dialect", "title", "group", "source", "page_date", "language", "extends", "read_only", "codes_are_statuses", "forms", "codes", "define", "shapes", "samples",
	"idempotency", "support", "auth", "poll", "limits", "operations",
}

// dialect compiles the sections of a file. Each section comes after those that it needs.
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
	if n := sections["extends"]; n != nil && d.Name != "" { // a file without a name is no dialect, so its paths are not followed
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
	} else if sections["extends"] == nil {
		r.Fault(At(root), "missing_codes", "add a table: codes: {200: success}", "the file has no table of codes")
	}
	if n := sections["shapes"]; n != nil {
		for _, s := range r.shapes(n, d.ReadOnly) {
			switch {
			case s.Stream != nil:
				d.Streams = append(d.Streams, s.Stream)
			case s.Body == nil:
				d.Extras = append(d.Extras, s)
			default:
				d.Shapes = append(d.Shapes, s)
			}
		}
	}
	r.checkUnused()
	d.inherit(base)
	d.streams(base)
	if n := sections["samples"]; n != nil {
		d.Samples = r.samples(n, d.ReadOnly)
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

// head reads the sections that describe the file itself.
func (r *Reporter) head(d *Spec, root *yaml.Node, sections map[string]*yaml.Node) {
	if n := sections["dialect"]; n == nil {
		r.Fault(At(root), "missing_name", "begin with `dialect: name`", "the dialect has no name")
	} else if d.Name, _ = r.Text(n, "the name of a dialect"); !isName(d.Name) {
		r.Fault(At(n), "bad_name", "use lower-case letters, digits and hyphens", "%q is not a valid name for a dialect", d.Name)
	}
	if n := sections["title"]; n != nil {
		d.Title, _ = r.Text(n, "title")
	}
	if n := sections["source"]; n != nil {
		d.Sources = r.Texts(n, "source")
	}
	if n := sections["group"]; n != nil {
		if d.Group, _ = r.Text(n, "group"); !isName(d.Group) {
			r.Fault(At(n), "bad_name", "use lower-case letters, digits and hyphens", "%q is not a valid name for a group", d.Group)
		}
	}
	if n := sections["page_date"]; n != nil {
		d.PageDate = r.pageDate(n)
	}
	if n := sections["language"]; n != nil && n.Value != "1" {
		r.Fault(At(n), "unknown_language", "this program supports language: 1", "version %s of the language is not supported", n.Value)
	}
	if n := sections["read_only"]; n != nil {
		d.ReadOnly = r.Boolean(n, "read_only")
	}
	if n := sections["forms"]; n != nil {
		d.Forms = r.forms(n)
		d.FormsListed = len(d.Forms) > 0
	}
}

// Words for a page_date if no page was read.
const (
	FromRecordings = "recordings"
	FromMemory     = "memory"
)

// pageDate is the day on which the pages were read, or the word for what the file was
// written from instead.
func (r *Reporter) pageDate(n *yaml.Node) string {
	date, ok := r.Text(n, "page_date")
	if !ok || date == FromRecordings || date == FromMemory {
		return date
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		r.Fault(At(n), "wrong_type", "write a day such as 2026-11-20, or recordings, or memory", "page_date must be a day, recordings or memory, not %q", date)
	}
	return date
}

func (r *Reporter) forms(n *yaml.Node) (all []Form) {
	for _, w := range r.Words(n, "forms") {
		f, ok := formNames[w]
		if !ok {
			r.Unknown(At(n), "unknown_form", "form", w, []string{"json", "xml", "html", "text"})
			continue
		}
		all = append(all, f)
	}
	return all
}

// service reads the sections that describe the API and not its responses.
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

// link checks that the table has the names that forms give, and that a form gives each name
// that a row asks for.
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
		r.Unknown(n.pos, "unknown_name", "name after is", n.name, known)
	}
	for _, a := range r.asked {
		known := d.given()
		if slices.ContainsFunc(r.named, func(n namedPlace) bool { return n.name == a.name }) || slices.Contains(known, a.name) {
			continue
		}
		if len(known)+len(r.named) == 0 {
			r.Fault(a.pos, "unknown_name", "add is: "+a.name+" to a shape", "no shape has the name %q", a.name)
			continue
		}
		for _, n := range r.named {
			known = append(known, n.name)
		}
		r.Unknown(a.pos, "unknown_name", "form", a.name, known)
	}
}

// given are the names that the forms of the extended dialect give.
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

// lists reports that a name is in the table of this dialect or of one that it extends, or
// that a row asks for it.
func (d *Spec) lists(name string) bool {
	return d.Codes.Exact[name] != nil || slices.ContainsFunc(d.Codes.Rows, func(w *Row) bool { return w.Is == name }) || d.Base != nil && d.Base.lists(name)
}

// FileError holds every fault of a dialect file.
type FileError struct {
	Diagnostics []parlance.Diagnostic // faults and warnings, in the order of the file
	Source      []byte                // the file, for excerpts

	cause error
}

// Unwrap is the reason why a file that this one extends cannot be used, if that is
// the fault.
func (e *FileError) Unwrap() error { return e.cause }

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
