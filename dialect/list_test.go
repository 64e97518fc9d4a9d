package dialect_test

import (
	"strings"
	"testing"
)

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
		{name: "a second element of one template is told", file: below, body: `{"issue":[{"sev":{"v":"error"},"text":"m"},{"sev":{"v":"warning"},"text":"s"},{"sev":{"v":"error"},"text":"n"}]}`,
			want: `{"kind":"invalid","detail":"m","notes":["s"]}`, told: "unread_element", wrote: `{"issue":[{"sev":{"v":"error"},"text":"m"},{"sev":{"v":"warning"},"text":"s"}]}`},
		{name: "an element that says nothing of the whole comes before one that does", file: `shapes: [{name: e, json: {errors!: [{code!: $code, text: $detail}, null]}}]`, body: `{"errors":[null,{"code":"E1","text":"m"}]}`,
			want: `{"kind":"invalid","code":"E1","detail":"m"}`, wrote: `{"errors":[{"code":"E1","text":"m"}]}`},
		{name: "a text in the first template alone is what the shape is recognized by", file: one, body: `{"issue":[{"code":"X","text":"s"},{"code":"MAX","text":"m"}]}`,
			want: `{"kind":"invalid","code":"MAX","detail":"m"}`, told: "unread_element", wrote: `{"issue":[{"code":"MAX","text":"m"}]}`},
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
	const own = `{"kind":"invalid","detail":"x","fields":[{"message":"y"}]}`
	const later = `shapes: [{name: e, json: {errors!: [{m!: $detail & $field.message}], top?: $detail}}]`
	hold(t, []construct{
		{name: "without a path it is the whole's", file: `shapes: [{name: e, json: {m: $detail & $field.message}}]`, body: `{"m":"x"}`, want: `{"kind":"invalid","detail":"x"}`},
		{name: "without a path it is the whole's, in the other order", file: `shapes: [{name: e, json: {m: $field.message & $detail}}]`, body: `{"m":"x"}`, want: `{"kind":"invalid","detail":"x"}`},
		{name: "beside a path it is both", file: `shapes: [{name: e, json: {at?: $field, m: $field.message & $detail}}]`, body: `{"at":"a","m":"x"}`, want: `{"kind":"invalid","detail":"x","fields":[{"path":"a","message":"x"}]}`},
		{name: "a path around it counts", file: `shapes: [{name: e, json: {$field: [$detail & $field.message]}}]`, body: `{"a":["x"],"b":["y"]}`, want: either},
		{name: "a path around it counts, in the other order", file: `shapes: [{name: e, json: {$field: [$field.message & $detail]}}]`, body: `{"a":["x"],"b":["y"]}`, want: either},
		{name: "of a list the first is the whole's", file: later, body: `{"errors":[{"m":"x"},{"m":"y"}]}`, want: `{"kind":"invalid","detail":"x","fields":[{"message":"y"}]}`, wrote: "-"},
		{name: "a shallower place takes precedence, though it comes later", file: later, body: `{"errors":[{"m":"x"},{"m":"y"}],"top":"t"}`, want: `{"kind":"invalid","detail":"t","fields":[{"message":"x"},{"message":"y"}]}`, wrote: "-"},
		{name: "a text of its own comes before a copy of the whole's", file: `shapes: [{name: e, json: {m!: $detail & $field.message, o?: $field.message}}]`, body: `{"m":"x","o":"y"}`, want: own, wrote: `{"m":"x"}`, lost: "fields"},
		{name: "a text of its own comes before a copy, though it stands first", file: `shapes: [{name: e, json: {o?: $field.message, m!: $detail & $field.message}}]`, body: `{"m":"x","o":"y"}`, want: own, wrote: `{"m":"x"}`, lost: "fields"},
		{name: "a code of its own comes before a copy", file: `shapes: [{name: e, json: {c!: $code & $field.code, at?: $field, o?: $field.code}}]`, body: `{"c":"E1","at":"a","o":"E2"}`, want: `{"kind":"invalid","code":"E1","fields":[{"path":"a","code":"E2"}]}`},
		{name: "a shallower place with the same text", file: later, body: `{"errors":[{"m":"x"},{"m":"y"}],"top":"x"}`, want: `{"kind":"invalid","detail":"x","fields":[{"message":"y"}]}`, wrote: "-"},
	})
}

