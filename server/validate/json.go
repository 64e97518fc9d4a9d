package validate

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"golang.org/x/text/language"
)

// JSON passes requests whose body is JSON that fits the schema, and responds to any
// other with the errors.
func JSON(s *Schema, options ...Option) server.Middleware {
	c := configure(options)
	return middleware(func(w http.ResponseWriter, r *http.Request) error { return c.json(w, r, s) })
}

// Check does the work of [JSON] inside a handler, which returns its error. The request
// keeps its body, and [Into] can read it. It needs w for two reasons: to close the
// connection of a client that sends too much, as http.MaxBytesReader does, and to name
// the language of the messages.
func (s *Schema) Check(w http.ResponseWriter, r *http.Request, options ...Option) error {
	return configure(options).json(w, r, s)
}

// CheckBytes checks JSON from another source. Messages are in English; the error is a
// *parlance.Error.
func (s *Schema) CheckBytes(data []byte, options ...Option) error {
	c := configure(options)
	speaker := c.texts.speaker(language.English)
	value, refused := c.parse(data)
	if refused != nil {
		return refused.error(speaker)
	}
	if all := s.check(value); len(all) > 0 {
		return c.invalid(speaker, parlance.ReasonFields, sortIn(jsontext.NewDecoder(newBuffer(data)), all))
	}
	return nil
}

func (c *config) json(w http.ResponseWriter, r *http.Request, s *Schema) error {
	data, refused := c.read(w, r, "application/json", "+json")
	var all []violation
	if refused == nil {
		all, refused = c.checkJSON(data, s)
	}
	keep(r, bodyKey{}, data)
	return c.failure(w, r, parlance.ReasonFields, refused, all)
}

func (c *config) checkJSON(data []byte, s *Schema) ([]violation, *refusal) {
	value, refused := c.parse(data)
	if refused != nil {
		return nil, refused
	}
	all := s.check(value)
	if len(all) == 0 {
		return nil, nil
	}
	return sortIn(jsontext.NewDecoder(newBuffer(data)), all), nil
}

// middleware responds with the error of a check, or goes on.
func middleware(check func(http.ResponseWriter, *http.Request) error) server.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := check(w, r); err != nil {
				server.WriteError(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

type (
	bodyKey  struct{}
	queryKey struct{}
)

// keep remembers, as JSON, what was validated.
func keep(r *http.Request, key any, data []byte) {
	*r = *r.WithContext(context.WithValue(r.Context(), key, data))
}

// Into reads the validated body into v, as encoding/json does. For a form, texts are
// numbers and booleans if the schema says so. It fails if no body was validated.
func Into(r *http.Request, v any) error { return into(r, bodyKey{}, v) }

// QueryInto is Into for the query.
func QueryInto(r *http.Request, v any) error { return into(r, queryKey{}, v) }

func into(r *http.Request, key any, v any) error {
	data, ok := r.Context().Value(key).([]byte)
	if !ok {
		return parlance.NewError(parlance.KindInternal, "").Because(errNothing)
	}
	if err := json.Unmarshal(data, v); err != nil {
		// It fits the schema; that it does not fit v is our fault.
		return parlance.NewError(parlance.KindInternal, "").Because(err)
	}
	return nil
}
