package parlance_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write anew what the guides say that is printed")

// guides are the documents that are done as they say.
var guides = []string{"docs/your-own-api.md", "docs/importing.md", "docs/publishing.md", "docs/testing.md", "docs/ai.md", "docs/streams.md", "docs/outbox.md", "docs/languages.md"}

// TestTheGuidesDoWhatTheySay goes through each guide in an empty folder, as a
// newcomer does. A fence with a second word is a file of that name; one marked
// sh is run, and the text fence right after it holds what that prints on a
// terminal; sh fails marks one that must not exit with 0. With -update the text
// fences are written anew.
func TestTheGuidesDoWhatTheySay(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the command and a program")
	}
	bin := t.TempDir()
	ctx, cancel := untilTheEnd(t)
	defer cancel()
	if out, err := goCommand(ctx, "build", "-o", bin, "./cmd/parlance").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Run("the command starts soon", func(t *testing.T) { startsSoon(t, bin) })
	for _, guide := range guides {
		t.Run(guide, func(t *testing.T) { doGuide(t, ctx, guide, bin) })
	}
}

// doGuide goes through one guide with the command in the folder bin.
func doGuide(t *testing.T, ctx context.Context, guide, bin string) {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.FromSlash(guide))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	// What go mod init and go get would make, with this tree for the module.
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod = append(bytes.Replace(mod, []byte("module github.com/parlance-api/parlance"), []byte("module bookshop"), 1),
		"\nrequire github.com/parlance-api/parlance v0.0.0\nreplace github.com/parlance-api/parlance => "+root+"\n"...)
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", mod)
	write("go.sum", sum)

	printed, ran := map[int]string{}, 0
	fences := fencesOfGuide(string(text))
	for i, f := range fences {
		language, name, _ := strings.Cut(f.info, " ")
		switch {
		case language == "sh":
			cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", f.text)
			cmd.Dir, cmd.WaitDelay = dir, time.Second
			cmd.Env = append(withoutCgo(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "NO_COLOR=1", "GOPROXY=off", "GOWORK=off")
			out, err := cmd.CombinedOutput()
			if (err != nil) != (name == "fails") {
				t.Errorf("%s: %v\n%s\n%s", guide, err, f.text, out)
			}
			ran++
			var want string
			if i+1 < len(fences) && fences[i+1].replies && fences[i+1].info == "text" {
				want, printed[i+1] = fences[i+1].text, string(out)
			}
			if !*update && strings.TrimSpace(string(out)) != strings.TrimSpace(want) {
				t.Errorf("%s\nprints\n%s\nand %s says\n%s", f.text, out, guide, want)
			}
		case name != "":
			write(name, []byte(f.text))
		}
	}
	if ran == 0 {
		t.Errorf("%s tells nobody to run anything", guide)
	}
	if *update {
		if err := os.WriteFile(filepath.FromSlash(guide), []byte(guideWith(string(text), printed)), 0o600); err != nil {
			t.Error(err)
		}
	}
}

// goCommand is the go command, which takes what make build has compiled already.
func goCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = withoutCgo()
	return cmd
}

// withoutCgo is the environment of commands that compile. The race detector needs cgo, and
// with cgo almost every package would be compiled once more.
func withoutCgo() []string { return append(os.Environ(), "CGO_ENABLED=0") }

// untilTheEnd ends a moment before the test would, so that what hangs is told with what
// it printed. What is built may take long where nothing is built yet.
func untilTheEnd(t *testing.T) (context.Context, context.CancelFunc) {
	end, ok := t.Deadline()
	if !ok {
		return context.WithCancel(t.Context())
	}
	return context.WithDeadline(t.Context(), end.Add(-10*time.Second))
}

// TestTheGuidesLinksLead somewhere in this repository.
func TestTheGuidesLinksLead(t *testing.T) {
	t.Parallel()
	for _, guide := range guides {
		text, err := os.ReadFile(filepath.FromSlash(guide))
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range regexp.MustCompile(`\]\(([^):#]+)\)`).FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(filepath.FromSlash(guide)), filepath.FromSlash(link[1]))); err != nil {
				t.Errorf("%s: %v", guide, err)
			}
		}
	}
}

// guideFence is one fenced part of a guide.
type guideFence struct {
	info, text string
	replies    bool // it follows the fence before with nothing but empty lines between
}

func fencesOfGuide(text string) (all []guideFence) {
	var inside *guideFence
	responses := false
	for line := range strings.Lines(text) {
		info, mark := strings.CutPrefix(line, "```")
		switch {
		case mark && inside == nil:
			inside = &guideFence{info: strings.TrimSpace(info), replies: responses}
		case mark:
			all, inside, responses = append(all, *inside), nil, true
		case inside != nil:
			inside.text += line
		case strings.TrimSpace(line) != "":
			responses = false
		}
	}
	return all
}

// guideWith is the guide with other texts in some of its fences.
func guideWith(text string, printed map[int]string) string {
	var b strings.Builder
	n, inside := -1, false
	for line := range strings.Lines(text) {
		mark := strings.HasPrefix(line, "```")
		switch {
		case mark && !inside:
			n, inside = n+1, true
			b.WriteString(line)
			if out, ok := printed[n]; ok {
				b.WriteString(strings.TrimRight(out, "\n") + "\n")
			}
			continue
		case mark:
			inside = false
		case inside:
			if _, ok := printed[n]; ok {
				continue
			}
		}
		b.WriteString(line)
	}
	return b.String()
}
