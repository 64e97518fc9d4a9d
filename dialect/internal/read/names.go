package read

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// record holds the texts of one object by the names that everybody uses.
type record struct {
	path, code, message []byte
	id                  []byte // of the request
	declared            bool   // the message stands in a member that is for messages
}

// The names by which a text is known, the best first. Case, hyphens and underscores do
// not count.
var (
	messageNames = []string{"message", "errormessage", "errordescription", "detail", "msg", "errmsg", "errormsg", "description", "usermessage", "longmessage", "developermessage", "faultstring", "reason", "details", "error", "text", "title", "summary", "errors", "errortext"}
	codeNames    = []string{"code", "errorcode", "errcode", "faultcode", "subcode", "type", "name", "issue", "key", "reason", "error", "status"}
	pathNames    = []string{"field", "path", "pointer", "param", "parameter", "property", "propertypath", "attribute", "location", "loc", "source", "target"}
	fieldNames   = []string{"field", "param", "parameter", "property", "attribute"} // what an object with a code and a text is about
	idNames      = []string{"requestid", "traceid", "correlationid", "debugid", "errorid"}

	declaredNames = []string{"message", "detail", "error", "errordescription"} // which are for messages and nothing else

	// What holds the failure inside of a body, the most telling first. Its texts count
	// before those beside it, or behind them.
	beforeOwn = []string{"error", "errors", "err", "fault", "exception", "apierror", "errorresponse", "body", "response", "envelope"}
	behindOwn = []string{"message", "detail", "details", "data", "result", "messages", "issues", "violations", "invalidparams", "validationerrors", "fielderrors", "causes",
		"errormessage", "errormessages", "errordescription", "errordetail", "errordetails", "errorsummary"}
)

// record takes the texts of an object or element by the names that everybody uses.
func (m *Matcher) record(n uint32) (r record) {
	var used uint32 // the member that gave the message
	if c := m.best(n, messageNames, 0); c != 0 {
		if other := m.best(n, messageNames, c); other != 0 && m.isSymbol(c) && bytes.IndexByte(m.Tree.Value(other), ' ') > 0 {
			c = other
		}
		used, r.message = c, m.Tree.Value(c)
		r.declared = slices.ContainsFunc(declaredNames, func(name string) bool { return sameName(m.Tree.Key(c), name) })
	}
	if c := m.best(n, codeNames, used); c != 0 {
		r.code = m.Tree.Value(c)
	}
	if c := m.best(n, pathNames, used); c != 0 {
		r.path = m.Tree.Value(c)
	} else if c := m.segments(n); len(c) > 0 {
		r.path = c
	}
	if c := m.best(n, idNames, used); c != 0 {
		r.id = m.Tree.Value(c)
	}
	return r
}

// best is the member with the best of some names that holds a text, but not the one that
// is used; 0 for none.
func (m *Matcher) best(n uint32, names []string, used uint32) (at uint32) {
	rank := len(names)
	for c := range m.Tree.Children(n) {
		if c == used || !m.isText(c) {
			continue
		}
		for i, name := range names[:rank] {
			if sameName(m.Tree.Key(c), name) && m.suitsName(c, name) {
				at, rank = c, i
				break
			}
		}
	}
	return at
}

// isText reports that a node is a text with something in it, or a number.
func (m *Matcher) isText(n uint32) bool {
	switch node := &m.Tree.Nodes[n]; node.Kind {
	case tree.Text:
		return node.End > node.Start
	case tree.Attribute:
		return node.End > node.Start && !m.Tree.Prefixed(n) // xsi:type is about the document
	case tree.Number:
		return true
	case tree.Element:
		return m.Tree.IsLeaf(n) && len(m.Tree.Value(n)) > 0
	}
	return false
}

// suitsName reports that the text of a member is of the kind that its name promises: a
// link is no code, and a number is one only under a name that says so.
func (m *Matcher) suitsName(n uint32, name string) bool {
	text := m.Tree.Value(n)
	switch name {
	case "code", "errorcode":
		return string(text) != strconv.Itoa(m.status) // which says nothing more
	case "type", "status":
		return m.isWord(n) && bytes.IndexByte(text, ' ') < 0 && !bytes.Contains(text, []byte(":/")) && string(text) != "about:blank" && string(text) != "error"
	case "name", "key":
		return m.isWord(n) && bytes.IndexByte(text, ' ') < 0
	case "issue", "reason", "error", "title":
		return m.isWord(n)
	case "message", "detail", "msg", "description", "details", "errors", "text", "errortext":
		return m.Tree.Nodes[n].Kind != tree.Number
	}
	return true
}

// isWord reports that a node is a text and no number.
func (m *Matcher) isWord(n uint32) bool {
	return m.Tree.Nodes[n].Kind != tree.Number && !tree.IsDigits(string(m.Tree.Value(n)))
}

// isSymbol reports a text without a blank under a name that is one of codes too.
func (m *Matcher) isSymbol(n uint32) bool {
	return bytes.IndexByte(m.Tree.Value(n), ' ') < 0 && slices.ContainsFunc(codeNames, func(name string) bool { return sameName(m.Tree.Key(n), name) })
}

// segments joins a list of names to a path, as FastAPI's loc is one.
func (m *Matcher) segments(n uint32) []byte {
	for c := range m.Tree.Children(n) {
		if m.Tree.Nodes[c].Kind != tree.List || !sameName(m.Tree.Key(c), "loc") && !sameName(m.Tree.Key(c), "path") {
			continue
		}
		var parts [][]byte
		for e := range m.Tree.Children(c) {
			if m.isText(e) {
				parts = append(parts, m.Tree.Value(e))
			}
		}
		return bytes.Join(parts, []byte("."))
	}
	return nil
}

// sameName compares a member's name with one in small letters. Case, hyphens and
// underscores do not count, nor does a prefix of XML.
func sameName(key []byte, name string) bool {
	if i := bytes.LastIndexByte(key, ':'); i >= 0 {
		key = key[i+1:]
	}
	at := 0
	for _, c := range key {
		if c == '_' || c == '-' {
			continue
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if at >= len(name) || name[at] != c {
			return false
		}
		at++
	}
	return at == len(name)
}
