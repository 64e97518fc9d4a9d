package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/client/breaker"
)

// ends are the results that an observer and a gate are told.
type ends struct {
	mu             sync.Mutex
	observed, left []parlance.Kind
}

func (e *ends) Before(ctx context.Context, _ *http.Request, _ *client.Attempt) context.Context {
	return ctx
}

func (e *ends) After(_ context.Context, _ *http.Request, a *client.Attempt) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.observed = append(e.observed, a.Outcome.Kind)
}

func (e *ends) Enter(*http.Request) (time.Duration, func(*http.Response, *client.Attempt), error) {
	return 0, func(_ *http.Response, a *client.Attempt) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.left = append(e.left, a.Outcome.Kind)
	}, nil
}

// told are the results so far.
func (e *ends) told() (observed, left []parlance.Kind) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.observed, e.left
}

func (e *ends) are(t *testing.T, want ...parlance.Kind) {
	t.Helper()
	if observed, left := e.told(); !slices.Equal(observed, want) || !slices.Equal(left, want) {
		t.Errorf("observers were told %v and gates %v, not %v", observed, left, want)
	}
}

// pieces sends each piece of a body only after the caller has asked for it, and the first
// one at once. The handler ends with the last.
type pieces struct {
	media string
	parts []string
	next  chan struct{}
}

func (p *pieces) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", p.media)
	for i, part := range p.parts {
		if i > 0 {
			select {
			case <-p.next:
			case <-r.Context().Done():
				return
			}
		}
		io.WriteString(w, part)
		w.(http.Flusher).Flush()
	}
}

// TestAStreamIsHandedOnAsSoonAsWhatCameSettlesIt has servers on sockets that send on only
// after the caller has read what came before. The time that a body may be held is so long
// that nothing here waits for it.
func TestAStreamIsHandedOnAsSoonAsWhatCameSettlesIt(t *testing.T) {
	t.Parallel()
	const event = `{"type":"ADDED","object":{"kind":"Pod"}}`
	for _, tt := range []struct {
		name, dialect, path, media string
		parts                      []string // the first settles it
		kind                       parlance.Kind
	}{
		{"the events of a watch", "kubernetes", "/api/v1/pods", "application/json;stream=watch", []string{event + "\n", event + "\n"}, parlance.KindSuccess},
		{"an event without the end of its line", "kubernetes", "/api/v1/pods", "application/json", []string{event, "\n" + event}, parlance.KindSuccess},
		{"a sequence", "kubernetes", "/api/v1/pods", "application/json-seq", []string{"\x1E" + event + "\n", "\x1E" + event + "\n"}, parlance.KindSuccess},
		{"a log that is followed", "kubernetes", "/api/v1/namespaces/a/pods/b/log", "text/plain", []string{"2026-01-01T00:00:00Z started\n", "ready\n"}, parlance.KindNoted},
		{"a list where null alone is looked for", "vms", "/cameras", "application/json", []string{`[{"id":1},`, `{"id":2}]`}, parlance.KindSuccess},
		{"a list of two with the name of a mark", "vms", "/cameras", "application/json", []string{`[{"error":{}}, {`, `}]`}, parlance.KindSuccess},
		{"lines of JSON", "vms", "/cameras", "application/json", []string{`{"id":1}` + "\n", `{"id":2}` + "\n"}, parlance.KindSuccess},
		{"a list that begins behind blanks", "vms", "/cameras", "application/json", []string{"\n\n [1", "]"}, parlance.KindSuccess},
		{"a text where records are due", "vision", "/orders", "text/plain", []string{"order 1\n", "order 2\n"}, parlance.KindSuccess},
		{"two envelopes", "slack", "/api/x", "application/json", []string{`{"ok":true}{`, `"ok":false}`}, parlance.KindNoted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &pieces{tt.media, tt.parts, make(chan struct{})}
			srv := server(t, p.ServeHTTP)
			seen := &ends{}
			c := &http.Client{Transport: client.New(open(t, tt.dialect), client.WithMaxHold(time.Hour), client.WithObserver(seen), client.WithGate(seen))}
			resp := get(t, c, srv.URL+tt.path)
			r := report(t, resp)
			if r.Undecided || r.Whole || r.Cut || r.Enveloped || r.Outcome.Kind != tt.kind {
				t.Errorf("report %+v", r)
			}
			seen.are(t, tt.kind)
			first := make([]byte, len(tt.parts[0]))
			if _, err := io.ReadFull(resp.Body, first); string(first) != tt.parts[0] || err != nil {
				t.Fatalf("read %q, %v", first, err)
			}
			p.next <- struct{}{}
			if rest, err := io.ReadAll(resp.Body); string(rest) != tt.parts[1] || err != nil {
				t.Errorf("then read %q, %v", rest, err)
			}
			seen.are(t, tt.kind)
		})
	}
}

