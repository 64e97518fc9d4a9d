package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/mock"
)

func TestWhatIsRecordedIsTestedAndReplayed(t *testing.T) {
	t.Parallel()
	d, err := catalog.Open("stripe")
	if err != nil {
		t.Fatal(err)
	}
	api := mock.New(d)
	upstream := httptest.NewServer(api)
	defer api.Close()
	defer upstream.Close()
	requests := []string{"POST /v1/charges | Prefer: code=card_declined & Authorization: Bearer s3cr3t", "GET /v1/charges?token=s3cr3t"}
	for _, name := range []string{"stripe.cases.jsonl", "stripe.har"} {
		file := filepath.Join(t.TempDir(), name)
		said := mockSession(t, []string{"mock", "stripe", "--listen", "127.0.0.1:0", "--record", upstream.URL, "--save", file}, requests)
		for _, want := range []string{"http://HOST records http://HOST in " + file, "402 failed/declined card_declined  (recorded)", "-- exit --\n0\n"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q is not in\n%s", name, want, said)
			}
		}
		text, err := os.ReadFile(file)
		if err != nil || strings.Contains(string(text), "s3cr3t") {
			t.Errorf("%v: a secret is in\n%s", err, text)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%v: others may read the file: %v", err, info.Mode())
		}
		if strings.HasSuffix(name, ".jsonl") {
			stdout, stderr, exit := invoke(t, "", "test", "stripe", "--cases", file)
			if exit != exitClean || !strings.Contains(stdout, "8 passed, 0 failed") {
				t.Errorf("parlance test: exit %d\n%s%s", exit, stdout, stderr)
			}
		}
		said = mockSession(t, []string{"mock", "stripe", "--listen", "127.0.0.1:0", "--replay", file}, []string{"POST /v1/charges", "GET /v1/other"})
		for _, want := range []string{`"code":"card_declined"`, "Nothing was recorded for GET /v1/other", "402 failed/declined card_declined  (replay: "} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q is not in\n%s", name, want, said)
			}
		}
	}
}

func TestAnArchiveThatIsCutOffIsReplayedUpToThere(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "cut.har")
	entry := `{"request":{"method":"GET","url":"https://x/a","headers":[]},"response":{"status":404,"headers":[],"content":{"text":"no"}}}`
	if err := os.WriteFile(file, []byte(`{"log":{"entries":[`+entry+`,{"request":`), 0o600); err != nil {
		t.Fatal(err)
	}
	said := mockSession(t, []string{"mock", "plain", "--listen", "127.0.0.1:0", "--replay", file}, []string{"GET /a"})
	if !strings.Contains(said, "HTTP/1.1 404 Not Found") || !strings.Contains(said, "warning: "+file+" is cut off at byte ") {
		t.Errorf("got\n%s", said)
	}
}

func TestARecordingThatCannotBeMadeOrServedIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct{ name, args, want string }{
		{"no URL", "--record localhost:9000", "hint: did you mean --record http://localhost:9000?\n"},
		{"another protocol", "--record ftp://localhost", "is not an http or https URL\n"},
		{"no folder", "--record http://localhost:9000 --save " + filepath.Join(dir, "no", "x.jsonl"), "hint: name a file in a folder that you may write to\n"},
		{"an archive that is there", "--record http://localhost:9000 --save " + write("x.har", "{}"), "--save: open"},
		{"both", "--record http://localhost:9000 --replay x", "none of the others can be"},
		{"no file", "--replay " + filepath.Join(dir, "none.jsonl"), "hint: --record URL --save "},
		{"a file with faults", "--replay " + write("faulty.jsonl", `{"status": "no"}`), "hint: parlance test --help shows the form of a case\n"},
		{"no archive", "--replay " + write("no.har", "[1]"), "hint: an HTTP Archive begins with"},
		{"an archive of nothing", "--replay " + write("none.har", `{"log":{"entries":[]}}`), "holds no exchange\n"},
		{"an empty file", "--replay " + write("empty.jsonl", "\n"), "holds no exchange\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, exit := invoke(t, "", append([]string{"mock", "stripe"}, strings.Fields(test.args)...)...)
			if exit != exitUsage || stdout != "" || !strings.Contains(stderr, test.want) {
				t.Errorf("exit %d, stdout %q, stderr\n%s\nwant\n%s", exit, stdout, stderr, test.want)
			}
		})
	}
}
