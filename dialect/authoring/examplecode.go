package authoring

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// exampleCode is one code of a row: in the body, as the status, or as the name of a form.
type exampleCode struct {
	text   string // as the file has it, or as it fits the glob or the range
	code   string // in the body, "" for none
	status int    // of HTTP; 0 is that of the kind
}

// codesOf are codes of a row that no other row has.
func (d author) codesOf(r *spec.Row) (all []exampleCode) {
	for key := range strings.SplitSeq(r.Key, ",") {
		all = append(all, d.codesOfKey(r, strings.TrimSpace(key))...)
	}
	return all
}

// codesOfKey are codes of one key of a row: itself, or codes that fit it.
func (d author) codesOfKey(r *spec.Row, key string) (all []exampleCode) {
	sp, numeric := spec.ParseSpan(key)
	switch {
	case numeric && sp.From != sp.To:
		for _, n := range d.unlisted(r, sp) {
			all = append(all, d.coded(r, strconv.Itoa(n)))
		}
	case strings.Contains(key, "*"):
		for _, fill := range []string{"example", "1", "x", ""} {
			text := strings.ReplaceAll(key, "*", fill)
			if r.Conditional() || d.Codes.ByCode(text, spec.AnyForm, &wire.Request{}) == r {
				return []exampleCode{d.coded(r, text)}
			}
		}
	default:
		all = append(all, d.coded(r, key))
	}
	return all
}

// unlisted are numbers of a range that no other row names, at first those that no standard
// names either.
func (d author) unlisted(r *spec.Row, sp spec.Span) (all []int) {
	take := func(n int) {
		for _, rows := range d.Codes.RowsFor(strconv.Itoa(n), n, true) {
			if len(all) < maxUnlisted && n >= sp.From && n <= sp.To && !slices.Contains(all, n) && rows != nil {
				if slices.Contains(rows, r) {
					all = append(all, n)
				}
				return
			}
		}
	}
	for _, n := range []int{299, 399, 418, 499, 599} {
		take(n)
	}
	for n := sp.From; n <= sp.To && n < sp.From+1000 && len(all) < maxUnlisted; n++ {
		take(n)
	}
	return all
}

// coded is a code of a row as a response carries it.
func (d author) coded(r *spec.Row, text string) exampleCode {
	c := exampleCode{text: text, code: text, status: r.Status}
	n, err := strconv.Atoi(text)
	switch isStatus := err == nil && n >= spec.FirstStatus && n <= 999; {
	case isStatus && r.Status == 0:
		c.code, c.status = "", n
	case d.Named(text):
		c.code = ""
		for _, s := range d.Shapes {
			if s.Is == text && c.status == 0 && len(s.Status) > 0 && !s.ReadOnly {
				c.status = s.Status[0].From
			}
		}
	}
	return c
}

// maxUnlisted is how many numbers of a range are tried.
const maxUnlisted = 3
