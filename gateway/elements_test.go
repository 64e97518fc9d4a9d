package gateway_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/internal/stream"
	"github.com/parlance-api/parlance/server"
)

// chats are dialects of the catalog with a stream at /chat.
var chats = map[string]string{
	"openai": `
      - {text: "[DONE]", as: end}
      - {is: failed, json: {error!: {message!: $detail, type: $family, param: $any = null, code: $code}}}`,
	"anthropic": `
      - {event: message_start, as: preamble}
      - {event: message_stop, as: end}
      - {event: error, is: failed, json: {type: error, error!: {type: $code, message!: $detail}}}`,
}

// quick are the codes of the tests, with a retry that does not wait.
var quick = map[string]string{
	"openai":    "  server_is_overloaded: {kind: unavailable/overloaded, family: service_unavailable_error, status: 503, retry: {backoff: 1ms..2ms}}\n",
	"anthropic": "  overloaded_error: {kind: unavailable/overloaded, status: 529, retry: {backoff: 1ms..2ms}}\n",
}

// chat is a dialect of the catalog that has the stream if there is one for it.
func chat(t *testing.T, name string) *dialect.Dialect {
	t.Helper()
	elements, ok := chats[name]
	if !ok {
		return open(t, name)
	}
	source := "dialect: " + name + "-chat\nextends: " + name + "\ncodes:\n" + quick[name] + "shapes:\n  - name: gateway chat\n    path: /chat\n    stream: sse\n    elements:" + elements + "\n"
	d, err := dialect.Compile("chat.yaml", []byte(source), catalog.Find(""))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// flushed responds with one piece after the other.
func flushed(media string, pieces ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		for _, piece := range pieces {
			if piece == "!" {
				panic(http.ErrAbortHandler)
			}
			io.WriteString(w, piece)
			w.(http.Flusher).Flush()
		}
	}
}

const (
	eventStream = "text/event-stream"

	oContent = "data: {\"choices\": [{\"delta\": {\"content\": \"a\"}}]}\n\n"
	oBusy    = "data: {\"error\": {\"message\": \"Busy\", \"type\": \"service_unavailable_error\", \"param\": null, \"code\": \"server_is_overloaded\"}}\n\n"
	oDone    = "data: [DONE]\n\n"

	aStart   = "event: message_start\ndata: {\"type\": \"message_start\"}\n\n"
	aContent = "event: content_block_delta\r\ndata: {\"type\": \"content_block_delta\", \"delta\": {\"text\": \"a\"}}\r\n\r\n"
	aBusy    = "event: error\ndata: {\"type\": \"error\", \"error\": {\"type\": \"overloaded_error\", \"message\": \"Overloaded\"}}\n\n"
)

