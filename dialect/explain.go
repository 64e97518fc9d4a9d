package dialect

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// author sees all parts of a Dialect.
type author struct{ *Writer }

// Entry is one row of the codes table, for people and tools that show it.
type Entry struct {
	Key      string            // as it stands in the file: "429, 419"
	Code     string            // the code or status that it is told of: "419"; "" if it is told as it stands
	Kind     parlance.Kind     //
	Reason   parlance.Reason   //
	Title    string            //
	Help     string            //
	Status   int               // the HTTP status under which an in-body code travels; 0 if the key is one
	When     string            // the conditions in words, "" for none
	Decision parlance.Decision // what a client does on the first response; RepeatSafe is of a POST without a key
	Line     string            // file:line
	Builtin  bool              // the file says nothing of the code: the row is the dialect http's
	NotUsed  bool              // the page says that the API never gives it
	Reset    bool              // the response may name the time of a retry, which beats those of the Decision
}

// Group is the rows of a class or a range of codes, for people and tools that
// show them.
type Group struct {
	Name  string  // "4xx", "400-429"; "" for the codes that stand in bodies alone
	Class []Entry // what a code of it means that no row names; empty for codes in bodies
	Rows  []Entry // the rows of the codes within, told by their codes
}

// Codes lists the rows of the table, in the order of the file.
func Codes(d *Dialect) []Entry { return author{d.core}.list() }

func (d author) list() []Entry {
	all := make([]Entry, 0, len(d.codes.rows))
	for _, r := range d.codes.rows {
		all = append(all, d.entry(r, statusOf(r), ""))
	}
	return all
}

// Explain lists every reading of a code or an HTTP status: those that hang on the
// form of the response first, then those that hang on the request, then the one
// without a condition. If no row names the code it is what its class or the
// dialect http says. A class or a range has the readings of that. The list is
// empty for a text that is neither listed nor a number.
func Explain(d *Dialect, code string) []Entry { return author{d.core}.explain(code) }

func (d author) explain(code string) []Entry {
	if g, ok := d.within(code); ok {
		return g.Class
	}
	n, err := strconv.Atoi(code)
	status := err == nil && n >= firstStatus && n <= 999
	plain := d.readings(code, n, err == nil)
	if !status {
		return plain
	}
	return append(d.byForm(n, plain), plain...)
}

// readings are the rows that speak of a code, up to the first without a
// condition: the file's, those of the dialect that it extends, then http's.
func (d author) readings(code string, n int, numeric bool) (all []Entry) {
	for b := d.Table; b != nil; b = b.base {
		builtin := b.base == nil && b != d.Table
		if builtin && (!numeric || n < firstStatus || n > 999) {
			return all
		}
		for _, rows := range b.codes.of(code, n, numeric) {
			for _, r := range rows {
				status := statusOf(r)
				if r.status == 0 && numeric {
					status = n
				}
				e := d.entry(r, status, code)
				e.Builtin = builtin
				if all = append(all, e); !r.conditional() {
					return all
				}
			}
		}
	}
	return all
}

// of are the lists of rows that speak of a code, in the order in which they
// count.
func (c *codes) of(code string, n int, numeric bool) (all [][]*row) {
	if rows := c.exact[code]; rows != nil {
		all = append(all, rows)
	}
	for _, g := range c.globs {
		if glob(g.glob, code) {
			all = append(all, g.rows)
		}
	}
	if !numeric {
		return all
	}
	for _, g := range c.ranges {
		if g.from <= n && n <= g.to {
			all = append(all, g.rows)
		}
	}
	return all
}

// byForm are the readings of a status that hang on the form of the response.
func (d author) byForm(status int, plain []Entry) (all []Entry) {
	for _, s := range slices.Concat(d.shapes, d.extras) {
		if s.is == "" || s.writeOnly || !s.status.admits(status) {
			continue
		}
		kind, isKind := parlance.ParseKind(s.is)
		switch {
		case !isKind:
		case kind == parlance.Failed && (status < 200 || status >= 400),
			slices.ContainsFunc(plain, func(e Entry) bool { return e.Kind == kind }):
			continue // a failure is no news under a status that tells of one
		}
		for _, e := range d.saidBy(s, status) {
			i := slices.IndexFunc(all, func(o Entry) bool { return o.Line == e.Line && o.Key == e.Key })
			switch when := s.words(); {
			case i < 0:
				e.When = when
				all = append(all, e)
			case !slices.Contains(strings.Split(all[i].When, orElse), when):
				all[i].When += orElse + when
			}
		}
	}
	return all
}