func TestAPathAroundFields(t *testing.T) {
	t.Parallel()
	const list = `shapes: [{name: e, json: {target?: $field, details!: [{at?: $field, m: $field.message}]}}]`
	const whole = `shapes: [{name: e, json: {m: $detail & $field.message, target?: $field, details!: [{at?: $field, m: $field.message}]}}]`
	const bulk = `shapes: [{name: e, json: {results!: [{id: $item, at?: $field, errors?: [{at?: $field, m: $field.message, code!: $item.code}]}]}}]`
	const xml = `shapes: [{name: e, xml: {r: {target: $field, detail: [{at?: $field, m: $field.message}]}}}]`
	hold(t, []construct{
		{name: "an element without a path has it", file: list, body: `{"target":"order","details":[{"at":"name","m":"x"},{"m":"y"}]}`,
			want: `{"kind":"invalid","fields":[{"path":"name","message":"x"},{"path":"order","message":"y"}]}`, wrote: "-"},
		{name: "beside elements that have their own it is a Field", file: list, body: `{"target":"order","details":[{"at":"name","m":"x"},{"at":"age","m":"y"}]}`,
			want: `{"kind":"invalid","fields":[{"path":"order"},{"path":"name","message":"x"},{"path":"age","message":"y"}]}`, wrote: "-"},
		{name: "with the text beside it", file: whole, body: `{"m":"z","target":"order","details":[{"at":"name","m":"x"}]}`,
			want: `{"kind":"invalid","detail":"z","fields":[{"path":"order","message":"z"},{"path":"name","message":"x"}]}`, wrote: "-"},
		{name: "in a record", file: bulk, body: `{"results":[{"id":"1","at":"order","errors":[{"at":"name","m":"x","code":"E"}]}]}`,
			want: `{"kind":"invalid","items":[{"index":0,"id":"1","outcome":{"kind":"invalid","code":"E","fields":[{"path":"order"},{"path":"name","message":"x"}]}}]}`, wrote: "-"},
		{name: "in XML", file: xml, body: `<r><target>order</target><detail><at>name</at><m>x</m></detail></r>`,
			want: `{"kind":"invalid","fields":[{"path":"order"},{"path":"name","message":"x"}]}`, wrote: "-"},
	})
}

func TestThePathOfAFieldBelowAnother(t *testing.T) {
	t.Parallel()
	const below = `shapes: [{name: e, json: {errors!: {$field: [{attribute?: $field.below, m: $field.message}]}}}]`
	const value = `shapes: [{name: e, json: {errors!: [{at: $field, inner: [{at?: "$field.below:pointer", m: $field.message}]}]}}]`
	const same = `shapes: [{name: e, json: {errors!: [{at: $field, leaf?: $field.below, m: $field.message}]}}]`
	const prefix = `shapes: [{name: e, json: {errors!: [{p?: "$field:pointer(/data/attributes)", s?: {$read: "$field:segments(data/attributes)"}, d?: {$read: "$field:brackets(data/attributes)"}, m: $field.message}]}}]`
	hold(t, []construct{
		{name: "below a name", file: below, body: `{"errors":{"a":[{"attribute":"b","m":"x"},{"m":"y"}]}}`, want: `{"kind":"invalid","fields":[{"path":"a.b","message":"x"},{"path":"a","message":"y"}]}`,
			wrote: `{"errors":{"a.b":[{"m":"x"}],"a":[{"m":"y"}]}}`},
		{name: "below a value", file: value, body: `{"errors":[{"at":"a","inner":[{"at":"/b/0","m":"x"}]}]}`, want: `{"kind":"invalid","fields":[{"path":"a.b.0","message":"x"}]}`,
			wrote: `{"errors":[{"at":"a.b.0","inner":[{"m":"x"}]}]}`},
		{name: "beside a value", file: same, body: `{"errors":[{"at":"a","leaf":"b","m":"x"}]}`, want: `{"kind":"invalid","fields":[{"path":"a.b","message":"x"}]}`, wrote: `{"errors":[{"at":"a.b","m":"x"}]}`},
		{name: "alone", file: below, body: `{"errors":{"":[{"attribute":"b","m":"x"}]}}`, want: `{"kind":"invalid","fields":[{"path":"b","message":"x"}]}`, wrote: `{"errors":{"b":[{"m":"x"}]}}`},
		{name: "a prefix of several segments of a pointer", file: prefix, body: `{"errors":[{"p":"/data/attributes/name","m":"x"}]}`, want: `{"kind":"invalid","fields":[{"path":"name","message":"x"}]}`},
		{name: "a prefix of which a part is there stays", file: prefix, body: `{"errors":[{"p":"/data/name","m":"x"}]}`, want: `{"kind":"invalid","fields":[{"path":"data.name","message":"x"}]}`, wrote: `{"errors":[{"p":"/data/attributes/data/name","m":"x"}]}`},
		{name: "a prefix of several segments in a list", file: prefix, body: `{"errors":[{"s":["data","attributes","a",0],"m":"x"},{"s":["data","b"],"m":"y"}]}`,
			want: `{"kind":"invalid","fields":[{"path":"a.0","message":"x"},{"path":"data.b","message":"y"}]}`, wrote: "-"},
		{name: "a prefix of several segments in brackets", file: prefix, body: `{"errors":[{"d":"data[attributes][a][0]","m":"x"}]}`, want: `{"kind":"invalid","fields":[{"path":"a.0","message":"x"}]}`, wrote: "-"},
	})
}

