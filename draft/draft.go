// Package draft writes a first dialect file from recorded responses.
//
//	text, err := draft.File("my-api", draft.Recorded{
//		Method: "GET", Path: "/cameras/7",
//		Status: 404,
//		Header: header,
//		Body:   body,
//	})
//	if err != nil {
//		return err
//	}
//	err = os.WriteFile("my-api.yaml", text, 0o644)
//
// From the names and the values of members it guesses which one is the message,
// the code or the request ID, and marks each guess with a comment. Another comment
// marks what it does not recognize. authoring.Lint warns of both.
package draft

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// Recorded is one response from which a file is drafted.
type Recorded struct {
	Method, Path string // of the request; "" if unknown
	Status       int
	Header       dialect.HeaderMap
	Body         []byte
}

// maxBody is the longest body that is read, and put into the file as a sample.
// Error bodies are shorter.
const maxBody = 64 << 10

// ErrNothing is the error if no response is given.
var ErrNothing = errors.New("there is no response to draft from")

// File drafts the dialect file of an API from recorded responses. A comment marks
// each guess, and each place that is to be filled in. The file compiles, and
// authoring.Lint warns only of these comments (rule unfinished): a guess that
// contradicts the responses is left out. The error is ErrNothing, or a *dialect.FileError if the
// name is not valid.
func File(name string, recorded ...Recorded) ([]byte, error) {
	if len(recorded) == 0 {
		return nil, ErrNothing
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	d := &drafted{name: name}
	for _, r := range recorded {
		d.take(r, nil)
	}
	d.merge()
	d.verify()
	return authoring.Format(d.text(true))
}

// drafted is a file in the making.
type drafted struct {
	name    string
	titled  string   // the title of the API, "" if unknown
	source  string   // the page or file that describes it, "" for recorded responses
	remarks []string // comments at the end
	extras  []*extra

	rows    []row
	shapes  []*shape
	headers []*place
	numbers bool // codes in bodies are numbers
	samples []*sample
}

// shape is how one kind of body looks.
type shape struct {
	name    string
	classes []string // 2xx, 4xx 5xx
	form    string
	media   string // the content type that is written, "" for the usual one
	marked  bool   // under a good status, a member says that it failed
	body    *place
	is      string   // the row that has its meaning, "" for none
	labeled bool     // a document tells where the code and the message are
	good    bool     // it tells of a success
	codes   []string // those that it is for, nil for all
	failed  bool     // it tells of a failure under a good status
	of      []*sample
	gone    bool // it did not hold
}

// extra is a line that holds for the whole API.
type extra struct {
	text, comment string
	gone          bool
}

// sample is one of the responses, as it is put into the file.
type sample struct {
	Recorded
	shape     *shape
	outcome   *parlance.Outcome // as the file itself reads it
	readsOnly bool
	gone      bool
}

// take guesses what one response says. If a document tells the code and the message, it
// finds where they stand.
func (d *drafted) take(r Recorded, says *Says) {
	s := &sample{Recorded: r}
	g := &guesser{status: r.Status, taken: map[string]bool{}, labeled: says != nil}
	body := parse(r)
	if body != nil {
		body.label(says)
		d.looks(s, g, body)
	}
	d.numbers = d.numbers || g.numbers
	d.statusRow(r.Status, g)
	if _, params := challenge(first(r.Header, "Www-Authenticate")); g.code == "" && isToken(params["error"]) {
		g.code = params["error"]
	}
	if g.code != "" && says == nil {
		d.codeRow(g.code, r.Status)
	}
	for _, p := range headerPlaces(r.Header) {
		if !slices.ContainsFunc(d.headers, func(o *place) bool { return o.key == p.key }) {
			d.headers = append(d.headers, p)
		}
	}
	d.samples = append(d.samples, s)
	if says != nil && says.Code != "" && (body == nil || body.codeAt("") == "") {
		d.codeField(r.Header, says.Code)
	}
}

// looks guesses the shape of a body.
func (d *drafted) looks(s *sample, g *guesser, body *value) {
	mark := ""
	if s.Status < 400 {
		mark = body.failureMark()
	}
	complains := body.complains() || mark != "" || g.labeled
	g.good = s.Status < 400 && !complains
	p := g.document(body)
	if p == nil {
		return
	}
	s.shape = &shape{
		name: g.name(), form: body.form, body: p, classes: classesOf(s.Status, complains),
		good: g.good, labeled: g.labeled, failed: s.Status < 400 && complains, of: []*sample{s},
	}
	switch {
	case mark != "":
		s.shape.marked = true
		s.shape.demand(mark)
		if body.results() {
			s.shape.is = "partial"
		}
	case s.shape.failed && !body.complains() && g.code != "":
		s.shape.codes = []string{g.code} // they alone tell that it failed
	}
	d.shapes = append(d.shapes, s.shape)
}

// demand says that a body has a member if it fits the shape.
func (s *shape) demand(name string) {
	for _, p := range s.body.kids {
		if p.base() == name {
			p.key = name + "!"
		}
	}
}

// codeField finds the field that holds the code.
func (d *drafted) codeField(h dialect.HeaderMap, code string) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if h[name][0] == code && !slices.ContainsFunc(d.headers, func(o *place) bool { return o.key == name }) {
			d.headers = append(d.headers, &place{kind: textual, key: name, text: "$code", comment: "the document says that it is the code"})
		}
	}
}