// TestWhatIsHandedOnUndecidedHasItsTrueOutcomeAtItsEnd has servers on sockets that say
// nothing of the meaning before the caller reads.
func TestWhatIsHandedOnUndecidedHasItsTrueOutcomeAtItsEnd(t *testing.T) {
	t.Parallel()
	const expired = `{"type":"ERROR","object":{"kind":"Status","status":"Failure","message":"too old","reason":"Expired","code":410}}` + "\n"
	for _, tt := range []struct {
		name, dialect, path, media string
		parts                      []string // the first settles nothing
		kind                       parlance.Kind
	}{
		{"a watch that is silent at first", "kubernetes", "/api/v1/pods", "application/json", []string{"", `{"type":"ADDED",`, `"object":{}}` + "\n", "{}\n"}, parlance.KindSuccess},
		{"a watch that is silent at first and then fails", "kubernetes", "/api/v1/pods", "application/json", []string{"", expired}, parlance.KindNotFound},
		{"an object in pieces", "vms", "/cameras", "application/json", []string{`{"id":`, `1,"name":"a"`, `}`}, parlance.KindSuccess},
		{"an object with the mark of a failure in its last piece", "vms", "/cameras", "application/json", []string{`{"id":`, `1,"errors":{"a":["b"]}`, `}`}, parlance.KindNoted},
		{"the word null", "vms", "/cameras", "application/json", []string{`nu`, `ll`}, parlance.KindEmpty},
		{"an envelope of a success", "slack", "/api/x", "application/json", []string{`{"o`, `k":true`, `}`}, parlance.KindSuccess},
		{"an envelope of a failure", "slack", "/api/x", "application/json", []string{`{"o`, `k":false,"error":"fatal_error"`, `}`}, parlance.KindInternal},
		{"records in XML of which one failed", "vision", "/orders", "application/xml", []string{`<ORDERS><SO><RES><Code>200</Code></RES></SO>`, `<SO><RES><Code>400</Code></RES></SO>`, `</ORDERS>`}, parlance.KindPartial},
		{"XML that breaks off", "vision", "/orders", "application/xml", []string{`<RES><Code>1`, `10</Co`}, parlance.KindNoted},
		{"a body of known length", "vms", "/cameras", "application/json; length=29", []string{`{"id":`, `1,"errors":{"a":["b"]}`, `}`}, parlance.KindNoted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &pieces{tt.media, tt.parts, make(chan struct{})}
			srv := server(t, func(w http.ResponseWriter, r *http.Request) {
				if _, length, ok := strings.Cut(tt.media, "; length="); ok {
					w.Header().Set("Content-Length", length)
				}
				p.ServeHTTP(w, r)
			})
			seen := &ends{}
			c := &http.Client{Transport: client.New(open(t, tt.dialect), client.WithMaxHold(time.Millisecond), client.WithObserver(seen), client.WithGate(seen))}
			resp := get(t, c, srv.URL+tt.path)
			r := report(t, resp)
			if !r.Undecided || r.Whole || r.Cut || r.Outcome.Kind != 0 || r.Outcome.Status != 200 || r.Decision.Act != parlance.ActInspect {
				t.Errorf("report %+v", r)
			}
			if err := client.Check(resp); err != nil {
				t.Errorf("it is an error before anybody knows: %v", err)
			}
			seen.are(t)
			for range tt.parts[1:] {
				go func() { p.next <- struct{}{} }()
			}
			all, err := io.ReadAll(resp.Body)
			if string(all) != strings.Join(tt.parts, "") || err != nil {
				t.Errorf("read %q, %v", all, err)
			}
			r = report(t, resp)
			if r.Undecided || r.Outcome.Kind != tt.kind || r.Attempts[0].Outcome.Kind != tt.kind {
				t.Errorf("at the end: %+v", r)
			}
			if err := client.Check(resp); (err == nil) != tt.kind.Good() {
				t.Errorf("at the end: %v", err)
			}
			seen.are(t, tt.kind)
		})
	}
}

