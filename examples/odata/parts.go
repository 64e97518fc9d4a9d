package odata

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// The limits of a batch. Beyond them nothing is read, and there is a Diagnostic.
// The whole body has at most dialect.MaxBody bytes.
const (
	MaxParts  = 1000     // responses and change sets, including those in change sets
	MaxHeader = 16 << 10 // bytes of the header of a part, and of the response in it
)

// Part is one response of a batch.
type Part struct {
	Index  int    // zero-based place among the responses, those in change sets included
	ID     string // Content-ID, that of the request; "" if there is none
	Set    int    // the change set that it stands in, from 1; 0 is none
	Status int
	Header dialect.HeaderMap
	Body   []byte // the payload, in memory of its own
}

// Parts splits the body of a multipart batch response. It returns all parts that
// can be read, and a Diagnostic for each that cannot.
func Parts(contentType string, body []byte) ([]Part, []parlance.Diagnostic) {
	var r reader
	r.batch(contentType, body, 0)
	return r.parts, r.faults
}

// reader takes one batch apart.
type reader struct {
	parts  []Part
	faults []parlance.Diagnostic
	next   int // the place of the next response, whether it can be read or not
	seen   int // parts of any kind
	sets   int // change sets
}

// note complains of what was not read.
func (r *reader) note(rule, format string, args ...any) {
	r.faults = append(r.faults, warning(rule, format, args...))
}

func warning(rule, format string, args ...any) parlance.Diagnostic {
	return parlance.Diagnostic{Rule: rule, Severity: parlance.SeverityWarning, Message: fmt.Sprintf(format, args...)}
}

// place says of which response a complaint is.
func place(index int) string { return "part " + strconv.Itoa(index) + " of the batch: " }

// batch reads the parts of a batch, or of its change set number set. It reports
// false where no more is to be read.
func (r *reader) batch(contentType string, body []byte, set int) bool {
	boundary := parameters(contentType)["boundary"]
	if n := len(boundary); n == 0 || n > 70 { // RFC 2046, 5.1.1
		r.note("broken_batch", "a boundary of 1 to 70 characters is missing in %q", clip(contentType))
		return true
	}
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for first := true; ; first = false {
		p, err := parts.NextRawPart() // nothing is decoded: the parts are binary
		switch {
		case err == io.EOF && first:
			r.note("broken_batch", "it has no part") // RFC 2046, 5.1: one or more
			return true
		case err == io.EOF && !ended(body, boundary):
			r.note("broken_batch", "after %d responses: it has no end", r.next)
			return true
		case err == io.EOF:
			return true
		case err != nil:
			r.note("broken_batch", "after %d responses: %s", r.next, clip(err.Error()))
			return true
		case r.seen == MaxParts:
			r.note("too_many_parts", "only the first %d parts were read", MaxParts)
			return false
		}
		r.seen++
		text, err := io.ReadAll(p)
		if err != nil {
			r.note("broken_batch", "%s%s", place(r.next), clip(err.Error()))
			r.next++
			return true
		}
		if !r.part(p.Header, text, set) {
			return false
		}
	}
}

// ended reports that the last delimiter is there (RFC 2046, 5.1.1): the reader of
// mime/multipart takes a body that ends after another one for complete.
func ended(body []byte, boundary string) bool {
	for line := range bytes.Lines(body) {
		if rest, ok := bytes.CutPrefix(line, []byte("--"+boundary+"--")); ok && len(bytes.TrimSpace(rest)) == 0 {
			return true
		}
	}
	return false
}

