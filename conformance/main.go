// Command conformance writes the suite that each library of Parlance passes. A line is a JSON
// object: a response of the samples of the catalog, and its meaning by package dialect.
//
//	go run ./conformance > cases.jsonl
//	go run ./conformance -hostile > hostile.jsonl
//	go run ./conformance -files dialect/testdata/fuzz/FuzzCompile > files.jsonl
//
// The second writes the bodies of package hostile, which are longer than a body that is read
// whole. The third writes texts of dialect files, with the faults of each. A runner in another
// language reads the lines, calls its library, and compares. A text that is no UTF-8 stands
// under a name with _base64 behind it.
//
// differences.json lists what is known to differ, and is to be empty:
//
//	[{"language": "node", "case": "vms, not found", "why": "…"}]
//
// The languages are c, python and node. A runner fails on a difference that is not listed, and on
// a case that is listed and does not differ.
package main

import (
	"bufio"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/dialect/translate"
	"github.com/parlance-api/parlance/internal/hostile"
)

// others are the dialects that each response is translated into.
var others = []string{"problem", "vbapi", "soap"}

// Case is one line.
type Case struct {
	Name          string `json:"name"`
	Dialect       string `json:"dialect"`
	Method        string `json:"method"`
	Path          string `json:"path"`
	Key           string `json:"key,omitempty"`
	RequestHeader string `json:"request_header,omitempty"`
	Status        int    `json:"status"`
	Header        string `json:"header"`
	Body          string `json:"body,omitempty"`
	BodyBase64    string `json:"body_base64,omitempty"`
	Cut           bool   `json:"cut,omitempty"`
	Now           int64  `json:"now"` // in milliseconds since 1970
	Want          Want   `json:"want"`
}

// Want is what a library says of a Case.
type Want struct {
	NeedsBody  bool                  `json:"needs_body"`
	Kind       string                `json:"kind"` // of a classification, as is Act
	Act        string                `json:"act"`
	RetrySafe  bool                  `json:"retry_safe"`
	Outcome    parlance.Outcome      `json:"outcome"`
	Decision   parlance.Decision     `json:"decision"`
	Diagnostic []parlance.Diagnostic `json:"diagnostics"`
	Encoded    Response              `json:"encoded"`
	Translated map[string]Response   `json:"translated"` // by the other dialect
}

// Response is a response that was written. Only a translation passes one on, or its body.
type Response struct {
	Passed     bool   `json:"passed,omitempty"`
	Kept       bool   `json:"kept,omitempty"`
	Status     int    `json:"status,omitempty"`
	Header     string `json:"header,omitempty"`
	Body       string `json:"body,omitempty"`
	BodyBase64 string `json:"body_base64,omitempty"`
}

// File is a line of -files: the text of a dialect file, and what a library says of it if it
// has faults.
type File struct {
	Text        string                `json:"text"`
	Error       string                `json:"error,omitempty"`
	Diagnostics []parlance.Diagnostic `json:"diagnostics,omitempty"`
}

