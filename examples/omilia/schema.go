package omilia

import (
	"errors"
	"net/http"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/validate"
)

var newDialog = fits(`{
	"type": "object",
	"required": ["app"],
	"properties": {"app": {"type": "string", "minLength": 1}, "description": {"type": "string", "maxLength": 50}}
}`)

var newMessage = fits(`{
	"type": "object",
	"required": ["text"],
	"properties": {"text": {"type": "string", "maxLength": 500}}
}`)

// fits lets those pass whose body fits a schema. What breaks it has the service's
// own codes, and what is only missing is 400, for so has Omilia's page; the 422 is
// for what is there and wrong.
func fits(schema string) server.Middleware {
	s := validate.MustCompile(schema)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			err := s.Check(w, r)
			if err == nil {
				next.ServeHTTP(w, r)
				return
			}
			server.Fail(w, r, coded(err))
		})
	}
}

// coded says it in the service's own codes. The first fault stands for the whole,
// since each is an error of its own in Omilia's envelope.
func coded(err error) error {
	e, ok := errors.AsType[*parlance.Error](err)
	if !ok || e.Outcome.Kind != parlance.Invalid {
		return err
	}
	fields := e.Outcome.Fields
	if e.Outcome.Reason != parlance.Fields { // it was not even read
		e.Outcome.Code = codeUnreadable
		for i := range fields {
			fields[i].Code = codeUnreadable
		}
		return e
	}
	codes := map[string]string{"required": codeMissing, "minLength": codeMissing, "maxLength": codeTooLong, "type": codeType}
	for i, f := range fields {
		fields[i].Code = codes[f.Code]
	}
	e.Outcome.Code, e.Outcome.Detail = fields[0].Code, fields[0].Message
	if !slices.ContainsFunc(fields, func(f parlance.Field) bool { return f.Code != codeMissing }) {
		e.Outcome.Reason = ""
	}
	return e
}
