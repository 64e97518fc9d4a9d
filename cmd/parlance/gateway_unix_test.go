//go:build unix

package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"
)

func TestSIGHUPDoesNotKillTheGateway(t *testing.T) {
	upstream := httptest.NewServer(http.NotFoundHandler())
	defer upstream.Close()
	addr, said, interrupt, done := start(t, upstream.URL)
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	res, err := http.Get(addr)
	if err != nil {
		t.Fatal(err, said)
	}
	res.Body.Close()
	interrupt()
	if exit := <-done; exit != exitClean || res.StatusCode != 404 {
		t.Errorf("exit %d, status %d", exit, res.StatusCode)
	}
}
