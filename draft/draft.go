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
	"errors"
	"maps"
	"slices"
	"strconv"

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
	var bodies []*value
	for _, r := range recorded {
		if r.Status < 400 {
			bodies = append(bodies, parse(r))
		}
	}
	d.verdicts = verdictsOf(bodies)
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

	verdicts []*verdict
	marked   bool            // an example under a good status has the mark of a failure
	proofs   map[string]bool // the members of which a success has been shown

	rows     []row
	shapes   []*shape
	headers  []*place
	numbers  bool // codes in bodies are numbers
	statuses bool // codes in bodies are HTTP statuses
	samples  []*sample
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
	mark, complains := d.complaint(s, g, body)
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
	case g.ruling != nil:
		d.ruled(s.shape, g, complains)
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

// complaint finds out if a body tells of a failure, and the member that only failures have, if
// one tells it.
func (d *drafted) complaint(s *sample, g *guesser, body *value) (mark string, complains bool) {
	if s.Status >= 400 {
		return "", body.complains() || g.labeled
	}
	if !g.labeled {
		if g.ruling = d.ruling(body); g.ruling != nil {
			return "", !g.ruling.good
		}
	}
	mark = body.failureMark()
	return mark, body.complains() || mark != "" || g.labeled
}

// ruled is a shape of bodies that say whether the request went well.
func (d *drafted) ruled(s *shape, g *guesser, complains bool) {
	s.ruled, s.status = true, complains && g.ruling.of.statuses
	if s.status {
		d.statuses = true
		code, _ := strconv.Atoi(g.code)
		d.statusRow(code, g)
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
