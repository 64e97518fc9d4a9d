package openapi

import (
	"iter"
	"strconv"
)

// Shown is a response that a document shows: an example under a status.
type Shown struct {
	Operation   *Operation
	Status      int
	ContentType string
	Name        string // of the example; "" for the only one
	Body        []byte
}

// Shown are the examples of the responses, in the order of the document. A response without
// an example, and one of a class or a default, is left out.
func (d *Document) Shown() iter.Seq[Shown] {
	return func(yield func(Shown) bool) {
		for _, o := range d.operations {
			for _, text := range o.Statuses {
				status, err := strconv.Atoi(text)
				if err != nil {
					continue
				}
				for _, c := range o.responses[text].contents {
					for _, name := range c.exampleNames() {
						s := Shown{Operation: o, Status: status, ContentType: c.written(), Name: name, Body: c.generate(name, false)}
						if s.Body != nil && !yield(s) {
							return
						}
					}
				}
			}
		}
	}
}

// exampleNames are the names of the examples of a body; "" is the one without a name.
func (c *content) exampleNames() (names []string) {
	if c.media.Example != nil {
		names = append(names, "")
	}
	for name := range c.media.Examples.KeysFromOldest() {
		names = append(names, name)
	}
	return names
}
