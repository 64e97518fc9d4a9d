package gateway_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/gateway"
)

// The upstream sends on only when the caller has read what came before, so that a gateway
// which holds anything back never ends.
func TestAStreamOfJSONReachesTheCallerAsItComes(t *testing.T) {
	t.Parallel()
	const event = `{"type":"ADDED","object":{"kind":"Pod"}}` + "\n"
	for _, tt := range []struct{ name, speaks, replies, media, path, first, second string }{
		{"a watch", "kubernetes", "problem", "application/json", "/api/v1/pods", event, event},
		{"a list", "vms", "problem", "application/json", "/cameras", "[1,\n", "2]\n"},
		{"a log", "kubernetes", "problem", "text/plain", "/api/v1/namespaces/a/pods/b/log", "I1201 started\n", "ready\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			read := make(chan struct{})
			u := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", tt.media)
				io.WriteString(w, tt.first)
				w.(http.Flusher).Flush()
				<-read
				io.WriteString(w, tt.second)
			})
			addr, _ := before(t, u.URL, tt.speaks, tt.replies, func(c *gateway.Config) { c.MaxHold = time.Hour })
			resp, err := caller.Get(addr + tt.path)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b := bufio.NewReader(resp.Body)
			if line, err := b.ReadString('\n'); line != tt.first || resp.StatusCode != 200 {
				t.Fatalf("%d, read %q, %v", resp.StatusCode, line, err)
			}
			close(read)
			if rest, err := io.ReadAll(b); string(rest) != tt.second || err != nil {
				t.Errorf("then read %q, %v", rest, err)
			}
		})
	}
}

// A stream that has begun is no timeout, however long it takes. Its log says that it was
// not translated, and its true outcome at its end.
func TestAnEnvelopeThatDoesNotComeInTimePassesUntranslated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const body = `{"ok":false,"error":"fatal_error"}`
		transport := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for i := range len(body) {
				io.WriteString(w, body[i:i+1])
				w.(http.Flusher).Flush()
				time.Sleep(time.Minute)
			}
		})
		g, log := build(t, "http://upstream.test", "slack", "problem", func(c *gateway.Config) { c.Transport = transport })
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequest("GET", "http://gateway.test/api/x", nil))
		if w.Code != 200 || w.Body.String() != body {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		for _, want := range []string{"nothing settled its meaning in time", "has ended", "kind=internal", "code=fatal_error", "attempts=1"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, log)
			}
		}
	})
}

func TestTheLogWarnsOfTheFirstLongResponseOnly(t *testing.T) {
	t.Parallel()
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", jsonType)
		io.WriteString(w, `{"data":"`+strings.Repeat("x", 3000)+`","error":null,"debug":{}}`)
	})
	addr, log := before(t, u.URL, "vbapi", "plain", func(c *gateway.Config) { c.MaxBody = 1000 })
	for range 3 {
		get(t, "GET", addr, "")
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 {
		t.Errorf("it warned %d times:\n%s", n, log)
	}
}
