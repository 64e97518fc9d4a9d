package dialect

import (
	"slices"
	"strconv"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

// Support is how a provider is told of a failure that persists.
type Support struct {
	Contact string
	After   int    // scheduled retries that fail before it is time; 0 is 2
	ID      string // what the provider calls the request ID, such as activityId; "" for no word of its own
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

// Polling is how an accepted request is followed. The zero value is
// RFC 9110's: the Location of the answer, until one is no longer accepted.
type Polling struct {
	Headers []string      // the response headers that say where to look, the first that is there
	Every   time.Duration // how long to wait between two looks where the answer does not say; 0 leaves it to the caller
	Result  string        // the response header of the last look that points at the result; "" where it holds the result
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
