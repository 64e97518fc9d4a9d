package dialect_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// construct is one case of one construct of the language: a dialect that has
// little else, a response, what it reads as, and what that is written as.
type construct struct {
	name   string
	file   string // what follows the name of the dialect; the usual codes stand before it where it has none
	method string // of the request; "" is GET
	path   string
	status int // 0 is 422
	header string
	body   string
	want   string // the whole Outcome as JSON, without its status
	told   string // the rules of what is told about the response
	act    string // the decision, as "retry 5s safe"; "" is not looked at

	wrote string // the body that the Outcome is written as; "" is the one that was read, "-" is not looked at
	sent  string // the header that is written, without Content-Type
	turns int    // the status that is written, 0 is the one that was read
	lost  string // what is lost on the way
	gains bool   // what is written has more in it than the Outcome
}

const usual = "codes: {200: success, 404: not_found, 422: invalid, 4xx: invalid, 5xx: internal}\n"

// stated is the moment at which everything in the tables happens.
var stated = time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)

func hold(t *testing.T, all []construct) {
	t.Helper()
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.hold(t)
		})
	}
}

// complaints is what lint says of a file that describes no whole API: its one shape of
// records may be the only one of a success, and its prefixes need no declaration.
func complaints(file string, source []byte, find ...dialect.Finder) []parlance.Diagnostic {
	return slices.DeleteFunc(authoring.Lint(file, source, find...), func(d parlance.Diagnostic) bool { return d.Rule == "records_only" || d.Rule == "undeclared_prefix" })
}

