package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/say"
)

// page is all that a dialect says to a caller.
type page struct {
	Name        string       `json:"dialect"`
	Title       string       `json:"title,omitempty"`
	Sources     []string     `json:"sources"`
	Groups      []pageGroup  `json:"groups"`
	Support     pageSupport  `json:"support"`
	Auth        pageAuth     `json:"auth"`
	Idempotency string       `json:"idempotency_header,omitempty"`
	Streams     []pageStream `json:"streams,omitempty"`
}

// pageStream is a stream with the templates of its elements.
type pageStream struct {
	Name     string        `json:"name"`
	Form     string        `json:"form"`
	Request  string        `json:"request"`           // that it responds to
	HasEnd   bool          `json:"has_end,omitempty"` // one without its end was cut off
	Partial  bool          `json:"partial,omitempty"`
	Elements []pageElement `json:"elements"`
	Line     string        `json:"line"`
}

type pageElement struct {
	Role string `json:"role"`
	Name string `json:"name,omitempty"`
	Is   string `json:"is,omitempty"`
	Line string `json:"line"`
}

// roles are the parts of elements in words.
var roles = map[dialect.Role]string{dialect.RoleContent: "content", dialect.RolePreamble: "preamble", dialect.RoleEnd: "end", dialect.RoleFailure: "failure"}

func streamsOf(d *dialect.Dialect) (all []pageStream) {
	for _, s := range authoring.Streams(d, nil) {
		one := pageStream{Name: s.Name, Form: s.Form, Request: s.Says(), HasEnd: s.HasEnd, Partial: s.Partial, Elements: []pageElement{}, Line: lineOf(s.Place)}
		for _, e := range s.Elements {
			one.Elements = append(one.Elements, pageElement{roles[e.Role], e.Name, e.Is, lineOf(e.Place)})
		}
		all = append(all, one)
	}
	return all
}

func lineOf(p authoring.Place) string { return p.File + ":" + strconv.Itoa(p.Line) }

// streams writes the streams, each with its elements. An element that fits none is content.
func (s sheet) streams(all []pageStream) {
	for _, one := range all {
		fmt.Fprintf(s.w, "\n%s\n", s.bold("stream  "+printable(one.Name)))
		s.row("form", one.Form)
		s.row("request", one.Request)
		if one.HasEnd {
			s.prose("end", "A stream without its end was cut off.")
		}
		if one.Partial {
			s.prose("partial", "Each element is a result of its own, and those before a failure count.")
		}
		for _, e := range one.Elements {
			s.row(e.Role, strings.TrimSpace(e.Name+"  "+e.Line))
		}
		s.row("line", one.Line)
	}
}

// pageGroup is a class of codes, or those that stand in bodies alone.
type pageGroup struct {
	Name  string    `json:"name,omitempty"` // "" for the codes that stand in bodies alone
	Title string    `json:"title"`
	Class []rowJSON `json:"class,omitempty"` // what a code of the class means that no row names
	Codes []rowJSON `json:"codes"`
}

type pageSupport struct {
	Contact string `json:"contact,omitempty"`
	After   int    `json:"after,omitempty"` // retries by a schedule, before it is told
	ID      string `json:"request_id"`      // what the provider calls the request ID
}

type pageAuth struct {
	Token   string   `json:"token,omitempty"`
	Grants  []string `json:"grants,omitempty"`
	Login   string   `json:"login,omitempty"`
	Header  string   `json:"header,omitempty"`
	Scheme  string   `json:"scheme,omitempty"`
	Expires float64  `json:"expires,omitempty"` // in seconds
}

