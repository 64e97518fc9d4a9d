package openapi

import (
	"mime"
	"slices"
	"strings"
	"sync"

	"github.com/pb33f/libopenapi/datamodel/high/base"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/pb33f/libopenapi/renderer"

	"github.com/parlance-api/parlance/dialect"
)

// response is what a document says of a status.
type response struct{ contents []*content }

// content is a body in one media type.
type content struct {
	mediaType string
	media     *v3.MediaType
	still     func() []byte // without a wish; nil if the document says nothing of the body
}

func newResponse(r *v3.Response) *response {
	all := &response{}
	for mediaType, media := range r.Content.FromOldest() {
		all.contents = append(all.contents, newContent(mediaType, media))
	}
	return all
}

func newContent(mediaType string, media *v3.MediaType) *content {
	c := &content{mediaType: mediaType, media: media}
	c.still = sync.OnceValue(func() []byte { return c.generate("", false) })
	return c
}

// Payload is a body that the document shows for a response to req. It is the example of
// that name, else the first one. If there is no example, the schema generates the data.
// dynamic asks for new data by the schema each time. It reports false if the document says nothing of
// such a body, or has no such example. It is safe for concurrent use.
func (d *Document) Payload(req dialect.Request, status int, example string, dynamic bool) (dialect.Payload, bool) {
	o := d.Find(req.Method, req.Path)
	if o == nil {
		return dialect.Payload{}, false
	}
	r := o.response(status)
	if r == nil || len(r.contents) == 0 {
		return dialect.Payload{}, false
	}
	c := r.accepted(req.Header)
	body := c.body(example, dynamic)
	return dialect.Payload{ContentType: c.written(), Body: body}, body != nil
}

// Examples are the names of the examples that a response to req has.
func (d *Document) Examples(req dialect.Request, status int) []string {
	o := d.Find(req.Method, req.Path)
	if o == nil {
		return nil
	}
	r := o.response(status)
	if r == nil {
		return nil
	}
	var names []string
	for _, c := range r.contents {
		for name := range c.media.Examples.KeysFromOldest() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// accepted is the first content that the request accepts by name, else JSON, else the
// first.
func (r *response) accepted(h dialect.Header) *content {
	if h != nil {
		for _, value := range h.Values("Accept") {
			for part := range strings.SplitSeq(value, ",") {
				want, _, err := mime.ParseMediaType(part)
				if err != nil {
					continue
				}
				for _, c := range r.contents {
					if c.essence() == want {
						return c
					}
				}
			}
		}
	}
	for _, c := range r.contents {
		if isJSON(c.essence()) {
			return c
		}
	}
	return r.contents[0]
}

func (c *content) essence() string {
	essence, _, err := mime.ParseMediaType(c.mediaType)
	if err != nil {
		return c.mediaType
	}
	return essence
}

// written is the type of a body that is sent: a range such as */* is JSON.
func (c *content) written() string {
	if strings.Contains(c.mediaType, "*") {
		return "application/json"
	}
	return c.mediaType
}

func isJSON(essence string) bool {
	return essence == "application/json" || strings.HasSuffix(essence, "+json")
}

func isXML(essence string) bool {
	return essence == "application/xml" || essence == "text/xml" || strings.HasSuffix(essence, "+xml")
}

// body is nil if the document has none of that kind.
func (c *content) body(example string, dynamic bool) []byte {
	switch {
	case example != "":
		if c.media.Examples.GetOrZero(example) == nil {
			return nil
		}
		return c.generate(example, false)
	case dynamic:
		return c.generate("", true)
	}
	return c.still()
}

// generate asks the library for a body. Data by a schema come from a generator of its
// own, since one is not safe for concurrent use.
func (c *content) generate(example string, dynamic bool) []byte {
	var of any = c.media
	if dynamic && c.media.Schema != nil {
		of = c.media.Schema.Schema()
	}
	if s, ok := of.(*base.Schema); ok && s == nil || c.media.Schema == nil && c.media.Example == nil && c.media.Examples.Len() == 0 {
		return nil
	}
	g := generator(c.essence(), dynamic)
	body, err := g.GenerateMock(of, example)
	if err != nil {
		return nil
	}
	return body
}

// generator makes data with all properties, within the library's budgets. Data that
// nobody asked to differ are the same each time.
func generator(essence string, dynamic bool) *renderer.MockGenerator {
	form := renderer.JSON
	if isXML(essence) {
		form = renderer.XML
	}
	g := renderer.NewMockGeneratorWithDictionary("", form)
	g.DisableRequiredCheck()
	g.SetMockGenerationOptions(renderer.MockGenerationOptions{MaxMockDepth: 12, MaxMockBytes: 256 << 10})
	if !dynamic {
		g.SetSeed(1)
	}
	return g
}
