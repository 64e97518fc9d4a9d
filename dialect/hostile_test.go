package dialect_test

import (
	"bytes"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/hostile"
	"github.com/parlance-api/parlance/internal/raced"
)

const ten = 10 << 20

// Each body under failing statuses, whose meaning must stay, and under a good one
// that it could have decided otherwise. A body of more than 1 MiB counts as cut
// off there: what follows could say that it failed, so it is no plain success.
func TestAHostileBodyCostsLittleAndNeverTurnsAResponseAround(t *testing.T) {
	// Not parallel: memory is measured.
	raced.Skip(t)
	for _, test := range hostile.Bodies(ten) {
		t.Run(test.Name, func(t *testing.T) {
			d := open(t, test.Dialect)
			body := []byte(test.Text)
			header := http.Header{"Content-Type": {test.MediaType}}
			for _, status := range []int{200, 400, 401, 403, 404, 429, 500, 503} {
				var read dialect.Decoded
				req := dialect.Request{Method: "POST"}
				used := allocated(func() { read = d.Decode(req, dialect.Response{Status: status, Header: header, Body: body}) })
				o := &read.Outcome
				if status == 200 {
					if o.Kind != test.Good {
						t.Errorf("200 became %v: %v", o.Kind, read.Diagnostics)
					}
				} else if want := d.Decode(req, dialect.Response{Status: status}).Outcome; o.Kind != want.Kind || o.Reason != want.Reason {
					t.Errorf("%d became %v, not %v", status, o.Kind, want.Kind)
				}
				if told := rules(read.Diagnostics); status == 200 && test.Rule != "" && !slices.Contains(told, test.Rule) || status != 200 && len(told) == 0 && test.Good != parlance.KindSuccess {
					t.Errorf("%d: the diagnostics are %v", status, read.Diagnostics)
				}
				if len(read.Diagnostics) > 8 {
					t.Errorf("%d: %d diagnostics", status, len(read.Diagnostics))
				}
				// A node takes 32 bytes, growing a list of them may take that twice or
				// thrice again; a node takes at least two bytes of the body.
				if limit := uint64(64*min(len(body), dialect.MaxBody) + 64<<10); used > limit {
					t.Errorf("%d: %d KB for a body of which %d are read", status, used>>10, min(len(body), dialect.MaxBody)>>10)
				}
				if kept := len(o.Code) + len(o.Title) + len(o.Detail) + len(o.RequestID) + len(fmt.Sprint(read.Diagnostics)); kept > dialect.MaxBody+8<<10 {
					t.Errorf("%d: the outcome has %d bytes", status, kept)
				}
			}
		})
	}
}

// allocated is what f takes from the heap in all, freed or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func rules(all []parlance.Diagnostic) (names []string) {
	for _, g := range all {
		names = append(names, g.Rule)
	}
	return names
}

