package scenario

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/keyfile"
	yaml "go.yaml.in/yaml/v4"
)

// Scenario is a compiled file. It is immutable and safe for concurrent use.
type Scenario struct {
	Title    string                // what the file says after scenario:
	Dialect  string                // the dialect that its codes are of, by name or path; "" if it does not say
	Seed     uint64                // of all chance; 1 if the file has none
	State    State                 // how the mock's memory behaves
	Warnings []parlance.Diagnostic // what is probably a mistake, in the order of the file

	latency span
	lines   []line
}

// The bounds of a file, besides those of every YAML file: 1 MiB, 64 levels, 50,000 values.
const (
	maxLines   = 1000           // of requests, and of responses
	maxSteps   = 100            // of one line
	maxTimes   = 1_000_000      // any count
	maxRecords = 1000           // of a bulk response
	maxText    = 4096           // bytes of a text
	maxTime    = 24 * time.Hour // any time
)

// Compile makes a Scenario of a file. The argument file is its name in diagnostics, and d
// the dialect whose codes it uses. If d is nil, it can use statuses, kinds and faults only.
// An error is a *dialect.FileError with every fault of the file.
func Compile(file string, source []byte, d *dialect.Dialect) (*Scenario, error) {
	c := compiler{
		Reporter: keyfile.Reporter{File: file, Language: language},
		dialect:  d,
		source:   strings.Split(string(source), "\n"),
		out:      &Scenario{Seed: 1},
		named:    map[string]*response{},
		listed:   map[string]bool{},
		streams:  sync.OnceValue(func() bool { return len(authoring.Streams(d, nil)) > 0 }),
	}
	c.file(source)
	if found := c.Sorted(); c.Failed() {
		return nil, &dialect.FileError{Diagnostics: found, Source: source}
	}
	c.out.Warnings = c.All
	return c.out, nil
}

// Is reports whether a file is a scenario, and not a dialect file: whether a line of it
// begins with the key scenario. The rest of the file need not be valid.
func Is(source []byte) bool {
	for line := range bytes.Lines(bytes.TrimPrefix(source, []byte("\ufeff"))) {
		if key, _, found := bytes.Cut(line, []byte(":")); found && string(bytes.Trim(key, `"' `)) == "scenario" && line[0] != ' ' {
			return true
		}
	}
	return false
}

// DialectOf is the dialect that a file names, with its place, counted from 1; "" for none.
// The file need not be valid, so that the dialect can be opened before it is compiled.
func DialectOf(source []byte) (name string, line, column int) {
	root := (&keyfile.Reporter{}).Load(source)
	if root == nil || root.Kind != yaml.MappingNode {
		return "", 0, 0
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if n := root.Content[i+1]; root.Content[i].Value == "dialect" && n.Kind == yaml.ScalarNode {
			return n.Value, n.Line, n.Column
		}
	}
	return "", 0, 0
}

var language = &keyfile.Language{
	Begin: "begin with `scenario: title`",
	Split: "split it: one file is one scenario",
	Why:   whyOf,
}

// compiler reads one file.
type compiler struct {
	keyfile.Reporter
	dialect *dialect.Dialect // nil if it is unknown
	source  []string         // its lines
	out     *Scenario
	named   map[string]*response
	order   []*response // the same, in the order of the file

	listed   map[string]bool // words that are codes, or are none
	unknowns int             // words that stand for nothing
	streams  func() bool     // the dialect describes streams
}

// file reads the sections. The responses come before the requests, which name them.
func (c *compiler) file(source []byte) {
	root := c.Load(source)
	if root == nil {
		return
	}
	sections := map[string]*yaml.Node{}
	keep := func(k, v *yaml.Node) { sections[k.Value] = v }
	keys := []keyfile.Key{}
	for _, name := range []string{"scenario", "dialect", "seed", "latency", "requests", "responses", "state"} {
		keys = append(keys, keyfile.Key{Name: name, Read: keep})
	}
	c.Keys(root, "a scenario", keys...)
	if root.Kind != yaml.MappingNode {
		return
	}
	c.head(root, sections)
	if n := sections["responses"]; n != nil {
		c.responses(n)
	}
	if n := sections["requests"]; n != nil {
		c.requests(n)
	} else if sections["state"] == nil && sections["latency"] == nil {
		c.Fault(keyfile.At(root), "missing_requests", "add a line: requests: {POST /orders: \"503, 503, then 200\"}", "the scenario has no requests")
	}
	if n := sections["state"]; n != nil {
		c.state(n)
	}
	c.unused()
}

