package dialect_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// draws are bytes that choices are drawn from. If none is left, each choice is its first
// and simplest one, so that a fuzzer which shortens the bytes makes the case smaller.
type draws struct{ left []byte }

// n draws a number below a limit.
func (d *draws) n(limit int) int {
	if len(d.left) == 0 {
		return 0
	}
	v := int(d.left[0])
	d.left = d.left[1:]
	return v % limit
}

// once draws true once in so many times.
func (d *draws) once(in int) bool { return d.n(in) == in-1 }

func (d *draws) of(all ...string) string { return all[d.n(len(all))] }

// fileDraw draws a dialect file from the grammar of the language.
type fileDraw struct {
	*draws
	xml     bool
	members int             // that have a name by now
	used    map[string]bool // attributes that have a place in the shape
	defined []string        // lines of define
}

// file is a whole dialect file.
func (g *fileDraw) file() string {
	var b strings.Builder
	var shapes []string
	for i := range 1 + g.n(2) {
		shapes = append(shapes, g.failure(i))
	}
	bulk := g.once(2)
	if bulk {
		shapes = append(shapes, g.bulk())
	}
	if bulk || g.once(3) {
		shapes = append(shapes, g.success())
	}
	if g.once(3) {
		shapes = append(shapes, "  - {headers: {"+g.of("X-Request-Ref: $request_id", "X-Note: $note", "X-Help: {help: $help}", "X-Doc: {$json: {title: $title, type: $type}}", "X-Reason: $reason")+"}}\n")
	}
	all := strings.Join(append(shapes, g.defined...), "")
	b.WriteString("dialect: drawn\n" + g.codes(strings.Contains(all, "code")))
	if strings.Contains(all, "code:int") {
		b.WriteString("codes_are_statuses: false\n")
	}
	if len(g.defined) > 0 {
		b.WriteString("define:\n" + strings.Join(g.defined, ""))
	}
	b.WriteString("shapes:\n" + strings.Join(shapes, ""))
	return b.String()
}

// codes are the rows: a few that every API has, and others by chance. Codes of bodies are
// among them if a shape reads one.
func (g *fileDraw) codes(read bool) string {
	rows := []string{"200: success"}
	for _, row := range []string{
		"404: not_found", "422: invalid/fields", "locked: {kind: conflict, status: 409}", "E1*: {kind: forbidden, status: 403}", "207: partial", "409: conflict",
		"unknown: {kind: not_found, status: 404, default: true}", "fine: {kind: failed, status: 402, family: coarse}", "coarse: {kind: invalid, status: 402}",
		"429: {kind: rate_limited, retry: {backoff: 1s..60s}}", "stale: {kind: unauthenticated/expired, status: 401}", "202: accepted",
		"403: {kind: forbidden, title: Not allowed, help: Ask for access}", "5001: {kind: invalid, status: 400}",
	} {
		if inBody := strings.Contains(row, "status:"); g.n(3) == 0 && (read || !inBody) {
			rows = append(rows, row)
		}
	}
	return "codes:\n  " + strings.Join(append(rows, "4xx: invalid", "5xx: internal"), "\n  ") + "\n"
}

// failure is a shape of a failed response.
func (g *fileDraw) failure(i int) string {
	g.used, g.xml = map[string]bool{}, g.once(6)
	status := g.of("4xx 5xx", "4xx 5xx", "4xx", "400-422", "5xx")
	is := ""
	if g.once(6) {
		is = ", is: " + g.of("failed", "invalid", "conflict")
	}
	if g.xml {
		return fmt.Sprintf("  - {name: failure%d, status: %s%s, xml: {Error: %s}}\n", i, status, is, g.object(2, true))
	}
	body := g.object(2, true)
	switch g.n(12) {
	case 1:
		body = "[" + g.element() + "]"
	case 2:
		body = g.either(1)
	}
	return fmt.Sprintf("  - {name: failure%d, status: %s%s, json: %s}\n", i, status, is, body)
}

