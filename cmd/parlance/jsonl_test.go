package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
)

func TestJSONLRespondsToALineWhileTheInputStaysOpen(t *testing.T) {
	t.Parallel()
	in, feed := io.Pipe()
	responses, out := io.Pipe()
	done := make(chan int)
	go func() {
		done <- run(context.Background(), []string{"decode", "--jsonl", "--dialect", "plain"}, func(string) string { return "" }, in, out, io.Discard)
	}()
	lines := bufio.NewScanner(responses)
	for range 3 { // each gets a response before the next is sent, or this test hangs
		if _, err := io.WriteString(feed, `{"status": 200}`+"\n"); err != nil {
			t.Fatal(err)
		}
		if !lines.Scan() || !strings.HasPrefix(lines.Text(), `{"outcome":`) {
			t.Fatalf("%q", lines.Text())
		}
	}
	feed.Close()
	if exit := <-done; exit != exitClean {
		t.Errorf("exit %d", exit)
	}
}

func TestJSONLRespondsToEveryLineInItsOrder(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 5<<20)
	input := strings.Join([]string{
		"\ufeff" + `{"dialect": "plain", "status": 200}`,
		`{"status": 200}`,
		``,
		"  \t\r",
		`{"dialect": "nope", "status": 200}`,
		`{"dialect": "vms"}`,
		`not json`,
		`[]`,
		`{"dialect": "vms", "status": "200"}`,
		`{"dialect": "vms", "status": 99}`,
		`{"dialect": "vms", "status": 200, "headers": {"A": 1}}`,
		`{"dialect": "vms", "status": 200, "headers": []}`,
		`{"dialect": "vms", "status": 200, "body": {}}`,
		`{"dialect": 1, "status": 200}`,
		`{"dialect": "vms", "status": 200} {}`,
		`{"dialect": "plain", "status": 200, "body": "` + big + `"}` + "\r",
		`{"dialect": "plain", "status": 204, "headers": {"A": ["b", "c"]}, "body": null, "request_headers": null}`,
	}, "\n")
	stdout, stderr, exit := invoke(t, input, "decode", "--jsonl")
	want := []string{
		`{"outcome":`,
		`line 2: no dialect is named; name one; parlance dialects`,
		`line 5: no dialect is called "nope"; parlance dialects`,
		`line 6: status is missing`,
		`line 7: not JSON: invalid character 'o' in literal null (expecting 'u') (at byte 2)`,
		`line 8: expected an object, found a list`,
		`line 9: status: expected a whole number, found a text`,
		`line 10: status: expected 100 to 999, found 99`,
		`line 11: headers: A: expected a text or a list of texts`,
		`line 12: headers: expected an object of names and values`,
		`{"outcome":`,
		`line 14: dialect: expected a text, found a number`,
		`line 15: not JSON: invalid character '{' after top-level value (at byte 35)`,
		`{"outcome":`,
		`{"outcome":`,
	}
	got := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(got), len(want), stdout)
	}
	for i, line := range got {
		text := line
		if !strings.HasPrefix(want[i], "{") {
			var e struct {
				Error string `json:"error"`
			}
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatal(err)
			}
			text = e.Error
		}
		if !strings.HasPrefix(text, want[i]) {
			t.Errorf("got  %.200s\nwant %s", text, want[i])
		}
	}
	if exit != exitFindings || !strings.HasPrefix(stderr, "parlance: 11 of 15 lines could not be read") {
		t.Errorf("exit %d, %s", exit, stderr)
	}
}

// FuzzJSONL feeds lines to both commands: each non-blank one gets one
// line of JSON.
func FuzzJSONL(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte) {
		lines := 0
		for i, line := range bytes.Split(text, []byte("\n")) {
			if i == 0 {
				line = bytes.TrimPrefix(line, []byte("\ufeff"))
			}
			if len(bytes.TrimSpace(line)) > 0 {
				lines++
			}
		}
		for _, command := range []string{"decode", "encode"} {
			// A line may name a file; the fuzzer must not go and look for one.
			if bytes.ContainsAny(text, `/\`) || bytes.Contains(text, []byte("yaml")) || bytes.Contains(text, []byte("yml")) {
				return
			}
			stdout, _, exit := invoke(t, string(text), command, "--jsonl", "--dialect", "vms")
			responses := strings.Split(stdout, "\n")
			if len(responses) != lines+1 || exit > exitFindings {
				t.Fatalf("%s: %d responses to %d lines, exit %d", command, len(responses)-1, lines, exit)
			}
			for _, response := range responses[:lines] {
				if !json.Valid([]byte(response)) {
					t.Fatalf("%s responded with %q", command, response)
				}
			}
		}
	})
}

// A body that is JSON is taken as it stands, as a file of cases takes it.
func TestJSONLTakesABodyThatIsJSON(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"message": "No such order"}`, `"{\"message\": \"No such order\"}"`, ` [{"message":"No such order"}] `} {
		stdout, stderr, exit := invoke(t, `{"status": 404, "dialect": "problem", "body": `+body+`}`, "decode", "--jsonl")
		if exit != 0 || stderr != "" || !strings.Contains(stdout, `"kind":"not_found"`) || !strings.Contains(stdout, `"detail":"No such order"`) {
			t.Errorf("%s gives %d %s %s", body, exit, stdout, stderr)
		}
	}
}
