package main

import (
	"fmt"
	"strings"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/rawhttp"
	docpage "github.com/parlance-api/parlance/page"
)

// explainedResponse is what is said of a response, as JSON has it.
type explainedResponse struct {
	Dialect    string   `json:"dialect"`
	Named      bool     `json:"named"`                // by the caller, so that no confidence is known
	Confidence float64  `json:"confidence,omitempty"` // 0 to 1; 0 if no dialect of the catalog is recognized
	Others     []other  `json:"others,omitempty"`     // what it may be besides
	Noticed    []string `json:"noticed,omitempty"`    // what is strange about the response
	*docpage.Explanation
}

// explainResponse says in sentences what the response on standard input means.
func (a *app) explainResponse(x exchange, asJSON bool) error {
	if x.Dialect != detected {
		if _, err := a.load(x.Dialect); err != nil {
			return nameFlag(err, "dialect")
		}
	}
	text, err := a.input("the response")
	if err != nil {
		return err
	}
	raw, err := rawhttp.Parse(text)
	if err != nil {
		return fmt.Errorf("standard input is not a response: %w", err)
	}
	res := dialect.Response{Status: raw.Status, Header: raw.Header, Body: raw.Body}
	said := explainedResponse{Dialect: x.Dialect, Named: true}
	var found *detection
	if x.Dialect == detected {
		found = detect(x, res)
		x.Dialect = found.Dialect
		said.Dialect, said.Named, said.Confidence, said.Others = found.Dialect, false, found.Confidence, found.Others
	}
	d, err := a.load(x.Dialect)
	if err != nil {
		return err
	}
	req := x.request(d)
	read := d.Decode(req, res)
	if said.Explanation, err = docpage.Explain(docpage.Options{}, d, req, res, &read); err != nil {
		return err
	}
	for _, n := range append(read.Diagnostics, authoring.MissingPath(d, req, res)...) {
		if said.Foreign && (n.Rule == "unfit_body" || n.Rule == "common_form") {
			continue // what happened says so
		}
		said.Noticed = append(said.Noticed, n.Message)
	}
	if asJSON {
		return a.writeJSON(said)
	}
	a.showExplanation(&said, found)
	return nil
}

// showExplanation writes the sentences for people, wrapped to the terminal.
func (a *app) showExplanation(e *explainedResponse, found *detection) {
	all := e.Paragraphs()
	for _, n := range e.Noticed {
		all = append(all, "Noticed: "+n+".")
	}
	by := "It was read by the dialect " + e.Dialect + "."
	if found != nil {
		by = found.sentence()
	}
	if e.Line != "" {
		by += " The rule is " + e.Line + "."
	}
	for i, text := range append(all, by) {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		for _, line := range wrap(printable(text), max(20, min(a.width(), maxProse))) {
			fmt.Fprintln(a.stdout, line)
		}
	}
}

// maxProse is how long a line of prose is at most: longer ones are hard to read.
const maxProse = 100

// leastOther is how likely another dialect is that a sentence names.
const leastOther = 0.02

// sentence says which dialect was found, and how sure that is.
func (d *detection) sentence() string {
	var rest []string
	for _, o := range d.Others {
		if o.Confidence < leastOther {
			continue
		}
		rest = append(rest, fmt.Sprintf("%s (%.2f)", o.Dialect, o.Confidence))
	}
	also := ""
	if len(rest) > 0 {
		also = " It might also be " + strings.Join(rest, ", ") + "."
	}
	if d.Confidence == 0 {
		return "No dialect of the catalog is recognized, so it was read by what HTTP says (dialect " + d.Dialect + ")." + also + " --dialect names one."
	}
	return fmt.Sprintf("It looks like a response of the dialect %s (confidence: %.2f).%s", d.Dialect, d.Confidence, also)
}
