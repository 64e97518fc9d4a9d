package bulk

import (
	"bytes"
	"io"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/server/internal/core"
)

// graft reads the records of an XML document, if the dialect writes the response into that
// document.
type graft struct {
	xml      *xmlRecords
	exchange core.Exchange
	max      int // the most bytes between two records

	begun  bool
	into   bool            // the dialect writes into the document
	rooted bool            // a record was given, and the root's start tag before it
	close  []byte          // the root's end tag
	names  map[string]bool // of elements: whether they are records
	aside  []byte          // elements that are not records, and the text around them
}

// maxNames bounds how many names of elements are remembered.
const maxNames = 64

func (g *graft) next() (rawRecord, error) {
	for {
		r, err := g.xml.next()
		switch {
		case err == io.EOF && g.into && !dialect.WellFormed(slices.Concat(g.xml.root, g.aside, g.xml.tail)):
			return rawRecord{}, g.xml.in.bad(0, "the text after the last record is not XML")
		case err != nil:
			return r, err
		}
		if !g.begun {
			g.begun, g.names = true, make(map[string]bool)
			g.close = []byte("</" + g.xml.name + ">")
			g.into = g.isRecord(r.name)
		}
		if !g.into {
			return r, nil
		}
		if !g.isRecord(r.name) {
			if g.aside = append(append(g.aside, r.before...), r.bytes...); len(g.aside) > g.max {
				return rawRecord{}, g.xml.in.bad(0, "there is too much text between two records")
			}
			continue
		}
		if len(g.aside) > 0 {
			r.before = append(g.aside, r.before...)
			g.aside = nil
		}
		// A copy of it must not break the response.
		if !g.copyable(r.before) || !dialect.WellFormed(r.bytes) {
			return rawRecord{}, g.xml.in.bad(-len(r.bytes), "this is not XML")
		}
		return r, nil
	}
}

// copyable reports that the text before a record can be copied into the response.
func (g *graft) copyable(before []byte) bool {
	if !g.rooted { // it has the root's start tag
		g.rooted = true
		return dialect.WellFormed(slices.Concat(before, g.close))
	}
	return onlySpace(before) || dialect.WellFormed(slices.Concat([]byte("<a>"), before, []byte("</a>")))
}

// isRecord reports that the dialect writes into elements of this name.
func (g *graft) isRecord(name string) bool {
	is, known := g.names[name]
	if !known {
		// If the response has this attribute, the dialect wrote into the document.
		record := "<" + name + " copied='yes'"
		document := slices.Concat(g.xml.root, []byte(record+"/>"), g.close)
		request := g.exchange.Request()
		request.Body = document
		o := parlance.Outcome{Kind: parlance.KindSuccess, Items: []parlance.Item{{Outcome: parlance.Outcome{Kind: parlance.KindSuccess}}}}
		body := g.exchange.Dialect().Encode(nil, request, &o, dialect.Payload{}).Body
		is = len(body) > len(document) && bytes.HasPrefix(body, append(g.xml.root, record...)) && bytes.HasSuffix(body, g.close)
		if len(g.names) < maxNames {
			g.names[name] = is
		}
	}
	return is
}

// end is the text after the last record: the end of the document, or its end tag alone if
// the document was cut off.
func (g *graft) end(cut bool) []byte {
	if cut {
		return g.close
	}
	return append(g.aside, g.xml.tail...)
}