func (c *construct) hold(t *testing.T) {
	t.Helper()
	source := "dialect: test\n" + c.file
	if !strings.Contains("\n"+c.file, "\ncodes:") {
		source = "dialect: test\n" + usual + c.file
	}
	if all := complaints("test.yaml", []byte(source)); len(all) > 0 {
		t.Fatalf("the file is complained of: %v", all)
	}
	d, err := dialect.Compile("test.yaml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	req := dialect.Request{Method: c.method, Path: c.path, Now: stated}
	res := dialect.Response{Status: c.status, Header: lines(c.header), Body: []byte(c.body), Received: stated}
	if res.Status == 0 {
		res.Status = 422
	}
	read := d.Decode(req, res)
	o := read.Outcome
	same(t, "it reads as", c.want, &o)
	if o.Status != res.Status {
		t.Errorf("the status is %d", o.Status)
	}
	if told := strings.Join(rules(read.Diagnostics), " "); told != c.told {
		t.Errorf("it is told %q, not %q: %v", told, c.told, read.Diagnostics)
	}
	glanced(t, d, req, res)
	if p := d.Decide(req, &o); c.act != "" && decided(p) != c.act {
		t.Errorf("the decision is %q, not %q: %+v", decided(p), c.act, p)
	}
	if c.wrote == "-" {
		return
	}
	m := d.Encode(nil, req, &o, dialect.Payload{Body: bytes.Clone(read.Data)})
	want := c.wrote
	if want == "" {
		want = c.body
	}
	if string(m.Body) != want {
		t.Errorf("it is written as\n%s\nnot\n%s", m.Body, want)
	}
	if want := max(c.turns, 0); want == 0 && m.Status != res.Status || want > 0 && m.Status != want {
		t.Errorf("it is written under %d", m.Status)
	}
	header, sent := http.Header{"Date": res.Header.Values("Date")}, []string{}
	for _, p := range m.Header {
		if header.Add(p.Name, p.Value); p.Name != "Content-Type" {
			sent = append(sent, p.Name+": "+p.Value)
		}
	}
	if got := strings.Join(sent, "\n"); got != c.sent {
		t.Errorf("the header is %q, not %q", got, c.sent)
	}
	if lost := attributes(m.Losses); lost != c.lost {
		t.Errorf("it loses %q, not %q: %v", lost, c.lost, m.Losses)
	}
	back := d.Decode(req, dialect.Response{Status: m.Status, Header: header, Body: m.Body, Received: stated})
	if c.lost == "" && !c.gains {
		if c.turns != 0 {
			back.Outcome.Status = o.Status
		}
		text, _ := json.Marshal(o)
		sameWhole(t, "written and read again it is", string(text), &back.Outcome)
	}
}

// decided is a decision in words.
func decided(p parlance.Decision) string {
	words := []string{p.Act.String()}
	for _, d := range append([]time.Duration{p.After, p.Backoff.Floor, p.Backoff.Cap}, p.Schedule...) {
		if d > 0 {
			words = append(words, d.String())
		}
	}
	if p.Scope == parlance.ScopeItems {
		words = append(words, "items")
	}
	if p.RetrySafe {
		words = append(words, "safe")
	}
	return strings.Join(words, " ")
}

func attributes(all []parlance.Loss) string {
	var names []string
	for _, l := range all {
		names = append(names, l.Attribute)
	}
	return strings.Join(names, " ")
}

// lines is a header that is written as in a response.
func lines(text string) http.Header {
	h := http.Header{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		h.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return h
}

// same holds an Outcome, but for its status, against its JSON.
func same(t *testing.T, what, want string, o *parlance.Outcome) {
	t.Helper()
	own := *o
	own.Status = 0
	sameWhole(t, what, want, &own)
}

func sameWhole(t *testing.T, what, want string, o *parlance.Outcome) {
	t.Helper()
	got, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if err := json.Unmarshal([]byte(want), &a); err != nil {
		t.Fatalf("%v in %s", err, want)
	}
	if err := json.Unmarshal(got, &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%s\n%s\nnot\n%s", what, got, want)
	}
}

// glanced holds what Classify says of a response against what Decode and Decide say.
func glanced(t *testing.T, d *dialect.Dialect, req dialect.Request, res dialect.Response) {
	t.Helper()
	o := d.Decode(req, res).Outcome
	want := dialect.Classification{Kind: o.Kind, Reason: o.Reason, Decision: d.Decide(req, &o)}
	if got := d.Classify(req, res); !reflect.DeepEqual(got, want) {
		t.Errorf("classified it is\n%+v\nnot\n%+v", got, want)
	}
}

func TestDefinitions(t *testing.T) {
	t.Parallel()
	const tree = `define: {node: {message?: $field.message, nodes?: {$field: $node}}}
shapes: [{name: e, json: {errors!: {$field: $node}}}]`
	const drf = `define: {errors: {$either: [[$field.message], {$field#: $errors}, {non_field_errors?: [$field.message], $field: $errors}]}}
shapes: [{name: e, json: $errors}]`
	deep := strings.Repeat(`{"a":`, 60) + `["m"]` + strings.Repeat("}", 60)
	hold(t, []construct{
		{name: "a definition stands for its template", file: `define: {place: {file?: $type, line?: "$instance"}}
shapes: [{name: e, json: {message: $detail, at: $place, from?: $place}}]`,
			body: `{"message":"m","at":{"file":"f","line":"2"}}`, want: `{"kind":"invalid","detail":"m","type":"f","instance":"2"}`, wrote: "-"},
		{name: "a definition in a list", file: `define: {one: {field: $field, text: $field.message}}
shapes: [{name: e, json: {errors!: [$one]}}]`,
			body: `{"errors":[{"field":"a","text":"m"},{"field":"b","text":"n"}]}`, want: `{"kind":"invalid","fields":[{"path":"a","message":"m"},{"path":"b","message":"n"}]}`},
		{name: "a definition that refers to itself follows a tree", file: tree,
			body: `{"errors":{"a":{"message":"m","nodes":{"b":{"message":"n"}}}}}`,
			want: `{"kind":"invalid","fields":[{"path":"a","message":"m"},{"path":"a.b","message":"n"}]}`},
		{name: "names of members nest into one path", file: drf,
			body: `{"user":{"email":["m","n"],"address":{"zip":["o"]}}}`,
			want: `{"kind":"invalid","fields":[{"path":"user.email","message":"m"},{"path":"user.email","message":"n"},{"path":"user.address.zip","message":"o"}]}`},
		{name: "a tree whose path is a leaf too", file: drf,
			body: `{"user":{"non_field_errors":["m"],"email":["n"]}}`,
			want: `{"kind":"invalid","fields":[{"path":"user","message":"m"},{"path":"user.email","message":"n"}]}`},
		{name: "the indexes of a list are a part of the path", file: drf,
			body:  `{"items":[{},{"name":["m"]},{},{"non_field_errors":["n"]}]}`,
			want:  `{"kind":"invalid","fields":[{"path":"items.1.name","message":"m"},{"path":"items.3","message":"n"}]}`,
			wrote: `{"items":[{},{"name":["m"]},{},["n"]]}`},
		{name: "names that are numbers with a gap too wide for a list", file: drf,
			body:  `{"a":{"5000":["m"]}}`,
			want:  `{"kind":"invalid","fields":[{"path":"a.5000","message":"m"}]}`,
			wrote: "-"},
		{name: "a tree 60 deep", file: drf, body: deep, want: `{"kind":"invalid","fields":[{"path":"a` + strings.Repeat(".a", 59) + `","message":"m"}]}`},
		{name: "a name that is empty", file: drf, body: `{"":["m"]}`, want: `{"kind":"invalid","fields":[{"message":"m"}]}`, wrote: `["m"]`},
	})
}

func TestIndexesOfLists(t *testing.T) {
	t.Parallel()
	const flat = `shapes: [{name: e, json: {errors!: {$field#: [$field.message]}}}]`
	const rows = `codes: {200: success, bad: {kind: invalid, status: 422}, 5xx: internal}
shapes: [{name: e, status: 2xx, json: {rows!: {$item#: {state!: $item.code, text?: $item.detail}}}}]`
	hold(t, []construct{
		{name: "the place in a list is the path of a field", file: flat, body: `{"errors":[["m"],["n","o"]]}`,
			want: `{"kind":"invalid","fields":[{"path":"0","message":"m"},{"path":"1","message":"n"},{"path":"1","message":"o"}]}`},
		{name: "elements without errors keep the places of the others", file: flat, body: `{"errors":[[],["n"]]}`,
			want: `{"kind":"invalid","fields":[{"path":"1","message":"n"}]}`, wrote: "-"},
		{name: "the place in a list is the id of an item", file: rows, status: 200, body: `{"rows":[{"state":"bad","text":"t"},{"state":"bad"}]}`,
			want: `{"kind":"invalid","items":[{"index":0,"id":"0","outcome":{"kind":"invalid","code":"bad","detail":"t"}},{"index":1,"id":"1","outcome":{"kind":"invalid","code":"bad"}}]}`},
		{name: "a list where another form stands is not read", file: flat, body: `{"errors":{"a":["m"]}}`, want: `{"kind":"invalid","detail":"m","fields":[{"path":"a","message":"m"}]}`, told: "unfit_body common_form", wrote: "-"},
	})
}

// A text of the whole that only the first element of a list can give is not lost in silence.
func TestALaterElementOfOneTemplateIsReported(t *testing.T) {
	t.Parallel()
	const head = "codes: {4xx: invalid, E1: {kind: invalid, status: 400}, E2: {kind: conflict, status: 409}}\nshapes:\n"
	of := func(elements string) string {
		return head + "- {name: error, status: 4xx, json: {errors!: [" + elements + "]}}"
	}
	const two = `{"errors":[{"level":"E","id":"E1","text":"one"},{"level":"E","id":"E2","text":"two"}]}`
	const first = `{"kind":"invalid","code":"E1","detail":"one"}`
	hold(t, []construct{
		{name: "a constant", file: of("{level: E, id!: $code, text: $detail}, {level: W, text: $note}"), status: 400, body: two, want: first, told: "unread_element", wrote: "-"},
		{name: "a constant and a list of fields", file: of("{level: E, id!: $code, text: $detail, of?: [{at: $field}]}, {level: W, text: $note}"), status: 400, body: two, want: first, told: "unread_element", wrote: "-"},
		{name: "a constant and a map of fields", file: of("{level: E, id!: $code, text: $detail, of?: {$field: $field.message}}"), status: 400, body: two, want: first, told: "unread_element", wrote: "-"},
		{name: "fields of a later element", file: of("{level: E, id!: $code, text: $detail, of?: [{at: $field}]}"), status: 400,
			body: `{"errors":[{"level":"E","id":"E1","text":"one","of":[{"at":"a"}]},{"level":"E","id":"E1","text":"one","of":[{"at":"b"}]}]}`,
			want: `{"kind":"invalid","code":"E1","detail":"one","fields":[{"path":"a"},{"path":"b"}]}`, wrote: "-"},
		{name: "a note keeps the text and not the code", file: of("{level: E, id!: $code, text: $detail & $note}"), status: 400, body: two, want: `{"kind":"invalid","code":"E1","detail":"one","notes":["two"]}`, told: "unread_element", wrote: "-"},
		{name: "a field keeps both", file: of("{level: E, id!: $code & $field.code, text: $detail & $field.message}"), status: 400, body: two, want: `{"kind":"invalid","code":"E1","detail":"one","fields":[{"code":"E2","message":"two"}]}`, wrote: "-"},
		{name: "a title sums up a text that a field keeps", file: of("{id!: $code & $field.code, name?: $title, text: $detail & $field.message}"), status: 400,
			body: `{"errors":[{"id":"E1","name":"a","text":"one"},{"id":"E2","name":"b","text":"two"}]}`, want: `{"kind":"invalid","code":"E1","title":"a","detail":"one","fields":[{"code":"E2","message":"two"}]}`, wrote: "-"},
		{name: "a title alone", file: of("{id!: $code, name!: $title}"), status: 400, body: `{"errors":[{"id":"E1","name":"a"},{"id":"E1","name":"b"}]}`, want: `{"kind":"invalid","code":"E1","title":"a"}`, told: "unread_element", wrote: "-"},
		{name: "a template that fits nothing of a later element", file: of("{level: E, id!: $code, text: $detail, n: 1}, {level: E, id!: $field.code, text: $field.message}"), status: 400,
			body: `{"errors":[{"level":"E","id":"E1","text":"one","n":1},{"level":"E","id":"E2","text":"two","n":2}]}`, want: `{"kind":"invalid","code":"E1","detail":"one","fields":[{"code":"E2","message":"two"}]}`, wrote: "-"},
	})
}

func TestAnyAbsentReadAndWrite(t *testing.T) {
	t.Parallel()
	const any = `shapes: [{name: e, json: {code: $any = 30, docs: $any, empty: "$any = {}", text: "$any = a b", message!: $detail}}]`
	const absent = `shapes:
  - {name: coarse, json: {error: {type!: $family, code: $absent, message: $detail}}}
  - {name: fine, json: {error: {type: {$write: $family}, code!: $code, message: $detail}}}`
	const read = `shapes: [{name: e, json: {message: $detail, old_message: {$read: $detail}, api: {$write: v2}}}]`
	hold(t, []construct{
		{name: "anything is passed over, and written as the file says", file: any, body: `{"code":[1,{"a":null}],"message":"m"}`,
			want: `{"kind":"invalid","detail":"m"}`, wrote: `{"code":30,"empty":{},"text":"a b","message":"m"}`},
		{name: "what is passed over need not be there", file: any, body: `{"message":"m"}`, want: `{"kind":"invalid","detail":"m"}`, wrote: `{"code":30,"empty":{},"text":"a b","message":"m"}`},
		{name: "what is passed over may be null", file: any, body: `{"code":null,"docs":null,"message":"m"}`, want: `{"kind":"invalid","detail":"m"}`, wrote: `{"code":30,"empty":{},"text":"a b","message":"m"}`},
		{name: "any member as the mark of a shape must be there", file: `shapes: [{name: e, json: {trace!: $any = 1, message: $detail}}, {name: f, json: {message: $title}}]`,
			body: `{"message":"m"}`, want: `{"kind":"invalid","title":"m"}`},
		{name: "strangers in a list are let be by a last template $any", file: `shapes: [{name: e, json: {errors!: [{field!: $field, text: $field.message}, $any]}}]`,
			body: `{"errors":[1,{"field":"a","text":"m"},{"x":{}},null]}`, want: `{"kind":"invalid","fields":[{"path":"a","message":"m"}]}`, wrote: `{"errors":[{"field":"a","text":"m"}]}`},
		{name: "strangers in a list without $any are told of", file: `shapes: [{name: e, json: {errors!: [{field!: $field, text: $field.message}]}}]`,
			body: `{"errors":[1,{"field":"a","text":"m"}]}`, want: `{"kind":"invalid","fields":[{"path":"a","message":"m"}]}`, told: "unread_element", wrote: `{"errors":[{"field":"a","text":"m"}]}`},
		{name: "a member that must not be there is not", file: absent, body: `{"error":{"type":"card_error","message":"m"}}`, want: `{"kind":"invalid","family":"card_error","detail":"m"}`},
		{name: "a member that must not be there is", file: absent, body: `{"error":{"type":"card_error","code":"expired","message":"m"}}`,
			want: `{"kind":"invalid","code":"expired","detail":"m"}`, wrote: `{"error":{"type":null,"code":"expired","message":"m"}}`},
		{name: "a member that must not be there is null", file: absent, body: `{"error":{"type":"card_error","code":null,"message":"m"}}`, want: `{"kind":"invalid","code":"card_error","detail":"m"}`, told: "unfit_body common_form", wrote: "-"},
		{name: "a member that is only read", file: read, body: `{"old_message":"m"}`, want: `{"kind":"invalid","detail":"m"}`, wrote: `{"message":"m","api":"v2"}`},
		{name: "the first place that is filled is read", file: read, body: `{"message":"new","old_message":"old"}`, want: `{"kind":"invalid","detail":"new"}`, wrote: `{"message":"new","api":"v2"}`},
		{name: "what is only written is no condition", file: read, body: `{"message":"m","api":"v1"}`, want: `{"kind":"invalid","detail":"m"}`, wrote: `{"message":"m","api":"v2"}`},
		{name: "an alternative that is only written", file: `shapes: [{name: e, json: {error!: {$either: [{$write: {text: $detail}}, $detail]}}}]`,
			body: `{"error":"m"}`, want: `{"kind":"invalid","detail":"m"}`, wrote: `{"error":{"text":"m"}}`, lost: "detail"},
		{name: "an alternative that is only read", file: `shapes: [{name: e, json: {error!: {$either: [{$read: {text!: $detail}}, $detail]}}}]`,
			body: `{"error":{"text":"m"}}`, want: `{"kind":"invalid","detail":"m"}`, wrote: `{"error":"m"}`},
		{name: "a list of which some elements are only read", file: `shapes: [{name: e, json: {errors!: [{$read: {old!: $field.message}}, {text!: $field.message}]}}]`,
			body: `{"errors":[{"old":"m"},{"text":"n"}]}`, want: `{"kind":"invalid","fields":[{"message":"m"},{"message":"n"}]}`, wrote: `{"errors":[{"text":"m"},{"text":"n"}]}`},
	})
}

func TestWhatTheFormSays(t *testing.T) {
	t.Parallel()
	const form = `codes: {200: success, gone: {kind: not_found, status: 404}, 422: invalid, 4xx: invalid, 5xx: internal}
shapes:
  - {name: ok, json: {ok: true, $is: success}}
  - {name: gone, json: {ok: false, why: gone, $is: gone}}
  - {name: no, is: failed, json: {ok: false, why!: $detail}}`
	const records = `codes: {200: success, 400: {kind: invalid}, 5xx: internal}
shapes: [{name: list, status: 2xx, json: {done?: [{$is: success, id: $item}], failed?: [{$is: invalid, id: $item, text: $item.detail}]}}]`
	hold(t, []construct{
		{name: "a form that is good", file: form, status: 200, body: `{"ok":true}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "a form that is a name of the table", file: form, status: 404, body: `{"ok":false,"why":"gone"}`, want: `{"kind":"not_found"}`},
		{name: "a form that is a name of the table, under a good status", file: form, status: 200, body: `{"ok":false,"why":"gone"}`, want: `{"kind":"not_found"}`, wrote: "-"},
		{name: "a bare failed speaks where the status is good", file: form, status: 200, body: `{"ok":false,"why":"x"}`, want: `{"kind":"failed","detail":"x"}`, wrote: "-"},
		{name: "a bare failed does not speak where the status is a failure", file: form, status: 503, body: `{"ok":false,"why":"x"}`, want: `{"kind":"internal","detail":"x"}`},
		{name: "a good form stays good, whatever code it has", file: `codes: {200: success, E: {kind: forbidden, status: 403}}
shapes: [{name: ok, is: success, json: {ok: true, code: $code}}]`, status: 200, body: `{"ok":true,"code":"E"}`, want: `{"kind":"success","code":"E"}`, wrote: `{"ok":true,"code":null}`, lost: "code"},
		{name: "the form of a record says what it came to", file: records, status: 200, body: `{"done":[{"id":"a"}],"failed":[{"id":"b","text":"t"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"success"}},{"index":1,"id":"b","outcome":{"kind":"invalid","detail":"t"}}]}`},
		{name: "all records of a form that failed", file: records, status: 200, body: `{"failed":[{"id":"b","text":"t"}]}`,
			want: `{"kind":"invalid","items":[{"index":0,"id":"b","outcome":{"kind":"invalid","detail":"t"}}]}`},
		{name: "no record at all", file: records, status: 200, body: `{"done":[]}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "a record is written into one of two sibling lists", file: records, status: 200, body: `{"done":[{"id":"a"},{"id":"c"}]}`,
			want: `{"kind":"success","items":[{"index":0,"id":"a","outcome":{"kind":"success"}},{"index":1,"id":"c","outcome":{"kind":"success"}}]}`},
	})
}

func TestFamilyAndRetryable(t *testing.T) {
	t.Parallel()
	const family = `codes:
  200: success
  card_declined: {kind: failed, status: 402, family: card_error}
  card_error: {kind: invalid, status: 402}
  rate_limit_error: {kind: rate_limited, status: 429}
  5xx: internal
shapes: [{name: e, json: {error: {type: $family, code?: $code, message: $detail}}}]`
	const advice = `codes: {200: success, 409: conflict, 422: invalid, 429: {kind: rate_limited, retry: {after: 5s}}, 4xx: invalid, 5xx: {kind: internal, retry: {backoff: 2s..8s}}}
shapes: [{name: e, json: {retry?: "$retryable:bool", message: $detail}}]`
	hold(t, []construct{
		{name: "the vendor's code counts before its coarser one", file: family, status: 402, body: `{"error":{"type":"card_error","code":"card_declined","message":"m"}}`,
			want: `{"kind":"failed","code":"card_declined","family":"card_error","detail":"m"}`},
		{name: "an unlisted code has the meaning of its coarser one", file: family, status: 400, body: `{"error":{"type":"rate_limit_error","code":"x","message":"m"}}`,
			want: `{"kind":"rate_limited","code":"x","family":"rate_limit_error","detail":"m"}`, wrote: "-"},
		{name: "an unlisted code and an unlisted family leave the status", file: family, status: 503, body: `{"error":{"type":"y","code":"x","message":"m"}}`,
			want: `{"kind":"internal","code":"x","family":"y","detail":"m"}`},
		{name: "an unlisted code beside an unlisted family under a good status is no plain success", file: family, status: 200, body: `{"error":{"type":"y","code":"x","message":"m"}}`,
			want: `{"kind":"noted","code":"x","family":"y","detail":"m"}`, told: "unlisted_code", wrote: "-"},
		{name: "an unlisted family alone under a good status is no plain success", file: family, status: 200, body: `{"error":{"type":"y","message":"m"}}`,
			want: `{"kind":"noted","family":"y","detail":"m"}`, told: "unlisted_code", wrote: "-"},
		{name: "a family alone has the meaning of its row", file: family, status: 429, body: `{"error":{"type":"rate_limit_error","message":"m"}}`,
			want: `{"kind":"rate_limited","family":"rate_limit_error","detail":"m"}`, act: "retry 1s 1m0s safe"},
		{name: "a family alone under a good status is a failure", file: family, status: 200, body: `{"error":{"type":"card_error","message":"m"}}`,
			want: `{"kind":"invalid","family":"card_error","detail":"m"}`, wrote: "-"},
		{name: "a response that says it is to be retried", file: advice, method: "POST", status: 409, body: `{"retry":true,"message":"m"}`,
			want: `{"kind":"conflict","detail":"m","retryable":true}`, act: "retry 1s 1m0s"},
		{name: "a response that forbids to retry it beats its status", file: advice, status: 500, body: `{"retry":false,"message":"m"}`,
			want: `{"kind":"internal","detail":"m","retryable":false}`, act: "stop safe"},
		{name: "a response that says what its row says", file: advice, status: 429, body: `{"retry":true,"message":"m"}`,
			want: `{"kind":"rate_limited","detail":"m","retryable":true}`, act: "retry 5s safe"},
		{name: "a response that says nothing of it", file: advice, status: 500, body: `{"message":"m"}`, want: `{"kind":"internal","detail":"m"}`, act: "retry 2s 8s safe"},
		{name: "a response that says it in another type", file: advice, status: 500, body: `{"retry":"no","message":"m"}`, want: `{"kind":"internal","detail":"m"}`, told: "unfit_member",
			wrote: `{"message":"m"}`},
		{name: "a success that says it could be retried is done", file: advice, status: 200, body: `{"retry":true,"message":"m"}`, want: `{"kind":"success","detail":"m","retryable":true}`, act: "done safe", wrote: "-"},
	})
}

func TestTimes(t *testing.T) {
	t.Parallel()
	wait := func(notation string) string {
		return "codes: {200: success, 429: rate_limited, 4xx: invalid}\nshapes: [{name: e, status: 4xx, json: {wait?: \"$retry_after:" + notation + "\"}}]"
	}
	const date = "Date: Fri, 20 Nov 2026 15:00:00 GMT" // an hour before our own clock
	const after = `{"kind":"rate_limited","retry_after":90}`
	hold(t, []construct{
		{name: "seconds", file: wait("seconds"), status: 429, body: `{"wait":90}`, want: after, sent: "Retry-After: 90"},
		{name: "seconds with a fraction", file: wait("seconds"), status: 429, body: `{"wait":1.5}`, want: `{"kind":"rate_limited","retry_after":1.5}`, sent: "Retry-After: 2", wrote: "-"},
		{name: "milliseconds", file: wait("ms"), status: 429, body: `{"wait":90000}`, want: after, sent: "Retry-After: 90"},
		{name: "minutes", file: wait("minutes"), status: 429, body: `{"wait":1.5}`, want: after, sent: "Retry-After: 90"},
		{name: "an epoch by the server's clock", file: wait("epoch"), status: 429, header: date, body: `{"wait":1795186890}`, want: after, wrote: "-"},
		{name: "an epoch by our own clock", file: wait("epoch"), status: 429, body: `{"wait":1795190490}`, want: after, sent: "Retry-After: 90"},
		{name: "an epoch that is a text", file: wait("epoch"), status: 429, body: `{"wait":"1795190490"}`, want: after, wrote: `{"wait":1795190490}`, sent: "Retry-After: 90"},
		{name: "an epoch that has passed", file: wait("epoch"), status: 429, body: `{"wait":1795190000}`, want: `{"kind":"rate_limited","retry_after":0}`, wrote: `{"wait":1795190400}`, sent: "Retry-After: 0", act: "retry 1s 1m0s safe"},
		{name: "an epoch in milliseconds", file: wait("epochms"), status: 429, body: `{"wait":1795190490000}`, want: after, sent: "Retry-After: 90"},
		{name: "a moment", file: wait("iso"), status: 429, body: `{"wait":"2026-11-20T16:01:30Z"}`, want: after, sent: "Retry-After: 90"},
		{name: "a moment with an offset and a fraction", file: wait("iso"), status: 429, body: `{"wait":"2026-11-20T18:01:30.5+02:00"}`, want: `{"kind":"rate_limited","retry_after":90.5}`, wrote: "-"},
		{name: "a moment that has passed", file: wait("iso"), status: 429, body: `{"wait":"1999-01-01T00:00:00Z"}`, want: `{"kind":"rate_limited","retry_after":0}`, wrote: `{"wait":"2026-11-20T16:00:00Z"}`, sent: "Retry-After: 0", act: "retry 1s 1m0s safe"},
		{name: "a date of HTTP", file: wait("date"), status: 429, body: `{"wait":"Fri, 20 Nov 2026 16:01:30 GMT"}`, want: after, sent: "Retry-After: 90"},
		{name: "a duration of Go", file: wait("duration"), status: 429, body: `{"wait":"1m30s"}`, want: after, sent: "Retry-After: 90"},
		{name: "a duration of protobuf", file: wait("protobuf"), status: 429, body: `{"wait":"90s"}`, want: after, sent: "Retry-After: 90"},
		{name: "a number beyond all time", file: wait("epoch"), status: 429, body: `{"wait":1e300}`, want: `{"kind":"rate_limited"}`, told: "unfit_member", wrote: `{}`},
		{name: "a time before the beginning", file: wait("duration"), status: 429, body: `{"wait":"-5s"}`, want: `{"kind":"rate_limited"}`, told: "unfit_member", wrote: `{}`},
		{name: "a word that is no time", file: wait("iso"), status: 429, body: `{"wait":"soon"}`, want: `{"kind":"rate_limited"}`, told: "unfit_member", wrote: `{}`},
		{name: "an empty text", file: wait("epoch"), status: 429, body: `{"wait":""}`, want: `{"kind":"rate_limited"}`, wrote: `{}`},
		{name: "zero is now", file: wait("seconds"), status: 429, body: `{"wait":0}`, want: `{"kind":"rate_limited","retry_after":0}`, sent: "Retry-After: 0", act: "retry 1s 1m0s safe"},
		{name: "of two times the longer counts", file: wait("seconds"), status: 429, header: "Retry-After: 30", body: `{"wait":90}`, want: after, sent: "Retry-After: 90"},
		{name: "of two times the longer counts, in the header too", file: wait("seconds"), status: 429, header: "Retry-After: 90", body: `{"wait":1.5}`, want: after, wrote: `{"wait":90}`, sent: "Retry-After: 90"},
		{name: "zero beside a longer time", file: wait("seconds"), status: 429, header: "Retry-After: 90", body: `{"wait":0}`, want: after, wrote: `{"wait":90}`, sent: "Retry-After: 90"},
		{name: "zero in the header beside a time", file: wait("seconds"), status: 429, header: "Retry-After: 0", body: `{"wait":90}`, want: after, sent: "Retry-After: 90"},
		{name: "a header that is the time in whole seconds", file: wait("seconds"), status: 429, header: "Retry-After: 65", body: `{"wait":64.57}`, want: `{"kind":"rate_limited","retry_after":64.57}`, wrote: "-"},
		{name: "a moment with a zone without a colon", file: wait("iso"), status: 429, body: `{"wait":"2026-11-20T16:01:30.000+0000"}`, want: after, wrote: `{"wait":"2026-11-20T16:01:30Z"}`, sent: "Retry-After: 90"},
		{name: "a moment without seconds", file: wait("iso"), status: 429, body: `{"wait":"2026-11-20T16:02Z"}`, want: `{"kind":"rate_limited","retry_after":120}`, wrote: `{"wait":"2026-11-20T16:02:00Z"}`, sent: "Retry-After: 120"},
		{name: "a moment as in a sentence", file: wait("iso"), status: 429, body: `{"wait":"2026-11-20 at 16:02 UTC"}`, want: `{"kind":"rate_limited","retry_after":120}`, wrote: `{"wait":"2026-11-20T16:02:00Z"}`, sent: "Retry-After: 120"},
		{name: "a moment with the name of its zone", file: wait("iso"), status: 429, body: `{"wait":"2026-11-20 16:01:30 UTC"}`, want: after, wrote: `{"wait":"2026-11-20T16:01:30Z"}`, sent: "Retry-After: 90"},
		{name: "a moment without a zone", file: wait("iso"), status: 429, body: `{"wait":"2026-11-20T16:01:30"}`, want: `{"kind":"rate_limited"}`, told: "unfit_member", wrote: `{}`},
	})
}

func TestResetCountsWhereTheRowAsks(t *testing.T) {
	t.Parallel()
	const file = `codes: {200: success, 403: forbidden, 429: {kind: rate_limited, retry: {after: [$reset, 60s]}}, 4xx: invalid, 5xx: internal}
shapes:
  - {name: e, status: 4xx 5xx, json: {message: $detail}}
  - {headers: {X-Reset: "$reset:epoch", X-Request-Id: $request_id}}`
	const only = `codes: {200: success, 429: {kind: rate_limited, retry: {after: $reset}}, 4xx: invalid, 5xx: internal}
shapes:
  - {name: e, status: 4xx 5xx, json: {message: $detail}}
  - {headers: {X-Reset: $reset:seconds}}`
	hold(t, []construct{
		{name: "on a success it makes nothing wait", file: file, status: 200, header: "X-Reset: 1795190490", want: `{"kind":"success"}`, act: "done safe"},
		{name: "on another failure it makes nothing wait", file: file, status: 503, header: "X-Reset: 1795190490", body: `{"message":"m"}`, want: `{"kind":"internal","detail":"m"}`, act: "retry 1s 1m0s safe"},
		{name: "where the row asks it counts", file: file, status: 429, header: "X-Reset: 1795190490", body: `{"message":"m"}`, want: `{"kind":"rate_limited","detail":"m","retry_after":90}`, act: "retry 1m30s safe", sent: "X-Reset: 1795190490\nRetry-After: 90"},
		{name: "the longer of it and the row's own", file: file, status: 429, header: "X-Reset: 1795190410", body: `{"message":"m"}`, want: `{"kind":"rate_limited","detail":"m","retry_after":10}`, act: "retry 1m0s safe", sent: "X-Reset: 1795190410\nRetry-After: 10"},
		{name: "Retry-After beats it", file: file, status: 429, header: "X-Reset: 1795190490\nRetry-After: 70", body: `{"message":"m"}`, want: `{"kind":"rate_limited","detail":"m","retry_after":70}`, act: "retry 1m10s safe", wrote: "-"},
		{name: "one that has passed leaves the row's own time", file: file, status: 429, header: "X-Reset: 5", body: `{"message":"m"}`, want: `{"kind":"rate_limited","detail":"m"}`, act: "retry 1m0s safe"},
		{name: "one that is no time loses nothing beside it", file: file, status: 429, header: "X-Reset: soon\nX-Request-Id: r", body: `{"message":"m"}`, want: `{"kind":"rate_limited","detail":"m","request_id":"r"}`, told: "unfit_header", act: "retry 1m0s safe", sent: "X-Request-Id: r"},
		{name: "without the row's own time and without a reset the usual backoff holds", file: only, status: 429, body: `{"message":"m"}`, want: `{"kind":"rate_limited","detail":"m"}`, act: "retry 1s 1m0s safe"},
		{name: "one in seconds", file: only, status: 429, header: "X-Reset: 17", body: `{"message":"m"}`, want: `{"kind":"rate_limited","detail":"m","retry_after":17}`, act: "retry 17s safe", sent: "X-Reset: 17\nRetry-After: 17"},
	})
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	const soap = `codes: {200: success, Client.*: {kind: invalid, status: 400}, 4xx: invalid, 5xx: internal}
shapes: [{name: e, json: {fault!: "{?{_=soap}:}{$code}", text: $detail}}]`
	const three = `shapes: [{name: e, json: {at!: "{?[{$type}] }{$detail}{? at {$instance}}{? (see {$help})}"}}]`
	const sentence = `shapes: [{name: e, text: "$detail & $field.message & '{$field} is required'"}]`
	hold(t, []construct{
		{name: "an optional part that is there", file: soap, status: 400, body: `{"fault":"env:Client.x","text":"m"}`, want: `{"kind":"invalid","code":"Client.x","detail":"m"}`, wrote: `{"fault":"soap:Client.x","text":"m"}`},
		{name: "an optional part that is not there", file: soap, status: 400, body: `{"fault":"Client.x","text":"m"}`, want: `{"kind":"invalid","code":"Client.x","detail":"m"}`, wrote: `{"fault":"soap:Client.x","text":"m"}`},
		{name: "three optional parts, all there", file: three, body: `{"at":"[T] m at I (see H)"}`, want: `{"kind":"invalid","type":"T","detail":"m","instance":"I","help":"H"}`},
		{name: "three optional parts, the middle one there", file: three, body: `{"at":"m at I"}`, want: `{"kind":"invalid","detail":"m","instance":"I"}`},
		{name: "three optional parts, none there", file: three, body: `{"at":"m"}`, want: `{"kind":"invalid","detail":"m"}`},
		{name: "three optional parts, the outer ones there", file: three, body: `{"at":"[T] m (see H)"}`, want: `{"kind":"invalid","type":"T","detail":"m","help":"H"}`},
		{name: "an optional part that does not end", file: three, body: `{"at":"[T m (see H"}`, want: `{"kind":"invalid","detail":"[T m (see H"}`},
		{name: "a copy that says its field in a sentence", file: sentence, header: "Content-Type: text/plain", body: `name is required`,
			want: `{"kind":"invalid","detail":"name is required","fields":[{"path":"name","message":"name is required"}]}`},
		{name: "a sentence that says no field", file: sentence, header: "Content-Type: text/plain", body: `all is lost`, want: `{"kind":"invalid","detail":"all is lost"}`},
		{name: "a text with braces of its own", file: `shapes: [{name: e, json: {text!: "{$code}: {} {$detail}"}}]`, body: `{"text":"E1: {} bad"}`, want: `{"kind":"invalid","code":"E1","detail":"bad"}`},
	})
}

func TestCounts(t *testing.T) {
	t.Parallel()
	const file = `codes: {200: success, bad: {kind: invalid, status: 400}, 5xx: internal}
shapes: [{name: list, status: 2xx, json: {total?: $total, failed?: $failures, good?: $successes, any?: "$failures:bool", rows!: [{id: $item, error?: $item.code}]}}]`
	const only = `codes: {200: success, bad: {kind: invalid, status: 400}, 5xx: internal}
shapes: [{name: list, status: 2xx, lists: failures, json: {total?: $total, failed?: $failures, any?: "$failures:bool", errors: [{id: $item, error!: $item.code}]}}]`
	const two = `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"success"}},{"index":1,"id":"b","outcome":{"kind":"invalid","code":"bad"}}]}`
	hold(t, []construct{
		{name: "counts that agree", file: file, status: 200, body: `{"total":2,"failed":1,"good":1,"any":true,"rows":[{"id":"a"},{"id":"b","error":"bad"}]}`, want: two},
		{name: "a count of failures that contradicts forbids success", file: file, status: 200, body: `{"failed":1,"rows":[{"id":"a"}]}`,
			want: `{"kind":"noted","items":[{"index":0,"id":"a","outcome":{"kind":"success"}}]}`, told: "count_contradicts", wrote: "-"},
		{name: "a total that contradicts forbids success", file: file, status: 200, body: `{"total":3,"rows":[{"id":"a"}]}`,
			want: `{"kind":"noted","items":[{"index":0,"id":"a","outcome":{"kind":"success"}}]}`, told: "count_contradicts", wrote: "-"},
		{name: "whether there are failures, and there are none", file: file, status: 200, body: `{"any":true,"rows":[{"id":"a"}]}`,
			want: `{"kind":"noted","items":[{"index":0,"id":"a","outcome":{"kind":"success"}}]}`, told: "count_contradicts", wrote: "-"},
		{name: "a count that is a text", file: file, status: 200, body: `{"total":"1","rows":[{"id":"a"}]}`, want: `{"kind":"success","items":[{"index":0,"id":"a","outcome":{"kind":"success"}}]}`,
			wrote: `{"total":1,"failed":0,"good":1,"any":false,"rows":[{"id":"a"}]}`},
		{name: "a count too large", file: file, status: 200, body: `{"total":99999999999999999999,"rows":[{"id":"a"}]}`,
			want: `{"kind":"noted","items":[{"index":0,"id":"a","outcome":{"kind":"success"}}]}`, told: "unfit_member", wrote: "-"},
		{name: "a count of nothing, and no records", file: file, status: 200, body: `{"total":0,"failed":0,"rows":[]}`, want: `{"kind":"noted"}`, told: "unfit_body", wrote: "-"},
		{name: "a list that holds failures only is partial where all that it lists failed", file: only, status: 200, body: `{"failed":1,"any":true,"errors":[{"id":"b","error":"bad"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"b","outcome":{"kind":"invalid","code":"bad"}}]}`, wrote: "-"},
		{name: "a list that holds failures only, and none did", file: only, status: 200, body: `{"failed":0,"any":false,"errors":[]}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "beside a list that holds failures only the total counts the others too", file: only, status: 200, body: `{"total":5,"failed":1,"errors":[{"id":"b","error":"bad"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"b","outcome":{"kind":"invalid","code":"bad"}}]}`, wrote: "-"},
		{name: "the total of a list that holds failures only, and none did", file: only, status: 200, body: `{"total":5,"failed":0,"errors":[]}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "as many failures as the total, of a list that holds failures only", file: only, status: 200, body: `{"total":1,"failed":1,"errors":[{"id":"b","error":"bad"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"b","outcome":{"kind":"invalid","code":"bad"}}]}`, wrote: "-"},
	})
}

func TestWhatRecordsMakeOfTheWhole(t *testing.T) {
	t.Parallel()
	const noted = `codes: {200: success, odd: {kind: noted, status: 200}, bad: {kind: invalid, status: 400}}
shapes: [{name: list, status: 200, json: {rows!: [{id: $item, code?: $item.code}]}}]`
	const readOnly = `codes: {200: success, 207: partial, bad: {kind: invalid, status: 400}}
shapes: [{name: list, status: 200, read_only: true, json: {rows!: [{id: $item, code?: $item.code}]}}, {name: result, status: 200, json: $data}]`
	hold(t, []construct{
		{name: "a record to look at, and none that failed", file: noted, status: 200, body: `{"rows":[{"id":"a"},{"id":"b","code":"odd"}]}`,
			want: `{"kind":"noted","items":[{"index":0,"id":"a","outcome":{"kind":"success"}},{"index":1,"id":"b","outcome":{"kind":"noted","code":"odd"}}]}`, act: "inspect safe"},
		{name: "a record to look at, and one that failed", file: noted, status: 200, body: `{"rows":[{"id":"a","code":"bad"},{"id":"b","code":"odd"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad"}},{"index":1,"id":"b","outcome":{"kind":"noted","code":"odd"}}]}`, act: "inspect safe"},
		{name: "records that are only read keep no good status", file: readOnly, status: 200, body: `{"rows":[{"id":"a"},{"id":"b","code":"bad"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"success"}},{"index":1,"id":"b","outcome":{"kind":"invalid","code":"bad"}}]}`, wrote: "-", turns: 207, lost: "status items"},
	})
}

func TestNotes(t *testing.T) {
	t.Parallel()
	const list = `codes: {200: success, 207: partial, 400: invalid}
shapes: [{name: list, status: 200, json: {rows!: [{id: $item, status!: "$item.status:int", texts?: [$item.detail & $item.note], tip?: $item.note}]}}]`
	const texts = `codes: {200: success, odd: {kind: noted, status: 200}, bad: {kind: invalid, status: 400}}
shapes: [{name: list, status: 200, json: {rows!: [{id: $item, errors?: [{code!: $item.code, text: $item.detail & $item.note}]}]}}]`
	const one = `shapes: [{name: e, json: {message: $detail, tip: $note}}]`
	hold(t, []construct{
		{name: "the first text of a record is its detail, and the others are notes", file: list, status: 200, body: `{"rows":[{"id":"a","status":400,"texts":["m","n","o"],"tip":"p"},{"id":"b","status":200,"texts":["q"]},{"id":"c","status":200}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","status":400,"detail":"m","notes":["n","o","p"]}},{"index":1,"id":"b","outcome":{"kind":"success","status":200,"detail":"q"}},{"index":2,"id":"c","outcome":{"kind":"success","status":200}}]}`, wrote: "-", lost: "items"},
		{name: "the texts of the errors that do not count are notes of the record", file: texts, status: 200, body: `{"rows":[{"id":"a","errors":[{"code":"odd","text":"m"},{"code":"bad","text":"n"}]}]}`,
			want: `{"kind":"invalid","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","detail":"n","fields":[{"code":"odd","message":"m"},{"code":"bad","message":"n"}],"notes":["m"]}}]}`, wrote: "-", lost: "items"},
		{name: "a place for one note", file: one, body: `{"message":"m","tip":"n"}`, want: `{"kind":"invalid","detail":"m","notes":["n"]}`},
		{name: "a place for one note, and no note", file: one, body: `{"message":"m","tip":null}`, want: `{"kind":"invalid","detail":"m"}`},
	})
}

func TestPartsOfHeaders(t *testing.T) {
	t.Parallel()
	const params = `shapes:
  - {name: e, status: 4xx 5xx, json: {message: $detail}}
  - {headers: {X-Trouble: {id: $request_id, code: $code, say: $title}}}`
	const challenge = `codes: {200: success, 401: unauthenticated, 4xx: invalid}
shapes:
  - {name: e, status: 4xx 5xx, json: {message: $detail}}
  - {status: 401, headers: {WWW-Authenticate: {Bearer: {error: $code, error_description: $title}}}}`
	const expired = `codes: {200: success, stale: {kind: unauthenticated/expired, status: 401}, 401: unauthenticated, 4xx: invalid}
shapes:
  - {name: e, status: 4xx 5xx, json: {message: $detail}}
  - {name: stale, status: 401, is: stale, headers: {WWW-Authenticate: {Bearer: {error: invalid_token}}}}`
	const document = `shapes:
  - {name: e, status: 4xx 5xx, json: {message: $detail}}
  - {headers: {X-Trouble: {$json: {code: $code, text?: $title}}}}`
	hold(t, []construct{
		{name: "parameters", file: params, header: `X-Trouble: id=r1, code=E7`, body: `{"message":"m"}`, want: `{"kind":"invalid","code":"E7","detail":"m","request_id":"r1"}`, sent: `X-Trouble: id=r1, code=E7`},
		{name: "parameters with quotes, semicolons and commas in them", file: params, header: `x-trouble: ID="r;1";  say="a, \"b\" = c" ; code=E7;x=y`, body: `{"message":"m"}`,
			want: `{"kind":"invalid","code":"E7","title":"a, \"b\" = c","detail":"m","request_id":"r;1"}`, sent: `X-Trouble: id="r;1", code=E7, say="a, \"b\" = c"`},
		{name: "parameters that are none", file: params, header: `X-Trouble: ,;="== id`, body: `{"message":"m"}`, want: `{"kind":"invalid","detail":"m"}`},
		{name: "a challenge", file: challenge, status: 401, header: `WWW-Authenticate: Bearer realm="a", error="invalid_token", error_description="The token, \"t\", is old"`, body: `{"message":"m"}`,
			want: `{"kind":"unauthenticated","code":"invalid_token","title":"The token, \"t\", is old","detail":"m"}`, sent: `Www-Authenticate: Bearer error="invalid_token", error_description="The token, \"t\", is old"`},
		{name: "of several challenges in one field the one named", file: challenge, status: 401, header: `WWW-Authenticate: Negotiate abc==, Digest realm="a, Bearer error=b", error="c", bearer error="d", Basic realm="e"`, body: `{"message":"m"}`,
			want: `{"kind":"unauthenticated","code":"d","detail":"m"}`, sent: `Www-Authenticate: Bearer error="d"`},
		{name: "of several fields the one named", file: challenge, status: 401, header: "WWW-Authenticate: Basic realm=\"a\"\nWWW-Authenticate: Bearer error=d", body: `{"message":"m"}`,
			want: `{"kind":"unauthenticated","code":"d","detail":"m"}`, sent: `Www-Authenticate: Bearer error="d"`},
		{name: "a scheme without parameters before another", file: challenge, status: 401, header: `WWW-Authenticate: Bearer, Basic error="x"`, body: `{"message":"m"}`, want: `{"kind":"unauthenticated","detail":"m"}`},
		{name: "a challenge of another scheme", file: challenge, status: 401, header: `WWW-Authenticate: DPoP error="x"`, body: `{"message":"m"}`, want: `{"kind":"unauthenticated","detail":"m"}`},
		{name: "a constant of a challenge is a condition, and is met", file: expired, status: 401, header: `WWW-Authenticate: Bearer realm="a", error="invalid_token"`, body: `{"message":"m"}`,
			want: `{"kind":"unauthenticated","reason":"expired","detail":"m"}`, act: "refresh safe", sent: `Www-Authenticate: Bearer error="invalid_token"`},
		{name: "a constant of a challenge is a condition, and is not met", file: expired, status: 401, header: `WWW-Authenticate: Bearer error="insufficient_scope"`, body: `{"message":"m"}`,
			want: `{"kind":"unauthenticated","detail":"m"}`, act: "stop safe"},
		{name: "JSON in a header", file: document, header: `X-Trouble: {"code":"E7","text":"\u00fc"}`, body: `{"message":"m"}`, want: `{"kind":"invalid","code":"E7","title":"ü","detail":"m"}`, sent: `X-Trouble: {"code":"E7","text":"\u00fc"}`},
		{name: "JSON in a header that is broken", file: document, header: `X-Trouble: {"code":"E7"`, body: `{"message":"m"}`, want: `{"kind":"invalid","detail":"m"}`, told: "unfit_header"},
		{name: "JSON in a header of another form", file: document, header: `X-Trouble: {"code":{"a":1}}`, body: `{"message":"m"}`, want: `{"kind":"invalid","detail":"m"}`, told: "unfit_header"},
	})
}

func TestHeadersAsConditions(t *testing.T) {
	t.Parallel()
	const file = `codes: {200: success, 403: forbidden, limit: {kind: rate_limited, status: 403}, 4xx: invalid}
shapes:
  - {name: limit, status: 403, is: limit, headers: {X-Remaining: "0"}, json: {message: $detail}}
  - {name: e, status: 4xx, json: {message: $detail}}`
	const absent = `codes: {200: success, 503: unavailable, edge: {kind: bad_gateway, status: 503}, 5xx: internal}
shapes:
  - {name: edge, status: 503, is: edge, headers: {X-Request-Id: $absent}, text: $detail}
  - {name: own, status: 5xx, text: $detail}`
	hold(t, []construct{
		{name: "a constant that is there", file: file, status: 403, header: "X-Remaining: 0", body: `{"message":"m"}`, want: `{"kind":"rate_limited","detail":"m"}`, sent: "X-Remaining: 0"},
		{name: "a constant that is another", file: file, status: 403, header: "X-Remaining: 10", body: `{"message":"m"}`, want: `{"kind":"forbidden","detail":"m"}`},
		{name: "a constant that is not there", file: file, status: 403, body: `{"message":"m"}`, want: `{"kind":"forbidden","detail":"m"}`},
		{name: "a field that must not be there is not", file: absent, status: 503, header: "Content-Type: text/plain", body: `m`, want: `{"kind":"bad_gateway","detail":"m"}`},
		{name: "a field that must not be there is", file: absent, status: 503, header: "Content-Type: text/plain\nX-Request-Id: r", body: `m`, want: `{"kind":"unavailable","detail":"m","request_id":"r"}`, sent: "X-Request-Id: r"},
	})
}

func TestResponsesInsideOfResponses(t *testing.T) {
	t.Parallel()
	const file = `codes: {200: success, 207: partial, E1: {kind: conflict, status: 409}, 404: not_found, 409: conflict, 4xx: invalid, 429: {kind: rate_limited, retry: {after: $reset}}, 5xx: internal}
shapes:
  - {name: batch, status: 200 207, json: {responses!: [{id: $item, status?: "$item.status:int", headers?: $item.headers, body?: $item.body}]}}
  - {name: error, status: 4xx 5xx, json: {code?: $code, message: $detail, fields?: [$field]}}
  - {headers: {X-Note: $note}}
  - {headers: {X-Reset: "$reset:seconds"}}`
	nested := `{"message":"m"}`
	for range 10 {
		nested = `{"responses":[{"id":"a","status":200,"body":` + nested + `}]}`
	}
	hold(t, []construct{
		{name: "a response in a record gives it everything", file: file, status: 207, body: `{"responses":[{"id":"a","status":404,"headers":{"X-Note":["n"],"X-Request-Id":"r"},"body":{"message":"m","fields":["f"]}},{"id":"b","status":200}]}`,
			want:  `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"not_found","status":404,"detail":"m","request_id":"r","fields":[{"path":"f"}],"notes":["n"]}},{"index":1,"id":"b","outcome":{"kind":"success","status":200}}]}`,
			wrote: "-"},
		{name: "a response in a record is written as one", file: file, status: 207, body: `{"responses":[{"id":"a","status":404,"headers":{"Content-Type":"application/json","X-Note":"n"},"body":{"message":"m","fields":["f"]}},{"id":"b","status":200}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"not_found","status":404,"detail":"m","fields":[{"path":"f"}],"notes":["n"]}},{"index":1,"id":"b","outcome":{"kind":"success","status":200}}]}`},
		{name: "its code is written as its own", file: file, status: 207, body: `{"responses":[{"id":"a","status":409,"headers":{"Content-Type":"application/json"},"body":{"code":"E1","message":"m"}},{"id":"b","status":200}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"conflict","status":409,"code":"E1","detail":"m"}},{"index":1,"id":"b","outcome":{"kind":"success","status":200}}]}`},
		{name: "its code counts before its status", file: file, status: 207, body: `{"responses":[{"id":"a","status":400,"body":{"code":"E1","message":"m"}},{"id":"b","status":200}]}`,
			want:  `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"conflict","status":400,"code":"E1","detail":"m"}},{"index":1,"id":"b","outcome":{"kind":"success","status":200}}]}`,
			wrote: "-"},
		{name: "its own times to wait count", file: file, status: 200, body: `{"responses":[{"id":"a","status":429,"headers":{"retry-after":"7"}},{"id":"b","status":429,"headers":{"x-reset":"9"}},{"id":"c","status":200}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"rate_limited","status":429,"retry_after":7}},{"index":1,"id":"b","outcome":{"kind":"rate_limited","status":429,"retry_after":9}},{"index":2,"id":"c","outcome":{"kind":"success","status":200}}]}`,
			act:  "retry 9s items safe", wrote: "-"},
		{name: "a response that is a text with JSON in it", file: file, status: 207, body: `{"responses":[{"id":"a","status":404,"body":"{\"message\":\"m\"}"},{"id":"b","status":200}]}`,
			want:  `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"not_found","status":404,"detail":"m"}},{"index":1,"id":"b","outcome":{"kind":"success","status":200}}]}`,
			wrote: "-"},
		{name: "a response without a status of its own in one that says partial", file: strings.Replace(file, "status: 200 207", "status: 207", 1), status: 207, body: `{"responses":[{"id":"a","body":{"x":1}},{"id":"b","status":404}]}`,
			want:  `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"success"}},{"index":1,"id":"b","outcome":{"kind":"not_found","status":404}}]}`,
			wrote: "-"},
		{name: "responses in each other ten deep are read as far as four", file: file, status: 200, body: nested,
			want: `{"kind":"success","items":[{"index":0,"id":"a","outcome":{"kind":"success","status":200,"items":[{"index":0,"id":"a","outcome":{"kind":"success","status":200,"items":[{"index":0,"id":"a","outcome":{"kind":"success","status":200,"items":[{"index":0,"id":"a","outcome":{"kind":"success","status":200,"items":[{"index":0,"id":"a","outcome":{"kind":"success","status":200}}]}}]}}]}}]}}]}`,
			told: "unread_element", wrote: "-"},
		{name: "a response that nobody can read makes no plain success", file: file, status: 200, body: `{"responses":[{"id":"a","status":200,"body":{"responses":[{"id":"b","status":404,"body":7}]}}]}`,
			want: `{"kind":"not_found","items":[{"index":0,"id":"a","outcome":{"kind":"not_found","status":200,"items":[{"index":0,"id":"b","outcome":{"kind":"not_found","status":404}}]}}]}`,
			told: "unfit_body", wrote: "-"},
		{name: "headers that are no object", file: file, status: 207, body: `{"responses":[{"id":"a","status":404,"headers":["x"]},{"id":"b","status":200,"headers":null}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"not_found","status":404}},{"index":1,"id":"b","outcome":{"kind":"success","status":200}}]}`,
			told: "unfit_member", wrote: "-"},
	})
}

// What is only written is no mark, and its absence keeps none from counting.
func TestAMarkBesideAMemberThatIsOnlyWritten(t *testing.T) {
	t.Parallel()
	const file = `codes: {200: success, E1: {kind: conflict, status: 409}}
shapes:
  - {name: fine, status: 200, json: {order!: $data}}
  - {name: e, status: 4xx, json: {errorCode!: $code, errorLink: {$write: $code}, errorForm: {$write: plain}}}`
	hold(t, []construct{
		{name: "missing", file: file, status: 200, body: `{"errorCode":"E1"}`, want: `{"kind":"conflict","code":"E1"}`, told: "failure_mark", wrote: "-"},
		{name: "there", file: file, status: 200, body: `{"errorCode":"E1","errorLink":"E1","errorForm":"plain"}`, want: `{"kind":"conflict","code":"E1"}`, told: "failure_mark", wrote: "-"},
		{name: "alone", file: file, status: 200, body: `{"order":{"id":7},"errorLink":"E1","errorForm":"plain"}`, want: `{"kind":"success"}`, wrote: "-"},
	})
}

func TestAFurtherErrorOfARecordSaysWhatIsNotKept(t *testing.T) {
	t.Parallel()
	const file = `codes: {200: success, E1: {kind: invalid, status: 400}, E2: {kind: conflict, status: 409}}
shapes:
  - {name: b, status: 200, json: {rows!: [{id: $item, errors?: [{code!: $item.code, text: $item.detail, type?: $item.type, help?: $item.help}]}]}}`
	hold(t, []construct{
		{name: "its type", file: file, status: 200, body: `{"rows":[{"id":"a","errors":[{"code":"E1","text":"x","type":"t"},{"code":"E2","text":"y","type":"u"}]}]}`,
			want: `{"kind":"invalid","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"E1","detail":"x","type":"t","fields":[{"code":"E1","message":"x"},{"code":"E2","message":"y"}]}}]}`,
			told: "unkept_text", wrote: "-"},
		{name: "nothing, if it says the same", file: file, status: 200, body: `{"rows":[{"id":"a","errors":[{"code":"E1","text":"x","help":"h"},{"code":"E2","text":"y","help":"h"}]}]}`,
			want:  `{"kind":"invalid","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"E1","detail":"x","help":"h","fields":[{"code":"E1","message":"x"},{"code":"E2","message":"y"}]}}]}`,
			wrote: "-"},
	})
}

func TestAFormIsReadAsAnObject(t *testing.T) {
	t.Parallel()
	const file = `codes: {200: success, 4xx: invalid, no_seat: {kind: quota, status: 403}}
shapes:
  - {name: refused, path: /token, status: 200, is: failed, json: {error!: $code, error_description?: $detail}}
  - {name: e, status: 4xx, json: {error!: $code, error_description?: $detail}}`
	const text = `codes: {200: success, 4xx: invalid}
shapes:
  - {name: e, status: 4xx, text: "error={$code}&error_description={$detail}"}`
	form := func(path string, status int, body string) func(by *dialect.Dialect) string {
		return func(by *dialect.Dialect) string {
			read := by.Decode(dialect.Request{Method: "POST", Path: path}, dialect.Response{Status: status, Body: []byte(body),
				Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}})
			o := read.Outcome
			return strings.Join([]string{o.Kind.String(), o.Code, o.Detail}, " | ")
		}
	}
	for _, one := range []struct {
		name, file, want string
		read             func(*dialect.Dialect) string
	}{
		{"of a failure", file, "quota | no_seat | no seat & no way", form("/token", 403, "error=no_seat&error_description=no%20seat+%26+no%20way")},
		{"of a failure under 200", file, "quota | no_seat | ", form("/token", 200, "error=no_seat")},
		{"of a success", file, "success |  | ", form("/token", 200, "access_token=a%2Fb&token_type=bearer")},
		{"with a broken escape", file, "quota | no_seat | 100%", form("/token", 403, "error=no_seat&error_description=100%")},
		{"that is JSON", file, "quota | no_seat | ", form("/token", 403, `{"error":"no_seat"}`)},
		{"with nothing in it", file, "invalid |  | ", form("/token", 400, "&=&")},
		{"with a shape for its text", text, "invalid | no_seat | no%20seat", form("/token", 403, "error=no_seat&error_description=no%20seat")},
	} {
		t.Run(one.name, func(t *testing.T) {
			by, err := dialect.Compile("form.yaml", []byte("dialect: form\n"+one.file))
			if err != nil {
				t.Fatal(err)
			}
			if got := one.read(by); got != one.want {
				t.Errorf("got %q, want %q", got, one.want)
			}
		})
	}
}

