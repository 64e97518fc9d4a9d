package authoring

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// A probe is the body of a sample with one place changed. Lint reads it, to find out what
// comes of a response that differs a little from those that the author has seen.
type probe struct {
	body    []byte
	place   string // the member that was changed
	sort    probed
	at      spec.Position // of its template
	from    int           // where in the body the change is
	record  bool          // it is in a record
	boolean bool          // a constant was true or false
}

// probed is what a probe changes.
type probed byte

const (
	constantProbed probed = iota // a constant has another value
	memberProbed                 // a member that must be there is missing, or has another form
	recordProbed                 // a record has none of its members
	absentProbed                 // a member that must be missing is there, and empty
	strangerProbed               // a list has one element, and no template is for that
	doubledProbed                // a list in a record has its only element twice
)

// The limits of all probes of one file.
const (
	maxProbes     = 300
	maxProbedBody = 16 << 10
	maxProbeDepth = 8
	maxAlone      = 8
)

// prober makes the probes of one body.
type prober struct {
	m      *read.Matcher
	body   []byte
	failed bool // it is that of a failure
	record bool // the walk is in a record
	within bool // the walk is in an element of a list
	all    []probe
	alone  [][]byte // the body with one of its records alone, for each of them
}

// probesOf are the probes of a sample, none for one whose status is a failure: there the
// status says so, whatever the body is. alone are its body with each record alone, if it has
// several.
func (d author) probesOf(s *spec.Sample, failed bool) (all []probe, alone [][]byte) {
	res := s.Response
	if res.Status < 200 || res.Status > 299 || len(res.Body) > maxProbedBody {
		return nil, nil
	}
	m := read.Matchers.Get().(*read.Matcher)
	defer m.Release()
	m.Reset(&res, 0)
	shape, _ := d.Read(m, d.PlanFor(res.Status), &s.Request, &res)
	if shape == nil || shape.Form != spec.FormJSON && shape.Form != spec.FormXML {
		return nil, nil
	}
	t := shape.Body
	if shape.Form == spec.FormXML {
		t = t.Root().Value
	}
	p := prober{m: m, body: res.Body, failed: failed}
	p.walk(t, 0, 0)
	slices.SortStableFunc(p.all, func(a, b probe) int { return spec.Btoi(b.record) - spec.Btoi(a.record) })
	return p.all, p.alone
}

// walk probes the members of a node that fitted a template.
func (p *prober) walk(t *spec.Template, n uint32, depth int) {
	if t = t.Resolve(); depth > maxProbeDepth || t == nil {
		return
	}
	switch t.Op {
	case spec.OpEither:
		for _, e := range t.Elems {
			before := p.m.Mark()
			fits := !e.WriteOnly && p.m.Value(e, n)
			if p.m.Back(before); fits {
				p.walk(e, n, depth+1)
				return
			}
		}
	case spec.OpObject:
		for i := range t.Members {
			p.member(&t.Members[i], n, depth)
		}
	case spec.OpList:
		p.list(t, n, depth)
	}
}

// list probes a list: its records, one that has none of its members, and its elements.
func (p *prober) list(t *spec.Template, n uint32, depth int) {
	if t.Some && p.failed {
		p.strangers(t, n)
	}
	switch {
	case p.m.Tree.Nodes[n].Kind != tree.List:
	case t.Makes(spec.Item):
		p.double(n, t.Pos)
		p.records(t, n, depth)
	case t.Reads.Of(spec.Item) != 0 && n+1 < p.m.Tree.Nodes[n].Next && !p.within:
		p.within = true
		p.walk(&spec.Template{Op: spec.OpEither, Elems: t.Elems}, n+1, depth+1)
		p.within = false
	}
	says := p.record || slices.ContainsFunc(t.Elems, func(e *spec.Template) bool { return e.Is != "" })
	if c := n + 1; !says && t.Reads.Of(spec.Item) != 0 && c < p.m.Tree.Nodes[n].Next && p.m.Tree.Nodes[c].Kind == tree.Object {
		p.change(c, `{"?":"?"}`, "a record", recordProbed, t.Pos)
	}
}

// double probes a list of records in an element of another list: it has its only element twice.
func (p *prober) double(n uint32, at spec.Position) {
	list, first := &p.m.Tree.Nodes[n], &p.m.Tree.Nodes[min(int(n)+1, len(p.m.Tree.Nodes)-1)]
	if !p.within || list.Moved || first.Moved || first.Kind != tree.Object || first.Next != list.Next {
		return
	}
	p.take(slices.Concat(p.body[:first.End], []byte(","), p.body[first.Start:]), string(p.m.Tree.Key(n)), doubledProbed, at, int(first.Start))
}