func main() {
	bad := flag.Bool("hostile", false, "write the hostile bodies, not the samples of the catalog")
	files := flag.String("files", "", "write what is said of the dialect files that fuzzing left in `DIR`, and of one with many faults")
	flag.Parse()
	w := bufio.NewWriter(os.Stdout)
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	var err error
	if *files != "" {
		err = writeFiles(lines, *files)
	} else {
		err = write(lines, *bad)
	}
	if err = cmp.Or(err, w.Flush()); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func write(lines *json.Encoder, bad bool) error {
	to := map[string]*dialect.Dialect{}
	for _, name := range others {
		d, err := catalog.Open(name)
		if err != nil {
			return err
		}
		to[name] = d
	}
	if bad {
		return writeHostile(lines, to)
	}
	for _, name := range catalog.Names() {
		d, err := catalog.Open(name)
		if err != nil {
			return err
		}
		for _, sample := range authoring.Samples(d) {
			if err := lines.Encode(caseOf(d, to, &sample)); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeHostile writes each hostile body under a status that it could turn into a failure, and
// under one that it could turn into a success.
func writeHostile(lines *json.Encoder, to map[string]*dialect.Dialect) error {
	for _, body := range hostile.Bodies(3 * dialect.MaxBody / 2) {
		d, err := catalog.Open(body.Dialect)
		if err != nil {
			return err
		}
		for _, status := range []int{200, 503} {
			header := dialect.HeaderMap{"Content-Type": {body.MediaType}}
			sample := authoring.Case{Name: body.Name, Request: dialect.Request{Method: "POST"}, Response: dialect.Response{Status: status, Header: header, Body: []byte(body.Text)}}
			if err := lines.Encode(caseOf(d, to, &sample)); err != nil {
				return err
			}
		}
	}
	return nil
}

func writeFiles(lines *json.Encoder, dir string) error {
	texts, err := hostile.Files(dir)
	if err != nil {
		return err
	}
	for _, text := range texts {
		line := File{Text: text}
		if _, err := dialect.Compile("dialect.yaml", []byte(text), catalog.Find("dialect.yaml")); err != nil {
			line.Error = err.Error()
			var file *dialect.FileError
			if errors.As(err, &file) {
				line.Diagnostics = file.Diagnostics
			}
		}
		if err := lines.Encode(&line); err != nil {
			return err
		}
	}
	return nil
}

func caseOf(d *dialect.Dialect, to map[string]*dialect.Dialect, sample *authoring.Case) *Case {
	now := time.Date(2026, 9, 21, 10, 0, 0, 0, time.UTC)
	req, res := sample.Request, sample.Response
	req.Method, req.Now, res.Received = cmp.Or(req.Method, "GET"), now, now
	c := &Case{
		Name: d.Name() + ", " + sample.Name, Dialect: d.Name(), Method: req.Method, Path: req.Path, Key: req.Key,
		RequestHeader: headerOf(req.Header), Status: res.Status, Header: headerOf(res.Header), Cut: res.Cut, Now: now.UnixMilli(),
	}
	c.Body, c.BodyBase64 = text(res.Body)
	read := d.Decode(req, res)
	g := d.Classify(req, res)
	c.Want = Want{
		NeedsBody: d.NeedsBody(req, res.Status, res.Header), Kind: g.Kind.String(), Act: g.Decision.Act.String(), RetrySafe: g.Decision.RetrySafe,
		Outcome: read.Outcome, Decision: d.Decide(req, &read.Outcome), Diagnostic: append([]parlance.Diagnostic{}, read.Diagnostics...),
		Translated: map[string]Response{},
	}
	c.Want.Encoded = encoded(d, req, &read.Outcome)
	for name, other := range to {
		c.Want.Translated[name] = translated(translate.New(d, other), req, res)
	}
	return c
}

func encoded(d *dialect.Dialect, req dialect.Request, o *parlance.Outcome) Response {
	m := d.Encode(nil, req, o, dialect.Payload{})
	r := Response{Status: m.Status, Header: fields(m.Header)}
	r.Body, r.BodyBase64 = text(m.Body)
	return r
}

func translated(t *translate.Translator, req dialect.Request, res dialect.Response) Response {
	if req.Key == "" && req.Header != nil {
		req.Key = t.Key(req.Header)
	}
	result := t.Translate(req, res)
	if result.Untouched() && result.Status == res.Status {
		return Response{Passed: true}
	}
	h := dialect.HeaderMap{}
	if came, ok := res.Header.(dialect.HeaderMap); ok {
		h = maps.Clone(came)
	}
	result.Apply(h)
	r := Response{Kept: !result.Replaced, Status: result.Status, Header: headerOf(h)}
	r.Body, r.BodyBase64 = text(result.Body)
	return r
}

// headerOf is a header as text. Its names are sorted: a runner sorts the lines that it gets.
func headerOf(h dialect.Header) string {
	all, _ := h.(dialect.HeaderMap)
	var lines []dialect.HeaderField
	for name, values := range all {
		for _, v := range values {
			lines = append(lines, dialect.HeaderField{Name: name, Value: v})
		}
	}
	return fields(lines)
}

func fields(all []dialect.HeaderField) string {
	lines := make([]string, len(all))
	for i, f := range all {
		lines[i] = f.Name + ": " + f.Value + "\r\n"
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func text(b []byte) (plain, encoded string) {
	if utf8.Valid(b) {
		return string(b), ""
	}
	return "", base64.StdEncoding.EncodeToString(b)
}