// head reads the sections of one value.
func (c *compiler) head(root *yaml.Node, sections map[string]*yaml.Node) {
	if n := sections["scenario"]; n == nil {
		c.Fault(keyfile.At(root), "missing_name", "begin with `scenario: title`", "the scenario has no title")
	} else {
		c.out.Title = c.text(n, "scenario")
	}
	if n := sections["dialect"]; n != nil {
		c.out.Dialect = c.text(n, "dialect")
		if name := c.out.Dialect; c.dialect != nil && isName(name) && name != c.dialect.Name() {
			c.Fault(keyfile.At(n), "other_dialect", "use the mock of "+name+", or correct the name", "the scenario is for the dialect %q, and the mock speaks %q", name, c.dialect.Name())
		}
	}
	if n := sections["seed"]; n != nil {
		seed, err := strconv.ParseUint(n.Value, 10, 64)
		if c.out.Seed = seed; err != nil || n.Kind != yaml.ScalarNode {
			c.Fault(keyfile.At(n), "wrong_type", "write a number, such as 7", "seed must be a whole number from 0 on, not %s", keyfile.KindOf(n))
		}
	}
	if n := sections["latency"]; n != nil {
		c.out.latency = c.span(n)
	}
}

// isName reports that a dialect is named, and not the path of a file.
func isName(s string) bool { return s != "" && !strings.HasPrefix(s, ".") }

// text reads a text of bounded length.
func (c *compiler) text(n *yaml.Node, what string) string {
	s, ok := c.Text(n, what)
	if ok && len(s) > maxText {
		c.Fault(keyfile.At(n), "too_large", "shorten it", "%s has %d bytes; the limit is %d", what, len(s), maxText)
	}
	return s
}

// duration reads a time from 1ns to a day.
func (c *compiler) duration(n *yaml.Node, text string) time.Duration {
	d := c.Duration(n, text)
	if d > maxTime {
		c.Fault(keyfile.At(n), "bad_duration", "write at most 24h", "%s is longer than a day", text)
	}
	return d
}

func (c *compiler) durationTo(to *time.Duration) func(k, v *yaml.Node) {
	return func(k, v *yaml.Node) {
		if text, ok := c.Text(v, k.Value); ok {
			*to = c.duration(v, text)
		}
	}
}

// numberTo reads a whole number within bounds.
func (c *compiler) numberTo(to *int, least, most int) func(k, v *yaml.Node) {
	return func(k, v *yaml.Node) {
		i, err := strconv.Atoi(v.Value)
		if *to = i; err != nil || v.Kind != yaml.ScalarNode || i < least || i > most {
			c.Fault(keyfile.At(v), "bad_count", "", "%s must be a whole number from %d to %d, not %s", k.Value, least, most, keyfile.KindOf(v))
		}
	}
}

// span is a range of times, both ends included. The zero value is no time.
type span struct{ from, to time.Duration }

// span reads 200ms or 200ms..1s.
func (c *compiler) span(n *yaml.Node) (s span) {
	text, ok := c.Text(n, "latency")
	if !ok {
		return s
	}
	from, to, ranged := strings.Cut(text, "..")
	s.from = c.duration(n, from)
	if s.to = s.from; ranged {
		s.to = c.duration(n, to)
	}
	if s.from > s.to && s.to > 0 {
		c.Fault(keyfile.At(n), "bad_duration", "write the smaller one first", "the latency goes from %s to %s", from, to)
	}
	return s
}

// within is the place of a byte in the text of a scalar. It is that of the scalar itself
// if the text does not stand in the file as it is, because of escapes or several lines.
func (c *compiler) within(n *yaml.Node, offset int) keyfile.Position {
	at := keyfile.At(n)
	if at.Line < 1 || at.Line > len(c.source) {
		return at
	}
	line := []rune(c.source[at.Line-1])
	if at.Column < 1 || at.Column > len(line) {
		return at
	}
	text := string(line[at.Column-1:])
	skip := 0
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		skip, text = 1, text[1:]
	}
	if offset <= len(n.Value) && strings.HasPrefix(text, n.Value) {
		at.Column += skip + utf8.RuneCountInString(n.Value[:offset])
	}
	return at
}