// strangers probes a list that needs an element of a template: it has another one alone.
func (p *prober) strangers(t *spec.Template, n uint32) {
	list := &p.m.Tree.Nodes[n]
	if list.Kind != tree.List || list.Moved || t.Makes(spec.Item) || t.Reads.Of(spec.Item) != 0 && !p.record {
		return
	}
	p.take(slices.Concat(p.body[:list.Start], []byte(`[{"?":"?"}]`), p.body[list.End:]), string(p.m.Tree.Key(n)), strangerProbed, t.Pos, int(list.Start))
}

// records probes the first record of a list in JSON, and collects the bodies that have one
// record alone.
func (p *prober) records(t *spec.Template, n uint32, depth int) {
	list := &p.m.Tree.Nodes[n]
	for c := range p.m.Tree.Children(n) {
		if node := &p.m.Tree.Nodes[c]; !node.Moved && !list.Moved && node.Kind == tree.Object && len(p.alone) < maxAlone {
			p.alone = append(p.alone, slices.Concat(p.body[:list.Start], []byte("["), p.body[node.Start:node.End], []byte("]"), p.body[list.End:]))
		}
	}
	if c := n + 1; c < list.Next {
		outer := p.record
		p.record = true
		p.walk(&spec.Template{Op: spec.OpEither, Elems: t.Elems}, c, depth+1)
		p.record = outer
	}
}

// member probes one member: its value, and what stands in it.
func (p *prober) member(w *spec.Member, n uint32, depth int) {
	if w.Value.Op == spec.OpAbsent {
		if !p.record {
			p.add(w, n)
		}
		return
	}
	if w.Optional || w.Text || w.Value.WriteOnly {
		return
	}
	for c := range p.m.Tree.Children(n) {
		if p.m.Takes(&read.Selection{Named: w}, c) {
			p.value(w, c)
			p.walk(w.Value, c, depth+1)
			return
		}
	}
}

// add adds the probe in which an object has a member that must be missing, as an empty list.
// Many servers write what they have none of so.
func (p *prober) add(w *spec.Member, n uint32) {
	node := &p.m.Tree.Nodes[n]
	if node.Kind != tree.Object || node.Moved {
		return
	}
	text, rest := strconv.Quote(w.Names[0])+":[]", p.body[node.Start+1:]
	if n+1 < node.Next {
		text += ","
	}
	p.take(slices.Concat(p.body[:node.Start+1], []byte(text), rest), w.Names[0], absentProbed, w.Value.Pos, int(node.Start))
}

// value probes a member. One of a failure that need not be there is only called by another
// name.
func (p *prober) value(w *spec.Member, c uint32) {
	if p.record {
		p.valueOfRecord(w, c)
		return
	}
	if w.Must || p.failed || w.Value.Op == spec.OpConst {
		p.rename(c, w)
	}
	switch constant := w.Value.Op == spec.OpConst; {
	case constant:
		kind, before := p.m.Tree.Nodes[c].Kind, len(p.all)
		p.change(c, other(kind), w.Names[0], constantProbed, w.Value.Pos)
		for i := range p.all[before:] {
			p.all[before+i].boolean = kind == tree.True || kind == tree.False
		}
	case w.Must && p.m.Tree.Nodes[c].Kind == tree.Text:
		p.change(c, `["?"]`, w.Names[0], memberProbed, w.Value.Pos)
	case w.Must && p.m.Tree.Nodes[c].Kind < tree.Element:
		p.change(c, `"?"`, w.Names[0], memberProbed, w.Value.Pos)
	}
}

// valueOfRecord probes a member of a record: its constant, and what tells why it failed.
func (p *prober) valueOfRecord(w *spec.Member, c uint32) {
	// A record without a member is another one, and the other value of a boolean is another form.
	switch kind := p.m.Tree.Nodes[c].Kind; {
	case w.Value.Op == spec.OpConst && kind != tree.True && kind != tree.False:
		p.change(c, other(kind), w.Names[0], constantProbed, w.Value.Pos)
	case p.failed && w.Must && kind == tree.Text && w.Value.Reads&said != 0:
		p.change(c, `["?"]`, w.Names[0], memberProbed, w.Value.Pos)
	}
}

