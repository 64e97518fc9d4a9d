package fault

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance/mock/scenario"
)

// Response is a response that is to be broken. As an http.ResponseWriter it takes one from a
// handler. The zero value is ready to use. It is for one goroutine.
type Response struct {
	Status int // 0 is 200
	Fields http.Header
	Body   []byte
}

// Header is the header of the response.
func (res *Response) Header() http.Header {
	if res.Fields == nil {
		res.Fields = http.Header{}
	}
	return res.Fields
}

// WriteHeader sets the status. The first one counts. Informational ones (1xx) are left out.
func (res *Response) WriteHeader(status int) {
	if res.Status == 0 && status >= 200 {
		res.Status = status
	}
}

// Write adds to the body.
func (res *Response) Write(p []byte) (int, error) {
	res.WriteHeader(http.StatusOK)
	res.Body = append(res.Body, p...)
	return len(p), nil
}

func (res *Response) status() int { return cmp.Or(res.Status, http.StatusOK) }

// head copies the header, with the length of the body.
func (res *Response) head(to http.Header) {
	for name, values := range res.Fields {
		to[name] = values
	}
	if len(res.Body) > 0 {
		to["Content-Length"] = []string{strconv.Itoa(len(res.Body))}
	}
}

// lying is a copy whose Content-Type is wrong.
func (res *Response) lying(f scenario.Fault) *Response {
	media, _, _ := strings.Cut(cmp.Or(res.Fields.Get("Content-Type"), "text/plain"), ";")
	switch {
	case f == scenario.FaultWrongCharset:
		media += "; charset=utf-16"
	case strings.Contains(media, "html"), strings.Contains(media, "xml"), strings.Contains(media, "text/"):
		media = "application/json"
	default:
		media = "text/html"
	}
	lie := Response{res.Status, res.Fields.Clone(), res.Body}
	lie.Header().Set("Content-Type", media)
	return &lie
}

// parts are the header and the body as HTTP/1.1 sends them. The connection closes after
// them.
func (res *Response) parts(r *http.Request) (header, body []byte) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/%d.%d %d %s\r\n", r.ProtoMajor, r.ProtoMinor, res.status(), http.StatusText(res.status()))
	h := http.Header{}
	res.head(h)
	h.Set("Connection", "close")
	if h.Get("Date") == "" {
		h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	_ = h.Write(&b) // a buffer takes all; a line break in a value becomes a space
	b.WriteString("\r\n")
	if r.Method == http.MethodHead {
		return b.Bytes(), nil
	}
	return b.Bytes(), res.Body
}