// TestAResponseIsHeldForTheTimeThatIsSetAndNoLonger has an upstream that sends a byte a
// second for an hour, in virtual time.
func TestAResponseIsHeldForTheTimeThatIsSetAndNoLonger(t *testing.T) {
	t.Parallel()
	envelope := `{"ok":false,"error":"` + strings.Repeat("x", 3577) + `"}` // 3600 bytes
	for _, tt := range []struct {
		name    string
		options []client.Option
		held    time.Duration
	}{
		{"250 ms", nil, 250 * time.Millisecond},
		{"another time", []client.Option{client.WithMaxHold(3 * time.Second)}, 3 * time.Second},
		{"no time", []client.Option{client.WithMaxHold(0)}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, response{do: func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					w.(http.Flusher).Flush()
					for i := range len(envelope) {
						time.Sleep(time.Second)
						io.WriteString(w, envelope[i:i+1])
						w.(http.Flusher).Flush()
					}
				}})
				seen := &ends{}
				start := time.Now()
				resp, err := u.client(t, "slack", append(tt.options, client.WithObserver(seen))...).Do(request(t, "GET", ""))
				if err != nil {
					t.Fatal(err)
				}
				if r := report(t, resp); !r.Undecided || time.Since(start) != tt.held {
					t.Errorf("after %v: %+v", time.Since(start), r)
				}
				if body := read(t, resp); body != envelope {
					t.Errorf("read %d bytes", len(body))
				}
				r := report(t, resp)
				if r.Undecided || r.Outcome.Kind != parlance.KindFailed || r.Attempts[0].Took < time.Hour || !slices.Equal(seen.observed, []parlance.Kind{parlance.KindFailed}) {
					t.Errorf("after %v: %+v", time.Since(start), r)
				}
			})
		})
	}
}

// An envelope that takes less than the time is read as if it had come in one piece, and
// retried.
func TestAnEnvelopeInPiecesThatComesInTimeIsRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{do: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for _, part := range []string{`{"ok"`, `:false,"err`, `or":"ratelimited"}`} {
				io.WriteString(w, part)
				w.(http.Flusher).Flush()
				time.Sleep(70 * time.Millisecond)
			}
		}}, response{status: 200, body: `{"ok":true}`})
		resp, body := call(t, u.client(t, "slack"), request(t, "GET", ""))
		if r := report(t, resp); len(r.Attempts) != 2 || !r.Whole || r.Outcome.Kind != parlance.KindSuccess || body != `{"ok":true}` {
			t.Errorf("read %q, %+v", body, r)
		}
	})
}

