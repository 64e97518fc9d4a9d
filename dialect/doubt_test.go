package dialect_test

import (
	"net/http"
	"testing"

	"github.com/parlance-api/parlance/dialect"
)

const doubtful = "codes: {200: success, 4xx: invalid, 5xx: internal, E1: {kind: conflict, status: 409}, W1: {kind: noted, status: 200}}\n"

// Of several elements that say what the whole is, the worse one gives the code and the
// detail too, whatever their order.
func TestTheWorstElementGivesTheCodeAndTheDetail(t *testing.T) {
	t.Parallel()
	const told = doubtful + `shapes:
  - name: issues
    status: 200 4xx
    read_only: true
    json: {issue!: [{sev: warn, $is: noted, code?: $code, text?: $detail}, {sev: error, $is: failed, code?: $code, text?: $detail}]}`
	const fields = doubtful + `shapes:
  - name: issues
    status: 200 4xx
    read_only: true
    json: {issue!: [{sev: warn, $is: noted, code?: $code & $field.code, text?: $detail & $field.message}, {sev: error, $is: failed, code?: $code & $field.code, text?: $detail & $field.message}]}`
	const xml = doubtful + `shapes:
  - name: issues
    status: 200 4xx
    read_only: true
    xml: {R: {S!: [{"@sev": warn, $is: noted, "@code?": $code, $text: $detail}, {"@sev": error, $is: failed, "@code?": $code, $text: $detail}]}}`
	const bare = `codes: {200: success, 4xx: invalid}
shapes:
  - {name: states, status: 200 4xx, read_only: true, json: {parts!: [{state: done, $is: success, text?: $detail}, {state: lost, $is: failed}]}}`
	hold(t, []construct{
		{name: "the worse one last", file: told, status: 200, body: `{"issue":[{"sev":"warn","code":"W1","text":"w"},{"sev":"error","code":"E1","text":"e"}]}`,
			want: `{"kind":"conflict","code":"E1","detail":"e","notes":["w"]}`, wrote: "-"},
		{name: "the worse one first", file: told, status: 200, body: `{"issue":[{"sev":"error","code":"E1","text":"e"},{"sev":"warn","code":"W1","text":"w"}]}`,
			want: `{"kind":"conflict","code":"E1","detail":"e","notes":["w"]}`, wrote: "-"},
		{name: "the worse one last, under a failing status", file: told, body: `{"issue":[{"sev":"warn","code":"W1","text":"w"},{"sev":"error","code":"E1","text":"e"}]}`,
			want: `{"kind":"conflict","code":"E1","detail":"e","notes":["w"]}`, wrote: "-"},
		{name: "the worse one has a code alone", file: told, status: 200, body: `{"issue":[{"sev":"warn","code":"W1","text":"w"},{"sev":"error","code":"E1"}]}`,
			want: `{"kind":"conflict","code":"E1","notes":["w"]}`, wrote: "-"},
		{name: "the worse one has no words", file: bare, status: 200, body: `{"parts":[{"state":"done","text":"d"},{"state":"lost"}]}`, want: `{"kind":"failed","detail":"d"}`, wrote: "-"},
		{name: "the others are Fields", file: fields, status: 200, body: `{"issue":[{"sev":"warn","code":"W1","text":"w"},{"sev":"error","code":"E1","text":"e"}]}`,
			want: `{"kind":"conflict","code":"E1","detail":"e","fields":[{"code":"W1","message":"w"}]}`, wrote: "-"},
		{name: "in XML", file: xml, status: 200, body: `<R><S sev="warn" code="W1">w</S><S sev="error" code="E1">e</S></R>`, want: `{"kind":"conflict","code":"E1","detail":"e","notes":["w"]}`, wrote: "-"},
	})
}

