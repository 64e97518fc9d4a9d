package check

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/httpheader"
	"github.com/parlance-api/parlance/internal/jsonl"
)

// CutError is a recording that ends in the middle. All that stands before the end was read.
type CutError struct {
	Source  string
	Offset  int64 // at which it ends, in bytes
	Entries int   // that were read
}

// Error says how far the recording was read.
func (e *CutError) Error() string {
	return fmt.Sprintf("%s is cut off at byte %d; %d entries before that were read", e.Source, e.Offset, e.Entries)
}

// HAR reads the entries of an HTTP Archive (HAR 1.2), as browsers and proxies save it. source
// names them in findings, with the number of the entry.
//
// It reads one entry at a time, so a file of any length takes the memory of its largest
// entry. An entry of more than 64 MiB is passed over with a *LineError. If the file is cut
// off, the last error is a *CutError. An entry without a status got no response, and is a
// *LineError too. A body that the recording leaves out is not held against the page.
func HAR(r io.Reader, source string) iter.Seq2[Exchange, error] {
	return func(yield func(Exchange, error) bool) {
		h := &harReader{r: bufio.NewReaderSize(r, 64<<10), source: source}
		err := h.log(yield)
		switch {
		case err == nil, errors.Is(err, errStopped):
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			yield(Exchange{}, &CutError{source, h.at, h.entries})
		default:
			yield(Exchange{}, fmt.Errorf("%s: %w", source, err))
		}
	}
}

// errStopped ends the reading if nobody asks for more.
var errStopped = errors.New("stopped")

// harReader finds the entries of an archive without reading the rest into memory.
type harReader struct {
	r       *bufio.Reader
	source  string
	at      int64 // bytes that were read
	entries int
	value   []byte // of one entry; used again
	yield   func(Exchange, error) bool
}

// log reads the document: {"log": {"entries": […]}}.
func (h *harReader) log(yield func(Exchange, error) bool) error {
	h.yield = yield
	found := false
	err := h.object(func(name string) error {
		if name != "log" {
			return h.skip()
		}
		return h.object(func(name string) error {
			if name != "entries" {
				return h.skip()
			}
			found = true
			return h.list(h.entry)
		})
	})
	if err == nil && !found {
		return errors.New("it is no HTTP Archive: there is no log.entries")
	}
	return err
}

func (h *harReader) byte() (byte, error) {
	c, err := h.r.ReadByte()
	if err == nil {
		h.at++
	}
	return c, err
}

// next is the next byte that is no blank. It stays unread.
func (h *harReader) next() (byte, error) {
	for {
		c, err := h.byte()
		if err != nil {
			return 0, err
		}
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' && (c < 0x80 || h.at > 3) { // a byte order mark
			h.at--
			return c, h.r.UnreadByte()
		}
	}
}

func (h *harReader) want(c byte) error {
	got, err := h.next()
	if err != nil {
		return err
	}
	if got != c {
		return fmt.Errorf("not JSON: expected %q, found %q (at byte %d)", c, got, h.at)
	}
	_, err = h.byte()
	return err
}

// object calls of for each member, which has to read its value.
func (h *harReader) object(of func(name string) error) error {
	if err := h.want('{'); err != nil {
		return err
	}
	return h.each('}', func() error {
		name, err := h.text()
		if err == nil {
			err = h.want(':')
		}
		if err != nil {
			return err
		}
		return of(name)
	})
}

func (h *harReader) list(of func() error) error {
	if err := h.want('['); err != nil {
		return err
	}
	return h.each(']', of)
}

// each calls of for each element up to a bracket.
func (h *harReader) each(end byte, of func() error) error {
	c, err := h.next()
	if err != nil {
		return err
	}
	for first := true; c != end; first = false {
		if !first {
			if err := h.want(','); err != nil {
				return err
			}
		}
		if err := of(); err != nil {
			return err
		}
		if c, err = h.next(); err != nil {
			return err
		}
		if c != ',' && c != end {
			return fmt.Errorf("not JSON: expected a comma, found %q (at byte %d)", c, h.at)
		}
	}
	return h.want(end)
}

// maxName bounds the name of a member. Longer ones are none that is looked for.
const maxName = 64

// text reads a name. Escapes stay as they are: no name that is looked for has one.
func (h *harReader) text() (string, error) {
	if err := h.want('"'); err != nil {
		return "", err
	}
	var name []byte
	for escaped := false; ; {
		c, err := h.byte()
		switch {
		case err != nil:
			return "", err
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			return string(name), nil
		}
		if len(name) < maxName {
			name = append(name, c)
		}
	}
}

// skip passes over a value.
func (h *harReader) skip() error { return h.span(func([]byte) {}) }

