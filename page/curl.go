package page

import (
	"cmp"
	"reflect"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/shell"
)

// DefaultMock is the URL of the mock that the commands of a page call.
const DefaultMock = "http://127.0.0.1:4010"

// wish is what to ask the mock for to get an example: the first code that it gives the row
// for, else the kind. It is "" if the mock gives another row for all of them.
func (x *examples) wish(w *authoring.Example) string {
	codes := []string{w.Outcome.Code}
	if w.Outcome.Code == "" && w.Outcome.Status != 0 {
		codes = append(codes, strconv.Itoa(w.Outcome.Status))
	}
	for key := range strings.SplitSeq(w.Key, ",") {
		codes = append(codes, strings.TrimSpace(key))
	}
	for _, code := range codes {
		if code == "" {
			continue
		}
		o, known := authoring.OutcomeFor(x.d, w.Request, code)
		if !known || o.Kind != w.Kind || o.Reason != w.Reason {
			continue
		}
		if reflect.DeepEqual(o, w.Outcome) {
			return "code=" + quoted(code) // an Example comes back as its row
		}
		enc := x.d.Encode(nil, w.Request, &o, w.Payload)
		if back := x.read(w.Request, &enc).Outcome; back.Kind == w.Kind && back.Reason == w.Reason && (back.Code == w.Outcome.Code || w.Outcome.Code == "") {
			return "code=" + quoted(code)
		}
	}
	return ""
}

// quoted is a text as a token if it is one, else as a quoted string (RFC 9110, 5.6).
func quoted(text string) string {
	token := func(r rune) bool {
		return r < 0x7f && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	}
	if strings.TrimFunc(text, token) == "" {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// curl is the command that gets a response from the mock.
func curl(req *dialect.Request, wish, host string) string {
	parts := []string{"curl -i"}
	if m := cmp.Or(req.Method, "GET"); m != "GET" {
		parts = append(parts, "-X "+shell.Quote(line(m)))
	}
	parts = append(parts, "-H "+shell.Quote(line("Prefer: "+wish)))
	if h, ok := req.Header.(dialect.HeaderMap); ok {
		for _, f := range sorted(h) {
			parts = append(parts, "-H "+shell.Quote(line(f.Name+": "+f.Value)))
		}
	}
	return strings.Join(append(parts, shell.Quote(host+line(req.Path))), " ")
}