func TestAFailureInAStreamIsTranslatedAndTheContentPasses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, speaks, replies string
		pieces                []string
		passes                string // at the beginning, byte for byte
		then                  string // in what follows
		log                   []string
	}{
		{"openai to anthropic", "openai", "anthropic", []string{oContent, ": beat\n\n", oContent, oBusy}, oContent + ": beat\n\n" + oContent, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Busy\"", []string{"stream=true", "content=2", "kind=unavailable", "code=server_is_overloaded"}},
		{"anthropic to openai", "anthropic", "openai", []string{aStart + aContent, aBusy}, aStart + aContent, "data: {\"error\":{\"message\":\"Overloaded\"", []string{"stream=true", "kind=unavailable", "code=overloaded_error"}},
		{"a failure whose text was not written for callers", "anthropic", "openai", []string{aStart + aContent, "event: error\ndata: 10.0.0.7 is down\n\n"}, aStart + aContent, "data: {\"error\":{\"message\":\"The stream failed\",", []string{"stream=true", "kind=failed"}},
		{"a failure in another form", "anthropic", "openai", []string{aStart + aContent, "event: error\ndata: {\"message\": \"Busy\\n10.0.0.7 is down\"}\n\n"}, aStart + aContent, "data: {\"error\":{\"message\":\"Busy\",", []string{"kind=failed"}},
		{"in one piece", "anthropic", "openai", []string{aStart + aContent + aBusy}, aStart + aContent, "data: {\"error\":{\"message\":\"Overloaded\"", []string{"stream=true", "content=1", "code=overloaded_error"}},
		{"byte by byte", "anthropic", "openai", strings.Split(aStart+aContent+strings.ReplaceAll(aBusy, "\n", "\r\n"), ""), aStart + aContent, "data: {\"error\":{\"message\":\"Overloaded\"", []string{"content=1", "code=overloaded_error"}},
		{"line ends of two bytes", "anthropic", "openai", []string{aStart + aContent, strings.ReplaceAll(aBusy, "\n", "\r\n")}, aStart + aContent + "data: {\"error\"", "Overloaded", nil},
		{"content behind the failure", "openai", "anthropic", []string{oContent, oBusy, oContent, oDone}, oContent, oContent + oDone, []string{"code=server_is_overloaded"}},
		{"an element longer than any that is held", "openai", "anthropic", []string{"data: {\"choices\": \"" + strings.Repeat("x", 100<<10) + "\"}\n\n", oDone}, "data: {\"choices\": \"" + strings.Repeat("x", 100<<10) + "\"}\n\n" + oDone, "", nil},
		{"to a dialect without the stream", "openai", "problem", []string{oContent, oBusy}, oContent + oBusy, "", []string{"stream=true", "translated=false", "content=1", "kind=unavailable", "code=server_is_overloaded"}},
		{"a stream that is cut off", "openai", "anthropic", []string{oContent}, oContent, "", []string{"stream=true", "kind=unavailable", "reason=cut_off"}},
		{"a stream that went well", "openai", "anthropic", []string{oContent, oDone}, oContent + oDone, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := serve(t, flushed(eventStream, tt.pieces...))
			addr, log := before(t, u.URL, tt.speaks, tt.replies, func(c *gateway.Config) {
				c.Speaks, c.To = chat(t, tt.speaks), chat(t, tt.replies)
			})
			resp, err := caller.Get(addr + "/chat")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			rest, passed := strings.CutPrefix(string(body), tt.passes)
			if err != nil || resp.StatusCode != 200 || !passed || !strings.Contains(rest, tt.then) || tt.then == "" && rest != "" {
				t.Errorf("got %d %q, %v; want %q and then %q", resp.StatusCode, body, err, tt.passes, tt.then)
			}
			if n := u.count(); n != 1 {
				t.Errorf("the upstream saw %d requests, want 1", n)
			}
			for _, want := range tt.log {
				if !strings.Contains(log.String(), want) {
					t.Errorf("the log lacks %q:\n%s", want, log)
				}
			}
		})
	}
}

func TestAStreamThatBreaksAfterContentBreaksForTheCaller(t *testing.T) {
	t.Parallel()
	u := serve(t, flushed(eventStream, oContent, "!"))
	addr, _ := before(t, u.URL, "openai", "anthropic", func(c *gateway.Config) { c.Speaks, c.To = chat(t, "openai"), chat(t, "anthropic") })
	resp, err := caller.Get(addr + "/chat")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); string(body) != oContent || err == nil {
		t.Errorf("read %q, %v; want %q and an error", body, err, oContent)
	}
}

