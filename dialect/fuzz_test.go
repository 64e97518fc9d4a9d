package dialect_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/raced"
)

// made are dialects that use what those of the catalog do not.
var made = map[string]string{
	"alternatives": `
dialect: alternatives
codes:
  200: success
  gone: {kind: not_found, status: 404}
  E*: {kind: invalid, status: 400}
  4xx: invalid
  5xx: {kind: internal, retry: {backoff: 1s..60s}}
shapes:
  - {name: gone, is: gone, json: {ok: false, "error!": '$detail is "gone: {_}"'}}
  - name: failed
    is: failed
    json:
      ok: false
      error|fault!: {$either: [{code: $code, "text|message": "{_=soap}:{$detail}"}, "$code & $field.code", [$field.message]]}
      wait?: $retry_after:ms
      when: "$title = 'none'"
      docs: "$type or 'https://example.com/{$status}/{$phrase}'"
  - name: list
    status: 2xx
    json: {ok: true, results!: [{key: "$item.id:pairs(k, v)", error?: {code: $item.code, at: "$field.path:pointer(/in)", path: "$field.path:segments(in)"}, done: $item.status:int}], notes?: [$note]}
  - {name: good, status: 2xx, json: {ok: true, value: $data}}
  - {headers: {Request-Id: $request_id, X-Note: $note, X-Kind: "{_=is} {$kind}"}}
`,
	"markup": `
dialect: markup
codes: {200: success, 207: partial, 4xx: invalid, 5xx: internal, Client.*: {kind: invalid, status: 400}}
shapes:
  - name: fault
    is: failed
    xml: {fault|Fault: {"@code": $code, "@at?": $instance, reason!: $detail, "field?": [{"@name": $field.path, text: $field.message}]}}
  - name: records
    status: 2xx
    xml: {$any=RECORDS: {"@count?": $title, $any=RECORD!: [{Id: $item.id, "RES!": {Code!: $item.code, Message: $item.detail}}]}}
  - {name: fields, status: 4xx 5xx, json: {base?: $detail, $field: {$either: [[{message: $field.message, code?: $field.code}], [$field.message], $field.message]}}}
  - {name: page, status: 4xx 5xx, html: {title: $title, h1: $detail}}
  - {name: line, text: "{$code}: {$detail}"}
`,
	"trees": `
dialect: trees
codes:
  200: success
  207: partial
  declined: {kind: failed, status: 402, family: card}
  card: {kind: invalid, status: 402}
  stale: {kind: unauthenticated/expired, status: 401}
  401: [{kind: unauthenticated/expired, is: stale, retry: refresh}, unauthenticated]
  429: {kind: rate_limited, retry: {after: [$reset, 60s]}}
  -32099..-32000: {kind: internal, status: 500}
  4xx: invalid
  5xx: internal
define:
  tree: {$either: [[$field.message], {$field#: $tree}, {base?: [$field.message], $field: $tree}]}
  place: {file?: $type, line?: $instance}
shapes:
  - {name: stale, status: 401, is: stale, headers: {X-Stale: "1"}, json: {stale: true, message: $detail}}
  - name: coarse
    status: 4xx 5xx
    json: {error!: {type!: $family, code: $absent, text: $detail, at?: $place, hint?: {$read: $help}, api: {$write: v2}}}
  - name: fine
    status: 4xx 5xx
    json: {error!: {type?: {$write: $family}, code!: $code, text: "{?[{$title}] }{$detail}{? at {$instance}}", retry?: "$retryable:bool", trace?: $any = 30}}
  - {name: tree, status: 4xx 5xx, json: {errors!: $tree, wait?: "$retry_after:epoch"}}
  - {name: called, status: 4xx 5xx, json: {$code: {text!: $detail}}}
  - name: batch
    status: 2xx
    json:
      total?: $total
      failed?: "$failures:bool"
      answers!: [{id: $item, status?: "$item.status:int", headers?: $item.headers, body?: $item.body}]
  - {name: lists, status: 2xx, json: {done?: [{$is: success, id: $item}], failed?: [{$is: invalid, id: $item, text: $item.detail}, $any]}}
  - {name: marked, status: 2xx 4xx, xml: {m:Answer: {"@code?": $code, Result?: $data, m:Text?: {"@lang?": $type, $text: $detail}}}}
  - {headers: {X-Reset: "$reset:epoch", X-Note: $note}}
  - {headers: {X-Trouble: {id: $request_id, say: $title}}}
  - {status: 401, headers: {WWW-Authenticate: {Bearer: {error: $code, error_description: $detail}}}}
  - {headers: {X-Document: {$json: {help: $help}}}}
limits: {core: {remaining: X-Remaining, reset: "X-Reset:epoch"}}
operations: [{method: POST, path: "/service/*", safe: true, codes: {409: [{kind: conflict, method: POST}, quota]}}]
`,
}

