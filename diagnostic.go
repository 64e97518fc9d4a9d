package parlance

import (
	"fmt"
	"strconv"
)

// Severity distinguishes an error, which makes a dialect file unusable, from a
// warning. The zero value is an error.
type Severity uint8

// The severities.
const (
	SeverityError Severity = iota
	SeverityWarning
)

// String is "error" or "warning", the words that compilers print.
func (s Severity) String() string {
	if s == SeverityWarning {
		return "warning"
	}
	return "error"
}

// MarshalText writes the word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a word; an unknown one is an error.
func (s *Severity) UnmarshalText(text []byte) error {
	for _, known := range []Severity{SeverityError, SeverityWarning} {
		if string(text) == known.String() {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("parlance: unknown severity %q", text)
}

// Diagnostic is one fault in a dialect file or in a response: its place, what is
// wrong, and what to do about it.
type Diagnostic struct {
	Rule     string   `json:"rule"`             // a stable name, such as unknown_key
	Severity Severity `json:"severity"`         //
	File     string   `json:"file,omitempty"`   // "" for a response
	Line     int      `json:"line,omitempty"`   // from 1; 0 if it has no line
	Column   int      `json:"column,omitempty"` // from 1, in characters
	At       string   `json:"at,omitempty"`     // the place in a response: a header field, or a member as a JSON pointer; "" if it is not known
	Message  string   `json:"message"`          // what is wrong, and what was expected
	Hint     string   `json:"hint,omitempty"`   // what to do about it
	Why      string   `json:"why,omitempty"`    // the reason for the rule, for a reader who is new to it
}

// Error is the position and the message in one line, so that a Diagnostic can be
// used as an error.
func (d Diagnostic) Error() string {
	at := d.File
	if d.Line > 0 {
		at += ":" + strconv.Itoa(d.Line)
		if d.Column > 0 {
			at += ":" + strconv.Itoa(d.Column)
		}
	}
	if at != "" {
		at += ": "
	}
	return at + d.Severity.String() + ": " + d.Message + " [" + d.Rule + "]"
}
