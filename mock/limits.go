package mock

import (
	"net/http"
	"strconv"
	"time"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/server/limit"
)

// The fields in which the Limiter states a limit, until they are written in those of the
// dialect.
var stated = limit.Fields{Limit: "X-Mock-Limit", Remaining: "X-Mock-Remaining", Reset: "X-Mock-Reset"}

// limited counts the requests of each credential, else of each address, and announces the
// limit in the fields that the dialect names.
func (s *state) limited(next http.Handler) http.Handler {
	if s.mock.rate.Quota == 0 {
		return next
	}
	limiter := limit.Limiter{Store: s.store.Limits(), Logger: s.mock.logger, Older: stated, Policies: []limit.Policy{{
		Name: "mock", Rate: s.mock.rate, By: func(r *http.Request) string {
			if c := s.credential(r); c != "" {
				return c
			}
			return limit.Address(r)
		},
	}}}
	counted := limiter.Wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		counted.ServeHTTP(&announcing{w, s.mock.dialect, false}, r)
	})
}

// announcing writes the limit in the fields of the dialect.
type announcing struct {
	http.ResponseWriter
	dialect *dialect.Dialect
	done    bool
}

// Unwrap lets http.ResponseController reach the connection.
func (a *announcing) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader replaces the fields.
func (a *announcing) WriteHeader(status int) {
	if !a.done && status >= 200 {
		a.done = true
		announce(a.Header(), a.dialect)
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write writes the header first.
func (a *announcing) Write(p []byte) (int, error) {
	if !a.done {
		a.WriteHeader(http.StatusOK)
	}
	return a.ResponseWriter.Write(p)
}

// announce replaces the fields of the Limiter by those of the dialect.
func announce(h http.Header, d *dialect.Dialect) {
	l := dialect.Limit{Limit: taken(h, stated.Limit), Remaining: taken(h, stated.Remaining)}
	l.Reset = time.Duration(max(taken(h, stated.Reset), 0)) * time.Second
	for _, f := range d.LimitFields(l, time.Now()) {
		h.Set(f.Name, f.Value)
	}
}

// taken is the number in a field, which is removed; -1 for none.
func taken(h http.Header, name string) int {
	n, err := strconv.Atoi(h.Get(name))
	h.Del(name)
	if err != nil {
		return -1
	}
	return n
}
