package demo_test

import (
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/examples/demo"
)

// Not parallel, for it counts goroutines: those of the tests that are wait.
func TestEveryPromiseIsKeptTwiceAndNothingStaysBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	d := startBelow(t)
	defer d.Close()
	for range 2 { // the first run leaves all as it was
		rows := 0
		for row := range d.Run(t.Context()) {
			rows++
			if !row.Promised() {
				t.Errorf("%s, %s: %s", row.System, row.Cause, strings.Join(row.Differs, "; "))
			}
		}
		if rows < 30 {
			t.Errorf("%d rows", rows)
		}
	}
	places := d.Places()
	d.Close()
	for _, p := range places {
		for _, url := range []string{p.Service, p.Gateway} {
			if c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err == nil {
				c.Close()
				t.Errorf("%s of %s listens after Close", url, p.System)
			}
		}
	}
	// A transport's two goroutines end by themselves when their connection closes.
	for late := time.Now().Add(5 * time.Minute); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(late) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// startBelow starts a demo at ports that no system gives out by itself, so that nobody
// else comes to listen there after it.
func startBelow(t *testing.T) *demo.Demo {
	t.Helper()
	var err error
	for range 100 {
		var d *demo.Demo
		if d, err = demo.Start(demo.Config{Port: 10_000 + rand.IntN(20_000)}); err == nil {
			return d
		}
	}
	t.Fatal(err)
	return nil
}

func TestAServiceThatRespondsOtherwiseIsNoticed(t *testing.T) {
	t.Parallel()
	teapot := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	instead := map[string]http.Handler{}
	for _, system := range []string{"vision", "omilia", "plain", "vbapi", "vms"} {
		instead[system] = teapot
	}
	d, err := demo.Start(demo.Config{Instead: instead})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for row := range d.Run(t.Context()) {
		there := len(row.Said) > 0 && row.Said[len(row.Said)-1] == "418" || row.Outcome.Kind == 0
		if there && row.Promised() {
			t.Errorf("%s, %s: as promised, from a teapot", row.System, row.Cause)
		}
	}
}

func TestFixedPortsAreTakenOneAfterTheOther(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	if d, err := demo.Start(demo.Config{Port: port}); err == nil {
		d.Close()
		t.Error("a port that is in use was taken")
	}
}

func TestCurlQuotesWhatAShellWouldRead(t *testing.T) {
	t.Parallel()
	for want, try := range map[string]demo.Try{
		"curl -i http://h/a":                                        {URL: "http://h", Ask: demo.Ask{Method: "GET", Path: "/a"}},
		"curl -i 'http://h/a?b=c&d'":                                {URL: "http://h", Ask: demo.Ask{Method: "GET", Path: "/a?b=c&d"}},
		"curl -i http://h/a -X POST":                                {URL: "http://h", Ask: demo.Ask{Method: "POST", Path: "/a"}},
		"curl -i http://h/a \\\n  -H 'A: b' \\\n  -d x":             {URL: "http://h", Ask: demo.Ask{Method: "POST", Path: "/a", Header: []string{"A: b"}, Body: "x"}},
		"curl -i http://h/a -X PUT \\\n  -d 'it'\\''s $x'":          {URL: "http://h", Ask: demo.Ask{Method: "PUT", Path: "/a", Body: "it's $x"}},
		"curl -i http://h/a \\\n  -u joe:demo":                      {URL: "http://h", Ask: demo.Ask{Method: "GET", Path: "/a", Header: []string{"Authorization: Basic am9lOmRlbW8="}}},
		"printf %5000s | curl -i http://h/a \\\n  --data-binary @-": {URL: "http://h", Ask: demo.Ask{Method: "POST", Path: "/a", Body: strings.Repeat(" ", 5000)}},
	} {
		if got := try.Curl(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}
