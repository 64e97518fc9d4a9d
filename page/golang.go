package page

import (
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/authoring"
)

// handles is the Go that handles the response of a row. code is that of a body, "" if the
// status says all. What it does is a comment.
func handles(e *authoring.Entry, code, does string) string {
	kind := exported(e.Kind.String())
	then := " {\n\t// " + line(does) + "\n}"
	switch {
	case e.Kind.Good() && code != "":
		return "report, ok := client.ReportOf(res)\nif ok && report.Outcome.Code == " + strconv.QuoteToASCII(code) + then
	case e.Kind.Good():
		return "report, ok := client.ReportOf(res)\nif ok && report.Outcome.Kind == parlance.Kind" + kind + then
	case code != "":
		return failure + "if ok && e.Outcome.Code == " + strconv.QuoteToASCII(code) + then
	case e.Reason != "":
		return failure + "if ok && e.Outcome.Reason == " + strconv.QuoteToASCII(string(e.Reason)) + then
	}
	return "err := client.Check(res)\nif errors.Is(err, parlance.Err" + kind + ")" + then
}

const failure = "e, ok := errors.AsType[*client.Error](client.Check(res))\n"

// exported is not_found as NotFound.
func exported(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// bodyCode is the code of a row in the body: that of its example, "" if the row is that of
// a status.
func bodyCode(w *authoring.Example, e *authoring.Entry) string {
	switch {
	case strings.Contains(e.Key, "*"):
		return "" // a code that only fits the glob is not the API's
	case w != nil:
		return w.Outcome.Code
	}
	return ""
}
