package server

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strings"

	"github.com/parlance-api/parlance"
)

// coding is the content coding of the response (RFC 9110, 8.4); "" is none. One that a
// middleware around has stated before is for what that one will write.
func (x *exchange) coding() string {
	if x.coded {
		return ""
	}
	coding := strings.ToLower(strings.TrimSpace(x.Header().Get("Content-Encoding")))
	if coding == "identity" {
		return ""
	}
	return coding
}

// codings are those that are read.
var codings = map[string]func(io.Reader) (io.ReadCloser, error){
	"":        func(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(r), nil },
	"gzip":    func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) },
	"x-gzip":  func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) },
	"deflate": zlib.NewReader,
}

// decodes reports whether the response can be read in order to be written in the
// dialect. A response that comes compressed is a mistake in the order of middleware,
// which the log says once.
func (x *exchange) decodes() bool {
	coding := x.coding()
	_, known := codings[coding]
	if coding != "" {
		x.server.misplaced.Do(func() {
			x.server.logger.WarnContext(x.ctx, "a middleware behind Server.Wrap compresses a response that the Server writes in the dialect; put it around Server.Wrap",
				"coding", coding, "read", known, "method", x.request.Method, "path", x.request.Path)
		})
	}
	return known
}

// decoded is what was held without its content coding, up to a number of bytes. whole
// reports that this is all of it.
func (x *exchange) decoded(most int) (text []byte, whole bool) {
	if len(x.held) == 0 || x.coding() == "" {
		return x.held, true
	}
	if !x.decodes() {
		return nil, false
	}
	r, err := codings[x.coding()](bytes.NewReader(x.held))
	if err != nil {
		return nil, false
	}
	text, err = io.ReadAll(io.LimitReader(r, int64(most)+1))
	return text[:min(len(text), most)], err == nil && len(text) <= most
}

// uncode says that the response has no coding of its own.
func (x *exchange) uncode() {
	if !x.coded {
		delete(x.Header(), "Content-Encoding")
	}
}

// refuseCoded fails a compressed success that cannot be put into its envelope.
func (x *exchange) refuseCoded() {
	x.logged = true
	x.server.logger.ErrorContext(x.ctx, "the compressed response is damaged or too long for its envelope; see WithMaxBuffered, and put the middleware that compresses around Server.Wrap",
		"coding", x.coding(), "limit", x.server.maxBuffered, "path", x.request.Path)
	x.Render(parlance.Outcome{Kind: parlance.KindInternal}, none, nil)
}

// unsaid reports whether the length of the response to GET is unknown: the request is a
// HEAD, and the handler wrote nothing of the body that the response is made of.
func (x *exchange) unsaid() bool {
	return x.head && len(x.held) == 0 && (x.mode == holding || x.mode == catching)
}
