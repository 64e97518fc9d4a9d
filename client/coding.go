package client

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

// undo removes the content coding of a body if the caller asked for the coding;
// net/http removes only the gzip that it asked for itself. For an unknown coding
// it returns nil, and the dialect judges that. The text is no longer than limit,
// so a bomb costs no more than a body. cut goes in and comes out: it says that
// there is more.
func undo(header http.Header, body []byte, cut bool, limit int) ([]byte, bool) {
	coding := header["Content-Encoding"]
	if len(coding) == 0 {
		return body, cut
	}
	switch strings.ToLower(strings.TrimSpace(strings.Join(coding, ","))) {
	case "", "identity":
		return body, cut
	case "gzip", "x-gzip": // RFC 9110, 8.4.1.3
	default:
		return nil, false
	}
	if len(body) == 0 {
		return nil, cut // the response to a HEAD says how it would be coded
	}
	zr, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, cut
	}
	text, _ := io.ReadAll(io.LimitReader(zr, int64(limit)+1)) // what was readable until a fault is all there is
	if len(text) > limit {
		return text[:limit], true
	}
	return text, cut
}
