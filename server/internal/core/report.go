package core

import (
	"net/http"

	"github.com/parlance-api/parlance"
)

// Report is what an exchange tells the one around it of its response.
type Report struct {
	NoEffect bool              // the response proves that nothing was done
	Outcome  *parlance.Outcome // nil unless somebody watches
}

// ReportHeader marks a response that an exchange inside has written in its dialect.
// Its value is the number of the Report, which the exchange around it keeps.
//
// The mark goes with the header because only that certainly tells one response from
// another. A middleware between the two exchanges may buffer, as a
// httptest.ResponseRecorder does, or respond by itself, as http.TimeoutHandler does. HTTP
// has no field of this name, and net/http writes none: the mark never leaves the process.
const ReportHeader = "parlance: report"

// MarkReported marks a response that is complete as it is: it gets no envelope.
func MarkReported(h http.Header) { h[ReportHeader] = []string{""} }
