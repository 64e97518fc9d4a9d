package check

import (
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// unlistedStatus finds a status that no row of the file speaks of.
func (l *look) unlistedStatus() {
	status := l.x.Response.Status
	if l.c.index.Lists(&l.x.Request, status) || status == 304 && l.conditional() {
		return
	}
	l.fault(l.status(), "", "the page does not list status %d", status)
}

// conditional reports that the request asked for a 304 (RFC 9110, 13.1).
func (l *look) conditional() bool {
	return len(l.asked("If-None-Match")) > 0 || len(l.asked("If-Modified-Since")) > 0
}

// unlistedCode finds a code of a failure that no row speaks of, nor one of its coarser code
// or of its form. Reading a success notes it by itself.
func (l *look) unlistedCode() {
	o := &l.read.Outcome
	if !o.Kind.Failing() || o.Code == "" || !l.c.index.ListsCodes() || l.isStatus(o.Code) ||
		l.read.Common != 0 || l.diagnosed("unlisted_code") || l.row != nil && !l.row.OfStatus {
		return
	}
	if len(l.rows(o.Code)) > 0 || o.Family != "" && len(l.rows(o.Family)) > 0 || l.c.index.Coarse(o.Code) || l.c.index.Coarse(o.Family) {
		return
	}
	at, line := l.placeOf("code", o.Code)
	l.fault(at, line, "the page does not list the code %q", clean(short(o.Code)))
}

// isStatus reports a code that is the status of the response, or a status in a dialect
// whose codes are statuses.
func (l *look) isStatus(code string) bool {
	n, err := strconv.Atoi(code)
	return err == nil && (n == l.x.Response.Status || l.c.index.CodesAreStatuses() && l.c.index.Lists(&l.x.Request, n))
}

// rows are those that list a code.
func (l *look) rows(code string) []*authoring.Indexed {
	if l.row != nil && l.row.Key == code {
		return []*authoring.Indexed{l.row}
	}
	return l.c.codes.of(l.c.index, code)
}

// placeOf is the place of an attribute in the body, or in the header if the body does not
// have it. line is that of the shape.
func (l *look) placeOf(attribute, value string) (at Place, line string) {
	for _, t := range l.places().Texts {
		if strings.HasSuffix(t.Attribute, attribute) && (value == "" || strings.Contains(t.Value, value)) {
			return l.body(t.Offset, t.Member), lineOf(t.Place)
		}
	}
	return l.body(0, ""), lineOf(l.places().Shape)
}

// innerStatus finds a status in the body that is not that of the response. Nothing is wrong
// if a sample of the file shows such a difference.
func (l *look) innerStatus() {
	if l.has("failure_in_success") || l.has("blames_caller") || l.has("body_contradicts_status") {
		return // these say the same
	}
	if l.shape.Inner && !l.c.index.InnerStatusDiffers() {
		for _, t := range authoring.InnerStatuses(l.c.d, l.x.Request, l.x.Response) {
			l.fault(l.body(t.Offset, t.Member), lineOf(t.Place), "the body says status %s, and the response has %d", t.Value, l.x.Response.Status)
			return
		}
	}
	o := &l.read.Outcome
	if n, ok := l.codeAsStatus(o.Code); ok && n != l.x.Response.Status && l.x.Response.Status >= 400 && n >= 400 {
		at, line := l.placeOf("code", o.Code)
		l.fault(at, line, "the body has the code %d, which is a status, and the response has %d", n, l.x.Response.Status)
	}
}

// codeAsStatus is a code that stands for a status, in a dialect that says so.
func (l *look) codeAsStatus(code string) (int, bool) {
	if code == "" || !l.c.index.CodesAreStatuses() {
		return 0, false
	}
	n, err := strconv.Atoi(code)
	if err != nil || n < 100 || n > 599 {
		return 0, false
	}
	for _, r := range l.c.codes.of(l.c.index, code) {
		if r.Status == l.x.Response.Status {
			return 0, false // the row says that it travels so
		}
		if r.Status != 0 {
			return 0, false // bodyContradictsStatus says the rest
		}
	}
	return n, true
}

// bodyContradictsStatus finds a code under another status than the page has it, and a
// success under a failing status.
func (l *look) bodyContradictsStatus() {
	o, status := &l.read.Outcome, l.x.Response.Status
	if status >= 400 && status < 600 && o.Kind.Good() {
		at, line := l.placeOf("code", o.Code)
		l.fault(at, line, "the body says %s, and status %d says failure", o.Kind, status)
		return
	}
	if o.Code == "" || l.read.Common != 0 {
		return
	}
	elsewhere := l.elsewhere(o.Code)
	if elsewhere == nil || status < 400 && elsewhere.Kind.Failing() || elsewhere.Kind.ServerFault() && status < 500 {
		return // failureInSuccess and blamesCaller say these
	}
	at, _ := l.placeOf("code", o.Code)
	l.fault(at, elsewhere.Line, "the page has the code %q under status %d, and the response has %d", clean(short(o.Code)), elsewhere.Status, status)
}

// elsewhere is a row of a code if the page has the code under other statuses only.
func (l *look) elsewhere(code string) (first *authoring.Indexed) {
	for _, r := range l.rows(code) {
		if r.Status == 0 || r.Status == l.x.Response.Status {
			return nil
		}
		if first == nil {
			first = r
		}
	}
	return first
}

// failureInSuccess finds a failure under a good status, if the page does not have it there.
func (l *look) failureInSuccess() {
	o, status := &l.read.Outcome, l.x.Response.Status
	if status < 200 || status >= 300 || !o.Kind.Failing() || len(o.Items) > 0 ||
		l.row != nil && l.row.Status == status || l.shape.Status || l.c.index.FailsUnder(status) ||
		l.read.Stream != nil { // which cannot take its status back
		return
	}
	at, line := l.placeOf("code", o.Code)
	if l.row != nil && l.row.Status != 0 {
		line = l.row.Line
	}
	l.fault(at, line, "status %d is a success, and the body says %s", status, meaning(o))
}

// blamesCaller finds a fault of the server under a status of the caller's.
func (l *look) blamesCaller() {
	o, status := &l.read.Outcome, l.x.Response.Status
	if status < 400 || status >= 500 {
		return
	}
	if o.Code != "" {
		if r := l.elsewhere(o.Code); r != nil && r.Kind.ServerFault() && r.Status >= 500 {
			at, _ := l.placeOf("code", o.Code)
			l.fault(at, r.Line, "the code %q is the server's fault (%s), and status %d blames the caller", clean(short(o.Code)), r.Kind, status)
			return
		}
	}
	for _, text := range [...]struct{ attribute, value string }{{"title", o.Title}, {"detail", o.Detail}} {
		if phrase, ok := serverPhrase(text.value); ok && !l.words(text.value) {
			at, line := l.placeOf(text.attribute, text.value)
			l.fault(at, line, "the body says %q, which is the server's fault, and status %d blames the caller", phrase, status)
			return
		}
	}
}

// words reports that a text is the row's own, and not the response's.
func (l *look) words(text string) bool {
	return l.row != nil && (text == l.row.Title || text == l.row.Help)
}

// serverPhrases are HTTP's words for a fault of the server (RFC 9110, 15.6).
var serverPhrases = [...]string{"Internal Server Error", "Bad Gateway", "Service Unavailable", "Gateway Timeout"}

// serverPhrase finds a text that is such a phrase, with a status before it or without.
func serverPhrase(text string) (string, bool) {
	text = strings.TrimSpace(strings.TrimLeft(strings.TrimSuffix(strings.TrimSpace(text), "."), "0123456789: "))
	for _, phrase := range serverPhrases {
		if len(text) == len(phrase) && strings.EqualFold(text, phrase) {
			return phrase, true
		}
	}
	return "", false
}

// meaning is a kind with its reason.
func meaning(o *parlance.Outcome) string {
	if o.Reason == "" {
		return o.Kind.String()
	}
	return o.Kind.String() + "/" + string(o.Reason)
}

// maxShort bounds a text that is quoted in a message, in bytes.
const maxShort = 100

func short(s string) string {
	if len(s) <= maxShort {
		return s
	}
	return strings.ToValidUTF8(s[:maxShort], "") + "…"
}
