// Package rawhttp reads a response as people have it at hand: what `curl -i`
// prints, heads of the responses that came before it included.
package rawhttp

import (
	"bytes"
	"fmt"
	"net/textproto"
	"strings"

	"github.com/parlance-api/parlance/internal/httpheader"
)

// maxHead bounds one head: more than any server sends (common limits lie
// between 8 and 256 KiB), and little enough that looking for a head in a body
// costs nothing.
const maxHead = 1 << 20

// Response is the last response of a text. Transfer-Encoding and
// Content-Length stay in the header and mean nothing: curl has undone the one
// and the other may speak of the body before that.
type Response struct {
	Proto  string // as written, such as HTTP/1.1 or HTTP/2
	Status int    // 100 to 999
	Reason string // "" in HTTP/2 and HTTP/3
	Header textproto.MIMEHeader
	Body   []byte // a part of the text that was parsed
	Before []int  // the statuses of the responses before this one: interim, redirects, a proxy's
}

// SyntaxError says where a text stops being a response.
type SyntaxError struct {
	Line    int // from 1
	Message string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// Parse reads a text: a status line, header fields, an empty line, the body.
// Lines end in LF or CRLF. If curl printed several heads (see [hasNext]), the
// last one counts.
func Parse(text []byte) (*Response, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // PowerShell writes one
	line := 1
	for len(text) > 0 && (text[0] == '\n' || bytes.HasPrefix(text, []byte("\r\n"))) {
		text, line = text[bytes.IndexByte(text, '\n')+1:], line+1 // RFC 9112, 2.2
	}
	h, err := parseHead(text, line)
	if err != nil {
		return nil, err
	}
	var before []int
	for {
		next, ok := hasNext(h)
		if !ok {
			break
		}
		before = append(before, h.status)
		h = next
	}
	return &Response{Proto: h.proto, Status: h.status, Reason: h.reason, Header: h.header, Body: h.rest, Before: before}, nil
}

// hasNext finds the head that follows a head at once. Only some responses are
// followed by another, so that a body which quotes a response stays a body.
func hasNext(h *head) (*head, bool) {
	challenged := h.status == 401 || h.status == 407 // curl --anyauth, --digest, --ntlm
	switch {
	case h.status < 200: // interim (RFC 9110, 15.2), or HTTP/2 after a 101
	case h.status < 300 && strings.HasSuffix(strings.ToLower(h.reason), " established"): // a proxy's response to CONNECT
	case h.status >= 300 && h.status < 400 && h.header.Get("Location") != "": // curl -L
	case challenged:
	default:
		return nil, false
	}
	next, err := parseHead(h.rest, 1)
	if err != nil {
		return nil, false
	}
	if challenged && !next.ended {
		return nil, false // a page that says "HTTP/1.1 401 Unauthorized" and no more
	}
	return next, true
}

// head is one status line with its header fields.
type head struct {
	proto, reason string
	status        int
	header        textproto.MIMEHeader
	rest          []byte // what follows the empty line
	ended         bool   // there was an empty line; where the text ends without one, the body is empty
}

func parseHead(text []byte, line int) (*head, error) {
	first, rest, _ := cutLine(text)
	h := &head{header: textproto.MIMEHeader{}, rest: rest}
	if err := h.parseStatusLine(first, line); err != nil {
		return nil, err
	}
	var name string
	var value []string // one element a line, for obs-fold (RFC 9112, 5.2)
	keep := func() {
		if name != "" {
			h.header[name] = append(h.header[name], strings.Join(value, " "))
		}
	}
	for len(h.rest) > 0 {
		var field string
		field, h.rest, _ = cutLine(h.rest)
		line++
		if len(text)-len(h.rest) > maxHead {
			return nil, &SyntaxError{line, fmt.Sprintf("the head of the response is longer than %d bytes", maxHead)}
		}
		if field == "" {
			h.ended = true
			break
		}
		if field[0] == ' ' || field[0] == '\t' {
			if name == "" {
				return nil, &SyntaxError{line, "a header cannot begin with a space"}
			}
			value = append(value, clean(field))
			continue
		}
		keep()
		before, after, ok := strings.Cut(field, ":")
		before = strings.TrimRight(before, " \t")
		if !ok || !httpheader.IsToken(before) {
			return nil, &SyntaxError{line, fmt.Sprintf("expected a header (Name: value) or an empty line before the body, found %s", quote(field))}
		}
		name, value = textproto.CanonicalMIMEHeaderKey(before), []string{clean(after)}
	}
	keep()
	return h, nil
}

// parseStatusLine reads "HTTP/1.1 404 Not Found" or "HTTP/2 404".
func (h *head) parseStatusLine(text string, line int) error {
	var code string
	h.proto, code, _ = strings.Cut(text, " ")
	code, h.reason, _ = strings.Cut(strings.TrimLeft(code, " "), " ")
	h.reason = clean(h.reason)
	if !isProto(h.proto) {
		return &SyntaxError{line, notAResponse(text)}
	}
	if len(code) != 3 || code[0] < '1' || !isDigits(code) {
		return &SyntaxError{line, fmt.Sprintf("expected a status from 100 to 999 after %s, found %s", h.proto, quote(code))}
	}
	h.status = int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')
	return nil
}

// notAResponse says what to do about the texts that people paste instead.
func notAResponse(text string) string {
	switch trimmed := strings.TrimLeft(text, " \t"); {
	case trimmed == "":
		return "nothing to read: expected a response that begins with a status line, such as HTTP/1.1 200 OK"
	case strings.HasPrefix(trimmed, "< HTTP/"), strings.HasPrefix(trimmed, "* "), strings.HasPrefix(trimmed, "> "):
		return "this is what curl -v prints; use curl -i"
	case trimmed[0] == '{', trimmed[0] == '[', trimmed[0] == '<':
		return "this is a body without its head; use curl -i, which prints both"
	default:
		return "expected a status line, such as HTTP/1.1 200 OK, found " + quote(text)
	}
}

// isProto accepts HTTP/1.1, HTTP/1.0, HTTP/2, HTTP/2.0 and HTTP/3.
func isProto(s string) bool {
	version, ok := strings.CutPrefix(s, "HTTP/")
	major, minor, dotted := strings.Cut(version, ".")
	return ok && len(major) == 1 && isDigits(major) && (!dotted || len(minor) == 1 && isDigits(minor))
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// cutLine is the text up to the first LF, without the CR before it.
func cutLine(text []byte) (line string, rest []byte, found bool) {
	before, rest, found := bytes.Cut(text, []byte("\n"))
	if len(before) > maxHead {
		before = before[:maxHead] // a body in one line; it is no head, whatever it says
	}
	return string(bytes.TrimSuffix(before, []byte("\r"))), rest, found
}

// clean is a field value without the white space around it, and with a space
// for what a value must not hold (RFC 9110, 5.5).
func clean(value string) string {
	return strings.Trim(unfit.Replace(value), " \t")
}

var unfit = strings.NewReplacer("\x00", " ", "\r", " ")

// quote shows the beginning of a text in an error.
func quote(text string) string {
	const most = 60
	if len(text) > most {
		return fmt.Sprintf("%q…", text[:most])
	}
	return fmt.Sprintf("%q", text)
}
