package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strconv"
	"sync"

	"github.com/parlance-api/parlance/dialect"
)

//go:embed page.css
var style string

//go:embed page.js
var script string

//go:embed page.tmpl
var source string

var pages = sync.OnceValue(func() *template.Template { return template.Must(template.New("").Parse(source)) })

// frame is what every page of HTML has.
type frame struct {
	*words
	Title, Canonical string
	Home             string // the address of the page of all APIs, "" for none
	Made             string
	Trial            *Trial // nil for a page without it
}

// Lang is the language of the page, as a BCP 47 tag.
func (f frame) Lang() string { return f.tag }

// Say is the text of a key.
func (f frame) Say(key string) string { return f.say(key) }

// Style is the one style of a page. It is ours, and no text of a dialect.
func (f frame) Style() template.CSS { return template.CSS(style) }

// Script is the one script of a page. It is ours, and no text of a dialect.
func (f frame) Script() template.JS { return template.JS(script) }

// Policy lets the page's own style and script run, and nothing else (CSP Level 3).
func (f frame) Policy() string {
	scripts := hash(script)
	if f.Trial != nil {
		scripts += f.Trial.policy()
	}
	return "default-src 'none'; style-src " + hash(style) + "; script-src " + scripts + "; base-uri 'none'; form-action 'none'"
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// sheet is a page of one API.
type sheet struct {
	frame
	*document
}

// HTML writes the page of a dialect: one file that fetches nothing. The error is that of w,
// or says that there are no words for the language.
func HTML(w io.Writer, o Options, d *dialect.Dialect) error {
	p, err := compose(o, d)
	if err != nil {
		return err
	}
	return p.html(w, "")
}

// html writes a document. home is the address of the page of all APIs, "" for none.
func (p *document) html(w io.Writer, home string) error {
	return pages().ExecuteTemplate(w, "page", sheet{frame{
		words: p.words, Title: p.say("page.title", "title", p.API), Canonical: p.URL, Home: home,
		Made: p.say("page.made", "file", p.File), Trial: p.trial,
	}, p})
}

// Count is how many codes a document has, in words.
func (p *document) Count() string { return p.say("index.count", "n", strconv.Itoa(len(p.Glance))) }
