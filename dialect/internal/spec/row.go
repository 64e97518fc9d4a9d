package spec

import (
	"strings"
	"sync/atomic"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/nearest"
	yaml "go.yaml.in/yaml/v4"
)

// Row is one meaning of a code, as the table states it.
type Row struct {
	Key       string // as it stands in the file
	First     string // the code or status that is written
	span      Span   // first as a number or a range
	numeric   bool
	Pos       Position
	file      string
	Kind      parlance.Kind
	Reason    parlance.Reason
	Title     string
	Help      string
	Status    int // the HTTP status under which an in-body code travels; 0 where the key is one
	Methods   []string
	Paths     []string
	Headers   []headerCondition
	Is        string     // a condition on what the form says
	Family    string     // the coarser code that is written beside the key
	Of        *operation // whose row it is, nil for all requests
	Do        parlance.Act
	Retry     retry
	Undone    bool
	ByDefault bool // its code is written for an Outcome that has none
	NotUsed   bool // the page says that the API never gives it
	StandsFor []parlance.Kind
	Line      string                 // file:line, for decisions
	Why       string                 // the reason of a decision, made once
	said      atomic.Pointer[[]said] // the reasons by the code that was met, of a row of several
}

// headerCondition is a request header that a row asks for, as a glob in lower
// case.
type headerCondition struct{ Name, Glob string }

// AnyForm is for those who ask for a row without an answer at hand: a condition
// on its form holds for all of them.
const AnyForm = "*"

// Applies reports that the row's conditions hold for a request and the form of
// its answer.
func (r *Row) Applies(req *wire.Request, is string) bool {
	if r.Is != "" && r.Is != is && is != AnyForm || r.Of != nil && !r.Of.Concerns(req) {
		return false
	}
	if !admitsMethod(r.Methods, req.Method) || !AdmitsPath(r.Paths, req.Path) {
		return false
	}
	for i := range r.Headers {
		if !r.Headers[i].holds(req) {
			return false
		}
	}
	return true
}

// holds reports that the request has such a header. Case does not matter, as
// authentication schemes are told apart (RFC 9110, 11.1).
func (c *headerCondition) holds(req *wire.Request) bool {
	for _, v := range wire.Values(req.Header, c.Name) {
		if Glob(c.Glob, strings.ToLower(v)) {
			return true
		}
	}
	return false
}

// Number is the first of its keys as a number or a range of them. It reports
// false for a word.
func (r *Row) Number() (Span, bool) { return r.span, r.numeric }

func (r *Row) Conditional() bool {
	return len(r.Methods)+len(r.Paths)+len(r.Headers)+len(r.Is) > 0 || r.Of != nil
}

var rowKeys = []string{"kind", "title", "help", "status", "method", "path", "request", "do", "retry", "undone", "default", "not_used", "stands_for", "is", "family"}

func (r *Reporter) row(k, n *yaml.Node) *Row {
	w := &Row{Key: k.Value, Pos: At(n), file: r.File}
	if n.Kind == yaml.ScalarNode {
		w.Kind, w.Reason = r.kind(n)
		return w
	}
	kinded := false
	r.Pairs(n, "the row of a code", func(k, v *yaml.Node) {
		switch k.Value {
		case "kind":
			w.Kind, w.Reason = r.kind(v)
			kinded = true
		case "title":
			w.Title, _ = r.Text(v, "title")
		case "help":
			w.Help, _ = r.Text(v, "help")
		case "status":
			sp, ok := ParseSpan(v.Value)
			if !ok || sp.From != sp.To || sp.From < 200 || sp.From > 999 {
				r.Fault(At(v), "bad_status", "write one from 200 to 599", "%q is no status under which a code can travel", v.Value)
				return
			}
			w.Status = sp.From
		case "method":
			w.Methods = r.methods(v)
		case "path":
			w.Paths = r.words(v, "path")
		case "request":
			if v.Kind == yaml.MappingNode && len(v.Content) == 0 {
				r.Fault(At(v), "wrong_type", "write {Authorization: \"Bearer *\"}", "the condition on the request names no header")
			}
			r.Pairs(v, "request", func(hk, hv *yaml.Node) {
				text, _ := r.Text(hv, "the value of a request header")
				w.Headers = append(w.Headers, headerCondition{wire.CanonicalHeader(hk.Value), strings.ToLower(text)})
			})
		case "do":
			w.Do = r.Act(v)
		case "retry":
			w.Retry = r.retry(v)
		case "is":
			if w.Is, _ = r.Text(v, "is"); w.Is != "" {
				r.asked = append(r.asked, namedPlace{w.Is, At(v)})
			}
		case "family":
			w.Family, _ = r.Text(v, "family")
		case "undone":
			w.Undone = r.Boolean(v, "undone")
		case "default":
			w.ByDefault = r.Boolean(v, "default")
		case "not_used":
			w.NotUsed = r.Boolean(v, "not_used")
		case "stands_for":
			for _, name := range r.words(v, "stands_for") {
				kind, ok := parlance.ParseKind(name)
				if !ok {
					r.Unknown(At(v), "unknown_kind", "kind", name, kindWords())
					continue
				}
				w.StandsFor = append(w.StandsFor, kind)
			}
		default:
			r.Unknown(At(k), "unknown_key", "key of a row", k.Value, rowKeys)
		}
	})
	if n.Kind == yaml.MappingNode && !kinded {
		r.Fault(At(n), "missing_kind", "add kind: invalid, or what it is", "the row of %q has no kind", k.Value)
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
func (r *Reporter) kind(n *yaml.Node) (parlance.Kind, parlance.Reason) {
	text, ok := r.Text(n, "a kind")
	if !ok {
		return 0, ""
	}
	name, reason, finer := strings.Cut(text, "/")
	if finer && !isReason(reason) {
		r.Fault(At(n), "bad_reason", "write one word, such as invalid/fields", "%q is no reason: it takes lower-case letters, digits and _", reason)
	} else if best := nearest.Word(reason, reasonWords); finer && best != "" && best != reason {
		r.warn(At(n), "unknown_reason", "did you mean "+best+"?", "the reason %s has no meaning to either end", reason)
	}
	kind, known := parlance.ParseKind(name)
	if !known {
		r.Unknown(At(n), "unknown_kind", "kind", name, kindWords())
	}
	return kind, parlance.Reason(reason)
}

// Text is the row's own words for a title or a help, "" for another attribute.
func (r *Row) Text(a Attribute) string {
	switch a {
	case AttrTitle:
		return r.Title
	case AttrHelp:
		return r.Help
	}
	return ""
}

// Phrase is what a response that is written by the row is called for people: the row's
// title if it speaks of this status alone, else HTTP's words, else those for the class.
func (r *Row) Phrase(status int) string {
	sp, numeric := r.Number()
	ofClass := numeric && sp.From != sp.To
	switch words := wire.Phrases[status]; {
	case r.Title != "" && (!ofClass || words == ""):
		return r.Title
	case words != "":
		return words
	case status >= 400 && status <= 499:
		return "Client Error" // RFC 9110, 15.5
	case status >= 500 && status <= 599:
		return "Server Error" // RFC 9110, 15.6
	}
	return ""
}

// Names reports that a code is one of the row's keys, and not only in a range.
func (r *Row) Names(code string) bool {
	for key := range strings.SplitSeq(r.Key, ",") {
		if strings.TrimSpace(key) == code {
			return true
		}
	}
	return false
}
