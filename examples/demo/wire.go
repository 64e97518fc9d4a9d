package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// shownBytes is how much of a body is shown.
const shownBytes = 8 << 10

// wire is a request and the response to it, as texts for people.
type wire struct {
	request  bytes.Buffer
	response bytes.Buffer
	status   int
	header   http.Header // of the response
	body     bytes.Buffer
}

// asked writes a request down, and puts back the part of the body that it read.
func (w *wire) asked(r *http.Request) {
	begin, rest := beginning(r.Body)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(begin), rest), r.Body}
	}
	fmt.Fprintf(&w.request, "%s %s HTTP/1.1\nHost: %s\n", r.Method, r.URL.RequestURI(), r.Host)
	writeHeader(&w.request, r.Header)
	writeBody(&w.request, begin)
}

// responded writes a response down.
func (w *wire) responded() {
	fmt.Fprintf(&w.response, "HTTP/1.1 %d %s\n", w.status, http.StatusText(w.status))
	writeHeader(&w.response, w.header)
	writeBody(&w.response, w.body.Bytes())
}

// beginning reads what is shown of a body.
func beginning(body io.Reader) ([]byte, io.Reader) {
	if body == nil {
		return nil, http.NoBody
	}
	begin, _ := io.ReadAll(io.LimitReader(body, shownBytes)) // who reads the rest meets the error again
	return begin, body
}

// keep writes down what is shown of a body.
func (w *wire) keep(b []byte) {
	if room := shownBytes - w.body.Len(); room > 0 {
		w.body.Write(b[:min(len(b), room)])
	}
}

// writeHeader writes a header, sorted by name. A credential is not shown: people take
// screenshots.
func writeHeader(w *bytes.Buffer, h http.Header) {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range h[name] {
			if scheme, _, ok := strings.Cut(v, " "); ok && name == "Authorization" {
				v = scheme + " …"
			}
			fmt.Fprintf(w, "%s: %s\n", name, v)
		}
	}
}

// writeBody writes what is shown of a body. JSON is laid out in lines.
func writeBody(w *bytes.Buffer, body []byte) {
	var laidOut bytes.Buffer
	switch {
	case len(body) == 0:
	case json.Indent(&laidOut, body, "", "  ") == nil:
		fmt.Fprintf(w, "\n%s", laidOut.Bytes())
	case utf8.Valid(body):
		fmt.Fprintf(w, "\n%s", bytes.TrimRight(body, " \n"))
	default:
		fmt.Fprintf(w, "\n(%d bytes that are no text)", len(body))
	}
	if len(body) >= shownBytes {
		w.WriteString("\n…")
	}
}