// What could not be read of a failure may be what failed.
func TestAFailureThatIsReadInPartStaysOne(t *testing.T) {
	t.Parallel()
	const done = `codes: {200: success, 4xx: invalid}
shapes:
  - {name: done, status: 2xx 4xx, is: accepted, read_only: true, json: {done: true, ref!: {id!: $request_id}, note?: $detail}}`
	const list = `codes: {200: success, 4xx: invalid}
shapes:
  - {name: issues, status: 4xx, read_only: true, json: {issue!: [{sev: warn, $is: noted, text?: $detail}, {sev: error, $is: failed, text?: $detail}]}}`
	const code = doubtful + `shapes:
  - {name: error, status: 4xx, read_only: true, json: {error!: {code!: $code, text!: $detail}}}`
	hold(t, []construct{
		{name: "whole it is what its shape says", file: done, body: `{"done":true,"ref":{"id":"r"},"note":"n"}`, want: `{"kind":"accepted","detail":"n","request_id":"r"}`, wrote: "-"},
		{name: "in part it is what its status says", file: done, body: `{"done":true,"ref":"x","note":"n"}`, want: `{"kind":"invalid","detail":"n"}`, told: "unfit_member", wrote: "-"},
		{name: "a stranger beside a warning", file: list, body: `{"issue":[{"sev":"warn","text":"w"},{"sev":"odd","text":"e"}]}`, want: `{"kind":"invalid","detail":"w","notes":["e"]}`, told: "unfit_member", wrote: "-"},
		{name: "a code of a good kind", file: code, body: `{"error":{"code":"W1","text":["t"]}}`, want: `{"kind":"invalid","code":"W1","detail":"t"}`, told: "unfit_member", wrote: "-"},
	})
}

func TestWhatCanBeReadOfAFailureIsRead(t *testing.T) {
	t.Parallel()
	const file = doubtful + `shapes:
  - {name: error, status: 4xx, read_only: true, json: {error!: {code!: $code, text!: $detail, list?: [{at: $field, msg: $field.message}]}}}`
	const xml = doubtful + `shapes:
  - {name: error, status: 4xx, read_only: true, xml: {E: {C!: $code, T!: $detail, L?: [{A: $field, M: $field.message}]}}}`
	hold(t, []construct{
		{name: "null for a text that must be there", file: file, body: `{"error":{"code":"E1","text":null}}`, want: `{"kind":"conflict","code":"E1"}`, told: "unfit_member", wrote: "-"},
		{name: "null for a code that must be there", file: file, body: `{"error":{"code":null,"text":"t"}}`, want: `{"kind":"invalid","detail":"t"}`, told: "unfit_body common_form", wrote: "-"},
		{name: "texts by their languages", file: file, body: `{"error":{"code":"E1","text":{"en":"t","de":"u"}}}`, want: `{"kind":"conflict","code":"E1","detail":"t","notes":["u"]}`, told: "unfit_member", wrote: "-"},
		{name: "an element for a text", file: xml, body: `<E><C>E1</C><T><en>t</en></T></E>`, want: `{"kind":"conflict","code":"E1","detail":"t"}`, told: "unfit_member", wrote: "-"},
		{name: "an object for a list of it", file: file, body: `{"error":{"code":"E1","text":"t","list":{"at":"a","msg":"m"}}}`,
			want: `{"kind":"conflict","code":"E1","detail":"t","fields":[{"path":"a","message":"m"}]}`, told: "unfit_member", wrote: "-"},
		{name: "a stranger among elements", file: xml, body: `<E><C>E1</C><T>t</T><L><A>a</A><M>m</M></L><L>odd</L></E>`,
			want: `{"kind":"conflict","code":"E1","detail":"t","fields":[{"path":"a","message":"m"},{"message":"odd"}]}`, told: "unfit_member", wrote: "-"},
		{name: "a stranger of another form among elements", file: xml, body: `<E><C>E1</C><T>t</T><L><A>a</A><M>m</M></L><L><Message>odd</Message></L></E>`,
			want: `{"kind":"conflict","code":"E1","detail":"t","fields":[{"path":"a","message":"m"},{"message":"odd"}]}`, told: "unfit_member", wrote: "-"},
		{name: "a stranger alone", file: xml, body: `<E><C>E1</C><T>t</T><L>odd</L></E>`,
			want: `{"kind":"conflict","code":"E1","detail":"t","fields":[{"message":"odd"}]}`, told: "unfit_member", wrote: "-"},
	})
}

