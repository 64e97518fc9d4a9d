package scenario

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parlance-api/parlance/internal/glob"
	"github.com/parlance-api/parlance/internal/keyfile"
	"github.com/parlance-api/parlance/internal/nearest"
	yaml "go.yaml.in/yaml/v4"
)

// line is one line under requests: which requests it is for, and the steps that they are
// given one after the other.
type line struct {
	methods []string // none is any
	path    string   // a glob
	steps   []step
	repeat  bool   // begin anew after the last step
	place   string // file:line
}

// admits reports that a request fits the line.
func (l *line) admits(method, path string) bool {
	return (len(l.methods) == 0 || slices.Contains(l.methods, method)) && glob.Match(l.path, path)
}

// covers reports that every request that fits another line fits this one.
func (l *line) covers(other *line) bool {
	for _, m := range other.methods {
		if len(l.methods) > 0 && !slices.Contains(l.methods, m) {
			return false
		}
	}
	return (len(l.methods) == 0 || len(other.methods) > 0) && glob.Match(l.path, other.path)
}

// requests reads the section of that name.
func (c *compiler) requests(n *yaml.Node) {
	count := 0
	c.Pairs(n, "requests", func(k, v *yaml.Node) {
		if count++; count > maxLines {
			if count == maxLines+1 {
				c.Fault(keyfile.At(k), "too_large", "split the file", "there are more than %d lines", maxLines)
			}
			return
		}
		if v.Tag == "!!null" {
			c.Fault(keyfile.At(k), "wrong_type", "write what it is given after a colon; between { and } put a line with commas in quotes", "%q is given nothing", k.Value)
			return
		}
		l := line{place: fmt.Sprintf("%s:%d", c.File, k.Line)}
		c.request(&l, k)
		if v.Kind != yaml.ScalarNode {
			c.Fault(keyfile.At(v), "wrong_type", "write one line, such as 503, 503, then 200; a name under responses can stand for more", "a request is given the steps of a text, not %s", keyfile.Ours(keyfile.KindOf(v)))
		} else {
			p := parser{compiler: c, node: v, line: &l}
			p.tokenize(v.Value)
			p.steps()
		}
		for i := range c.out.lines {
			if c.out.lines[i].covers(&l) {
				c.Warn(keyfile.At(k), "shadowed", "put this line first", "the line at %s is for all these requests too, and it comes first", c.out.lines[i].place)
				break
			}
		}
		c.out.lines = append(c.out.lines, l)
	})
	if count == 0 && n.Kind == yaml.MappingNode {
		c.Fault(keyfile.At(n), "missing_requests", "add a line: POST /orders: 503, 503, then 200", "there is no line under requests")
	}
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// request reads the key of a line: methods, and the path.
func (c *compiler) request(l *line, k *yaml.Node) {
	p := parser{compiler: c, node: k}
	p.tokenize(k.Value)
	for i, t := range p.tokens {
		last := i == len(p.tokens)-1
		switch path := strings.HasPrefix(t.text, "/") || strings.HasPrefix(t.text, "*"); {
		case path && last:
			l.path = c.path(k, t)
		case path:
			p.fault("bad_request", t, "write one line for each path", "only one path can stand in a line")
			return
		case t.text == ",":
		case !isMethod(t.text):
			p.fault("bad_request", t, "write POST /orders, or a path that begins with / or *", "%q is neither a method nor a path", t.text)
			return
		default:
			c.method(l, k, t)
		}
	}
	if l.path == "" {
		p.fault("bad_request", token{}, "write "+k.Value+" /orders, or "+k.Value+" * for every path", "the path is missing")
	}
}

// isMethod reports a word of capital letters.
func isMethod(s string) bool {
	return s != "" && len(s) <= 32 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
}

func (c *compiler) method(l *line, k *yaml.Node, t token) {
	if best := nearest.Word(t.text, methods); best != "" && !slices.Contains(methods, t.text) {
		c.Warn(c.within(k, t.at), "unknown_method", "did you mean "+best+"?", "HTTP does not define the method %s", t.text)
	}
	l.methods = append(l.methods, t.text)
}

// path reads a glob as dialect files have it: a slash at its end means nothing.
func (c *compiler) path(k *yaml.Node, t token) string {
	if strings.ContainsAny(t.text, "?#") {
		c.Fault(c.within(k, t.at), "bad_path", "write the path alone, such as /orders/*", "a query and a fragment are not part of a path: %q", t.text)
	}
	return trimPath(t.text)
}

// trimPath is a path without slashes at its end.
func trimPath(path string) string {
	if short := strings.TrimRight(path, "/"); short != "" {
		return short
	}
	return path[:min(len(path), 1)]
}
