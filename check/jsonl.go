package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/textproto"
	"strings"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/jsonl"
)

// LineError is a line of recorded traffic that could not be read. The lines after it are
// read.
type LineError struct {
	Source string
	Line   int // from 1
	Err    error
}

// Error is the place and the cause.
func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.Source, e.Line, e.Err) }

// Unwrap returns the cause.
func (e *LineError) Unwrap() error { return e.Err }

// JSONL reads recorded responses, one JSON object a line:
//
//	{"method", "path", "request_headers", "status", "headers", "body", "dialect", …}
//
// This is the form of the cases of parlance test. Only status must be there; a body is a
// text, or JSON as it is; other members are passed over. source names the lines in findings.
//
// An Exchange is good until the next one, because its memory is used again. The error of a
// line is a *LineError, and the lines after it are read. Any other error is one of r, and
// the last. A line has at most 64 MiB.
func JSONL(r io.Reader, source string) iter.Seq2[Exchange, error] {
	return func(yield func(Exchange, error) bool) {
		lines := jsonl.NewReader(r, jsonl.MaxLine)
		p := jsonl.NewParser()
		for n := 1; ; n++ {
			line, err := lines.Next()
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil && !errors.Is(err, jsonl.ErrTooLong):
				yield(Exchange{}, err)
				return
			}
			if n == 1 {
				line = bytes.TrimPrefix(line, []byte("\ufeff"))
			}
			if err == nil && len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			var x Exchange
			if err == nil {
				x, err = parseLine(p, line)
			}
			if err != nil {
				err = &LineError{source, n, err}
			}
			x.Source, x.Line = source, n
			if !yield(x, err) {
				return
			}
		}
	}
}

// parseLine reads a line, by encoding/json if it is an unusual one.
func parseLine(p *jsonl.Parser, line []byte) (x Exchange, err error) {
	if p.Parse(line) {
		x.Request = dialect.Request{Method: upper(p.Method), Path: p.Path, Header: &p.Request}
		x.Response = dialect.Response{Status: p.Status, Header: &p.Headers, Body: p.Body}
	} else if x, err = unusualLine(line); err != nil {
		return x, err
	}
	switch status := x.Response.Status; {
	case status == 0:
		return x, errors.New("status is missing")
	case status < 100 || status > 999:
		return x, fmt.Errorf("status: expected 100 to 999, found %d", status)
	}
	return x, nil
}

// upper is strings.ToUpper without an allocation for a text that has it already.
func upper(method string) string {
	for i := range len(method) {
		if method[i] < 'A' || method[i] > 'Z' {
			return strings.ToUpper(method)
		}
	}
	return method
}

func unusualLine(line []byte) (x Exchange, err error) {
	var r struct {
		Method  string          `json:"method"`
		Path    string          `json:"path"`
		Request jsonl.Fields    `json:"request_headers"`
		Status  int             `json:"status"`
		Headers jsonl.Fields    `json:"headers"`
		Body    json.RawMessage `json:"body"`
	}
	if err := jsonl.Unmarshal(line, &r); err != nil {
		return x, err
	}
	body := []byte(r.Body)
	if text := ""; len(body) > 0 && body[0] == '"' {
		if err := json.Unmarshal(body, &text); err != nil {
			return x, err
		}
		body = []byte(text)
	} else if string(body) == "null" {
		body = nil
	}
	x.Request = dialect.Request{Method: strings.ToUpper(r.Method), Path: r.Path, Header: textproto.MIMEHeader(r.Request)}
	x.Response = dialect.Response{Status: r.Status, Header: textproto.MIMEHeader(r.Headers), Body: body}
	return x, nil
}
