package main

import (
	"context"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestTheReadmesGatewayStarts runs the README's commands that stay until they
// are interrupted, which its own test cannot wait for.
func TestTheReadmesGatewayStarts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile("(?m)^```console\ngo run ./cmd/parlance (.*)\n```$").FindAllStringSubmatch(string(text), -1)
	if len(commands) == 0 {
		t.Fatal("the README starts nothing that stays")
	}
	for _, command := range commands {
		ctx, interrupt := context.WithCancel(t.Context())
		stdout, out := io.Pipe()
		done := make(chan int, 1)
		go func() {
			args := append(words(command[1]), "--listen", "127.0.0.1:0") // not the port that somebody has
			done <- run(ctx, args, func(string) string { return "" }, strings.NewReader(""), out, io.Discard)
			out.Close()
		}()
		if _, err := stdout.Read(make([]byte, 100)); err != nil {
			t.Errorf("%s: says nothing", command[1])
		}
		go io.Copy(io.Discard, stdout)
		interrupt()
		if exit := <-done; exit != exitClean {
			t.Errorf("%s: exit %d", command[1], exit)
		}
	}
}
