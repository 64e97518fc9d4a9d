package validate

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
)

// refusal is why a document was not even held to its schema.
type refusal struct {
	status   int // HTTP's own word for it, 0 where it has none
	kind     parlance.Kind
	reason   parlance.Reason
	key      string // of its text, and its code
	args     []any
	location []string // of the field, where one is to blame
	offset   int64    // in the document, 0 where it has no place
	line     int      // from 1; 0: no place
	column   int      // in characters, from 1
	cause    error    // for the log
}

func (r *refusal) Error() string { return r.key }

// locate turns the offset into line and column.
func (r *refusal) locate(data []byte) {
	before := data[:min(max(r.offset, 0), int64(len(data)))]
	r.line = 1 + bytes.Count(before, []byte("\n"))
	r.column = 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
}

// err is the refusal of a document of the programmer's.
func (r *refusal) err(data []byte) error {
	if r.line == 0 {
		r.locate(data)
	}
	if r.cause != nil {
		return fmt.Errorf("line %d, column %d: %w", r.line, r.column, r.cause)
	}
	return fmt.Errorf("line %d, column %d: %s", r.line, r.column, r.key)
}

// error is the refusal as an Outcome.
func (r *refusal) error(s speaker) *parlance.Error {
	detail := s.say([]string{r.key}, r.args...)
	if r.line > 0 {
		detail = s.say([]string{"place"}, detail, strconv.Itoa(r.line), strconv.Itoa(r.column))
	}
	k := r.kind
	if k == 0 {
		k = parlance.KindInvalid
	}
	e := parlance.NewError(k, "%s", detail)
	e.Outcome.Status, e.Outcome.Reason = r.status, r.reason
	if s.xml && k == parlance.KindInvalid && r.status == 0 {
		e.Outcome.Reason = parlance.ReasonXML // a document that cannot be read keeps no rule
	}
	if r.location != nil {
		v := violation{location: r.location}
		e.WithFields(parlance.Field{Path: v.path(), Code: r.key, Message: detail})
	}
	if r.cause != nil {
		e.Because(r.cause)
	}
	return e
}

// maxName bounds, in bytes, what is repeated of a client's own words.
const maxName = 128

// clip is a client's text, short and without what could forge a line.
func clip(s string) string {
	if len(s) > maxName {
		s = strings.ToValidUTF8(s[:maxName], "") + "…"
	}
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || c == '\u2028' || c == '\u2029' || unicode.Is(unicode.Bidi_Control, c) {
			return ' '
		}
		return c
	}, s)
}

var errNothing = errors.New("validate: no part of this request was validated")
