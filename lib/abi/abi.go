// Package abi is what libparlance does, without C: an [Exchange] of texts goes in, and the
// JSON or the response of a [Dialect] comes out. The C library and the WebAssembly module
// are two ways to call it, so both say the same.
package abi

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/translate"
	"github.com/parlance-api/parlance/internal/jsontext"
	"github.com/parlance-api/parlance/internal/outcomejson"
)

// Dialect reads and writes the responses of one API. It is immutable and safe for concurrent
// use.
type Dialect struct{ of *dialect.Dialect }

// New makes a Dialect of one that was compiled.
func New(d *dialect.Dialect) *Dialect { return &Dialect{d} }

// NeedsBody reports whether the body of a response has to be read for its meaning.
func (d *Dialect) NeedsBody(x *Exchange) (bool, error) {
	req, res, err := x.both(d.of)
	if err != nil {
		return false, err
	}
	return d.of.NeedsBody(req, res.Status, res.Header), nil
}

// Classify is the meaning of a response without its texts, and the decision on it.
func (d *Dialect) Classify(x *Exchange) (dialect.Classification, error) {
	if x.Reason != "" {
		o, decision, err := d.lost(x)
		return dialect.Classification{Kind: o.Kind, Decision: decision}, err
	}
	req, res, err := x.both(d.of)
	if err != nil {
		return dialect.Classification{}, err
	}
	return d.of.Classify(req, res), nil
}

// lost is what no response means, and what to do about it.
func (d *Dialect) lost(x *Exchange) (o parlance.Outcome, _ parlance.Decision, err error) {
	req, err := x.request(d.of)
	if err == nil {
		o, err = x.lost()
	}
	if err != nil {
		return o, parlance.Decision{}, err
	}
	return o, d.of.Decide(req, &o), nil
}

// Decode appends the meaning of a response as JSON, as parlance decode --json writes it. The
// decision has the wait before the next attempt beside it.
func (d *Dialect) Decode(out []byte, x *Exchange) ([]byte, error) {
	if x.Reason != "" {
		o, decision, err := d.lost(x)
		if err != nil {
			return out, err
		}
		return appendReading(out, x, &o, &decision, nil), nil
	}
	req, res, err := x.both(d.of)
	if err != nil {
		return out, err
	}
	read := d.of.Decode(req, res)
	decision := d.of.Decide(req, &read.Outcome)
	return appendReading(out, x, &read.Outcome, &decision, read.Diagnostics), nil
}

func appendReading(out []byte, x *Exchange, o *parlance.Outcome, decision *parlance.Decision, all []parlance.Diagnostic) []byte {
	out = append(out, `{"outcome":`...)
	out = outcomejson.Append(out, o)
	out = append(out, `,"decision":`...)
	out = outcomejson.AppendDecision(out, decision)
	out = appendDelay(out, decision, x.Attempts)
	out = append(out, `,"diagnostics":`...)
	return append(appendDiagnostics(out, all), '}')
}

// Decide appends the decision on a response as JSON, and the wait before the next attempt.
func (d *Dialect) Decide(out []byte, x *Exchange) ([]byte, error) {
	g, err := d.Classify(x)
	if err != nil {
		return out, err
	}
	out = append(out, `{"decision":`...)
	out = outcomejson.AppendDecision(out, &g.Decision)
	return append(appendDelay(out, &g.Decision, x.Attempts), '}'), nil
}

// appendDelay appends the least and the most seconds to wait before the next attempt, if one
// is to be made. A caller draws a number between them, so that many do not return at once.
func appendDelay(out []byte, d *parlance.Decision, attempts int) []byte {
	if d.Act != parlance.ActRetry {
		return out
	}
	retry := max(attempts, 1)
	least := d.Delay(retry, func() float64 { return 0 })
	most := d.Delay(retry, func() float64 { return 1 })
	out = append(out, `,"delay":[`...)
	out = append(outcomejson.AppendNumber(out, least.Seconds()), ',')
	return append(outcomejson.AppendNumber(out, most.Seconds()), ']')
}

