package report

import (
	"encoding/json"
	"io"

	"github.com/parlance-api/parlance/check"
)

// Report is the result of one run. The zero value is that of a run without responses.
type Report struct {
	Dialect   string          `json:"dialect"`
	Responses int             `json:"responses"` // that were checked
	Findings  []check.Counted `json:"findings"`  // distinct ones; never null in JSON
	Dropped   int             `json:"dropped,omitempty"`
	Known     int             `json:"known,omitempty"`   // findings of the baseline that occurred
	Gone      int             `json:"gone,omitempty"`    // findings of the baseline that did not
	Skipped   int             `json:"skipped,omitempty"` // requests that may change something
	Unread    []string        `json:"unread,omitempty"`  // what could not be read, and why
	Coverage  check.Coverage  `json:"coverage"`
	Version   string          `json:"-"` // of the program
}

// JSON writes the report as one object in a line.
func (r *Report) JSON(w io.Writer) error {
	all := *r
	if all.Findings == nil {
		all.Findings = []check.Counted{}
	}
	return encode(w, all, "")
}

func encode(w io.Writer, v any, indent string) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	return enc.Encode(v)
}