// part reads one part, which is a response or a change set. It reports false
// where no more is to be read.
func (r *reader) part(header textproto.MIMEHeader, text []byte, set int) bool {
	contentType := header.Get("Content-Type")
	if isMultipart(contentType) && set == 0 {
		r.sets++
		return r.batch(contentType, text, r.sets)
	}
	index := r.next
	r.next++
	media, _, _ := strings.Cut(contentType, ";")
	switch coding := strings.ToLower(header.Get("Content-Transfer-Encoding")); {
	case isMultipart(contentType):
		r.note("too_deep", "%sa change set stands in a change set", place(index)) // 11.7.7.1
	case !strings.EqualFold(strings.TrimSpace(media), application):
		r.note("unfit_part", "%sit is %q, not %s", place(index), clip(contentType), application)
	case coding != "" && coding != "binary" && coding != "8bit" && coding != "7bit":
		r.note("unfit_part", "%sit is encoded as %q", place(index), clip(coding))
	case size(header) > MaxHeader:
		r.note("too_large", "%sits header has more than %d bytes", place(index), MaxHeader)
	default:
		p, err := parseResponse(text)
		if err != nil {
			r.note("broken_part", "%s%v", place(index), err)
			break
		}
		p.Index, p.Set, p.ID = index, set, header.Get("Content-ID")
		if p.ID == "" {
			p.ID = first(p.Header, "Content-Id") // where a request of OData 4.0 may have had it, too
		}
		p.ID = strings.ToValidUTF8(p.ID, "\uFFFD")
		r.parts = append(r.parts, p)
	}
	return true
}

// The faults of a response in a part.
var (
	errNoStatus = errors.New("it does not begin with a status line such as HTTP/1.1 200 OK")
	errInterim  = errors.New("its status is an interim one, which responds to nothing")
	errHeader   = errors.New("its header cannot be read")
	errTooLarge = fmt.Errorf("its header has more than %d bytes", MaxHeader)
	errShort    = errors.New("its body ends before its Content-Length")
	errBatch    = errors.New("it is a batch itself")
	errEmpty    = errors.New("it is empty")
)

// parseResponse reads one HTTP response: status line, header, body.
func parseResponse(text []byte) (p Part, err error) {
	text = bytes.TrimLeft(text, "\r\n") // a blank line too many is a common slip
	if len(text) == 0 {
		return p, errEmpty
	}
	head, body := split(text)
	if len(head) > MaxHeader {
		return p, errTooLarge
	}
	line, fields, _ := bytes.Cut(head, []byte("\n"))
	if p.Status, err = status(strings.TrimRight(string(line), "\r")); err != nil {
		return p, err
	}
	header, err := textproto.NewReader(bufio.NewReader(io.MultiReader(bytes.NewReader(fields), strings.NewReader("\r\n\r\n")))).ReadMIMEHeader()
	if err != nil {
		return p, errHeader // whose text may be long
	}
	p.Header, p.Body = dialect.HeaderMap(header), body
	if isMultipart(header.Get("Content-Type")) {
		return p, errBatch // no request of a batch is a batch (11.7)
	}
	if length, err := strconv.Atoi(header.Get("Content-Length")); err == nil && length > len(body) {
		return p, errShort
	}
	return p, nil
}

// split parts the head of a response from its body, at the first empty line. An
// response without a body may lack that.
func split(text []byte) (head, body []byte) {
	for at := 0; ; {
		n := bytes.IndexByte(text[at:], '\n')
		if n < 0 {
			return text, nil
		}
		at += n + 1
		if rest := text[at:]; bytes.HasPrefix(rest, []byte("\n")) {
			return text[:at], rest[1:]
		} else if bytes.HasPrefix(rest, []byte("\r\n")) {
			return text[:at], rest[2:]
		}
	}
}

// status reads a status line (RFC 9112, 4).
func status(line string) (int, error) {
	version, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(code)
	switch {
	case !strings.HasPrefix(version, "HTTP/"), err != nil, len(code) != 3, n < 100:
		return 0, errNoStatus
	case n < 200:
		return 0, errInterim
	}
	return n, nil
}

// size is how long a header is, in bytes.
func size(header textproto.MIMEHeader) (n int) {
	for name, values := range header {
		for _, v := range values {
			n += len(name) + len(v)
		}
	}
	return n
}

// clip keeps a stranger's text short in a message.
func clip(s string) string { return s[:min(len(s), 100)] }
