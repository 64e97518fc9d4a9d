package check

import (
	"bytes"
	"iter"
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect"
)

// Probe is a request that is sent to a live API.
type Probe struct {
	Method string                // "" is GET
	Target string                // the path and the query, such as /cameras/7?full=true
	Header []dialect.HeaderField //
	Body   []byte                // nil for none
	Wrong  string                // what is wrong with it on purpose, in words; "" for a good request
}

// safe reports that a request changes nothing by its method (RFC 9110, 9.2.1).
func (p *Probe) safe() bool {
	return slices.Contains([]string{"", "GET", "HEAD", "OPTIONS", "TRACE"}, p.Method)
}

// with is the probe with a header field in the place of those of the same name.
func (p Probe) with(name, value string) Probe {
	header := slices.DeleteFunc(slices.Clone(p.Header), func(f dialect.HeaderField) bool { return strings.EqualFold(f.Name, name) })
	p.Header = append(header, dialect.HeaderField{Name: name, Value: value})
	return p
}

// provocation makes a wrong request of a good one. It reports false if there is nothing to
// make.
type provocation struct {
	wrong string
	once  bool // one is enough for an API
	of    func(Probe) (Probe, bool)
}

// provocations are what strangers and broken clients send. To add one, add a line.
var provocations = []provocation{
	{"no credential", false, func(p Probe) (Probe, bool) { return p.with("Authorization", ""), true }},
	{"a wrong credential", false, func(p Probe) (Probe, bool) { return p.with("Authorization", "Bearer wrong"), true }},
	{"a scheme of credentials that does not exist", true, func(p Probe) (Probe, bool) { return p.with("Authorization", "Wrong x"), true }},
	{"a word stands for a number in the path", false, wordInPath},
	{"a word stands for a number in the query", false, wordInQuery},
	{"a parameter of the query is missing", false, missingParameter},
	{"an unknown path", true, func(p Probe) (Probe, bool) {
		return Probe{Method: "GET", Header: p.Header, Target: "/no-such-path-7f3a"}, true
	}},
	{"an unknown path below a known one", true, func(p Probe) (Probe, bool) {
		path, _, _ := strings.Cut(p.Target, "?")
		return Probe{Method: "GET", Header: p.Header, Target: strings.TrimRight(path, "/") + "/no-such-path-7f3a"}, true
	}},
	{"a form that no API has is asked for", true, func(p Probe) (Probe, bool) { return p.with("Accept", "application/x-unknown"), true }},
	{"the query is 16 KB long", true, func(p Probe) (Probe, bool) {
		path, _, _ := strings.Cut(p.Target, "?")
		p.Target = path + "?q=" + strings.Repeat("x", 16<<10)
		return p, true
	}},
	{"a header field is 32 KB long", true, func(p Probe) (Probe, bool) { return p.with("X-Long", strings.Repeat("x", 32<<10)), true }},
	{"the body is not what its type says", false, func(p Probe) (Probe, bool) { p.Body = []byte("{]"); return p, !p.safe() }},
	{"the body has a type that no API has", false, func(p Probe) (Probe, bool) {
		return p.with("Content-Type", "application/x-unknown"), !p.safe() && p.Body != nil
	}},
	{"the body is empty", false, func(p Probe) (Probe, bool) { hasBody := p.Body != nil; p.Body = nil; return p, !p.safe() && hasBody }},
	{"the body is 12 MB long", true, func(p Probe) (Probe, bool) {
		p.Body = slices.Concat([]byte(`{"x":"`), bytes.Repeat([]byte("x"), 12<<20), []byte(`"}`))
		return p, !p.safe()
	}},
}

// wordInPath puts a word in the place of the last number of a path.
func wordInPath(p Probe) (Probe, bool) {
	path, query, asks := strings.Cut(p.Target, "?")
	parts := strings.Split(path, "/")
	for i := len(parts) - 1; i >= 0; i-- {
		if parts[i] != "" && strings.Trim(parts[i], "0123456789") == "" {
			parts[i] = "not-a-number"
			p.Target = strings.Join(parts, "/")
			if asks {
				p.Target += "?" + query
			}
			return p, true
		}
	}
	return p, false
}

// wordInQuery puts a word in the place of the first number of a query.
func wordInQuery(p Probe) (Probe, bool) {
	path, query, _ := strings.Cut(p.Target, "?")
	parameters := strings.Split(query, "&")
	for i, one := range parameters {
		name, value, _ := strings.Cut(one, "=")
		if value != "" && strings.Trim(value, "0123456789") == "" {
			parameters[i] = name + "=not-a-number"
			p.Target = path + "?" + strings.Join(parameters, "&")
			return p, true
		}
	}
	return p, false
}

// missingParameter leaves the first parameter of a query out.
func missingParameter(p Probe) (Probe, bool) {
	path, query, asks := strings.Cut(p.Target, "?")
	_, rest, more := strings.Cut(query, "&")
	p.Target = path
	if more {
		p.Target += "?" + rest
	}
	return p, asks && query != ""
}

// provoked are the wrong requests of a good one. done has those that are made once.
func provoked(p Probe, done map[string]bool) iter.Seq[Probe] {
	return func(yield func(Probe) bool) {
		for _, v := range provocations {
			if v.once && done[v.wrong] {
				continue
			}
			wrong, ok := v.of(p)
			if !ok {
				continue
			}
			done[v.wrong] = true
			wrong.Wrong = v.wrong
			if !yield(wrong) {
				return
			}
		}
	}
}
