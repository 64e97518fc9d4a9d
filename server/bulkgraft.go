package server

import (
	"bytes"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// graft reads the records of an XML document that the answer is written into, if
// the dialect writes it so.
type graft struct {
	xml      *xmlRecords
	exchange *exchange
	max      int // bytes that may stand between two records

	begun bool
	into  bool            // the dialect writes into the document
	close []byte          // the root's end tag
	names map[string]bool // of elements: whether they are records
	aside []byte          // elements that are none, and what is around them
}

// maxNames bounds how many names of elements are remembered.
const maxNames = 64

func (g *graft) next() (rawRecord, error) {
	for {
		r, err := g.xml.next()
		if err != nil {
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
				return rawRecord{}, g.xml.in.bad(0, "too much stands between two records")
			}
			continue
		}
		if !dialect.WellFormed(r.bytes) { // what is echoed must not break the answer
			return rawRecord{}, g.xml.in.bad(-len(r.bytes), "this is no XML")
		}
		if len(g.aside) > 0 {
			r.before = append(g.aside, r.before...)
			g.aside = nil
		}
		return r, nil
	}
}

// isRecord reports that the dialect answers into elements of this name.
func (g *graft) isRecord(name string) bool {
	is, known := g.names[name]
	if !known {
		// What is echoed has been grafted; else an answer would be written anew.
		record := "<" + name + " echoed='yes'"
		document := slices.Concat(g.xml.root, []byte(record+"/>"), g.close)
		request := g.exchange.request
		request.Body = document
		o := parlance.Outcome{Kind: parlance.Success, Items: []parlance.Item{{Outcome: parlance.Outcome{Kind: parlance.Success}}}}
		body := g.exchange.server.dialect.Encode(nil, request, &o, none).Body
		is = len(body) > len(document) && bytes.HasPrefix(body, append(g.xml.root, record...)) && bytes.HasSuffix(body, g.close)
		if len(g.names) < maxNames {
			g.names[name] = is
		}
	}
	return is
}

// end is what goes out behind the last record: the document's own end, or where it
// was cut short the least that makes it one.
func (g *graft) end(cut bool) []byte {
	if cut {
		return g.close
	}
	return append(g.aside, g.xml.tail...)
}
