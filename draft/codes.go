package draft

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// row is one row of the table of codes.
type row struct {
	key, text, comment string // text is the kind, of a status with its reason
	code               bool   // of a body, not a status
	fixed              bool   // text is the whole row
	status             int
}

func (d *drafted) statusRow(status int, g *guesser) {
	if status < 200 {
		return // no final response has one
	}
	key := strconv.Itoa(status)
	text := kindOfStatus(status)
	if g.fields && status == 422 && text == "invalid" {
		text = "invalid/fields"
	}
	for i := range d.rows {
		if d.rows[i].key == key && !d.rows[i].code {
			if text == "invalid/fields" {
				d.rows[i].text = text
			}
			return
		}
	}
	d.rows = append(d.rows, row{key: key, text: text, status: status})
}

// kindOfStatus is what HTTP says of a status.
func kindOfStatus(status int) string {
	for _, e := range authoring.Explain(dialect.Generic(), strconv.Itoa(status)) {
		return e.Kind.String()
	}
	return "internal"
}

// codeRow lists a code of a body, with what it is taken to mean.
func (d *drafted) codeRow(code string, status int) {
	if isSpecial(code) || len(code) > 60 || slices.ContainsFunc(d.rows, func(r row) bool { return r.key == code }) {
		return
	}
	kind, comment := kindOfStatus(status), asStatus
	switch by := kindOfWord(code); {
	case by != "" && (status < 400 || (status >= 500) == serverKinds[by]):
		if by != kind {
			comment = "by its name"
		}
		kind = by
	case status < 400:
		kind, comment = "failed", "it tells of a failure"
	}
	d.rows = append(d.rows, row{key: code, text: kind, comment: comment, code: true, status: status})
}

const asStatus = "as its status"

// meaning is what stands in the row: a code that means what its status means has
// the reason of that, too.
func (d *drafted) meaning(r row) string {
	if !r.code || r.fixed {
		return r.text
	}
	kind := r.text
	for _, of := range d.rows {
		if base, _, _ := strings.Cut(of.text, "/"); !of.code && of.status == r.status && base == kind {
			kind = of.text
		}
	}
	return "{kind: " + kind + ", status: " + strconv.Itoa(r.status) + "}"
}

// isSpecial reports a code that would be read as a status, a list, a pattern, a
// range or a class.
func isSpecial(code string) bool {
	if n, err := strconv.Atoi(code); err == nil && n >= 100 && n <= 999 || strings.ContainsAny(code, ",*–") {
		return true
	}
	if len(code) == 3 && strings.HasSuffix(strings.ToLower(code), "xx") {
		return true
	}
	from, to, ranged := strings.Cut(code, "-")
	_, low := strconv.Atoi(from)
	_, high := strconv.Atoi(to)
	return ranged && low == nil && high == nil
}

var serverKinds = map[string]bool{"internal": true, "unavailable": true, "timeout": true}

// wordKinds are what vendors' codes hold, without case and hyphens, and the kind
// that they mean; the first that a code holds counts.
var wordKinds = []struct{ word, kind string }{
	{"ratelimit", "rate_limited"}, {"throttl", "rate_limited"}, {"throughput", "rate_limited"}, {"toomany", "rate_limited"}, {"slowdown", "rate_limited"},
	{"notfound", "not_found"}, {"nosuch", "not_found"}, {"unknownresource", "not_found"},
	{"quota", "quota"}, {"insufficientfunds", "failed"}, {"licen", "quota"},
	{"accessdenied", "forbidden"}, {"forbidden", "forbidden"}, {"permission", "forbidden"}, {"insufficientscope", "forbidden"}, {"notallowed", "forbidden"},
	{"auth", "unauthenticated"}, {"token", "unauthenticated"}, {"credential", "unauthenticated"}, {"session", "unauthenticated"},
	{"conflict", "conflict"}, {"alreadyexists", "conflict"}, {"duplicate", "conflict"}, {"inuse", "conflict"},
	{"internal", "internal"}, {"unavailable", "unavailable"}, {"maintenance", "unavailable"}, {"timeout", "timeout"},
	{"invalid", "invalid"}, {"missing", "invalid"}, {"bad", "invalid"}, {"required", "invalid"},
}

func kindOfWord(code string) string {
	word := plain(code)
	for _, w := range wordKinds {
		if strings.Contains(word, w.word) {
			return w.kind
		}
	}
	return ""
}

// first is the first value of a field, "" for none. The name is canonical.
func first(h dialect.HeaderMap, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// headerPlaces are the fields of a header that say more than those which every
// dialect reads.
func headerPlaces(h dialect.HeaderMap) (all []*place) {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	id := false
	for _, name := range names {
		p := plain(name)
		switch {
		case p == "xrequestid", p == "retryafter":
		case p == "wwwauthenticate":
			if scheme, params := challenge(first(h, name)); params["error"] != "" {
				text := "{" + scheme + ": {error: $code}}"
				if params["error_description"] != "" {
					text = "{" + scheme + ": {error: $code, error_description: $detail}}"
				}
				all = append(all, &place{kind: textual, key: name, text: text, comment: "looks like the code"})
			}
		case p == "retryafterms":
			all = append(all, &place{kind: textual, key: name, text: "$retry_after:ms", comment: "looks like when to come back"})
		case !id && slices.ContainsFunc(requestNames, func(n string) bool { return strings.HasSuffix(p, n) }):
			all = append(all, &place{kind: textual, key: name, text: "$request_id", comment: "looks like the request's id"})
			id = true
		}
	}
	return all
}

// challenge takes a WWW-Authenticate field of one challenge apart (RFC 9110,
// 11.6.1): its scheme, and the parameters that stand in quotes.
func challenge(value string) (scheme string, params map[string]string) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	if !isToken(scheme) || strings.ContainsAny(scheme, ":#/.") {
		return "", nil
	}
	params = map[string]string{}
	for {
		name, after, ok := strings.Cut(rest, `="`)
		if !ok {
			return scheme, params
		}
		text, more, ok := strings.Cut(after, `"`)
		if !ok {
			return scheme, params
		}
		params[strings.TrimLeft(strings.TrimSpace(name), ", ")] = text
		rest = more
	}
}
