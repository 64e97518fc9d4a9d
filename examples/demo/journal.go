package demo

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"sync"
)

// kept is how many lines a journal keeps. A demo may run all day.
const kept = 1000

// journal is the log of all services and gateways: what the support desk would
// look into. Its zero value is empty.
type journal struct {
	mu    sync.Mutex
	lines []string
	to    io.Writer // also; nil for nowhere
}

// logger writes to the journal under a name. Stacks are left out: they are long,
// and the demo's one panic is no riddle.
func (j *journal) logger(name string) *slog.Logger {
	options := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "stack" {
			return slog.Attr{}
		}
		return a
	}}
	return slog.New(slog.NewTextHandler(j, options)).With("at", name)
}

// Write takes one line of a slog.Handler. It never fails.
func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.lines) == kept {
		j.lines = j.lines[kept/2:]
	}
	j.lines = append(j.lines, string(bytes.TrimSuffix(line, []byte("\n"))))
	if j.to != nil {
		_, _ = j.to.Write(line) // a log that nobody can read stops no service
	}
	return len(line), nil
}

func (j *journal) follow(w io.Writer) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.to = w
}

// tells reports whether a line holds all of the words.
func (j *journal) tells(words ...string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
next:
	for _, line := range j.lines {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue next
			}
		}
		return true
	}
	return false
}
