package parlance_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestReadme runs what the README tells a newcomer to type: every fence that is
// marked sh, line by line as a shell does. A fence marked text or json right
// after it holds what that prints.
func TestReadme(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds and starts the command for each")
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	fences := fencesOf(string(text))
	ran := 0
	for i, f := range fences {
		if f.language != "sh" {
			continue
		}
		script := runnable(f.text)
		if script == "" {
			continue
		}
		ran++
		want := ""
		if i+1 < len(fences) && fences[i+1].replies && fences[i+1].language != "sh" {
			want = fences[i+1].text
		}
		t.Run(strings.TrimSpace(strings.Split(f.text, "\n")[0]), func(t *testing.T) {
			ctx, cancel := untilTheEnd(t)
			defer cancel()
			cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
			cmd.Env = withoutCgo()
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			// A pipe that a child keeps open must not keep the test waiting.
			cmd.WaitDelay = time.Second
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s%s", err, stdout.String(), stderr.String())
			}
			if got := stdout.String(); want != "" && strings.TrimSpace(got) != strings.TrimSpace(want) {
				t.Errorf("prints\n%s\nand the README says\n%s", got, want)
			}
		})
	}
	if ran == 0 {
		t.Error("the README tells nobody to run anything")
	}
}

// runnable is a script without what cannot run here: make test, which is what
// runs this, and a demo that waits for Ctrl-C, which is told not to.
func runnable(script string) string {
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(script), "\n") {
		switch {
		case strings.HasPrefix(line, "make test"):
		case strings.HasSuffix(line, "parlance demo"):
			lines = append(lines, line+" --once")
		default:
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// fence is one fenced part of a Markdown text.
type fence struct {
	language, text string
	replies        bool // it follows the fence before with nothing but empty lines between
}

func fencesOf(text string) []fence {
	var all []fence
	var inside *fence
	responses := false
	for _, line := range strings.Split(text, "\n") {
		language, mark := strings.CutPrefix(line, "```")
		switch {
		case mark && inside == nil:
			inside = &fence{language: strings.TrimSpace(language), replies: responses}
		case mark:
			all, inside, responses = append(all, *inside), nil, true
		case inside != nil:
			inside.text += line + "\n"
		case strings.TrimSpace(line) != "":
			responses = false
		}
	}
	return all
}