func TestMembersThatMeanWhatTheySay(t *testing.T) {
	t.Parallel()
	const absent = `shapes: [{name: e, is: not found, json: {key: $absent}}, {name: f, json: {key: $detail}}]
codes: {200: success, not found: {kind: not_found, status: 422}, 422: invalid}`
	const either = `shapes: [{name: e, json: {k: {$either: [1, 2]}, m: $detail}}, {name: f, json: {m: $title}}]`
	const defined = `define: {errs: [{c: $field.code, t: $field.message}]}
shapes: [{name: e, xml: {r: {e: $errs}}}]`
	const root = `define: {errs: [{"@kind": list, c: $code}, {"@kind": one, c: $title}]}
shapes: [{name: e, xml: {r: $errs}}]`
	const pairs = `codes: {200: success, 404: not_found, 429: rate_limited}
shapes: [{name: b, status: 200, json: {rs!: [{id: $item, status: "$item.status:int", headers?: "$item.headers:pairs(name, value)"}]}}]`
	withBody := strings.Replace(pairs, `value)"}]}}]`, `value)", body?: $item.body}]}}, {name: e, status: 4xx, json: {m: $detail}}]`, 1)
	hold(t, []construct{
		{name: "a member that must be missing, alone", file: absent, body: `{"a":1}`, want: `{"kind":"not_found"}`, wrote: "-"},
		{name: "a member that must be missing, alone, in an empty object", file: absent, body: `{}`, want: `{"kind":"not_found"}`, wrote: "-"},
		{name: "a member that must be missing, and is not", file: absent, body: `{"key":"m"}`, want: `{"kind":"invalid","detail":"m"}`},
		{name: "the second of two constants", file: either, body: `{"k":2,"m":"x"}`, want: `{"kind":"invalid","detail":"x"}`, wrote: `{"k":1,"m":"x"}`},
		{name: "neither of two constants", file: either, body: `{"k":3,"m":"x"}`, want: `{"kind":"invalid","title":"x"}`, wrote: `{"m":"x"}`},
		{name: "no constant of two", file: either, body: `{"m":"x"}`, want: `{"kind":"invalid","title":"x"}`},
		{name: "a definition that is a list of elements", file: defined, body: `<r><e><c>1</c><t>x</t></e><e><c>2</c><t>y</t></e></r>`,
			want: `{"kind":"invalid","fields":[{"code":"1","message":"x"},{"code":"2","message":"y"}]}`},
		{name: "a definition that is a list of root elements", file: root, body: `<r kind="one"><c>x</c></r>`, want: `{"kind":"invalid","title":"x"}`},
		{name: "the header of a record as a list of pairs", file: pairs, status: 200, body: `{"rs":[{"id":"a","status":429,"headers":[{"name":"Retry-After","value":"7"}]},{"id":"b","status":200}]}`,
			want:  `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"rate_limited","status":429,"retry_after":7}},{"index":1,"id":"b","outcome":{"kind":"success","status":200}}]}`,
			wrote: `{"rs":[{"id":"a","status":429},{"id":"b","status":200}]}`, lost: "items[0].outcome.retry_after"},
		{name: "the header of a record as a list of pairs, written beside its body", file: withBody, status: 200,
			body: `{"rs":[{"id":"a","status":429,"headers":[{"name":"Content-Type","value":"application/json"},{"name":"Retry-After","value":"7"}],"body":{"m":"x"}},{"id":"b","status":200}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"rate_limited","status":429,"detail":"x","retry_after":7}},{"index":1,"id":"b","outcome":{"kind":"success","status":200}}]}`},
	})
}