// success is an envelope around a payload.
func (g *fileDraw) success() string {
	g.used, g.xml = map[string]bool{}, false
	return "  - {name: success, status: 2xx, json: {" + g.of("data: $data", "ok: true, data!: $data", "data: '$data or {}'", "data: $data, notes?: [$note]") + "}}\n"
}

// bulk is a shape that has records.
func (g *fileDraw) bulk() string {
	g.used, g.xml = map[string]bool{}, g.once(8)
	var members []string
	if g.once(3) {
		members = append(members, g.of("total?: $total", "failed: $failures", "bad?: '$failures:bool'", "ok: $successes"))
	}
	if g.once(4) && !g.xml {
		members = append(members, "notes?: [$note]")
	}
	name := g.member()
	list := name + g.of("!", "!", "?", "") + ": " + g.records()
	if g.once(5) {
		list = "done?: [{$is: success, id: $item}], failed?: [{$is: failed, id: $item, why" + g.of("?", "", "!") + ": $item.code, text?: $item.detail}]"
	}
	members = append(members, list)
	form := "json: {" + strings.Join(members, ", ") + "}"
	if g.xml {
		form = "xml: {Results: {" + strings.Join(members, ", ") + "}}"
	}
	return "  - {name: bulk, status: " + g.of("200 207", "2xx", "200") + ", " + form + "}\n"
}

// records is a list or a map of records.
func (g *fileDraw) records() string {
	var in []string
	mark := func() string { return g.of("?", "", "!") }
	if g.n(8) < 7 {
		in = append(in, "id"+mark()+": "+g.of("$item", "$item", "'$item:int'"))
	}
	if g.once(2) || len(in) == 0 {
		in = append(in, "status"+mark()+": '$item.status:int'")
	}
	if g.once(3) {
		in = append(in, "code"+mark()+": $item.code")
	}
	switch g.n(7) {
	case 1:
		in = append(in, "text"+mark()+": $item.detail")
	case 2:
		in = append(in, "error"+mark()+": {why"+mark()+": $item.title, text"+mark()+": $item.detail}")
	case 3, 5:
		in = append(in, "errors"+mark()+": "+g.errors())
	case 4:
		in = append(in, "kind"+mark()+": $item.kind", "text?: $item.detail")
	case 6:
		in = append(in, "text"+mark()+": $item.detail", "fields"+mark()+": "+g.itemFields())
	}
	if g.once(6) {
		in = append(in, "v: "+g.of("1", "true", "x"))
	}
	if g.once(6) {
		in = append(in, "n: $item.index")
	}
	record := "{" + strings.Join(in, ", ") + "}"
	if g.once(6) && !g.xml {
		return "{$item: " + strings.Replace(record, "id", "name", 1) + "}"
	}
	return "[" + record + "]"
}

// errors are the errors of a record: a list of them, or a map by their codes.
func (g *fileDraw) errors() string {
	at := g.of("", "", "", "at"+g.mark()+": $field, ")
	text := "text" + g.mark() + ": " + g.of("$item.detail", "$item.detail", "$item.title", "$item.detail & $field.message")
	code := "code" + g.mark() + ": " + g.of("$item.code", "$item.code", "$item.code & $field.code", "$item.family")
	switch g.n(7) {
	case 3:
		return "{$item.code: " + g.of("$item.detail", "$any", "{"+at+text+"}", "[$item.detail]") + "}"
	case 4:
		return "[{" + code + ", " + g.of("more", "fields") + g.mark() + ": " + g.itemFields() + "}]"
	case 5:
		return "[" + g.of("$item.detail", "$item.detail & $field.message", "$item.code") + "]"
	case 6:
		return "[{" + at + text + "}]"
	}
	return "[{" + at + text + ", " + code + "}]"
}

