package catalog

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/parlance-api/parlance/dialect"
)

// itself is the place in the response that names the vendor: a header field whose
// name holds that of the dialect, or a link to its site. "" if there is none.
func (c *cues) itself() string {
	for _, name := range headerNames(c.res.Header) {
		if c.named(name) {
			return "the header " + name
		}
	}
	texts := c.linking()
	for _, site := range c.in.sites {
		if slices.ContainsFunc(texts, func(text []byte) bool { return links(text, site) }) {
			return "a link to " + site
		}
	}
	return ""
}

// named reports that the name of a field holds a word of the dialect's name.
func (c *cues) named(header string) bool {
	parts := strings.FieldsFunc(strings.ToLower(header), func(r rune) bool { return r == '-' || r == '_' })
	return len(parts) > 1 && slices.ContainsFunc(c.in.words, func(w string) bool { return slices.Contains(parts, w) })
}

// linking are the parts of the response that hold links.
func (c *cues) linking() [][]byte {
	texts := [][]byte{c.res.Body[:min(len(c.res.Body), 16<<10)]}
	if c.res.Header == nil {
		return texts
	}
	for _, name := range linkHeaders {
		for _, v := range c.res.Header.Values(name) {
			texts = append(texts, []byte(v))
		}
	}
	return texts
}

// links reports that a text has a site as the end of a host.
func links(text []byte, site string) bool {
	at := bytes.Index(text, []byte(site))
	return at > 0 && bytes.IndexByte([]byte("./@"), text[at-1]) >= 0
}

// linkHeaders are the fields of a header that hold links.
var linkHeaders = []string{"Location", "Link", "Operation-Location", "Content-Location"}

// sites are those that the file was written from, and the one that has its name.
func sites(d *dialect.Dialect) (all []string) {
	if name := d.Name(); !plainWords[name] {
		all = append(all, name+".com")
	}
	for _, source := range d.Sources() {
		if site := siteOf(source); site != "" && !sharedSites[site] {
			all = append(all, site)
		}
	}
	return all
}

// headerNames are the names of a header that can be listed, sorted.
func headerNames(h dialect.Header) []string {
	var names []string
	if v := reflect.ValueOf(h); v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String {
		for _, name := range v.MapKeys() { // an http.Header, or another map of that form
			names = append(names, name.String())
		}
	}
	slices.Sort(names)
	return names
}

// siteOf is the registered part of the host that a source begins with:
// "docs.stripe.com: Errors" is of stripe.com. It is "" if there is none.
func siteOf(source string) string {
	source = strings.TrimPrefix(strings.TrimPrefix(source, "https://"), "http://")
	host := source[:max(0, strings.IndexFunc(source+" ", func(r rune) bool { return r == '/' || r == ':' || unicode.IsSpace(r) }))]
	labels := strings.Split(strings.ToLower(host), ".")
	if len(labels) < 2 || slices.Contains(labels, "") {
		return ""
	}
	return strings.Join(labels[len(labels)-2:], ".")
}
