package client

import (
	"net/http"
	"strings"

	"github.com/parlance-api/parlance/internal/httpheader"
)

// unsendable reports that a request was refused before anything was sent, because
// it is malformed. net/http has no type for such errors, and they would be taken
// for a broken connection and retried. It is called only if there is an error.
func unsendable(req *http.Request, err error) bool {
	if req.URL.Host == "" || strings.Contains(err.Error(), "unsupported protocol scheme") || !httpheader.IsToken(methodOf(req)) {
		return true
	}
	for name, values := range req.Header {
		if !httpheader.IsToken(name) {
			return true
		}
		for _, v := range values {
			if !httpheader.IsValue(v) {
				return true
			}
		}
	}
	return false
}
