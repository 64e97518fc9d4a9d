//go:build unix

package gateway_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/parlance-api/parlance/gateway"
)

// childUpstream is set in a process that runs a gateway before that upstream, with few files.
const childUpstream = "PARLANCE_TEST_UPSTREAM"

func TestIdleConnectionsLeaveRoomUnderALimitOfFiles(t *testing.T) {
	t.Parallel()
	if u := os.Getenv(childUpstream); u != "" {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 300, Max: 300}); err != nil {
			t.Fatal(err)
		}
		addr, _, _ := served(t, u, "plain", "problem", func(*gateway.Config) {})
		os.Stderr.WriteString(addr + "\n")
		io.Copy(io.Discard, os.Stdin) // until the other process ends this one
		return
	}
	u := serve(t, says(200, "text/plain", "ok"))
	child := exec.Command(os.Args[0], "-test.run=^TestIdleConnectionsLeaveRoomUnderALimitOfFiles$")
	child.Env = append(os.Environ(), childUpstream+"="+u.URL)
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	defer in.Close()
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	addr = strings.TrimSpace(addr)
	for i := range 289 {
		c, err := net.Dial("tcp", strings.TrimPrefix(addr, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if i%2 == 0 {
			ask(t, c, bufio.NewReader(c))
		}
	}
	for range 50 { // each on a connection of its own
		transport := &http.Transport{DisableKeepAlives: true}
		resp, err := (&http.Client{Transport: transport}).Get(addr)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != 200 {
			t.Fatalf("%d", resp.StatusCode)
		}
	}
}
