package client

import (
	"bytes"
	"io"
	"net/http"

	"github.com/parlance-api/parlance/dialect"
)

// firstRead is the least that is set aside for a body of unknown length; what a
// Content-Length promises is believed up to trustedLength only.
const (
	firstRead     = 512
	trustedLength = 64 << 10
)

// mustRead reports whether a body can tell more than status and header do. That
// of a failure is read in any case, so that no connection is held by a wait.
func mustRead(d *dialect.Dialect, req dialect.Request, resp *http.Response) bool {
	if resp.Body == nil || resp.Body == http.NoBody {
		return false
	}
	return resp.StatusCode >= 400 || d.Alters(req, resp.StatusCode, resp.Header)
}

// peek reads up to limit bytes of a response's body and puts a body in its place
// that gives the caller all of it. cut tells that there is more. err is what
// broke the body off; the caller meets it in the same place.
func peek(resp *http.Response, limit int) (head []byte, cut bool, err error) {
	size := firstRead
	if n := resp.ContentLength; n > 0 {
		size = int(min(n, trustedLength)) + 1 // one more finds the end without growing
	}
	head = make([]byte, 0, min(size, limit+1))
	for len(head) <= limit && err == nil {
		if len(head) == cap(head) {
			grown := make([]byte, len(head), min(2*cap(head), limit+1))
			copy(grown, head)
			head = grown
		}
		var n int
		n, err = resp.Body.Read(head[len(head):cap(head)])
		head = head[:len(head)+n]
	}
	switch {
	case len(head) > limit: // what err there is comes again
		resp.Body = &replayed{io.MultiReader(bytes.NewReader(head), resp.Body), resp.Body}
		return head[:limit], true, nil
	case err == io.EOF:
		err = resp.Body.Close() // the connection is free while the caller reads or we wait
		_ = err                 // all that was to come has come
		resp.Body = io.NopCloser(bytes.NewReader(head))
		return head, false, nil
	}
	resp.Body = &replayed{io.MultiReader(bytes.NewReader(head), failing{err}), resp.Body}
	return head, true, err
}

// replayed is a body of which a part was read ahead.
type replayed struct {
	io.Reader
	io.Closer
}

// failing reads nothing but its error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