func TestAContentTypeThatLiesIsNotBelieved(t *testing.T) {
	t.Parallel()
	const envelope = `{"data":null,"error":{"type":"t","title":"Not Found","status":404,"detail":"gone","instance":"/a"},"debug":{"activityId":"id"}}`
	for _, test := range []struct {
		name, dialect, media, body string
		status                     int
		kind                       parlance.Kind
		detail                     string
		told                       bool
	}{
		{"JSON that is called HTML is read", "vbapi", "text/html", envelope, 404, parlance.KindNotFound, "gone", false},
		{"JSON that is called text is read", "vbapi", "text/plain", envelope, 404, parlance.KindNotFound, "gone", false},
		{"JSON that is called XML is read", "vbapi", "application/xml", envelope, 404, parlance.KindNotFound, "gone", false},
		{"JSON that is called a picture is read", "vbapi", "image/png", envelope, 404, parlance.KindNotFound, "gone", false},
		{"JSON without a type is read", "vbapi", "", envelope, 404, parlance.KindNotFound, "gone", false},
		{"JSON with a type that is none is read", "vbapi", ";;;/", envelope, 404, parlance.KindNotFound, "gone", false},
		{"JSON that says it is Latin-1 is read as UTF-8", "vbapi", "application/json; charset=iso-8859-1", envelope, 404, parlance.KindNotFound, "gone", false},
		{"an error in a 200 is read whatever it is called", "vbapi", "text/html", strings.Replace(envelope, "404", "500", 1), 200, parlance.KindFailed, "gone", false},
		{"HTML that is called JSON is read where the dialect has pages", "vms", "application/json", "<html><head><title>Gone</title></head></html>", 404, parlance.KindNotFound, "Gone", false},
		{"XML that is called JSON is read", "vision", "application/json", "<RES><Code>110</Code><Message>bad</Message></RES>", 200, parlance.KindInvalid, "bad", false},
		{"XML that is called HTML is read", "vision", "text/html", "<?xml version='1.0'?><RES><Code>110</Code><Message>bad</Message></RES>", 200, parlance.KindInvalid, "bad", false},
		{"text that is called JSON is told of", "plain", "application/json", "no such thing", 404, parlance.KindNotFound, "no such thing", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			if test.media != "" {
				h.Set("Content-Type", test.media)
			}
			read := open(t, test.dialect).Decode(dialect.Request{}, dialect.Response{Status: test.status, Header: h, Body: []byte(test.body)})
			if o := read.Outcome; o.Kind != test.kind || o.Detail != test.detail {
				t.Errorf("it reads %v, %q", o.Kind, o.Detail)
			}
			if told := len(read.Diagnostics) > 0; told != test.told {
				t.Errorf("the diagnostics are %v", read.Diagnostics)
			}
		})
	}
}