func TestAMarkAroundOrBesideABodyThatFits(t *testing.T) {
	t.Parallel()
	const file = doubtful + `shapes:
  - {name: error, status: 200 4xx, is: failed, read_only: true, json: {error!: {code!: $code, text!: $detail}}}
  - {name: ok, status: 200, json: $data}`
	const named = doubtful + `shapes:
  - {name: error, status: 4xx, json: {error!: {code!: $code, text!: $detail}}}
  - {name: ok, status: 200, json: {id!: $any = 0, thing!: $data}}`
	const problem = "Content-Type: application/problem+json"
	hold(t, []construct{
		{name: "a list around a failure", file: file, status: 200, body: `[{"error":{"code":"E1","text":"t"}}]`, want: `{"kind":"conflict","code":"E1","detail":"t"}`, told: "failure_mark wrapped_body", wrote: "-"},
		{name: "a list around a failure of another form", file: file, status: 200, body: ` [ {"error":"t"} ] `, want: `{"kind":"noted","detail":"t"}`, told: "failure_mark wrapped_body common_form", wrote: "-"},
		{name: "a list in a list around a failure", file: file, status: 200, body: `[[{"error":{"code":"E1","text":"t"}}]]`, want: `{"kind":"conflict","code":"E1","detail":"t"}`, told: "failure_mark wrapped_body", wrote: "-"},
		{name: "a list in a list with several things", file: file, status: 200, body: `[[{"error":{"code":"E1","text":"t"}}],[]]`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "empty lists in each other", file: file, status: 200, body: `[[[]]]`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "a list with an empty mark", file: file, status: 200, body: `[{"error":null}]`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "a list of several things", file: file, status: 200, body: `[{"id":1},{"error":"t"}]`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "a list in the payload", file: file, status: 200, body: `{"jobs":[{"error":"t"}]}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "the type of a problem with the body of a success", file: named, status: 200, header: problem, body: `{"id":1,"thing":2}`, want: `{"kind":"noted"}`, told: "failure_mark", wrote: "-"},
		{name: "the type of a problem with a payload of any form", file: file, status: 200, header: problem, body: `{"id":1}`, want: `{"kind":"noted"}`, told: "failure_mark", wrote: "-"},
		{name: "the type of a problem with the body of a failure", file: file, status: 200, header: problem, body: `{"error":{"code":"E1","text":"t"}}`, want: `{"kind":"conflict","code":"E1","detail":"t"}`, wrote: "-"},
	})
}

// A shape without a word of what it means is a failure's for what does not fit it, and so is
// one that has the name of a failing row.
func TestTheMarkOfAShapeThatLeavesItsMeaningOpen(t *testing.T) {
	t.Parallel()
	file := func(conditions string) string {
		return doubtful + "shapes:\n  - {name: error, " + conditions + "json: {error!: {code!: $code, text!: $detail}}}\n  - {name: ok, status: 200, json: $data}"
	}
	const noted = `{"kind":"noted","detail":"t"}`
	all := []construct{}
	for name, conditions := range map[string]string{"neither": "", "any status": "status: 200 4xx, ", "a kind": "status: 200, is: invalid, ", "a row": "status: 200, is: E1, "} {
		all = append(all,
			construct{name: name + ", of another form", file: file(conditions), status: 200, body: `{"error":{"text":"t"}}`, want: noted, told: "failure_mark common_form", wrote: "-"},
			construct{name: name + ", a text", file: file(conditions), status: 200, body: `{"error":"t"}`, want: noted, told: "failure_mark common_form", wrote: "-"},
			construct{name: name + ", empty", file: file(conditions), status: 200, body: `{"error":null}`, want: `{"kind":"success"}`, wrote: "-"})
	}
	const issues = `codes: {200: success, 4xx: invalid}
shapes:
  - {name: issues, status: 200 4xx, read_only: true, json: {resourceType: outcome, issue!: [{sev: {v: error}, $is: failed, text?: $detail}, {sev: {v: info}, $is: success, text?: $detail}]}}
  - {name: ok, status: 200, json: $data}`
	hold(t, append(all,
		construct{name: "its code is good", file: file("status: 200 4xx, "), status: 200, body: `{"error":{"code":"W1","text":"t"}}`, want: `{"kind":"noted","code":"W1","detail":"t"}`, wrote: "-"},
		construct{name: "elements that the file knows", file: issues, status: 200, body: `{"resourceType":"outcome","issue":[{"sev":{"v":"info"},"text":"t"}]}`, want: `{"kind":"success","detail":"t"}`, wrote: "-"},
		construct{name: "elements that it does not know", file: issues, status: 200, body: `{"resourceType":"outcome","issue":[{"sev":{"v":"fatal"},"message":"t"}]}`, want: `{"kind":"noted"}`, told: "failure_mark", wrote: "-"},
		construct{name: "another body", file: issues, status: 200, body: `{"resourceType":"patient","issue":[{"sev":{"v":"fatal"}}]}`, want: `{"kind":"success"}`, wrote: "-"}))
}

// A text of the whole that has a place of its own is no further element of a list, and each
// use of a definition is a place of its own.
func TestTheTextOfTheWholeIsWrittenOnce(t *testing.T) {
	t.Parallel()
	const beside = `shapes: [{name: e, status: 4xx, json: {top?: $detail, errors!: [{at?: $field, m: $detail & $field.message}]}}]`
	const inline = `shapes:
  - {name: e, status: 4xx, json: {error!: {code: $code & $field.code, text: $detail & $field.message, at?: $field}, errors?: [{code: $code & $field.code, text: $detail & $field.message, at?: $field}]}}`
	const defined = `define: {err: {code: $code & $field.code, text: $detail & $field.message, at?: $field}}
shapes: [{name: e, status: 4xx, json: {error!: $err, errors?: [$err]}}]`
	all := []construct{
		{name: "beside Fields of other texts", file: beside, body: `{"top":"T","errors":[{"at":"a","m":"t"},{"at":"b","m":"u"}]}`,
			want: `{"kind":"invalid","detail":"T","fields":[{"path":"a","message":"t"},{"path":"b","message":"u"}]}`},
	}
	for name, file := range map[string]string{"written out": inline, "defined": defined} {
		all = append(all,
			construct{name: name + ", the first one is the whole", file: file, body: `{"error":{"code":"E","text":"t"},"errors":[{"code":"E","text":"t","at":"a"},{"code":"F","text":"u","at":"b"}]}`,
				want: `{"kind":"invalid","code":"E","detail":"t","fields":[{"path":"a","code":"E","message":"t"},{"path":"b","code":"F","message":"u"}]}`},
			construct{name: name + ", none is the whole", file: file, body: `{"error":{"code":"G","text":"v"},"errors":[{"code":"E","text":"t","at":"a"},{"code":"F","text":"u","at":"b"}]}`,
				want: `{"kind":"invalid","code":"G","detail":"v","fields":[{"path":"a","code":"E","message":"t"},{"path":"b","code":"F","message":"u"}]}`})
	}
	hold(t, all)
}

// A list that holds only failures holds no success, whatever its elements leave out.
func TestARecordInAListOfFailuresFailed(t *testing.T) {
	t.Parallel()
	const file = `codes: {200: success, bad: {kind: invalid, status: 400}, 4xx: invalid}
shapes:
  - {name: failures, status: 200, path: /b, lists: failures, json: {sent?: $any, failures!: [{id?: $item, code?: $item.code, text?: $item.detail}]}}
  - {name: ok, status: 200, json: $data}`
	const texts = `codes: {200: success, 4xx: invalid}
shapes:
  - {name: failures, status: 200, path: /b, lists: failures, json: {failed?: "$failures:int", failures!: [$item.detail]}}
  - {name: ok, status: 200, json: $data}`
	hold(t, []construct{
		{name: "with nothing but a text", file: file, path: "/b", status: 200, body: `{"failures":[{"id":"a","text":"t"}]}`, want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"failed","detail":"t"}}]}`},
		{name: "with a code that is listed", file: file, path: "/b", status: 200, body: `{"failures":[{"id":"a","code":"bad"}]}`, want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad"}}]}`},
		{name: "with one that is not", file: file, path: "/b", status: 200, body: `{"failures":[{"id":"a","code":"odd"}]}`, want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"failed","code":"odd"}}]}`, wrote: "-"},
		{name: "a text alone, and its number", file: texts, path: "/b", status: 200, body: `{"failed":1,"failures":["t"]}`, want: `{"kind":"partial","items":[{"index":0,"outcome":{"kind":"failed","detail":"t"}}]}`},
	})
}

func TestAKindThatContradictsTheStatus(t *testing.T) {
	t.Parallel()
	const file = `codes: {200: success, 4xx: invalid, 5xx: internal}
shapes: [{name: e, json: {text: $detail, kind!: $kind}}]`
	const header = `codes: {200: success, 4xx: invalid}
shapes: [{name: e, status: 4xx, json: {text: $detail}}, {headers: {X-Kind: $kind}}]`
	hold(t, []construct{
		{name: "of a failure, under a good status", file: file, status: 200, body: `{"text":"t","kind":"conflict"}`, want: `{"kind":"noted","detail":"t"}`, told: "failure_mark", wrote: "-"},
		{name: "of a failure, in a header", file: header, status: 200, header: "X-Kind: conflict", want: `{"kind":"noted"}`, told: "failure_mark", wrote: "-"},
		{name: "of a success, under a failure", file: file, status: http.StatusConflict, body: `{"text":"t","kind":"success"}`, want: `{"kind":"invalid","detail":"t"}`, wrote: "-"},
		{name: "that nobody knows", file: file, status: http.StatusConflict, body: `{"text":"t","kind":"bogus"}`, want: `{"kind":"invalid","detail":"t"}`, told: "unfit_member", wrote: "-"},
		{name: "of a finer failure", file: file, status: http.StatusConflict, body: `{"text":"t","kind":"conflict"}`, want: `{"kind":"conflict","detail":"t"}`},
	})
}

func TestAnAdviceAndAFieldAreReadAsTheyStand(t *testing.T) {
	t.Parallel()
	const advice = `codes: {200: success, 5xx: internal}
shapes: [{name: e, status: 5xx, json: {text: $detail, retry?: $retryable}}]`
	const record = `codes: {200: success, bad: {kind: invalid, status: 400}, 4xx: invalid}
shapes: [{name: b, status: 200, path: /b, json: {rows!: [{id!: $item, errors?: [{code!: $item.code, at?: $field, text: $item.detail & $field.message}]}]}}]`
	hold(t, []construct{
		{name: "an advice as a text", file: advice, status: http.StatusInternalServerError, body: `{"text":"t","retry":"false"}`, want: `{"kind":"internal","detail":"t","retryable":false}`},
		{name: "an advice as a boolean", file: advice, status: http.StatusInternalServerError, body: `{"text":"t","retry":false}`, want: `{"kind":"internal","detail":"t","retryable":false}`, wrote: `{"text":"t","retry":"false"}`},
		{name: "an advice that nobody knows", file: advice, status: http.StatusInternalServerError, body: `{"text":"t","retry":"perhaps"}`, want: `{"kind":"internal","detail":"t"}`, told: "unfit_member", wrote: "-"},
		{name: "the path of the only error of a record", file: record, path: "/b", status: 200, body: `{"rows":[{"id":"a","errors":[{"code":"bad","at":"x","text":"t"}]},{"id":"b"}]}`,
			want: `{"kind":"partial","items":[{"index":0,"id":"a","outcome":{"kind":"invalid","code":"bad","detail":"t","fields":[{"path":"x","message":"t"}]}},{"index":1,"id":"b","outcome":{"kind":"success"}}]}`},
	})
}

// What was met before is read in a shorter way, which complains all the same.
func TestAKindThatNobodyKnowsIsToldEachTime(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("test.yaml", []byte("dialect: test\ncodes: {200: success, 4xx: invalid}\nshapes: [{name: e, status: 4xx, json: {message!: $detail, kind?: $kind}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		for kind, want := range map[string]int{"conflict": 0, "bogus": 1} {
			body := []byte(`{"message": "m", "kind": "` + kind + `"}`)
			if got := d.Decode(dialect.Request{}, dialect.Response{Status: http.StatusConflict, Body: body}); len(got.Diagnostics) != want {
				t.Errorf("round %d, %s: got %v, want %d", i, kind, got.Diagnostics, want)
			}
		}
	}
}

// The status that a failure repeats in its body is a mark, if it is one of a failure.
func TestTheStatusOfAFailureInTheBodyOfASuccess(t *testing.T) {
	t.Parallel()
	const codes = "codes: {200: success, 4xx: invalid, 404: not_found}\nshapes:\n"
	const file = codes + "- {name: error, status: 4xx 5xx, json: {status: $status:int, message!: $detail}}\n- {name: ok, status: 200, json: $data}"
	const inner = codes + "- {name: error, status: 4xx 5xx, json: {meta: {status: $status:int, message!: $detail}}}\n- {name: ok, status: 200, json: $data}"
	const may = codes + "- {name: error, status: 4xx 5xx, json: {status?: $status:int, message!: $detail}}\n- {name: ok, status: 200, json: $data}"
	const xml = codes + "- {name: error, status: 4xx 5xx, xml: {R: {E: {Status: $status, Message!: $detail}}}}\n- {name: ok, status: 200, xml: {R: $data}}"
	const noted = `{"kind":"noted","detail":"t"}`
	const success = `{"kind":"success"}`
	hold(t, []construct{
		{name: "a failure's", file: file, status: 200, body: `{"status":404,"message":"t"}`, want: noted, told: "failure_mark", wrote: "-"},
		{name: "a server's failure", file: file, status: 201, body: `{"status":503,"message":"t"}`, want: noted, told: "failure_mark", wrote: "-"},
		{name: "a text", file: file, status: 200, body: `{"status":"404","message":"t"}`, want: noted, told: "failure_mark", wrote: "-"},
		{name: "deeper", file: inner, status: 200, body: `{"meta":{"status":404,"message":"t"}}`, want: noted, told: "failure_mark", wrote: "-"},
		{name: "XML", file: xml, status: 200, body: `<R><E><Status>404</Status><Message>t</Message></E></R>`, want: noted, told: "failure_mark", wrote: "-"},
		{name: "of a success", file: file, status: 200, body: `{"status":200,"message":"t"}`, want: success, wrote: "-"},
		{name: "a word", file: file, status: 200, body: `{"status":"active","message":"t"}`, want: success, wrote: "-"},
		{name: "a number of another size", file: file, status: 200, body: `{"status":4040,"message":"t"}`, want: success, wrote: "-"},
		{name: "without the text of a failure", file: file, status: 200, body: `{"status":404,"id":7}`, want: success, wrote: "-"},
		{name: "not demanded", file: may, status: 200, body: `{"status":404,"message":"t"}`, want: success, wrote: "-"},
	})
}

// A root that has another name for each operation stands around the mark.
func TestAMarkBelowAMemberOfAnyName(t *testing.T) {
	t.Parallel()
	const codes = "codes: {200: success, 4xx: invalid}\nshapes:\n"
	const file = codes + "- {name: failure, status: 200, is: failed, json: {$any=reply: {ack: Failure, errors!: [{code!: $code, text: $detail}]}}}\n- {name: success, status: 200, is: success, json: {$any=reply: {ack: Success}}}"
	const xml = codes + "- {name: failure, status: 200, is: failed, xml: {$any=R: {Ack: Failure, Errors!: [{Code!: $code, Text: $detail}]}}}\n- {name: success, status: 200, is: success, xml: {$any=R: {Ack: Success}}}"
	const both = codes + "- {name: failure, status: 200, is: failed, json: {$any=reply: {ack: Done, why!: $code}}}\n- {name: success, status: 200, is: success, json: {reply: {ack: Done, data: $data}}}"
	hold(t, []construct{
		{name: "JSON", file: file, status: 200, body: `{"reply":{"ack":"Failure","errors":[{"text":"The token is wrong"}]}}`, want: `{"kind":"noted","detail":"The token is wrong"}`, told: "failure_mark common_form", wrote: "-"},
		{name: "another name", file: file, status: 200, body: `{"other":{"ack":"Failure","errors":[{"text":"The token is wrong"}]}}`, want: `{"kind":"noted","detail":"The token is wrong"}`, told: "failure_mark common_form", wrote: "-"},
		{name: "a success", file: file, status: 200, body: `{"other":{"ack":"Success"}}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "XML", file: xml, status: 200, body: `<Other><Ack>Failure</Ack><Errors><Text>The token is wrong</Text></Errors></Other>`, want: `{"kind":"noted","detail":"The token is wrong"}`, told: "failure_mark common_form", wrote: "-"},
		{name: "a constant that a success has too", file: both, status: 200, body: `{"reply":{"ack":"Done","data":7}}`, want: `{"kind":"success"}`, wrote: "-"},
	})
}

