package page

import (
	"cmp"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// Options are what a caller may choose. The zero value is a page in English for an API of
// the catalog.
type Options struct {
	Language string // one of Languages; "" is DefaultLanguage
	BaseURL  string // the URL of the page, for the types of problems; "" shows none
	Mock     string // the URL of the mock in the commands; "" is DefaultMock

	// Files are the files of dialects that are not in the catalog, by their names. The
	// command for the mock names the last part of the path: a reader has other folders.
	Files map[string]string

	// Trial lets a reader paste a response into a page of HTML, nil for a page without it.
	Trial *Trial
}

// file is the last part of the path of a dialect's file, "" if it is of the catalog.
func (o Options) file(d *dialect.Dialect) string {
	if path := o.Files[d.Name()]; path != "" {
		return line(filepath.Base(path))
	}
	return ""
}

// document is all that a page says, in words. Its texts are visible, and are escaped as
// they are written.
type document struct {
	*words
	Name        string // of the dialect
	API         string // its title for people
	File        string // the file of the dialect, for people
	URL         string // the URL of the page, "" for none
	Groups      []group
	Glance      []*code
	Facts       []fact
	Kinds, Acts []string // those that occur
	trial       *Trial   // nil for a page without it
}

// group is a class of codes.
type group struct {
	ID, Name, Title, Note string
	Codes                 []*code
}

// code is a section with an anchor: one code, or several that mean the same.
type code struct {
	ID       string
	More     []string // other anchors that lead here
	Code     string   // as it is shown
	Title    string
	Link     string // what the link to it is called
	Type     string // the URI of a problem of this code, "" for none
	Readings []reading
}

// reading is one meaning of a code.
type reading struct {
	If        string // its conditions, "" for none
	Otherwise bool   // a reading with conditions stands before it
	Kind      parlance.Kind
	Tag       string // kind/reason
	Act       parlance.Act
	ActShort  string
	WhenShort string
	Rows      []labeled
	Example   *example
	Go        string
	Line      string
}

// Brief are the readings of a code that differ in a few words.
func (c *code) Brief() (all []reading) {
	for _, r := range c.Readings {
		if !slices.ContainsFunc(all, func(o reading) bool {
			return o.Tag == r.Tag && o.ActShort == r.ActShort && o.WhenShort == r.WhenShort
		}) {
			all = append(all, r)
		}
	}
	return all
}

// labeled is a text with a label.
type labeled struct{ Label, Text string }

// Pieces is the text, cut at its links.
func (l labeled) Pieces() []piece { return pieces(l.Text) }

// composer makes a document of a dialect.
type composer struct {
	adviser
	o        Options
	d        *dialect.Dialect
	examples *examples
	ids      anchors
	shows    map[string]string // by the name of a form: the first code whose example has it
}

// compose says in words all that a dialect says to a caller.
func compose(o Options, d *dialect.Dialect) (*document, error) {
	w, err := open(o.Language)
	if err != nil {
		return nil, err
	}
	if o.Trial != nil {
		if err := o.Trial.check(); err != nil {
			return nil, err
		}
	}
	c := &composer{w.adviserOf(d), o, d, examplesOf(d), anchors{}, map[string]string{}}
	p := &document{
		words: w, Name: line(d.Name()), API: cmp.Or(line(d.Title()), line(d.Name())),
		File: cmp.Or(o.file(d), line(d.Name())+".yaml"), URL: o.BaseURL, trial: o.Trial,
	}
	for _, g := range authoring.Groups(d) {
		p.Groups = append(p.Groups, c.group(g))
	}
	for _, g := range p.Groups {
		p.Glance = append(p.Glance, g.Codes...)
	}
	p.Facts = c.facts()
	p.Kinds, p.Acts = p.occurring()
	return p, nil
}

// occurring are the kinds and the acts of a document, in the order of their numbers.
func (p *document) occurring() (kinds, acts []string) {
	has := map[string]bool{}
	for _, c := range p.Glance {
		for _, r := range c.Readings {
			has[r.Kind.String()], has[r.Act.String()] = true, true
		}
	}
	for _, k := range parlance.Kinds() {
		if has[k.String()] {
			kinds = append(kinds, k.String())
		}
	}
	for a := parlance.ActDone; a <= parlance.ActStop; a++ {
		if has[a.String()] {
			acts = append(acts, a.String())
		}
	}
	return kinds, acts
}

// group is a class of codes in words, with the row of the class itself at its end.
func (c *composer) group(g authoring.Group) group {
	out := group{ID: own + cmp.Or(g.Name, "bodies"), Name: g.Name, Title: c.say("group." + cmp.Or(g.Name, "bodies"))}
	if g.Name == "" {
		out.Note = c.say("group.bodies.note")
	}
	all := slices.Clone(g.Rows)
	for _, e := range g.Class {
		if g.Name == "1xx" && e.Builtin {
			continue // as a final status HTTP has none
		}
		e.Code = g.Name
		all = append(all, e)
	}
	for len(all) > 0 {
		shown := cmp.Or(all[0].Code, all[0].Key)
		n := 1
		for n < len(all) && cmp.Or(all[n].Code, all[n].Key) == shown {
			n++
		}
		out.Codes = append(out.Codes, c.code(shown, all[:n]))
		all = all[n:]
	}
	return out
}

// code is a section about a code with all its meanings.
func (c *composer) code(shown string, entries []authoring.Entry) *code {
	keys := strings.Split(shown, ",")
	for i := range keys {
		keys[i] = strings.TrimSpace(keys[i])
	}
	out := &code{Code: line(shown), Title: c.title(keys, entries)}
	if strings.HasSuffix(shown, "xx") && len(keys) == 1 {
		out.Code = c.say("group.other", "class", shown)
	}
	out.Link = c.say("page.link", "code", out.Code)
	out.ID, out.More = c.ids.of(keys)
	if c.o.BaseURL != "" {
		out.Type = c.o.BaseURL + "#" + out.ID
	}
	for i := range entries {
		r := c.reading(&entries[i])
		if e := r.Example; e != nil && c.shows[e.Shape] == "" {
			c.shows[e.Shape] = out.Code
		}
		out.Readings = append(out.Readings, r)
	}
	// What holds otherwise comes last.
	slices.SortStableFunc(out.Readings, func(a, b reading) int { return min(len(b.If), 1) - min(len(a.If), 1) })
	for i := range out.Readings {
		out.Readings[i].Otherwise = out.Readings[0].If != "" && out.Readings[i].If == ""
	}
	return out
}

// title is the first title of a code, else what HTTP calls the status.
func (c *composer) title(keys []string, entries []authoring.Entry) string {
	for _, e := range entries {
		if e.Title != "" && !e.Builtin {
			return line(e.Title)
		}
	}
	if status, err := strconv.Atoi(keys[0]); err == nil && entries[0].Status == 0 {
		return http.StatusText(status)
	}
	return ""
}

// reading is one meaning of a code in words.
func (c *composer) reading(e *authoring.Entry) reading {
	p := &e.Decision
	r := reading{
		If: c.conditions(e.Conditions), Kind: e.Kind, Tag: e.Kind.String(), Act: p.Act,
		ActShort: c.say("short." + p.Act.String()), WhenShort: c.shortWhen(e), Line: line(filepath.Base(e.Line)),
		Example: c.examples.of(e, cmp.Or(c.o.Mock, DefaultMock)),
	}
	if e.Reason != "" {
		r.Tag += "/" + line(string(e.Reason))
	}
	row := func(label, text string) {
		if text != "" {
			r.Rows = append(r.Rows, labeled{c.say(label), visible(text)})
		}
	}
	row("label.meaning", c.say("kind."+e.Kind.String()))
	cause := e.Help
	switch {
	case e.Builtin:
		cause = c.say("note.builtin")
	case cause == "" && !e.Kind.Good():
		cause = c.say("note.cause")
	}
	row("label.cause", cause)
	row("label.act", c.act(p))
	row("label.when", c.when(e))
	row("label.retry", c.retry(p))
	row("label.then", c.then(p))
	if e.Status != 0 {
		row("label.travels", c.say("note.travels", "status", strconv.Itoa(e.Status)))
	}
	if e.NotUsed {
		row("label.note", c.say("note.notused"))
	} else if r.Example == nil {
		row("label.note", c.say("note.noexample"))
	}
	r.Go = handles(e, bodyCode(c.examples.rows[keyOf(e)], e), c.act(p))
	return r
}
