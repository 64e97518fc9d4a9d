package dialect

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

// extends takes another dialect as what holds where this file says nothing.
func (r *reporter) extends(d *Spec, n *yaml.Node, find []finder) {
	name, ok := r.text(n, "extends")
	if !ok {
		return
	}
	err := errors.New("this program knows no other dialects here")
	for _, f := range find {
		var other *Spec
		if other, err = f(name); err == nil {
			// A copy of its own, for the templates learn their numbers from the dialect that they serve.
			if other, err = compileSpec(other.file, other.source, d.base, find); err != nil {
				continue
			}
			d.base = other
			d.codes.merged = other.codes.merged
			return
		}
	}
	var faulty *FileError
	if errors.As(err, &faulty) {
		r.fault(at(n), "unknown_dialect", "mend that file first", "the dialect %q cannot be extended: its own file has faults, the first: %s", name, strings.SplitN(err.Error(), "\n", 2)[0])
		return
	}
	r.fault(at(n), "unknown_dialect", "name one that `parlance dialects` lists, or a file beside this one", "the dialect %q cannot be extended: %s", name, strings.SplitN(err.Error(), "\n", 2)[0])
}

// inherit takes over the shapes of the dialect that is extended, behind the
// file's own; one of the same name is replaced. What else the file does not say
// is taken over too.
func (d *Spec) inherit(http *Spec) {
	if d.base == nil || d.base == http {
		return
	}
	own := map[string]bool{}
	for _, s := range slices.Concat(d.shapes, d.extras) {
		own[s.name] = true
	}
	replaced := func(s *shape) bool { return own[s.name] }
	d.shapes = append(d.shapes, slices.DeleteFunc(slices.Clone(d.base.shapes), replaced)...)
	d.extras = append(d.extras, slices.DeleteFunc(slices.Clone(d.base.extras), replaced)...)
	if !d.formsListed {
		d.forms, d.formsListed = d.base.forms, d.base.formsListed
	}
	d.service.idempotency, d.service.support, d.service.auth, d.service.poll, d.service.limits = d.base.service.idempotency, d.base.service.support, d.base.service.auth, d.base.service.poll, d.base.service.limits
}

// builtinExtras are the header shapes of the dialect http.
func builtinExtras(d *Spec) []*shape {
	for d.base != nil {
		d = d.base
	}
	return d.extras
}

// define reads the templates that have names.
func (r *reporter) define(n *yaml.Node) {
	r.pairs(n, "define", func(k, v *yaml.Node) {
		_, known := parseTarget(k.Value)
		if !isReason(k.Value) || known == nil || k.Value == "any" || k.Value == "absent" {
			r.fault(at(k), "bad_name", "choose another word of lower-case letters, digits and _", "%q cannot be the name of a definition", k.Value)
			return
		}
		r.defs[k.Value] = &definition{name: k.Value, pos: at(k), node: v}
	})
	for _, d := range r.definitions() {
		if d.endless(r, d.node, map[string]bool{d.name: true}) {
			r.fault(d.pos, "endless", "put a member or a list around the part that repeats", "the definition %s refers to itself without anything of the body being read in between", d.name)
			d.node, d.used = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: d.pos.line, Column: d.pos.column}, true
		}
	}
}

// definitions are in the order of the file.
func (r *reporter) definitions() []*definition {
	return slices.SortedFunc(maps.Values(r.defs), func(a, b *definition) int { return cmp.Or(a.pos.line-b.pos.line, a.pos.column-b.pos.column) })
}

// endless reports that a definition comes to itself through alternatives alone.
func (d *definition) endless(r *reporter, n *yaml.Node, seen map[string]bool) bool {
	switch {
	case n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, "$"):
		name := n.Value[1:]
		if name == d.name {
			return true
		}
		if other := r.defs[name]; other != nil && !seen[name] {
			seen[name] = true
			return d.endless(r, other.node, seen)
		}
	case n.Kind == yaml.MappingNode && len(n.Content) == 2 && slices.Contains(wrapped, n.Content[0].Value):
		alternatives := []*yaml.Node{n.Content[1]}
		if n.Content[1].Kind == yaml.SequenceNode && n.Content[0].Value == "$either" {
			alternatives = n.Content[1].Content
		}
		return slices.ContainsFunc(alternatives, func(a *yaml.Node) bool { return d.endless(r, a, seen) })
	}
	return false
}

