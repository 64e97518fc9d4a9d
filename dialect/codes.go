package dialect

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/nearest"
	yaml "go.yaml.in/yaml/v4"
)

// row is one meaning of a code, as the table states it.
type row struct {
	key       string // as it stands in the file
	first     string // the code or status that is written
	span      span   // first as a number or a range
	numeric   bool
	pos       position
	file      string
	kind      parlance.Kind
	reason    parlance.Reason
	title     string
	help      string
	status    int // the HTTP status under which an in-body code travels; 0 where the key is one
	methods   []string
	paths     []string
	headers   []headerCondition
	is        string     // a condition on what the form says
	family    string     // the coarser code that is written beside the key
	of        *operation // whose row it is, nil for all requests
	do        parlance.Act
	retry     retry
	undone    bool
	byDefault bool // its code is written for an Outcome that has none
	notUsed   bool // the page says that the API never gives it
	standsFor []parlance.Kind
	line      string                 // file:line, for decisions
	why       string                 // the reason of a decision, made once
	said      atomic.Pointer[[]said] // the reasons by the code that was met, of a row of several
}

// headerCondition is a request header that a row asks for, as a glob in lower
// case.
type headerCondition struct{ name, glob string }

// anyForm is for those who ask for a row without an answer at hand: a condition
// on its form holds for all of them.
const anyForm = "*"

// applies reports that the row's conditions hold for a request and the form of
// its answer.
func (r *row) applies(req *Request, is string) bool {
	if r.is != "" && r.is != is && is != anyForm || r.of != nil && !r.of.concerns(req) {
		return false
	}
	if !admitsMethod(r.methods, req.Method) || !admitsPath(r.paths, req.Path) {
		return false
	}
	for i := range r.headers {
		if !r.headers[i].holds(req) {
			return false
		}
	}
	return true
}

// holds reports that the request has such a header. Case does not matter, as
// authentication schemes are told apart (RFC 9110, 11.1).
func (c *headerCondition) holds(req *Request) bool {
	for _, v := range values(req.Header, c.name) {
		if glob(c.glob, strings.ToLower(v)) {
			return true
		}
	}
	return false
}

// number is the first of its keys as a number or a range of them. It reports
// false for a word.
func (r *row) number() (span, bool) { return r.span, r.numeric }

func (r *row) conditional() bool {
	return len(r.methods)+len(r.paths)+len(r.headers)+len(r.is) > 0 || r.of != nil
}

// values are those of a field. Most headers are Fields, in which it is looked up
// without a call through the interface.
func values(h Header, name string) []string {
	fields, are := h.(Fields)
	if !are && h != nil {
		return h.Values(name)
	}
	return fields[name]
}

// codes is the table: rows by exact key, then globs, then ranges from narrow to
// wide. Of the rows of one key, those with conditions come first.
type codes struct {
	rows   []*row // in the order of the file
	exact  map[string][]*row
	status map[int][]*row // the exact numeric keys, for a look-up without text
	globs  []keyed
	ranges []ranged
	merged bool // codes and statuses are one list
	formed bool // a row asks for what the form says
}

type keyed struct {
	glob string
	rows []*row
}

type ranged struct {
	span
	pos  position
	rows []*row
}

// byCode finds the row of a vendor's code, nil for an unlisted one. A row whose
// key is a number from 100 to 999 is about HTTP statuses and not found here,
// unless it says under which status the code travels, or the file says that
// codes and statuses are one list.
func (c *codes) byCode(code, is string, req *Request) *row {
	n, err := number(code)
	about := func(r *row) bool { return r.status != 0 || c.merged || err != nil || n < 100 || n > 999 }
	for _, r := range c.exact[code] {
		if about(r) && r.applies(req, is) {
			return r
		}
	}
	for _, g := range c.globs {
		if glob(g.glob, code) {
			if r := choose(g.rows, is, req); r != nil {
				return r
			}
		}
	}
	if err != nil {
		return nil
	}
	return c.inRange(n, is, req, about)
}