// itemFields are the Fields of a record.
func (g *fileDraw) itemFields() string {
	if g.xml {
		return "[" + g.of("{at?: $field, text: $field.message}", "{text"+g.mark()+": $field.message, code?: $field.code}") + "]"
	}
	return g.of("[{at"+g.mark()+": $field, text"+g.mark()+": $field.message}]", "{$field: [$field.message]}", "[$field.message]", "{$field: {$field.code: $field.message}}", "{$field#: {text: $field.message}}",
		"[{at"+g.mark()+": '$field:pointer', code"+g.mark()+": $field.code, text?: $field.message}]", "{at"+g.mark()+": $field, text?: $field.message}", "{$field: $field.message}")
}

// member is a name for a member that no other one has.
func (g *fileDraw) member() string {
	g.members++
	return fmt.Sprintf("m%d", g.members)
}

// object is an object with a few members. In a record's own element it has none that
// belong to Fields.
func (g *fileDraw) object(depth int, fields bool) string {
	var in []string
	for range 1 + g.n(4) {
		in = append(in, g.member()+g.of("", "?", "!")+": "+g.value(depth, fields))
	}
	if fields && depth == 2 && g.n(3) == 0 {
		in = append(in, g.member()+g.of("?", "!", "")+": "+g.fields())
	}
	if fields && depth == 2 && g.once(8) && !g.xml {
		in = append(in, "$field: "+g.of("[$field.message]", "$field.message", "[{code?: $field.code, text: $field.message}]"))
	}
	return "{" + strings.Join(in, ", ") + "}"
}

// value is what stands behind the name of a member.
func (g *fileDraw) value(depth int, fields bool) string {
	limit := 12
	if depth == 0 {
		limit = 7
	}
	switch g.n(limit) {
	default:
		return g.whole()
	case 4:
		return g.of("1", "true", "x", "'2'")
	case 5:
		return g.of("$any", "'$any = {}'", "$any = 30", "$absent")
	case 6:
		return g.copied(fields)
	case 7, 8:
		return g.object(depth-1, false)
	case 9:
		if fields {
			return g.fields()
		}
		return "[" + g.whole() + "]"
	case 10:
		return g.either(depth - 1)
	case 11:
		if g.xml {
			return g.whole()
		}
		if name := g.of("read", "write", "define"); name != "define" {
			return "{$" + name + ": " + g.whole() + "}"
		}
		name := "part" + strconv.Itoa(len(g.defined)%2)
		if len(g.defined) < 2 {
			g.defined = append(g.defined, "  "+name+": "+g.object(0, false)+"\n")
		}
		return "$" + name
	}
}

// whole is a hole of the whole that has no place yet, if one is left.
func (g *fileDraw) whole() string {
	for range 4 {
		name := g.of("detail", "code", "title", "type", "instance", "request_id", "help", "family", "retry_after:ms", "retry_after:seconds", "retryable:bool", "reason", "kind", "status", "code:int", "retry_after:iso", "detail", "extra.quota")
		attribute, _, _ := strings.Cut(name, ":")
		if g.used[attribute] {
			continue
		}
		g.used[attribute] = true
		switch g.n(8) {
		case 6:
			if name == "detail" || name == "title" {
				return `"$` + name + ` = ''"`
			}
		case 7:
			switch name {
			case "detail", "title":
				return g.of(`"$`+name+` or $phrase"`, `"$`+name+` = 'none'"`, `"$`+name+` or 'It failed'"`)
			case "code":
				return `"$code or '{$status}'"`
			}
		}
		return "'$" + name + "'"
	}
	return g.of("x", "1", "$any")
}

// copied is one text for several attributes.
func (g *fileDraw) copied(fields bool) string {
	if g.used["detail"] {
		return g.whole()
	}
	g.used["detail"] = true
	if !fields {
		return g.of("$detail & $title", "'{$type}: {$detail}'", "'{$code}: {$detail}'", "'{?[{$title}] }{$detail}'")
	}
	return g.of("$detail & $field.message", "'$detail & \"The {$field} is missing\"'", "$detail & $title", "'{$code}: {$detail}'", "'$field.message & $detail'")
}