func TestElementsAreToldApartByTheirNamespace(t *testing.T) {
	t.Parallel()
	const file = `shapes:
  - {name: condition, xml: {d:error: {"@xmlns:d?": "DAV:", d:$code!: $any}}}
  - {name: note, xml: {d:error: {"@xmlns:d?": "DAV:", "@xmlns:s?": "urn:s", s:message!: $detail}}}`
	const list = `shapes: [{name: e, xml: {d:errors: {"@xmlns:d?": "DAV:", d:error!: [{d:at: $field, d:text: $field.message}]}}}]`
	hold(t, []construct{
		{name: "an element of the namespace is a code", file: file, body: `<D:error xmlns:D="DAV:"><D:locked/></D:error>`, want: `{"kind":"invalid","code":"locked"}`, wrote: `<d:error xmlns:d="DAV:"><d:locked></d:locked></d:error>`},
		{name: "an element of another namespace is none", file: file, body: `<d:error xmlns:d="DAV:" xmlns:x="urn:s"><x:exception>E</x:exception><x:message>m</x:message></d:error>`,
			want: `{"kind":"invalid","detail":"m"}`, wrote: `<d:error xmlns:d="DAV:" xmlns:s="urn:s"><s:message>m</s:message></d:error>`},
		{name: "beside one of another namespace", file: file, body: `<d:error xmlns:d="DAV:"><exception xmlns="urn:s">E</exception><d:locked/></d:error>`, want: `{"kind":"invalid","code":"locked"}`, wrote: "-"},
		{name: "a name without a prefix is of the default namespace", file: file, body: `<error xmlns="DAV:"><locked/></error>`, want: `{"kind":"invalid","code":"locked"}`, wrote: "-"},
		{name: "names that nothing declares are taken for it", file: file, body: `<d:error><locked/></d:error>`, want: `{"kind":"invalid","code":"locked"}`, wrote: "-"},
		{name: "a prefix that is declared anew", file: list, body: `<d:errors xmlns:d="DAV:"><d:error><d:at>a</d:at><d:text xmlns:d="urn:y">n</d:text><d:text>m</d:text></d:error><d:error xmlns:d='urn:y'><d:at>b</d:at></d:error></d:errors>`,
			want: `{"kind":"invalid","fields":[{"path":"a","message":"m"}]}`, wrote: "-"},
		{name: "a root of another namespace", file: list, body: `<d:errors xmlns:d="urn:y"><d:error><d:at>a</d:at></d:error></d:errors>`, want: `{"kind":"invalid"}`, told: "unfit_body", wrote: "-"},
	})
}

