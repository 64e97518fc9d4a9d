package dialect_test

import "testing"

func TestTemplatesThatAreToldApart(t *testing.T) {
	t.Parallel()
	const texts = `shapes: [{name: e, json: {issue!: [{code: '$code is "MAX"', text: $detail}, {code: '$code is "SAFETY"', text: $title}, $any]}}]`
	const below = `shapes: [{name: e, json: {issue!: [{sev: {v: error}, text: $detail}, {sev: {v: warning}, text: $note}]}}]`
	const one = `shapes: [{name: e, json: {issue!: [{code: '$code is "MAX"', text: $detail}, {code: $family, text: $title}]}}]`
	hold(t, []construct{
		{name: "the second of two texts alone", file: texts, body: `{"issue":[{"code":"SAFETY","text":"s"}]}`, want: `{"kind":"invalid","code":"SAFETY","title":"s"}`},
		{name: "the first of two texts alone", file: texts, body: `{"issue":[{"code":"MAX","text":"m"}]}`, want: `{"kind":"invalid","code":"MAX","detail":"m"}`},
		{name: "two texts, the second one first", file: texts, body: `{"issue":[{"code":"X"},{"code":"SAFETY","text":"s"},{"code":"MAX","text":"m"}]}`, want: `{"kind":"invalid","code":"SAFETY","title":"s","detail":"m"}`,
			wrote: `{"issue":[{"code":"SAFETY","text":"s"}]}`, lost: "detail"},
		{name: "a constant further down, the second one first", file: below, body: `{"issue":[{"sev":{"v":"warning"},"text":"s"},{"sev":{"v":"error"},"text":"m"},{"sev":{"v":"warning"},"text":"t"}]}`,
			want: `{"kind":"invalid","detail":"m","notes":["s","t"]}`, wrote: `{"issue":[{"sev":{"v":"error"},"text":"m"},{"sev":{"v":"warning"},"text":"s"},{"sev":{"v":"warning"},"text":"t"}]}`},
		{name: "a text in the first template alone is what the shape is recognized by", file: one, body: `{"issue":[{"code":"X","text":"s"},{"code":"MAX","text":"m"}]}`,
			want: `{"kind":"invalid","code":"MAX","detail":"m"}`, wrote: `{"issue":[{"code":"MAX","text":"m"}]}`},
	})
}

func TestAListThatMustHaveAnElement(t *testing.T) {
	t.Parallel()
	const file = `shapes: [{name: e, json: {errors!: [{type: error, text: $detail}, $any]}}, {name: f, json: {notes!: $title}}]`
	const defined = `define: {some: [{type: error, text: $detail}, $any]}
shapes: [{name: e, json: {errors!: $some}}, {name: f, json: {notes!: $title}}]`
	const either = `shapes: [{name: e, json: {errors!: {$either: [[{type: error, text: $detail}, $any], $code]}}}, {name: f, json: {notes!: $title}}]`
	const xml = `shapes: [{name: e, xml: {r: {error!: [{type: error, text: $detail}, $any]}}}, {name: f, xml: {r: {notes!: $title}}}]`
	hold(t, []construct{
		{name: "strangers alone are none", file: file, body: `{"errors":[{"type":"x"},1],"notes":"n"}`, want: `{"kind":"invalid","title":"n"}`, wrote: `{"notes":"n"}`},
		{name: "one among strangers", file: file, body: `{"errors":[{"type":"x"},{"type":"error","text":"m"}]}`, want: `{"kind":"invalid","detail":"m"}`, wrote: `{"errors":[{"type":"error","text":"m"}]}`},
		{name: "strangers alone, by a definition", file: defined, body: `{"errors":[{"type":"x"}],"notes":"n"}`, want: `{"kind":"invalid","title":"n"}`, wrote: `{"notes":"n"}`},
		{name: "strangers alone, in alternatives", file: either, body: `{"errors":[{"type":"x"}],"notes":"n"}`, want: `{"kind":"invalid","title":"n"}`, wrote: `{"notes":"n"}`},
		{name: "strangers alone, in XML", file: xml, body: `<r><error><type>x</type></error><notes>n</notes></r>`, want: `{"kind":"invalid","title":"n"}`, wrote: `<r><notes>n</notes></r>`},
	})
}

func TestATextOfARecordAndOfTheWhole(t *testing.T) {
	t.Parallel()
	const either = `{"kind":"invalid","detail":"x","fields":[{"path":"a","message":"x"},{"path":"b","message":"y"}]}`
	const later = `shapes: [{name: e, json: {errors!: [{m!: $detail & $field.message}], top?: $detail}}]`
	hold(t, []construct{
		{name: "without a path it is the whole's", file: `shapes: [{name: e, json: {m: $detail & $field.message}}]`, body: `{"m":"x"}`, want: `{"kind":"invalid","detail":"x"}`},
		{name: "without a path it is the whole's, in the other order", file: `shapes: [{name: e, json: {m: $field.message & $detail}}]`, body: `{"m":"x"}`, want: `{"kind":"invalid","detail":"x"}`},
		{name: "beside a path it is both", file: `shapes: [{name: e, json: {at?: $field, m: $field.message & $detail}}]`, body: `{"at":"a","m":"x"}`, want: `{"kind":"invalid","detail":"x","fields":[{"path":"a","message":"x"}]}`},
		{name: "a path around it counts", file: `shapes: [{name: e, json: {$field: [$detail & $field.message]}}]`, body: `{"a":["x"],"b":["y"]}`, want: either},
		{name: "a path around it counts, in the other order", file: `shapes: [{name: e, json: {$field: [$field.message & $detail]}}]`, body: `{"a":["x"],"b":["y"]}`, want: either},
		{name: "of a list the first is the whole's", file: later, body: `{"errors":[{"m":"x"},{"m":"y"}]}`, want: `{"kind":"invalid","detail":"x","fields":[{"message":"y"}]}`, wrote: "-"},
		{name: "a shallower place takes precedence, though it comes later", file: later, body: `{"errors":[{"m":"x"},{"m":"y"}],"top":"t"}`, want: `{"kind":"invalid","detail":"t","fields":[{"message":"x"},{"message":"y"}]}`, wrote: "-"},
		{name: "a shallower place with the same text", file: later, body: `{"errors":[{"m":"x"},{"m":"y"}],"top":"x"}`, want: `{"kind":"invalid","detail":"x","fields":[{"message":"y"}]}`, wrote: "-"},
	})
}
