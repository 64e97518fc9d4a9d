package wire

import (
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/internal/httpheader"
)

// MediaType is the type and subtype of the content, lower case, "" for none.
func MediaType(h Header) string {
	v := Values(h, "Content-Type")
	if len(v) == 0 {
		return ""
	}
	return httpheader.MediaType(v[0])
}

// IsJSON reports a media type of JSON: application/json, or one that ends in +json.
func IsJSON(media string) bool {
	return strings.HasSuffix(media, "/json") || strings.HasSuffix(media, "+json")
}

// IsProblem reports that a header declares a problem (RFC 9457, 6), which no success is.
func IsProblem(h Header) bool {
	for _, v := range Values(h, "Content-Type") {
		return len(v) > len("application/problem+") && strings.EqualFold(v[:len("application/problem+")], "application/problem+")
	}
	return false
}

// IsXML reports a media type of XML: application/xml, or one that ends in +xml.
func IsXML(media string) bool {
	return strings.HasSuffix(media, "/xml") || strings.HasSuffix(media, "+xml")
}

// Untouched reports that a success of this kind is never looked into: media,
// events, archives and downloads (law 6).
func Untouched(h Header) bool {
	media := MediaType(h)
	switch main, _, _ := strings.Cut(media, "/"); main {
	case "image", "audio", "video", "font", "model", "multipart":
		return true
	}
	switch media {
	case "text/event-stream", "application/octet-stream", "application/zip", "application/gzip", "application/pdf", "application/grpc",
		"application/x-ndjson", "application/jsonl", "text/csv", "text/css", "text/javascript", "application/javascript", "application/wasm":
		return true
	}
	for _, v := range Values(h, "Content-Disposition") {
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(v)), "attachment") {
			return true
		}
	}
	return false
}

// Accepts is the weight that an Accept field gives to a type. exact says how exactly
// the field names the type:
//
//   - 3: the type itself
//   - 2: its form, as application/json does for application/problem+json
//   - 1: main/*
//   - 0: */*, or an empty field
//   - a negative number: none of these
func Accepts(accept, media string) (q float64, exact int) {
	media, _, _ = strings.Cut(media, ";")
	if strings.TrimSpace(accept) == "" {
		return 1, 0
	}
	q, exact = 0, -1
	for one := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(one, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		weight := 1.0
		for p := range strings.SplitSeq(params, ";") {
			if v, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(p)), "q="); ok {
				weight, _ = strconv.ParseFloat(v, 64)
			}
		}
		e := -1
		main, _, _ := strings.Cut(media, "/")
		switch {
		case name == media:
			e = 3
		case name == "application/json" && IsJSON(media), (name == "application/xml" || name == "text/xml") && IsXML(media),
			name == "application/xhtml+xml" && media == "text/html":
			e = 2
		case name == main+"/*":
			e = 1
		case name == "*/*":
			e = 0
		}
		if e > exact {
			q, exact = weight, e
		}
	}
	return q, exact
}