// orElse stands between conditions of which one is enough.
const orElse = ", or "

// saidBy is what a shape says of itself: the rows of the name, or a kind.
func (d author) saidBy(s *shape, status int) (all []Entry) {
	for b := d.Table; b != nil; b = b.base {
		for _, r := range b.codes.exact[s.is] {
			if !r.conditional() {
				e := d.entry(r, status, strconv.Itoa(status))
				e.Status = 0
				return []Entry{e}
			}
		}
	}
	kind, isKind := parlance.ParseKind(s.is)
	if !isKind {
		return nil // a row asks for the name beside its code, and tells so itself
	}
	return []Entry{d.entry(&row{kind: kind, key: s.is, line: fmt.Sprintf("%s:%d", d.file, s.pos.line)}, status, strconv.Itoa(status))}
}

// Under are the codes that travel in bodies under an HTTP status.
func Under(d *Dialect, status int) (codes []string) { return author{d.core}.under(status) }

func (d author) under(status int) (codes []string) {
	for _, r := range d.rows {
		if r.status != status || d.named(r.first) {
			continue
		}
		for key := range strings.SplitSeq(r.key, ",") {
			if key = strings.TrimSpace(key); !slices.Contains(codes, key) {
				codes = append(codes, key)
			}
		}
	}
	return codes
}

// Groups are all rows, class by class, then those of codes that stand in bodies
// alone. A class that the file says nothing of is left out.
func Groups(d *Dialect) []Group { return author{d.core}.groups() }

func (d author) groups() (all []Group) {
	for class := 1; class <= 5; class++ {
		g, _ := d.within(strconv.Itoa(class) + "xx")
		if len(g.Rows) > 0 || slices.ContainsFunc(g.Class, func(e Entry) bool { return !e.Builtin }) {
			all = append(all, g)
		}
	}
	var bodies Group
	for _, r := range d.rows {
		if _, classed := d.classed(r); !classed {
			bodies.Rows = append(bodies.Rows, d.entry(r, statusOf(r), ""))
		}
	}
	if len(bodies.Rows) > 0 {
		all = append(all, bodies)
	}
	return all
}

// Range is what the file says of a class or a range of codes, such as 4xx or
// 400-429, else what the dialect http does. It reports false for any other text.
func Range(d *Dialect, text string) (Group, bool) { return author{d.core}.within(text) }

func (d author) within(text string) (Group, bool) {
	sp, ok := parseSpan(text)
	if !ok || sp.from == sp.to {
		return Group{}, false
	}
	g := Group{Name: text}
	var class []*row
	for b := d.Table; b != nil && len(class) == 0; b = b.base {
		for _, of := range b.codes.ranges {
			if inside(sp, of.span) { // the narrowest that holds all of it
				class = of.rows
				break
			}
		}
		for _, r := range class {
			e := d.entry(r, sp.from, text)
			e.Builtin = b.base == nil && b != d.Table
			g.Class = append(g.Class, e)
		}
	}
	type placed struct {
		at  span
		row Entry
	}
	var rows []placed
	for _, r := range d.rows {
		at, classed := d.classed(r)
		if !classed && sp.from < 1000 || at == sp || !inside(at, sp) {
			continue
		}
		rows = append(rows, placed{at, d.among(r, at, sp)})
	}
	slices.SortStableFunc(rows, func(a, b placed) int {
		return cmp.Or(a.at.to-b.at.to, (a.at.to-a.at.from)-(b.at.to-b.at.from))
	})
	for _, p := range rows {
		g.Rows = append(g.Rows, p.row)
	}
	return g, true
}

// classed is where a row stands among the statuses. It reports false for one
// that is about a code in bodies alone.
func (d author) classed(r *row) (span, bool) {
	sp, numeric := r.number()
	switch {
	case numeric && (r.status == 0 || d.codes.merged) && sp.from >= firstStatus && sp.to <= lastStatus:
		return sp, true
	case !numeric && d.named(r.first):
		if r.status != 0 {
			return span{r.status, r.status}, true
		}
		for _, s := range d.shapes {
			if s.is == r.first && len(s.status) > 0 {
				return s.status[0], true
			}
		}
	}
	return sp, false
}