// fields is a list or a map of Fields.
func (g *fileDraw) fields() string {
	if g.used["field"] && g.n(4) > 0 {
		return g.whole()
	}
	g.used["field"] = true
	if g.xml {
		return "[" + g.element() + "]"
	}
	switch g.n(12) {
	default:
		return "[" + g.element() + "]"
	case 4:
		return "[" + g.element() + ", $any]"
	case 5:
		return "{$field: " + g.of("[$field.message]", "$field.message", "[{code?: $field.code, text: $field.message}]", "{code: $field.code, text: $field.message}", "{$field.code: $field.message}", "{$field.code: [$field.message]}") + "}"
	case 6:
		return "[{at" + g.mark() + ": $field, issues" + g.mark() + ": [{code" + g.mark() + ": $field.code, text" + g.mark() + ": $field.message}]}]"
	case 7:
		return "{$field#: {text" + g.mark() + ": $field.message, code?: $field.code}}"
	case 8:
		return "{$either: [{$field: " + g.of("[$field.message]", "$field.message") + "}, [$field.message]]}"
	case 9:
		g.defined = append(g.defined, "  tree"+strconv.Itoa(len(g.defined))+": {$either: [[$field.message], {$field: $tree"+strconv.Itoa(len(g.defined))+"}]}\n")
		return "$tree" + strconv.Itoa(len(g.defined)-1)
	case 10:
		return "[" + g.element() + ", " + g.element() + "]"
	}
}

func (g *fileDraw) mark() string { return g.of("?", "", "!") }

// element is an element of a list of Fields.
func (g *fileDraw) element() string {
	if g.n(5) == 0 && !g.xml {
		return g.of("$field.message", "$detail & $field.message", "$field.message")
	}
	var in []string
	if g.n(4) < 3 {
		notation := g.of("", "", ":pointer", ":brackets", ":dots", ":pointer(/body)", ":pointer(#)")
		if !g.xml && g.once(8) {
			notation = g.of(":segments", ":segments(body)")
		}
		in = append(in, "at"+g.mark()+": '$field"+notation+"'")
	}
	switch g.n(4) {
	case 0:
		in = append(in, "code"+g.mark()+": $field.code")
	case 1:
		if !g.used["code"] {
			g.used["code"] = true
			in = append(in, "code"+g.mark()+": "+g.of("$code & $field.code", "$field.code & $code"))
		}
	}
	switch g.n(6) {
	case 0, 1, 2:
		in = append(in, "text"+g.mark()+": $field.message")
	case 3, 4:
		if !g.used["detail"] {
			g.used["detail"] = true
			in = append(in, "text"+g.mark()+": "+g.of("$detail & $field.message", "$detail & $field.message", "$field.message & $detail"))
		}
	}
	if g.once(5) {
		in = append(in, "v"+g.of("", "?")+": "+g.of("1", "true", "x"))
	}
	if g.once(5) {
		in = append(in, "more"+g.mark()+": "+g.whole())
	}
	if len(in) == 0 {
		in = append(in, "text: $field.message")
	}
	return "{" + strings.Join(in, ", ") + "}"
}

// text is a text by chance, often none.
func (d *draws) text() string {
	return d.of("", "", "plain", "two words", `q"uo\te`, "a<b&c>", "zwei Wörter", "tab\there", " blank ", "none", "It failed", "x: y", "1", "true", "The name is missing", "[t] d", "new\nline", "\u2028", "x")
}

