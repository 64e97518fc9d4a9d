package envoy

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/textproto"
	"slices"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	mode "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extproc "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"github.com/parlance-api/parlance/dialect"
)

// fieldsOf splits a header of Envoy into its pseudo fields and the others. It reports false
// for a header with too many fields.
func fieldsOf(m *core.HeaderMap) (pseudo map[string]string, h dialect.HeaderMap, ok bool) {
	if len(m.GetHeaders()) > maxFields {
		return nil, nil, false
	}
	pseudo, h = map[string]string{}, dialect.HeaderMap{}
	for _, f := range m.GetHeaders() {
		value := f.GetValue()
		if len(f.GetRawValue()) > 0 {
			value = string(f.GetRawValue())
		}
		if strings.HasPrefix(f.GetKey(), ":") {
			pseudo[f.GetKey()] = value
			continue
		}
		name := textproto.CanonicalMIMEHeaderKey(f.GetKey())
		h[name] = append(h[name], value)
	}
	return pseudo, h, true
}

// clone copies a header whose lists of values are replaced, and never changed.
func clone(h dialect.HeaderMap) dialect.HeaderMap {
	out := make(dialect.HeaderMap, len(h))
	for name, values := range h {
		out[name] = slices.Clip(values)
	}
	return out
}

// mutation is what makes one header of another, in the order of the names.
func mutation(from, to dialect.HeaderMap) *extproc.HeaderMutation {
	var out extproc.HeaderMutation
	for name := range from {
		if _, stays := to[name]; !stays {
			out.RemoveHeaders = append(out.RemoveHeaders, strings.ToLower(name))
		}
	}
	slices.Sort(out.RemoveHeaders)
	var names []string
	for name, values := range to {
		if !slices.Equal(values, from[name]) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for i, value := range to[name] {
			out.SetHeaders = append(out.SetHeaders, field(strings.ToLower(name), value, i > 0))
		}
	}
	return &out
}

// field sets a field of a header, or adds a value to it.
func field(name, value string, add bool) *core.HeaderValueOption {
	action := core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
	if add {
		action = core.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD
	}
	return &core.HeaderValueOption{Header: &core.HeaderValue{Key: name, RawValue: []byte(value)}, AppendAction: action}
}

func bodyOf(body []byte) *extproc.BodyMutation {
	if len(body) == 0 {
		return &extproc.BodyMutation{Mutation: &extproc.BodyMutation_ClearBody{ClearBody: true}}
	}
	return &extproc.BodyMutation{Mutation: &extproc.BodyMutation_Body{Body: body}}
}

func unchanged() *extproc.CommonResponse { return &extproc.CommonResponse{} }

// forRequest asks for the header of the response, and for no body.
func forRequest(c *extproc.CommonResponse) *extproc.ProcessingResponse {
	return &extproc.ProcessingResponse{
		Response:     &extproc.ProcessingResponse_RequestHeaders{RequestHeaders: &extproc.HeadersResponse{Response: c}},
		ModeOverride: &mode.ProcessingMode{ResponseHeaderMode: mode.ProcessingMode_SEND, RequestTrailerMode: mode.ProcessingMode_SKIP, ResponseTrailerMode: mode.ProcessingMode_SKIP},
	}
}

// forResponse asks for the body of the response and its trailers, or for neither.
func forResponse(c *extproc.CommonResponse, body bool) *extproc.ProcessingResponse {
	rest := &mode.ProcessingMode{ResponseTrailerMode: mode.ProcessingMode_SKIP}
	if body {
		rest.ResponseBodyMode, rest.ResponseTrailerMode = mode.ProcessingMode_BUFFERED, mode.ProcessingMode_SEND
	}
	return &extproc.ProcessingResponse{
		Response:     &extproc.ProcessingResponse_ResponseHeaders{ResponseHeaders: &extproc.HeadersResponse{Response: c}},
		ModeOverride: rest,
	}
}

func forBody(c *extproc.CommonResponse) *extproc.ProcessingResponse {
	return &extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_ResponseBody{ResponseBody: &extproc.BodyResponse{Response: c}}}
}

func forTrailers(m *extproc.HeaderMutation) *extproc.ProcessingResponse {
	return &extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_ResponseTrailers{ResponseTrailers: &extproc.TrailersResponse{HeaderMutation: m}}}
}

// uncode undoes the coding of a body, up to the limit. cut is set if the result is not the
// whole body, or if its coding is another one than gzip.
func uncode(h dialect.HeaderMap, body []byte, limit int) (_ []byte, cut bool) {
	switch coding := strings.ToLower(strings.Join(h["Content-Encoding"], ",")); coding {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, true
		}
		text, err := io.ReadAll(io.LimitReader(z, int64(limit)+1)) // so that a bomb costs no more than a body
		return text[:min(len(text), limit)], err != nil || len(text) > limit
	default:
		return nil, true
	}
	return body[:min(len(body), limit)], len(body) > limit
}