// classesOf is the condition under which a shape is tried.
func classesOf(status int, complains bool) []string {
	switch {
	case status >= 400:
		return []string{"4xx", "5xx"}
	case complains:
		return []string{"2xx"}
	}
	return []string{fmt.Sprint(status)}
}

// merge makes one shape of those that look alike: what only some have may be
// left out.
func (d *drafted) merge() {
	var kept []*shape
	for _, s := range d.shapes {
		i := s.joins(kept)
		if i >= 0 && s.media != "" && kept[i].media == "" {
			kept[i].media = s.media
		}
		if i < 0 {
			at := slices.IndexFunc(kept, func(k *shape) bool { return k.form == s.form && covers(k.body, s.body) })
			if at < 0 {
				at = len(kept)
			}
			kept = slices.Insert(kept, at, s)
			continue
		}
		k := kept[i]
		k.body = unite(k.body, s.body)
		k.of = append(k.of, s.of...)
		k.failed = k.failed || s.failed
		for _, code := range s.codes {
			if !slices.Contains(k.codes, code) {
				k.codes = append(k.codes, code)
			}
		}
		for _, sample := range s.of {
			sample.shape = k
		}
		for _, c := range s.classes {
			if !slices.Contains(k.classes, c) {
				k.classes = append(k.classes, c)
			}
		}
	}
	arrange(kept)
	sure := slices.DeleteFunc(slices.Clone(kept), func(s *shape) bool { return !s.proven() })
	kept = append(sure, slices.DeleteFunc(kept, (*shape).proven)...) // else a failure with any code takes the code for none
	d.shapes = kept
	names := map[string]int{}
	for _, s := range kept {
		slices.Sort(s.classes)
		if names[s.name]++; names[s.name] > 1 {
			s.name = fmt.Sprintf("%s %d", s.name, names[s.name])
		}
	}
}

// arrange lets shapes be tried that another one would take all bodies of: the one in which
// a text is the code requires its message, and comes before the one in which that text is
// the message. A shape before others does not fit every object.
func arrange(all []*shape) {
	for i := range all {
		for j := i + 1; j < len(all); j++ {
			a, b := all[i], all[j]
			if a.form != b.form || a.labeled || b.labeled {
				continue
			}
			switch {
			case swapped(a.body, b.body):
				tighten(a.body)
			case swapped(b.body, a.body):
				tighten(b.body)
				all[i], all[j] = b, a
			}
			loosen(all[i].body)
		}
	}
}

// joins finds the shape that can be one with this one; -1 if there is none. One that does
// not require more than this one is preferred.
func (s *shape) joins(kept []*shape) int {
	last := -1
	for i, k := range kept {
		one := k.is == "" && s.is == "" && k.form == s.form && k.good == s.good && k.marked == s.marked && (k.codes == nil) == (s.codes == nil)
		if !one || !alike(k.body, s.body) || s.labeled && k.labeled && stricter(k.body, s.body) && stricter(s.body, k.body) {
			continue
		}
		if last = i; !stricter(k.body, s.body) {
			return i
		}
	}
	return last
}

// verify holds the file against its own responses and leaves out what does not
// hold, until there is nothing to complain of. Each round takes something away,
// so it ends.
func (d *drafted) verify() {
	for {
		d.read()
		findings := slices.DeleteFunc(authoring.Lint(d.name+".yaml", d.text(false)), func(f parlance.Diagnostic) bool { return f.Rule == "records_only" }) // a comment says what to do
		if len(findings) == 0 {
			return
		}
		if !d.relent(findings) {
			return
		}
	}
}

