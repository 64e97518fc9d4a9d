package check

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// Checker checks the responses of one API. It remembers the IDs of the last requests and
// which rows of the file were seen, in bounded memory. It is safe for concurrent use.
type Checker struct {
	d       *dialect.Dialect
	index   *authoring.Index
	rules   []Rule          // those that one response shows
	known   map[string]Rule // all that are not left out
	ids     *ids
	codes   codeCache
	covered *covered
	count   atomic.Int64 // of exchanges
}

// Option changes what a Checker does.
type Option interface{ apply(*options) }

type options struct{ without map[string]bool }

type option func(*options)

func (o option) apply(to *options) { o(to) }

// Without leaves rules out, by their names. An unknown name changes nothing.
func Without(rules ...string) Option {
	return option(func(o *options) {
		for _, name := range rules {
			o.without[name] = true
		}
	})
}

// New makes a Checker of a dialect.
func New(d *dialect.Dialect, with ...Option) *Checker {
	o := options{without: map[string]bool{}}
	for _, w := range with {
		w.apply(&o)
	}
	c := &Checker{d: d, index: authoring.IndexOf(d), known: map[string]Rule{}, ids: newIDs(), covered: newCovered(d)}
	for _, r := range Rules() {
		if o.without[r.Name] {
			continue
		}
		c.known[r.Name] = r
		if r.look != nil {
			c.rules = append(c.rules, r)
		}
	}
	return c
}

// Check holds one exchange against the page, and returns all rules that its response
// breaks; nil for a clean one. It keeps no part of x. Equal exchanges are not clean twice
// if the response has an ID, which must be unique.
func (c *Checker) Check(x Exchange) []Finding {
	l := looks.Get().(*look)
	defer l.release()
	l.c, l.x, l.found = c, x, nil
	l.number = c.count.Add(1)
	if name := c.d.IdempotencyHeader(); name != "" && x.Request.Key == "" {
		if keys := l.asked(name); len(keys) > 0 {
			l.x.Request.Key = keys[0]
		}
	}
	l.read = c.d.Decode(l.x.Request, x.Response)
	if x.Response.Status == 101 && len(l.header("Upgrade")) > 0 {
		return nil // no response, but the beginning of another protocol
	}
	l.row = c.index.Row(&l.x.Request, &l.read.Outcome)
	l.shape, l.shaped = c.index.Shape(l.read.Shape)
	c.covered.saw(l)
	for i := range c.rules {
		l.rule = &c.rules[i]
		l.rule.look(l)
	}
	for i := range l.read.Diagnostics {
		l.diagnostic(i)
	}
	return l.found
}

// looks are used again: a Decoded is large.
var looks = sync.Pool{New: func() any { return new(look) }}

// look is one exchange while it is checked.
type look struct {
	c      *Checker
	x      Exchange
	number int64 // of the exchange, from 1
	read   dialect.Decoded
	row    *authoring.Indexed // that gives the outcome its meaning, nil for none
	shape  authoring.ShapeFacts
	shaped bool // a shape of the file read the body
	trace  authoring.Trace
	traced bool
	rule   *Rule // that is being looked for
	found  []Finding
}

func (l *look) release() {
	*l = look{}
	looks.Put(l)
}

// header has the values of a header field. The name is canonical.
func (l *look) header(name string) []string {
	if l.x.Response.Header == nil {
		return nil
	}
	return l.x.Response.Header.Values(name)
}

// asked has the values of a header field of the request. The name is canonical.
func (l *look) asked(name string) []string {
	if l.x.Request.Header == nil {
		return nil
	}
	return l.x.Request.Header.Values(name)
}

// places follows the reading of the response, once.
func (l *look) places() *authoring.Trace {
	if !l.traced {
		l.trace, l.traced = authoring.TraceOf(l.c.d, l.x.Request, l.x.Response), true
	}
	return &l.trace
}

// text is the first text of an attribute in the body.
func (l *look) text(attribute string) (authoring.Text, bool) {
	for _, t := range l.places().Texts {
		if t.Attribute == attribute {
			return t, true
		}
	}
	return authoring.Text{}, false
}

// fault adds a finding of the rule that is being looked for. line is that of the dialect.
func (l *look) fault(at Place, line string, format string, args ...any) {
	l.add(*l.rule, at, line, fmt.Sprintf(format, args...))
}

func (l *look) add(r Rule, at Place, line, message string) {
	method := l.x.Request.Method
	if method == "" {
		method = "GET"
	}
	if line == "" {
		line = l.c.index.File()
	}
	l.found = append(l.found, Finding{
		Rule: r.Name, Severity: r.Severity, Message: message, Hint: r.Do,
		Method: method, Path: l.x.Request.Path, Status: l.x.Response.Status,
		At: l.x.At, Source: l.x.Source, Line: l.x.Line, Place: at, Dialect: line,
	})
}

// has reports that a rule was found already.
func (l *look) has(rule string) bool {
	for i := range l.found {
		if l.found[i].Rule == rule {
			return true
		}
	}
	return false
}

// diagnosed reports that reading the response gave a warning.
func (l *look) diagnosed(rule string) bool {
	for i := range l.read.Diagnostics {
		if l.read.Diagnostics[i].Rule == rule {
			return true
		}
	}
	return false
}

// line is the place of the row that gives the outcome its meaning.
func (l *look) line() string {
	if l.row == nil {
		return ""
	}
	return l.row.Line
}

// lineOf is a place of the dialect as file:line.
func lineOf(p authoring.Place) string {
	if p.File == "" {
		return ""
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

// codeCache keeps the rows of the codes that came last: looking them up among globs and
// ranges costs as much as reading a body.
type codeCache struct {
	mu   sync.RWMutex
	rows map[string][]*authoring.Indexed
}

// maxCodes bounds the codes that are kept. An API has a few hundred.
const maxCodes = 4096

func (c *codeCache) of(x *authoring.Index, code string) []*authoring.Indexed {
	c.mu.RLock()
	rows, known := c.rows[code]
	c.mu.RUnlock()
	if known {
		return rows
	}
	rows = x.Codes(code)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows == nil || len(c.rows) >= maxCodes {
		c.rows = map[string][]*authoring.Indexed{}
	}
	if len(code) <= 256 {
		c.rows[strings.Clone(code)] = rows
	}
	return rows
}