var errNoNumber = errors.New("no number")

// number is strconv.Atoi without what the error of a text costs.
func number(code string) (int, error) {
	if code == "" || code[0] != '-' && (code[0] < '0' || code[0] > '9') {
		return 0, errNoNumber
	}
	return strconv.Atoi(code)
}

// inBodies reports that the table lists codes that stand in bodies, so that an
// unlisted one is a stranger.
func (c *codes) inBodies() bool {
	return c.merged || slices.ContainsFunc(c.rows, func(r *row) bool {
		_, numeric := r.number()
		return r.status != 0 || !numeric
	})
}

// byStatus finds the row of an HTTP status, nil for an unlisted one. A row that
// says under which status its code travels is about a code and not found here,
// unless the file says that codes and statuses are one list.
func (c *codes) byStatus(status int, is string, req *Request) *row {
	about := func(r *row) bool { return r.status == 0 || c.merged }
	for _, r := range c.status[status] {
		if about(r) && r.applies(req, is) {
			return r
		}
	}
	return c.inRange(status, is, req, about)
}

// about are the lists of rows that speak of a status.
func (c *codes) about(status int) (all [][]*row) {
	if rows := c.status[status]; rows != nil {
		all = append(all, rows)
	}
	for _, g := range c.ranges {
		if g.from <= status && status <= g.to {
			all = append(all, g.rows)
		}
	}
	return all
}

func (c *codes) inRange(n int, is string, req *Request, about func(*row) bool) *row {
	for _, g := range c.ranges {
		if g.from <= n && n <= g.to {
			for _, r := range g.rows {
				if about(r) && r.applies(req, is) {
					return r
				}
			}
		}
	}
	return nil
}

func choose(rows []*row, is string, req *Request) *row {
	for _, r := range rows {
		if r.applies(req, is) {
			return r
		}
	}
	return nil
}

var rowKeys = []string{"kind", "title", "help", "status", "method", "path", "request", "do", "retry", "undone", "default", "not_used", "stands_for", "is", "family"}

// codes compiles the table.
func (r *reporter) codes(n *yaml.Node, merged bool) codes {
	c := codes{exact: map[string][]*row{}, status: map[int][]*row{}, merged: merged}
	r.pairs(n, "codes", func(k, v *yaml.Node) {
		var rows []*row
		variants := []*yaml.Node{v}
		if v.Kind == yaml.SequenceNode {
			variants = v.Content
		}
		for _, one := range variants {
			if row := r.row(k, one); row != nil {
				rows = append(rows, row)
			}
		}
		c.rows = append(c.rows, rows...)
		// With a condition beats without; otherwise the order of the file holds.
		rows = slices.Clone(rows)
		slices.SortStableFunc(rows, func(a, b *row) int {
			switch {
			case a.conditional() == b.conditional():
				return 0
			case a.conditional():
				return -1
			}
			return 1
		})
		for i, row := range rows[:max(len(rows)-1, 0)] {
			if !row.conditional() {
				r.warn(rows[i+1].pos, "shadowed", "give it a method, path or request condition, or remove it", "this row of %q is never taken: the one on line %d has no condition", k.Value, row.pos.line)
			}
		}
		first, named := "", false
		for one := range strings.SplitSeq(k.Value, ",") {
			one = strings.TrimSpace(one)
			if one == "" {
				r.fault(at(k), "bad_code", "write 200, 201", "an empty code in %q", k.Value)
				continue
			}
			sp, ok := parseSpan(one)
			switch {
			case ok && sp.from != sp.to:
				for _, other := range c.ranges {
					if other.from <= sp.to && sp.from <= other.to && !inside(other.span, sp) && !inside(sp, other.span) {
						r.fault(at(k), "overlap", "let one of them end where the other begins", "the range %s overlaps the one on line %d, and neither lies within the other", one, other.pos.line)
					}
					if other.span == sp {
						r.fault(at(k), "duplicate_code", "make one list of rows of them", "the range %s stands on line %d already", one, other.pos.line)
					}
				}
				c.ranges = append(c.ranges, ranged{sp, at(k), rows})
			case strings.Contains(one, "*"):
				c.globs = append(c.globs, keyed{one, rows})
			default:
				if old := c.exact[one]; old != nil {
					r.fault(at(k), "duplicate_code", "make one list of rows of them", "the code %s stands on line %d already", one, old[0].pos.line)
				}
				c.exact[one] = rows
				if ok {
					c.status[sp.from] = rows
				}
			}
			// What is written is the first that names one code.
			if definite := ok && sp.from == sp.to || !ok && !strings.Contains(one, "*"); first == "" || definite && !named {
				first, named = one, definite
			}
		}
		for _, row := range rows {
			row.first = first
			row.span, row.numeric = parseSpan(first)
			if sp, ok := parseSpan(first); ok && sp.from == sp.to && row.status == 0 && (sp.from >= 0 && sp.from < 200 || sp.from > 999) {
				r.warn(row.pos, "unsendable_status", "say under which HTTP status the code travels: status: 400", "%s cannot be sent as a final HTTP status", first)
			}
		}
	})
	r.defaults(c.rows)
	c.sort()
	return c
}

