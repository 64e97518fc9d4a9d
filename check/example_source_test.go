package check_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/dialect"
)

// A recording of a browser is read one entry at a time. Here it is cut off.
func ExampleHAR() {
	vms, err := catalog.Open("vms")
	if err != nil {
		fmt.Println(err)
		return
	}
	recorded := `{"log": {"entries": [
		{"request": {"method": "GET", "url": "https://vms.example/cameras"}, "response": {"status": 302}},
		{"request": {"method": "GET", "url": "https://vms.example/came`
	c := check.New(vms)
	for x, err := range check.HAR(strings.NewReader(recorded), "monday.har") {
		if err != nil {
			fmt.Println(err)
			continue
		}
		for _, f := range c.Check(x) {
			fmt.Println(f.Rule, f.At)
		}
	}
	// Output:
	// unlisted_status https://vms.example/cameras
	// monday.har is cut off at byte 187; 1 entries before that were read
}

// A live API gets requests, and wrong ones too if that is allowed.
func ExampleLive() {
	vms, err := catalog.Open("vms")
	if err != nil {
		fmt.Println(err)
		return
	}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/not-a-number") {
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, `{"message":"","errors":{"error":["no such column: not"]}}`)
			return
		}
		fmt.Fprint(w, `{"id":7}`)
	}))
	defer api.Close()
	base, err := url.Parse(api.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	live := check.Live{Checker: check.New(vms), Base: base, Rate: 1000, Provoke: true}
	probes := []check.Probe{{Method: "GET", Target: "/cameras/7"}, {Method: "DELETE", Target: "/cameras/7"}}
	asked, err := live.Run(context.Background(), slices.Values(probes), func(x check.Exchange, found []check.Finding) {
		for _, f := range found {
			fmt.Println(f.Rule, f.Method, f.Path)
		}
	})
	fmt.Println("skipped:", asked.Skipped, err)
	// Output:
	// tells_inside GET /cameras/not-a-number
	// skipped: 1 <nil>
}

// A proxy checks what passes between a client and an API.
func ExampleProxy() {
	vms, err := catalog.Open("vms")
	if err != nil {
		fmt.Println(err)
		return
	}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusFound)
	}))
	defer api.Close()
	upstream, err := url.Parse(api.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	var seen sync.WaitGroup
	seen.Add(1)
	proxy := httptest.NewServer(check.Proxy(check.New(vms), upstream, nil, func(_ check.Exchange, found []check.Finding) {
		for _, f := range found {
			fmt.Println(f.Rule, f.Path)
		}
		seen.Done()
	}))
	defer proxy.Close()
	res, err := http.DefaultTransport.RoundTrip(httptest.NewRequest(http.MethodGet, proxy.URL+"/cameras", nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	res.Body.Close()
	seen.Wait()
	// Output:
	// unlisted_status /cameras
}

// A Summary counts equal findings as one. A Baseline makes them known.
func ExampleSummary() {
	vms, err := catalog.Open("vms")
	if err != nil {
		fmt.Println(err)
		return
	}
	c := check.New(vms)
	var all check.Summary
	for _, path := range []string{"/cameras/7", "/cameras/8"} {
		for _, f := range c.Check(check.Exchange{Request: dialect.Request{Path: path}, Response: dialect.Response{Status: 302}}) {
			fmt.Println("new:", all.Add(f))
		}
	}
	for _, f := range all.Findings() {
		fmt.Println(f.Rule, f.Count)
	}
	if err := check.NewBaseline(all.Findings()).Write(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// new: true
	// new: false
	// unlisted_status 2
	// {"rule":"unlisted_status","method":"GET","path":"/cameras/*","status":302,"place":"status","message":"the page does not list status #"}
}