func pageOf(d *dialect.Dialect) page {
	auth, support := d.Auth(), d.Support()
	p := page{
		Name: d.Name(), Title: d.Title(), Sources: append([]string{}, d.Sources()...), Groups: []pageGroup{},
		Support:     pageSupport{support.Contact, support.After, requestID(support)},
		Auth:        pageAuth{auth.Token, auth.Grants, auth.Login, auth.Header, auth.Scheme, auth.Expires.Seconds()},
		Idempotency: d.IdempotencyHeader(),
		Streams:     streamsOf(d),
	}
	for _, g := range authoring.Groups(d) {
		one := pageGroup{Name: g.Name, Title: classWords[g.Name], Class: meanings(g.Class), Codes: meanings(g.Rows)}
		switch {
		case g.Name == "":
			one.Title = "Codes in bodies"
		case len(one.Class) > 0 && one.Class[0].Title != "" && !one.Class[0].Builtin:
			one.Title = one.Class[0].Title
		}
		p.Groups = append(p.Groups, one)
	}
	return p
}

// explainPage prints what the provider's page says, as the dialect has it.
func (a *app) explainPage(d *dialect.Dialect, asJSON bool) error {
	p := pageOf(d)
	if asJSON {
		return a.writeJSON(p)
	}
	s := sheet{a.stdout, a.styleOf(a.stdout)}
	s.title(p.Name, s.bold(printable(p.Title)))
	s.lines("from", p.Sources)
	var rows []rowJSON
	for _, g := range p.Groups {
		s.group(g, d)
		rows = slices.Concat(rows, g.Codes, g.Class)
	}
	s.streams(p.Streams)
	fmt.Fprintln(a.stdout)
	support := cmp.Or(p.Support.Contact, "the file names nobody")
	switch after := p.Support.After; {
	case after == 1:
		support += ", if a scheduled retry does not help"
	case after > 1:
		support += fmt.Sprintf(", if %d scheduled retries do not help", after)
	}
	s.prose("support", support)
	if p.Support.ID != plainID {
		s.prose("request ID", p.Support.ID)
	}
	s.lines("token", p.Auth.words())
	if key := p.Idempotency; key != "" {
		s.prose("key", key+": a POST with this header may be sent again under the same key.")
	}
	s.longest(rows)
	return nil
}

// lines writes texts one below the other, the first with a label.
func (s sheet) lines(label string, texts []string) {
	for _, text := range texts {
		s.prose(label, text)
		label = ""
	}
}

// group writes the codes of a group, and what those of its class mean that it does not
// list.
func (s sheet) group(g pageGroup, d *dialect.Dialect) {
	fmt.Fprintf(s.w, "\n%s\n", s.bold(strings.TrimSpace(g.Name+"  "+printable(g.Title))))
	if g.Name == "" {
		s.prose("", "The row of such a code replaces the row of its status, with its retry.")
	}
	for _, c := range g.Class {
		if !c.Builtin {
			s.prose("", c.Help)
		}
	}
	s.codes(g.Codes, d)
	for i := range g.Class {
		c := &g.Class[i]
		c.Code, c.Title, c.Help = "other "+g.Name, "", ""
	}
	if g.Name != "1xx" || !g.Class[0].Builtin { // as a final status HTTP has none
		s.codes(g.Class, d)
	}
}

// words says where a token comes from and how it is sent.
func (p pageAuth) words() []string {
	var lines []string
	switch {
	case p.Token != "" && len(p.Grants) > 0:
		lines = append(lines, "A token comes from "+p.Token+" (OAuth 2), by "+strings.Join(p.Grants, ", ")+".")
	case p.Token != "":
		lines = append(lines, "A token comes from "+p.Token+" (OAuth 2).")
	}
	if p.Login != "" {
		lines = append(lines, "A token comes from "+p.Login+", with user and password (Basic).")
	}
	if p.Token == "" && p.Login == "" && p.Header == "" {
		return []string{"The file does not say where one comes from."}
	}
	if p.Expires > 0 {
		lines = append(lines, "A token is good for "+say.Period(seconds(p.Expires))+", unless the response says otherwise.")
	}
	header, scheme := cmp.Or(p.Header, "Authorization"), p.Scheme
	if header == "Authorization" && scheme == "" {
		scheme = "Bearer"
	}
	return append(lines, "It is sent as "+header+": "+strings.TrimSpace(scheme+" TOKEN")+".")
}
