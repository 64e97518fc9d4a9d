package omilia

import (
	"errors"
	"net/http"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/validate"
)

func newDialog(next http.Handler) http.Handler {
	return fits(validate.MustCompile(`{
		"type": "object",
		"required": ["app"],
		"properties": {"app": {"type": "string", "minLength": 1}, "description": {"type": "string", "maxLength": 50}}
	}`), next, failCoded)
}

func newMessage(next http.Handler) http.Handler {
	return fits(validate.MustCompile(`{
		"type": "object",
		"required": ["text"],
		"properties": {"text": {"type": "string", "maxLength": 500}}
	}`), next, failCoded)
}

// fits lets those pass whose body fits a schema.
func fits(s *validate.Schema, next http.Handler, fail func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.Check(w, r, validate.WithMaxBytes(maxBody)); err != nil {
			fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// maxBody is how long the body of a request may be, in bytes.
const maxBody = 64 << 10

// failCoded says what is wrong in the service's own codes. What is only missing is 400,
// for so has Omilia's page; the 422 is for what is there and wrong.
func failCoded(w http.ResponseWriter, r *http.Request, err error) {
	server.WriteError(w, r, coded(err))
}

// coded says it in the service's own codes. The first fault stands for the whole, since
// each is an error of its own in Omilia's envelope: one that is there and wrong comes
// before what is missing.
func coded(err error) error {
	e, ok := errors.AsType[*parlance.Error](err)
	if !ok {
		return err
	}
	if e.Outcome.Reason != parlance.ReasonFields { // it was not even read: the code is that of its status
		for i := range e.Outcome.Fields {
			e.Outcome.Fields[i].Code = codeUnreadable
		}
		return e
	}
	codes := map[string]string{"required": codeMissing, "minLength": codeMissing, "maxLength": codeTooLong, "type": codeType}
	fields := e.Outcome.Fields
	for i, f := range fields {
		fields[i].Code = codes[f.Code]
	}
	slices.SortStableFunc(fields, func(a, b parlance.Field) int { return missing(a) - missing(b) })
	e.Outcome.Code, e.Outcome.Detail = fields[0].Code, fields[0].Message
	if fields[0].Code == codeMissing {
		e.Outcome.Reason = ""
	}
	return e
}

// missing orders faults: 1 for what is missing, 0 for what is there and wrong.
func missing(f parlance.Field) int {
	if f.Code == codeMissing {
		return 1
	}
	return 0
}