// outcome is an Outcome by chance.
func (d *draws) outcome() parlance.Outcome {
	kinds := parlance.Kinds()
	o := parlance.Outcome{Kind: parlance.KindInvalid, Detail: d.text()}
	if d.n(3) > 0 {
		o.Kind = kinds[d.n(len(kinds))]
	}
	if d.once(3) {
		o.Title, o.Type, o.Instance = d.text(), d.text(), d.text()
	}
	if d.once(4) {
		o.RequestID, o.Help, o.Family = d.text(), d.text(), d.of("", "coarse", "wide")
	}
	if d.once(3) {
		o.Status = []int{200, 201, 207, 400, 402, 403, 404, 409, 418, 422, 429, 500, 503, 599}[d.n(14)]
	}
	if d.once(2) {
		o.Code = d.of("locked", "E17", "unlisted", "5001", "404", "fine", "coarse", "stale", "unknown", "1.5")
	}
	if d.once(5) {
		o.Reason = parlance.Reason(d.of("fields", "expired", "license", "own"))
	}
	if d.once(6) {
		o.Extra = map[string]string{d.of("quota", "decline_code"): d.text()}
	}
	if d.once(6) {
		o.RetryAfter = []time.Duration{time.Second, 1500 * time.Millisecond, 3 * time.Minute, parlance.RetryNow, 7}[d.n(5)]
	}
	if d.once(8) {
		o.Retryable = parlance.Advice(1 + d.n(2))
	}
	if o.Kind.Failing() && d.n(3) < 2 {
		for range 1 + d.n(4) {
			o.Fields = append(o.Fields, d.field(&o))
		}
	}
	if !o.Kind.Failing() && d.once(3) {
		o.Notes = append(o.Notes, d.of("one", "two"), d.text())[:1+d.n(2)]
	}
	if d.once(3) {
		for i := range 1 + d.n(4) {
			o.Items = append(o.Items, d.item(i))
		}
		if d.n(4) > 0 {
			o.Fields = nil
			o.Kind, o.Reason = parlance.RollUp(o.Items)
		}
	}
	return o
}

func (d *draws) field(o *parlance.Outcome) parlance.Field {
	f := parlance.Field{Path: d.of("name", "a.b", "", "lines.0.price", "0", "x~/y", "name", "at", "m1"), Message: d.text()}
	if d.n(3) == 0 {
		f.Code = d.of("required", "locked", "E17", "1", o.Code)
	}
	if d.once(5) {
		f.Message = o.Detail
	}
	return f
}

func (d *draws) item(i int) parlance.Item {
	kinds := parlance.Kinds()
	it := parlance.Item{Index: i, ID: d.of("7", "a", "", "k=1,l=2", "b.c"), Outcome: parlance.Outcome{Kind: parlance.KindSuccess}}
	if d.once(2) {
		it.Outcome.Kind = kinds[d.n(len(kinds))]
		it.Outcome.Detail = d.text()
		if d.once(2) {
			it.Outcome.Code = d.of("locked", "E17", "unlisted", "5001", "")
		}
		if d.once(3) {
			it.Outcome.Status = []int{200, 400, 404, 409, 422, 500}[d.n(6)]
		}
		for d.n(3) == 2 && len(it.Outcome.Fields) < 4 {
			it.Outcome.Fields = append(it.Outcome.Fields, d.field(&it.Outcome))
		}
		if d.once(5) {
			it.Outcome.Title, it.Outcome.Reason = d.text(), parlance.Reason(d.of("", "fields", "expired"))
		}
	}
	if d.once(8) {
		it.Index = i + 1
	}
	return it
}

// request is a request by chance.
func (d *draws) request() dialect.Request {
	return dialect.Request{Method: d.of("POST", "GET", "PUT"), Path: "/orders", Now: stated}
}

// either is a pair of alternatives.
func (g *fileDraw) either(depth int) string {
	if g.n(2) == 0 {
		return "{$either: [" + g.object(max(depth, 0), false) + ", " + g.whole() + "]}"
	}
	return "{$either: [[" + g.whole() + "], " + g.whole() + "]}"
}
