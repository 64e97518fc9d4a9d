package main

import (
	"encoding/json"
	"strings"
	"testing"
)

const envelope = `{"data":null,"error":{"type":"https://httpstatuses.com/404","title":"Not Found","status":404,"detail":"Gone","instance":"/x"},"debug":{"activityId":"a1"}}`

func TestAutoFindsOutWhichDialectAResponseIsOf(t *testing.T) {
	t.Parallel()
	stdout, stderr, exit := invoke(t, "HTTP/1.1 404 Not Found\n\n"+envelope, "decode", "--dialect", "auto")
	if exit != exitClean || !strings.Contains(stdout, "activityId") ||
		!strings.Contains(stdout, "\ndialect       vbapi (confidence: 0.9") || !strings.Contains(stdout, "  for         the members debug.activityId, ") {
		t.Errorf("exit %d\n%s%s", exit, stdout, stderr)
	}
	stdout, stderr, exit = invoke(t, "HTTP/1.1 404 Not Found\n\n"+`{"reason_why": "Gone"}`, "decode", "--dialect", "auto")
	if exit != exitClean || !strings.Contains(stdout, "\ndialect       http (no dialect of the catalog is recognized)\n") {
		t.Errorf("exit %d\n%s%s", exit, stdout, stderr)
	}
}

func TestAutoTellsProgramsTheSameOfEachLine(t *testing.T) {
	t.Parallel()
	body, err := json.Marshal(envelope)
	if err != nil {
		t.Fatal(err)
	}
	stdin := `{"status": 404, "body": ` + string(body) + "}\n" + `{"status": 204}` + "\n" + `{"dialect": "vms", "status": 204}` + "\n"
	stdout, stderr, exit := invoke(t, stdin, "decode", "--jsonl", "--dialect", "auto")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if exit != exitClean || len(lines) != 3 {
		t.Fatalf("exit %d\n%s%s", exit, stdout, stderr)
	}
	for i, want := range []string{`"dialect":"vbapi","confidence":0.9`, `"dialect":"http","confidence":0,"others":[]}`, `"diagnostics":[]}`} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("%s has no %s", lines[i], want)
		}
	}
}
