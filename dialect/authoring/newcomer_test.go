package authoring_test

import (
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// said is what lint says of a file, a line for each complaint.
func said(file string) string {
	var all []string
	for _, d := range authoring.Lint("sample.yaml", []byte(file)) {
		all = append(all, d.Rule+": "+d.Message)
	}
	return strings.Join(all, "\n")
}

func TestACopyOfTheDetailIsNothingMoreToSay(t *testing.T) {
	t.Parallel()
	const file = `dialect: sample
codes: {400: invalid, E1: {kind: failed, status: 400}}
shapes:
  - {name: first, status: 4xx, json: {code!: $code, msg: $detail, more?: $any}}
  - {name: later, status: 4xx, json: {code!: $code, msg: TEXT}}
samples:
  - response: |
      HTTP/1.1 400 Bad Request

      {"code":"E1","msg":"Parameter 'a' is wrong"}
    outcome: {kind: failed, code: E1, detail: "Parameter 'a' is wrong"}
`
	for text, want := range map[string]bool{
		`'$detail & $field.message & "{_}other {$field} is{_}"'`:      false,
		`'$field.message & $detail'`:                                  false,
		`'$detail & $field.message & "Parameter ''{$field}'' is{_}"'`: true,
	} {
		if got := said(strings.ReplaceAll(file, "TEXT", text)); strings.Contains(got, "taken_sample: ") != want {
			t.Errorf("of %s it says %q", text, got)
		}
	}
}

func TestAStateThatIsOpenHidesOthersToo(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"open", "paid", "IN_QUEUE", "scheduled"} {
		got := said(`dialect: sample
codes: {200: success}
shapes: [{name: payload, status: 200, json: $data}]
samples:
  - response: |
      HTTP/1.1 200 OK

      {"id":"tr_7","status":"` + word + `"}
    outcome: {kind: success}
`)
		if !strings.HasPrefix(got, "hidden_state: ") {
			t.Errorf("of %s it says %q", word, got)
		}
	}
}

func TestAnUnknownWordListsEachKnownOneOnce(t *testing.T) {
	t.Parallel()
	got := said("dialect: sample\ncodes: {200: success, 404: not_found, success: success, accepted: accepted}\nshapes: [{name: a, is: nothing_known, json: {m: $detail}}]\n")
	if !strings.HasPrefix(got, "unknown_name: ") || strings.Count(got, "accepted") != 1 || strings.Count(got, " success") != 1 {
		t.Errorf("it says %q", got)
	}
}

func TestAnErrorOfLintIsOneForEveryUseOfTheFile(t *testing.T) {
	t.Parallel()
	const file = `dialect: sample
codes: {200: success, 400: invalid, "10": {kind: invalid, status: 400}}
shapes:
  - {name: error, status: 4xx 5xx, json: {errors!: [{code!: $code & $item.code, message: $detail}]}}
samples:
  - response: |
      HTTP/1.1 400 Bad Request

      {"errors":[{"code":"10","message":"a"}]}
    outcome: {kind: success}
`
	if _, err := dialect.Compile("sample.yaml", []byte(file)); err == nil || !strings.Contains(err.Error(), "bad_place") {
		t.Errorf("compiling it gives %v", err)
	}
	if all := authoring.Inspect("sample.yaml", []byte(file)); all.Ran || len(all.Diagnostics) != 1 {
		t.Errorf("the samples ran: %v, and it says %v", all.Ran, all.Diagnostics)
	}
}