// among is a row among others of its class: told by its codes without that of the
// class, or by the status if a shape gives it its name.
func (d author) among(r *row, at, class span) Entry {
	if _, numeric := r.number(); !numeric && d.named(r.first) {
		e := d.entry(r, at.from, strconv.Itoa(at.from))
		e.Status = 0
		var when []string
		for _, s := range slices.Concat(d.shapes, d.extras) {
			if w := s.words(); s.is == r.first && !slices.Contains(when, w) {
				when = append(when, w)
			}
		}
		e.When = strings.Join(when, orElse)
		return e
	}
	var keys []string
	for key := range strings.SplitSeq(r.key, ",") {
		if sp, ok := parseSpan(strings.TrimSpace(key)); !ok || sp != class {
			keys = append(keys, strings.TrimSpace(key))
		}
	}
	return d.entry(r, statusOf(r), strings.Join(keys, ", "))
}

func statusOf(r *row) int {
	if r.status != 0 {
		return r.status
	}
	sp, _ := r.number()
	return sp.from
}

func (d author) entry(r *row, status int, code string) Entry {
	o := &parlance.Outcome{Kind: r.kind, Reason: r.reason, Status: status, Code: cmp.Or(code, r.first)}
	req := &Request{Method: "POST"}
	var p parlance.Decision
	d.plan(&p, o, r, nil)
	if r.why != "" {
		p.Why = r.explain(cmp.Or(code, r.key))
	}
	p.RepeatSafe = d.repeatSafe(o, r, req)
	return Entry{
		Key: r.key, Code: code, Kind: r.kind, Reason: r.reason, Title: r.title, Help: r.help, Status: r.status,
		When: d.when(r), Decision: p, Line: r.line, NotUsed: r.notUsed, Reset: r.retry.reset,
	}
}

// when is the conditions of a row in words.
func (d author) when(r *row) string {
	var parts []string
	if r.of != nil {
		parts = append(parts, concerning(r.of.methods, r.of.paths)...)
	}
	parts = append(parts, concerning(r.methods, r.paths)...)
	for _, h := range r.headers {
		parts = append(parts, "the request has "+h.name+": "+strings.ReplaceAll(h.glob, "*", "…"))
	}
	if r.is != "" {
		var forms []string
		for _, s := range slices.Concat(d.shapes, d.extras) {
			if w := s.words(); s.is == r.is && !slices.Contains(forms, w) {
				forms = append(forms, w)
			}
		}
		parts = append(parts, strings.Join(forms, orElse))
	}
	return strings.Join(parts, " and ")
}

// concerning is a condition on the request in words.
func concerning(methods, paths []string) (parts []string) {
	if len(methods) > 0 {
		parts = append(parts, "the method is "+strings.Join(methods, " or "))
	}
	if len(paths) > 0 {
		parts = append(parts, "the path is "+strings.Join(paths, " or "))
	}
	return parts
}

// words says what a shape asks of a response beside the status: what of its
// header and texts tells it from others, else members, else its name.
func (s *shape) words() string {
	parts := concerning(s.methods, s.paths)
	for _, h := range s.headers {
		switch {
		case h.value == nil:
		case h.value.op == opConst:
			parts = append(parts, "the response has "+h.name+": "+h.value.text)
		case h.value.op == opAbsent:
			parts = append(parts, "the response has no "+h.name)
		case h.value.op == opAny:
			parts = append(parts, "the response has "+h.name)
		}
	}
	before := len(parts)
	if s.body != nil {
		var texts []string
		s.body.guards(func(p *pattern) {
			if w := p.words(); !slices.Contains(texts, w) {
				texts = append(texts, w)
			}
		})
		switch {
		case len(texts) > 0:
			parts = append(parts, "a text in the body "+strings.Join(texts, " or "))
		case before > 0 && len(s.headers) > 0:
		default:
			parts = append(parts, s.body.words("")...)
		}
	}
	if len(parts) == 0 {
		return fmt.Sprintf("the body has the form %q", s.name)
	}
	return strings.Join(parts, " and ")
}

// words says in plain words which texts fit a pattern.
func (p *pattern) words() string {
	if len(p.parts) == 1 && !p.parts[0].open() {
		return fmt.Sprintf("is %q", p.parts[0].literal)
	}
	var b strings.Builder
	for i, part := range p.parts {
		switch last := len(p.parts) - 1; {
		case part.literal != "":
			b.WriteString(part.literal)
		case i > 0 && i < last:
			b.WriteString("…")
		}
	}
	verb := "begins with"
	if len(p.parts) > 0 && p.parts[0].open() {
		if verb = "contains"; !p.parts[len(p.parts)-1].open() {
			verb = "ends with"
		}
	} else if len(p.parts) > 0 && !p.parts[len(p.parts)-1].open() {
		verb = "looks like"
	}
	return fmt.Sprintf("%s %q", verb, b.String())
}