type subject struct {
	name string
	*dialect.Dialect
}

// subjects are all dialects that are fuzzed, always in the same order.
var subjects = sync.OnceValue(func() (all []subject) {
	for _, name := range catalog.Names() {
		d, err := catalog.Open(name)
		if err != nil {
			panic(err)
		}
		all = append(all, subject{name, d})
	}
	for _, name := range []string{"alternatives", "markup", "trees"} {
		d, err := dialect.Compile(name+".yaml", []byte(made[name]))
		if err != nil {
			panic(err)
		}
		all = append(all, subject{name, d})
	}
	return append(all, subject{"http", dialect.Generic()})
})

// FuzzCompile takes any bytes for a dialect file: it is refused with a fault
// that has a place in it, or compiled to what reads and writes soundly.
func FuzzCompile(f *testing.F) {
	for i, name := range catalog.Names() {
		if raced.Omits(i, 8) {
			continue
		}
		_, text, err := catalog.Read(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range made {
		f.Add([]byte(text))
	}
	f.Add(dialect.HTTP())
	faults, err := filepath.Glob("authoring/testdata/faults/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for i, file := range faults {
		if raced.Omits(i, 8) {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		d, err := dialect.Compile("fuzz.yaml", source)
		if err != nil {
			var file *dialect.FileError
			if !errors.As(err, &file) || file.Error() == "" {
				t.Fatalf("the error is %#v", err)
			}
			lines := bytes.Count(source, []byte("\n")) + bytes.Count(source, []byte("\r")) +
				bytes.Count(source, []byte("\u0085")) + bytes.Count(source, []byte("\u2028")) + bytes.Count(source, []byte("\u2029")) + 2
			for _, g := range file.Diagnostics {
				if g.Line < 1 || g.Line > lines || g.Message == "" || g.Rule == "" {
					t.Fatalf("a diagnostic without a place or text: %+v", g)
				}
				authoring.Excerpt(source, g)
			}
			return
		}
		for _, r := range responses {
			r.Received = stated
			req := dialect.Request{Method: "POST", Path: "/a"}
			checkReading(t, d, r, d.Decode(req, r))
			glanced(t, d, req, r)
		}
		for _, accept := range []string{"", "application/json", "text/html", "application/xml", "text/plain"} {
			req := dialect.Request{Path: "/a", Header: http.Header{"Accept": {accept}}}
			for i := range outcomes {
				checkMessage(t, d, req, &outcomes[i], dialect.Payload{Body: []byte(`{"a":1}`)})
			}
		}
	})
}

// responses and outcomes are tried on every dialect that the fuzzer makes.
var responses = []dialect.Response{
	{Status: 422, Body: []byte(`{"message":"a","code":"b","errors":{"url":["c"]},"error":{"code":1,"message":"d"}}`)},
	{Status: 200, Body: []byte(`[{"id":1,"status":"400"},{"id":2,"error":"e"}]`)},
	{Status: 500, Header: http.Header{"Content-Type": {"text/xml"}}, Body: []byte(`<RES a="1"><Code>101</Code><SO><Message>m</Message></SO></RES>`)},
	{Status: 503, Header: http.Header{"Content-Type": {"text/html"}, "Retry-After": {"5"}}, Body: []byte(`<html><title>Sorry</title></html>`)},
	{Status: 404, Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("field 'a' is gone")},
	{Status: 200, Body: []byte(`"x`), Cut: true},
}

var outcomes = []parlance.Outcome{
	{Kind: parlance.KindSuccess, RequestID: "r"},
	{Kind: parlance.KindInvalid, Reason: parlance.ReasonFields, Status: 422, Code: "7\x00", Detail: "a\r\nb: <\xff>\"\\",
		Fields: []parlance.Field{{Path: "a.0~/ <", Code: "c\n", Message: "m\u2028"}, {Message: "n"}}},
	{Kind: parlance.KindPartial, Notes: []string{"n\r\nSet-Cookie: a=b"}, Items: []parlance.Item{
		{ID: "k=1,b", Outcome: parlance.Outcome{Kind: parlance.KindSuccess}},
		{Index: 1, Outcome: parlance.Outcome{Kind: parlance.KindNotFound, Code: "]]>", Detail: "&"}}}},
	{Kind: parlance.KindUnavailable, RetryAfter: 1, Title: "</title><script>", RequestID: "a\x00b", Help: "h"},
}

// FuzzDecode reads any response with every dialect.
func FuzzDecode(f *testing.F) {
	seeds := []struct{ media, body string }{
		{"application/json", `{"message":"Submitted data was invalid","errors":{"url":["a","b"],"date":"c"}}`},
		{"application/json", `{"data":null,"error":{"type":"t","title":"Not Found","status":404,"detail":"d","instance":"/c"},"debug":{"activityId":"a"}}`},
		{"application/json", `{"data":[{"id":1}],"error":null,"debug":{"activityId":"a"}}`},
		{"text/plain", `{"data":[{"id":[{"key":"k","value":1}],"status":200,"body":"b"},{"id":[],"status":500}],"error":null,"debug":{}}`},
		{"application/json", `{"errors":[{"code":"1022","detail":"No available licenses","meta":{},"source":"/body/a~1b","status":400,"title":"t"}]}`},
		{"application/json", `{"detail":[{"loc":["body","a",0],"msg":"m","type":"t"}]}`},
		{"application/problem+json", `{"kind":"partial","items":[{"index":3,"kind":"invalid","retry_after":1.5}],"errors":[{"pointer":"#/a"}],"notes":["n"],"retry_after":7}`},
		{"application/problem+xml", `<problem xmlns="urn:ietf:rfc:7807"><title>a</title><errors><i><detail>b</detail><pointer>/c</pointer></i></errors><notes><i>n</i></notes></problem>`},
		{"application/xml", `<RES><Code>101</Code><Message>a<![CDATA[b]]>&amp;c</Message></RES>`},
		{"application/xml", `<ORDERS><SO x="1"><RES><Code>200</Code></RES></SO><SO><RES><Code>400</Code><Message>m</Message></RES></SO></ORDERS>`},
		{"text/html", `<html><head><title>Not <b>Found</b> &amp; gone</title></head><body class="a">404</body></html>`},
		{"text/plain", `Failed validation because field 'SiteCode' exceeded`},
		{"", `{"ok":false,"error":{"code":"E1","text":"soap:x"},"wait":1500,"when":"none"}`},
		{"", `{"ok":true,"results":[{"key":[{"k":"a","v":1}],"error":{"code":"E","at":"/in/a","path":["in","b"]},"done":400}],"notes":["n"]}`},
		{"", `{"ok":true,"value":"v"}`},
		{"text/xml", `<Fault code="Client.a" at="/x"><reason>r</reason><field name="n"><text>t</text></field></Fault>`},
		{"", `{"base":"b","url":[{"message":"m","code":"c"}],"date":["d"],"x":"y"}`},
		{"", `{"errors":{"user":{"base":["m"],"items":[{},{"name":["n"]},["o"]]}},"wait":1795190490}`},
		{"", `{"error":{"type":"card","code":"declined","text":"[T] m at I","retry":false,"trace":[1]}}`},
		{"", `{"total":2,"failed":true,"answers":[{"id":"a","status":404,"headers":{"X-Note":["n"]},"body":{"error":{"type":"card"}}},{"id":"b","body":"{\"answers\":[{}]}"}]}`},
		{"", `{"done":[{"id":"a"}],"failed":[{"id":"b","text":"t"},7]}`},
		{"", `{"declined":{"text":"m"},"stale":true}`},
		{"text/xml", `<x:Answer xmlns:x="u" code="declined"><Text lang="en">a<![CDATA[b]]></Text><Result><a/>b</Result></x:Answer>`},
		{"application/x-www-form-urlencoded", `error=invalid_grant&error_description=no%20seat+left&code=101&message=%zz`},
		// What stands around a document.
		{"application/json", ")]}',\n" + `{"message":"m","errors":{"url":["a"]}}`},
		{"application/json", `while(1);{"error":{"code":"E1","text":"x"}}`},
		{"application/json", `[{"message":"m","code":"101"}]`},
		{"application/json", "\ufeff \n" + `{"message":"m"}` + "\n-- end"},
		{"application/json", `Error: {"detail":"d","title":"t"} (see the log)`},
		{"application/xml", `<?xml version="1.0"?><?xml version="1.0"?><RES><Code>101</Code><Message>m</Message></RES>`},
		{"text/xml", `<b>Warning</b><Fault code="Client.a"><reason>r</reason></Fault>`},
		// Charsets, declared or not.
		{"application/json; charset=iso-8859-1", `{"message":"` + "gr\xfc\xdfe" + `","error":{"code":"E1","text":"` + "\xe4" + `"}}`},
		{"application/xml", `<?xml version="1.0" encoding="ISO-8859-1"?><RES><Code>101</Code><Message>` + "gr\xfc\xdfe" + `</Message></RES>`},
		{"application/json", wide(`{"message":"m\u00fc","detail":"d"}`, true, true)},
		{"application/json; charset=utf-16", wide(`{"message":"m\u00fc","code":"101"}`, false, false)},
		{"text/xml; charset=utf-16le", wide(`<RES><Code>101</Code><Message>m</Message></RES>`, true, false)},
		{"application/json; charset=utf-16", wide(`{"message":"m`, false, true) + "\xd8\x3d"}, // cut in a surrogate
		{"application/json; charset=utf-16", `{"message":"m"}`},                               // which lies
		{"application/xml; charset=klingon", `{"message":"m"}`},
		// Members of other types than the files describe.
		{"application/json", `{"message":["a","b"],"errors":"c","error":[{"code":1}],"detail":{"x":"y"},"code":{"a":[null]}}`},
		{"application/json", `{"errors":[1,"a",null,{"detail":["d"],"code":7}],"error":{"message":{"text":"t"},"code":["E"]}}`},
		{"application/json", `{"data":[{"id":{"k":1},"status":"500","body":null},"stranger"],"error":"e","debug":[]}`},
	}
	for which := range len(subjects()) {
		for i, s := range seeds {
			if raced.Omits(i+which, 8) {
				continue
			}
			f.Add(uint8(which), uint16(200+(i%5)*100), s.media, []byte(s.body), []string{"120", `Bearer error="a, b", Basic x`, `{"help":"h"}`}[i%3], i%7 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, status uint16, media string, body []byte, header string, cut bool) {
		all := subjects()
		d := all[int(which)%len(all)]
		res := dialect.Response{
			Status: int(status) % 1000, Body: body, Cut: cut, Received: stated,
			Header: http.Header{
				"Content-Type": {media}, "Retry-After": {header}, "Outcome-Kind": {header}, "X-Kind": {"is " + header}, "Outcome-Note": {header, media},
				"X-Reset": {header}, "X-Stale": {"1"}, "X-Trouble": {header}, "Www-Authenticate": {header, media}, "X-Document": {header},
			},
		}
		req := dialect.Request{Method: []string{"GET", "POST", "HEAD"}[int(status)/1000%3], Path: "/service/PreAdvice"}
		read := d.Decode(req, res)
		checkReading(t, d.Dialect, res, read)
		glanced(t, d.Dialect, req, res)
		if whole := dialect.Unguided(d.Dialect).Decode(req, res); !cut && !reflect.DeepEqual(read, whole) {
			t.Fatalf("by its guide it is\n%+v\nnot\n%+v", read, whole)
		}
		if fields := d.Decode(req, dialect.Response{Status: res.Status, Body: body, Cut: cut, Received: stated, Header: dialect.HeaderMap(res.Header.(http.Header))}); !reflect.DeepEqual(read, fields) {
			t.Fatalf("by Fields it is\n%+v\nnot\n%+v", fields, read)
		}
	})
}

// wide is a text in UTF-16, perhaps with a byte order mark.
func wide(text string, little, marked bool) string {
	var b []byte
	order := binary.AppendByteOrder(binary.BigEndian)
	if little {
		order = binary.LittleEndian
	}
	if marked {
		b = order.AppendUint16(b, 0xFEFF)
	}
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// checkReading checks what holds of everything that is read, and clobbers the
// body: the Outcome and the Diagnostics must not have kept any of it.
func checkReading(t *testing.T, d *dialect.Dialect, res dialect.Response, read dialect.Decoded) {
	t.Helper()
	o := &read.Outcome
	if !slices.Contains(parlance.Kinds(), o.Kind) {
		t.Fatalf("the kind is %v", o.Kind)
	}
	for i := range o.Items {
		if !slices.Contains(parlance.Kinds(), o.Items[i].Outcome.Kind) {
			t.Fatalf("the kind of item %d is %v", i, o.Items[i].Outcome.Kind)
		}
	}
	if o.Status != res.Status {
		t.Fatalf("the status is %d, not %d", o.Status, res.Status)
	}
	said := slices.ContainsFunc(authoring.Explain(d, strconv.Itoa(res.Status)), func(e authoring.Entry) bool { return !e.Builtin && e.Kind.Good() })
	if res.Status >= 400 && o.Kind.Good() && o.Code == "" && read.Shape == "" && !said {
		t.Fatalf("a failing status became %v, and no code, row or form says so", o.Kind)
	}
	for _, g := range read.Diagnostics {
		if g.Message == "" || g.Rule == "" {
			t.Fatalf("a diagnostic that says nothing: %+v", g)
		}
		plain := o.Kind == parlance.KindSuccess || o.Kind == parlance.KindEmpty
		if plain && res.Status/100 == 2 && slices.Contains([]string{"broken_body", "unread_element"}, g.Rule) {
			t.Fatalf("%v, although %s", o.Kind, g.Message)
		}
	}
	if ascii := !slices.ContainsFunc(res.Body, func(c byte) bool { return c == 0 || c >= 0x80 }); read.Data != nil && ascii && !within(read.Data, res.Body) {
		t.Fatalf("the payload %q is no part of the body", read.Data)
	}
	before := state(t, read)
	copied := bytes.Clone(res.Body)
	for i := range res.Body {
		res.Body[i] = 'X'
	}
	after := state(t, read)
	copy(res.Body, copied)
	if before != after {
		t.Fatalf("it keeps memory of the body:\n%s\n%s", before, after)
	}
}

// state is all that a Reading owns, as text.
func state(t *testing.T, read dialect.Decoded) string {
	t.Helper()
	read.Data = nil
	text, err := json.Marshal(read)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// within reports that part shares the memory of all.
func within(part, all []byte) bool {
	if len(part) == 0 {
		return true
	}
	for i := range all {
		if &all[i] == &part[0] {
			return i+len(part) <= len(all)
		}
	}
	return false
}

// FuzzEncode writes any texts with every dialect.
func FuzzEncode(f *testing.F) {
	texts := []string{
		"plain", "", "a\r\nSet-Cookie: b=c\r\n\r\n<html>", "\x00\x01\x1f\x7f", "\xff\xfe\xed\xa0\x80", "</title>]]>&<!--\"'", "\u2028\ufeff\ufffe",
		"101", "200", "1e400", "-0", "body.0.a/b~c", "k=1,l=2", "gone: x", "No available licenses", "a: b",
	}
	for which := range len(subjects()) {
		for i, text := range texts {
			if raced.Omits(i+which, 8) {
				continue
			}
			f.Add(uint8(which), uint8(i), uint16(i*53), text, texts[(i+5)%len(texts)], texts[(i+9)%len(texts)], []byte(`{"a":[1]}`), uint8(i))
		}
	}
	f.Add(uint8(5), uint8(3), uint16(207), "200", "400", "a", []byte(`<ORDERS><SO/><SO><A>b</A></SO></ORDERS>`), uint8(7))
	f.Fuzz(func(t *testing.T, which, kind uint8, status uint16, a, b, c string, payload []byte, form uint8) {
		all := subjects()
		d := all[int(which)%len(all)]
		kinds := parlance.Kinds()
		k, l := kinds[int(kind)%len(kinds)], kinds[int(kind/16)%len(kinds)]
		o := parlance.Outcome{
			Kind: k, Status: int(status) % 1000, Reason: parlance.Reason(c), Code: a, Title: b, Detail: c,
			Type: a, Instance: b, RequestID: c, Help: a, Notes: []string{b, c},
			Fields: []parlance.Field{{Path: a, Code: b, Message: c}, {Path: b}, {Message: a}, {Path: a, Message: b}},
			Items: []parlance.Item{
				{Index: 0, ID: a, Outcome: parlance.Outcome{Kind: l, Code: b, Detail: c, Status: int(status) / 7 % 1000}},
				{Index: 1, ID: b, Outcome: parlance.Outcome{Kind: k, Title: a, Type: b, Instance: c, RequestID: a, Help: b, Fields: []parlance.Field{{Path: c}}}},
			},
		}
		// Not all at once always: what is missing matters too.
		if form&1 != 0 {
			o.Items = nil
		}
		if form&2 != 0 {
			o.Fields = nil
		}
		if form&4 != 0 {
			o.Detail, o.Title, o.Notes = "", "", nil
		}
		if form&8 != 0 {
			o.Code, o.Reason, o.Status = "", "", 0
		}
		accepts := []string{"", "application/json", "text/html", "application/xml", "application/problem+xml", "text/plain", "*/*;q=0.1, text/*", c}
		req := dialect.Request{
			Method: "POST", Path: "/service/Order", Header: http.Header{"Accept": {accepts[form>>4&7]}}, Body: payload,
		}
		if form&128 != 0 {
			req.Path, req.Body = b, nil
		}
		checkMessage(t, d.Dialect, req, &o, dialect.Payload{Body: payload})
	})
}

// checkMessage writes an outcome and checks that it is well-formed HTTP, JSON
// or XML, that what stood in the buffer still does, and that it reads as the
// same kind where no loss says otherwise.
func checkMessage(t *testing.T, d *dialect.Dialect, req dialect.Request, o *parlance.Outcome, data dialect.Payload) {
	t.Helper()
	req.Now = stated // for all of them the same
	before, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	const held = "what stands there"
	m := d.Encode([]byte(held), req, o, data)
	body, ok := bytes.CutPrefix(m.Body, []byte(held))
	if !ok {
		t.Fatalf("the buffer was written over: %q", m.Body)
	}
	if after, _ := json.Marshal(o); !bytes.Equal(before, after) {
		t.Fatalf("the outcome was changed:\n%s\n%s", before, after)
	}
	fresh := dialect.Forgetful(d)
	sameMessage(t, m, fresh.Encode([]byte(held), req, o, data))
	sameMessage(t, fresh.Encode([]byte(held), req, o, data), m) // now that it has written it once
	if m.Status < 200 || m.Status > 999 {
		t.Fatalf("the status is %d", m.Status)
	}
	h := http.Header{}
	for _, p := range m.Header {
		if !token(p.Name) || strings.ContainsAny(p.Value, "\r\n\x00") {
			t.Fatalf("the field %q: %q", p.Name, p.Value)
		}
		h.Add(p.Name, p.Value)
	}
	for _, l := range m.Losses {
		if l.Attribute == "" || l.Reason == "" {
			t.Fatalf("a loss that says nothing: %+v", l)
		}
	}
	if bytes.Equal(body, data.Body) {
		return // the payload as it is
	}
	media, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	switch {
	case strings.HasSuffix(media, "json"):
		if !json.Valid(body) {
			t.Fatalf("this is no JSON: %q", body)
		}
	case strings.HasSuffix(media, "xml"), media == "text/html":
		wellFormed(t, body)
	}
	read := d.Decode(req, dialect.Response{Status: m.Status, Header: h, Body: body})
	if read.Outcome.Kind != o.Kind && !slices.ContainsFunc(m.Losses, func(l parlance.Loss) bool { return strings.HasSuffix(l.Attribute, "kind") }) {
		misread(t, o, m, body, read)
	}
}

// sameMessage checks that what was kept of a response changes nothing of one.
func sameMessage(t *testing.T, kept, fresh dialect.Encoded) {
	t.Helper()
	if fresh.Status != kept.Status || !bytes.Equal(fresh.Body, kept.Body) || !slices.Equal(fresh.Header, kept.Header) || !slices.Equal(fresh.Losses, kept.Losses) {
		t.Fatalf("by what was kept it is\n%d %q %v %v\nnot\n%d %q %v %v", kept.Status, kept.Body, kept.Header, kept.Losses, fresh.Status, fresh.Body, fresh.Header, fresh.Losses)
	}
}

// repeated is a dialect of what a program must look out for.
const repeated = `
dialect: repeated
codes: {200: success, gone: {kind: not_found, status: 404}, card: {kind: invalid, status: 402}, E*: {kind: conflict, status: 409}, 4xx: invalid, 5xx: internal}
shapes:
  - {name: gone, status: 404, is: gone, json: {text!: '$detail is "gone: {_}"'}}
  - {name: names, status: 400, json: {message: $detail, $field: $field.message}}
  - {name: rows, status: 401 500, json: {m: $detail = 'none', rows?: [{path?: $field.path, code?: $field.code, message: $field.message = 'x'}], z: 1}}
  - {name: one, status: 402, json: {error: {code!: $code & $field.code, text: $detail & $field.message, at?: "$field:pointer(/in)"}}}
  - {name: copy, status: 404 409, json: {text: "$detail & 'two {$field.path}'", title: $title & $type, at: [{id: $instance}]}}
  - {name: groups, status: 422, json: {a: $detail, $field: {first: $field.message, all: [$field.code]}}}
  - {name: lists, status: 429 503, json: {errors: {$either: [[$field.message], $detail]}, list: [$title, $any], wait?: "$retry_after:ms"}}
  - {headers: {X-Note: $note, X-Id: $request_id, X-Help: {help: $help}}}
`

// FuzzRepeat writes responses that have the same attributes and other texts, one
// after the other: each must be what a dialect writes that has written nothing
// before. What they have is drawn, for it takes many that are nearly alike.
func FuzzRepeat(f *testing.F) {
	own, err := dialect.Compile("repeated.yaml", []byte(repeated))
	if err != nil {
		f.Fatal(err)
	}
	all := append([]subject{{"repeated", own}}, subjects()...)
	for which := range all {
		for draw := range 5 + 100*max(0, 1-which) {
			if raced.Omits(draw+which, 8) {
				continue
			}
			f.Add(uint8(which), uint64(draw), "a.0.b", "x\r\n\"\\\xff", "card")
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, draw uint64, a, b, code string) {
		r := rand.New(rand.NewPCG(draw, uint64(which)))
		of := func(all ...string) string { return all[r.IntN(len(all))] }
		text := func() string {
			return of("plain", "x", "two words", " blank ", "none", "gone: x", "101", "é", "", a, b)
		}
		known := func() string {
			return of("parameter_unknown", "card", "declined", "card_error", "E7", "Client.a", "101", "404", "fields", "gone", "expired", code)
		}
		for range 20 {
			d := dialect.Forgetful(all[int(which)%len(all)].Dialect)
			has := r.Uint64()
			req := dialect.Request{
				Method: of("POST", "POST", "POST", "HEAD", "GET"), Path: "/service/Order",
				Header: http.Header{"Accept": {of("application/json", "application/json", "", "text/html", "application/xml")}},
			}
			alike := parlance.Outcome{
				Kind: parlance.Kinds()[r.IntN(len(parlance.Kinds()))], Status: []int{0, 0, 200, 204, 400, 401, 402, 404, 409, 422, 429, 500, 503}[r.IntN(13)],
				Retryable: parlance.Advice(r.IntN(3)),
			}
			if alike.Status != 0 && r.IntN(4) > 0 {
				read := d.Decode(req, dialect.Response{Status: alike.Status}) // a kind that can keep it
				alike.Kind, alike.Reason = read.Outcome.Kind, read.Outcome.Reason
			}
			for i, to := range []*string{&alike.Code, &alike.Family, (*string)(&alike.Reason)} {
				if has>>i&1 != 0 && r.IntN(2) == 0 {
					*to = known()
				}
			}
			if alike.Status == 0 && r.IntN(2) == 0 {
				alike.Kind = parlance.KindSuccess // has a payload, for the most part
			}
			for range 6 {
				o := alike
				for i, to := range []*string{&o.Title, &o.Detail, &o.Type, &o.Instance, &o.RequestID, &o.Help} {
					if has>>(i+3)&1 != 0 {
						*to = text()
					}
				}
				if has>>9&3 == 0 {
					o.RetryAfter = time.Duration(1+r.IntN(5)) * time.Second / time.Duration(1+r.IntN(2))
				}
				if has>>11&3 == 0 {
					o.Notes = []string{text()}
				}
				for n := r.IntN(2) * int(has>>13&1) * r.IntN(5); n >= 0 && has>>14&1 != 0; n-- {
					have := has >> 15 // the same of all of them
					if has>>18&3 == 0 {
						have ^= 1 << r.IntN(3)
					}
					field := parlance.Field{}
					if have&1 != 0 {
						field.Path = of("x", "y", "a.b", a)
					}
					if have&2 != 0 {
						field.Code = of(known(), o.Code, o.Code)
					}
					if have&4 != 0 {
						field.Message = of(text(), o.Detail, o.Detail)
					}
					o.Fields = append(o.Fields, field)
				}
				var data dialect.Payload
				if has>>30&1 != 0 {
					data = dialect.Payload{
						ContentType: of("application/json", "application/json", "application/json", "application/xml", "text/plain\n", ""),
						Body:        []byte(of(`{"id":7}`, `{"ok":false,"error":"x"}`, "[1,2]", "null", `"a"`, "{", "<a>b</a>", text())),
					}
				}
				req.Now = stated // for both the same
				kept, fresh := d.Encode(nil, req, &o, data), dialect.Forgetful(d).Encode(nil, req, &o, data)
				sameMessage(t, kept, fresh)
			}
		}
	})
}

// misread reports that a kind came back as another one without a loss.
func misread(t *testing.T, o *parlance.Outcome, m dialect.Encoded, body []byte, read dialect.Decoded) {
	t.Helper()
	text, _ := json.Marshal(o)
	t.Fatalf("%v came back as %v\nwritten: %s\nas: %d %q %v\nlosses: %v\nread by %q: %v", o.Kind, read.Outcome.Kind, text, m.Status, body, m.Header, m.Losses, read.Shape, read.Diagnostics)
}

func token(name string) bool {
	for _, c := range []byte(name) {
		if c <= ' ' || c >= 0x7F || strings.IndexByte(`()<>@,;:\"/[]?={}`, c) >= 0 {
			return false
		}
	}
	return name != ""
}

func wellFormed(t *testing.T, body []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("this is no XML: %v\n%q", err, body)
		}
	}
}