func TestAFailureAtTheEndOfAStreamCountsAgainstTheServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{do: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"ok":false,`)
			w.(http.Flusher).Flush()
			time.Sleep(time.Second)
			io.WriteString(w, `"error":"fatal_error"}`)
		}})
		c := u.client(t, "slack", client.WithGate(breaker.New(breaker.Settings{Failures: 3})))
		for range 3 {
			resp, _ := call(t, c, request(t, "POST", "{}"))
			if r := report(t, resp); r.Outcome.Kind != parlance.KindInternal || r.Attempts[0].Again {
				t.Errorf("%+v", r.Attempts)
			}
		}
		if _, err := c.Do(request(t, "POST", "{}")); !errors.Is(err, breaker.ErrOpen) {
			t.Errorf("after three failures: %v", err)
		}
	})
}

// A breaker lets one attempt through when it tries a server again. A stream that says
// nothing for an hour does not keep all others from it.
func TestAStreamWithoutMeaningHoldsNoGateForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{do: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.(http.Flusher).Flush()
			time.Sleep(time.Hour)
			io.WriteString(w, `{"type":"ADDED","object":{}}`)
		}})
		seen := &ends{}
		resp, err := u.client(t, "kubernetes", client.WithGate(seen), client.WithObserver(seen)).Do(request(t, "GET", ""))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if observed, left := seen.told(); !slices.Equal(left, []parlance.Kind{0}) || len(observed) != 0 {
			t.Errorf("after a minute gates were told %v, and observers %v", left, observed)
		}
		read(t, resp)
		if observed, left := seen.told(); !slices.Equal(left, []parlance.Kind{0}) || !slices.Equal(observed, []parlance.Kind{parlance.KindSuccess}) {
			t.Errorf("at the end gates were told %v, and observers %v", left, observed)
		}
	})
}

func TestAStreamThatNobodyReadsToItsEndIsNoPlainSuccess(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, dialect, first string
		end                  func(t *testing.T, resp *http.Response, stop func())
		kind                 parlance.Kind
		cut                  bool
	}{
		{"the caller closes it", "vms", `{"id":1,`, func(t *testing.T, resp *http.Response, _ func()) { resp.Body.Close() }, parlance.KindNoted, true},
		{"it breaks off", "vms", `{"id":1,`, func(t *testing.T, resp *http.Response, stop func()) {
			stop()
			if _, err := io.ReadAll(resp.Body); err == nil {
				t.Error("it ends as if it were whole")
			}
		}, parlance.KindUnavailable, false},
		{"a failure breaks off", "slack", `{"ok":false,"error":"fatal_error",`, func(t *testing.T, resp *http.Response, stop func()) {
			stop()
			io.ReadAll(resp.Body)
		}, parlance.KindInternal, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			stop := make(chan struct{})
			srv := server(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				io.WriteString(w, tt.first)
				w.(http.Flusher).Flush()
				select {
				case <-stop:
					panic(http.ErrAbortHandler)
				case <-r.Context().Done():
				}
			})
			seen := &ends{}
			c := &http.Client{Transport: client.New(open(t, tt.dialect), client.WithMaxHold(time.Millisecond), client.WithObserver(seen), client.WithGate(seen))}
			resp := get(t, c, srv.URL+"/things")
			tt.end(t, resp, func() { close(stop) })
			r := report(t, resp)
			if r.Undecided || r.Outcome.Kind != tt.kind || r.Cut != tt.cut || (r.Broken != nil) == tt.cut {
				t.Errorf("report %+v", r)
			}
			seen.are(t, tt.kind)
		})
	}
}

// TestAStreamBeyondTheLimitIsNotKept reads far more than is kept of a body that settles
// nothing.
func TestAStreamBeyondTheLimitIsNotKept(t *testing.T) {
	t.Parallel()
	const size = 64 << 20
	begin := make(chan struct{})
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.(http.Flusher).Flush()
		<-begin
		io.WriteString(w, `{"ok":true,"text":"`)
		block := strings.Repeat("x", 1<<20)
		for range size >> 20 {
			io.WriteString(w, block)
		}
		io.WriteString(w, `"}`)
	})
	seen := &ends{}
	c := &http.Client{Transport: client.New(open(t, "slack"), client.WithMaxHold(time.Millisecond), client.WithObserver(seen), client.WithGate(seen))}
	resp := get(t, c, srv.URL+"/things")
	close(begin)
	if _, err := io.CopyN(io.Discard, resp.Body, 2<<20); err != nil {
		t.Fatal(err)
	}
	if r := report(t, resp); r.Undecided || !r.Cut {
		t.Errorf("report %+v", r)
	}
	before := len(seen.observed)
	if n, err := io.Copy(io.Discard, resp.Body); n < size-2<<20 || err != nil {
		t.Errorf("then read %d bytes, %v", n, err)
	}
	if before != 1 || len(seen.observed) != 1 {
		t.Errorf("observers were told %d times at the limit, and %d at the end", before, len(seen.observed))
	}
}

// TestAStreamMayBeClosedWhileItIsRead closes a body from another goroutine, as a caller
// with a timeout of its own does.
func TestAStreamMayBeClosedWhileItIsRead(t *testing.T) {
	t.Parallel()
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	c := &http.Client{Transport: client.New(open(t, "kubernetes"), client.WithMaxHold(time.Millisecond))}
	resp := get(t, c, srv.URL+"/api/v1/pods")
	read := make(chan error)
	go func() {
		_, err := io.ReadAll(resp.Body)
		read <- err
	}()
	resp.Body.Close()
	if err := <-read; err == nil {
		t.Error("a body that was closed ends as if it were whole")
	}
	if r := report(t, resp); r.Undecided || r.Outcome.Kind.Good() && r.Outcome.Kind != parlance.KindNoted {
		t.Errorf("report %+v", r)
	}
}
