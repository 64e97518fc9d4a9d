package openapi

import (
	"strconv"
	"strings"

	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

// Operation is one method on one path.
type Operation struct {
	Method   string   // such as GET
	Path     string   // the template, such as /cameras/{id}
	ID       string   // the operationId; "" for none
	Statuses []string // the responses that are listed: "200", "4XX", "default"
	Line     int      // of the operation, from 1

	segments   []segment
	responses  map[string]*response
	parameters []parameter
	body       *body
}

// segment is a part of a path between slashes: texts with holes between them. A
// literal has one text.
type segment []string

func newOperation(method, path string, item *v3.PathItem, o *v3.Operation) *Operation {
	op := &Operation{Method: method, Path: path, ID: o.OperationId, responses: map[string]*response{}}
	if low := o.GoLow(); low != nil && low.KeyNode != nil {
		op.Line = low.KeyNode.Line
	}
	for _, part := range strings.Split(path, "/") {
		op.segments = append(op.segments, newSegment(part))
	}
	op.parameters = parameters(item.Parameters, o.Parameters)
	op.body = newBody(o.RequestBody)
	if o.Responses == nil {
		return op
	}
	for status, r := range o.Responses.Codes.FromOldest() {
		op.add(status, r)
	}
	if o.Responses.Default != nil {
		op.add("default", o.Responses.Default)
	}
	return op
}

func (o *Operation) add(status string, r *v3.Response) {
	o.Statuses = append(o.Statuses, status)
	o.responses[strings.ToUpper(status)] = newResponse(r)
}

func newSegment(part string) segment {
	var s segment
	for {
		literal, rest, found := strings.Cut(part, "{")
		s = append(s, literal)
		if !found {
			return s
		}
		_, part, _ = strings.Cut(rest, "}")
	}
}

// matches reports whether the texts of the segment stand in this order, with
// something in each hole.
func (s segment) matches(text string) bool {
	text, ok := strings.CutPrefix(text, s[0])
	if !ok || len(s) == 1 {
		return ok && text == ""
	}
	last := s[len(s)-1]
	if text, ok = strings.CutSuffix(text, last); !ok {
		return false
	}
	for _, literal := range s[1 : len(s)-1] {
		if text == "" {
			return false
		}
		at := strings.Index(text[1:], literal)
		if at < 0 {
			return false
		}
		text = text[1+at+len(literal):]
	}
	return text != ""
}

func (o *Operation) matches(path string) bool {
	for i, s := range o.segments {
		part, rest, more := strings.Cut(path, "/")
		if more != (i < len(o.segments)-1) || !s.matches(part) {
			return false
		}
		path = rest
	}
	return true
}

// holes are the parameters of the path.
func (o *Operation) holes() (n int) {
	for _, s := range o.segments {
		n += len(s) - 1
	}
	return n
}

// Success is the lowest status of a success that the document lists: 200 if it lists
// none, or 2XX.
func (o *Operation) Success() int {
	lowest := 0
	for _, text := range o.Statuses {
		if status, err := strconv.Atoi(text); err == nil && status/100 == 2 && (lowest == 0 || status < lowest) {
			lowest = status
		}
	}
	if lowest == 0 {
		return 200
	}
	return lowest
}

// response finds what the document says of a status: the status itself, its class,
// then the default.
func (o *Operation) response(status int) *response {
	text := strconv.Itoa(status)
	for _, key := range []string{text, text[:1] + "XX", "DEFAULT"} {
		if r := o.responses[key]; r != nil {
			return r
		}
	}
	return nil
}
