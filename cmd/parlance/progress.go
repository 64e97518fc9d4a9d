package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progress tells a person at a terminal how far a long input is. It stays away
// from everybody else: where the error stream is no terminal it does nothing.
type progress struct {
	w     io.Writer // nil for nobody
	style style
	unit  string // what is counted
	every int    // after how many of them the clock is asked
	size  int64  // of the input, 0 where it is not known
	read  int64
	total int // of the units, 0 where it is not known
	lines int
	began time.Time
	shown time.Time
}

// progressEvery is how often the line is written anew, and checkEvery after how
// many lines the clock is asked: asking it for each would cost what a line costs.
const (
	progressEvery = 200 * time.Millisecond
	checkEvery    = 256
	barWidth      = 24
)

func (a *app) newProgress() *progress {
	if !isTerminal(a.stderr) || isTerminal(a.stdin) || isTerminal(a.stdout) || a.getenv("TERM") == "dumb" {
		return &progress{} // responses on the same screen are progress enough
	}
	return a.progressOf(a.stdin, "lines")
}

// progressOf is the progress of reading a file. It stands on the error stream alone, so what
// is written beside it must clear it before.
func (a *app) progressOf(in any, unit string) *progress {
	if !isTerminal(a.stderr) || a.getenv("TERM") == "dumb" {
		return &progress{}
	}
	p := &progress{w: a.stderr, style: a.styleOf(a.stderr), unit: unit, every: checkEvery, began: time.Now()}
	if f, ok := in.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			p.size = info.Size()
		}
	} else if in == nil {
		p.every = 1 // they wait for a network
	}
	return p
}

// counting counts what is read, to know how much there is left.
func (p *progress) counting(r io.Reader) io.Reader {
	if p.w == nil {
		return r
	}
	return &counter{r, p}
}

type counter struct {
	r io.Reader
	p *progress
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.p.read += int64(n)
	return n, err
}

// line notes that so many lines get a response.
func (p *progress) line(total int) {
	if p.w == nil || total%p.every != 0 {
		return
	}
	p.lines = total
	if now := time.Now(); now.Sub(p.shown) >= progressEvery {
		p.shown = now
		fmt.Fprintf(p.w, "\r\x1b[K%s", p.text(now.Sub(p.began)))
	}
}

// text is what is shown: a bar and the time left if the size of the input is known, the
// units so far, and how many a second.
func (p *progress) text(since time.Duration) string {
	rate := float64(p.lines) / max(since.Seconds(), 1e-3)
	text := fmt.Sprintf("%s %s, %s a second", thousands(p.lines), p.unit, thousands(int(rate)))
	part := 0.0
	switch {
	case p.size > 0:
		part = min(float64(p.read)/float64(p.size), 1)
	case p.total > 0:
		part = min(float64(p.lines)/float64(p.total), 1)
	default:
		return text
	}
	if part > 0 {
		left := time.Duration(float64(since) * (1 - part) / part)
		text += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	full := int(part * barWidth)
	return fmt.Sprintf("%s%s %3.0f%%  %s", p.style.bold(strings.Repeat("━", full)), p.style.dim(strings.Repeat("─", barWidth-full)), part*100, text)
}

// clear takes the line away, so that what is said next begins at the margin.
func (p *progress) clear() {
	if p.w != nil && !p.shown.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