// said are the attributes that tell why a record failed.
var said = spec.BitOf(spec.Item, spec.AttrCode) | spec.BitOf(spec.Item, spec.AttrDetail)

// other is another value for a node.
func other(kind tree.Kind) string {
	if kind >= tree.Element {
		return "?"
	}
	return `"?"`
}

// rename adds the probe in which a member or an element has another name.
func (p *prober) rename(n uint32, w *spec.Member) {
	node := &p.m.Tree.Nodes[n]
	start, name, rest := p.body[:node.KeyStart], "?", p.body[node.KeyEnd:]
	if node.Kind >= tree.Element {
		name = "unknown"
	}
	if node.Kind == tree.Element && bytes.HasPrefix(p.body[node.Close:], []byte("</")) {
		end := int(node.Close) + bytes.IndexByte(p.body[node.Close:], '>')
		from := end - int(node.KeyEnd-node.KeyStart)
		if string(p.body[from:end]) != string(p.body[node.KeyStart:node.KeyEnd]) {
			return // blanks after the name of the end
		}
		rest = slices.Concat(p.body[node.KeyEnd:from], []byte(name), p.body[end:])
	}
	p.take(slices.Concat(start, []byte(name), rest), w.Names[0], memberProbed, w.Value.Pos, len(start))
}

// change adds the probe in which a node has another value.
func (p *prober) change(n uint32, value, place string, sort probed, at spec.Position) {
	node := &p.m.Tree.Nodes[n]
	if node.Moved || node.Kind == tree.Element && !p.m.Tree.IsLeaf(n) {
		return
	}
	from, to := node.Start, node.End
	if node.Kind == tree.Text {
		from, to = from-1, to+1 // its quotes
	}
	p.take(slices.Concat(p.body[:from], []byte(value), p.body[to:]), place, sort, at, int(from))
}

// take adds a probe.
func (p *prober) take(body []byte, place string, sort probed, at spec.Position, from int) {
	p.all = append(p.all, probe{body: body, place: place, sort: sort, at: at, from: from, record: p.record})
}

// judge warns of probes that are read without a complaint, once for each place of the file.
type judge struct {
	author
	*spec.Reporter
	told map[spec.Position]bool
	left int // how many probes are still tried
}

func (j *judge) warn(pos spec.Position, rule, hint, format string, args ...any) {
	if !j.told[pos] {
		j.told[pos] = true
		j.Warn(pos, rule, hint, format, args...)
	}
}

// tryProbes reads the probes of all samples, and warns of those that are a success without
// a word. Of a sample with several records it also tries each record that failed alone.
func tryProbes(d *dialect.Dialect, r *spec.Reporter) {
	j := judge{author{d.Internal()}, r, map[spec.Position]bool{}, maxProbes}
	for i := range j.Samples {
		s := j.Samples[i]
		for _, body := range j.try(d, &s, false) {
			s.Response.Body = body
			j.try(d, &s, true)
		}
	}
}

// try reads the probes of one sample. If failures is set it must be that of a failure. It
// returns the body with each record alone.
func (j *judge) try(d *dialect.Dialect, s *spec.Sample, failures bool) (alone [][]byte) {
	whole := d.Decode(s.Request, s.Response)
	failed := whole.Outcome.Kind.Failing()
	if len(whole.Diagnostics) > 0 || failures && !failed {
		return nil
	}
	all, alone := j.probesOf(s, failed)
	for _, p := range all {
		if failures && !p.record {
			continue // it has been tried in the whole body
		}
		if j.left--; j.left < 0 {
			return nil
		}
		res := s.Response
		res.Body = p.body
		if one := d.Decode(s.Request, res); len(one.Diagnostics) == 0 {
			j.weigh(s, &whole, &one, &p)
		}
	}
	return alone
}

