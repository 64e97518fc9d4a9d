package spec

import (
	"strings"
	"sync/atomic"

	yaml "go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/glob"
	"github.com/parlance-api/parlance/internal/httpheader"
	"github.com/parlance-api/parlance/internal/nearest"
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
	Status    int // the HTTP status under which an in-body code travels; 0 if the key is one
	Methods   []string
	Paths     []string
	Headers   []headerCondition
	Is        string     // a condition on what the form says
	Family    string     // the coarser code that is written beside the key
	Of        *operation // whose row it is, nil for all requests
	Do        parlance.Act
	Retry     retry
	NoEffect  bool
	ByDefault bool // its code is written for an Outcome that has none
	NotUsed   bool // the page says that the API never gives it
	StandsFor []parlance.Kind
	Line      string                        // file:line, for decisions
	Why       string                        // the reason of a decision, made once
	shared    bool                          // the row is about several codes
	reasons   atomic.Pointer[[]knownReason] // the reasons by the code that was met, of a row of several
}

// headerCondition is a condition on a request header, as a glob in lower case.
type headerCondition struct{ Name, Glob string }

// AnyForm is given to ask for a row without a response at hand: every condition on
// its form holds.
const AnyForm = "*"

// Applies reports that the row's conditions hold for a request and the form of its
// response.
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
		if glob.Match(c.Glob, strings.ToLower(v)) {
			return true
		}
	}
	return false
}

// Number is the first of its keys as a number or a range of them. It reports
// false for a word.
func (r *Row) Number() (Span, bool) { return r.span, r.numeric }

// single is the first key as one number. It reports false for a word and for a range.
func (r *Row) single() (int, bool) { return r.span.From, r.numeric && r.span.From == r.span.To }

// Conditional reports that a row does not hold for every request.
func (r *Row) Conditional() bool {
	return len(r.Methods)+len(r.Paths)+len(r.Headers)+len(r.Is) > 0 || r.Of != nil
}

// row compiles a row of the table. k is its key.
func (r *Reporter) row(k, n *yaml.Node) *Row {
	w := &Row{Key: k.Value, Pos: At(n), file: r.File}
	if n.Kind == yaml.ScalarNode {
		w.Kind, w.Reason = r.kind(n)
		return w
	}
	if !r.IsMapping(n, "the row of a code") {
		return w
	}
	kinded := false
	r.Keys(n, "a row",
		Key{Name: "kind", Read: func(_, v *yaml.Node) { w.Kind, w.Reason = r.kind(v); kinded = true }},
		Key{Name: "title", Read: r.TextTo(&w.Title)},
		Key{Name: "help", Read: r.TextTo(&w.Help)},
		Key{Name: "status", Read: func(_, v *yaml.Node) { w.Status = r.travels(v) }},
		Key{Name: "method", Read: r.methodsTo(&w.Methods)},
		Key{Name: "path", Read: r.pathsTo(&w.Paths)},
		Key{Name: "request", Read: func(_, v *yaml.Node) { w.Headers = append(w.Headers, r.conditions(v)...) }},
		Key{Name: "do", Read: func(_, v *yaml.Node) { w.Do = r.Act(v) }},
		Key{Name: "retry", Read: func(_, v *yaml.Node) { w.Retry = r.retry(v) }},
		Key{Name: "no_effect", Read: r.BooleanTo(&w.NoEffect)},
		Key{Name: "default", Read: r.BooleanTo(&w.ByDefault)},
		Key{Name: "not_used", Read: r.BooleanTo(&w.NotUsed)},
		Key{Name: "stands_for", Read: func(_, v *yaml.Node) { w.StandsFor = append(w.StandsFor, r.kinds(v)...) }},
		Key{Name: "is", Read: r.nameTo(&w.Is, &r.asked)},
		Key{Name: "family", Read: r.TextTo(&w.Family)},
	)
	if !kinded {
		r.Fault(At(n), "missing_kind", "add kind: invalid, or another kind", "the row %q has no kind", k.Value)
		return nil
	}
	return w
}

