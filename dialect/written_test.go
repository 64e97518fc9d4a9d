package dialect_test

import (
	"encoding/json"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/fidelity"
)

// written is one Outcome, what it is written as by a dialect, and what is lost.
type written struct{ name, file, outcome, body, lost string }

func TestWhatIsWrittenIsReadOrReportedAsLost(t *testing.T) {
	t.Parallel()
	const (
		one  = `{"kind":"invalid","detail":"d"}`
		bulk = `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"success"}},{"index":1,"id":"b","outcome":{"kind":"invalid","code":"bad"}}]}`
	)
	noted := func(notes string) string {
		return `{"kind":"invalid","items":[{"index":0,"id":"b","outcome":{"kind":"invalid","code":"bad","notes":[` + notes + `]}}]}`
	}
	for _, c := range []written{
		{"a member that must be there, inside of a list", `[{name: e, status: 4xx, json: {errors!: [{code!: $code, text: $detail}]}}, {name: f, status: 4xx, json: {message: $detail}}]`, one, `{"message":"d"}`, ""},
		{"and inside of an object that may be missing", `[{name: e, status: 4xx, json: {message: $detail, more?: {help!: $help, title: $title}}}]`,
			`{"kind":"invalid","detail":"d","title":"t"}`, `{"message":"d"}`, "title"},
		{"a Field without what must be there, beside another one", `[{name: e, status: 4xx, json: {errors!: [{code!: $code & $field.code, at?: $field, text: $field.message}], message?: $detail}}]`,
			`{"kind":"invalid","fields":[{"path":"a","message":"m"},{"path":"b","code":"x","message":"n"}]}`, `{"errors":[{"code":"x","at":"b","text":"n"}]}`, "fields[0]"},
		{"anything that must be there", `[{name: e, status: 4xx, json: {total!: $any, text: $detail}}]`, one, `{"total":true,"text":"d"}`, ""},
		{"anything that must be there, in XML", `[{name: e, status: 4xx, xml: {E: {total!: $any, text: $detail}}}]`, one, `<E><total>true</total><text>d</text></E>`, ""},
		{"anything that must be there, beside records", `[{name: b, status: 2xx, json: {total!: $any, rows!: [{id: $item, why?: $item.code}]}}]`, bulk,
			`{"total":true,"rows":[{"id":"a"},{"id":"b","why":"bad"}]}`, ""},
		{"a Field whose message the outer place has only as a copy", `[{name: e, status: 4xx, json: {message: $detail & $field.message, target?: $field, details?: [{at: $field, text: $field.message}]}}]`,
			`{"kind":"invalid","detail":"d","fields":[{"path":"a","message":"m"}]}`, `{"message":"d","details":[{"at":"a","text":"m"}]}`, ""},
		{"a Field whose message is that of the whole", `[{name: e, status: 4xx, json: {message: $detail & $field.message, target?: $field, details?: [{at: $field, text: $field.message}]}}]`,
			`{"kind":"invalid","detail":"d","fields":[{"path":"a","message":"d"}]}`, `{"message":"d","target":"a"}`, ""},
		{"a Field without a code, below that of the whole", `[{name: e, status: 4xx, json: {code?: $code & $field.code, details?: [{at: $field, text: $field.message}]}}]`,
			`{"kind":"invalid","code":"bad","fields":[{"path":"a","message":"m"}]}`, `{"code":"bad","details":[{"at":"a","text":"m"}]}`, "fields[0].code"},
		{"a constant beside a text that a Field shares", `[{name: e, status: 4xx, json: {errors: [{v: 1, text: $detail & $field.message}]}}]`, one, `{"errors":[{"v":1,"text":"d"}]}`, ""},
		{"a constant beside a text of its own in each Field", `[{name: e, status: 4xx, json: {errors: [{v: 1, text: $detail & $field.message}]}}]`,
			`{"kind":"invalid","detail":"d","fields":[{"message":"a"},{"message":"b"}]}`, `{"errors":[{"v":1,"text":"d"},{"v":1,"text":"a"},{"v":1,"text":"b"}]}`, ""},
		{"a copy is no place for another text", `[{name: e, status: 4xx, json: {title!: $title & $type, text: $detail}}, {name: f, status: 4xx, json: {m!: $detail, title: $title, kind: $type, x: 1}}]`,
			`{"kind":"invalid","detail":"d","title":"t","type":"y"}`, `{"title":"t","text":"d"}`, "type"},
		{"a copy of the same text is no Loss", `[{name: e, status: 4xx, json: {text: $detail & $title}}]`, `{"kind":"invalid","detail":"d","title":"d"}`, `{"text":"d"}`, ""},
		{"a default that is the text itself", `[{name: e, status: 4xx, json: {said: "$detail = 'none'"}}]`, `{"kind":"invalid","detail":"none"}`, `{"said":"none"}`, "detail"},
		{"a second Field beside a place for one", `[{name: e, status: 4xx, json: {text: $detail & $field.message, at?: $field, more: $absent}}, {name: f, status: 4xx, json: {text: $detail, target?: $title, more!: [{at?: $field, text: $field.message, code?: $field.code}]}}]`,
			`{"kind":"invalid","detail":"d","fields":[{"path":"a","message":"m"},{"path":"b","message":"n"}]}`, `{"text":"d","more":[{"at":"a","text":"m"},{"at":"b","text":"n"}]}`, ""},
		{"a second record beside a place for one", `[{name: e, status: 2xx, json: {one!: $item, why?: $item.code}}, {name: f, status: 2xx, json: {all!: [{id!: $item, why?: $item.code, more?: $item.detail, title?: $item.title}]}}]`, bulk,
			`{"all":[{"id":"a"},{"id":"b","why":"bad"}]}`, ""},
		{"one note of a record", `[{name: e, status: 2xx, json: {rows!: [{id: $item, why?: $item.code, hint?: $item.note}]}}]`, noted(`"n"`), `{"rows":[{"id":"b","why":"bad","hint":"n"}]}`, ""},
		{"a second note of a record beside a place for one", `[{name: e, status: 2xx, json: {rows!: [{id: $item, why?: $item.code, hint?: $item.note}]}}]`, noted(`"n","m"`), `{"rows":[{"id":"b","why":"bad"}]}`, "items[0].outcome.notes"},
		{"the notes of a record in a list", `[{name: e, status: 2xx, json: {rows!: [{id: $item, why?: $item.code, hints?: [{level: info, text: $item.note}]}]}}]`, noted(`"n","m"`), `{"rows":[{"id":"b","why":"bad","hints":[{"level":"info","text":"n"},{"level":"info","text":"m"}]}]}`, ""},
		{"the notes of a record in XML", `[{name: e, status: 2xx, xml: {R: {row!: [{id: $item, why?: $item.code, hint?: [$item.note]}]}}}]`, noted(`"n","m"`), `<R><row><id>b</id><why>bad</why><hint>n</hint><hint>m</hint></row></R>`, ""},
		{"the texts of a record, of which the first is its detail", `[{name: e, status: 2xx, json: {rows!: [{id: $item, why?: $item.code, texts?: [$item.detail & $item.note]}]}}]`,
			`{"kind":"invalid","items":[{"index":0,"id":"b","outcome":{"kind":"invalid","code":"bad","detail":"d","notes":["n","m"]}}]}`, `{"rows":[{"id":"b","why":"bad","texts":["d","n","m"]}]}`, ""},
		{"a note in the error of a record", `[{name: e, status: 2xx, json: {rows!: [{id: $item, errors?: [{code!: $item.code, hint?: $item.note}]}]}}]`, noted(`"n"`), `{"rows":[{"id":"b","errors":[{"code":"bad","hint":"n"}]}]}`, ""},
		{"notes of a record without a place", `[{name: e, status: 2xx, json: {rows!: [{id: $item, why?: $item.code}]}}]`, noted(`"n"`), `{"rows":[{"id":"b","why":"bad"}]}`, "items[0].outcome.notes"},
		{"a shape that holds the notes of a record, before one that does not", `[{name: e, status: 2xx, json: {rows!: [{id: $item, why?: $item.code}]}}, {name: f, status: 2xx, json: {all!: [{id: $item, why?: $item.code, hint?: $item.note}]}}]`, noted(`"n"`), `{"all":[{"id":"b","why":"bad","hint":"n"}]}`, ""},
		{"a note that has a list and a place of its own", `[{name: e, status: 4xx, json: {text: $detail, note?: $note, notes?: [$note]}}]`, `{"kind":"invalid","detail":"d","notes":["n"]}`, `{"text":"d","note":"n"}`, ""},
		{"a note that has a list before its place", `[{name: e, status: 4xx, json: {text: $detail, notes?: [{level: info, text: $note}], more?: {note?: $note}}}]`, `{"kind":"invalid","detail":"d","notes":["n"]}`, `{"text":"d","notes":[{"level":"info","text":"n"}]}`, ""},
		{"a note that has a list and a place, in XML", `[{name: e, status: 4xx, xml: {R: {text: $detail, note?: $note, notes?: {item: [$note]}}}}]`, `{"kind":"invalid","detail":"d","notes":["n"]}`, `<R><text>d</text><note>n</note></R>`, ""},
		{"two notes that have a list and a place for one", `[{name: e, status: 4xx, json: {text: $detail, note?: $note, notes?: [$note]}}]`, `{"kind":"invalid","detail":"d","notes":["n","m"]}`, `{"text":"d","notes":["n","m"]}`, ""},
		{"a note of a record that has a list and a place", `[{name: e, status: 2xx, json: {rows!: [{id: $item, why?: $item.code, hint?: $item.note, hints?: [$item.note]}]}}]`, noted(`"n"`), `{"rows":[{"id":"b","why":"bad","hint":"n"}]}`, ""},
		{"a note of a record that has a list before a place", `[{name: e, status: 2xx, json: {rows!: [{id: $item, why?: $item.code, hints?: [$item.note], hint?: $item.note}]}}]`, noted(`"n"`), `{"rows":[{"id":"b","why":"bad","hints":["n"]}]}`, ""},
		{"a note that has a place in the body and one in the header", `[{name: h, status: 4xx, headers: {Warning: $note}}, {name: e, status: 4xx, json: {text: $detail, note?: $note}}]`, `{"kind":"invalid","detail":"d","notes":["n"]}`, `{"text":"d","note":"n"}`, ""},
		{"two notes that have one place in the body, and places in the header", `[{name: h, status: 4xx, headers: {Warning: $note}}, {name: e, status: 4xx, json: {text: $detail, note?: $note}}]`, `{"kind":"invalid","detail":"d","notes":["n","m"]}`, `{"text":"d"}`, ""},
		{"notes that have a list in the body and places in the header", `[{name: h, status: 4xx, headers: {Warning: $note}}, {name: e, status: 4xx, json: {text: $detail, notes?: [$note]}}]`, `{"kind":"invalid","detail":"d","notes":["n","m"]}`, `{"text":"d","notes":["n","m"]}`, ""},
		{"notes that have a list in a body and places in its header", `[{name: e, status: 4xx, headers: {Warning: $note}, json: {text: $detail, notes?: [$note]}}]`, `{"kind":"invalid","detail":"d","notes":["n","m"]}`, `{"text":"d","notes":["n","m"]}`, "notes"},
		{"a code of a Field that is read as that of the whole", `[{name: e, status: 4xx, json: [{at: $field, code: $field.code & $code, text: $field.message}]}]`,
			`{"kind":"invalid","code":"E17","fields":[{"path":"a","code":"late","message":"m"}]}`, `[{"at":"a","code":"late","text":"m"}]`, "kind code"},
		{"a shape that an earlier one takes", `[{name: e, status: 4xx, json: {a?: $title, text?: $detail}}, {name: f, status: 4xx, json: {text?: $detail, more?: $instance}}]`,
			`{"kind":"invalid","detail":"d","instance":"i"}`, `{"text":"d","more":"i"}`, "instance"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			source := []byte("dialect: test\ncodes: {200: success, bad: {kind: invalid, status: 400}, late: {kind: conflict, status: 409}, 4xx: invalid, 5xx: internal}\nshapes: " + c.file + "\n")
			d, err := dialect.Compile("test.yaml", source)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range authoring.Lint("test.yaml", source) {
				if g.Severity == parlance.SeverityError {
					t.Error(g)
				}
			}
			var o parlance.Outcome
			if err := json.Unmarshal([]byte(c.outcome), &o); err != nil {
				t.Fatal(err)
			}
			req := dialect.Request{Now: stated}
			for range 3 { // a replay writes and loses the same
				m := d.Encode(nil, req, &o, dialect.Payload{})
				back := d.Decode(req, dialect.Response{Status: m.Status, Header: pairsOf(m.Header), Body: m.Body, Received: stated})
				if string(m.Body) != c.body || attributes(m.Losses) != c.lost {
					t.Errorf("got %s without %q, want %s without %q: %v", m.Body, attributes(m.Losses), c.body, c.lost, m.Losses)
				}
				if diff := fidelity.Difference(&o, &back.Outcome, m.Losses); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// pairsOf is a written header as one to read.
func pairsOf(all []dialect.HeaderField) dialect.HeaderMap {
	h := dialect.HeaderMap{}
	for _, p := range all {
		h[p.Name] = append(h[p.Name], p.Value)
	}
	return h
}

// A whole body that is a definition is written as one that stands in the shape itself.
func TestABodyThatIsADefinitionIsWrittenForASuccessWithACode(t *testing.T) {
	t.Parallel()
	const codes = "codes: {200: success, 4xx: invalid, Authorised: {kind: success, status: 200}}\n"
	for _, file := range []string{
		codes + "shapes: [{name: payment, path: /payments, status: 200, json: {resultCode!: $code}}]",
		codes + "define: {payment: {resultCode!: $code}}\nshapes: [{name: payment, path: /payments, status: 200, json: $payment}]",
	} {
		o := parlance.Outcome{Kind: parlance.KindSuccess, Code: "Authorised"}
		m := compile(t, file).Encode(nil, dialect.Request{Method: "POST", Path: "/payments"}, &o, dialect.Payload{})
		if string(m.Body) != `{"resultCode":"Authorised"}` || len(m.Losses) > 0 {
			t.Errorf("%s writes %s and loses %v", file, m.Body, m.Losses)
		}
	}
}
