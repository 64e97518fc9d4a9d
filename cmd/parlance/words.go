package main

import (
	"cmp"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/say"
)

// classWords are what HTTP calls each class (RFC 9110, 15).
var classWords = map[string]string{
	"1xx": "Informational", "2xx": "Success", "3xx": "Redirection", "4xx": "Client errors", "5xx": "Server errors",
}

// meaning is a kind with its reason, as dialect files write it.
func meaning(k parlance.Kind, r parlance.Reason) string {
	if r == "" {
		return k.String()
	}
	return k.String() + "/" + string(r)
}

// reporting is to whom a failure is reported, and by which ID.
func reporting(support dialect.Support) string {
	return "to " + contact(support) + ", with the " + requestID(support)
}

// requestID is what the provider calls the ID of a request.
func requestID(support dialect.Support) string {
	return cmp.Or(support.ID, plainID)
}

// plainID is what it is called if the provider has no word of its own.
const plainID = "request ID"

// contact is whom to tell of a failure that persists.
func contact(support dialect.Support) string {
	if support.Contact == "" {
		return "the provider's support"
	}
	return support.Contact
}

// advice is what a client does, when, and what then. reset is set if the
// response may say when.
func advice(d parlance.Decision, reset bool, support dialect.Support) string {
	text := "A client " + say.Act(d.Act)
	if d.Act == parlance.ActEscalate {
		text += " " + reporting(support)
	}
	if d.Scope == parlance.ScopeItems {
		text += ", for the records that failed"
	}
	switch when := say.Waits(d); {
	case reset && when != "":
		text += " at the time that the response names, else " + when
	case reset:
		text += " at the time that the response names"
	case when != "":
		text += " " + when
	}
	text += "."
	switch {
	case d.Then == parlance.ActEscalate:
		text += " If that does not help, it reports it " + reporting(support) + "."
	case d.Then != 0:
		text += " If that does not help, it " + say.Act(d.Then) + "."
	}
	return text
}
