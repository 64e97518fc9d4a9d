package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
)

// bodyError is a fault of the caller's own body. A transport returns the error of
// the body that it reads, so this one comes back and cannot be mistaken for an
// error of the connection.
type bodyError struct {
	why string // for people
	err error
}

func (e *bodyError) Error() string { return e.err.Error() }
func (e *bodyError) Unwrap() error { return e.err }

// Timeout reports a body that did not come in time. net.OpError asks for it by name.
func (e *bodyError) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.As(e.err, &t) && t.Timeout()
}

const bodyUnread = "the body of the request could not be read: the request was not sent, or only a part of it"

// watchBody has the body of a request checked while it is sent. A body in memory
// stays as it is if its length is right, because net/http sends it with the header
// in one packet. So does a file, which the system may send by itself.
func watchBody(req *http.Request) {
	if req.Body == nil || req.Body == http.NoBody {
		return
	}
	if _, ok := req.Body.(*os.File); ok {
		return
	}
	stated := req.ContentLength
	if stated == 0 {
		stated = -1 // net/http takes it as unknown if there is a body
	}
	b := &watchedBody{ReadCloser: req.Body, stated: stated}
	if n, ok := inMemory(req.Body); ok {
		if stated < 0 || n == stated {
			return
		}
		b.err = lengthError(n, stated)
	}
	req.Body = b
}

// watchedBody is a body of the caller whose errors are told from those of the
// connection.
type watchedBody struct {
	io.ReadCloser
	stated int64 // the Content-Length; -1 for none
	read   int64
	err    error // what ends it
}

// Read reads the body, and fails if it is not as long as stated.
func (b *watchedBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	switch {
	case err != nil && err != io.EOF:
		b.err = &bodyError{bodyUnread, err}
	case b.stated >= 0 && (b.read > b.stated || err == io.EOF && b.read < b.stated):
		b.err = lengthError(b.read, b.stated)
	default:
		return n, err
	}
	return n, b.err
}

func lengthError(read, stated int64) error {
	relation := "shorter"
	if read > stated {
		relation = "longer"
	}
	return &bodyError{bodyLength(relation, stated), errBodyLength}
}

func bodyLength(relation string, stated int64) string {
	return fmt.Sprintf("the body of the request is %s than its Content-Length of %d bytes", relation, stated)
}

var errBodyLength = errors.New("client: the body of the request is not as long as its Content-Length")

// nopCloser is the type that http.NewRequest gives a body in memory.
var (
	nopCloser         = reflect.TypeOf(io.NopCloser(nil))
	nopCloserWriterTo = reflect.TypeOf(io.NopCloser(&bytes.Reader{}))
)

// inMemory is the length of a body that net/http knows to be in memory.
func inMemory(body io.ReadCloser) (int64, bool) {
	var r io.Reader = body
	if t := reflect.TypeOf(body); t == nopCloser || t == nopCloserWriterTo {
		r, _ = reflect.ValueOf(body).Field(0).Interface().(io.Reader)
	}
	switch r := r.(type) {
	case *bytes.Reader:
		return int64(r.Len()), true
	case *bytes.Buffer:
		return int64(r.Len()), true
	case *strings.Reader:
		return int64(r.Len()), true
	}
	return 0, false
}
