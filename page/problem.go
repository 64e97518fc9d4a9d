package page

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// ProblemType is an entry of a registry of problem types, with the members of IANA's
// (RFC 9457, 4.2), and the code of the dialect.
type ProblemType struct {
	Type      string `json:"type"`                // the URI, which leads to the code on the page
	Title     string `json:"title,omitempty"`     // "" if the file has none
	Status    int    `json:"status,omitempty"`    // the recommended HTTP status, 0 for none
	Reference string `json:"reference,omitempty"` // the page, "" if the options have no BaseURL
	Code      string `json:"code"`                // as the dialect file has it
	Kind      string `json:"kind"`                // the kind, or kind/reason
	Do        string `json:"do"`                  // what a client does
}

// ProblemTypes writes a registry of the failures of a dialect as JSON: an object with the
// member types. A URI is relative to the page if the options have no BaseURL.
func ProblemTypes(o Options, d *dialect.Dialect) ([]byte, error) {
	p, err := compose(o, d)
	if err != nil {
		return nil, err
	}
	statuses := map[string]int{}
	for _, e := range authoring.Examples(d) {
		outcome := e.Outcome
		if status, _ := d.StatusFor(e.Request, &outcome, e.Payload); statuses[e.Line] == 0 {
			statuses[e.Line] = status
		}
	}
	registry := struct {
		Types []ProblemType `json:"types"`
	}{[]ProblemType{}}
	for _, c := range p.Glance {
		for _, r := range c.Readings {
			if !r.Kind.Failing() {
				continue
			}
			status := statuses[r.Line]
			if n, err := strconv.Atoi(c.Code); status == 0 && err == nil {
				status = n
			}
			uri := c.Type
			if uri == "" {
				uri = "#" + c.ID
			}
			registry.Types = append(registry.Types, ProblemType{uri, c.Title, status, o.BaseURL, c.Code, r.Tag, r.Act.String()})
			break // a code has one URI
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(registry)
	return b.Bytes(), err
}
