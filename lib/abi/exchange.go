package abi

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/httpheader"
)

// Exchange is a request and its response as texts. Body and Data are read, and no part of
// them is kept. The zero value is a GET without a response.
type Exchange struct {
	Method string // "" is GET
	Path   string
	Key    string // the idempotency key of the request; "" is what RequestHeader has

	// RequestHeader and Header are the header fields of the request and of the response:
	// "Name: value" on a line each, with CR LF or LF.
	RequestHeader string
	Status        int
	Reason        parlance.Reason // why no response came; then Status is 0
	Header        string
	Body          []byte // without its transfer coding and content coding
	Cut           bool   // Body is the beginning of a longer one
	Ahead         bool   // the body has not come yet

	RetryUnsafe bool      // the caller allows a retry that may do the request twice
	Attempts    int       // how often the request was sent so far; 0 is once
	Now         time.Time // when the response came; zero is time.Now

	// Data is the success payload that Encode writes, with its type; "" is the type of the
	// body that is written.
	Data     []byte
	DataType string

	asked, came fields // what the headers say, if a call has read them
}

// Reset makes the zero value of an Exchange, and keeps memory for the next headers.
func (x *Exchange) Reset() {
	asked, came := x.asked, x.came
	asked.reset()
	came.reset()
	*x = Exchange{asked: asked, came: came}
}

// ErrHeader is the error of a header that is no header.
var ErrHeader = errors.New("no header")

func (x *Exchange) request(d *dialect.Dialect) (dialect.Request, error) {
	h := &x.asked
	if err := h.read(x.RequestHeader); err != nil {
		return dialect.Request{}, fmt.Errorf("the request: %w", err)
	}
	key := x.Key
	if sent := h.Values(httpheader.Canonical(d.IdempotencyHeader())); key == "" && len(sent) > 0 {
		key = sent[0]
	}
	return dialect.Request{Method: x.Method, Path: x.Path, Key: key, Header: h, RetryUnsafe: x.RetryUnsafe, Now: x.Now}, nil
}

func (x *Exchange) response() (dialect.Response, error) {
	if x.Status < 100 || x.Status > 999 {
		return dialect.Response{}, fmt.Errorf("the status is %d, and not from 100 to 999 (RFC 9110, 15)", x.Status)
	}
	if err := x.came.read(x.Header); err != nil {
		return dialect.Response{}, fmt.Errorf("the response: %w", err)
	}
	return dialect.Response{Status: x.Status, Header: &x.came, Body: x.Body, Cut: x.Cut, Received: x.Now}, nil
}

// both are the request and the response.
func (x *Exchange) both(d *dialect.Dialect) (req dialect.Request, res dialect.Response, err error) {
	if req, err = x.request(d); err == nil {
		res, err = x.response()
	}
	return req, res, err
}

// unanswered are the kinds of the reasons why no response came. They are those that
// [httpdialect.NoResponse] finds.
var unanswered = map[parlance.Reason]parlance.Kind{
	parlance.ReasonRefused:      parlance.KindUnavailable,
	parlance.ReasonDNS:          parlance.KindUnavailable,
	parlance.ReasonTLS:          parlance.KindUnavailable,
	parlance.ReasonUnroutable:   parlance.KindUnavailable,
	parlance.ReasonProxy:        parlance.KindUnavailable,
	parlance.ReasonNotProcessed: parlance.KindUnavailable,
	parlance.ReasonNotSent:      parlance.KindUnavailable,
	parlance.ReasonBody:         parlance.KindUnavailable,
	parlance.ReasonReset:        parlance.KindUnavailable,
	parlance.ReasonCanceled:     parlance.KindUnavailable,
	parlance.ReasonDeadline:     parlance.KindTimeout,
	parlance.ReasonMalformed:    parlance.KindBadGateway,
}

// lost is the Outcome of a request to which no response came.
func (x *Exchange) lost() (parlance.Outcome, error) {
	kind, ok := unanswered[x.Reason]
	switch {
	case !ok:
		return parlance.Outcome{}, fmt.Errorf("%q is no reason why no response came; %q, %q and %q are some", x.Reason, parlance.ReasonRefused, parlance.ReasonReset, parlance.ReasonDeadline)
	case x.Status != 0:
		return parlance.Outcome{}, fmt.Errorf("a response with the status %d came, so there is no reason why none came", x.Status)
	}
	return parlance.Outcome{Kind: kind, Reason: x.Reason}, nil
}

// fields are the fields of a header, in their order. The names are canonical.
type fields struct{ names, values []string }

func (f *fields) reset() {
	f.names, f.values = f.names[:0], f.values[:0]
}

// read reads the lines of a header. The values are parts of text.
func (f *fields) read(text string) error {
	f.reset()
	for number := 1; text != ""; number++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		for line != "" && line[len(line)-1] == '\r' {
			line = line[:len(line)-1]
		}
		if line == "" {
			continue
		}
		colon := max(strings.IndexByte(line, ':'), 0) // no name is a token if it is empty
		name, value := line[:colon], trimmed(line[colon+1:])
		if !httpheader.IsToken(name) || !httpheader.IsValue(value) {
			return fmt.Errorf("%w: line %d is not \"Name: value\" (RFC 9112, 5)", ErrHeader, number)
		}
		f.names = append(f.names, httpheader.Canonical(name))
		f.values = append(f.values, value)
	}
	return nil
}

// trimmed is a value without the blanks around it.
func trimmed(value string) string {
	blank := func(c byte) bool { return c == ' ' || c == '\t' }
	for value != "" && blank(value[0]) {
		value = value[1:]
	}
	for value != "" && blank(value[len(value)-1]) {
		value = value[:len(value)-1]
	}
	return value
}

// Values are those of a field.
func (f *fields) Values(name string) []string {
	var first, count int
	for i, n := range f.names {
		if n == name {
			if count++; count == 1 {
				first = i
			}
		}
	}
	if count <= 1 {
		return f.values[first : first+count : first+count]
	}
	all := make([]string, 0, count)
	for i, n := range f.names {
		if n == name {
			all = append(all, f.values[i])
		}
	}
	return all
}
