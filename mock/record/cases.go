package record

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// Cases writes exchanges as cases, one JSON object per line, as authoring.Cases reads them.
// A case has the meaning and the act that d gives the response, so that a later change of
// the file is noticed. A response that d does not write back as it is only is read.
func Cases(w io.Writer, d *dialect.Dialect) Writer { return &cases{w, d} }

type cases struct {
	to      io.Writer
	dialect *dialect.Dialect
}

// line is a case.
type line struct {
	Name       string            `json:"name"`
	Dialect    string            `json:"dialect"`
	Method     string            `json:"method"`
	Path       string            `json:"path"`
	Request    map[string]any    `json:"request_headers,omitempty"`
	Status     int               `json:"status"`
	Header     map[string]any    `json:"headers,omitempty"`
	Body       any               `json:"body,omitempty"`
	Outcome    map[string]string `json:"outcome"`
	Act        string            `json:"act"`
	Complaints []string          `json:"complaints,omitempty"`
	ReadsOnly  bool              `json:"reads_only,omitempty"`
}

// Write writes a case.
func (c *cases) Write(x *Exchange) error {
	request, response := fields(x.RequestHeader, noise), fields(x.ResponseHeader, noise)
	req := dialect.Request{Method: x.Method, Path: x.Target, Header: request}
	if name := c.dialect.IdempotencyHeader(); name != "" {
		req.Key = http.Header(request).Get(name)
	}
	res := dialect.Response{Status: x.Status, Header: response, Body: x.Body}
	read := c.dialect.Decode(req, res)
	o := read.Outcome
	l := line{
		Name: fmt.Sprintf("%s %s %d", x.Method, x.Target, x.Status), Dialect: c.dialect.Name(), Method: x.Method, Path: req.Path,
		Request: members(request), Status: x.Status, Header: members(response), Body: bodyOf(x.Body),
		Outcome: map[string]string{"kind": o.Kind.String()}, Act: c.dialect.Decide(req, &o).Act.String(),
	}
	for name, value := range map[string]string{"reason": string(o.Reason), "code": o.Code} {
		if value != "" {
			l.Outcome[name] = value
		}
	}
	for _, g := range read.Diagnostics {
		if g.Rule != "common_form" && !slices.Contains(l.Complaints, g.Rule) {
			l.Complaints = append(l.Complaints, g.Rule)
		}
	}
	l.ReadsOnly = len(read.Diagnostics) == 0 && !c.returns(req, res)
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = c.to.Write(append(text, '\n')) // in one piece, so that what is cut off is a line
	return err
}

// returns reports that the dialect writes the response back as it is.
func (c *cases) returns(req dialect.Request, res dialect.Response) bool {
	results := authoring.Test(c.dialect, authoring.Case{Request: req, Response: res}).Results
	return slices.ContainsFunc(results, func(r authoring.Result) bool { return r.File == "" && r.Name == "" && r.Passed })
}

// Close has nothing to end.
func (c *cases) Close() error { return nil }

// noise are fields that say nothing of a response or of what was asked for.
var noise = []string{
	"Accept-Encoding", "Connection", "Content-Length", "Date", "Keep-Alive", "Proxy-Connection", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade", "User-Agent", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
}

// fields are those of a header without others.
func fields(h http.Header, without []string) dialect.HeaderMap {
	kept := dialect.HeaderMap{}
	for name, values := range h {
		if !slices.Contains(without, name) {
			kept[name] = values
		}
	}
	return kept
}

// members are fields as JSON has them: a text, or a list of texts.
func members(h dialect.HeaderMap) map[string]any {
	all := make(map[string]any, len(h))
	for name, values := range h {
		if all[name] = values; len(values) == 1 {
			all[name] = values[0]
		}
	}
	return all
}

// bodyOf is a body as a member: JSON as it is if it is an object or a list, else a text.
func bodyOf(body []byte) any {
	text := strings.TrimSpace(string(body))
	switch {
	case len(body) == 0:
		return nil
	case (strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")) && json.Valid(body):
		return json.RawMessage(body)
	}
	return string(body)
}
