package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// newTerminal is a terminal of its own, and what ends it and tells what was written on it.
func newTerminal(t *testing.T) (terminal *os.File, end func() string) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(screen.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	text := make(chan string)
	go func() {
		b, _ := io.ReadAll(screen) // it ends with an error, when nobody has the terminal open
		text <- string(b)
	}()
	return terminal, func() string {
		if err := terminal.Close(); err != nil {
			t.Error(err)
		}
		defer screen.Close()
		return <-text
	}
}

func TestAnExportOfTheOutboxTellsATerminalHowFarItIs(t *testing.T) {
	t.Parallel()
	o := outboxRun{t, filepath.Join(t.TempDir(), "shop.db")}
	for range 3 {
		o.does(0, "put", "http://vendor.test/orders", "-d", "x", "--vendor", "warehouse=vision")
	}
	export := func(env map[string]string) (lines int, screen string) {
		t.Helper()
		terminal, end := newTerminal(t)
		var out bytes.Buffer
		getenv := func(name string) string { return env[name] }
		if got := run(t.Context(), []string{"outbox", "export", "--store", o.file}, getenv, strings.NewReader(""), &out, terminal); got != exitClean {
			t.Errorf("exit %d", got)
		}
		return strings.Count(out.String(), "\n"), end()
	}
	lines, screen := export(nil)
	if lines != 3 {
		t.Errorf("%d requests are exported, want 3", lines)
	}
	if !strings.HasPrefix(screen, "\r\x1b[K1 requests, ") || !strings.HasSuffix(screen, "\r\x1b[K") {
		t.Errorf("the terminal shows %q, and not how far it is until the end", screen)
	}
	if _, screen := export(map[string]string{"TERM": "dumb"}); screen != "" {
		t.Errorf("a terminal that cannot go back shows %q", screen)
	}
}
