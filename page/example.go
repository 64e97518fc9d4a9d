package page

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// Example is a response of a row and how to get it.
type example struct {
	Request  string // method and path
	Response string // status line, header fields and body
	Media    string // the content type of the body, "" for none
	Shape    string // the name of the form that reads it, "" for none
	Recorded bool   // it is a sample of the file, and not written
	Curl     string // "" if the mock does not give it
}

// rowKey tells the rows of a table apart.
type rowKey struct {
	line, key, title, help string
	kind                   parlance.Kind
	reason                 parlance.Reason
}

func keyOf(e *authoring.Entry) rowKey {
	return rowKey{e.Line, e.Key, e.Title, e.Help, e.Kind, e.Reason}
}

// examples are those of the rows of a dialect.
type examples struct {
	d      *dialect.Dialect
	rows   map[rowKey]*authoring.Example
	sample map[string]int // by the line of a row: the number of a sample that reads as it
	all    []authoring.Case
	made   []authoring.Example // of all rows
}

func examplesOf(d *dialect.Dialect) *examples {
	x := &examples{d: d, rows: map[rowKey]*authoring.Example{}, sample: map[string]int{}, all: authoring.Samples(d)}
	written := authoring.Examples(d)
	x.made = written
	for i := range written {
		if key := keyOf(&written[i].Entry); x.rows[key] == nil {
			x.rows[key] = &written[i]
		}
	}
	for i := range x.all {
		s := &x.all[i]
		o := d.Decode(s.Request, s.Response).Outcome
		if line := d.Decide(s.Request, &o).Line; line != "" {
			if _, there := x.sample[line]; !there {
				x.sample[line] = i
			}
		}
	}
	return x
}

// of is the example of a row: a written response, else a sample of the file, else nil.
func (x *examples) of(e *authoring.Entry, host string) *example {
	if w := x.rows[keyOf(e)]; w != nil {
		return x.written(w, host)
	}
	i, there := x.sample[e.Line]
	if !there || x.all[i].Outcome["kind"] != e.Kind.String() {
		return nil
	}
	c := &x.all[i]
	if c.Response.Cut {
		return nil
	}
	res := example{Request: ask(&c.Request), Recorded: true}
	var fields []dialect.HeaderField
	if h, ok := c.Response.Header.(dialect.HeaderMap); ok {
		fields = sorted(h)
	}
	res.fill(c.Response.Status, fields, c.Response.Body)
	return &res
}

// exampleID is the request ID of the examples.
const exampleID = "7f9c2ba4-e88f-427d-a1b5-ffbbd1c6e8d1"

// exampleTime is when the examples are given.
var exampleTime = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// written is an example as Encode writes it.
func (x *examples) written(w *authoring.Example, host string) *example {
	req := w.Request
	req.Now = exampleTime
	o := w.Outcome
	o.RequestID = cmp.Or(o.RequestID, exampleID)
	o.Instance = cmp.Or(o.Instance, req.Path)
	enc := x.d.Encode(nil, req, &o, w.Payload)
	// What makes it look real must not change what it means.
	if back := x.read(req, &enc); back.Shape != w.Shape || back.Outcome.Kind != w.Kind || back.Outcome.Reason != w.Reason || back.Outcome.Code != w.Outcome.Code && w.Outcome.Code != "" {
		enc = x.d.Encode(nil, req, &w.Outcome, w.Payload)
	}
	res := example{Request: ask(&req), Shape: w.Shape}
	res.fill(enc.Status, enc.Header, enc.Body)
	if wish := x.wish(w); wish != "" {
		res.Curl = curl(&req, wish, host)
	}
	return &res
}

// read is how a written response is read.
func (x *examples) read(req dialect.Request, enc *dialect.Encoded) dialect.Decoded {
	h := dialect.HeaderMap{}
	h.Set(enc.Header)
	return x.d.Decode(req, dialect.Response{Status: enc.Status, Header: h, Body: enc.Body})
}

// fill writes a response as it comes over the wire, with the body laid out.
func (e *example) fill(status int, fields []dialect.HeaderField, body []byte) {
	var b strings.Builder
	b.WriteString(strings.TrimSpace("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status)))
	for _, f := range fields {
		b.WriteString("\n" + line(f.Name+": "+f.Value))
		if strings.EqualFold(f.Name, "Content-Type") {
			e.Media, _, _ = strings.Cut(line(f.Value), ";")
		}
	}
	if len(body) > 0 {
		b.WriteString("\n\n" + visible(layout(body)))
	}
	e.Response = b.String()
}

// between finds the end of a tag before the begin of another.
var between = regexp.MustCompile(`>\s*<`)

// layout is a body with a line for each member or element.
func layout(body []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, body, "", "  ") == nil {
		return b.String()
	}
	text := strings.TrimSpace(string(body))
	if !strings.HasPrefix(text, "<") || strings.Contains(text, "<!") || strings.Contains(text, "<pre") {
		return text
	}
	depth := 0
	var lines []string
	for _, l := range strings.Split(between.ReplaceAllString(text, ">\n<"), "\n") {
		l = strings.TrimSpace(l)
		opens := strings.HasPrefix(l, "<") && !strings.HasPrefix(l, "</") && !strings.HasPrefix(l, "<?") && !strings.HasSuffix(l, "/>") && !strings.Contains(l, "</")
		if strings.HasPrefix(l, "</") {
			depth = max(depth-1, 0)
		}
		lines = append(lines, strings.Repeat("  ", depth)+l)
		if opens {
			depth++
		}
	}
	return strings.Join(lines, "\n")
}

// ask is the method and the path of a request.
func ask(r *dialect.Request) string { return line(cmp.Or(r.Method, "GET") + " " + r.Path) }

func sorted(h dialect.HeaderMap) (all []dialect.HeaderField) {
	for name, values := range h {
		for _, v := range values {
			all = append(all, dialect.HeaderField{Name: name, Value: v})
		}
	}
	slices.SortStableFunc(all, func(a, b dialect.HeaderField) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
