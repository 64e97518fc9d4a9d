package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

func TestProgressIsForATerminalOnly(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	a := &app{getenv: func(string) string { return "" }, stdin: strings.NewReader(""), stdout: io.Discard, stderr: &stderr}
	p := a.newProgress()
	if r := p.counting(a.stdin); r != a.stdin {
		t.Error("what nobody sees is counted")
	}
	for n := range 10 * checkEvery {
		p.line(n)
	}
	if p.clear(); stderr.Len() > 0 {
		t.Errorf("it says %q", stderr.String())
	}
}

func TestProgressSaysHowFarItIsAndGoesAwayAtTheEnd(t *testing.T) {
	t.Parallel()
	var w bytes.Buffer
	p := &progress{w: &w, size: 2000, unit: "lines", every: checkEvery}
	if _, err := io.CopyN(io.Discard, p.counting(strings.NewReader(strings.Repeat("x", 2000))), 500); err != nil {
		t.Fatal(err)
	}
	p.lines = 1_234_567
	if got, want := p.text(2*time.Second), strings.Repeat("━", 6)+strings.Repeat("─", 18)+"  25%  1,234,567 lines, 617,283 a second, 6s left"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	p.size, p.total = 0, 2_469_134
	if got, want := p.text(2*time.Second), strings.Repeat("━", 12)+strings.Repeat("─", 12)+"  50%  1,234,567 lines, 617,283 a second, 2s left"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	p.total = 0
	if got, want := p.text(2*time.Second), "1,234,567 lines, 617,283 a second"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if p.clear(); w.Len() > 0 {
		t.Errorf("what was never shown is taken away: %q", w.String())
	}
	p.line(checkEvery)
	p.line(checkEvery + 1)
	p.clear()
	if got := w.String(); strings.Count(got, "lines") != 1 || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("%q", got)
	}
}
