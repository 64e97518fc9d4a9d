package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestGatewayTranslatesUntilItIsInterrupted(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"message": "No such camera", "errors": {}}`)
	}))
	defer upstream.Close()

	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	stdout, out := io.Pipe()
	done := make(chan int)
	go func() {
		done <- run(ctx, []string{"gateway", "--upstream", upstream.URL, "--speaks", "vms", "--listen", "127.0.0.1:0"},
			func(string) string { return "" }, strings.NewReader(""), out, io.Discard)
		out.Close()
	}()

	banner, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address, rest, _ := strings.Cut(banner, " ")
	if want := "answers as problem before " + upstream.URL + ", which speaks vms\n"; rest != want {
		t.Errorf("got %q, want %q", rest, want)
	}
	res, err := http.Get(address + "/cameras/7")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 404 || res.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(string(body), `"detail":"No such camera"`) {
		t.Errorf("%d %v\n%s\n%v", res.StatusCode, res.Header, body, err)
	}
	interrupt()
	if exit := <-done; exit != exitClean {
		t.Errorf("exit %d", exit)
	}
}

func TestGatewayRefusesWhatItCannotStandBefore(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, args, want string }{
		{"no upstream", "gateway --speaks vms", "parlance: no upstream is named\nhint: for example: --upstream http://localhost:9000\n"},
		{"an upstream without a scheme", "gateway --speaks vms --upstream localhost:9000", "hint: did you mean --upstream http://localhost:9000?\n"},
		{"an upstream of another protocol", "gateway --speaks vms --upstream ftp://localhost", "parlance: \"ftp://localhost\" is no http or https URL\n"},
		{"no dialect", "gateway --upstream http://localhost:9000", "parlance: --speaks: no dialect is named\nhint: "},
		{"a dialect that does not exist", "gateway --upstream http://localhost:9000 --speaks vms --answers problme", "parlance: --answers: no dialect is called \"problme\"\nhint: did you mean \"problem\"? "},
		{"an address that is none", "gateway --upstream http://localhost:9000 --speaks vms --listen nowhere", "hint: --listen 127.0.0.1:0 takes a free port\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, exit := invoke(t, "", strings.Fields(test.args)...)
			if exit != exitUsage || stdout != "" || !strings.Contains(stderr, test.want) {
				t.Errorf("exit %d, stdout %q, stderr\n%s\nwant\n%s", exit, stdout, stderr, test.want)
			}
		})
	}
}
