package demo_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/examples/demo"
)

// watched checks what the service of a system sends, and not what its gateway does.
type watched struct {
	http.RoundTripper
	system string
	seen   *seen
}

// seen are the addresses of the services, and how many responses of each were checked.
type seen struct {
	mu      sync.Mutex
	hosts   map[string]string // the system of each
	checked map[string]int
}

func (w *watched) service(r *http.Request) bool {
	w.seen.mu.Lock()
	defer w.seen.mu.Unlock()
	if w.seen.hosts[r.URL.Host] != w.system {
		return false
	}
	w.seen.checked[w.system]++
	return true
}

// either sends the requests to a service by one way, and all others by another.
type either struct {
	watched
	checked http.RoundTripper
}

func (e *either) RoundTrip(r *http.Request) (*http.Response, error) {
	if e.service(r) {
		return e.checked.RoundTrip(r)
	}
	return e.RoundTripper.RoundTrip(r)
}

// TestWhatTheServicesSendKeepsToTheirPages runs all scenarios over sockets, with a check of
// each response: those to the client, and those to the gateway.
func TestWhatTheServicesSendKeepsToTheirPages(t *testing.T) {
	t.Parallel()
	all := &seen{checked: map[string]int{}}
	d, err := demo.Start(demo.Config{Through: func(system string, base http.RoundTripper) http.RoundTripper {
		page := system
		if system == "omilia" {
			page = "../omilia/codes.yaml" // the list of codes to which the page refers
		}
		speaks, err := catalog.Open(page)
		if err != nil {
			t.Error(err)
			return base
		}
		return &either{watched{base, system, all}, check.Transport(t, speaks, base)}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	all.mu.Lock()
	all.hosts = map[string]string{}
	for _, p := range d.Places() {
		all.hosts[strings.TrimPrefix(p.Service, "http://")] = p.System
	}
	all.mu.Unlock()
	for row := range d.Run(t.Context()) {
		if !row.Promised() {
			t.Logf("%s, %s: %s", row.System, row.Cause, strings.Join(row.Differs, "; ")) // another test holds these
		}
	}
	for _, system := range []string{"vision", "omilia", "plain", "vbapi", "vms"} {
		if all.checked[system] < 10 {
			t.Errorf("%s: got %d responses, want 10 at least", system, all.checked[system])
		}
	}
}
