package client

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/parlance-api/parlance/dialect"
)

// firstRead is allocated for a body of unknown length. A Content-Length is
// believed up to trustedLength only.
const (
	firstRead     = 512
	trustedLength = 64 << 10
)

// mustRead reports whether a body can tell more than status and header do. The
// body of a failure is always read, so that a wait holds no connection.
func mustRead(d *dialect.Dialect, req dialect.Request, resp *http.Response) bool {
	if resp.Body == nil || resp.Body == http.NoBody {
		return false
	}
	return resp.StatusCode >= 400 || d.NeedsBody(req, resp.StatusCode, resp.Header)
}

// replayed is a body of which a part was read ahead: head comes first, then err,
// or the rest.
type replayed struct {
	head []byte
	err  error
	rest io.ReadCloser // nil if head is all
}

// peek reads up to limit bytes of a response's body and puts b in its place,
// which gives the caller all of it. cut says that there is more. err is the error
// that ended the body; the caller gets it in the same place.
//
// A good response of unknown length may be a stream of documents, such as the watch of
// a resource, that ends in an hour. Its first document is all that is waited for.
func (b *replayed) peek(resp *http.Response, limit int) (head []byte, cut bool, err error) {
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
		if err == nil && resp.StatusCode < 300 && resp.ContentLength < 0 && oneLine(head) {
			break
		}
	}
	*b = replayed{head: head, rest: resp.Body}
	resp.Body = b
	switch {
	case err == nil && len(head) <= limit:
		return head, false, nil
	case len(head) > limit: // what err there is comes again
		return head[:limit], true, nil
	case err == io.EOF:
		_ = b.rest.Close() // the connection is free while the caller reads or we wait; all that was to come has come
		b.rest = nil
		return head, false, nil
	}
	b.err = err
	return head, true, err
}

// oneLine reports that all of a text is one JSON object, and a line.
func oneLine(text []byte) bool {
	return len(text) > 2 && text[0] == '{' && text[len(text)-1] == '\n' && json.Valid(text)
}

// Read gives the bytes that were read ahead, then the rest.
func (b *replayed) Read(p []byte) (int, error) {
	switch {
	case len(b.head) > 0:
		n := copy(p, b.head)
		b.head = b.head[n:]
		return n, nil
	case b.err != nil:
		return 0, b.err
	case b.rest == nil:
		return 0, io.EOF
	}
	return b.rest.Read(p)
}

// Close closes the rest.
func (b *replayed) Close() error {
	b.head = nil
	if b.rest == nil {
		return nil
	}
	return b.rest.Close()
}
