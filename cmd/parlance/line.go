package main

import (
	"net/textproto"
	"strings"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/jsonl"
)

// appendLine responds to a line, and reports false for one that is left to
// encoding/json.
func (a *app) appendLine(b []byte, p *jsonl.Parser, x *exchange, line []byte, said *decoded) ([]byte, bool) {
	if !p.Parse(line) || p.Raw || p.Status < 100 {
		return b, false
	}
	name := x.Dialect
	if p.Has&jsonl.HasDialect != 0 {
		name = p.Dialect
	}
	d, ok := a.dialects[name]
	if !ok {
		return b, false // not compiled yet, or it does not exist, or it is to be found out
	}
	req := dialect.Request{Method: x.Method, Path: x.Path, Header: textproto.MIMEHeader(x.Header)}
	if p.Has&jsonl.HasMethod != 0 {
		req.Method = p.Method
	}
	req.Method = strings.ToUpper(req.Method)
	if p.Has&jsonl.HasPath != 0 {
		req.Path = p.Path
	}
	if p.Has&jsonl.HasRequest != 0 {
		req.Header = &p.Request
	}
	if name := d.IdempotencyHeader(); name != "" {
		if keys := req.Header.Values(name); len(keys) > 0 {
			req.Key = keys[0]
		}
	}
	res := dialect.Response{Status: p.Status, Header: &p.Headers, Body: p.Body}
	reading := d.Decode(req, res)
	*said = decoded{Outcome: reading.Outcome, Stream: streamOf(reading.Stream), Diagnostics: append(reading.Diagnostics, authoring.MissingPath(d, req, res)...)}
	said.Decision = d.Decide(req, &said.Outcome)
	return appendDecoded(b, said), true
}
