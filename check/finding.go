package check

import (
	"fmt"
	"strings"

	"github.com/parlance-api/parlance"
)

// Finding is one rule that a response breaks.
type Finding struct {
	Rule     string            `json:"rule"`
	Severity parlance.Severity `json:"severity"`
	Message  string            `json:"message"` // what is wrong, in one sentence without a period
	Hint     string            `json:"hint"`    // what to do about it
	Method   string            `json:"method"`
	Path     string            `json:"path,omitempty"`
	Status   int               `json:"status"`
	At       string            `json:"at,omitempty"`     // the URL, or another name for people
	Source   string            `json:"source,omitempty"` // the file that it was recorded in
	Line     int               `json:"line,omitempty"`   // the line of JSONL, the entry of HAR
	Place    Place             `json:"place"`            // in the response
	Dialect  string            `json:"dialect"`          // the line of the dialect that it breaks, as file:line; the file alone if it has no such line
}

// Part is a part of a response.
type Part string

// The parts.
const (
	PartStatus Part = "status"
	PartHeader Part = "header"
	PartBody   Part = "body"
)

// Place is the part of a response in which something is wrong.
type Place struct {
	Part    Part   `json:"part"`
	Field   string `json:"field,omitempty"`   // of a header: the name of the field, which may be missing
	Member  string `json:"member,omitempty"`  // of a body: the member as a JSON pointer, also for XML
	Offset  int    `json:"offset,omitempty"`  // of a body: in bytes, from 0
	Line    int    `json:"line,omitempty"`    // of a body: from 1; 0 for an empty one
	Column  int    `json:"column,omitempty"`  // of a body: in characters, from 1
	Excerpt string `json:"excerpt,omitempty"` // the line, and below it a caret
}

// String is the place in words: header Retry-After, or body 1:34, /error/status.
func (p Place) String() string {
	switch p.Part {
	case PartHeader:
		return "header " + p.Field
	case PartBody:
		text := "body"
		if p.Line > 0 {
			text = fmt.Sprintf("body %d:%d", p.Line, p.Column)
		}
		if p.Member != "" {
			text += ", " + p.Member
		}
		return text
	}
	return string(p.Part)
}

// String is the finding for people, in several lines: the message, the exchange with the
// place, the excerpt with its caret, the line of the dialect, and the hint.
func (f Finding) String() string {
	var b strings.Builder
	if f.Source != "" {
		fmt.Fprintf(&b, "%s:%d: ", f.Source, f.Line)
	}
	fmt.Fprintf(&b, "%s: %s [%s]\n", f.Severity, f.Message, f.Rule)
	at := f.At
	if at == "" {
		at = f.Path
	}
	fmt.Fprintf(&b, "  %s: %d, %s\n", strings.TrimSpace(f.Method+" "+at), f.Status, f.Place)
	for line := range strings.Lines(f.Place.Excerpt) {
		b.WriteString("  | " + line)
	}
	if f.Place.Excerpt != "" {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "  page: %s\nhint: %s\n", f.Dialect, f.Hint)
	return b.String()
}
