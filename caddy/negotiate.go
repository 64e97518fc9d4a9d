package caddyparlance

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/gateway"
)

// negotiate chooses the dialect that the caller accepts with the highest weight (RFC 9110,
// 12.5.1). A range such as application/* names no dialect.
func (h *Handler) negotiate(r *http.Request) *gateway.Responder {
	best, weight := h.responders[0], 0.0
	weights := map[string]float64{}
	for _, line := range r.Header["Accept"] {
		for one := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(one, ";")
			weights[strings.ToLower(strings.TrimSpace(name))] = weightOf(params)
		}
	}
	for i, a := range h.Accept {
		if q := weights[strings.ToLower(a.Type)]; q > weight {
			best, weight = h.responders[i+1], q
		}
	}
	return best
}

// weightOf is the weight among the parameters of a media range: 1 if it has none.
func weightOf(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, "q") {
			q, _ := strconv.ParseFloat(value, 64) // a malformed one is 0
			return q
		}
	}
	return 1
}
