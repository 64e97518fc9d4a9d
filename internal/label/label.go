// Package label makes texts that others chose fit to be attributes of telemetry:
// short, of few values if they name a series, and nothing that no exporter can
// carry.
package label

import (
	"net/http"
	"strings"
	"unicode/utf8"
)

// longest bounds, in bytes, what a stranger can make us keep of one text. None of
// our own words is as long; a code may be as long as a body.
const longest = 256

// Text is s cut to 256 bytes, without what is not UTF-8.
func Text(s string) string {
	if len(s) > longest {
		s = s[:longest]
	}
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "") // what was sent, or a letter that was cut
}

// Other stands for a method that OpenTelemetry's conventions do not list: anybody
// may invent more, and each would be a series of its own.
const Other = "_OTHER"

// Method is the value of http.request.method; "" is GET, as in an http.Request.
func Method(method string) string {
	switch method {
	case "":
		return http.MethodGet
	case http.MethodConnect, http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions,
		http.MethodPatch, http.MethodPost, http.MethodPut, http.MethodTrace, "QUERY":
		return method
	}
	return Other
}

// Name is that of a span: the method, and the route if it is known.
func Name(method, of string) string {
	name := Method(method)
	if name == Other {
		name = "HTTP"
	}
	if of != "" {
		name += " " + Text(of)
	}
	return name
}