// A body is searched for a mark only if it has the name of one, with or without an escape.
func TestAMarkIsFoundHoweverItsNameIsWritten(t *testing.T) {
	t.Parallel()
	const file = `codes: {200: success, E1: {kind: conflict, status: 409}}
shapes:
  - {name: none, status: 200, is: empty, json: null}
  - {name: e, status: 4xx, json: {fault!: {errorCode!: $code}}}`
	hold(t, []construct{
		{name: "as it is", file: file, status: 200, body: `{"fault":{"errorCode":"E1"}}`, want: `{"kind":"conflict","code":"E1"}`, told: "failure_mark", wrote: "-"},
		{name: "with an escape", file: file, status: 200, body: `{"f\u0061ult":{"errorCod\u0065":"E1"}}`, want: `{"kind":"conflict","code":"E1"}`, told: "failure_mark", wrote: "-"},
		{name: "in a text", file: file, status: 200, body: `{"text":"\"fault\""}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "at another place", file: file, status: 200, body: `{"a":{"fault":{"errorCode":"E1"}}}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "not at all", file: file, status: 200, body: `{"id":7,"name":"fault"}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "not at all, in an object that is cut off", file: file, status: 200, body: `{"id":7,"na`, want: `{"kind":"noted"}`, told: "broken_body", wrote: "-"},
		{name: "not at all, in a short object that is broken", file: file, status: 200, body: `{"id":7,"name":}`, want: `{"kind":"noted"}`, told: "broken_body", wrote: "-"},
		{name: "not at all, in a long object that is not checked", file: file, status: 200, body: `{"id":7,"name":` + strings.Repeat(" ", 4<<10) + `}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "in a value that is broken", file: file, status: 200, body: `{"fault":{"errorCode":"E1"`, want: `{"kind":"noted"}`, told: "broken_body", wrote: "-"},
	})
}

// A good response that no shape is about is searched for a mark if it is short, or begins
// with one.
func TestAMarkInAResponseThatNoShapeIsAbout(t *testing.T) {
	t.Parallel()
	const file = `codes: {200: success, E1: {kind: conflict, status: 409}, 4xx: invalid}
shapes:
  - {name: list, method: GET, path: /orders, status: 200, json: {orders!: $data}}
  - {name: state, path: "/jobs/*", status: 200, is: failed, json: {state: failed, why: $detail}}
  - {name: e, status: 4xx, json: {error!: {code?: $code, text: $detail}}}`
	const alone = `codes: {200: success, E1: {kind: conflict, status: 409}, 4xx: invalid}
shapes:
  - {name: e, status: 4xx, json: {error!: {code?: $code, text: $detail}}}`
	const xml = `codes: {200: success, E1: {kind: conflict, status: 409}, 4xx: invalid}
shapes:
  - {name: list, method: GET, path: /orders, status: 200, xml: {Orders: {Order!: $data}}}
  - {name: e, status: 4xx, xml: {d:Result: {d:Error!: {Code: $code}}}}`
	long := strings.Repeat("x", 600)
	hold(t, []construct{
		{name: "another path", file: file, method: "POST", path: "/things", status: 200, body: `{"error":{"text":"m"}}`, want: `{"kind":"noted","detail":"m"}`, told: "failure_mark", wrote: "-"},
		{name: "another method, with a code that is listed", file: file, method: "POST", path: "/orders", status: 200, body: ` { "id" : 7, "error" : {"code":"E1"}}`, want: `{"kind":"conflict","code":"E1"}`, told: "failure_mark", wrote: "-"},
		{name: "another status", file: file, method: "POST", path: "/orders", status: 201, body: `{"error":{"text":"m"}}`, want: `{"kind":"noted","detail":"m"}`, told: "failure_mark", wrote: "-"},
		{name: "a constant of a failure", file: file, path: "/things", status: 200, body: `{"state":"failed","why":"m"}`, want: `{"kind":"noted","detail":"m"}`, told: "failure_mark", wrote: "-"},
		{name: "the same member with another value", file: file, path: "/things", status: 200, body: `{"state":"ready","why":"m"}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "a name with an escape", file: file, path: "/things", status: 200, body: `{"\u0065rror":{"text":"m"}}`, want: `{"kind":"noted","detail":"m"}`, told: "failure_mark", wrote: "-"},
		{name: "a long body that begins with it", file: file, path: "/things", status: 200, body: `{ "error": {"text":"` + long + `"}}`, want: `{"kind":"noted","detail":"` + long + `"}`, told: "failure_mark", wrote: "-"},
		{name: "a long body that has it later", file: file, path: "/things", status: 200, body: `{"id":"` + long + `","error":{"text":"m"}}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "one that is empty", file: file, path: "/things", status: 200, body: `{"error":{}}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "in a text", file: file, path: "/things", status: 200, body: `{"text":"\"error\": {}"}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "in a list", file: file, path: "/things", status: 200, body: `[{"error":{"text":"m"}}]`, want: `{"kind":"noted","detail":"m"}`, told: "failure_mark wrapped_body", wrote: "-"},
		{name: "in a list, with a code that is listed", file: file, path: "/things", status: 200, body: `[{"error":{"code":"E1","text":"m"}}]`, want: `{"kind":"conflict","code":"E1","detail":"m"}`, told: "failure_mark wrapped_body", wrote: "-"},
		{name: "in a list, and empty", file: file, path: "/things", status: 200, body: `[{"id":1,"error":null}]`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "in a list of several", file: file, path: "/things", status: 200, body: `[{"id":1,"error":"m"},{"id":2}]`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "a download", file: file, path: "/things", status: 200, header: "Content-Disposition: attachment", body: `{"error":{"text":"m"}}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "a response to HEAD", file: file, method: "HEAD", path: "/things", status: 200, body: `{"error":{"text":"m"}}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "an element of XML", file: xml, path: "/things", status: 200, body: `<Result><Error><Code>E1</Code></Error></Result>`, want: `{"kind":"conflict","code":"E1"}`, told: "failure_mark", wrote: "-"},
		{name: "where the status alone decides", file: alone, path: "/things", status: 200, body: `{"error":{"code":"E1"}}`, want: `{"kind":"success"}`, wrote: "-"},
	})
}

// Only a body that says how long it is can be waited for where no shape is about the response.
func TestAResponseThatNoShapeIsAboutStreamsUnlessItIsShort(t *testing.T) {
	t.Parallel()
	d := compile(t, usual+"shapes:\n  - {name: list, path: /orders, status: 200, json: {orders!: $data}}\n  - {name: e, status: 4xx, json: {error!: $detail}}\n")
	alone := compile(t, usual+"shapes: [{name: e, status: 4xx, json: {error!: $detail}}]")
	for _, c := range []struct {
		size, media string
		needs       bool
	}{
		{"512", "application/json", true}, {"40", "application/vnd.x+json; charset=utf-8", true}, {"40", "text/xml", true},
		{"513", "application/json", false}, {"", "application/json", false}, {"0", "application/json", false}, {"99999999999", "application/json", false},
		{"x", "application/json", false}, {"40", "", false}, {"40", "text/csv", false}, {"40", "text/event-stream", false}, {"40", "image/png", false},
	} {
		header := dialect.HeaderMap{"Content-Type": {c.media}}
		if c.size != "" {
			header["Content-Length"] = []string{c.size}
		}
		if got := d.NeedsBody(dialect.Request{Path: "/things"}, 200, header); got != c.needs {
			t.Errorf("%s bytes of %q: got %t, want %t", c.size, c.media, got, c.needs)
		}
		if alone.NeedsBody(dialect.Request{Path: "/things"}, 200, header) {
			t.Errorf("%s bytes of %q are needed although the status alone decides", c.size, c.media)
		}
	}
}

func TestXML(t *testing.T) {
	t.Parallel()
	const own = `shapes: [{name: e, xml: {s:Fault: {"@code": $code, s:Reason: {"@xml:lang?": $type, $text: $detail}, s:Detail?: [{"@field": $field, $text: $field.message}]}}}]`
	const data = `shapes: [{name: ok, status: 200, xml: {Answer: {Status: OK, Result: $data}}}, {name: e, status: 4xx, xml: {Answer: {Status: Error, Text!: $detail}}}]`
	hold(t, []construct{
		{name: "attributes beside an element's own text", file: own, body: `<s:Fault code="E7"><s:Reason xml:lang="en">m</s:Reason><s:Detail field="a">n</s:Detail><s:Detail field="b">o</s:Detail></s:Fault>`,
			want: `{"kind":"invalid","code":"E7","detail":"m","type":"en","fields":[{"path":"a","message":"n"},{"path":"b","message":"o"}]}`},
		{name: "other prefixes than the file's, and none", file: own, body: `<env:Fault xmlns:env="urn:x" code="E7"><Reason>m</Reason><d:Detail xmlns:d="urn:y" field="a">n</d:Detail></env:Fault>`,
			want: `{"kind":"invalid","code":"E7","detail":"m","fields":[{"path":"a","message":"n"}]}`, wrote: `<s:Fault code="E7"><s:Reason>m</s:Reason><s:Detail field="a">n</s:Detail></s:Fault>`},
		{name: "CDATA, references and comments in an own text", file: own, body: `<Fault code="&lt;7&gt;"><Reason>a<![CDATA[<b>]]><!-- no -->&amp;&#x63;</Reason></Fault>`,
			want: `{"kind":"invalid","code":"<7>","detail":"a<b>&c"}`, wrote: `<s:Fault code="&lt;7&gt;"><s:Reason>a&lt;b&gt;&amp;c</s:Reason></s:Fault>`},
		{name: "elements in an own text", file: own, body: `<Fault code="E7"><Reason>a<b>x</b></Reason></Fault>`, want: `{"kind":"invalid","code":"E7","detail":"a"}`, wrote: `<s:Fault code="E7"><s:Reason>a</s:Reason></s:Fault>`},
		{name: "an element where an attribute is asked for", file: own, body: `<Fault><code>E7</code><Reason>m</Reason></Fault>`, want: `{"kind":"invalid","detail":"m"}`, wrote: `<s:Fault code=""><s:Reason>m</s:Reason></s:Fault>`},
		{name: "an own text that is empty", file: own, body: `<Fault code="E7"><Reason/></Fault>`, want: `{"kind":"invalid","code":"E7"}`, wrote: `<s:Fault code="E7"><s:Reason></s:Reason></s:Fault>`},
		{name: "the payload in an element", file: data, status: 200, body: `<Answer><Status>OK</Status><Result><a x="1&gt;">b</a><c/></Result></Answer>`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "another constant than the envelope's", file: data, status: 200, body: `<Answer><Status>Error</Status><Text>m</Text></Answer>`, want: `{"kind":"noted","detail":"m"}`, told: "failure_mark", wrote: "-"},
		{name: "the failure in the envelope", file: data, status: 404, body: `<x:Answer xmlns:x="urn:x"><x:Status> Error </x:Status><x:Text>m</x:Text></x:Answer>`, want: `{"kind":"not_found","detail":"m"}`, wrote: `<Answer><Status>Error</Status><Text>m</Text></Answer>`},
	})
}

func TestShapesForCodes(t *testing.T) {
	t.Parallel()
	const file = `codes: {200: success, bad_card: {kind: failed, status: 402}, bad_pin: {kind: failed, status: 402}, 4xx: invalid}
shapes:
  - {name: card, codes: bad_card, status: 4xx, json: {card: {code!: $code, text: $detail}}}
  - {name: e, status: 4xx, json: {code!: $code, text: $detail}}`
	hold(t, []construct{
		{name: "a shape is written for its codes", file: file, status: 402, body: `{"card":{"code":"bad_card","text":"m"}}`, want: `{"kind":"failed","code":"bad_card","detail":"m"}`},
		{name: "a shape is not written for another code", file: file, status: 402, body: `{"code":"bad_pin","text":"m"}`, want: `{"kind":"failed","code":"bad_pin","detail":"m"}`},
		{name: "a code is read whatever shape it stands in", file: file, status: 402, body: `{"card":{"code":"bad_pin","text":"m"}}`, want: `{"kind":"failed","code":"bad_pin","detail":"m"}`, wrote: `{"code":"bad_pin","text":"m"}`},
		{name: "the other shape is not written for a code that has one", file: file, status: 402, body: `{"code":"bad_card","text":"m"}`, want: `{"kind":"failed","code":"bad_card","detail":"m"}`, wrote: `{"card":{"code":"bad_card","text":"m"}}`},
	})
}

func TestRowsThatAskForAForm(t *testing.T) {
	t.Parallel()
	const file = `codes:
  200: success
  401: [{kind: unauthenticated/expired, is: stale, retry: refresh}, unauthenticated]
  E1: [{kind: conflict, status: 409, is: locked, retry: {after: 7s}}, {kind: invalid, status: 400}]
  4xx: invalid
shapes:
  - {name: stale, status: 401, is: stale, json: {stale: true, message: $detail}}
  - {name: locked, is: locked, json: {locked: true, code: $code}}
  - {name: e, status: 4xx, json: {code?: $code, message: $detail}}`
	hold(t, []construct{
		{name: "a row of a status whose form is there", file: file, method: "POST", status: 401, body: `{"stale":true,"message":"m"}`, want: `{"kind":"unauthenticated","reason":"expired","detail":"m"}`, act: "refresh safe"},
		{name: "a row of a status whose form is not there", file: file, method: "POST", status: 401, body: `{"message":"m"}`, want: `{"kind":"unauthenticated","detail":"m"}`, act: "stop"},
		{name: "a row of a code whose form is there", file: file, method: "POST", status: 409, body: `{"locked":true,"code":"E1"}`, want: `{"kind":"conflict","code":"E1"}`, act: "retry 7s"},
		{name: "a row of a code whose form is not there", file: file, method: "POST", status: 400, body: `{"code":"E1","message":"m"}`, want: `{"kind":"invalid","code":"E1","detail":"m"}`, act: "correct"},
	})
}

func TestNotations(t *testing.T) {
	t.Parallel()
	path := func(notation string) string {
		return "shapes: [{name: e, json: {errors!: [{at: \"$field:" + notation + "\", text: $field.message}]}}]"
	}
	want := func(path string) string { return `{"kind":"invalid","fields":[{"path":"` + path + `","message":"m"}]}` }
	body := func(at string) string { return `{"errors":[{"at":` + at + `,"text":"m"}]}` }
	const ofAll = `{"kind":"invalid","fields":[{"message":"m"}]}`
	const ids = `codes: {200: success, bad: {kind: invalid, status: 400}}
shapes: [{name: list, status: 200, json: {rows!: [{id: "$item:%", state?: $item.code}]}}]`
	hold(t, []construct{
		{name: "a pointer", file: path("pointer"), body: body(`"/a/0/b~1c~0"`), want: want("a.0.b/c~")},
		{name: "a pointer behind a prefix", file: path("pointer(/body)"), body: body(`"/body/a"`), want: want("a")},
		{name: "a pointer without its prefix", file: path("pointer(/body)"), body: body(`"/a"`), want: want("a"), wrote: body(`"/body/a"`)},
		{name: "a pointer whose prefix is dropped for good", file: path("pointer(body?)"), body: body(`"/body/a"`), want: want("a"), wrote: body(`"/a"`)},
		{name: "a pointer that ends inside the prefix", file: path("pointer(/data/attributes)"), body: body(`"/data"`), want: ofAll, wrote: "-"},
		{name: "a pointer that ends inside the prefix, with a slash", file: path("pointer(/data/attributes)"), body: body(`"/data/"`), want: ofAll, wrote: "-"},
		{name: "a pointer to the prefix itself, with a slash", file: path("pointer(/data/attributes)"), body: body(`"/data/attributes/"`), want: ofAll, wrote: "-"},
		{name: "a pointer that leaves the prefix", file: path("pointer(/data/attributes)"), body: body(`"/data/relationships/a"`), want: want("data.relationships.a"), wrote: "-"},
		{name: "segments that end inside the prefix", file: path("segments(data/attributes)"), body: body(`["data"]`), want: ofAll, wrote: "-"},
		{name: "a pointer in a fragment", file: path("pointer(#)"), body: body(`"#/a/0"`), want: want("a.0")},
		{name: "brackets", file: path("brackets"), body: body(`"a[0][b]"`), want: want("a.0.b")},
		{name: "dots and brackets", file: path("dots"), body: body(`"a[0].b"`), want: want("a.0.b")},
		{name: "dots without brackets", file: path("dots"), body: body(`"$.a.0.b"`), want: want("a.0.b"), wrote: body(`"a[0].b"`)},
		{name: "segments", file: path("segments"), body: body(`["a",0,"b"]`), want: want("a.0.b")},
		{name: "segments behind a prefix", file: path("segments(body)"), body: body(`["body","a"]`), want: want("a")},
		{name: "segments that are a text", file: path("segments"), body: body(`"a"`), want: `{"kind":"invalid","fields":[{"path":"a","message":"m"}]}`, told: "unfit_member", wrote: "-"},
		{name: "an id that was a number", file: strings.Replace(ids, "%", "int", 1), status: 200, body: `{"rows":[{"id":7}]}`, want: `{"kind":"success","items":[{"index":0,"id":"7","outcome":{"kind":"success"}}]}`, wrote: `{"rows":[{"id":7}]}`},
		{name: "an id that was a text of digits", file: strings.Replace(ids, ":%", "", 1), status: 200, body: `{"rows":[{"id":"7"}]}`, want: `{"kind":"success","items":[{"index":0,"id":"7","outcome":{"kind":"success"}}]}`},
		{name: "an id that is a number too large for one", file: strings.Replace(ids, "%", "int", 1), status: 200, body: `{"rows":[{"id":7},{"id":99999999999999999999}]}`,
			want: `{"kind":"noted","items":[{"index":0,"id":"7","outcome":{"kind":"success"}}]}`, told: "unread_element", wrote: "-"},
		{name: "an id of several parts", file: strings.Replace(ids, "%", "pairs(k, v)", 1), status: 200, body: `{"rows":[{"id":[{"k":"a","v":1},{"k":"b","v":"x"}]}]}`, want: `{"kind":"success","items":[{"index":0,"id":"a=1,b=x","outcome":{"kind":"success"}}]}`},
		{name: "a status line", file: `codes: {200: success, 423: conflict, 4xx: invalid}
shapes: [{name: list, status: 200 207, json: {rows!: [{id: $item, state!: "$item.status:statusline"}]}}]`, status: 207, body: `{"rows":[{"id":"a","state":"HTTP/1.1 423 Locked"},{"id":"b","state":"HTTP/1.1 200 OK"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"conflict","status":423}},{"index":1,"id":"b","outcome":{"kind":"success","status":200}}]}`},
		{name: "a code that is a number", file: `codes_are_statuses: false
codes: {200: success, 7: {kind: conflict, status: 409}}
shapes: [{name: e, json: {code!: $code:int}}]`, status: 409, body: `{"code":7}`, want: `{"kind":"conflict","code":"7"}`},
		{name: "a code that is true or false", file: `codes: {200: success, "true": {kind: conflict, status: 409}}
shapes: [{name: e, json: {locked!: "$code:bool"}}]`, status: 409, body: `{"locked":true}`, want: `{"kind":"conflict","code":"true"}`},
	})
}

func TestMembers(t *testing.T) {
	t.Parallel()
	hold(t, []construct{
		{name: "several names of one member, the first filled one is read", file: `shapes: [{name: e, json: {message|Message|error: $detail}}]`, body: `{"message":"","Message":null,"error":"m"}`, want: `{"kind":"invalid","detail":"m"}`, wrote: `{"message":"m"}`},
		{name: "of names that stand twice the last counts, and it is told", file: `shapes: [{name: e, json: {message: $detail}}]`, body: `{"message":"m","message":"n"}`, want: `{"kind":"invalid","detail":"n"}`, told: "duplicate_key", wrote: `{"message":"n"}`},
		{name: "a member that must not be empty is", file: `shapes: [{name: e, json: {errors!: [$field.message]}}]`, body: `{"errors":[]}`, want: `{"kind":"invalid"}`, told: "unfit_body", wrote: "-"},
		{name: "an optional member of another form is passed over, and told", file: `shapes: [{name: e, json: {message: $detail, errors?: [$field.message]}}]`, body: `{"message":"m","errors":{"a":1}}`, want: `{"kind":"invalid","detail":"m"}`, told: "unfit_member", wrote: `{"message":"m"}`},
		{name: "a constant with another type", file: `shapes: [{name: e, json: {ok: false, message: $detail}}]`, body: `{"ok":"false","message":"m"}`, want: `{"kind":"invalid","detail":"m"}`, told: "unfit_body common_form", wrote: "-"},
		{name: "a constant number in another notation", file: `shapes: [{name: e, json: {version: 2, message: $detail}}]`, body: `{"version":2.0,"message":"m"}`, want: `{"kind":"invalid","detail":"m"}`, wrote: `{"version":2,"message":"m"}`},
		{name: "a value that stands for unset", file: "codes_are_statuses: false\n" + usual + `shapes: [{name: e, json: {message: $detail = "", code: $code:int = 0}}]`, body: `{"message":"","code":0}`, want: `{"kind":"invalid"}`},
		{name: "a value that could be the one for unset", file: "codes_are_statuses: false\n" + usual + `shapes: [{name: e, json: {message: $detail = "", code: $code:int = 0}}]`, body: `{"message":"m","code":7}`, want: `{"kind":"invalid","code":"7","detail":"m"}`},
		{name: "a literal dollar", file: `shapes: [{name: e, json: {price: $$5, $$ref!: $detail}}]`, body: `{"price":"$5","$ref":"m"}`, want: `{"kind":"invalid","detail":"m"}`},
		{name: "a map beside members of their own names", file: `shapes: [{name: e, json: {base?: $detail, $field: [$field.message]}}]`, body: `{"base":"m","a.b":["n","o"],"c":["p"]}`,
			want: `{"kind":"invalid","detail":"m","fields":[{"path":"a.b","message":"n"},{"path":"a.b","message":"o"},{"path":"c","message":"p"}]}`},
		{name: "one member whose name is the code", file: `codes: {200: success, E7: {kind: conflict, status: 409}, 4xx: invalid}
shapes: [{name: e, json: {$code: {text!: $detail}}}]`, status: 409, body: `{"E7":{"text":"m"}}`, want: `{"kind":"conflict","code":"E7","detail":"m"}`},
		{name: "one member whose name is the code of a record", file: `codes: {200: success, created: {kind: success, status: 200}, E7: {kind: conflict, status: 409}, 4xx: invalid}
shapes: [{name: list, status: 200, json: {rows!: [{id: $item, $item.code: $any = true}]}}]`, status: 200, body: `{"rows":[{"id":"a","created":true},{"id":"b","E7":true}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"success","code":"created"}},{"index":1,"id":"b","outcome":{"kind":"conflict","code":"E7"}}]}`},
		{name: "every member that has no name, its name skipped", file: `codes: {200: success, bad: {kind: invalid, status: 400}}
shapes: [{name: list, status: 200, json: {took: $any, $any=rows: [{id: $item, code!: $item.code}]}}]`, status: 200, body: `{"took":5,"index":[{"id":"a","code":"bad"}],"delete":[{"id":"b","code":"bad"}]}`,
			want:  `{"kind":"invalid","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad"}},{"index":1,"id":"b","outcome":{"kind":"invalid","code":"bad"}}]}`,
			wrote: `{"rows":[{"id":"a","code":"bad"},{"id":"b","code":"bad"}]}`},
		{name: "elements that a constant tells apart are taken each for itself", file: `shapes:
  - name: e
    json:
      details!:
        - {"@type": info, reason: $code}
        - {"@type": retry, delay: "$retry_after:protobuf"}
        - {"@type": bad, errors: [{field: $field, text: $field.message}]}
        - $any`, body: `{"details":[{"@type":"x"},{"@type":"bad","errors":[{"field":"a","text":"m"}]},{"@type":"retry","delay":"3.5s"},{"@type":"info","reason":"R"}]}`,
			want: `{"kind":"invalid","code":"R","fields":[{"path":"a","message":"m"}],"retry_after":3.5}`, wrote: "-"},
		{name: "errors without a field are a list and no map", file: `shapes: [{name: e, json: {errors?: {$either: [{$field: {$either: [[$field.message], $field.message]}}, [$field.message]]}}}]`,
			body: `{"errors":["m","n"]}`, want: `{"kind":"invalid","fields":[{"message":"m"},{"message":"n"}]}`},
		{name: "a copy fills a record but makes none", file: `shapes: [{name: e, json: {errors!: [{text: $detail & $field.message, at?: $field}]}}]`, body: `{"errors":[{"text":"m"}]}`, want: `{"kind":"invalid","detail":"m"}`},
		{name: "one error with many ids makes many items", file: `codes: {200: success, bad: {kind: invalid, status: 400}}
shapes: [{name: list, status: 200, json: {errors!: [{code!: $item.code, ids: [$item]}]}}]`, status: 200, body: `{"errors":[{"code":"bad","ids":["a","b"]}]}`,
			want: `{"kind":"invalid","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad"}},{"index":1,"id":"b","outcome":{"kind":"invalid","code":"bad"}}]}`},
		{name: "the first place that is filled is read, nested ones included", file: `shapes: [{name: e, json: {error?: {inner?: {text?: $detail}}, message?: $detail}}]`, body: `{"error":{"inner":{"text":"m"}},"message":"n"}`, want: `{"kind":"invalid","detail":"m"}`, wrote: "-"},
	})
}

func TestRetryAfterInTheHeader(t *testing.T) {
	t.Parallel()
	const plain = `codes: {200: success, 202: accepted, 429: rate_limited, 503: {kind: unavailable, retry: {schedule: [5m, 30m]}}, 5xx: {kind: internal, retry: {backoff: 10s..1m}}}`
	const least = `codes: {200: success, 429: {kind: rate_limited, retry: {after: 30s}}, 5xx: internal}`
	const reset = `codes: {200: success, 429: {kind: rate_limited, retry: {after: $reset}}, 5xx: internal}
shapes: [{headers: {X-Reset: $reset:seconds}}]`
	const own = `codes: {200: success, 429: rate_limited, 5xx: internal}
shapes: [{headers: {Retry-After: $retry_after:ms}}]`
	const limited = `{"kind":"rate_limited"}`
	const date = "Date: Fri, 20 Nov 2026 15:00:00 GMT\n" // an hour before our own clock
	const after = `{"kind":"rate_limited","retry_after":90}`
	const now = `{"kind":"rate_limited","retry_after":0}`
	hold(t, []construct{
		{name: "an epoch", file: plain, status: 429, header: "Retry-After: 1795190490", want: after, act: "retry 1m30s safe", sent: "Retry-After: 90"},
		{name: "an epoch by the server's clock", file: plain, status: 429, header: date + "Retry-After: 1795186890", want: after, act: "retry 1m30s safe", sent: "Retry-After: 90"},
		{name: "an epoch with a fraction", file: plain, status: 429, header: "Retry-After: 1795190490.5", want: `{"kind":"rate_limited","retry_after":90.5}`, act: "retry 1m30.5s safe", wrote: "-"},
		{name: "an epoch in milliseconds", file: plain, status: 429, header: "Retry-After: 1795190490000", want: after, act: "retry 1m30s safe", sent: "Retry-After: 90"},
		{name: "an epoch that has passed", file: plain, status: 429, header: "Retry-After: 1795190000", want: now, act: "retry 1s 1m0s safe", sent: "Retry-After: 0"},
		{name: "a long time that is no moment", file: plain, status: 429, header: "Retry-After: 604800", want: `{"kind":"rate_limited","retry_after":604800}`, act: "retry 168h0m0s safe", sent: "Retry-After: 604800"},
		{name: "an instant", file: plain, status: 429, header: "Retry-After: 2026-11-20T16:01:30Z", want: after, act: "retry 1m30s safe", sent: "Retry-After: 90"},
		{name: "an instant with an offset", file: plain, status: 429, header: "Retry-After: 2026-11-20T18:01:30.000+02:00", want: after, act: "retry 1m30s safe", sent: "Retry-After: 90"},
		{name: "an instant without separators", file: plain, status: 429, header: "Retry-After: 20261120T160130Z", want: after, act: "retry 1m30s safe", sent: "Retry-After: 90"},
		{name: "an instant without a zone", file: plain, status: 429, header: "Retry-After: 2026-11-20T16:01:30", want: limited, told: "unfit_header", act: "retry 1s 1m0s safe"},
		{name: "a word", file: plain, status: 429, header: "Retry-After: soon", want: limited, told: "unfit_header", act: "retry 1s 1m0s safe"},
		{name: "a negative number", file: plain, status: 429, header: "Retry-After: -5", want: limited, told: "unfit_header", act: "retry 1s 1m0s safe"},
		{name: "a word beside a time", file: plain, status: 429, header: "Retry-After: soon\nRetry-After: 90", want: after, told: "unfit_header", act: "retry 1m30s safe", sent: "Retry-After: 90"},
		{name: "an empty value", file: plain, status: 429, header: "Retry-After: ", want: limited, act: "retry 1s 1m0s safe"},
		{name: "zero", file: plain, status: 429, header: "Retry-After: 0", want: now, act: "retry 1s 1m0s safe", sent: "Retry-After: 0"},
		{name: "zero in place of a schedule", file: plain, status: 503, header: "Retry-After: 0", want: `{"kind":"unavailable","retry_after":0}`, act: "retry 1s 1m0s safe", sent: "Retry-After: 0"},
		{name: "zero under the floor of a backoff", file: plain, status: 500, header: "Retry-After: 0", want: `{"kind":"internal","retry_after":0}`, act: "retry 10s 1m0s safe", sent: "Retry-After: 0"},
		{name: "zero under the least time of a row", file: least, status: 429, header: "Retry-After: 0", want: now, act: "retry 30s safe", sent: "Retry-After: 0"},
		{name: "zero beside a reset", file: reset, status: 429, header: "Retry-After: 0\nX-Reset: 17", want: `{"kind":"rate_limited","retry_after":17}`, act: "retry 17s safe", sent: "X-Reset: 17\nRetry-After: 17"},
		{name: "zero beside an accepted request", file: plain, status: 202, header: "Retry-After: 0", want: `{"kind":"accepted","retry_after":0}`, act: "poll safe", sent: "Retry-After: 0"},
		{name: "in a notation of the file", file: own, status: 429, header: "Retry-After: 1500", want: `{"kind":"rate_limited","retry_after":1.5}`, act: "retry 1.5s safe", wrote: "-"},
		{name: "a date in place of the notation of the file", file: own, status: 429, header: "Retry-After: Fri, 20 Nov 2026 16:01:30 GMT", want: after, told: "unfit_header", act: "retry 1m30s safe", wrote: "-"},
	})
}

func TestALimitThatTheBodyTellsOtherwiseIsSafeToRetry(t *testing.T) {
	t.Parallel()
	const file = `codes: {200: success, 429: rate_limited, busy: {kind: internal, status: 500}, full: {kind: unavailable, status: 503}, late: {kind: timeout, status: 504}, used: {kind: conflict/idempotency_in_flight, status: 409}, 4xx: invalid, 5xx: internal}
shapes: [{name: e, status: 4xx 5xx, json: {code: $code}}]`
	hold(t, []construct{
		{name: "a fault of the server", file: file, method: "POST", status: 429, body: `{"code":"busy"}`, want: `{"kind":"internal","code":"busy"}`, act: "retry 1s 1m0s safe", wrote: "-"},
		{name: "a server without capacity", file: file, method: "POST", status: 429, body: `{"code":"full"}`, want: `{"kind":"unavailable","code":"full"}`, act: "retry 1s 1m0s safe", wrote: "-"},
		{name: "a fault of the server under its own status", file: file, method: "POST", status: 500, body: `{"code":"busy"}`, want: `{"kind":"internal","code":"busy"}`, act: "retry 1s 1m0s"},
		{name: "a limit under the status of a fault", file: file, method: "POST", status: 503, body: `{"code":"full"}`, want: `{"kind":"unavailable","code":"full"}`, act: "retry 1s 1m0s", wrote: "-"},
		{name: "what may have been done", file: file, method: "POST", status: 429, body: `{"code":"late"}`, want: `{"kind":"timeout","code":"late"}`, act: "retry 1s 1m0s", wrote: "-"},
		{name: "what is being done", file: file, method: "POST", status: 429, body: `{"code":"used"}`, want: `{"kind":"conflict","reason":"idempotency_in_flight","code":"used"}`, act: "retry 1s 1m0s", wrote: "-"},
	})
}

func TestAHeaderThatCannotBeReadIsReported(t *testing.T) {
	t.Parallel()
	const file = `codes: {200: success, 403: forbidden, 429: {kind: rate_limited, retry: {after: $reset}}, 4xx: invalid}
shapes:
  - {name: e, status: 4xx, json: {message!: $detail}}
  - {name: once, status: 4xx, headers: {X-Spent: "yes", X-Reset: $reset:epoch}, read_only: true}
  - {name: parts, headers: {RateLimit: {reset: $reset:seconds, policy: $code}}, read_only: true}
  - {name: other, headers: {X-Again: $retryable:bool, X-Wait: $retry_after:ms}}
  - {name: link, headers: {Link: '<{$help}>; rel="help"'}}
  - {name: told, status: 403, headers: {X-Wait: $retry_after:seconds}, json: {told!: $detail}}`
	const m = `{"message":"m"}`
	hold(t, []construct{
		{name: "one of two, and the other is read", file: file, status: 400, header: "X-Again: perhaps\nX-Wait: 1500", body: m, want: `{"kind":"invalid","detail":"m","retry_after":1.5}`, told: "unfit_header", wrote: "-"},
		{name: "both", file: file, status: 400, header: "X-Again: perhaps\nX-Wait: soon", body: m, want: `{"kind":"invalid","detail":"m"}`, told: "unfit_header unfit_header", wrote: "-"},
		{name: "one whose condition holds", file: file, status: 429, header: "X-Spent: yes\nX-Reset: soon", body: m, want: `{"kind":"rate_limited","detail":"m"}`, told: "unfit_header", wrote: "-"},
		{name: "one whose condition does not hold", file: file, status: 429, header: "X-Spent: no\nX-Reset: soon", body: m, want: `{"kind":"rate_limited","detail":"m"}`, wrote: "-"},
		{name: "a parameter, and the other is read", file: file, status: 429, header: "RateLimit: reset=soon, policy=p", body: m, want: `{"kind":"rate_limited","code":"p","detail":"m"}`, told: "unfit_header", wrote: "-"},
		{name: "a text that a pattern does not fit is another one", file: file, status: 400, header: "Link: </next>; rel=next", body: m, want: `{"kind":"invalid","detail":"m"}`, wrote: "-"},
		{name: "one of a shape with a body, which another shape may take", file: file, status: 403, header: "X-Again: true", body: `{"told":"t"}`, want: `{"kind":"forbidden","retryable":true}`, told: "unfit_body", wrote: "-"},
	})
}

// family is a dialect and one that extends it.
func family(t *testing.T, parent, child string) *dialect.Dialect {
	t.Helper()
	find := func(name string) (*dialect.Dialect, error) {
		return dialect.Compile(name+".yaml", []byte("dialect: "+name+"\n"+parent))
	}
	source := []byte("dialect: child\nextends: parent\n" + child)
	if all := authoring.Lint("child.yaml", source, find); len(all) > 0 {
		t.Fatalf("the file is complained of: %v", all)
	}
	d, err := dialect.Compile("child.yaml", source, find)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const parent = `title: Parent
codes:
  200: success
  404: not_found
  422: {kind: invalid/fields, title: Parents words}
  E1: {kind: conflict, status: 409, retry: {after: 7s}}
  E*: {kind: forbidden, status: 403}
  gone: {kind: empty, status: 404}
  4xx: invalid
  503: {kind: unavailable, retry: {backoff: 5s..50s}}
shapes:
  - {name: gone, status: 404, is: gone, json: {gone: true}}
  - {name: error, status: 4xx 5xx, json: {code?: $code, message: $detail}}
  - {headers: {X-Trace: $request_id}}
idempotency: {header: Idempotency-Key}
support: {contact: parent support, after: 3}
limits: {requests: {remaining: X-Remaining}}
auth: {token: /token, grants: [password]}
poll: {headers: [Operation-Location], every: 5s}
operations: [{method: POST, path: /search, safe: true}]
`

func TestAFileThatExtendsAnother(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, child string
		status      int
		body        string
		want        string
		wrote       string
	}{
		{"what it does not say holds as in the other", "codes: {410: not_found}\n", 404, `{"message":"m"}`, `{"kind":"not_found","detail":"m"}`, ""},
		{"its own row beats", "codes: {404: {kind: empty}}\n", 404, `{"message":"m"}`, `{"kind":"empty","detail":"m"}`, "-"},
		{"its own code beats", "codes: {E1: {kind: quota, status: 409}}\n", 409, `{"code":"E1","message":"m"}`, `{"kind":"quota","code":"E1","detail":"m"}`, ""},
		{"its own glob beats the other's very code", "codes: {E*: {kind: quota, status: 409}}\n", 409, `{"code":"E1","message":"m"}`, `{"kind":"quota","code":"E1","detail":"m"}`, ""},
		{"its own class beats the other's very status", "codes: {4xx: forbidden}\n", 404, `{"message":"m"}`, `{"kind":"forbidden","detail":"m"}`, ""},
		{"the other's row keeps its words", "codes: {410: not_found}\n", 422, `{"message":"m"}`, `{"kind":"invalid","reason":"fields","title":"Parents words","detail":"m"}`, ""},
		{"the other's code under its own class", "codes: {4xx: forbidden}\n", 409, `{"code":"E1","message":"m"}`, `{"kind":"conflict","code":"E1","detail":"m"}`, ""},
		{"a shape of the same name is replaced", "shapes: [{name: error, status: 4xx 5xx, json: {fault!: $detail}}]\n", 422, `{"fault":"m"}`, `{"kind":"invalid","reason":"fields","title":"Parents words","detail":"m"}`, ""},
		{"a shape of the same name is gone", "shapes: [{name: error, status: 4xx 5xx, json: {fault!: $detail}}]\n", 422, `{"message":"m"}`, `{"kind":"invalid","reason":"fields","title":"Parents words","detail":"m"}`, "-"},
		{"its own shape comes first, the other's after it", "shapes: [{name: fault, status: 4xx 5xx, json: {fault!: $detail}}]\n", 422, `{"message":"m"}`, `{"kind":"invalid","reason":"fields","title":"Parents words","detail":"m"}`, "-"},
		{"the other's form has its own row", "codes: {gone: {kind: conflict, status: 404}}\n", 404, `{"gone":true}`, `{"kind":"conflict"}`, ""},
		{"its own row may ask for a form of the other", "codes: {404: [{kind: unavailable, is: gone}, not_found], gone: {kind: unavailable, status: 404}}\n", 404, `{"gone":true}`, `{"kind":"unavailable"}`, ""},
		{"codes are no statuses, as in the other", "codes: {410: not_found}\n", 400, `{"code":"404","message":"m"}`, `{"kind":"invalid","code":"404","detail":"m"}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := family(t, parent, c.child)
			res := dialect.Response{Status: c.status, Body: []byte(c.body)}
			read := d.Decode(dialect.Request{}, res)
			same(t, "it reads as", c.want, &read.Outcome)
			glanced(t, d, dialect.Request{}, res)
			if c.wrote == "-" {
				return
			}
			if m := d.Encode(nil, dialect.Request{}, &read.Outcome, dialect.Payload{}); string(m.Body) != c.body || m.Status != c.status || len(m.Losses) > 0 {
				t.Errorf("it is written as %d %s, %v", m.Status, m.Body, m.Losses)
			}
		})
	}
}

func TestWhatElseIsTakenOverFromADialectThatIsExtended(t *testing.T) {
	t.Parallel()
	d := family(t, parent, "codes: {410: not_found}\n")
	if d.IdempotencyHeader() != "Idempotency-Key" || d.Support() != (dialect.Support{Contact: "parent support", After: 3}) {
		t.Errorf("idempotency %q, support %+v", d.IdempotencyHeader(), d.Support())
	}
	if a := d.Auth(); a.Token != "/token" || !reflect.DeepEqual(a.Grants, []string{"password"}) {
		t.Errorf("auth %+v", a)
	}
	if p := d.Polling(); !reflect.DeepEqual(p.Headers, []string{"Operation-Location"}) || p.Every != 5*time.Second {
		t.Errorf("polling %+v", p)
	}
	if all := d.Limits(dialect.Response{Header: lines("X-Remaining: 4")}); len(all) != 1 || all[0].Remaining != 4 {
		t.Errorf("limits %+v", all)
	}
	if !d.Idempotent(dialect.Request{Method: "POST", Path: "/search"}) || d.Idempotent(dialect.Request{Method: "POST", Path: "/orders"}) {
		t.Error("operations are not taken over")
	}
	o := parlance.Outcome{Kind: parlance.KindConflict, Code: "E1", Status: 409}
	if p := d.Decide(dialect.Request{}, &o); p.After != 7*time.Second || p.Line != "parent.yaml:7" {
		t.Errorf("the decision is %+v", p)
	}
	m := d.Encode(nil, dialect.Request{}, &parlance.Outcome{Kind: parlance.KindNotFound, RequestID: "r"}, dialect.Payload{})
	if len(m.Header) == 0 || m.Header[len(m.Header)-1] != (dialect.HeaderField{Name: "X-Trace", Value: "r"}) {
		t.Errorf("the header is %v", m.Header)
	}
}

func TestWhatAFileSaysItselfReplacesWhatTheOtherSays(t *testing.T) {
	t.Parallel()
	d := family(t, parent, `codes: {410: not_found}
idempotency: {header: X-Key}
support: {contact: child support}
limits: {calls: {remaining: X-Left}}
auth: {grants: [client_credentials]}
poll: {headers: [Location]}
`)
	if d.IdempotencyHeader() != "X-Key" || d.Support().Contact != "child support" {
		t.Errorf("idempotency %q, support %+v", d.IdempotencyHeader(), d.Support())
	}
	if a := d.Auth(); !reflect.DeepEqual(a.Grants, []string{"client_credentials"}) {
		t.Errorf("auth %+v", a)
	}
	if p := d.Polling(); !reflect.DeepEqual(p.Headers, []string{"Location"}) {
		t.Errorf("polling %+v", p)
	}
	// close
	if all := d.Limits(dialect.Response{Header: lines("X-Remaining: 4\nX-Left: 3")}); len(all) != 1 || all[0].Name != "calls" {
		t.Errorf("limits %+v", all)
	}
}

func TestEachFileOfAChainIsCompiledOnceAndTheChainIsBounded(t *testing.T) {
	t.Parallel()
	for files, fits := range map[int]bool{2: true, dialect.MaxExtends: true, dialect.MaxExtends + 1: false} {
		compiled := map[string]int{}
		var open func(name string) (*dialect.Dialect, error)
		open = func(name string) (*dialect.Dialect, error) {
			compiled[name]++
			if name == "f1" {
				return dialect.Compile("f1.yaml", []byte("dialect: f1\n"+parent), open)
			}
			n, err := strconv.Atoi(name[1:])
			if err != nil {
				return nil, err
			}
			return dialect.Compile(name+".yaml", fmt.Appendf(nil, "dialect: %s\nextends: f%d\n", name, n-1), open)
		}
		d, err := open(fmt.Sprintf("f%d", files))
		if fits != (err == nil) || !fits && !errors.Is(err, dialect.ErrCircle) {
			t.Fatalf("%d files: %v", files, err)
		}
		for name, n := range compiled {
			if n != 1 || len(compiled) != files {
				t.Errorf("of %d files %s is compiled %d times", files, name, n)
			}
		}
		if !fits {
			continue
		}
		read := d.Decode(dialect.Request{}, dialect.Response{Status: 409, Body: []byte(`{"code":"E1","message":"m"}`)})
		same(t, "it reads as", `{"kind":"conflict","code":"E1","detail":"m"}`, &read.Outcome)
	}
}

// A dialect and one that extends it have guides of their own: what the one numbers
// must not change how the other reads, whichever is compiled or used first.
func TestADialectThatIsExtendedReadsAsBefore(t *testing.T) {
	t.Parallel()
	const recursive = `codes: {4xx: invalid}
define: {node: {text?: $field.message, below?: {$field: $node}}}
shapes: [{name: tree, status: 4xx, json: {code?: $code, message: $detail, tree?: {$field: $node}}}]
`
	base, err := dialect.Compile("parent.yaml", []byte("dialect: parent\n"+recursive))
	if err != nil {
		t.Fatal(err)
	}
	child, err := dialect.Compile("child.yaml", []byte(`dialect: child
extends: parent
shapes: [{name: own, status: 4xx, json: {zero!: $detail, one?: $code, two?: $title, tree?: {$field: $field.code}}}]
`), func(string) (*dialect.Dialect, error) { return base, nil })
	if err != nil {
		t.Fatal(err)
	}
	const body, own = `{"code":"C","message":"m","tree":{"a":{"text":"t","below":{"b":{"text":"u"}}}}}`, `{"tree":{"a":"X"},"two":"T","one":"C","zero":"d"}`
	const want = `{"kind":"invalid","code":"C","detail":"m","fields":[{"path":"a","message":"t"},{"path":"a.b","message":"u"}]}`
	for range 3 {
		for _, d := range []*dialect.Dialect{base, child} {
			read := d.Decode(dialect.Request{}, dialect.Response{Status: 400, Body: []byte(body)})
			same(t, d.Name()+" reads as", want, &read.Outcome)
		}
		read := child.Decode(dialect.Request{}, dialect.Response{Status: 400, Body: []byte(own)})
		same(t, "its own shape reads as", `{"kind":"invalid","code":"C","title":"T","detail":"d","fields":[{"path":"a","code":"X"}]}`, &read.Outcome)
	}
}

func TestADialectThatExtendsItselfOrNobodyIsRefused(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"dialect: a\nextends: a\n", "dialect: a\nextends: b\n", "dialect: a\nextends: nobody\n", "dialect: a\nextends: [b]\n", "dialect: a\nextends:\n"} {
		var find func(string) (*dialect.Dialect, error)
		depth := 0
		find = func(name string) (*dialect.Dialect, error) {
			if depth++; depth > 100 {
				return nil, errTooDeep
			}
			other := map[string]string{"a": "b", "b": "a"}[name]
			if other == "" {
				return nil, errNobody
			}
			return dialect.Compile(name+".yaml", []byte("dialect: "+name+"\nextends: "+other+"\n"), find)
		}
		if _, err := dialect.Compile("a.yaml", []byte(source), find); err == nil {
			t.Errorf("%q is compiled", source)
		} else if !isFileError(err) {
			t.Errorf("%q is refused with %T", source, err)
		}
	}
}

var errTooDeep, errNobody = errors.New("too deep"), errors.New("nobody")

func isFileError(err error) bool {
	var faults *dialect.FileError
	return errors.As(err, &faults) && len(faults.Diagnostics) > 0
}

func TestOperations(t *testing.T) {
	t.Parallel()
	d := compile(t, `
codes: {200: success, 404: not_found, 409: conflict, E1: {kind: invalid, status: 400}, 4xx: invalid, 5xx: internal}
shapes: [{name: e, status: 4xx 5xx, json: {code?: $code, message: $detail}}]
operations:
  - {method: POST, path: "/search*", safe: true, codes: {404: empty}}
  - {method: [PUT, DELETE], path: "/locks/*", codes: {E1: {kind: unavailable, status: 409, retry: {after: 5s}}, 409: [{kind: success, method: DELETE}, quota], 4xx: forbidden}}
`)
	for _, c := range []struct {
		method, path string
		status       int
		body         string
		want         parlance.Kind
		decided      string
	}{
		{"POST", "/search/x", 404, ``, parlance.KindEmpty, "done safe"},
		{"GET", "/search/x", 404, ``, parlance.KindNotFound, "stop safe"},
		{"POST", "/orders", 404, ``, parlance.KindNotFound, "stop"},
		{"POST", "/search", 500, ``, parlance.KindInternal, "retry 1s 1m0s safe"},
		{"POST", "/orders", 500, ``, parlance.KindInternal, "retry 1s 1m0s"},
		{"PUT", "/locks/a", 409, `{"code":"E1","message":"m"}`, parlance.KindUnavailable, "retry 5s safe"},
		{"POST", "/locks/a", 400, `{"code":"E1","message":"m"}`, parlance.KindInvalid, "correct"},
		{"PUT", "/locks/a", 409, ``, parlance.KindQuota, "stop safe"},
		{"DELETE", "/locks/a", 409, ``, parlance.KindSuccess, "done safe"},
		{"DELETE", "/others/a", 409, ``, parlance.KindConflict, "stop safe"},
		{"PUT", "/locks/a", 418, ``, parlance.KindForbidden, "stop safe"},
		{"PUT", "/locks/a", 404, ``, parlance.KindNotFound, "stop safe"},
		{"PUT", "/others", 418, ``, parlance.KindInvalid, "correct safe"},
	} {
		req := dialect.Request{Method: c.method, Path: c.path}
		res := dialect.Response{Status: c.status, Body: []byte(c.body)}
		o := d.Decode(req, res).Outcome
		if p := d.Decide(req, &o); o.Kind != c.want || decided(p) != c.decided {
			t.Errorf("%s %s %d %s: %s, %q", c.method, c.path, c.status, c.body, o.Kind, decided(p))
		}
		glanced(t, d, req, res)
	}
}

func TestLimitsOfAResponse(t *testing.T) {
	t.Parallel()
	d := compile(t, `
codes: {200: success}
limits:
  core: {limit: X-RateLimit-Limit, remaining: X-RateLimit-Remaining, reset: "X-RateLimit-Reset:epoch"}
  tokens: {remaining: X-Tokens, reset: "X-Tokens-Reset:duration"}
  plain: {reset: X-Plain}
`)
	for _, c := range []struct {
		name, header string
		want         []dialect.Limit
	}{
		{"none", "", nil},
		{"all of one", "x-ratelimit-limit: 60\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1795190490", []dialect.Limit{{Name: "core", Limit: 60, Remaining: 0, Reset: 90 * time.Second}}},
		{"by the server's clock", "Date: Fri, 20 Nov 2026 15:00:00 GMT\nX-RateLimit-Reset: 1795186890", []dialect.Limit{{Name: "core", Limit: -1, Remaining: -1, Reset: 90 * time.Second}}},
		{"a moment that has passed beside a number", "X-RateLimit-Reset: 17\nX-RateLimit-Remaining: 5", []dialect.Limit{{Name: "core", Limit: -1, Remaining: 5}}},
		{"a moment that has passed alone", "X-RateLimit-Reset: 17", nil},
		{"numbers that are none", "X-RateLimit-Limit: many\nX-RateLimit-Remaining: 99999999999999999999\nX-RateLimit-Reset: soon", nil},
		{"numbers below zero", "X-RateLimit-Limit: -5\nX-RateLimit-Remaining: -1", nil},
		{"two of them", "X-Tokens: 7\nX-Tokens-Reset: 6m0s\nX-Plain: 1.5", []dialect.Limit{{Name: "tokens", Limit: -1, Remaining: 7, Reset: 6 * time.Minute}, {Name: "plain", Limit: -1, Remaining: -1, Reset: 1500 * time.Millisecond}}},
	} {
		got := d.Limits(dialect.Response{Status: 200, Header: lines(c.header), Received: stated})
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, not %+v", c.name, got, c.want)
		}
		// Whatever stands there, a success makes nothing wait.
		if o := d.Decode(dialect.Request{}, dialect.Response{Status: 200, Header: lines(c.header), Received: stated}).Outcome; o.RetryAfter != 0 {
			t.Errorf("%s: a success waits %s", c.name, o.RetryAfter)
		}
	}
	if all := d.Limits(dialect.Response{}); all != nil {
		t.Errorf("without a header: %+v", all)
	}
}

func TestPollingAuthAndSafety(t *testing.T) {
	t.Parallel()
	d := compile(t, "codes: {200: success, 202: accepted}\n")
	if p := d.Polling(); !reflect.DeepEqual(p, dialect.Polling{Headers: []string{"Location"}}) {
		t.Errorf("where the file says nothing: %+v", p)
	}
	if d.Auth().Token != "" || d.IdempotencyHeader() != "" || d.Limits(dialect.Response{Header: lines("X-RateLimit-Remaining: 0")}) != nil {
		t.Error("a file that says nothing says something")
	}
	d = compile(t, `
codes: {200: success, 202: {kind: accepted, retry: poll}}
poll: {headers: [operation-location, Location], every: 10s, result: location}
auth: {token: /oauth/token, grants: [client_credentials, refresh_token], header: x-token, scheme: Token, expires: 1d, login: POST /login}
`)
	if p := d.Polling(); !reflect.DeepEqual(p, dialect.Polling{Headers: []string{"Operation-Location", "Location"}, Every: 10 * time.Second, Result: "Location"}) {
		t.Errorf("polling %+v", p)
	}
	if a := d.Auth(); !reflect.DeepEqual(a, dialect.Auth{Token: "/oauth/token", Grants: []string{"client_credentials", "refresh_token"}, Login: "POST /login", Header: "X-Token", Scheme: "Token", Expires: 24 * time.Hour}) {
		t.Errorf("auth %+v", a)
	}
	for after, want := range map[string]string{"": "poll", "7": "poll 7s"} {
		o := d.Decode(dialect.Request{Method: "POST"}, dialect.Response{Status: 202, Header: lines("Retry-After: " + after)}).Outcome
		if p := d.Decide(dialect.Request{Method: "POST"}, &o); decided(p) != want {
			t.Errorf("with Retry-After %q: %q", after, decided(p))
		}
	}
	for method, safe := range map[string]bool{"": true, "GET": true, "HEAD": true, "OPTIONS": true, "PUT": true, "DELETE": true, "POST": false, "PATCH": false, "get": false, "LOCK": false} {
		if d.Idempotent(dialect.Request{Method: method}) != safe {
			t.Errorf("%q is safe: %t", method, !safe)
		}
	}
}

// halves is an extension that reads a code under which the file knows none.
type halves struct{ concerned bool }

func (h halves) Concerns(_ dialect.Request, status int, _ dialect.Header) bool {
	return h.concerned && status == 200
}

func (halves) Read(_ *dialect.Dialect, _ dialect.Request, res dialect.Response, r *dialect.Decoded) {
	if bytes.Contains(res.Body, []byte("half")) {
		r.Outcome.Kind, r.Outcome.Notes = parlance.KindNoted, append(r.Outcome.Notes, "half of it")
	}
}

func (halves) Write(_ *dialect.Dialect, _ dialect.Request, o *parlance.Outcome, m *dialect.Encoded) {
	m.Header = append(m.Header, dialect.HeaderField{Name: "X-Half", Value: o.Kind.String()})
}

func TestAnExtensionReadsAndWritesAfterTheFile(t *testing.T) {
	t.Parallel()
	plain := compile(t, usual+"shapes: [{name: e, status: 4xx 5xx, json: {message: $detail}}]\n")
	d := plain.With(halves{true})
	res := dialect.Response{Status: 200, Header: lines("Content-Type: text/plain"), Body: []byte("half done")}
	for name, c := range map[string]struct {
		d    *dialect.Dialect
		want parlance.Kind
		read bool
	}{"without": {plain, parlance.KindSuccess, false}, "with": {d, parlance.KindNoted, true}, "unconcerned": {plain.With(halves{false}), parlance.KindSuccess, false}, "several": {plain.With(halves{false}).With(halves{true}), parlance.KindNoted, true}} {
		if got := c.d.Decode(dialect.Request{}, res).Outcome.Kind; got != c.want {
			t.Errorf("%s it reads as %s", name, got)
		}
		if got := c.d.NeedsBody(dialect.Request{}, 200, res.Header); got != c.read {
			t.Errorf("%s its body is to be read: %t", name, got)
		}
		glanced(t, c.d, dialect.Request{}, res)
	}
	m := d.Encode([]byte("before"), dialect.Request{}, &parlance.Outcome{Kind: parlance.KindInvalid, Detail: "m"}, dialect.Payload{})
	if string(m.Body) != `before{"message":"m"}` || m.Header[len(m.Header)-1] != (dialect.HeaderField{Name: "X-Half", Value: "invalid"}) {
		t.Errorf("it is written as %s %v", m.Body, m.Header)
	}
	again := d.Encode(nil, dialect.Request{}, &parlance.Outcome{Kind: parlance.KindInvalid, Detail: "m"}, dialect.Payload{})
	if len(again.Header) != len(m.Header) {
		t.Errorf("what an extension adds stays: %v", again.Header)
	}
}

func TestThePayloadInAnElement(t *testing.T) {
	t.Parallel()
	d := compile(t, usual+"shapes: [{name: ok, status: 200, xml: {Answer: {Status: OK, Result: $data}}}]\n")
	for body, want := range map[string]string{
		`<Answer><Status>OK</Status><Result x="a>b"> <a>1</a><b/> </Result></Answer>`: `<a>1</a><b/>`,
		`<Answer><Status>OK</Status><Result>a &amp; b</Result></Answer>`:              `a &amp; b`,
		`<Answer><Status>OK</Status><Result/></Answer>`:                               ``,
		`<Answer><Status>OK</Status></Answer>`:                                        ``,
	} {
		copied := []byte(body)
		read := d.Decode(dialect.Request{}, dialect.Response{Status: 200, Body: copied})
		if string(read.Data) != want || !read.Enveloped || read.Outcome.Kind != parlance.KindSuccess {
			t.Errorf("%s holds %q, enveloped %t, %s", body, read.Data, read.Enveloped, read.Outcome.Kind)
		}
		if !within(read.Data, copied) {
			t.Errorf("%s: the payload is no part of the body", body)
		}
		m := d.Encode(nil, dialect.Request{}, &read.Outcome, dialect.Payload{Body: bytes.Clone(read.Data), ContentType: "application/xml"})
		if back := d.Decode(dialect.Request{}, dialect.Response{Status: m.Status, Body: m.Body}); string(back.Data) != want && want != `a &amp; b` {
			t.Errorf("%s is written as %s", body, m.Body)
		}
	}
}

func TestADecisionFindsTheRowOfAnOutcomeFromElsewhere(t *testing.T) {
	t.Parallel()
	d := compile(t, `
codes:
  200: success
  401: [{kind: unauthenticated/expired, is: stale, retry: refresh}, unauthenticated]
  E1: [{kind: conflict, status: 409, is: locked, retry: {after: 7s}}, {kind: invalid, status: 400}]
  busy: {kind: unavailable, status: 503, retry: {schedule: [5m, 30m], then: escalate}}
  4xx: invalid
shapes:
  - {name: stale, status: 401, is: stale, json: {stale: true}}
  - {name: locked, is: locked, json: {locked: true, code: $code}}
  - {name: busy, is: busy, json: {busy: true}}
  - {name: e, status: 4xx 5xx, json: {code?: $code, message: $detail}}
`)
	for _, c := range []struct{ outcome, decided, line string }{
		{`{"kind":"unauthenticated","reason":"expired","status":401}`, "refresh safe", "test.yaml:5"},
		{`{"kind":"unauthenticated","status":401}`, "stop", "test.yaml:5"},
		{`{"kind":"conflict","code":"E1","status":409}`, "retry 7s", "test.yaml:6"},
		{`{"kind":"invalid","code":"E1","status":400}`, "correct", "test.yaml:6"},
		{`{"kind":"unavailable","status":503}`, "retry 5m0s 30m0s", "test.yaml:7"},
		{`{"kind":"unavailable","status":200}`, "retry 5m0s 30m0s", "test.yaml:7"},
	} {
		var o parlance.Outcome
		if err := json.Unmarshal([]byte(c.outcome), &o); err != nil {
			t.Fatal(err)
		}
		if p := d.Decide(dialect.Request{Method: "POST"}, &o); decided(p) != c.decided || p.Line != c.line {
			t.Errorf("%s: %q by %s: %s", c.outcome, decided(p), p.Line, p.Why)
		}
	}
}

// What a member that is always there is written with, if nobody gave it.
func TestWhatStandsInForAnAttributeThatIsNotSet(t *testing.T) {
	t.Parallel()
	const file = `
codes: {200: success, 402: {kind: failed, title: Request Failed}, gone: {kind: not_found, status: 404, title: It Is Gone}, 404: not_found, 4xx: {kind: invalid, title: Client Error}}
shapes:
  - name: error
    status: 4xx
    json: {type: '$type or "https://example.com/{$status}"', title: $title or $phrase, detail?: "$detail or 'code {$code}'", code?: $code}
`
	hold(t, []construct{
		{name: "as it stands", file: file, status: 404, body: `{"type":"https://example.com/404","title":"Not Found","detail":"no"}`,
			want: `{"kind":"not_found","type":"https://example.com/404","title":"Not Found","detail":"no"}`},
		{name: "HTTP's words", file: file, status: 404, body: `{"detail":"no"}`, want: `{"kind":"not_found","detail":"no"}`,
			wrote: `{"type":"https://example.com/404","title":"Not Found","detail":"no"}`, gains: true},
		{name: "the title of the row", file: file, status: 402, body: `{"detail":"no"}`, want: `{"kind":"failed","title":"Request Failed","detail":"no"}`,
			wrote: `{"type":"https://example.com/402","title":"Request Failed","detail":"no"}`, gains: true},
		{name: "the title of a code", file: file, status: 404, body: `{"code":"gone","detail":"no"}`, want: `{"kind":"not_found","code":"gone","title":"It Is Gone","detail":"no"}`,
			wrote: `{"type":"https://example.com/404","title":"It Is Gone","detail":"no","code":"gone"}`, gains: true},
		{name: "HTTP's words before a class's title", file: file, status: 410, body: `{"detail":"no"}`, want: `{"kind":"invalid","title":"Client Error","detail":"no"}`,
			wrote: `{"type":"https://example.com/410","title":"Gone","detail":"no"}`, gains: true},
		{name: "a class's title for a status that HTTP does not name", file: file, status: 418, body: `{"detail":"no"}`, want: `{"kind":"invalid","title":"Client Error","detail":"no"}`,
			wrote: `{"type":"https://example.com/418","title":"Client Error","detail":"no"}`, gains: true},
		{name: "a text whose hole is empty is left out", file: file, status: 404, body: `{"title":"Gone"}`, want: `{"kind":"not_found","title":"Gone"}`,
			wrote: `{"type":"https://example.com/404","title":"Gone"}`, gains: true},
		{name: "a text with the code in it", file: file, status: 404, body: `{"code":"gone","title":"Gone"}`, want: `{"kind":"not_found","code":"gone","title":"Gone"}`,
			wrote: `{"type":"https://example.com/404","title":"Gone","detail":"code gone","code":"gone"}`, gains: true},
	})
}

func TestWhatStandsInMustBeKnown(t *testing.T) {
	t.Parallel()
	for hole, want := range map[string]string{
		`$type or "{$detail}"`:     "bad_hole",
		`$type or "{_}"`:           "bad_hole",
		`$type or ''`:              "bad_hole",
		`$type = "x" or "y"`:       "bad_hole",
		`$type or $title or "y"`:   "bad_hole",
		`$type or "x" or "y"`:      "bad_hole",
		`$type or $nobody`:         "unknown_attribute",
		`$type or "{$field.code}"`: "bad_hole",
	} {
		_, err := dialect.Compile("test.yaml", []byte("dialect: test\n"+usual+"shapes:\n  - {name: a, status: 4xx, json: {t: '"+strings.ReplaceAll(hole, "'", "''")+"'}}\n"))
		faulty, ok := errors.AsType[*dialect.FileError](err)
		if !ok || !strings.Contains(strings.Join(rules(faulty.Diagnostics), " "), want) {
			t.Errorf("%s: the error is %v, not %s", hole, err, want)
		}
	}
}

// Fields that a dialect has no place for are told in the detail, and as a loss.
func TestFieldsWithoutAPlaceStandInTheDetail(t *testing.T) {
	t.Parallel()
	d := open(t, "plain")
	two := []parlance.Field{{Path: "url", Code: "format", Message: "is no URL"}, {Path: "date", Message: "is missing"}}
	many := make([]parlance.Field, 25)
	for i := range many {
		many[i] = parlance.Field{Message: "fault " + string(rune('a'+i))}
	}
	for range 3 { // the later ones by what was kept of the first
		for _, c := range []struct {
			detail string
			fields []parlance.Field
			want   string
			lost   string
		}{
			{"", two, "url: is no URL; date: is missing", "fields"},
			{"Two are wrong", two, "Two are wrong (url: is no URL; date: is missing)", "detail fields"},
			{"url is no URL, date is missing", two, "url is no URL, date is missing", "fields"},
			{"Wrong", []parlance.Field{{Path: "url", Code: "format"}}, "Wrong", "fields"},
			{"", many, "fault a; fault b; fault c; fault d; fault e; fault f; fault g; fault h; fault i; fault j; fault k; fault l; fault m; fault n; fault o; fault p; fault q; fault r; fault s; fault t; and 5 more", "fields"},
		} {
			o := parlance.Outcome{Kind: parlance.KindInvalid, Detail: c.detail, Fields: c.fields}
			m := d.Encode(nil, dialect.Request{Method: "POST"}, &o, dialect.Payload{})
			back := d.Decode(dialect.Request{}, dialect.Response{Status: m.Status, Body: m.Body}).Outcome
			if back.Detail != c.want || attributes(m.Losses) != c.lost {
				t.Errorf("%q: the detail is %q, not %q; lost is %q, not %q", c.detail, back.Detail, c.want, attributes(m.Losses), c.lost)
			}
			if o.Detail != c.detail {
				t.Errorf("the caller's own detail became %q", o.Detail)
			}
		}
	}
}

// A status that an API does not use is complained of, and never written.
func TestAStatusThatIsNotUsed(t *testing.T) {
	t.Parallel()
	const file = `
codes: {200: success, 404: not_found, 3xx: {kind: redirected, do: stop, not_used: true, help: This API does not redirect}}
shapes: [{name: error, status: 4xx 5xx, json: {message: $detail}}]
`
	hold(t, []construct{
		{name: "is complained of", file: file, status: 302, header: "Location: /x", want: `{"kind":"redirected","help":"This API does not redirect"}`, told: "not_used", act: "stop safe", wrote: "-"},
		{name: "of a class", file: file, status: 304, want: `{"kind":"redirected","help":"This API does not redirect"}`, told: "not_used", act: "stop safe", wrote: "-"},
	})
	d := compile(t, file)
	for _, o := range []parlance.Outcome{{Kind: parlance.KindRedirected}, {Kind: parlance.KindRedirected, Status: 302}, {Kind: parlance.KindEmpty, Status: 304}} {
		if m := d.Encode(nil, dialect.Request{}, &o, dialect.Payload{}); m.Status/100 == 3 || len(m.Losses) == 0 && o.Kind == parlance.KindRedirected {
			t.Errorf("%v %d is written as %d, with the losses %v", o.Kind, o.Status, m.Status, m.Losses)
		}
	}
}

// What a body shows as null is named, also by what was kept of an earlier response.
func TestWhatABodyShowsAsNullIsNamed(t *testing.T) {
	t.Parallel()
	d := compile(t, `
codes: {200: success, 404: not_found, 4xx: invalid}
shapes: [{name: error, status: 4xx, json: {message: $detail, title: $title or $phrase, at: $instance, hint?: $help, id: $request_id, none: $type = ""}}]
`)
	for range 6 {
		for _, c := range []struct {
			o    parlance.Outcome
			want string
		}{
			{parlance.Outcome{Kind: parlance.KindNotFound}, "detail instance request_id"},
			{parlance.Outcome{Kind: parlance.KindNotFound, Detail: "no", RequestID: "r"}, "instance"},
			{parlance.Outcome{Kind: parlance.KindNotFound, Detail: "no", RequestID: "r", Instance: "/x"}, ""},
		} {
			if m := d.Encode(nil, dialect.Request{}, &c.o, dialect.Payload{}); strings.Join(m.Unset, " ") != c.want {
				t.Errorf("%s: unset is %q, not %q", m.Body, m.Unset, c.want)
			}
		}
	}
}

// A Field that is called like a member of the body would be written twice, or read as
// what that member means.
func TestAFieldThatIsCalledLikeAMemberIsALoss(t *testing.T) {
	t.Parallel()
	d := compile(t, usual+`
shapes: [{name: error, status: 4xx, json: {message: $detail, errors: {base?: [$detail], $field: [$field.message]}}}]
`)
	for range 6 { // the later ones by what was kept of the first
		for _, c := range []struct{ path, body, lost string }{
			{"name", `{"message":"no","errors":{"base":["no"],"name":["is wrong"]}}`, ""},
			{"base", `{"message":"no","errors":{"base":["no"]}}`, "fields[0]"},
		} {
			o := parlance.Outcome{Kind: parlance.KindInvalid, Detail: "no", Fields: []parlance.Field{{Path: c.path, Message: "is wrong"}}}
			if m := d.Encode(nil, dialect.Request{}, &o, dialect.Payload{}); string(m.Body) != c.body || attributes(m.Losses) != c.lost {
				t.Errorf("%s: got %s, lost %q; want %s, lost %q", c.path, m.Body, attributes(m.Losses), c.body, c.lost)
			}
		}
	}
}

// A text that says what a failure is counts wherever it stands in a body that fits no shape.
func TestATextThatIsRecognisedCountsInABodyOfAnyForm(t *testing.T) {
	t.Parallel()
	d := compile(t, `
codes: {200: success, 403: forbidden, no seat: {kind: quota, status: 403}}
shapes:
  - {name: error, status: 4xx, json: {message!: $detail}}
  - {name: no seat, status: 403, is: no seat, read_only: true, text: "$detail is '{_}No seat is free{_}'"}
`)
	for body, want := range map[string]parlance.Kind{
		`No seat is free`: parlance.KindQuota,
		`{"a":[{"b":"Sorry: no seat is free now"}]}`: parlance.KindQuota,
		`<e><m>No seat is free</m></e>`:              parlance.KindQuota,
		`["No seat is free"]`:                        parlance.KindQuota,
		`{"message":"No seat is free"}`:              parlance.KindForbidden, // the shape before it fits
		`{"a":"No seat"}`:                            parlance.KindForbidden,
	} {
		if o := d.Decode(dialect.Request{}, dialect.Response{Status: 403, Body: []byte(body)}).Outcome; o.Kind != want {
			t.Errorf("%s: got %v, want %v", body, o.Kind, want)
		}
	}
	if o := d.Decode(dialect.Request{}, dialect.Response{Status: 404, Body: []byte(`["No seat is free"]`)}).Outcome; o.Kind != parlance.KindNotFound {
		t.Errorf("under 404 it reads as %v", o.Kind)
	}
}

func TestExtras(t *testing.T) {
	t.Parallel()
	const named = `shapes: [{name: e, json: {error!: {code?: $code, decline_code?: $extra.decline_code, docs?: $extra.docs & $help, message: $detail}}}]`
	const others = `shapes: [{name: e, json: {detail?: $detail, kind?: $any, $extra: $any}}]`
	hold(t, []construct{
		{name: "an extra has the vendor's name", file: named, body: `{"error":{"code":"a","decline_code":"lost_card","message":"m"}}`,
			want: `{"kind":"invalid","code":"a","detail":"m","extra":{"decline_code":"lost_card"}}`},
		{name: "a copy of an extra is another attribute", file: named, body: `{"error":{"docs":"d","message":"m"}}`,
			want: `{"kind":"invalid","detail":"m","help":"d","extra":{"docs":"d"}}`},
		{name: "an empty extra is none", file: named, body: `{"error":{"decline_code":"","message":"m"}}`,
			want: `{"kind":"invalid","detail":"m"}`, wrote: `{"error":{"message":"m"}}`},
		{name: "a number is a text", file: named, body: `{"error":{"decline_code":7,"message":"m"}}`,
			want: `{"kind":"invalid","detail":"m","extra":{"decline_code":"7"}}`, wrote: `{"error":{"decline_code":"7","message":"m"}}`},
		{name: "each other member is one", file: others, body: `{"detail":"m","kind":"k","balance":"30","at":"x","list":[1],"none":null}`,
			want: `{"kind":"invalid","detail":"m","extra":{"at":"x","balance":"30"}}`, wrote: `{"detail":"m","at":"x","balance":"30"}`},
		{name: "no other member", file: others, body: `{"detail":"m"}`, want: `{"kind":"invalid","detail":"m"}`},
		{name: "an extra in a header", file: `shapes: [{name: e, json: {message: $detail}}, {name: h, headers: {X-Quota: $extra.quota}}]`, body: `{"message":"m"}`, header: "X-Quota: day",
			want: `{"kind":"invalid","detail":"m","extra":{"quota":"day"}}`, sent: "X-Quota: day"},
	})
}

func TestExtrasWithoutAPlaceAreLost(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("test.yaml", []byte("dialect: test\n"+usual+`shapes: [{name: e, json: {message: $detail, a?: $extra.a}}]`))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // a replay must not forget them
		o := parlance.Outcome{Kind: parlance.KindInvalid, Detail: "m", Extra: map[string]string{"a": "1", "b": "2", "c": "3"}}
		m := d.Encode(nil, dialect.Request{}, &o, dialect.Payload{})
		if got := string(m.Body); got != `{"message":"m","a":"1"}` || len(m.Losses) != 2 || m.Losses[0].Attribute != "extra.b" || m.Losses[1].Attribute != "extra.c" {
			t.Errorf("it wrote %s and lost %v", got, m.Losses)
		}
		if m := d.Encode(nil, dialect.Request{}, &parlance.Outcome{Kind: parlance.KindInvalid, Detail: "m"}, dialect.Payload{}); string(m.Body) != `{"message":"m"}` || len(m.Losses) > 0 {
			t.Errorf("without extras it wrote %s and lost %v", m.Body, m.Losses)
		}
	}
}

// A constant of a success says what a member named after an error looks like if all is well.
func TestASuccessWithAConstantInTheMemberOfAFailure(t *testing.T) {
	t.Parallel()
	const file = `codes: {200: success, 4xx: invalid, E1: {kind: conflict, status: 409}}
shapes:
  - {name: well, status: 200, is: success, json: {errorDetails!: {errorCode!: SUCCESS}}}
  - {name: broken, status: 200, is: failed, read_only: true, json: {errorDetails!: {errorCode!: $code, severity?: $any, message: $detail}}}
  - {name: worse, status: 4xx, json: {errorDetails!: {errorCode!: $code, severity!: HIGH, message: $detail}}}
  - {name: list, status: 200, is: success, path: /list, json: {errors!: [{code!: OK}]}}
  - {name: lists, status: 4xx, json: {errors!: [{code!: $code, text: $detail}]}}
`
	hold(t, []construct{
		{name: "fits as a whole", file: file, status: 200, body: `{"errorDetails":{"errorCode":"SUCCESS"}}`, want: `{"kind":"success"}`},
		{name: "has other members too", file: file, status: 200, body: `{"id":7,"errorDetails":{"errorCode":"SUCCESS","text":"fine"}}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "has another mark", file: file, status: 200, body: `{"errorDetails":{"errorCode":"SUCCESS","severity":"HIGH","message":"no"}}`, want: `{"kind":"noted","code":"SUCCESS","detail":"no"}`, told: "failure_mark unlisted_code", wrote: "-"},
		{name: "has another code", file: file, status: 200, body: `{"errorDetails":{"errorCode":"E1","message":"no"}}`, want: `{"kind":"conflict","code":"E1","detail":"no"}`, wrote: "-"},
		{name: "in a list", file: file, status: 200, path: "/list", body: `{"errors":[{"code":"OK"}]}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "beside another in a list", file: file, status: 200, path: "/list", body: `{"errors":[{"code":"OK","text":"a"},{"code":"E1","text":"b"}]}`, want: `{"kind":"noted","code":"OK","detail":"a"}`, told: "unread_element failure_mark unlisted_code", wrote: "-"},
	})
}

// In a record too, a copy counts only if the attribute has no text of its own.
func TestACopyOfARecordWithATextOfItsOwn(t *testing.T) {
	t.Parallel()
	const inner = `codes: {207: partial, 4xx: invalid, E1: {kind: invalid, status: 400}}
shapes: [{name: bulk, status: 207, path: /bulk, json: {results!: [{id!: $item, errors?: [{code!: $item.code, message: $item.title & $item.detail, long?: $item.detail}]}]}}]
`
	const own = `codes: {207: partial, 4xx: invalid, E1: {kind: invalid, status: 400}}
shapes: [{name: bulk, status: 207, path: /bulk, json: {results!: [{id!: $item, code!: $item.code, message: $item.title & $item.detail, long?: $item.detail}]}}]
`
	hold(t, []construct{
		{name: "in an error of it", file: inner, status: 207, path: "/bulk", body: `{"results":[{"id":"a","errors":[{"code":"E1","message":"Short","long":"Long text"}]}]}`,
			want: `{"kind":"invalid","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"E1","title":"Short","detail":"Long text"}}]}`, wrote: "-"},
		{name: "in itself", file: own, status: 207, path: "/bulk", body: `{"results":[{"id":"a","code":"E1","message":"Short","long":"Long text"}]}`,
			want: `{"kind":"invalid","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"E1","title":"Short","detail":"Long text"}}]}`, wrote: "-"},
		{name: "without one", file: own, status: 207, path: "/bulk", body: `{"results":[{"id":"a","code":"E1","message":"Short"}]}`,
			want: `{"kind":"invalid","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"E1","title":"Short","detail":"Short"}}]}`, wrote: "-"},
	})
}

// The whole has one extra of each name. A later element with another one is told.
func TestAnExtraOfALaterElementIsTold(t *testing.T) {
	t.Parallel()
	const file = `shapes: [{name: e, json: {errors!: [{code!: $code & $field.code, details?: $extra.details, link?: $extra.link}]}}]`
	hold(t, []construct{
		{name: "if it is lost", file: file, body: `{"errors":[{"code":"A","details":"d1"},{"code":"B","details":"d2"}]}`,
			want: `{"kind":"invalid","code":"A","fields":[{"code":"B"}],"extra":{"details":"d1"}}`, told: "unread_element", wrote: "-"},
		{name: "of another name with the same text", file: file, body: `{"errors":[{"code":"A","details":"d"},{"code":"B","link":"d"}]}`,
			want: `{"kind":"invalid","code":"A","fields":[{"code":"B"}],"extra":{"details":"d"}}`, told: "unread_element", wrote: "-"},
		{name: "unless it is the same", file: file, body: `{"errors":[{"code":"A","details":"d"},{"code":"B","details":"d"}]}`,
			want: `{"kind":"invalid","code":"A","fields":[{"code":"B"}],"extra":{"details":"d"}}`, wrote: "-"},
		{name: "unless it is empty", file: file, body: `{"errors":[{"code":"A","details":"d"},{"code":"B","details":""}]}`,
			want: `{"kind":"invalid","code":"A","fields":[{"code":"B"}],"extra":{"details":"d"}}`, wrote: "-"},
	})
}

// A note that may be missing makes no list unwritable for an outcome without notes.
func TestANoteInAnElementThatMayBeMissing(t *testing.T) {
	t.Parallel()
	const one = `shapes: [{name: e, json: {errors!: [{id!: $code, message: $detail, texts?: $note}]}}]`
	const list = `shapes: [{name: e, json: {errors!: [{id!: $code, message: $detail, texts?: [$note]}]}}]`
	const fields = `shapes: [{name: e, json: {errors!: [{id!: $code & $field.code, message: $detail & $field.message, texts?: $note}]}}]`
	hold(t, []construct{
		{name: "a text", file: one, body: `{"errors":[{"id":"E1","message":"No"}]}`, want: `{"kind":"invalid","code":"E1","detail":"No"}`},
		{name: "a list", file: list, body: `{"errors":[{"id":"E1","message":"No"}]}`, want: `{"kind":"invalid","code":"E1","detail":"No"}`},
		{name: "beside Fields", file: fields, body: `{"errors":[{"id":"E1","message":"No"}]}`, want: `{"kind":"invalid","code":"E1","detail":"No"}`},
		{name: "a text that is there", file: one, body: `{"errors":[{"id":"E1","message":"No","texts":"n"}]}`, want: `{"kind":"invalid","code":"E1","detail":"No","notes":["n"]}`},
		{name: "a list that is there", file: list, body: `{"errors":[{"id":"E1","message":"No","texts":["n"]}]}`, want: `{"kind":"invalid","code":"E1","detail":"No","notes":["n"]}`},
		{name: "a list of two", file: list, body: `{"errors":[{"id":"E1","message":"No","texts":["n","m"]}]}`, want: `{"kind":"invalid","code":"E1","detail":"No","notes":["n","m"]}`},
	})
}

// The generic reading makes Fields only of what is about a part of the request.
func TestTheFieldsOfAFormThatNoFileDescribes(t *testing.T) {
	t.Parallel()
	const file = `shapes: [{name: e, json: {oops!: $code}}]`
	const text = `{"kind":"invalid","code":"E","detail":"no"`
	told := "unfit_body common_form"
	hold(t, []construct{
		{name: "a code and a text are none", file: file, body: `{"errorDetails":{"code":"E","text":"no"}}`, want: text + `}`, told: told, wrote: "-"},
		{name: "nor if they stand there twice", file: file, body: `{"code":"E","message":"no","errorDetails":{"code":"E","text":"no"}}`, want: text + `}`, told: told, wrote: "-"},
		{name: "an envelope is read once", file: file, body: `{"errorMessage":{"error":[{"code":"E","message":"no"},{"code":"F","message":"nor"}]}}`,
			want: text + `,"fields":[{"code":"E","message":"no"},{"code":"F","message":"nor"}]}`, told: told, wrote: "-"},
		{name: "an envelope with one error", file: file, body: `{"errorMessage":{"error":[{"code":"E","message":"no"}]}}`, want: text + `}`, told: told, wrote: "-"},
		{name: "a member for the field", file: file, body: `{"error":{"code":"E","message":"no","field":"a.b"}}`,
			want: text + `,"fields":[{"path":"a.b","code":"E","message":"no"}]}`, told: told, wrote: "-"},
		{name: "a parameter at the top", file: file, body: `{"code":"E","detail":"no","param":"a"}`,
			want: text + `,"fields":[{"path":"a","code":"E","message":"no"}]}`, told: told, wrote: "-"},
		{name: "the path of a URL is none", file: file, body: `{"code":"E","message":"no","path":"/orders"}`, want: text + `}`, told: told, wrote: "-"},
		{name: "a field without a name", file: file, body: `{"code":"E","message":"no","field":null}`, want: text + `}`, told: told, wrote: "-"},
		{name: "texts by name are", file: file, body: `{"details":{"a":"x","b":"y"}}`,
			want: `{"kind":"invalid","detail":"x","fields":[{"path":"a","message":"x"},{"path":"b","message":"y"}]}`, told: told, wrote: "-"},
	})
}

// A record with one error without a path has no Field of it, as a whole has none.
func TestOneErrorOfARecordWithoutAPath(t *testing.T) {
	t.Parallel()
	const file = `codes: {207: partial, 4xx: invalid, E1: {kind: invalid, status: 400}}
shapes: [{name: bulk, status: 207, path: /bulk, json: {results!: [{id!: $item, errors?: [{code!: $item.code, message: $item.detail & $field.message, at?: $field}]}]}}]
`
	const item = `{"kind":"invalid","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"E1","detail":"No"`
	hold(t, []construct{
		{name: "makes no Field", file: file, status: 207, path: "/bulk", body: `{"results":[{"id":"a","errors":[{"code":"E1","message":"No"}]}]}`, want: item + `}}]}`},
		{name: "with a path makes one", file: file, status: 207, path: "/bulk", body: `{"results":[{"id":"a","errors":[{"code":"E1","message":"No","at":"x"}]}]}`,
			want: item + `,"fields":[{"path":"x","message":"No"}]}}]}`},
	})
}
