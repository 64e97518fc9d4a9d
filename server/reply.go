package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// Raw is a success value that is already encoded: XML, an image, JSON made elsewhere.
// If ContentType is "", the dialect chooses it.
type Raw struct {
	ContentType string
	Body        []byte
}

// Reply is a success that carries more than its value. A handler returns it as its
// value. The zero value is a plain success without a payload.
type Reply struct {
	Outcome  parlance.Outcome // If Kind is zero: the kind of a Status from 400 on, else success, or empty if there is no Value
	Value    any              // as a handler would return it alone; nil is none
	Location string           // URL of the created resource or of the progress of the work; "" is none
	Document []byte           // the caller's own document, for a dialect that grafts its response into it
}

// Created reports a new resource at location (RFC 9110, 15.3.2).
func Created(location string, value any) Reply {
	return Reply{Outcome: parlance.Outcome{Kind: parlance.KindSuccess, Status: 201}, Value: value, Location: location}
}

// Accepted reports that the work continues in the background. Its progress is found at
// location (RFC 9110, 15.3.3).
func Accepted(location string, value any) Reply {
	return Reply{Outcome: parlance.Outcome{Kind: parlance.KindAccepted}, Value: value, Location: location}
}

// Noted is a success with notes for the user.
func Noted(value any, notes ...string) Reply {
	return Reply{Outcome: parlance.Outcome{Kind: parlance.KindNoted, Notes: notes}, Value: value}
}

// Bulk reports the outcome of each record of a bulk request. If no record failed, the
// response is a success. If some failed, it is partial. If all failed, it is a failure
// of their kind. document is the request's body, for a dialect that grafts its response
// into it; other dialects ignore it. For requests of any length, use bulk.Handle, which
// reads and responds as a stream.
func Bulk(document []byte, items ...parlance.Item) Reply {
	kind, reason := parlance.RollUp(items)
	if items == nil {
		items = []parlance.Item{} // a list of nothing is one
	}
	return Reply{Outcome: parlance.Outcome{Kind: kind, Reason: reason, Items: items}, Document: document}
}

// ReplyOf is the Reply that a handler's value stands for. If the Reply has the Status
// of a failure and no Kind, its Kind stays zero: only the dialect knows it.
func ReplyOf(value any) Reply {
	switch v := value.(type) {
	case Reply:
		if v.Outcome.Kind == 0 && v.Outcome.Status < 400 {
			v.Outcome.Kind = parlance.KindSuccess
			if v.Value == nil {
				v.Outcome.Kind = parlance.KindEmpty
			}
		}
		return v
	case *Reply:
		return ReplyOf(*v)
	case nil:
		return Reply{Outcome: parlance.Outcome{Kind: parlance.KindEmpty}}
	}
	return Reply{Outcome: parlance.Outcome{Kind: parlance.KindSuccess}, Value: value}
}

// emptyList is the payload of a list without elements.
var emptyList = dialect.Payload{ContentType: "application/json", Body: []byte("[]")}

// listsNothing reports whether a reply is a list without elements. encoding/json writes
// one as null, or it has no records to list.
func (r *Reply) listsNothing(written []byte) bool {
	if r.Value == nil {
		return r.Outcome.Items != nil && len(r.Outcome.Items) == 0
	}
	return string(written) == "null" && reflect.TypeOf(r.Value).Kind() == reflect.Slice
}

// Payload is the Value in its written form: unchanged if it is Raw, else as JSON.
func (r *Reply) Payload() (dialect.Payload, error) { return newScratch().payload(r.Value) }

// scratch is memory for making one response after another.
type scratch struct {
	outcome parlance.Outcome
	value   bytes.Buffer
	encoder *json.Encoder // into value
	body    []byte
}

var scratches = sync.Pool{New: func() any { return newScratch() }}

// maxScratch bounds, in bytes, what is kept for the next response.
const maxScratch = 64 << 10

func newScratch() *scratch {
	s := new(scratch)
	s.encoder = json.NewEncoder(&s.value)
	s.encoder.SetEscapeHTML(false) // no API shows its texts so
	return s
}

// release gives the memory back. The response that was made in it is out.
func (s *scratch) release() {
	s.outcome = parlance.Outcome{}
	if s.value.Cap() <= maxScratch && cap(s.body) <= maxScratch {
		scratches.Put(s)
	}
}

// payload writes a value as JSON, or unchanged if it is Raw. The JSON is valid until
// the next call.
func (s *scratch) payload(value any) (dialect.Payload, error) {
	switch v := value.(type) {
	case nil:
		return dialect.Payload{}, nil
	case Raw:
		return dialect.Payload{ContentType: v.ContentType, Body: v.Body}, nil
	}
	s.value.Reset()
	if err := s.encoder.Encode(value); err != nil {
		return dialect.Payload{}, fmt.Errorf("server: the handler's value cannot be written: %w", err)
	}
	return dialect.Payload{ContentType: "application/json", Body: bytes.TrimSuffix(s.value.Bytes(), []byte("\n"))}, nil
}
