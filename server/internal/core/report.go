package core

import (
	"net/http"

	"github.com/parlance-api/parlance"
)

// Report describes a response to the exchange around it.
type Report struct {
	NoEffect bool              // the response proves that nothing was done
	Outcome  *parlance.Outcome // nil without an observer
}

// ReportHeader marks a response that an exchange inside has written in its dialect. Its
// value is the number of the Report, which the exchange around it keeps.
//
// The mark is in the header because only the header reliably distinguishes one response
// from another. A middleware between the two exchanges may buffer, as a
// httptest.ResponseRecorder does, or respond by itself, as http.TimeoutHandler does.
// HTTP has no field of this name, and net/http writes none: the mark never leaves the
// process.
const ReportHeader = "parlance: report"

// Unreported is the mark of a response that is complete and has no Report.
var Unreported = []string{""}

// MarkReported marks a response that is complete: it gets no envelope.
func MarkReported(h http.Header) { h[ReportHeader] = Unreported[:1:1] }