// unused warns of definitions that no shape uses.
func (r *reporter) unused() {
	for _, d := range r.definitions() {
		if !d.used {
			r.warn(d.pos, "unused_definition", "write $"+d.name+" where it belongs, or remove it", "nothing refers to the definition %s", d.name)
		}
	}
}

func (r *reporter) idempotency(d *Spec, n *yaml.Node) {
	r.pairs(n, "idempotency", func(k, v *yaml.Node) {
		if k.Value != "header" {
			r.unknown(at(k), "unknown_key", "key of idempotency", k.Value, []string{"header"})
			return
		}
		name, _ := r.text(v, "header")
		d.service.idempotency = canonicalHeader(name)
	})
}

func (r *reporter) support(d *Spec, n *yaml.Node) {
	r.pairs(n, "support", func(k, v *yaml.Node) {
		switch k.Value {
		case "contact":
			d.service.support.Contact, _ = r.text(v, "contact")
		case "after":
			d.service.support.After = r.count(v, "after", "failures")
		case "id":
			d.service.support.ID, _ = r.text(v, "id")
		default:
			r.unknown(at(k), "unknown_key", "key of support", k.Value, []string{"contact", "after", "id"})
		}
	})
}

func (r *reporter) count(n *yaml.Node, key, what string) int {
	count, err := strconv.Atoi(n.Value)
	if err != nil || count < 1 {
		r.fault(at(n), "wrong_type", "", "%s must be a number of %s, from 1", key, what)
	}
	return count
}

// Auth is how a provider grants access: where a token is got, and how it is
// renewed. The zero value says nothing.
type Auth struct {
	Token   string        // path or URL of the token endpoint (RFC 6749, 3.2)
	Grants  []string      // grant types in the order of preference: client_credentials, password, refresh_token
	Login   string        // method and path of a log-in, where there is no token endpoint
	Header  string        // the request header of the credential; "" is Authorization
	Scheme  string        // its scheme; "" is Bearer in Authorization, none elsewhere
	Expires time.Duration // how long a token is good where the answer does not say; 0 is unknown
}

var grants = []string{"client_credentials", "password", "refresh_token", "authorization_code"}

func (r *reporter) auth(d *Spec, n *yaml.Node) {
	keys := []string{"token", "grants", "login", "header", "scheme", "expires"}
	r.pairs(n, "auth", func(k, v *yaml.Node) {
		switch k.Value {
		case "token":
			d.service.auth.Token, _ = r.text(v, "token")
		case "grants":
			d.service.auth.Grants = nil
			for _, g := range r.words(v, "grants") {
				if !slices.Contains(grants, g) {
					r.unknown(at(v), "unknown_grant", "grant", g, grants)
				}
				d.service.auth.Grants = append(d.service.auth.Grants, g)
			}
		case "login":
			d.service.auth.Login, _ = r.text(v, "login")
		case "header":
			name, _ := r.text(v, "header")
			d.service.auth.Header = canonicalHeader(name)
		case "scheme":
			d.service.auth.Scheme, _ = r.text(v, "scheme")
		case "expires":
			d.service.auth.Expires = r.duration(v, v.Value)
		default:
			r.unknown(at(k), "unknown_key", "key of auth", k.Value, keys)
		}
	})
}

// Polling is how an accepted request is followed. The zero value is
// RFC 9110's: the Location of the answer, until one is no longer accepted.
type Polling struct {
	Headers []string      // the response headers that say where to look, the first that is there
	Every   time.Duration // how long to wait between two looks where the answer does not say; 0 leaves it to the caller
	Result  string        // the response header of the last look that points at the result; "" where it holds the result
}

func (r *reporter) poll(d *Spec, n *yaml.Node) {
	r.pairs(n, "poll", func(k, v *yaml.Node) {
		switch k.Value {
		case "headers":
			d.service.poll.Headers = nil
			for _, name := range r.words(v, "headers") {
				d.service.poll.Headers = append(d.service.poll.Headers, canonicalHeader(name))
			}
		case "every":
			d.service.poll.Every = r.duration(v, v.Value)
		case "result":
			name, _ := r.text(v, "result")
			d.service.poll.Result = canonicalHeader(name)
		default:
			r.unknown(at(k), "unknown_key", "key of poll", k.Value, []string{"headers", "every", "result"})
		}
	})
}