// defaults checks the rows whose codes are written for an Outcome that has none.
func (r *reporter) defaults(rows []*row) {
	for i, w := range rows {
		if !w.byDefault {
			continue
		}
		if w.status == 0 || strings.Contains(w.first, "*") || w.numeric && w.span.from != w.span.to {
			r.fault(w.pos, "contradiction", "give it one code as its key, and the status under which that travels: status: 404", "%q is no code that can be written by default", w.key)
			continue
		}
		for _, before := range rows[:i] {
			if before.byDefault && before.status == w.status && before.kind == w.kind && before.reason == w.reason && !before.conditional() {
				r.warn(w.pos, "shadowed", "keep one default for each kind, reason and status", "the code %s is never written by default: %s on line %d is", w.first, before.first, before.pos.line)
				break
			}
		}
	}
}

// sort puts narrow ranges before wide ones, and globs with more letters before
// those with fewer.
func (c *codes) sort() {
	c.formed = slices.ContainsFunc(c.rows, func(r *row) bool { return r.is != "" })
	slices.SortStableFunc(c.ranges, func(a, b ranged) int { return (a.to - a.from) - (b.to - b.from) })
	slices.SortStableFunc(c.globs, func(a, b keyed) int { return len(b.glob) - len(a.glob) })
}

// add puts the rows of an operation before those of the file: they ask for a
// request, so they come first.
func (c *codes) add(of codes) {
	c.rows = append(c.rows, of.rows...)
	for key, rows := range of.exact {
		c.exact[key] = append(rows, c.exact[key]...)
	}
	for key, rows := range of.status {
		c.status[key] = append(rows, c.status[key]...)
	}
	c.globs = append(of.globs, c.globs...)
	for _, g := range of.ranges {
		if i := slices.IndexFunc(c.ranges, func(o ranged) bool { return o.span == g.span }); i >= 0 {
			c.ranges[i].rows = append(g.rows, c.ranges[i].rows...)
			continue
		}
		c.ranges = append(c.ranges, g)
	}
	c.sort()
}

func inside(a, b span) bool { return b.from <= a.from && a.to <= b.to }

