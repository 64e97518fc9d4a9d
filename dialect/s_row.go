package dialect

import (
	"strings"
	"sync/atomic"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/nearest"
	yaml "go.yaml.in/yaml/v4"
)

// row is one meaning of a code, as the table states it.
type row struct {
	key       string // as it stands in the file
	first     string // the code or status that is written
	span      span   // first as a number or a range
	numeric   bool
	pos       position
	file      string
	kind      parlance.Kind
	reason    parlance.Reason
	title     string
	help      string
	status    int // the HTTP status under which an in-body code travels; 0 where the key is one
	methods   []string
	paths     []string
	headers   []headerCondition
	is        string     // a condition on what the form says
	family    string     // the coarser code that is written beside the key
	of        *operation // whose row it is, nil for all requests
	do        parlance.Act
	retry     retry
	undone    bool
	byDefault bool // its code is written for an Outcome that has none
	notUsed   bool // the page says that the API never gives it
	standsFor []parlance.Kind
	line      string                 // file:line, for decisions
	why       string                 // the reason of a decision, made once
	said      atomic.Pointer[[]said] // the reasons by the code that was met, of a row of several
}

// headerCondition is a request header that a row asks for, as a glob in lower
// case.
type headerCondition struct{ name, glob string }

// anyForm is for those who ask for a row without an answer at hand: a condition
// on its form holds for all of them.
const anyForm = "*"

// applies reports that the row's conditions hold for a request and the form of
// its answer.
func (r *row) applies(req *Request, is string) bool {
	if r.is != "" && r.is != is && is != anyForm || r.of != nil && !r.of.concerns(req) {
		return false
	}
	if !admitsMethod(r.methods, req.Method) || !admitsPath(r.paths, req.Path) {
		return false
	}
	for i := range r.headers {
		if !r.headers[i].holds(req) {
			return false
		}
	}
	return true
}

// holds reports that the request has such a header. Case does not matter, as
// authentication schemes are told apart (RFC 9110, 11.1).
func (c *headerCondition) holds(req *Request) bool {
	for _, v := range values(req.Header, c.name) {
		if glob(c.glob, strings.ToLower(v)) {
			return true
		}
	}
	return false
}

// number is the first of its keys as a number or a range of them. It reports
// false for a word.
func (r *row) number() (span, bool) { return r.span, r.numeric }

func (r *row) conditional() bool {
	return len(r.methods)+len(r.paths)+len(r.headers)+len(r.is) > 0 || r.of != nil
}

var rowKeys = []string{"kind", "title", "help", "status", "method", "path", "request", "do", "retry", "undone", "default", "not_used", "stands_for", "is", "family"}

func (r *reporter) row(k, n *yaml.Node) *row {
	w := &row{key: k.Value, pos: at(n), file: r.file}
	if n.Kind == yaml.ScalarNode {
		w.kind, w.reason = r.kind(n)
		return w
	}
	kinded := false
	r.pairs(n, "the row of a code", func(k, v *yaml.Node) {
		switch k.Value {
		case "kind":
			w.kind, w.reason = r.kind(v)
			kinded = true
		case "title":
			w.title, _ = r.text(v, "title")
		case "help":
			w.help, _ = r.text(v, "help")
		case "status":
			sp, ok := parseSpan(v.Value)
			if !ok || sp.from != sp.to || sp.from < 200 || sp.from > 999 {
				r.fault(at(v), "bad_status", "write one from 200 to 599", "%q is no status under which a code can travel", v.Value)
				return
			}
			w.status = sp.from
		case "method":
			w.methods = r.methods(v)
		case "path":
			w.paths = r.words(v, "path")
		case "request":
			if v.Kind == yaml.MappingNode && len(v.Content) == 0 {
				r.fault(at(v), "wrong_type", "write {Authorization: \"Bearer *\"}", "the condition on the request names no header")
			}
			r.pairs(v, "request", func(hk, hv *yaml.Node) {
				text, _ := r.text(hv, "the value of a request header")
				w.headers = append(w.headers, headerCondition{canonicalHeader(hk.Value), strings.ToLower(text)})
			})
		case "do":
			w.do = r.act(v)
		case "retry":
			w.retry = r.retry(v)
		case "is":
			if w.is, _ = r.text(v, "is"); w.is != "" {
				r.asked = append(r.asked, namedPlace{w.is, at(v)})
			}
		case "family":
			w.family, _ = r.text(v, "family")
		case "undone":
			w.undone = r.boolean(v, "undone")
		case "default":
			w.byDefault = r.boolean(v, "default")
		case "not_used":
			w.notUsed = r.boolean(v, "not_used")
		case "stands_for":
			for _, name := range r.words(v, "stands_for") {
				kind, ok := parlance.ParseKind(name)
				if !ok {
					r.unknown(at(v), "unknown_kind", "kind", name, kindWords())
					continue
				}
				w.standsFor = append(w.standsFor, kind)
			}
		default:
			r.unknown(at(k), "unknown_key", "key of a row", k.Value, rowKeys)
		}
	})
	if n.Kind == yaml.MappingNode && !kinded {
		r.fault(at(n), "missing_kind", "add kind: invalid, or what it is", "the row of %q has no kind", k.Value)
		return nil
	}
	return w
}

// reasonWords are the reasons that a file may give and the ends act on.
var reasonWords = []string{
	string(parlance.NoCredential), string(parlance.WrongCredential), string(parlance.Expired), string(parlance.Spent), string(parlance.OutOfScope),
	string(parlance.Fields), string(parlance.XML), string(parlance.Licence), string(parlance.Maintenance),
	string(parlance.InFlight), string(parlance.Mismatch), string(parlance.KeyMissing), string(parlance.KeyMalformed), string(parlance.Uncertain), string(parlance.NotKept),
}

func isReason(s string) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return s != ""
}

func kindWords() []string {
	var words []string
	for _, k := range parlance.Kinds() {
		words = append(words, k.String())
	}
	return words
}

// kind reads kind or kind/reason.
func (r *reporter) kind(n *yaml.Node) (parlance.Kind, parlance.Reason) {
	text, ok := r.text(n, "a kind")
	if !ok {
		return 0, ""
	}
	name, reason, finer := strings.Cut(text, "/")
	if finer && !isReason(reason) {
		r.fault(at(n), "bad_reason", "write one word, such as invalid/fields", "%q is no reason: it takes lower-case letters, digits and _", reason)
	} else if best := nearest.Word(reason, reasonWords); finer && best != "" && best != reason {
		r.warn(at(n), "unknown_reason", "did you mean "+best+"?", "the reason %s has no meaning to either end", reason)
	}
	kind, known := parlance.ParseKind(name)
	if !known {
		r.unknown(at(n), "unknown_kind", "kind", name, kindWords())
	}
	return kind, parlance.Reason(reason)
}

// phrase is what a response that is written by the row is called for people: the row's
// title if it speaks of this status alone, else HTTP's words, else those for the class.
func (r *row) phrase(status int) string {
	sp, numeric := r.number()
	ofClass := numeric && sp.from != sp.to
	switch words := phrases[status]; {
	case r.title != "" && (!ofClass || words == ""):
		return r.title
	case words != "":
		return words
	case status >= 400 && status <= 499:
		return "Client Error" // RFC 9110, 15.5
	case status >= 500 && status <= 599:
		return "Server Error" // RFC 9110, 15.6
	}
	return ""
}

// names reports that a code is one of the row's keys, and not only in a range.
func (r *row) names(code string) bool {
	for key := range strings.SplitSeq(r.key, ",") {
		if strings.TrimSpace(key) == code {
			return true
		}
	}
	return false
}
