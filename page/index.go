package page

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/parlance-api/parlance/dialect"
)

// Index is the name of the file that leads to the others.
const Index = "index.html"

// File is one file of a folder of pages.
type File struct {
	Name string // without a folder
	Text []byte
}

// Files makes the pages of several dialects, each NAME.html, and index.html with a search
// over all codes. They lead to each other by relative links, so they work in any folder
// and without a server. BaseURL is that of the folder, and ends in a slash.
//
// The dialects must have different names.
func Files(o Options, dialects ...*dialect.Dialect) ([]File, error) {
	w, err := open(o.Language)
	if err != nil {
		return nil, err
	}
	all := &collection{frame: frame{words: w, Title: w.say("index.title"), Canonical: o.BaseURL}}
	var files []File
	for _, d := range dialects {
		name := d.Name() + ".html"
		if name == Index || slices.ContainsFunc(files, func(f File) bool { return f.Name == name }) {
			return nil, fmt.Errorf("the page of %s would be %s, which is there already", d.Name(), name)
		}
		one := o
		if o.BaseURL != "" {
			one.BaseURL += name
		}
		p, err := compose(one, d)
		if err != nil {
			return nil, err
		}
		var text bytes.Buffer
		if err := p.html(&text, Index); err != nil {
			return nil, err
		}
		files = append(files, File{name, text.Bytes()})
		all.add(entry{p, name})
	}
	var text bytes.Buffer
	if err := all.html(&text); err != nil {
		return nil, err
	}
	return append(files, File{Index, text.Bytes()}), nil
}

// collection is the page of several APIs.
type collection struct {
	frame
	Pages       []entry
	Kinds, Acts []string
	codes       int
}

// entry is an API on that page.
type entry struct {
	*document
	Page string // the address of its page
}

// Codes are all of an API.
func (e entry) Codes() []*code { return e.Glance }

func (c *collection) add(e entry) {
	c.Pages = append(c.Pages, e)
	c.codes += len(e.Glance)
}

// Lead says how much there is.
func (c *collection) Lead() string {
	return c.say("index.lead", "apis", strconv.Itoa(len(c.Pages)), "codes", strconv.Itoa(c.codes))
}

func (c *collection) html(w io.Writer) error {
	var all document
	for _, p := range c.Pages {
		all.Glance = append(all.Glance, p.Glance...)
	}
	c.Kinds, c.Acts = all.occurring()
	c.Made = c.say("index.made")
	return pages().ExecuteTemplate(w, "index", c)
}