// maxMembers is how many members tell a form in words: more say no more.
const maxMembers = 3

// words says which members of a body tell its form: those that are constants, then
// those that must be there.
func (t *template) words(path string) (parts []string) {
	switch t.op {
	case opConst:
		if path == "" {
			return []string{"the body is " + t.shown()}
		}
		return []string{path + " is " + t.shown()}
	case opEither:
		var texts []string
		for _, e := range t.elems {
			if e.op != opConst {
				return nil
			}
			texts = append(texts, e.shown())
		}
		return []string{path + " is " + strings.Join(texts, " or ")}
	case opObject:
	default:
		return nil
	}
	var musts []string
	for i := range t.members {
		m := &t.members[i]
		name := strings.Join(m.names, " or ")
		if path != "" {
			name = path + "." + name
		}
		switch {
		case m.value.op == opAbsent:
			parts = append(parts, name+" is missing")
		case m.must:
			told := m.value.words(name)
			if parts = append(parts, told...); len(told) == 0 {
				musts = append(musts, "the body has "+name)
			}
		case !m.optional:
			parts = append(parts, m.value.words(name)...)
		}
	}
	parts = append(parts, musts...)
	return parts[:min(len(parts), maxMembers)]
}

// shown is a constant as people write it.
func (t *template) shown() string {
	switch {
	case t.kind == tree.Null:
		return "null"
	case t.kind == tree.Text:
		return strconv.Quote(t.text)
	}
	return t.text
}

// many reports that a row speaks of more than one code.
func (r *row) many() bool {
	return strings.ContainsAny(r.key, ",*") || r.numeric && r.span.from != r.span.to
}

// covers reports that a code is one of those that the row speaks of.
func (r *row) covers(code string) bool {
	n, err := number(code)
	for key := range strings.SplitSeq(r.key, ",") {
		key = strings.TrimSpace(key)
		if key == code || strings.Contains(key, "*") && glob(key, code) {
			return true
		}
		if sp, ok := parseSpan(key); ok && err == nil && sp.from <= n && n <= sp.to {
			return true
		}
	}
	return false
}

// said is the reason of a decision by the code that was met.
type said struct {
	code, family string
	status       int
	why          string
}

// maxSaid is how many of them a row keeps, so that most decisions allocate
// nothing.
const maxSaid = 16

// whyOf is the reason of a decision on an outcome: what the row says of the code
// that was met.
func (r *row) whyOf(o *parlance.Outcome) string {
	if r.why == "" || !r.many() {
		return r.why
	}
	var all []said
	if kept := r.said.Load(); kept != nil {
		all = *kept
	}
	for i := range all {
		if s := &all[i]; s.status == o.Status && s.code == o.Code && s.family == o.Family {
			return s.why
		}
	}
	met := r.first
	for _, code := range [...]string{o.Code, o.Family, strconv.Itoa(o.Status)} {
		if code != "" && r.covers(code) {
			met = code
			break
		}
	}
	why := r.explain(met)
	if len(all) < maxSaid && len(o.Code)+len(o.Family) <= maxKey {
		next := append(slices.Clone(all), said{strings.Clone(o.Code), strings.Clone(o.Family), o.Status, why})
		r.said.Store(&next)
	}
	return why
}

// explain is the reason of a decision: what the row says of a code, in one
// sentence.
func (r *row) explain(code string) string {
	s := r.kind.String()
	if r.reason != "" {
		s += " (" + string(r.reason) + ")"
	}
	if code != "" {
		s = code + " means " + s
	}
	if r.help != "" {
		s += ": " + r.help
	} else if r.title != "" {
		s += ": " + r.title
	}
	if r.retry.then != 0 && len(r.retry.schedule) > 0 {
		waits := make([]string, len(r.retry.schedule))
		for i, w := range r.retry.schedule {
			waits[i] = words(w)
		}
		s += "; retry after " + strings.Join(waits, ", then every ") + ", and " + r.retry.then.String() + " if it persists"
	}
	return s
}

// words is a duration as people write it.
func words(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return plural(int(d/time.Hour), "hour")
	case d >= time.Minute && d%time.Minute == 0:
		return plural(int(d/time.Minute), "minute")
	case d%time.Second == 0:
		return plural(int(d/time.Second), "second")
	}
	return d.String()
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