func (r *reporter) row(k, n *yaml.Node) *row {
	w := &row{key: k.Value, pos: at(n), file: r.file}
	if n.Kind == yaml.ScalarNode {
		w.kind, w.reason = r.kind(n)
		return w
	}
	kinded := false
	r.pairs(n, "the row of a code", func(k, v *yaml.Node) {
		switch k.Value {
		case "kind":
			w.kind, w.reason = r.kind(v)
			kinded = true
		case "title":
			w.title, _ = r.text(v, "title")
		case "help":
			w.help, _ = r.text(v, "help")
		case "status":
			sp, ok := parseSpan(v.Value)
			if !ok || sp.from != sp.to || sp.from < 200 || sp.from > 999 {
				r.fault(at(v), "bad_status", "write one from 200 to 599", "%q is no status under which a code can travel", v.Value)
				return
			}
			w.status = sp.from
		case "method":
			w.methods = r.methods(v)
		case "path":
			w.paths = r.words(v, "path")
		case "request":
			if v.Kind == yaml.MappingNode && len(v.Content) == 0 {
				r.fault(at(v), "wrong_type", "write {Authorization: \"Bearer *\"}", "the condition on the request names no header")
			}
			r.pairs(v, "request", func(hk, hv *yaml.Node) {
				text, _ := r.text(hv, "the value of a request header")
				w.headers = append(w.headers, headerCondition{canonicalHeader(hk.Value), strings.ToLower(text)})
			})
		case "do":
			w.do = r.act(v)
		case "retry":
			w.retry = r.retry(v)
		case "is":
			if w.is, _ = r.text(v, "is"); w.is != "" {
				r.asked = append(r.asked, namedPlace{w.is, at(v)})
			}
		case "family":
			w.family, _ = r.text(v, "family")
		case "undone":
			w.undone = r.boolean(v, "undone")
		case "default":
			w.byDefault = r.boolean(v, "default")
		case "not_used":
			w.notUsed = r.boolean(v, "not_used")
		case "stands_for":
			for _, name := range r.words(v, "stands_for") {
				kind, ok := parlance.ParseKind(name)
				if !ok {
					r.unknown(at(v), "unknown_kind", "kind", name, kindWords())
					continue
				}
				w.standsFor = append(w.standsFor, kind)
			}
		default:
			r.unknown(at(k), "unknown_key", "key of a row", k.Value, rowKeys)
		}
	})
	if n.Kind == yaml.MappingNode && !kinded {
		r.fault(at(n), "missing_kind", "add kind: invalid, or what it is", "the row of %q has no kind", k.Value)
		return nil
	}
	return w
}

// reasonWords are the reasons that a file may give and the ends act on.
var reasonWords = []string{
	string(parlance.NoCredential), string(parlance.WrongCredential), string(parlance.Expired), string(parlance.Spent), string(parlance.OutOfScope),
	string(parlance.Fields), string(parlance.XML), string(parlance.Licence), string(parlance.Maintenance),
	string(parlance.InFlight), string(parlance.Mismatch), string(parlance.KeyMissing), string(parlance.KeyMalformed), string(parlance.Uncertain), string(parlance.NotKept),
}

func isReason(s string) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return s != ""
}

func kindWords() []string {
	var words []string
	for _, k := range parlance.Kinds() {
		words = append(words, k.String())
	}
	return words
}

// kind reads kind or kind/reason.
func (r *reporter) kind(n *yaml.Node) (parlance.Kind, parlance.Reason) {
	text, ok := r.text(n, "a kind")
	if !ok {
		return 0, ""
	}
	name, reason, finer := strings.Cut(text, "/")
	if finer && !isReason(reason) {
		r.fault(at(n), "bad_reason", "write one word, such as invalid/fields", "%q is no reason: it takes lower-case letters, digits and _", reason)
	} else if best := nearest.Word(reason, reasonWords); finer && best != "" && best != reason {
		r.warn(at(n), "unknown_reason", "did you mean "+best+"?", "the reason %s has no meaning to either end", reason)
	}
	kind, known := parlance.ParseKind(name)
	if !known {
		r.unknown(at(n), "unknown_kind", "kind", name, kindWords())
	}
	return kind, parlance.Reason(reason)
}
