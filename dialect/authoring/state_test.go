package authoring_test

import (
	"slices"
	"strings"
	"testing"
)

func TestAStateThatNothingReadsIsTold(t *testing.T) {
	t.Parallel()
	const file = "dialect: x\ncodes: {200: success, 202: accepted, 4xx: invalid}\nshapes:\n  - {name: result, status: 200, json: $data}\n" +
		"samples:\n  - response: |\n      HTTP/1.1 200 OK\n\n      BODY\n    reads_only: true\n    outcome: {kind: success}\n"
	const failed = "  - {name: broken, status: 200, is: failed, json: {status!: failed}}\n  - {name: result"
	for _, c := range []struct {
		name, body, old, new string
		told                 bool
	}{
		{"a failed state", `{"id":7,"status":"failed"}`, "", "", true},
		{"a canceled state", `{"job":{"task_status":"CANCELED"}}`, "", "", true},
		{"a state that can still fail", `{"state":"in_progress"}`, "", "", true},
		{"a state of a success", `{"phase":"Succeeded"}`, "", "", true},
		{"a status that is none of some work", `{"status":"active"}`, "", "", false},
		{"a number", `{"status":200}`, "", "", false},
		{"a text", `{"message":"failed"}`, "", "", false},
		{"a failure that the file knows", `{"status":"succeeded"}`, "  - {name: result", failed, false},
		{"a success that says that it is one", `{"status":"canceled"}`, "json: $data", "is: success, json: $data", false},
		{"no shape at all", `{"status":"canceled"}`, "status: 200, json: $data", "status: 4xx, json: $detail", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := rulesOf(strings.Replace(strings.Replace(file, "BODY", c.body, 1), c.old, c.new, 1))
			if slices.Contains(got, "hidden_state") != c.told {
				t.Errorf("it is told %q", got)
			}
		})
	}
}