func TestARecordAndItsErrors(t *testing.T) {
	t.Parallel()
	const codes = "codes: {200: success, bad: {kind: invalid, status: 400}, gone: {kind: not_found, status: 404}, 4xx: invalid}\n"
	const success = ", {name: ok, status: 200, json: $data}]"
	const file = codes + `shapes: [{name: e, status: 200, json: {results!: [{id: $item, errors?: [{code!: $item.code, text?: $item.detail}]}]}}` + success
	worst := strings.Replace(file, "4xx:", "old: {kind: success, status: 200}, 4xx:", 1)
	const place = codes + `shapes: [{name: e, status: 200, json: {results!: [{errors?: [{code!: $item.code}]}]}}` + success
	const fields = codes + `shapes: [{name: e, status: 200, json: {results!: [{id: $item, errors?: [{code!: $item.code & $field.code, at?: $field, text?: $item.detail & $field.message}]}]}}` + success
	const one = codes + `shapes: [{name: e, status: 200, json: {results!: [{id: $item, errors?: {$item.code: $item.detail}}]}}` + success
	const record = codes + `shapes: [{name: e, status: 200, json: {results!: [{id: $item, `
	const each = codes + `shapes: [{name: e, status: 200, json: {results!: [{$item.code: {id: $item}}]}}` + success
	coarse := record + `errors?: {$item.family: {$item.code: $item.detail}}}]}}` + success
	texts := record + `errors?: {$item.code: [$item.detail]}}]}}` + success
	beside := record + `$item.code?: {text!: $item.detail}}]}}` + success
	paths := record + `errors?: {$item.code: {at?: $field, text: $item.detail & $field.message}}}]}}` + success
	nested := record + `errors?: [{code!: $item.code, at?: [{name: $field, text: $field.message}]}]}]}}` + success
	below := record + `code?: $item.code, errors?: [{code?: $item.code, text?: $item.detail}]}]}}` + success
	list := record + `code?: $item.code, fields?: [{at: $field, text: $field.message}]}]}}` + success
	byPath := record + `code?: $item.code, fields?: {$field: [$field.message]}}]}}` + success
	own := record + `code?: $item.code, at?: $field, text?: $field.message}]}}` + success
	const xml = codes + `shapes: [{name: e, status: 200, xml: {Results: {R!: [{Id: $item, Code?: $item.code, E?: [{"@at": $field, $text: $field.message}]}]}}}` + success
	const byXML = codes + `shapes: [{name: e, status: 200, xml: {Results: {R!: [{Id: $item, Error?: {$item.code: $any}}]}}}` + success
	const named = codes + `shapes: [{name: e, status: 200, json: {results!: {$item: [{code!: $item.code}]}}}` + success
	const must = codes + `shapes: [{name: e, status: 200, json: {results!: [{id: $item, ok: true}, {id: $item, ok: false, errors!: [{code!: $item.code}]}]}}` + success
	const parts = codes + `shapes: [{name: e, status: 200, json: {results!: [{name: $item.detail, parts!: [{id!: $item, code?: $item.code}]}]}}` + success
	const apart = codes + `shapes: [{name: e, status: 200, json: {results!: [{id!: $item, code?: $item.code}, $any]}}` + success
	hold(t, []construct{
		{name: "several errors are one record's", file: file, status: 200, body: `{"results":[{"id":"a","errors":[{"code":"bad","text":"1"},{"code":"gone","text":"2"}]},{"id":"b","errors":[]},{"id":"c"}]}`,
			want:  `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","detail":"1","fields":[{"code":"bad","message":"1"},{"code":"gone","message":"2"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}},{"index":2,"id":"c","outcome":{"kind":"success"}}]}`,
			wrote: `{"results":[{"id":"a","errors":[{"code":"bad","text":"1"},{"code":"gone","text":"2"}]},{"id":"b"},{"id":"c"}]}`},
		{name: "the worst of several errors counts", file: worst, status: 200, body: `{"results":[{"id":"a","errors":[{"code":"old","text":"1"},{"code":"gone","text":"2"}]}]}`,
			want: `{"kind":"not_found","items":[{"index":0,"id":"a","outcome":{"kind":"not_found","code":"gone","detail":"2","fields":[{"code":"old","message":"1"},{"code":"gone","message":"2"}]}}]}`, wrote: "-"},
		{name: "a record has nothing but its place", file: place, status: 200, body: `{"results":[{"errors":[{"code":"bad"},{"code":"gone"}]},{},{"errors":[]}]}`,
			want:  `{"kind":"partial","items":[{"index":0,"outcome":{"kind":"invalid","code":"bad","fields":[{"code":"bad"},{"code":"gone"}]}},{"index":1,"outcome":{"kind":"success"}},{"index":2,"outcome":{"kind":"success"}}]}`,
			wrote: `{"results":[{"errors":[{"code":"bad"},{"code":"gone"}]},{},{}]}`},
		{name: "the Fields of a record hold all its errors", file: fields, status: 200, body: `{"results":[{"id":"a","errors":[{"code":"bad","at":"p","text":"1"},{"code":"gone","text":"2"}]},{"id":"b"}]}`,
			want:  `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","detail":"1","fields":[{"path":"p","code":"bad","message":"1"},{"code":"gone","message":"2"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`,
			wrote: `{"results":[{"id":"a","errors":[{"code":"bad","at":"p","text":"1"},{"code":"gone","text":"2"}]},{"id":"b"}]}`},
		{name: "errors by their code", file: one, status: 200, body: `{"results":[{"id":"a","errors":{"bad":"1"}},{"id":"b"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","detail":"1"}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`},
		{name: "several errors by their code", file: one, status: 200, body: `{"results":[{"id":"a","errors":{"bad":"1","gone":"2"}},{"id":"b"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","detail":"1","fields":[{"code":"bad","message":"1"},{"code":"gone","message":"2"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`},
		{name: "the worst of several errors by their code counts", file: strings.Replace(one, "4xx:", "old: {kind: success, status: 200}, 4xx:", 1), status: 200, body: `{"results":[{"id":"a","errors":{"old":"1","gone":"2"}}]}`,
			want: `{"kind":"not_found","items":[{"index":0,"id":"a","outcome":{"kind":"not_found","code":"gone","detail":"2","fields":[{"code":"old","message":"1"},{"code":"gone","message":"2"}]}}]}`, wrote: "-"},
		{name: "errors by their coarser code and their code", file: coarse, status: 200, body: `{"results":[{"id":"a","errors":{"x":{"bad":"1","gone":"2"},"y":{"gone":"3"}}},{"id":"b"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","family":"x","detail":"1","fields":[{"code":"bad","message":"1"},{"code":"gone","message":"2"},{"code":"gone","message":"3"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`, wrote: "-"},
		{name: "errors by their code, with several texts each", file: texts, status: 200, body: `{"results":[{"id":"a","errors":{"bad":["1","2"],"gone":["3"]}},{"id":"b"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","detail":"1","fields":[{"code":"bad","message":"1"},{"code":"bad","message":"2"},{"code":"gone","message":"3"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`},
		{name: "errors by their code, beside other members", file: beside, status: 200, body: `{"results":[{"id":"a","bad":{"text":"1"},"n":3,"gone":{"text":"2"}},{"id":"b"}]}`,
			want:  `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","detail":"1","fields":[{"code":"bad","message":"1"},{"code":"gone","message":"2"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`,
			wrote: `{"results":[{"id":"a","bad":{"text":"1"},"gone":{"text":"2"}},{"id":"b"}]}`},
		{name: "Fields of errors by their code", file: paths, status: 200, body: `{"results":[{"id":"a","errors":{"bad":{"at":"p","text":"1"},"gone":{"at":"q","text":"2"}}},{"id":"b"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","detail":"1","fields":[{"path":"p","code":"bad","message":"1"},{"path":"q","code":"gone","message":"2"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`},
		{name: "each error has the code, the Fields are in a list of it", file: nested, status: 200, body: `{"results":[{"id":"a","errors":[{"code":"bad","at":[{"name":"p","text":"1"},{"name":"q","text":"2"}]},{"code":"gone","at":[{"name":"r","text":"3"}]}]},{"id":"b"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","fields":[{"path":"p","code":"bad","message":"1"},{"path":"q","code":"bad","message":"2"},{"path":"r","code":"gone","message":"3"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`},
		{name: "one error with Fields in a list of it", file: nested, status: 200, body: `{"results":[{"id":"a","errors":[{"code":"bad","at":[{"name":"p","text":"1"},{"name":"q","text":"2"}]}]},{"id":"b"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","fields":[{"path":"p","message":"1"},{"path":"q","message":"2"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`},
		{name: "an error below the record's own", file: below, status: 200, body: `{"results":[{"id":"a","code":"bad","errors":[{"code":"E1","text":"1"}]},{"id":"b"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","detail":"1","fields":[{"code":"E1","message":"1"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`},
		{name: "a list of the Fields of a record", file: list, status: 200, body: `{"results":[{"id":"a","code":"bad","fields":[{"at":"p","text":"1"},{"at":"q","text":"2"}]},{"id":"b"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","fields":[{"path":"p","message":"1"},{"path":"q","message":"2"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`},
		{name: "a map of the Fields of a record", file: byPath, status: 200, body: `{"results":[{"id":"a","code":"bad","fields":{"p":["1","2"],"q":["3"]}},{"id":"b"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","fields":[{"path":"p","message":"1"},{"path":"p","message":"2"},{"path":"q","message":"3"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`},
		{name: "a Field in the element of its record", file: own, status: 200, body: `{"results":[{"id":"a","code":"bad","at":"p","text":"1"},{"id":"b"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","fields":[{"path":"p","message":"1"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`},
		{name: "Fields of records in XML", file: xml, status: 200, body: `<Results><R><Id>a</Id><Code>bad</Code><E at="p">1</E><E at="q">2</E></R><R><Id>b</Id></R></Results>`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","fields":[{"path":"p","message":"1"},{"path":"q","message":"2"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`},
		{name: "errors by their code in XML", file: byXML, status: 200, body: `<Results><R><Id>a</Id><Error><bad/><gone/></Error></R><R><Id>b</Id></R></Results>`,
			want:  `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","fields":[{"code":"bad"},{"code":"gone"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`,
			wrote: `<Results><R><Id>a</Id><Error><bad></bad><gone></gone></Error></R><R><Id>b</Id></R></Results>`},
		{name: "a second code of the whole is told", file: `shapes: [{name: e, status: 4xx, json: {$code: {text!: $detail}}}]`, body: `{"E1":{"text":"m"},"n":{},"E2":{"text":"x"}}`,
			want: `{"kind":"invalid","code":"E1","detail":"m"}`, told: "unread_element", wrote: `{"E1":{"text":"m"}}`},
		{name: "a second record in one element is told", file: each, status: 200, body: `{"results":[{"bad":{"id":"a"},"gone":{"id":"b"}}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad"}}]}`, told: "unread_element", wrote: "-"},
		{name: "one record in each element", file: each, status: 200, body: `{"results":[{"bad":{"id":"a"}},{"gone":{"id":"b"}}]}`,
			want: `{"kind":"invalid","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad"}},{"index":1,"id":"b","outcome":{"kind":"not_found","code":"gone"}}]}`},
		{name: "records by their name", file: named, status: 200, body: `{"results":{"a":[{"code":"bad"},{"code":"gone"}],"b":[]}}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","fields":[{"code":"bad"},{"code":"gone"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`, wrote: "-"},
		{name: "a list of errors that must be there", file: must, status: 200, body: `{"results":[{"id":"a","ok":false,"errors":[{"code":"bad"},{"code":"gone"}]},{"id":"b","ok":true}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","fields":[{"code":"bad"},{"code":"gone"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`},
		{name: "elements with an ID of their own are records", file: parts, status: 200, body: `{"results":[{"name":"n","parts":[{"id":"a","code":"bad"},{"id":"b"}]}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","detail":"n"}},{"index":1,"id":"b","outcome":{"kind":"success","detail":"n"}}]}`, wrote: "-"},
		{name: "what is passed over is no record", file: apart, status: 200, body: `{"results":[{"id":"a","code":"bad"},{"x":1},{"id":"b"}]}`,
			want:  `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad"}},{"index":2,"id":"b","outcome":{"kind":"success"}}]}`,
			wrote: "-"},
	})
}

func TestCodesThatLookLikeStatuses(t *testing.T) {
	t.Parallel()
	const file = `codes: {200: success, 404: [not_found, {kind: conflict, status: 409}], "410, 402": {kind: quota, status: 402}, 410: not_found, 4xx: invalid}
shapes: [{name: e, status: 4xx, json: {code: $code:int, m: $detail}}]`
	hold(t, []construct{
		{name: "the status", file: file, status: 404, body: `{"code":null,"m":"x"}`, want: `{"kind":"not_found","detail":"x"}`},
		{name: "the code of that number", file: file, status: 409, body: `{"code":404,"m":"x"}`, want: `{"kind":"conflict","code":"404","detail":"x"}`},
		{name: "the code of another key", file: file, status: 402, body: `{"code":410,"m":"x"}`, want: `{"kind":"quota","code":"410","detail":"x"}`},
		{name: "the status of another key", file: file, status: 410, body: `{"code":null,"m":"x"}`, want: `{"kind":"not_found","detail":"x"}`},
	})
}

func TestATextThatStandsIn(t *testing.T) {
	t.Parallel()
	const title = `shapes: [{name: e, status: 4xx, json: {detail?: $detail, title: $title & $detail}}]`
	const first = `shapes: [{name: e, status: 4xx, json: {title: $title & $detail, detail?: $detail}}]`
	const xml = `shapes: [{name: e, status: 4xx, xml: {r: {title: $title & $detail, detail?: $detail}}}]`
	const code = `shapes: [{name: e, status: 4xx, json: {type: $type & $code, code?: $code}}]`
	const quoted = `shapes: [{name: e, status: 4xx, json: {m: '$detail is "No \"seat\" & {_}"'}}, {name: f, status: 4xx, json: {m: $title}}]`
	const several = `shapes: [{name: e, status: 4xx, json: {errors!: [$detail & $note]}}]`
	const objects = `shapes: [{name: e, status: 4xx, json: {top?: $detail, errors!: [{code?: $code, m: $detail & $note}]}}]`
	const header = `codes: {200: success, 404: not_found, 4xx: invalid}
codes_are_statuses: true
shapes: [{headers: {AsyncResult: $code:int}}]`
	hold(t, []construct{
		{name: "the title stands in for a detail that is missing", file: title, body: `{"title":"x"}`, want: `{"kind":"invalid","title":"x","detail":"x"}`, wrote: "-"},
		{name: "the title beside a detail", file: title, body: `{"detail":"d","title":"x"}`, want: `{"kind":"invalid","title":"x","detail":"d"}`},
		{name: "the title before a detail", file: first, body: `{"title":"x","detail":"d"}`, want: `{"kind":"invalid","title":"x","detail":"d"}`},
		{name: "the title before a detail that is missing", file: first, body: `{"title":"x"}`, want: `{"kind":"invalid","title":"x","detail":"x"}`, wrote: "-"},
		{name: "the title before a detail, in XML", file: xml, body: `<r><title>x</title><detail>d</detail></r>`, want: `{"kind":"invalid","title":"x","detail":"d"}`},
		{name: "a code before its own member", file: code, body: `{"type":"x","code":"E"}`, want: `{"kind":"invalid","type":"x","code":"E"}`},
		{name: "quotes inside of a text", file: quoted, body: `{"m":"No \"seat\" & more"}`, want: `{"kind":"invalid","detail":"No \"seat\" & more"}`},
		{name: "a text that differs by its quotes", file: quoted, body: `{"m":"No seat & more"}`, want: `{"kind":"invalid","title":"No seat & more"}`},
		{name: "the first of several texts is the detail", file: several, body: `{"errors":["a","b","c"]}`, want: `{"kind":"invalid","detail":"a","notes":["b","c"]}`},
		{name: "one text alone is the detail", file: several, body: `{"errors":["a"]}`, want: `{"kind":"invalid","detail":"a"}`},
		{name: "outside of a list there is no other", file: `shapes: [{name: e, status: 4xx, json: {m: $detail & $note}}]`, body: `{"m":"a"}`, want: `{"kind":"invalid","detail":"a"}`},
		{name: "texts in objects", file: objects, body: `{"errors":[{"code":"E","m":"a"},{"m":"b"}]}`, want: `{"kind":"invalid","code":"E","detail":"a","notes":["b"]}`, wrote: "-"},
		{name: "beside a detail in a shallower place all are notes", file: objects, body: `{"top":"t","errors":[{"m":"a"},{"m":"b"}]}`, want: `{"kind":"invalid","detail":"t","notes":["a","b"]}`, wrote: "-"},
		{name: "a status in a header", file: header, status: 200, header: "AsyncResult: 404", want: `{"kind":"not_found","code":"404"}`, wrote: "-"},
	})
}

func TestAnErrorBeyondTheFirstIsReadOrSaidToBeUnread(t *testing.T) {
	t.Parallel()
	const body = `{"errors":[{"code":"a","text":"one"},{"code":"b","text":"two"}]}`
	file := func(element string) string { return `shapes: [{name: e, json: {errors!: ` + element + `}}]` }
	hold(t, []construct{
		{name: "of the whole alone", file: file(`[{code: $code, text: $detail}]`), body: body,
			want: `{"kind":"invalid","code":"a","detail":"one"}`, told: "unread_element", wrote: `{"errors":[{"code":"a","text":"one"}]}`},
		{name: "texts of the whole alone", file: file(`[$detail]`), body: `{"errors":["one","two"]}`,
			want: `{"kind":"invalid","detail":"one"}`, told: "unread_element", wrote: `{"errors":["one"]}`},
		{name: "one is enough", file: file(`[{code: $code, text: $detail}]`), body: `{"errors":[{"code":"a","text":"one"}]}`,
			want: `{"kind":"invalid","code":"a","detail":"one"}`},
		{name: "as fields", file: file(`[{code: $code & $field.code, text: $detail & $field.message}]`), body: body,
			want: `{"kind":"invalid","code":"a","detail":"one","fields":[{"code":"b","message":"two"}]}`},
		{name: "as notes", file: file(`[$detail & $note]`), body: `{"errors":["one","two"]}`,
			want: `{"kind":"invalid","detail":"one","notes":["two"]}`},
	})
}