func appendDiagnostics(out []byte, all []parlance.Diagnostic) []byte {
	out = append(out, '[')
	for i := range all {
		if i > 0 {
			out = append(out, ',')
		}
		out = outcomejson.AppendDiagnostic(out, &all[i])
	}
	return append(out, ']')
}

// Response is a response that was written.
type Response struct {
	Status int
	Header int  // the length of the header in what was appended: "Name: value" on a line each, with CR LF
	Keeps  bool // the body is the one that came, and is not appended
}

// Encode appends the response that tells an Outcome, which Body is as JSON: its header, and
// its body behind it.
func (d *Dialect) Encode(out []byte, x *Exchange) ([]byte, Response, error) {
	req, err := x.request(d.of)
	if err != nil {
		return out, Response{}, err
	}
	var o parlance.Outcome
	if err := o.UnmarshalJSON(x.Body); err != nil {
		return out, Response{}, fmt.Errorf("the outcome: %w", err)
	}
	written := d.of.Encode(nil, req, &o, dialect.Payload{ContentType: x.DataType, Body: x.Data})
	from := len(out)
	out = appendFields(out, written.Header)
	header := len(out) - from
	return append(out, written.Body...), Response{Status: written.Status, Header: header}, nil
}

func appendFields(out []byte, all []dialect.HeaderField) []byte {
	for _, f := range all {
		out = appendField(out, f.Name, f.Value)
	}
	return out
}

func appendField(out []byte, name, value string) []byte {
	return append(append(append(append(out, name...), ": "...), value...), "\r\n"...)
}

// Translator turns the responses of one dialect into those of another. It is immutable and
// safe for concurrent use.
type Translator struct {
	from *dialect.Dialect
	of   *translate.Translator
}

// NewTranslator makes a Translator from the dialect of an upstream to that of its callers.
func NewTranslator(from, to *Dialect) *Translator {
	return &Translator{from.of, translate.New(from.of, to.of)}
}

// NeedsBody reports whether the body of a response has to be read to translate it.
func (t *Translator) NeedsBody(x *Exchange) (bool, error) {
	req, res, err := x.both(t.from)
	if err != nil {
		return false, err
	}
	return t.of.NeedsBody(req, res.Status, res.Header), nil
}

// ErrBody is the error of a translation that needs the body of a response, which has not come.
var ErrBody = errors.New("the body is needed")

// Translate appends the response for the callers: its header, and its body behind it. It
// reports false and appends nothing if the response of the upstream is to be sent as it came.
// Before the body has come, its error is ErrBody if that has to be read.
func (t *Translator) Translate(out []byte, x *Exchange) (_ []byte, _ Response, changed bool, err error) {
	req, res, err := x.both(t.from)
	if err != nil {
		return out, Response{}, false, err
	}
	if req.Key == "" {
		req.Key = t.of.Key(req.Header)
	}
	if x.Ahead {
		if t.of.NeedsBody(req, res.Status, res.Header) {
			return out, Response{}, false, ErrBody
		}
		res.Cut = true
	}
	result := t.of.Translate(req, res)
	if result.Untouched() && result.Status == res.Status {
		return out, Response{}, false, nil
	}
	from := len(out)
	for i, name := range x.came.names {
		if !result.Drops(name) && !sets(result.Header, name) {
			out = appendField(out, name, x.came.values[i])
		}
	}
	out = appendFields(out, result.Header)
	header := len(out) - from
	return append(out, result.Body...), Response{result.Status, header, !result.Replaced}, true, nil
}

// sets reports that a field is among those that are set.
func sets(all []dialect.HeaderField, name string) bool {
	for _, f := range all {
		if f.Name == name {
			return true
		}
	}
	return false
}

// AppendError appends an error as JSON. That of a dialect file has a diagnostic for each
// fault, with its line, column and hint.
func AppendError(out []byte, err error) []byte {
	out = append(out, `{"error":`...)
	out = jsontext.AppendStandard(out, err.Error())
	var file *dialect.FileError
	if errors.As(err, &file) {
		out = append(out, `,"diagnostics":`...)
		out = appendDiagnostics(out, file.Diagnostics)
	}
	return append(out, '}')
}

// Version is that of the module from which the library was built, such as "1.4.0", "(devel)"
// for none.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}
