package authoring_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// rulesOf are the rules of what lint says of a file.
func rulesOf(source string) (all []string) {
	for _, d := range authoring.Lint("x.yaml", []byte(source)) {
		all = append(all, d.Rule)
	}
	return all
}

func TestAFileThatIsOnlyReadIsNotWritten(t *testing.T) {
	t.Parallel()
	const file = "dialect: x\ncodes: {200: success, E1: invalid}\nshapes:\n  - {name: error, status: 4xx, json: {code: $code, message: '{_}: {$detail}'}}\n" +
		"samples:\n  - response: |\n      HTTP/1.1 400 Bad Request\n\n      {\"code\":\"E1\",\"message\":\"Error: no\"}\n    outcome: {kind: invalid, code: E1, detail: no}\n"
	if got := strings.Join(rulesOf(file), " "); got != "unsendable_code lossy sample_writes" {
		t.Errorf("a file that is written: %s", got)
	}
	if got := strings.Join(rulesOf("read_only: true\n"+file), " "); got != "" {
		t.Errorf("a file that is only read: %s", got)
	}
}

func TestWhatASampleLeavesOutIsNoDifferenceButIsListed(t *testing.T) {
	t.Parallel()
	const file = "dialect: x\ncodes: {200: success, 400: invalid}\nshapes:\n  - {name: error, status: 4xx, json: {message: $detail, help?: $help}}\n" +
		"samples:\n  - response: |\n      HTTP/1.1 400 Bad Request\n\n      {\"message\":\"no\",\"help\":\"/docs\"}\n    outcome: "
	for outcome, want := range map[string]string{
		"{kind: invalid, detail: no, help: /docs}": "",
		"{kind: invalid, detail: no}":              "sample_leaves_out",
		"{kind: invalid}":                          "sample_leaves_out sample_leaves_out",
		"{kind: invalid, detail: no, help: null}":  "sample_reads",
		"{kind: invalid, detail: yes}":             "sample_leaves_out sample_reads",
	} {
		if got := strings.Join(rulesOf(file+outcome+"\n"), " "); got != want {
			t.Errorf("%s: %q, not %q", outcome, got, want)
		}
	}
	d, err := dialect.Compile("x.yaml", []byte(file+"{kind: invalid}\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := authoring.Test(d)
	if r.Passed != 1 || len(r.Results[0].LeftOut) != 2 || r.Results[0].LeftOut[0].Attribute != "detail" || r.Results[0].LeftOut[1].Attribute != "help" {
		t.Errorf("%+v", r.Results)
	}
}

// A success whose payload can be anything takes each other word of a state. The author can
// let such a word be noted.
func TestASuccessThatTakesEveryOtherWordOfAStateIsCalledLoose(t *testing.T) {
	t.Parallel()
	const failed = "  - {name: failed, status: 200, is: failed, json: {state: broken, problem!: $detail}}\n"
	const sample = "samples:\n  - response: |\n      HTTP/1.1 200 OK\n\n      {\"state\":\"broken\",\"problem\":\"no\"}\n    reads_only: true\n    outcome: {kind: failed, detail: no}\n"
	for shape, want := range map[string]string{
		"  - {name: result, status: 200, json: $data}\n": "loose_success",
		"  - {name: other, status: 200, is: noted, read_only: true, json: {state!: $note}}\n  - {name: result, status: 200, json: $data}\n": "",
		"  - {name: result, status: 200, json: {state: $any, result: $data}}\n":                                                             "loose_success",
		"  - {name: result, status: 200, json: {state: $any, result!: $data}}\n":                                                            "",
		"  - {name: result, status: 200, json: {state: fine, result: $data}}\n":                                                             "",
	} {
		if got := strings.Join(rulesOf("dialect: x\ncodes: {200: success, 4xx: invalid}\nshapes:\n"+failed+shape+sample), " "); got != want {
			t.Errorf("%s%q, not %q", shape, got, want)
		}
	}
}

// A failure is told from a success by what it demands, in XML too.
func TestAFailureThatDemandsNothingIsCalledLoose(t *testing.T) {
	t.Parallel()
	const json = "  - {name: failed, status: 200, is: failed, json: {PROBLEM: {text: $detail}, id?: $any}}\n  - {name: result, status: 200, json: {id: $any, RESULT: $data}}\n" +
		"samples:\n  - response: |\n      HTTP/1.1 200 OK\n\n      {\"id\":1,\"problem\":{\"text\":\"no\"}}\n    reads_only: true\n    outcome: {kind: failed, detail: no}\n"
	const xml = "  - {name: failed, status: 200, is: failed, xml: {R: {PROBLEM: {text: $detail}, id?: $any}}}\n  - {name: result, status: 200, xml: {R: {id: $any, RESULT: $data}}}\n" +
		"samples:\n  - response: |\n      HTTP/1.1 200 OK\n      Content-Type: application/xml\n\n      <R><id>1</id><problem><text>no</text></problem></R>\n    reads_only: true\n    outcome: {kind: failed, detail: no}\n"
	for form, file := range map[string]string{"json": json, "xml": xml} {
		for _, problem := range []string{"problem", "problem!"} {
			file := "dialect: x\ncodes: {200: success, 4xx: invalid}\nshapes:\n" + strings.ReplaceAll(file, "PROBLEM", problem)
			if got := rulesOf(strings.Replace(file, "RESULT", "result", 1)); !slices.Contains(got, "loose_success") {
				t.Errorf("%s, %s: %q", form, problem, got)
			}
			if got := rulesOf(strings.Replace(file, "RESULT", "result!", 1)); slices.Contains(got, "loose_success") {
				t.Errorf("%s, %s, a success that demands its result: %q", form, problem, got)
			}
		}
	}
}

// Servers write a list that they have nothing for as [], and a member that must be missing
// is there then.
func TestAShapeThatAnEmptyListKeepsFromItsRecordsIsCalledLoose(t *testing.T) {
	t.Parallel()
	const file = "dialect: x\ncodes: {200: success, gone: {kind: not_found, status: 404}}\nshapes:\n" +
		"  - {name: bulk, status: 200, json: {FIRST, done!: [{id!: $item, error?: $item.code}]}}\n  - {name: other, status: 200, json: $data}\n" +
		"samples:\n  - response: |\n      HTTP/1.1 200 OK\n\n      {\"done\":[{\"id\":\"a\"},{\"id\":\"b\",\"error\":\"gone\"}]}\n    reads_only: true\n" +
		"    outcome: {kind: partial, items: [{index: 0, id: a, outcome: {kind: success}}, {index: 1, id: b, outcome: {kind: not_found, code: gone}}]}\n"
	for first, want := range map[string]string{
		"errors: $absent":  "loose_success",
		"errors?: $absent": "bad_key",
		"errors?: $any":    "",
	} {
		if got := strings.Join(rulesOf(strings.Replace(file, "FIRST", first, 1)), " "); got != want {
			t.Errorf("%s: %q, not %q", first, got, want)
		}
	}
}

// A shape that is only read makes no other body noted, so is: success on it would not help.
func TestTheHintForALooseSuccessIsOneThatHelps(t *testing.T) {
	t.Parallel()
	const file = "dialect: x\ncodes: {200: success}\nshapes:\n  - {name: result, status: 200, MARK json: {state: fine, note?: $title}}\n" +
		"samples:\n  - response: |\n      HTTP/1.1 200 OK\n\n      {\"state\":\"fine\"}\n    reads_only: true\n    outcome: {kind: success}\n"
	for mark, hint := range map[string]string{
		"":                              "add is: success to the shape, so that another body is noted",
		"read_only: true,":              "add a shape without read_only for a success, so that another body is noted",
		"read_only: true, is: success,": "add a shape without read_only for a success, so that another body is noted",
		"is: success,":                  "",
	} {
		got := ""
		for _, d := range authoring.Lint("x.yaml", []byte(strings.Replace(file, "MARK", mark, 1))) {
			got += d.Hint
		}
		if got != hint {
			t.Errorf("%q: the hint is %q, not %q", mark, got, hint)
		}
	}
}

func TestAShapeThatAnEarlierOneOfTheSameNotationTakesIsShadowed(t *testing.T) {
	t.Parallel()
	const file = "dialect: x\ncodes: {200: success, 4xx: invalid}\nshapes:\n  - {name: a, status: 4xx, json: {status: FIRST, code!: $code}}\n  - {name: b, status: 4xx, json: {status: SECOND, code!: $code, text!: $detail}}\n"
	for _, c := range []struct{ first, second, want string }{
		{"'$status:int'", "'$status:int'", "shadowed"},
		{"$status", "'$status:int'", "shadowed"},
		{"'$status:int'", "$status", ""},
		{"'$status:int(400-402)'", "'$status:int'", ""},
	} {
		if got := strings.Join(rulesOf(strings.NewReplacer("FIRST", c.first, "SECOND", c.second).Replace(file)), " "); got != c.want {
			t.Errorf("%s before %s: %q, not %q", c.first, c.second, got, c.want)
		}
	}
}

func TestAShapeThatDemandsNothingTakesAllAfterIt(t *testing.T) {
	t.Parallel()
	const file = "dialect: x\ncodes: {200: success, 4xx: invalid}\nshapes:\n  - {name: a, status: 4xx, json: {FIRST}}\n  - {name: b, status: 4xx, json: {text!: $title, code: $code}}\n"
	for first, want := range map[string]string{
		"message?: $detail, code?: $code":   "shadowed",
		"message?: $detail":                 "shadowed",
		"message: $detail":                  "",
		"message!: $detail":                 "",
		"message?: $detail, text!: $title":  "shadowed",
		"text!: $title, message: $absent":   "",
		"message?: $detail, error: $absent": "",
	} {
		if got := strings.Join(rulesOf(strings.Replace(file, "FIRST", first, 1)), " "); got != want {
			t.Errorf("%s: %q, not %q", first, got, want)
		}
	}
}

func TestAShapeWhoseConditionsAreThoseOfAnEarlierOneIsShadowed(t *testing.T) {
	t.Parallel()
	const file = "dialect: x\ncodes: {200: success, 4xx: invalid}\nshapes:\n  - {name: a, CONDITION, json: {message!: $detail}}\n  - {name: b, method: POST, path: /a, json: {message!: $detail, code: $code}}\n"
	for condition, want := range map[string]string{
		"status: 4xx":                     "",
		"method: POST GET":                "shadowed",
		"method: POST, path: [/a, /b]":    "shadowed",
		"method: GET":                     "",
		"path: /b":                        "",
		"headers: {X-Limit: $absent}":     "",
		"method: POST, write_only: true":  "",
		"method: POST, path: /a, is: 4xx": "unknown_name",
	} {
		if got := strings.Join(rulesOf(strings.Replace(file, "CONDITION", condition, 1)), " "); got != want {
			t.Errorf("%s: %q, not %q", condition, got, want)
		}
	}
}
