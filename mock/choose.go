package mock

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/mock/scenario"
)

// choice is what was chosen for a request.
type choice struct {
	wish Wish
	why  string // "Prefer: code=402"
	text string // the wish as a Preference-Applied; "" if it was not made yet
	path string // of the request, without a wish in it
	err  error  // the wish cannot be understood

	recorded *authoring.Case // the response, if one is replayed; without a status, none was recorded

	waited  bool           // for as long as the wish says
	unasked bool           // the request itself wishes nothing
	fault   scenario.Fault // breaks the response on its way
}

// sources are where a wish may come from. The first that says something counts. Each returns
// nil if it says nothing.
var sources = [...]func(*Mock, *http.Request) *choice{
	(*Mock).byPath, (*Mock).byPrefer, (*Mock).byQuery, (*Mock).byNext,
	(*Mock).byScenario, (*Mock).byReplay,
}

// choose finds the wish for a request; nil if there is none.
func (m *Mock) choose(r *http.Request) *choice {
	if strings.HasPrefix(r.URL.Path, jobsPath) {
		return nil // a look at work that was accepted
	}
	for _, source := range sources {
		if c := source(m, r); c != nil {
			if c.path == "" {
				c.path = r.URL.Path
			}
			return c
		}
	}
	return nil
}

func (m *Mock) byPath(r *http.Request) *choice {
	if !isOwn(r.URL.Path) {
		return nil
	}
	w, rest, err := inPath(r.URL.EscapedPath())
	path, bad := unescape(rest)
	if bad {
		path = "/"
	}
	return &choice{wish: w, why: "path: " + w.String(), path: path, err: err}
}

func (m *Mock) byPrefer(r *http.Request) *choice {
	values := r.Header["Prefer"]
	if len(values) == 0 {
		return nil
	}
	a, err := m.prefers.read(values)
	switch {
	case err != nil:
		return &choice{why: "Prefer: " + strings.Join(values, ", "), err: err}
	case a == nil:
		return nil
	}
	return &choice{wish: a.wish, why: a.why, text: a.applied}
}

func (m *Mock) byQuery(r *http.Request) *choice {
	if !strings.Contains(r.URL.RawQuery, "__") {
		return nil
	}
	w, found, err := inQuery(r.URL.RawQuery)
	if !found {
		return nil
	}
	return &choice{wish: w, why: "query: " + w.String(), err: err}
}

func (m *Mock) byNext(*http.Request) *choice {
	w, ok := m.next.take()
	if !ok {
		return nil
	}
	return &choice{wish: w, why: "next: " + w.String(), unasked: true}
}

// received is a request as the dialect sees it.
func received(d *dialect.Dialect, r *http.Request) dialect.Request { return httpdialect.Received(d, r) }

// unescape is a path without its escapes. It reports true for one that is malformed.
func unescape(path string) (string, bool) {
	text, err := url.PathUnescape(path)
	return text, err != nil
}
