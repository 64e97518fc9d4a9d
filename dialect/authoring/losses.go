package authoring

import (
	"slices"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Losses lists what an Outcome of a kind loses when it is written in this dialect.
// It writes one that has every attribute: texts, two Fields if the kind is failing,
// Notes if it is noted, two Items if it is partial. The request is a GET, for a
// partial Outcome a POST, and asks for the form that says the most.
//
// Code and Reason are tried apart from the rest, because they choose how the rest
// is written. Each is one of the file's own for the kind, else a foreign one.
func Losses(in *dialect.Dialect, kind parlance.Kind) []parlance.Loss {
	d := author{in.Internal()}
	full := fullOutcome(kind)
	losses := lossesOf(in, full)
	keep := func(attribute string, change func(*parlance.Outcome)) {
		o := full
		change(&o)
		for _, l := range lossesOf(in, o) {
			if l.Attribute == attribute {
				losses = append(losses, l)
			}
		}
	}
	keep("code", func(o *parlance.Outcome) { o.Code = d.codeFor(kind) })
	if reason := d.reasonFor(kind); reason != "" {
		keep("reason", func(o *parlance.Outcome) { o.Reason = reason })
	}
	order := func(l parlance.Loss) int {
		name, _, _ := strings.Cut(l.Attribute, "[")
		return slices.Index(spec.OutcomeAttributes, name)
	}
	slices.SortStableFunc(losses, func(a, b parlance.Loss) int { return order(a) - order(b) })
	return losses
}

func lossesOf(d *dialect.Dialect, o parlance.Outcome) []parlance.Loss {
	req := dialect.Request{Header: wire.HeaderMap{"Accept": {d.Accept()}}}
	if o.Kind == parlance.KindPartial {
		req.Method = "POST" // what has records is a bulk request
	}
	return d.Encode(nil, req, &o, dialect.Payload{}).Losses
}

// fullOutcome has every attribute that its kind can have, but for Code, Reason
// and Status.
func fullOutcome(kind parlance.Kind) parlance.Outcome {
	o := parlance.Outcome{
		Kind: kind, Family: "family", Title: "A title", Detail: "A detail", Type: "https://example.com/type",
		Instance: "https://example.com/instance", RequestID: "request-1", Help: "A help", RetryAfter: time.Minute, Retryable: parlance.AdviceStop,
	}
	switch {
	case kind == parlance.KindNoted:
		o.Notes = []string{"One note", "Another note"}
	case kind == parlance.KindPartial:
		o.Items = []parlance.Item{
			{Index: 0, ID: "1", Outcome: parlance.Outcome{Kind: parlance.KindSuccess, Detail: "Record 1"}},
			{Index: 1, ID: "2", Outcome: parlance.Outcome{Kind: parlance.KindInvalid, Detail: "Record 2"}},
		}
	case kind.Failing():
		o.Fields = []parlance.Field{
			{Path: "first", Code: "code-1", Message: "Message 1"},
			{Path: "second", Code: "code-2", Message: "Message 2"},
		}
	}
	return o
}

// codeFor is a code that the table has for a kind, else one that it does not
// have at all, of digits, for some dialects write codes as numbers.
func (d author) codeFor(kind parlance.Kind) string {
	req := &dialect.Request{}
	for _, r := range d.Codes.Rows {
		_, numeric := r.Number()
		if r.Kind == kind && r.Applies(req, spec.AnyForm) && (r.Status != 0 || !numeric) && !strings.ContainsAny(r.First, "*-") {
			if w := d.CodeRow(r.First, spec.AnyForm, req); w == r {
				return r.First
			}
		}
	}
	for _, code := range []string{"7", "70007", "7000007"} {
		if d.CodeRow(code, spec.AnyForm, req) == nil {
			return code
		}
	}
	return "7"
}

// reasonFor is a reason that the table has for a kind, else one that is usual
// for it, "" where it has none.
func (d author) reasonFor(kind parlance.Kind) parlance.Reason {
	for _, r := range d.Codes.Rows {
		if r.Kind == kind && r.Reason != "" && r.Applies(&dialect.Request{}, spec.AnyForm) {
			return r.Reason
		}
	}
	switch kind {
	case parlance.KindInvalid:
		return parlance.ReasonFields
	case parlance.KindUnauthenticated:
		return parlance.ReasonExpired
	case parlance.KindQuota:
		return parlance.ReasonLicense
	case parlance.KindUnavailable:
		return parlance.ReasonMaintenance
	case parlance.KindConflict:
		return parlance.ReasonInFlight
	}
	if kind.Failing() {
		return "other"
	}
	return ""
}
