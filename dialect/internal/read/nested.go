package read

import (
	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/httpheader"
)

// maxDepth bounds responses inside of responses.
const maxDepth = 4

// nestedResponse reads the response inside a record: its status, header and body.
func (f *filler) nestedResponse(o, of *parlance.Outcome, body, headers string, req *wire.Request) {
	if f.m.depth >= maxDepth {
		f.m.note("unread_element", "responses inside responses are read at most %d deep", maxDepth)
		return
	}
	res := wire.Response{Status: o.Status, Header: jsonHeader(headers), Body: []byte(body), Received: f.m.Received}
	switch {
	case res.Status != 0:
	case of.Status >= 400:
		res.Status = of.Status // it shares what the whole came to
	default:
		res.Status = 200 // that of the whole speaks of all of them
	}
	inner := f.d.Decode(wire.Request{Header: req.Header}, res, f.m.depth+1)
	outer := *o
	*o = inner.Outcome
	// The attributes beside the response take precedence over those in it.
	if outer.Kind != 0 {
		o.Kind, o.Reason = outer.Kind, outer.Reason
	}
	for _, text := range [...]struct{ to, from *string }{
		{&o.Code, &outer.Code}, {&o.Family, &outer.Family}, {&o.Title, &outer.Title}, {&o.Detail, &outer.Detail}, {&o.Type, &outer.Type},
		{&o.Instance, &outer.Instance}, {&o.RequestID, &outer.RequestID}, {&o.Help, &outer.Help},
	} {
		if *text.from != "" {
			*text.to = *text.from
		}
	}
	o.Status, o.RetryAfter, o.Notes = outer.Status, spec.LongerWait(o.RetryAfter, outer.RetryAfter), append(outer.Notes, o.Notes...)
	if outer.Retryable != 0 {
		o.Retryable = outer.Retryable
	}
	f.m.diags = append(f.m.diags, inner.Diagnostics[:min(len(inner.Diagnostics), max(maxNotes-len(f.m.diags), 0))]...)
}

// jsonHeader is a header that a JSON object holds: texts, or lists of texts.
func jsonHeader(object string) wire.Header {
	var t tree.Tree
	if object == "" || t.JSON([]byte(object), false) != nil {
		return nil
	}
	h := wire.HeaderMap{}
	for c := range t.Children(0) {
		name := httpheader.Canonical(string(t.Key(c)))
		if t.Nodes[c].Kind == tree.List {
			for e := range t.Children(c) {
				h[name] = append(h[name], string(t.Value(e)))
			}
			continue
		}
		h[name] = append(h[name], string(t.Value(c)))
	}
	return h
}
