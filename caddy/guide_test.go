package caddyparlance_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestTheExamplesOfTheGuideRun loads each Caddyfile of docs/gateway.md and sends it a request
// that the upstream refuses.
func TestTheExamplesOfTheGuideRun(t *testing.T) {
	t.Setenv("VMS_KEY", "k")
	text, err := os.ReadFile("../docs/gateway.md")
	if err != nil {
		t.Fatal(err)
	}
	u := serve(t, says(http.StatusNotFound, jsonType, `{"message":"no such thing"}`))
	fences := regexp.MustCompile("(?s)```caddyfile\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(fences) != 5 {
		t.Errorf("got %d examples", len(fences))
	}
	for _, fence := range fences {
		fence[1] = strings.Replace(fence[1], "/var/lib/parlance", t.TempDir(), 1)
		file := regexp.MustCompile(`https://[a-z.]+`).ReplaceAllString(fence[1], u.URL)
		s := load(t, strings.ReplaceAll(file, "gateway.example.com", "ADDRESS"))
		resp, body := s.ask("GET", "/cameras/7", "")
		kind := "application/problem+json"
		if strings.Contains(file, "parlance vbapi") {
			kind = jsonType
		}
		if resp.StatusCode != http.StatusNotFound || resp.Header.Get("Content-Type") != kind {
			t.Errorf("%s\ngot %d %v %s", file, resp.StatusCode, resp.Header, body)
		}
	}
}
