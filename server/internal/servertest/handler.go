package servertest

import (
	"fmt"
	"io"
	"net/http"

	"github.com/parlance-api/parlance/server"
)

// Returns is a handler that returns this.
func Returns(value any, err error) server.HandlerFunc {
	return func(http.ResponseWriter, *http.Request) (any, error) { return value, err }
}

// Caller responds with the caller.
func Caller(_ http.ResponseWriter, r *http.Request) (any, error) {
	p, _ := server.PrincipalOf(r.Context())
	return p, nil
}

// Panics is a handler with a bug.
func Panics(http.ResponseWriter, *http.Request) (any, error) {
	var list []int
	return list[len(list)], nil
}

// Reads responds with the number of bytes that it read.
func Reads(_ http.ResponseWriter, r *http.Request) (any, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("the order: %w", err)
	}
	return len(b), nil
}
