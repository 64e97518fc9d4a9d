package page

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/parallel"
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
	files := make([]File, len(dialects))
	for i, d := range dialects {
		files[i].Name = d.Name() + ".html"
		if files[i].Name == Index || slices.ContainsFunc(files[:i], func(f File) bool { return f.Name == files[i].Name }) {
			return nil, fmt.Errorf("the page of %s would be %s, which is there already", d.Name(), files[i].Name)
		}
	}
	documents, failed := make([]*document, len(dialects)), make([]error, len(dialects))
	parallel.Each(len(dialects), func(i int) {
		one := o
		if o.BaseURL != "" {
			one.BaseURL += files[i].Name
		}
		var text bytes.Buffer
		if documents[i], failed[i] = compose(one, dialects[i]); failed[i] == nil {
			failed[i] = documents[i].html(&text, Index)
		}
		files[i].Text = text.Bytes()
	})
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	all := &collection{frame: frame{words: w, Title: w.say("index.title"), Canonical: o.BaseURL}}
	for i, p := range documents {
		all.add(entry{p, files[i].Name})
	}
	slices.SortStableFunc(all.Pages, func(a, b entry) int { return cmp.Compare(strings.ToLower(a.API), strings.ToLower(b.API)) })
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