func TestANumberThatIsTooLargeOrNoneIsNotRead(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("numbers.yaml", []byte(`
dialect: numbers
codes: {200: success, 5: {kind: quota, status: 403}, 4xx: invalid, 5xx: internal}
shapes: [{name: error, status: 4xx 5xx, json: {code: "$code:int", wait: "$retry_after:seconds", text: $detail}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, body string
		kind       parlance.Kind
		told       bool
	}{
		{"a whole number is read", `{"code":5,"wait":1.5,"text":"a"}`, parlance.KindQuota, false},
		{"1e400 is no code", `{"code":1e400,"text":"a"}`, parlance.KindInvalid, true},
		{"a code of a thousand digits is none", `{"code":` + strings.Repeat("5", 1000) + `,"text":"a"}`, parlance.KindInvalid, true},
		{"a fraction is no code", `{"code":5.5,"text":"a"}`, parlance.KindInvalid, true},
		{"1e400 is no time", `{"wait":1e400,"text":"a"}`, parlance.KindInvalid, true},
		{"a time before now is none", `{"wait":-1,"text":"a"}`, parlance.KindInvalid, true},
		{"a time of three hundred years is none", `{"wait":9999999999,"text":"a"}`, parlance.KindInvalid, true},
		{"an object is no number", `{"code":{},"text":"a"}`, parlance.KindInvalid, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			read := d.Decode(dialect.Request{}, dialect.Response{Status: 400, Body: []byte(test.body)})
			if o := read.Outcome; o.Kind != test.kind || len(o.Code) > 20 || test.told && o.RetryAfter != 0 {
				t.Errorf("it reads %v, code %q, %v", o.Kind, o.Code, o.RetryAfter)
			}
			if told := len(read.Diagnostics) > 0; told != test.told {
				t.Errorf("the diagnostics are %v", read.Diagnostics)
			}
		})
	}
}

func TestARetryAfterThatIsNoneIsNotObeyedAndALongOneIs(t *testing.T) {
	t.Parallel()
	d := open(t, "plain")
	for value, obeyed := range map[string]bool{
		"120": true, "0.5": true, "": false, "-1": false, "1e400": false, "NaN": false, "Inf": false,
		"9999999999999": true, strings.Repeat("9", 1<<16): true, // nobody comes back before it
		"soon": false, "Thu, 99 Foo 2020 00:00:00 GMT": false,
	} {
		read := d.Decode(dialect.Request{}, dialect.Response{Status: 503, Header: http.Header{"Retry-After": {value}}})
		if got := read.Outcome.RetryAfter; (got > 0) != obeyed || got < 0 {
			t.Errorf("%.20q is obeyed as %v", value, got)
		}
		if read.Outcome.Kind != parlance.KindUnavailable {
			t.Errorf("%.20q makes it %v", value, read.Outcome.Kind)
		}
	}
}

func TestOfNamesThatStandTwiceTheLastCountsAndItIsToldOnce(t *testing.T) {
	t.Parallel()
	read := open(t, "plain").Decode(dialect.Request{}, dialect.Response{Status: 400, Body: []byte(`{"message":"first","message":"second","mess\u0061ge":"third"}`)})
	if read.Outcome.Detail != "third" || !slices.Contains(rules(read.Diagnostics), "duplicate_key") {
		t.Errorf("it reads %q: %v", read.Outcome.Detail, read.Diagnostics)
	}
	// Many times cost no more than once.
	many := []byte("{" + strings.Repeat(`"message":"x",`, 50_000) + `"message":"last"}`)
	d := open(t, "plain")
	read = d.Decode(dialect.Request{}, dialect.Response{Status: 400, Body: many})
	if read.Outcome.Detail != "last" || len(read.Diagnostics) > 8 {
		t.Errorf("it reads %q with %d diagnostics", read.Outcome.Detail, len(read.Diagnostics))
	}
}

func TestABodyThatIsKnownToBeCutIsReadAsFarAsItGoes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, dialect, body string
		status              int
		kind                parlance.Kind
	}{
		{"a success whose rest could say that it failed is noted", "vbapi", `{"data":[{"id":1},{"id":2`, 200, parlance.KindNoted},
		{"a success that has said so before stays one", "vbapi", `{"error":null,"data":[{"id":1},{"id":2`, 200, parlance.KindSuccess},
		{"an error that was seen counts", "vbapi", `{"data":null,"error":{"type":"t","title":"Bad","status":400,"detail":"d","instance":"/"},"debug":{"act`, 200, parlance.KindFailed},
		{"a failure stays what its status says", "vms", `{"message":"Submitted`, 422, parlance.KindInvalid},
		{"a failed record that was seen counts", "vision", `<ORDERS><SO><RES><Code>400</Code></RES></SO><SO><RES><Code>200</Code></RES></SO><SO>`, 207, parlance.KindPartial},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			read := open(t, test.dialect).Decode(dialect.Request{Method: "POST"}, dialect.Response{Status: test.status, Body: []byte(test.body), Cut: true})
			if read.Outcome.Kind != test.kind {
				t.Errorf("it is %v, not %v: %v", read.Outcome.Kind, test.kind, read.Diagnostics)
			}
		})
	}
}

func TestAHundredThousandRecordsTakeMemoryInProportion(t *testing.T) {
	// Not parallel: memory is measured.
	raced.Skip(t)
	var items, fields, marked bytes.Buffer
	items.WriteString(`{"data":[`)
	fields.WriteString(`{"message":"m","errors":{`)
	marked.WriteString("<ORDERS>")
	for i := range 100_000 {
		comma := ","
		if i == 0 {
			comma = ""
		}
		fmt.Fprintf(&items, `%s{"id":[{"key":"k","value":%d}],"status":%d,"body":"b"}`, comma, i, 200+i%2*200)
		fmt.Fprintf(&fields, `%s"f%d":["wrong"]`, comma, i)
		fmt.Fprintf(&marked, `<SO><RES><Code>%d</Code></RES></SO>`, 200+i%2*200)
	}
	items.WriteString(`],"error":null,"debug":{"activityId":"a"}}`)
	fields.WriteString(`}}`)
	marked.WriteString("</ORDERS>")
	for _, test := range []struct {
		name, dialect string
		status        int
		body          []byte
		kind          parlance.Kind
	}{
		{"items in JSON", "vbapi", 207, items.Bytes(), parlance.KindPartial},
		{"fields in JSON", "vms", 422, fields.Bytes(), parlance.KindInvalid},
		{"items in XML", "vision", 207, marked.Bytes(), parlance.KindPartial},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := open(t, test.dialect)
			var read dialect.Decoded
			used := allocated(func() {
				read = d.Decode(dialect.Request{Method: "POST"}, dialect.Response{Status: test.status, Body: test.body})
			})
			// Up to the limit of 1 MiB; the rest counts as cut off.
			count := len(read.Outcome.Items) + len(read.Outcome.Fields)
			if read.Outcome.Kind != test.kind || count < 10_000 {
				t.Errorf("%v with %d records: %v", read.Outcome.Kind, count, read.Diagnostics)
			}
			if limit := uint64(128 * dialect.MaxBody); used > limit {
				t.Errorf("%d records took %d KB, over %d", count, used>>10, limit>>10)
			}
		})
	}
}

// Were the work to grow with the square of their number, this would take longer
// than the suite is given.
// The place of a complaint takes time that grows with the list around it, and allocates. It
// is found only for what is reported.
func TestTheSameFaultInEachOfManyRecordsCostsNoMorePlacesThanAreReported(t *testing.T) {
	raced.Skip(t)
	const records = 5_000
	d := compile(t, `codes: {200: success, bad: {kind: invalid, status: 400}}
shapes:
  - {name: b, status: 200, json: {rows!: [{id: $item, why?: $item.code, errors?: [{code!: $item.code, type?: $item.type}]}]}}
`)
	allocations := func(record string) float64 {
		body := []byte(`{"rows":[` + strings.Repeat(record+",", records) + `{"id":1}]}`)
		return testing.AllocsPerRun(3, func() {
			if read := d.Decode(dialect.Request{}, dialect.Response{Status: 200, Body: body}); len(read.Diagnostics) > 16 || len(read.Outcome.Items) != records+1 {
				t.Fatalf("got %d diagnostics and %d records, want at most 16 and %d", len(read.Diagnostics), len(read.Outcome.Items), records+1)
			}
		})
	}
	for fault, clean := range map[string]string{
		`{"id":1,"why":"bad","why":"bad"}`:                             `{"id":1,"why":"bad","who":"bad"}`,
		`{"id":1,"errors":[{"code":"bad"},{"code":"bad","type":"u"}]}`: `{"id":1,"errors":[{"code":"bad"},{"code":"bad","typo":"u"}]}`,
	} {
		if with, without := allocations(fault), allocations(clean); with > without+2*records {
			t.Errorf("%s: got %.0f allocations, want about the %.0f of %s", fault, with, without, clean)
		}
	}
}

func TestWritingManyRecordsCostsWorkThatGrowsWithTheirNumber(t *testing.T) {
	t.Parallel()
	raced.Skip(t)
	fields := parlance.Outcome{Kind: parlance.KindInvalid, Reason: parlance.ReasonFields, Status: 422, Detail: "d"}
	items := parlance.Outcome{Kind: parlance.KindPartial, Status: 207}
	for i := range 20_000 {
		fields.Fields = append(fields.Fields, parlance.Field{Path: fmt.Sprintf("f%d", i), Message: "m"})
		items.Items = append(items.Items, parlance.Item{Index: i, ID: fmt.Sprint(i), Outcome: parlance.Outcome{Kind: []parlance.Kind{parlance.KindSuccess, parlance.KindInvalid}[i%2], Code: "400", Detail: "d"}})
	}
	req := dialect.Request{Method: "POST", Path: "/service/ManufactureComplete", Header: http.Header{"Accept": {"application/json"}}}
	for _, s := range subjects() {
		for _, o := range []*parlance.Outcome{&fields, &items} {
			if m := s.Encode(nil, req, o, dialect.Payload{}); m.Status < 200 {
				t.Errorf("%s: status %d", s.name, m.Status)
			}
		}
	}
}

// A stranger's file is compiled or refused. What it may take from the heap is
// bounded by its size, whatever it says: were the work to grow with the square
// of it, the suite would not end in the time that it is given.
func TestAStrangersFileIsCompiledOrRefusedWithinItsBounds(t *testing.T) {
	// Not parallel: memory is measured.
	raced.Skip(t)
	const frame = "dialect: stranger\ncodes: {200: success, 4xx: invalid, 5xx: internal}\n"
	retry := func(n int, line func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(line(i))
		}
		return b.String()
	}
	for _, test := range []struct {
		name, source string
		compiles     bool
	}{
		{"a thousand shapes", frame + "shapes:\n" + retry(1000, func(i int) string {
			return fmt.Sprintf("  - {name: s%d, status: 4xx, json: {m%d!: $detail, kind: k%d}}\n", i, i, i)
		}), true},
		{"a thousand shapes that are alike", frame + "shapes:\n" + strings.Repeat("  - {status: 4xx, json: {m!: $detail}}\n", 1000), true},
		{"a thousand shapes of lists of alternatives", frame + "shapes:\n" + retry(1000, func(i int) string {
			return fmt.Sprintf("  - {status: 4xx, json: {e%d!: [{$either: [{a!: $field}, {b!: $field.code}, $field.message]}]}}\n", i)
		}), true},
		{"20,000 codes", "dialect: stranger\ncodes:\n  200: success\n" + retry(20_000, func(i int) string { return fmt.Sprintf("  c%d: {kind: invalid, status: 400}\n", i) }) +
			"shapes: [{name: e, json: {code!: $code}}]\n", false},
		{"20,000 codes in short", "dialect: stranger\ncodes:\n" + retry(20_000, func(i int) string { return fmt.Sprintf("  %d: invalid\n", 1000+i) }) + "shapes: [{name: e, json: {code!: $code:int}}]\n", true},
		{"20,000 codes of one row", "dialect: stranger\ncodes:\n  200: success\n  \"" + retry(20_000, func(i int) string { return fmt.Sprintf("c%d, ", i) }) + "z\": {kind: invalid, status: 400}\nshapes: [{name: e, json: {code!: $code}}]\n", true},
		{"5,000 globs", "dialect: stranger\ncodes:\n  200: success\n" + retry(5000, func(i int) string { return fmt.Sprintf("  '*c%d*': {kind: invalid, status: 400}\n", i) }) + "shapes: [{name: e, json: {code!: $code}}]\n", true},
		{"5,000 ranges that overlap", "dialect: stranger\ncodes:\n  200: success\n" + retry(5000, func(i int) string { return fmt.Sprintf("  %d..%d: {kind: invalid, status: 400}\n", -i-2, i+1000) }) + "shapes: [{name: e, json: {code!: $code:int}}]\n", true},
		{"a pattern of 10,000 characters", frame + "shapes: [{name: e, status: 4xx, text: \"{$code}" + strings.Repeat("a", 10_000) + "{$detail}\"}]\n", true},
		{"a pattern of 2,000 holes", frame + "shapes: [{name: e, status: 4xx, text: \"" + strings.Repeat("{_=x}-", 2000) + "{$detail}\"}]\n", true},
		{"a pattern of a thousand optional parts", frame + "shapes: [{name: e, status: 4xx, text: \"" + strings.Repeat("{?a{_=x}-}", 1000) + "{$detail}\"}]\n", false},
		{"a pattern of 10,000 open braces", frame + "shapes: [{name: e, status: 4xx, text: \"" + strings.Repeat("{?", 10_000) + "{$detail}\"}]\n", false},
		{"a ring of a hundred definitions", frame + "define:\n" + retry(100, func(i int) string {
			return fmt.Sprintf("  d%d: {m?: $field.message, $field: $d%d}\n", i, (i+1)%100)
		}) + "shapes: [{name: e, status: 4xx, json: $d0}]\n", true},
		{"a ring of a hundred definitions that reads nothing", frame + "define:\n" + retry(100, func(i int) string { return fmt.Sprintf("  d%d: {$either: [$d%d, $detail]}\n", i, (i+1)%100) }) + "shapes: [{name: e, status: 4xx, json: $d0}]\n", false},
		{"thirty definitions, each with two of the next", frame + "define:\n" + retry(30, func(i int) string { return fmt.Sprintf("  d%d: {a?: $d%d, b?: $d%d}\n", i, i+1, i+1) }) + "  d30: {c: $detail}\nshapes: [{name: e, status: 4xx, json: $d0}]\n", true},
		{"thirty definitions that all refer to all", frame + "define:\n" + retry(30, func(i int) string {
			return fmt.Sprintf("  d%d: {m?: $field.message%s}\n", i, retry(30, func(j int) string { return fmt.Sprintf(", e%d?: $d%d", j, j) }))
		}) + "shapes: [{name: e, status: 4xx, json: {$field: $d0}}]\n", true},
		{"25 levels of alternatives", frame + "shapes: [{name: e, status: 4xx, json: " + strings.Repeat("{$either: [{a!: $code}, ", 25) + "$detail" + strings.Repeat("]}", 25) + "}]\n", true},
		{"64 levels of alternatives", frame + "shapes: [{name: e, status: 4xx, json: " + strings.Repeat("{$either: [[$field.message], ", 64) + "$detail" + strings.Repeat("]}", 64) + "}]\n", false},
		{"a body of forty levels", frame + "shapes: [{name: e, status: 4xx, json: " + strings.Repeat("{a: ", 40) + "$detail" + strings.Repeat("}", 40) + "}]\n", true},
		{"two thousand names of one member", frame + "shapes: [{name: e, status: 4xx, json: {\"" + retry(2000, func(i int) string { return fmt.Sprintf("n%d|", i) }) + "z\": $detail}}]\n", true},
		{"a list of two thousand templates", frame + "shapes: [{name: e, status: 4xx, json: {l!: [" + retry(2000, func(i int) string { return fmt.Sprintf("{t: t%d, m: $field.message}, ", i) }) + "$any]}}]\n", true},
		{"a thousand operations", frame + "operations:\n" + retry(1000, func(i int) string { return fmt.Sprintf("  - {method: POST, path: /p%d, codes: {404: empty}}\n", i) }), true},
		{"five thousand headers", frame + "shapes: [{headers: {" + retry(5000, func(i int) string { return fmt.Sprintf("X-%d: $note, ", i) }) + "X-Z: $note}}]\n", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var d *dialect.Dialect
			var err error
			used := allocated(func() { d, err = dialect.Compile("stranger.yaml", []byte(test.source)) })
			t.Logf("%d KB of a file of %d KB", used>>10, len(test.source)>>10)
			if limit := uint64(2000*len(test.source) + 4<<20); used > limit {
				t.Errorf("%d KB of a file of %d KB", used>>10, len(test.source)>>10)
			}
			if err != nil {
				if !isFileError(err) {
					t.Errorf("it is refused with %v", err)
				}
				if test.compiles {
					t.Errorf("it is refused: %.300s", err)
				}
				return
			}
			if !test.compiles {
				t.Error("it is compiled")
			}
			body := []byte(`{"m":"m","a":{"b":{"a":{"c":"x"}}},"l":[{"t":"t7","m":"m"}],"code":"c19999"}`)
			for _, r := range []dialect.Response{{Status: 404, Body: body}, {Status: 500, Body: []byte(strings.Repeat("a", 20_000)), Header: http.Header{"Content-Type": {"text/plain"}}}, {Status: 404, Body: []byte(strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200))}} {
				var o parlance.Outcome
				used := allocated(func() { o = d.Decode(dialect.Request{Method: "POST", Path: "/p7"}, r).Outcome })
				if limit := uint64(64*len(test.source) + 1<<20); used > limit {
					t.Errorf("reading takes %d KB", used>>10)
				}
				used = allocated(func() { d.Encode(nil, dialect.Request{}, &o, dialect.Payload{}) })
				if limit := uint64(64*len(test.source) + 1<<20); used > limit {
					t.Errorf("writing takes %d KB", used>>10)
				}
			}
		})
	}
}

// A tree that refers to itself is read as deep as a body may be, and what is
// deeper leaves the meaning of the status.
func TestADefinitionThatRefersToItselfAgainstADeepBody(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("deep.yaml", []byte(`
dialect: deep
codes: {200: success, 404: not_found, 4xx: invalid}
define:
  tree: {$either: [[$field.message], {$field: $tree}, {$field#: $tree}]}
  wide: {text?: $field.message, left?: $wide, right?: $wide}
shapes:
  - {name: tree, status: 4xx, json: {errors!: $tree}}
  - {name: wide, status: 4xx, json: {wide!: {$field: $wide}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{10, 60, 200, 5000, 100_000} {
		for name, body := range map[string]string{
			"maps":    `{"errors":` + strings.Repeat(`{"a":`, n) + `["m"]` + strings.Repeat("}", n) + `}`,
			"lists":   `{"errors":` + strings.Repeat(`[{"a":`, n) + `["m"]` + strings.Repeat("}]", n) + `}`,
			"members": `{"wide":{"x":` + strings.Repeat(`{"left":`, n) + `{"text":"m"}` + strings.Repeat("}", n) + `}}`,
			"misfits": `{"errors":` + strings.Repeat(`{"a":[1],"b":`, n) + `7` + strings.Repeat("}", n) + `}`,
		} {
			read := d.Decode(dialect.Request{}, dialect.Response{Status: 404, Body: []byte(body)})
			o := &read.Outcome
			if o.Kind != parlance.KindNotFound {
				t.Errorf("%s %d deep: %s", name, n, o.Kind)
			}
			if n <= 10 && name != "misfits" && len(o.Fields) != 1 {
				t.Errorf("%s %d deep: %+v %v", name, n, o.Fields, read.Diagnostics)
			}
			if len(o.Fields) == 0 && len(read.Diagnostics) == 0 {
				t.Errorf("%s %d deep: nothing is read and nothing is told", name, n)
			}
			m := d.Encode(nil, dialect.Request{}, o, dialect.Payload{})
			if back := d.Decode(dialect.Request{}, dialect.Response{Status: m.Status, Body: m.Body}).Outcome; len(m.Losses) == 0 && len(back.Fields) != len(o.Fields) {
				t.Errorf("%s %d deep: %d fields of %d come back: %.200s", name, n, len(back.Fields), len(o.Fields), m.Body)
			}
		}
	}
}

// Were every alternative tried at every depth, these would not end: they begin
// with the same member, so that only what stands behind it tells them apart.
func TestAlternativesThatBeginAlikeAgainstADeepBody(t *testing.T) {
	t.Parallel()
	raced.Skip(t)
	d, err := dialect.Compile("alike.yaml", []byte(`
dialect: alike
codes: {200: success, 404: not_found, 4xx: invalid}
define: {tree: {$either: [{a!: $tree, b!: $detail}, {a!: $tree, c!: $title}, $code]}}
shapes: [{name: tree, status: 200 4xx, json: $tree}]
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 5, 30, 60, 1000} {
		body := []byte(strings.Repeat(`{"a":`, n) + `"x"` + strings.Repeat("}", n))
		read := d.Decode(dialect.Request{}, dialect.Response{Status: 404, Body: body})
		if read.Outcome.Kind != parlance.KindNotFound || len(read.Diagnostics) == 0 {
			t.Errorf("%d deep: %s %v", n, read.Outcome.Kind, read.Diagnostics)
		}
		glanced(t, d, dialect.Request{}, dialect.Response{Status: 404, Body: body})
	}
	body := []byte(strings.Repeat(`{"a":`, 5) + `"x"` + strings.Repeat(`,"c":"t"}`, 5))
	if read := d.Decode(dialect.Request{}, dialect.Response{Status: 404, Body: body}); read.Outcome.Code != "x" || read.Outcome.Title != "t" || len(read.Diagnostics) > 0 {
		t.Errorf("what fits is read as %+v %v", read.Outcome, read.Diagnostics)
	}
}
