package gateway

import (
	"net/http"

	"github.com/parlance-api/parlance/dialect"
)

// returnKey returns the key that the gateway made to the caller.
func (g *Gateway) returnKey(x *exchange, h http.Header, key string) {
	if key != "" && x.asked.Key == "" {
		g.form.ReturnKey(dialect.HeaderMap(h), key)
	}
}
