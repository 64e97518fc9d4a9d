package spec

import (
	"slices"
	"strconv"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Support says how to report a failure that persists.
type Support struct {
	Contact string
	After   int    // how many scheduled retries fail before it is due; 0 is 2
	ID      string // the provider's name for the request ID, such as activityId; "" for none
}

// Auth says how a provider grants access: the place that issues tokens, and how
// to renew one. The zero value says nothing.
type Auth struct {
	Token   string        // path or URL of the token endpoint (RFC 6749, 3.2)
	Grants  []string      // grant types in the order of preference: client_credentials, password, refresh_token
	Login   string        // method and path of a login, if there is no token endpoint
	Header  string        // the request header of the credential; "" is Authorization
	Scheme  string        // its scheme; "" is Bearer in Authorization, none elsewhere
	Expires time.Duration // how long a token is valid if the response does not say; 0 is unknown
}

var grants = []string{"client_credentials", "password", "refresh_token", "authorization_code"}

// Polling says how to follow an accepted request. The zero value is that of RFC
// 9110: look at the Location of the response until the response is no longer
// accepted.
type Polling struct {
	Headers []string      // the response headers that may hold the URL to look at; the first that is there counts
	Every   time.Duration // the wait between two looks if the response does not say; 0 leaves it to the caller
	Result  string        // the header of the last response that holds the URL of the result; "" if that response is the result
}

// Limit is the state of a rate limit in a response. A number that is not stated
// is -1, and a time that is not stated is 0.
type Limit struct {
	Name             string        // as the file names it
	Limit, Remaining int           // requests in the window
	Reset            time.Duration // until the window begins anew
}

// limit names the headers of a rate limit.
type limit struct {
	Name             string
	Limit, Remaining string // headers
	Reset            string
	Conv             Conversion // of reset
}

func (r *Reporter) idempotency(d *Spec, n *yaml.Node) {
	r.Keys(n, "idempotency", Key{Name: "header", Read: r.headerTo(&d.Service.Idempotency)})
}

func (r *Reporter) support(d *Spec, n *yaml.Node) {
	s := &d.Service.Support
	r.Keys(n, "support",
		Key{Name: "contact", Read: r.TextTo(&s.Contact)},
		Key{Name: "after", Read: func(_, v *yaml.Node) { s.After = r.count(v, "after", "failures") }},
		Key{Name: "id", Read: r.TextTo(&s.ID)},
	)
}

func (r *Reporter) count(n *yaml.Node, key, what string) int {
	count, err := strconv.Atoi(n.Value)
	if err != nil || count < 1 {
		r.Fault(At(n), "wrong_type", "", "%s must be a number of %s, at least 1", key, what)
	}
	return count
}

func (r *Reporter) auth(d *Spec, n *yaml.Node) {
	a := &d.Service.Auth
	r.Keys(n, "auth",
		Key{Name: "token", Read: r.TextTo(&a.Token)},
		Key{Name: "grants", Read: func(_, v *yaml.Node) { a.Grants = r.grants(v) }},
		Key{Name: "login", Read: r.TextTo(&a.Login)},
		Key{Name: "header", Read: r.headerTo(&a.Header)},
		Key{Name: "scheme", Read: r.TextTo(&a.Scheme)},
		Key{Name: "expires", Read: r.durationTo(&a.Expires)},
	)
}

func (r *Reporter) grants(n *yaml.Node) (all []string) {
	all = r.Words(n, "grants")
	for _, g := range all {
		if !slices.Contains(grants, g) {
			r.Unknown(At(n), "unknown_grant", "grant", g, grants)
		}
	}
	return all
}

func (r *Reporter) poll(d *Spec, n *yaml.Node) {
	p := &d.Service.Poll
	r.Keys(n, "poll",
		Key{Name: "headers", Read: func(_, v *yaml.Node) {
			p.Headers = nil
			for _, name := range r.Words(v, "headers") {
				p.Headers = append(p.Headers, r.header(v, name))
			}
		}},

		Key{Name: "every", Read: r.durationTo(&p.Every)},
		Key{Name: "result", Read: r.headerTo(&p.Result)},
	)
}

func (r *Reporter) limits(d *Spec, n *yaml.Node) {
	d.Service.Limits = nil
	r.Pairs(n, "limits", func(k, v *yaml.Node) {
		l := limit{Name: k.Value}
		r.Pairs(v, "a limit", func(k, v *yaml.Node) {
			name, _ := r.Text(v, k.Value)
			switch k.Value {
			case "limit":
				l.Limit = r.header(v, name)
			case "remaining":
				l.Remaining = r.header(v, name)
			case "reset":
				name, notation, _ := strings.Cut(name, ":")
				l.Reset, l.Conv = r.header(v, name), Conversion{Notation: seconds}
				if notation != "" {
					l.Conv, _ = r.conversion(At(v), notation, Target{Whole, AttrReset})
				}
			default:
				r.Unknown(At(k), "unknown_key", "key of a limit", k.Value, []string{"limit", "remaining", "reset"})
			}
		})
		d.Service.Limits = append(d.Service.Limits, l)
	})
}

// operation has the rows and settings for some requests only.
type operation struct {
	Methods []string
	Paths   []string
	Safe    *bool // nil: it does not say
	codes   codes
}

// Concerns reports that the operation is about such a request.
func (o *operation) Concerns(req *wire.Request) bool {
	return admitsMethod(o.Methods, req.Method) && AdmitsPath(o.Paths, req.Path)
}

// operations reads rows that hold for some requests, and which of them are safe
// to retry although their method is not.
func (r *Reporter) operations(d *Spec, n *yaml.Node) {
	for _, e := range r.elements(n, "operations", "write a list: each begins with `- path: …`") {
		o := operation{}
		var rows *yaml.Node
		r.Keys(e, "an operation",
			Key{Name: "method", Read: r.methodsTo(&o.Methods)},
			Key{Name: "path", Read: r.pathsTo(&o.Paths)},
			Key{Name: "safe", Read: func(k, v *yaml.Node) { o.Safe = new(bool); r.BooleanTo(o.Safe)(k, v) }},
			Key{Name: "codes", Read: func(_, v *yaml.Node) { rows = v }},
		)
		if len(o.Methods)+len(o.Paths) == 0 {
			r.Fault(At(e), "empty_shape", "add method or path", "the operation has neither a method nor a path")
			continue
		}
		if rows != nil {
			o.codes = r.codes(rows, d.Codes.Merged)
			of := o
			for _, w := range o.codes.Rows {
				w.Of = &of
			}
			d.Codes.add(o.codes)
		}
		d.Service.Operations = append(d.Service.Operations, o)
	}
}