// weigh warns of a probe that was read without a complaint. whole is what the sample itself
// is read as.
func (j *judge) weigh(s *spec.Sample, whole, one *dialect.Decoded, p *probe) {
	items := one.Outcome.Items
	switch good := one.Outcome.Kind == parlance.KindSuccess; {
	case p.sort == recordProbed && len(items) < len(whole.Outcome.Items):
		j.warn(p.at, "empty_record", "mark with ! what each record has, such as its id", "a record with none of these members is left out, without a complaint")
	case p.sort == doubledProbed:
		if len(items) > len(whole.Outcome.Items) && spec.NamesError(p.place) {
			j.warn(p.at, "split_record", "read the id, the place or the status of the record outside of this list", "two elements of %q in one record are two records", p.place)
		}
	case p.sort == recordProbed:
		if len(items) > 0 && items[0].Outcome.Kind == parlance.KindSuccess {
			j.warn(p.at, "empty_record", "mark with ! what each record has, such as its status", "a record with none of these members is read as a success")
		}
	case good && p.sort == strangerProbed:
		if j.shapeOf(one.Shape) != nil && !j.succeedsWith(p.place) {
			j.warn(p.at, "loose_success", "add a failure that takes every other element, {"+p.place+"!: $any}, or a sample of a success that has the list",
				"with another element alone in %q, the failure on line %d would be a success, by the shape %q", p.place, s.Pos.Line, one.Shape)
		}
	case good:
		j.loose(s, whole, one, p)
	}
}

// succeedsWith reports that a sample which is a success has such a member.
func (j *judge) succeedsWith(name string) bool {
	return slices.ContainsFunc(j.Samples, func(s spec.Sample) bool {
		return s.Response.Status < 300 && bytes.Contains(s.Response.Body, []byte(strconv.Quote(name))) && j.Decode(s.Request, s.Response, 0).Outcome.Kind.Good()
	})
}

// loose warns of a probe that is a plain success.
func (j *judge) loose(s *spec.Sample, whole, one *dialect.Decoded, p *probe) {
	switch failed := whole.Outcome.Kind.Failing(); {
	case p.sort == absentProbed:
		if failed || whole.Outcome.Kind == parlance.KindPartial {
			j.warn(p.at, "loose_success", "leave the member out of the shape if it can be empty", "with an empty list as %q, the response on line %d would be a plain success, by the shape %q", p.place, s.Pos.Line, one.Shape)
		}
	case failed:
		by := j.shapeOf(one.Shape)
		if by != nil && by.Body.Op == spec.OpHole && p.state() {
			j.warn(by.Pos, "loose_success", "write {"+p.place+": $absent} in place of $data, and before that a shape for a success that has it", "if %q of the failure on line %d had another value, this would be a success, by the shape %q, which takes everything: %s", p.place, s.Pos.Line, one.Shape, p.excerpt())
			return
		}
		// Another name in a payload that can be anything is the payload's own. A record can be told all the same.
		if by != nil && (p.record || by.Body.Op == spec.OpObject && !by.Body.AllOptional()) {
			j.warn(by.Pos, "loose_success", p.hint(by), "if %q of the failure on line %d were another one, this would be a success, by the shape %q: %s", p.place, s.Pos.Line, one.Shape, p.excerpt())
		}
	case p.sort == constantProbed && one.Shape == "":
		j.warn(p.at, "loose_success", j.toNote(whole.Shape), "if %q had another value, the response would still be a plain success", p.place)
	}
}

// toNote says how a body that a shape does not read becomes noted.
func (j *judge) toNote(shape string) string {
	if by := j.shapeOf(shape); by != nil && by.ReadOnly {
		return "add a shape without read_only for a success, so that another body is noted"
	}
	return "add is: success to the shape, so that another body is noted"
}

// state reports that the constant which was changed says how the request ended.
func (p *probe) state() bool { return p.sort == constantProbed && (p.boolean || namesState(p.place)) }

// hint says how a success that takes the changed body of a failure is told from it.
func (p *probe) hint(by *spec.Shape) string {
	const own = "mark with ! what each success has and no failure, or write it as a constant"
	switch {
	case p.record:
		return "put the record's form of a success first, and leave " + strconv.Quote(p.place) + " out of the form that failed: then each other record failed"
	case by.Names(p.place):
		return own
	}
	return "write " + p.place + ": $absent in that shape; or " + own
}

// excerpt is the changed body around the change, in one line.
func (p *probe) excerpt() string {
	const before, most = 40, 100
	from := max(p.from-before, 0)
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(p.body[from:min(from+most, len(p.body))]), "")), " ")
	if from > 0 {
		text = "…" + text
	}
	if from+most < len(p.body) {
		text += "…"
	}
	return text
}

// shapeOf is the shape of that name in the file itself, nil for none.
func (d author) shapeOf(name string) *spec.Shape {
	for _, one := range d.Shapes {
		if one.Name == name && !one.Inherited && one.Body != nil {
			return one
		}
	}
	return nil
}