// travels is the HTTP status of responses with a code, 0 after a fault.
func (r *Reporter) travels(n *yaml.Node) int {
	sp, ok := ParseSpan(n.Value)
	if !ok || sp.From != sp.To || sp.From < 200 || sp.From > 999 {
		r.Fault(At(n), "bad_status", "write one from 200 to 599", "%q is not a final HTTP status", n.Value)
		return 0
	}
	return sp.From
}

// conditions are the conditions of a row on the headers of a request.
func (r *Reporter) conditions(n *yaml.Node) (all []headerCondition) {
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		r.Fault(At(n), "wrong_type", "write {Authorization: \"Bearer *\"}", "the condition on the request has no header")
	}
	r.Pairs(n, "request", func(k, v *yaml.Node) {
		text, _ := r.Text(v, "the value of a request header")
		all = append(all, headerCondition{httpheader.Canonical(k.Value), strings.ToLower(text)})
	})
	return all
}

// kinds are the kinds in a text or list.
func (r *Reporter) kinds(n *yaml.Node) (all []parlance.Kind) {
	for _, name := range r.Words(n, "stands_for") {
		kind, ok := parlance.ParseKind(name)
		if !ok {
			r.Unknown(At(n), "unknown_kind", "kind", name, kindWords())
			continue
		}
		all = append(all, kind)
	}
	return all
}

// reasonWords are the reasons in files that clients and servers handle.
var reasonWords = []string{
	string(parlance.ReasonNoCredential), string(parlance.ReasonWrongCredential), string(parlance.ReasonKeyExpired), string(parlance.ReasonExpired), string(parlance.ReasonSpent), string(parlance.ReasonOutOfScope),
	string(parlance.ReasonFields), string(parlance.ReasonXML), string(parlance.ReasonLicense), string(parlance.ReasonMaintenance),
	string(parlance.ReasonBalance), string(parlance.ReasonPlanLimit), string(parlance.ReasonConcurrency), string(parlance.ReasonOverloaded), string(parlance.ReasonLoading),
	string(parlance.ReasonContextLength), string(parlance.ReasonRequestTooLarge), string(parlance.ReasonContentPolicy), string(parlance.ReasonModelNotFound), string(parlance.ReasonRegion),
	string(parlance.ReasonInFlight), string(parlance.ReasonMismatch), string(parlance.ReasonKeyMissing), string(parlance.ReasonKeyMalformed), string(parlance.ReasonUncertain), string(parlance.ReasonNotKept),
}

// isReason reports that a word can be a reason.
func isReason(s string) bool { return isWord(s, '_') }

func kindWords() []string {
	var words []string
	for _, k := range parlance.Kinds() {
		words = append(words, k.String())
	}
	return words
}

// kind reads kind or kind/reason.
func (r *Reporter) kind(n *yaml.Node) (parlance.Kind, parlance.Reason) {
	if n.Tag == "!!null" {
		r.Fault(At(n), "wrong_type", "write a kind; inside of {…} put several keys in quotes, as \"200, 201\": success, because a comma ends a value there", "the key has no kind")
		return 0, ""
	}
	text, ok := r.Text(n, "a kind")
	if !ok {
		return 0, ""
	}
	name, reason, finer := strings.Cut(text, "/")
	if reason == "licence" {
		r.Fault(At(n), "bad_reason", "write license", "the reason licence is now called license")
	} else if finer && !isReason(reason) {
		r.Fault(At(n), "bad_reason", "write one word, such as invalid/fields", "%q is not a valid reason; use lower-case letters, digits and _", reason)
	} else if best := nearest.Word(reason, reasonWords); finer && best != "" && best != reason {
		r.Warn(At(n), "unknown_reason", "did you mean "+best+"?", "the reason %s is not one that clients and servers handle", reason)
	}
	kind, known := parlance.ParseKind(name)
	if !known && tree.IsDigits(name) {
		r.Fault(At(n), "unknown_kind", "write {kind: invalid, status: "+name+"} if it is the status of a code", "%s is no kind", name)
	} else if !known {
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

// Phrase is the title for people of a response that is written by the row. It is
// the row's title if the row speaks of this status alone. Otherwise it is HTTP's
// phrase for the status, or for its class.
func (r *Row) Phrase(status int) string {
	sp, numeric := r.Number()
	ofClass := numeric && sp.From != sp.To
	switch words := wire.Phrase(status); {
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