// span reads a value, and gives it to each in pieces.
func (h *harReader) span(each func([]byte)) error {
	if _, err := h.next(); err != nil {
		return err
	}
	var v harValue
	for {
		if _, err := h.r.Peek(1); err != nil {
			return err
		}
		piece, err := h.r.Peek(h.r.Buffered())
		if err != nil {
			return err
		}
		n, ends := v.end(piece)
		each(piece[:n])
		h.at += int64(n)
		if _, err := h.r.Discard(n); err != nil || ends {
			return err
		}
	}
}

// harValue is how far into a value the reading is.
type harValue struct {
	depth           int
	inText, escaped bool
}

// end finds the end of the value in its next piece. It returns how much of the piece is of
// the value.
func (v *harValue) end(piece []byte) (n int, ends bool) {
	for i, c := range piece {
		if v.inText {
			switch {
			case v.escaped:
				v.escaped = false
			case c == '\\':
				v.escaped = true
			case c == '"':
				if v.inText = false; v.depth == 0 {
					return i + 1, true
				}
			}
			continue
		}
		switch c {
		case '"':
			v.inText = true
		case '{', '[':
			v.depth++
		case '}', ']':
			if v.depth == 0 {
				return i, true // of what is around a bare value
			}
			if v.depth--; v.depth == 0 {
				return i + 1, true
			}
		case ',':
			if v.depth == 0 {
				return i, true
			}
		}
	}
	return len(piece), false
}

// entry reads one entry, and gives it to the caller.
func (h *harReader) entry() error {
	h.value = h.value[:0]
	long := false
	err := h.span(func(piece []byte) {
		if long = long || len(h.value)+len(piece) > jsonl.MaxLine; !long {
			h.value = append(h.value, piece...)
		}
	})
	if err != nil {
		return err
	}
	h.entries++
	var x Exchange
	if long {
		err = jsonl.ErrTooLong
		h.value = nil
	} else {
		x, err = harExchange(h.value)
	}
	if err != nil {
		err = &LineError{h.source, h.entries, err}
	}
	x.Source, x.Line = h.source, h.entries
	if !h.yield(x, err) {
		return errStopped
	}
	return nil
}

// harFields are the header fields of an archive.
type harFields []struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (f harFields) header() dialect.HeaderMap {
	h := make(dialect.HeaderMap, len(f))
	for _, one := range f {
		if strings.HasPrefix(one.Name, ":") {
			continue // of HTTP/2, and no field
		}
		name := httpheader.Canonical(one.Name)
		h[name] = append(h[name], one.Value)
	}
	return h
}

// harExchange is an entry as an Exchange.
func harExchange(value []byte) (x Exchange, err error) {
	var e struct {
		Request struct {
			Method  string    `json:"method"`
			URL     string    `json:"url"`
			Headers harFields `json:"headers"`
		} `json:"request"`
		Response struct {
			Status  int       `json:"status"`
			Headers harFields `json:"headers"`
			Content struct {
				Size     int64   `json:"size"`
				Text     *string `json:"text"`
				Encoding string  `json:"encoding"`
			} `json:"content"`
		} `json:"response"`
	}
	if err := jsonl.Unmarshal(value, &e); err != nil {
		return x, err
	}
	x.At = withoutCredentials(e.Request.URL)
	x.Request = dialect.Request{Method: strings.ToUpper(e.Request.Method), Path: pathOf(e.Request.URL), Header: e.Request.Headers.header()}
	res := dialect.Response{Status: e.Response.Status, Header: e.Response.Headers.header()}
	if res.Status < 100 || res.Status > 999 {
		return x, fmt.Errorf("%s %s got no response (status %d)", x.Request.Method, clean(short(x.At)), res.Status)
	}
	content := &e.Response.Content
	switch {
	case content.Text == nil:
		res.Cut = content.Size > 0
	case content.Encoding == "base64":
		if res.Body, err = base64.StdEncoding.DecodeString(*content.Text); err != nil {
			return x, fmt.Errorf("the body is not valid base64: %w", err)
		}
	default:
		res.Body = []byte(*content.Text)
	}
	x.Response = res
	return x, nil
}

// pathOf is the path of a URL.
func pathOf(address string) string {
	if i := strings.Index(address, "://"); i >= 0 {
		address = address[i+3:]
		slash := strings.IndexAny(address, "/?#")
		if slash < 0 {
			return "/"
		}
		address = address[slash:]
	}
	if end := strings.IndexAny(address, "?#"); end >= 0 {
		address = address[:end]
	}
	if address == "" {
		return "/"
	}
	return address
}

// withoutCredentials is a URL without its user and its query, which can hold secrets.
func withoutCredentials(address string) string {
	scheme, rest, found := strings.Cut(address, "://")
	if !found {
		return pathOf(address)
	}
	host, _, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, "?")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	}
	return scheme + "://" + host + pathOf(address)
}
