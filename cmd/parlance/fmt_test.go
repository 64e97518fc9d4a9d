package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFmtWritesOnlyFilesThatChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.yaml"), filepath.Join(dir, "bad.yaml")
	for file, text := range map[string]string{good: "dialect: a\ncodes: {404: not_found}\n", bad: "codes: { 404: not_found }\n\ndialect: a\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if stdout, stderr, exit := invoke(t, "", "fmt", "-l", good, bad); exit != exitClean || stdout != bad+"\n" || stderr != "" {
		t.Errorf("exit %d, %q, %q", exit, stdout, stderr)
	}
	if stdout, _, exit := invoke(t, "", "fmt", "-d", good, bad); exit != exitFindings || !strings.Contains(stdout, "\n+codes: {404: not_found}\n") {
		t.Errorf("exit %d, %q", exit, stdout)
	}
	if stdout, stderr, exit := invoke(t, "", "fmt", "-w", good, bad); exit != exitClean || stdout != "" || stderr != "" {
		t.Errorf("exit %d, %q, %q", exit, stdout, stderr)
	}
	if text, err := os.ReadFile(bad); err != nil || string(text) != "dialect: a\ncodes: {404: not_found}\n" {
		t.Errorf("%v %q", err, text)
	}
	if stdout, _, exit := invoke(t, "", "fmt", "-l", "-d", good, bad); exit != exitClean || stdout != "" {
		t.Errorf("exit %d, %q", exit, stdout)
	}
}

func TestWhatFmtAndImportCannotReadExitsWith2(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, args, stdin, want string }{
		{"what is no YAML", "fmt", "a: [", "hint: correct the errors above, then try again\n"},
		{"writing without a file", "fmt -w", "", "parlance: --write needs a file\n"},
		{"a file that is not there", "fmt nowhere.yaml", "", "nowhere.yaml"},
		{"no response", "import responses my-api", "", "parlance: --from is missing\nhint: --from - "},
		{"no name", "import responses --from -", "", "takes the name of the dialect; 0 given"},
		{"a name that is none", "import responses My_API --from -", "HTTP/1.1 404 Not Found\n\n", "parlance: \"My_API\" cannot be the name of a dialect\nhint: use lower-case letters"},
		{"an input that is no response", "import responses my-api --from -", "{}", "parlance: --from: standard input is not a response: line 1: "},
		{"a response that is not there", "import responses my-api --from nowhere.txt", "", "nowhere.txt"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if stdout, stderr, exit := invoke(t, test.stdin, strings.Fields(test.args)...); exit != exitUsage || stdout != "" || !strings.Contains(stderr, test.want) {
				t.Errorf("exit %d, stdout %q, stderr\n%s\nwant\n%s", exit, stdout, stderr, test.want)
			}
		})
	}
}

func TestALongFileIsNotCompared(t *testing.T) {
	t.Parallel()
	long := make([]string, 3000)
	if got := hunks(long, long[1:]); len(got) != 1 || !strings.Contains(got[0], "too long") {
		t.Error(got)
	}
}