// read reads every response with the file as it stands.
func (d *drafted) read() {
	whole := d.samples
	d.samples = nil
	compiled, err := dialect.Compile(d.name+".yaml", d.text(false))
	d.samples = whole
	for _, s := range d.samples {
		s.outcome = nil
		if err != nil || !s.printable() {
			s.gone = s.gone || !s.printable()
			continue
		}
		reading := compiled.Decode(dialect.Request{Method: s.Method, Path: s.Path}, dialect.Response{Status: s.Status, Header: s.told(d), Body: bytes.TrimSuffix(s.Body, []byte("\n"))})
		s.outcome = &reading.Outcome
	}
}

// relent takes away what a complaint is about: first that a sample is written
// back, then the shape that reads it, then codes and headers, at last the
// sample. It reports false if nothing is left to take.
func (d *drafted) relent(findings []parlance.Diagnostic) bool {
	return d.takeBlamed(findings) || d.takeCode() || d.takeShape() || d.takeHeaders() || d.takeSamples()
}

// takeBlamed takes away one thing of each part that a finding is about.
func (d *drafted) takeBlamed(findings []parlance.Diagnostic) (done bool) {
	lines := d.places(string(d.text(false)))
	eased := map[*sample]bool{}
	for _, f := range findings {
		switch part := lines.of(f.Line); {
		case part.sample != nil && !eased[part.sample]:
			if part.sample.ease(f.Rule) {
				eased[part.sample], done = true, true // one thing at a time
			} else if !part.sample.gone && !done {
				part.sample.gone, done = true, true
			}
		case part.shape != nil && !part.shape.gone:
			part.shape.gone, done = true, true
		case part.extra != nil && !part.extra.gone:
			part.extra.gone, done = true, true
		}
	}
	return done
}

// ease asks less of a sample: it need not be written back, or the shape that reads
// it goes. It reports false if there is nothing to ease.
func (s *sample) ease(rule string) bool {
	switch {
	case rule == "sample_writes" && !s.readsOnly:
		s.readsOnly = true
	case s.shape != nil && !s.shape.gone:
		s.shape.gone = true
	default:
		return false
	}
	return true
}

// takeCode takes away the last code.
func (d *drafted) takeCode() bool {
	for i, r := range slices.Backward(d.rows) {
		if r.code {
			d.rows = slices.Delete(d.rows, i, i+1)
			return true
		}
	}
	return false
}

// takeShape takes away the first shape that holds.
func (d *drafted) takeShape() bool {
	for _, s := range d.standing() {
		s.gone = true
		return true
	}
	return false
}

func (d *drafted) takeHeaders() bool {
	took := len(d.headers) > 0
	d.headers = nil
	return took
}

func (d *drafted) takeSamples() (took bool) {
	for _, s := range d.samples {
		took = took || !s.gone
		s.gone = true
	}
	return took
}

// part is what a line of the file belongs to.
type part struct {
	line   int
	shape  *shape
	sample *sample
	extra  *extra
}

type parts []part

func (p parts) of(line int) part {
	var found part
	for _, one := range p {
		if one.line <= line {
			found = one
		}
	}
	return found
}

// places finds the lines on which the shapes and the samples begin. They stand
// in the order in which they are written.
func (d *drafted) places(text string) (all parts) {
	section, shapes, samples := "", d.standing(), d.kept()
	extras := d.settled()
	for i, line := range strings.Split(text, "\n") {
		switch {
		case line != "" && line[0] != ' ' && line[0] != '#':
			section = line
			one := part{line: i + 1}
			if len(extras) > 0 && strings.HasPrefix(line, extras[0].text) {
				one.extra, extras = extras[0], extras[1:]
			}
			all = append(all, one)
		case !strings.HasPrefix(line, "  - "):
		case section == "shapes:" && len(shapes) > 0:
			all = append(all, part{line: i + 1, shape: shapes[0]})
			shapes = shapes[1:]
		case section == "shapes:":
			all = append(all, part{line: i + 1}) // of the header
		case section == "samples:" && len(samples) > 0:
			all = append(all, part{line: i + 1, sample: samples[0]})
			samples = samples[1:]
		}
	}
	return all
}

// standing are the shapes that hold.
func (d *drafted) standing() []*shape {
	return slices.DeleteFunc(slices.Clone(d.shapes), func(s *shape) bool { return s.gone })
}

// kept are the samples that are put into the file.
func (d *drafted) kept() []*sample {
	return slices.DeleteFunc(slices.Clone(d.samples), func(s *sample) bool { return s.gone || s.outcome == nil })
}

// settled are the lines that hold for the whole API.
func (d *drafted) settled() []*extra {
	return slices.DeleteFunc(slices.Clone(d.extras), func(x *extra) bool { return x.gone })
}