// A failure before any content has a status, and is retried if that is safe.
func TestAFailureBeforeTheContentOfAStreamIsAFailureOfTheCaller(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, speaks, replies, method string
		pieces                        []string
		status, served                int
		body                          string
	}{
		{"to problem", "openai", "problem", "POST", []string{oBusy}, 503, 1, `"detail":"Busy"`},
		{"to anthropic", "openai", "anthropic", "POST", []string{oBusy}, 529, 1, `"type":"server_is_overloaded"`},
		{"to openai, after a preamble", "anthropic", "openai", "POST", []string{aStart, aBusy}, 503, 1, `"message":"Overloaded"`},
		{"safe to retry", "anthropic", "problem", "GET", []string{aStart, aBusy}, 503, 3, `"detail":"Overloaded"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := serve(t, flushed(eventStream, tt.pieces...))
			addr, log := before(t, u.URL, tt.speaks, tt.replies, func(c *gateway.Config) {
				c.Speaks, c.To, c.MaxWait = chat(t, tt.speaks), chat(t, tt.replies), time.Minute
				c.Client = append(c.Client, client.WithMaxAttempts(3))
			})
			req, err := http.NewRequest(tt.method, addr+"/chat", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := caller.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != tt.status || !strings.Contains(string(body), tt.body) || strings.Contains(resp.Header.Get("Content-Type"), "event") {
				t.Errorf("got %d %s %q, %v; want %d %s", resp.StatusCode, resp.Header, body, err, tt.status, tt.body)
			}
			if n := u.count(); n != tt.served {
				t.Errorf("the upstream saw %d requests, want %d\n%s", n, tt.served, log)
			}
		})
	}
}

// forms is a dialect with a stream of each form, whose code has a name of its own.
func forms(t *testing.T, code string) *dialect.Dialect {
	t.Helper()
	source := "dialect: " + code + "\ncodes:\n  200: success\n  4xx: invalid\n  5xx: internal\n  " + code + ": {kind: unavailable, status: 529, retry: {backoff: 1ms..2ms}}\nshapes:\n" +
		"  - {name: error, status: 4xx 5xx, json: {" + code + "!: {code?: $code, message: $detail}}}\n"
	for _, form := range stream.Names() {
		source += "  - {name: " + form + ", path: /" + form + ", stream: " + form + ", elements: [{is: failed, json: {" + code + "!: {code!: $code, message!: $detail}}}]}\n"
	}
	d, err := dialect.Compile("forms.yaml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Each form is written by a server, passes a gateway, and is read by a client.
func TestAFailureIsTranslatedInPlaceInEachForm(t *testing.T) {
	t.Parallel()
	busy := parlance.NewError(parlance.KindUnavailable, "Busy")
	busy.Outcome.Code = "full"
	for _, name := range stream.Names() {
		for _, tt := range []struct {
			name, method    string
			content, served int
			err             error
		}{
			{"failing first", "POST", 0, 1, busy},
			{"failing first, safe to retry", "GET", 0, 3, busy},
			{"failing halfway", "POST", 2, 1, busy},
			{"failing at the end", "POST", 40, 1, busy},
			{"cut off", "GET", 2, 1, http.ErrAbortHandler},
			{"whole", "GET", 2, 1, nil},
		} {
			for _, zipped := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %s, in gzip %v", name, tt.name, zipped), func(t *testing.T) {
					t.Parallel()
					s := server.New(forms(t, "full"), server.WithLogger(slog.New(slog.DiscardHandler)))
					h := s.Wrap(s.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
						return server.Stream(func(_ context.Context, w *server.StreamWriter) error {
							for i := range tt.content {
								if err := w.Send(server.Element{Data: map[string]int{"n": i}}); err != nil {
									return err
								}
							}
							if tt.err == http.ErrAbortHandler {
								panic(tt.err)
							}
							return tt.err
						}), nil
					}))
					u := serve(t, func(w http.ResponseWriter, r *http.Request) {
						if zipped && tt.content > 0 {
							zw := gzip.NewWriter(w)
							defer zw.Close()
							w.Header().Set("Content-Encoding", "gzip")
							h.ServeHTTP(zippedWriter{w, zw}, r)
							return
						}
						h.ServeHTTP(w, r)
					})
					addr, log := before(t, u.URL, "http", "problem", func(c *gateway.Config) {
						c.Speaks, c.To, c.MaxWait = forms(t, "full"), forms(t, "busy"), time.Minute
						c.Client = append(c.Client, client.WithMaxAttempts(3))
					})
					req, err := http.NewRequest(tt.method, addr+"/"+name, nil)
					if err != nil {
						t.Fatal(err)
					}
					resp, err := (&http.Client{Transport: client.New(forms(t, "busy"), client.WithMaxAttempts(1))}).Do(req)
					if err != nil {
						t.Fatal(err)
					}
					body, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					r, _ := client.ReportOf(resp)
					if tt.err == http.ErrAbortHandler {
						if err == nil || r.Outcome.Kind != parlance.KindUnavailable || r.Stream == nil || r.Stream.Content != tt.content || !r.Stream.Cut || u.count() != 1 {
							t.Errorf("got %q, %v, which is %+v after %+v, and %d requests; want a cut stream", body, err, r.Outcome, r.Stream, u.count())
						}
						return
					}
					failed := strings.Contains(string(body), `{"busy":{`) && r.Outcome.Kind == parlance.KindUnavailable && r.Outcome.Detail == "Busy"
					if err != nil || failed != (tt.err != nil) || strings.Contains(string(body), "full\":{") || tt.err == nil && r.Outcome.Kind != parlance.KindSuccess {
						t.Errorf("got %d %q, %v, which is %+v", resp.StatusCode, body, err, r.Outcome)
					}
					if tt.content > 0 && (resp.StatusCode != 200 || r.Stream == nil || r.Stream.Content != tt.content) {
						t.Errorf("got %d with %+v, want %d elements of content\n%q", resp.StatusCode, r.Stream, tt.content, body)
					}
					if n := u.count(); n != tt.served {
						t.Errorf("the upstream saw %d requests, want %d\n%s", n, tt.served, log)
					}
				})
			}
		}
	}
}

// zippedWriter sends what is written in gzip.
type zippedWriter struct {
	http.ResponseWriter
	zw *gzip.Writer
}

func (w zippedWriter) Write(p []byte) (int, error) { return w.zw.Write(p) }

func (w zippedWriter) Flush() {
	w.zw.Flush()
	w.ResponseWriter.(http.Flusher).Flush()
}