// A looser success takes a body in which records stand that nobody can read.
func TestASuccessBesideRecordsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	const codes = "codes: {200: success, 4xx: invalid, E1: {kind: invalid, status: 400}}\nshapes:\n"
	const bulk = codes + "- {name: error, status: 4xx 5xx, json: {error!: {code: $code, text: $detail}}}\n" +
		"- {name: bulk, status: 200, method: POST, path: /bulk, json: {results!: [{$is: failed, id: $item, state: failed, why: [{code!: $item.code, text: $item.detail}]}, {$is: success, id: $item, state: done}]}}\n"
	const any = bulk + "- {name: success, status: 200, is: success, json: {results!: $data}}"
	const batch = codes + "- {name: batch, status: 200, path: \"*/batch\", json: {error: [], result!: {orders!: [{txid?: $item, error?: $item.code & $item.detail, descr!: $any = x}]}}}\n" +
		"- {name: success, status: 200, is: success, json: {error: [], result!: $data}}"
	const plain = "codes: {200: success, 4xx: invalid}\nshapes:\n"
	const method = plain + "- {name: records, status: 200, method: POST, json: {success: true, result!: [{$is: failed, id?: $item, status: {$either: [skipped, failed]}}, {$is: success, id?: $item, status: created}]}}\n" +
		"- {name: success, status: 200, is: success, json: {success: true, result?: $data}}"
	const xml = codes + "- {name: bulk, status: 200, path: /bulk, xml: {R: {rec!: [{\"@ok\": \"true\", id: $item, $is: success}, {\"@ok\": \"false\", id: $item, why!: $item.code, $is: failed}]}}}\n" +
		"- {name: success, status: 200, is: success, xml: {R: {rec!: $any = x}}}"
	const named = plain + "- {name: bulk, status: 200, path: /bulk, json: {done!: {$item: {state: done, $is: success}}}}\n- {name: success, status: 200, is: success, json: {done: $data}}"
	hold(t, []construct{
		{name: "a state that the page does not name", file: any, method: "POST", path: "/bulk", status: 200, body: `{"results":[{"id":"a","state":"rejected","why":[{"code":"E1","text":"x"}]}]}`, want: `{"kind":"noted"}`, told: "unread_element", wrote: "-"},
		{name: "a state alone", file: any, method: "POST", path: "/bulk", status: 200, body: `{"results":[{"state":"rejected"}]}`, want: `{"kind":"noted"}`, told: "unread_element", wrote: "-"},
		{name: "no records", file: any, method: "POST", path: "/bulk", status: 200, body: `{"results":[]}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "another path", file: any, method: "POST", path: "/other", status: 200, body: `{"results":[{"state":"rejected"}]}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "payload of another sort", file: any, method: "POST", path: "/bulk", status: 200, body: `{"results":[{"name":"a"}]}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "a member that must be there is missing", file: batch, method: "POST", path: "/v0/batch", status: 200, body: `{"error":[],"result":{"orders":[{"error":"EOrder:Insufficient funds"},{"error":"EOrder:Rate limit exceeded"}]}}`, want: `{"kind":"noted"}`, told: "unread_element", wrote: "-"},
		{name: "an empty error", file: batch, method: "POST", path: "/v0/batch", status: 200, body: `{"error":[],"result":{"orders":[{"txid":"1","error":""}]}}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "by the method alone", file: method, method: "POST", status: 200, body: `{"success":true,"result":[{"status":"rejected"}]}`, want: `{"kind":"noted"}`, told: "unread_element", wrote: "-"},
		{name: "another operation of that method", file: method, method: "POST", status: 200, body: `{"success":true,"result":[{"id":7,"firstName":"Ann"}]}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "another method", file: method, status: 200, body: `{"success":true,"result":[{"status":"rejected"}]}`, want: `{"kind":"success"}`, wrote: "-"},
		{name: "XML", file: xml, path: "/bulk", status: 200, body: `<R><rec ok="no"><id>7</id></rec></R>`, want: `{"kind":"noted"}`, told: "unread_element", wrote: "-"},
		{name: "a map of records", file: named, path: "/bulk", status: 200, body: `{"done":{"a":{"state":"failed"}}}`, want: `{"kind":"noted"}`, told: "unread_element", wrote: "-"},
	})
}
