package omilia

import (
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/validate"
)

type app struct {
	Name     string `json:"name"`
	Language string `json:"language"`
}

// newApp is of the part that validates: it tells of invalid fields in an envelope of its
// own, and of all else as the rest of the service does.
func (s *Service) newApp(next http.Handler) http.Handler {
	schema := validate.MustCompile(`{
		"type": "object",
		"required": ["name", "language"],
		"properties": {
			"name":     {"type": "string", "minLength": 1, "maxLength": 20},
			"language": {"type": "string", "enum": ["en", "el"]}
		}
	}`)
	return fits(schema, next, func(w http.ResponseWriter, r *http.Request, err error) {
		if parlance.OutcomeOf(err).Reason != parlance.ReasonFields {
			failCoded(w, r, err)
			return
		}
		s.validating.Handle(func(http.ResponseWriter, *http.Request) (any, error) { return nil, err }).ServeHTTP(w, r)
	})
}

func createApp(_ http.ResponseWriter, r *http.Request) (any, error) {
	var a app
	if err := validate.Into(r, &a); err != nil {
		return nil, err
	}
	return server.Created("/apps/"+a.Name, a), nil
}
