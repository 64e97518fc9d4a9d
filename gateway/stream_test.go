package gateway_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/gateway"
)

func TestABodyThatIsLateReachesTheCallerAsItComesAlthoughItHasALength(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"vms", "vbapi"} {
		u := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, "{")
			http.NewResponseController(w).Flush()
			<-r.Context().Done() // the caller has what came
		})
		g, log := build(t, u.URL, to, "problem", func(c *gateway.Config) { c.MaxHold = 1 })
		srv := httptest.NewServer(g)
		resp, err := http.Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		if b := make([]byte, 1); resp.StatusCode != http.StatusOK || resp.ContentLength != 1000 {
			t.Errorf("%s: %d, of %d bytes", to, resp.StatusCode, resp.ContentLength)
		} else if _, err := io.ReadFull(resp.Body, b); err != nil || b[0] != '{' {
			t.Errorf("%s: %q, %v", to, b, err)
		}
		resp.Body.Close()
		srv.Close()
		if text := log.String(); strings.Contains(text, "level=WARN") || !strings.Contains(text, "reason=canceled") {
			t.Errorf("%s: a caller who ended it is a warning, or has no reason: %s", to, text)
		}
	}
}

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

// The callers' dialect has an envelope, which a stream without an end cannot stand in.
func TestAStreamOfJSONIsNotHeldForAnEnvelope(t *testing.T) {
	t.Parallel()
	const event = `{"type":"ADDED","object":{"kind":"Pod"}}` + "\n"
	for _, tt := range []struct {
		name, first, second string
		hold                time.Duration
		because             string
	}{
		{"a second value has begun", event + "{", `"type":"DELETED"}` + "\n", time.Hour, "it is declared as JSON but is not JSON"},
		{"the time to wait has passed", event, event, time.Millisecond, "its end did not come in time"},
		{"it is no JSON", "I1201 started\n", "ready\n", time.Hour, "it is declared as JSON but is not JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			read := make(chan struct{})
			u := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				io.WriteString(w, tt.first)
				w.(http.Flusher).Flush()
				<-read
				io.WriteString(w, tt.second)
			})
			addr, log := before(t, u.URL, "http", "vbapi", func(c *gateway.Config) { c.MaxHold = tt.hold })
			resp, err := caller.Get(addr + "/api/v1/pods")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			got := make([]byte, len(tt.first))
			if _, err := io.ReadFull(resp.Body, got); string(got) != tt.first || err != nil || resp.StatusCode != 200 {
				t.Fatalf("%d, read %q, %v; want %q", resp.StatusCode, got, err, tt.first)
			}
			close(read)
			if rest, err := io.ReadAll(resp.Body); string(rest) != tt.second || err != nil {
				t.Errorf("then read %q, %v; want %q", rest, err, tt.second)
			}
			if want := "passed through untranslated"; !strings.Contains(log.String(), want) || !strings.Contains(log.String(), tt.because) {
				t.Errorf("the log lacks %q or %q:\n%s", want, tt.because, log)
			}
		})
	}
}

// Its length says that it is a document, which may take its time.
func TestADocumentThatComesSlowlyGetsItsEnvelope(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const body = `{"id":7}`
		transport := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "8")
			for i := range len(body) {
				time.Sleep(time.Second)
				io.WriteString(w, body[i:i+1])
				w.(http.Flusher).Flush()
			}
		})
		g, _ := build(t, "http://upstream.test", "http", "vbapi", func(c *gateway.Config) { c.Transport = transport })
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequest("GET", "http://gateway.test/api/x", nil))
		if got := w.Body.String(); w.Code != 200 || !strings.Contains(got, `"data":`+body) {
			t.Errorf("%d %s, want an envelope around %s", w.Code, got, body)
		}
	})
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

func TestAStreamInADialectWithAnEnvelopeIsNotSaidToBeLong(t *testing.T) {
	t.Parallel()
	u := serve(t, flushed("application/json", "{\"n\":0}\n", "{\"n\":1}\n"))
	addr, log := before(t, u.URL, "vbapi", "plain")
	if _, body := get(t, "GET", addr, ""); body != "{\"n\":0}\n{\"n\":1}\n" {
		t.Errorf("the caller got %q", body)
	}
	if text := log.String(); strings.Contains(text, "longer than") || strings.Contains(text, "level=WARN") {
		t.Errorf("the log says: %s", text)
	}
}

// advised is a dialect whose elements say whether to retry. Its code has a name of its own.
func advised(t *testing.T, code string) *dialect.Dialect {
	t.Helper()
	d, err := dialect.Compile("advised.yaml", []byte("dialect: "+code+"\ncodes: {200: success, 4xx: invalid, 5xx: internal, "+code+": {kind: unavailable, status: 529, retry: {backoff: 1ms..2ms}}}\nshapes:\n"+
		"  - {name: lines, path: /lines, stream: ndjson, elements: [{is: failed, json: {"+code+"!: {code!: $code, message!: $detail, retry?: '$retryable:bool'}}}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A POST may have been carried out, since a part of its result has come.
func TestAFailureBehindContentAdvisesAgainstARetryThatCouldBeDoneTwice(t *testing.T) {
	t.Parallel()
	u := serve(t, flushed("application/x-ndjson", "{\"a\":1}\n", `{"full":{"code":"full","message":"Busy"}}`+"\n"))
	addr, _ := before(t, u.URL, "http", "problem", func(c *gateway.Config) { c.Speaks, c.To = advised(t, "full"), advised(t, "busy") })
	for method, want := range map[string]string{"POST": `,"retry":false`, "GET": ""} {
		resp, body := get(t, method, addr+"/lines", "")
		if want = "{\"a\":1}\n" + `{"busy":{"code":"busy","message":"Busy"` + want + "}}\n"; body != want || resp.StatusCode != 200 {
			t.Errorf("%s: got %d %s, want %s", method, resp.StatusCode, body, want)
		}
	}
}

// The record has the outcome of a stream, and whether its failure was translated.
func TestTheRecordOfAStreamSaysWhetherItPassedUntranslated(t *testing.T) {
	t.Parallel()
	u := serve(t, flushed("application/x-ndjson", "{\"a\":1}\n", `{"full":{"code":"full","message":"Busy"}}`+"\n"))
	for replies, untranslated := range map[string]bool{"busy": false, "problem": true} {
		recorder, find := kept(t)
		addr, log := before(t, u.URL, "http", "problem", func(c *gateway.Config) {
			c.Speaks, c.Recorder = advised(t, "full"), recorder
			if replies == "busy" {
				c.To = advised(t, "busy")
			}
		})
		resp, _ := get(t, "POST", addr+"/lines", "")
		r := find(resp.Header.Get("X-Request-Id"))
		said := false
		for _, l := range r.Lines {
			said = said || slices.Contains(l.Attrs, "translated=false")
		}
		if r.Status != 200 || r.Outcome.Kind != parlance.KindUnavailable || r.Outcome.Code != "full" || said != untranslated || strings.Contains(log.String(), "translated=false") != untranslated {
			t.Errorf("to %s: got %d %+v, untranslated %v\n%s", replies, r.Status, r.Outcome, said, log)
		}
	}
}