// Limit is what an answer says of a rate limit. A number that it does not state
// is -1, a time that it does not state 0.
type Limit struct {
	Name             string        // as the file names it
	Limit, Remaining int           // requests in the window
	Reset            time.Duration // until the window begins anew
}

// limit is where the numbers of one stand.
type limit struct {
	name             string
	limit, remaining string // headers
	reset            string
	conv             conversion // of reset
}

// Limits reads what the headers of an answer say of rate limits, those that
// they say anything of.
func (d *Reader) Limits(res Response) (all []Limit) {
	from := &served{res.Header, res.Received}
	number := func(name string) int {
		for _, v := range values(res.Header, name) {
			if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && name != "" {
				return n
			}
		}
		return -1
	}
	for _, l := range d.service.limits {
		one := Limit{Name: l.name, Limit: number(l.limit), Remaining: number(l.remaining)}
		for _, v := range values(res.Header, l.reset) {
			one.Reset, _ = l.conv.wait(strings.TrimSpace(v), from)
		}
		if one.Limit >= 0 || one.Remaining >= 0 || one.Reset > 0 {
			all = append(all, one)
		}
	}
	return all
}

func (r *reporter) limits(d *Spec, n *yaml.Node) {
	d.service.limits = nil
	r.pairs(n, "limits", func(k, v *yaml.Node) {
		l := limit{name: k.Value}
		r.pairs(v, "a limit", func(k, v *yaml.Node) {
			name, _ := r.text(v, k.Value)
			switch k.Value {
			case "limit":
				l.limit = canonicalHeader(name)
			case "remaining":
				l.remaining = canonicalHeader(name)
			case "reset":
				name, notation, _ := strings.Cut(name, ":")
				l.reset, l.conv = canonicalHeader(name), conversion{notation: seconds}
				if notation != "" {
					l.conv, _ = r.conversion(at(v), notation, target{whole, attrReset})
				}
			default:
				r.unknown(at(k), "unknown_key", "key of a limit", k.Value, []string{"limit", "remaining", "reset"})
			}
		})
		d.service.limits = append(d.service.limits, l)
	})
}

// operation is what holds for some requests only.
type operation struct {
	methods []string
	paths   []string
	safe    bool
	codes   codes
}

func (o *operation) concerns(req *Request) bool {
	return admitsMethod(o.methods, req.Method) && admitsPath(o.paths, req.Path)
}

// operations reads rows that hold for some requests, and which of them are safe
// to repeat although their method is not.
func (r *reporter) operations(d *Spec, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		r.fault(at(n), "wrong_type", "write a list: each begins with `- path: …`", "operations must be a list, not %s", kindOf(n))
		return
	}
	for _, e := range n.Content {
		o := operation{}
		var rows *yaml.Node
		r.pairs(e, "an operation", func(k, v *yaml.Node) {
			switch k.Value {
			case "method":
				o.methods = r.methods(v)
			case "path":
				o.paths = r.words(v, "path")
			case "safe":
				o.safe = r.boolean(v, "safe")
			case "codes":
				rows = v
			default:
				r.unknown(at(k), "unknown_key", "key of an operation", k.Value, []string{"method", "path", "safe", "codes"})
			}
		})
		if len(o.methods)+len(o.paths) == 0 {
			r.fault(at(e), "empty_shape", "add method or path", "the operation says nothing of which requests it is about")
			continue
		}
		if rows != nil {
			o.codes = r.codes(rows, d.codes.merged)
			of := o
			for _, w := range o.codes.rows {
				w.of = &of
			}
			d.codes.add(o.codes)
		}
		d.service.operations = append(d.service.operations, o)
	}
}

// safe reports that a request to such a method and path does nothing twice when
// it is repeated, by its method (RFC 9110, 9.2.2) or because the file says so.
func (d *Table) safe(req *Request) bool {
	switch req.Method {
	case "", "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	for ; d != nil; d = d.base {
		for i := range d.service.operations {
			if d.service.operations[i].safe && d.service.operations[i].concerns(req) {
				return true
			}
		}
	}
	return false
}
