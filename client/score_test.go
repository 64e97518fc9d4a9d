package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/internal/memhttp"
)

// scorer is a server that responds at random and keeps score of what it was made
// to do. It works as an API of its dialect would: a POST or PATCH has an effect
// but where its response proves that it has none, and a key that it has seen has
// none again.
type scorer struct {
	dialect *dialect.Dialect
	rng     *rand.Rand

	mu      sync.Mutex
	scores  map[string]*score // by the exchange
	applied map[string]string // the exchange that first came with a key
}

// score is what one request of the caller's came to on the server.
type score struct {
	seen    []shot
	effects int
}

// shot is one attempt, and what the server responded.
type shot struct {
	sighting
	status int
	reply  http.Header
	wrote  []byte // the response's body, as far as it was sent
	fate   fate
}

// fate is what becomes of a response on its way.
type fate int

const (
	arrives fate = iota
	lost         // the connection breaks before it
	halved       // the connection breaks in its body
)

const exchangeHeader, fateHeader = "X-Exchange", "X-Fate"

func (s *scorer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.Header.Get(exchangeHeader)
	sc := s.scores[id]
	if sc == nil {
		sc = &score{}
		s.scores[id] = sc
	}
	sh := shot{sighting: sighting{at: time.Now(), method: r.Method, header: r.Header.Clone(), body: string(body)}}
	sh.status, sh.reply, sh.wrote = s.reply(r)
	if r.Method == http.MethodHead || sh.status == 204 || sh.status == 304 {
		sh.wrote = nil
	}
	switch p := s.rng.IntN(20); {
	case p == 0:
		sh.fate = lost
	case p == 1 && len(sh.wrote) > 1:
		sh.fate = halved
	}
	if len(sh.wrote) > 0 {
		sh.reply.Set("Content-Length", strconv.Itoa(len(sh.wrote)))
	}
	s.apply(id, sc, &sh, r.URL.Path)

	for name, values := range sh.reply {
		w.Header()[name] = values
	}
	w.Header().Set(fateHeader, strconv.Itoa(int(sh.fate)))
	if sh.fate == halved {
		sh.wrote = sh.wrote[:len(sh.wrote)/2]
	}
	sc.seen = append(sc.seen, sh)
	w.WriteHeader(sh.status)
	w.Write(sh.wrote)
	if sh.fate == halved {
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// apply does what is asked for, and counts it.
func (s *scorer) apply(id string, sc *score, sh *shot, path string) {
	if sh.method != http.MethodPost && sh.method != http.MethodPatch {
		return // does the same twice, however often it is done
	}
	if name := s.dialect.IdempotencyHeader(); name != "" && sh.header.Get(name) != "" {
		key := sh.header.Get(name)
		if _, known := s.applied[key]; !known {
			s.applied[key] = id
			sc.effects++
		}
		return
	}
	if o := s.dialect.Decode(sh.asked(s.dialect, path), sh.response()).Outcome; !nothingDone(&o) {
		sc.effects++
	}
}

// undoneCodes are codes by which a vendor says that nothing was done. They are
// not taken from the dialects, which are on trial here too.
var undoneCodes = []string{
	"TransactionConflictException", "TransactionConflict", // DynamoDB
	"OperationAborted", "ConditionalRequestConflict", // S3
	"AnotherOperationInProgress", "DeploymentActiveAndUneditable", "ResourceGroupBeingDeleted", // Azure
	"UNABLE_TO_LOCK_ROW", // Salesforce
}

func nothingDone(o *parlance.Outcome) bool {
	switch {
	case len(o.Items) > 0 && o.Status < 400:
		return false
	case o.Kind == parlance.KindRateLimited, o.Kind == parlance.KindUnauthenticated && o.Reason == parlance.ReasonExpired:
		return true
	case (o.Status == 421 || o.Status == 425) && o.Kind == parlance.KindUnavailable: // RFC 9110, 15.5.20; RFC 8470, 5.2
		return true
	}
	return slices.Contains(undoneCodes, o.Code)
}

func (sh *shot) asked(d *dialect.Dialect, path string) dialect.Request {
	req := dialect.Request{Method: sh.method, Path: path, Header: sh.header}
	if name := d.IdempotencyHeader(); name != "" {
		req.Key = sh.header.Get(name)
	}
	return req
}

func (sh *shot) response() dialect.Response {
	return dialect.Response{Status: sh.status, Header: sh.reply, Body: sh.wrote, Received: sh.at}
}

// meant is what the response means to who can read all of it that came.
func (sh *shot) meant(d *dialect.Dialect, path string) parlance.Outcome {
	if sh.fate == lost {
		return httpdialect.NoResponse(syscall.ECONNRESET)
	}
	req, reply := sh.asked(d, path), sh.response()
	reply.Cut = sh.fate == halved
	read := sh.status >= 400 || d.NeedsBody(req, sh.status, dialect.HeaderMap(sh.reply))
	if begun := d.Begin(req, sh.status, dialect.HeaderMap(sh.reply)); sh.fate == halved && read {
		if until := begun.Settled(reply.Body); until > 0 { // the caller gets it, and finds that it breaks off
			reply.Body, reply.Cut, read = reply.Body[:until], false, false
		}
	}
	o := d.Decode(req, reply).Outcome
	if sh.fate == halved && read && !o.Kind.Failing() {
		return httpdialect.NoResponse(io.ErrUnexpectedEOF)
	}
	return o
}

// response draws one: half of them are what the dialect itself writes.
func (s *scorer) reply(r *http.Request) (int, http.Header, []byte) {
	header := http.Header{"Content-Type": {"application/json"}, "Date": {time.Now().UTC().Format(http.TimeFormat)}}
	switch p := s.rng.IntN(20); {
	case p < 3:
		header.Set("Retry-After", strconv.Itoa(s.rng.IntN(90)))
	case p == 3:
		header.Set("Retry-After", time.Now().Add(time.Duration(s.rng.IntN(90))*time.Second).UTC().Format(http.TimeFormat))
	case p == 4:
		header["Retry-After"] = []string{"3", pick(s.rng, "2", "soon", "-1", "484289000")}
	}
	status := 200 + s.rng.IntN(400)
	switch s.rng.IntN(6) {
	case 0: // those that matter most
		status = pick(s.rng, 200, 202, 207, 401, 408, 409, 421, 425, 429, 500, 502, 503, 504)
	case 1, 2, 3:
		o := parlance.Outcome{Kind: pick(s.rng, parlance.Kinds()...), Detail: "because"}
		switch o.Kind {
		case parlance.KindUnauthenticated:
			o.Reason = pick(s.rng, parlance.ReasonExpired, "")
		case parlance.KindPartial:
			o.Items = []parlance.Item{
				{ID: "a", Outcome: parlance.Outcome{Kind: parlance.KindSuccess}},
				{Index: 1, ID: "b", Outcome: parlance.Outcome{Kind: pick(s.rng, parlance.KindRateLimited, parlance.KindUnavailable, parlance.KindInvalid)}},
			}
		}
		m := s.dialect.Encode(nil, dialect.Request{Method: r.Method, Path: r.URL.Path, Header: r.Header}, &o, dialect.Payload{})
		for _, f := range m.Header {
			header[http.CanonicalHeaderKey(f.Name)] = []string{f.Value}
		}
		return m.Status, header, m.Body
	}
	body := pick(s.rng, "", "", "{}", "null", "[]", "<html><head><title>Busy</title></head></html>", "no", `{"message":"no"}`, `{"error":"no"}`, "<a", "{\"error\":", "\x00\xff", `{"message":"`+strings.Repeat("long ", 2000)+`"}`)
	if body != "" && body[0] == '<' {
		header.Set("Content-Type", pick(s.rng, "text/html", "application/xml"))
	}
	return status, header, []byte(body)
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

// attempts is how often a client that keeps every promise would have made the
// request, as far as the server's responses tell; at least and at most, for a
// drawn wait may be on either side of the ceiling.
func (sc *score) attempts(d *dialect.Dialect, path string, m *asking) (least, most int) {
	var tried []parlance.Act
	retries, refreshes := 0, 0
	least = -1
	for i := range sc.seen {
		o := sc.seen[i].meant(d, path)
		p := d.Decide(sc.seen[i].asked(d, path), &o, tried...)
		if p.Act != parlance.ActRetry && p.Act != parlance.ActRefresh || !p.RetrySafe || p.Scope == parlance.ScopeItems || m.once || m.body != "" && !m.replayable {
			return or(least, i+1), i + 1
		}
		if p.Act == parlance.ActRetry && retries == 3 || p.Act == parlance.ActRefresh && (!m.ours || refreshes == 1) {
			return or(least, i+1), i + 1
		}
		if p.Delay(retries+1, func() float64 { return 0 }) > m.ceiling {
			return or(least, i+1), i + 1
		}
		if p.Delay(retries+1, func() float64 { return 1 }) > m.ceiling && least < 0 {
			least = i + 1
		}
		if tried = append(tried, p.Act); p.Act == parlance.ActRetry {
			retries++
		} else {
			refreshes++
		}
	}
	return or(least, len(sc.seen)+1), len(sc.seen) + 1 // it gave up where it might have gone on
}

func or(n, otherwise int) int {
	if n < 0 {
		return otherwise
	}
	return n
}

// asking is one request of the caller's.
type asking struct {
	method, path, body string
	replayable         bool
	once               bool
	ceiling            time.Duration
	own                map[string]string // header fields of the caller's
	ours               bool              // the token is the client's
}

// balance tells how many of what was opened is closed.
type balance struct{ opened, closed atomic.Int32 }

func (c *balance) body(rc io.ReadCloser) io.ReadCloser {
	c.opened.Add(1)
	return &balancedBody{ReadCloser: rc, of: c}
}

type balancedBody struct {
	io.ReadCloser
	of   *balance
	once sync.Once
}

func (b *balancedBody) Close() error {
	b.once.Do(func() { b.of.closed.Add(1) })
	return b.ReadCloser.Close()
}

type balancedConn struct {
	net.Conn
	of   *balance
	once sync.Once
}

func (c *balancedConn) Close() error {
	c.once.Do(func() { c.of.closed.Add(1) })
	return c.Conn.Close()
}

// retryable4xx are the 4XX of the five systems that their pages say to retry;
// for 408, 421 and 425, where a page does not speak of them, RFC 9110, 15.5.9 and
// 15.5.20, and RFC 8470 do. In all other cases 4XX is never retried as it is.
var retryable4xx = map[string][]int{
	"vision": {401, 429}, "omilia": {408, 421, 425, 429}, "plain": {}, "vbapi": {401, 408, 421, 425, 429}, "vms": {408, 419, 421, 425, 429},
}

// What every dialect promises, balance by the server: no retry but where a row
// says so, no effect twice, never more often than allowed, one refresh, and
// nothing lost or left open.
func TestAServerThatKeepsScoreFindsEveryPromiseKept(t *testing.T) {
	t.Parallel()
	exchanges := 100
	if testing.Short() {
		exchanges = 20
	}
	for i, name := range catalog.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { keepScore(t, name, uint64(i), exchanges) })
		})
	}
}

func keepScore(t *testing.T, name string, seed uint64, exchanges int) {
	d := open(t, name)
	s := &scorer{dialect: d, rng: rand.New(rand.NewPCG(seed, 2)), scores: map[string]*score{}, applied: map[string]string{}}
	var conns, bodies, sent balance
	base := serve(t, s, &conns)
	lossy := roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := base.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		resp.Body = bodies.body(resp.Body)
		if resp.Header.Get(fateHeader) == strconv.Itoa(int(lost)) {
			resp.Body.Close()
			return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
		}
		return resp, nil
	})
	var logins atomic.Int32
	opts := []client.Option{client.WithBase(lossy), client.WithBudget(nil)}
	bare := client.New(d, opts...)
	credited := client.New(d, append(opts, client.WithCredential(counting(&logins)))...)
	tokenHeader := "Authorization"
	if h := d.Auth().Header; h != "" {
		tokenHeader = http.CanonicalHeaderKey(h)
	}

	rng := rand.New(rand.NewPCG(seed, 1))
	repeats := 0
	for n := range exchanges {
		id := fmt.Sprint(name, "/", n)
		m := asking{
			method:  pick(rng, "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "POST", "POST", "POST", "PATCH"),
			path:    pick(rng, "/things", "/orders/7", "/a/b/c"),
			ceiling: pick(rng, 30*time.Second, time.Hour, time.Hour, 0),
			once:    rng.IntN(20) == 0,
			own:     map[string]string{},
		}
		if slices.Contains([]string{"POST", "PUT", "PATCH"}, m.method) && rng.IntN(4) > 0 {
			m.body, m.replayable = fmt.Sprintf(`{"exchange":%q}`, id), rng.IntN(4) > 0
		}
		transport := bare
		if rng.IntN(3) > 0 {
			transport, m.ours = credited, true
		}
		if rng.IntN(6) == 0 {
			m.own[tokenHeader], m.ours = "Bearer mine", false
		}
		if rng.IntN(5) == 0 {
			m.own[pick(rng, "Idempotency-Key", "X-Idempotency-Key", "Paypal-Request-Id")] = "own " + id
		}
		if rng.IntN(5) == 0 {
			m.own["Accept"] = pick(rng, "*/*", "application/json", "text/html")
		}

		req := &http.Request{Method: m.method, URL: &url.URL{Scheme: "http", Host: "upstream.test", Path: m.path, RawQuery: "q=1"}, Host: "upstream.test", Header: http.Header{exchangeHeader: {id}}}
		for name, value := range m.own {
			req.Header.Set(name, value)
		}
		if m.body != "" {
			fresh := func() (io.ReadCloser, error) { return sent.body(io.NopCloser(bytes.NewReader([]byte(m.body)))), nil }
			req.Body, _ = fresh()
			req.ContentLength = int64(len(m.body))
			if m.replayable {
				req.GetBody = fresh
			}
		}
		call := client.Call{Once: m.once, MaxWait: m.ceiling}
		if m.ceiling == 0 {
			call.MaxWait = -1
		}
		req = req.WithContext(client.WithCall(t.Context(), call))
		before, header, body, at := *req, req.Header.Clone(), req.Body, *req.URL
		loggedIn := logins.Load()

		resp, err := transport.RoundTrip(req)

		fail := func(format string, args ...any) {
			t.Helper()
			t.Errorf("%s %s %s (body %t, replayable %t, own %v): %s", id, m.method, m.path, m.body != "", m.replayable, m.own, fmt.Sprintf(format, args...))
		}
		sc := s.scores[id]
		final := &sc.seen[len(sc.seen)-1]
		repeats += len(sc.seen) - 1

		// The caller's request is as it was.
		if fmt.Sprint(req.Header) != fmt.Sprint(header) || *req.URL != at || req.Body != body || req.Method != before.Method || req.ContentLength != before.ContentLength || (req.GetBody == nil) != (before.GetBody == nil) {
			fail("the caller's request was altered")
		}
		// The caller has the last response, whole, and its meaning.
		var attempts []client.Attempt
		var got parlance.Outcome
		switch {
		case err != nil:
			var e *client.Error
			if !errors.As(err, &e) || final.fate != lost || !errors.Is(err, syscall.ECONNRESET) {
				fail("the error is %v", err)
				continue
			}
			attempts, got = e.Attempts, e.Outcome
		default:
			read, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if !bytes.Equal(read, final.wrote) || (final.fate == halved) != errors.Is(err, io.ErrUnexpectedEOF) || err != nil && final.fate != halved {
				fail("the caller read %q, %v of %q", read, err, final.wrote)
			}
			if resp.StatusCode != final.status {
				fail("the caller got %d and not %d", resp.StatusCode, final.status)
			}
			r := report(t, resp)
			attempts, got = r.Attempts, r.Outcome
		}
		if want := final.meant(d, m.path); got.Kind != want.Kind || got.Reason != want.Reason || got.Code != want.Code {
			fail("%d %q came to %v/%v %q, and is read as %v/%v %q", final.status, final.wrote, got.Kind, got.Reason, got.Code, want.Kind, want.Reason, want.Code)
		}
		// As often as the page and safety say, and no oftener.
		if len(attempts) != len(sc.seen) {
			fail("%d attempts reported of %d", len(attempts), len(sc.seen))
		}
		if least, most := sc.attempts(d, m.path, &m); len(sc.seen) < least || len(sc.seen) > most {
			fail("the server saw %d requests, want %d to %d; held %q", len(sc.seen), least, most, attempts[len(attempts)-1].Held)
		}
		if sc.effects > 1 {
			fail("it was done %d times", sc.effects)
		}
		if n := logins.Load() - loggedIn; n > 2 {
			fail("%d sign-ins for one request", n) // the first one, where the last token was refused, and a refresh
		}
		key := d.IdempotencyHeader()
		var tried []parlance.Act
		retries := 0
		for i := range sc.seen {
			sh := &sc.seen[i]
			if sh.method != m.method || sh.body != m.body {
				fail("attempt %d was a %s of %q", i+1, sh.method, sh.body)
			}
			if key != "" && sh.header.Get(key) != sc.seen[0].header.Get(key) {
				fail("attempt %d had the key %q, the first one %q", i+1, sh.header.Get(key), sc.seen[0].header.Get(key))
			}
			if key != "" && (m.method == "POST" || m.method == "PATCH") && (sh.header.Get(key) == "" || s.applied[sh.header.Get(key)] != id) {
				fail("attempt %d had the key %q, which is that of %s", i+1, sh.header.Get(key), s.applied[sh.header.Get(key)])
			}
			if i+1 == len(sc.seen) {
				break
			}
			// It was retried: who said so, and when?
			o := sh.meant(d, m.path)
			p := d.Decide(sh.asked(d, m.path), &o, tried...)
			if p.Act != parlance.ActRetry && p.Act != parlance.ActRefresh || !p.RetrySafe || p.Scope != parlance.ScopeRequest {
				fail("it was retried after %d (%v/%v), of which the dialect says %v, safe %t, %q", sh.status, o.Kind, o.Reason, p.Act, p.RetrySafe, p.Scope)
			}
			// A key whose request is still being served; how long, the response says (omilia.yaml).
			inFlight := name == "omilia" && sh.status == http.StatusConflict && len(sh.reply["Retry-After"]) > 0
			if may, known := retryable4xx[name]; known && !inFlight && sh.fate != lost && sh.status/100 == 4 && len(sh.wrote) == 0 && !slices.Contains(may, sh.status) {
				fail("a bare %d was retried", sh.status)
			}
			if sh.status/100 == 2 && sh.fate == arrives && len(sh.wrote) == 0 {
				fail("a bare %d was retried", sh.status)
			}
			wait := sc.seen[i+1].at.Sub(sh.at)
			if low, high := p.Delay(retries+1, func() float64 { return 0 }), p.Delay(retries+1, func() float64 { return 1 }); wait < low || wait > high || wait > m.ceiling {
				fail("after %d it waited %v, not %v to %v; the ceiling is %v", sh.status, wait, low, high, m.ceiling)
			}
			tokens := [2]string{sh.header.Get(tokenHeader), sc.seen[i+1].header.Get(tokenHeader)}
			if (p.Act == parlance.ActRefresh) != (tokens[0] != tokens[1]) {
				fail("after %v the token %q became %q", p.Act, tokens[0], tokens[1])
			}
			if tried = append(tried, p.Act); p.Act == parlance.ActRetry {
				retries++
			}
		}
		if retries > 3 || len(tried)-retries > 1 {
			fail("retried %d times, and refreshed %d times", retries, len(tried)-retries)
		}
		if t.Failed() {
			return // the first one tells the most
		}
	}

	// Nothing is left open.
	synctest.Wait()
	if o, c := bodies.opened.Load(), bodies.closed.Load(); o != c {
		t.Errorf("%d bodies came and %d were closed", o, c)
	}
	if o, c := sent.opened.Load(), sent.closed.Load(); o != c {
		t.Errorf("%d bodies were sent and %d closed", o, c)
	}
	bare.CloseIdleConnections()
	base.CloseIdleConnections()
	synctest.Wait()
	if o, c := conns.opened.Load(), conns.closed.Load(); o != c {
		t.Errorf("%d connections were opened and %d closed", o, c)
	}
	if exchanges >= 100 && repeats == 0 {
		t.Error("nothing was ever retried, so nothing was tested")
	}
}

// serve is memhttp.Serve, with the connections balance.
func serve(t *testing.T, h http.Handler, conns *balance) *http.Transport {
	t.Helper()
	base := memhttp.Serve(t, h)
	dial := base.DialContext
	base.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		conns.opened.Add(1)
		return &balancedConn{Conn: conn, of: conns}, nil
	}
	return base
}

// Many at once share a transport, its connections, its token and its budget, and
// nothing else: nobody gets another's response, key or body.
func TestManyAtOnceAreKeptApart(t *testing.T) {
	t.Parallel()
	const callers, each = 40, 10
	for i, name := range []string{"vision", "omilia", "vbapi", "stripe", "slack"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := open(t, name)
				s := &scorer{dialect: d, rng: rand.New(rand.NewPCG(uint64(i), 3)), scores: map[string]*score{}, applied: map[string]string{}}
				var conns, bodies balance
				base := serve(t, s, &conns)
				watched := roundTripper(func(req *http.Request) (*http.Response, error) {
					resp, err := base.RoundTrip(req)
					if err == nil {
						resp.Body = bodies.body(resp.Body)
					}
					return resp, err
				})
				var logins atomic.Int32
				tr := client.New(d, client.WithBase(watched), client.WithCredential(counting(&logins)), client.WithMaxWait(time.Hour))
				var all sync.WaitGroup
				for n := range callers {
					all.Go(func() {
						for m := range each {
							id := fmt.Sprint(n, "/", m)
							want := fmt.Sprintf(`{"exchange":%q}`, id)
							req, err := http.NewRequestWithContext(t.Context(), "POST", "http://upstream.test/things", strings.NewReader(want))
							if err != nil {
								t.Error(err)
								return
							}
							req.Header.Set(exchangeHeader, id)
							resp, err := tr.RoundTrip(req)
							if err != nil {
								t.Errorf("%s: %v", id, err)
								return
							}
							got, broken := io.ReadAll(resp.Body)
							resp.Body.Close()
							s.mu.Lock()
							sc := s.scores[id]
							final := &sc.seen[len(sc.seen)-1]
							if !bytes.Equal(got, final.wrote) || resp.StatusCode != final.status || (broken != nil) != (final.fate == halved) {
								t.Errorf("%s got %d %q, %v and not %d %q", id, resp.StatusCode, got, broken, final.status, final.wrote)
							}
							if sc.effects > 1 || len(sc.seen) > 5 {
								t.Errorf("%s was sent %d times and done %d times", id, len(sc.seen), sc.effects)
							}
							for i := range sc.seen {
								if sc.seen[i].body != want {
									t.Errorf("%s was sent with %q", id, sc.seen[i].body)
								}
								if key := d.IdempotencyHeader(); key != "" && s.applied[sc.seen[i].header.Get(key)] != id {
									t.Errorf("%s was sent with the key of %q", id, s.applied[sc.seen[i].header.Get(key)])
								}
							}
							s.mu.Unlock()
						}
					})
				}
				all.Wait()
				synctest.Wait()
				if o, c := bodies.opened.Load(), bodies.closed.Load(); o != c {
					t.Errorf("%d bodies came and %d were closed", o, c)
				}
				base.CloseIdleConnections()
				synctest.Wait()
				if o, c := conns.opened.Load(), conns.closed.Load(); o != c {
					t.Errorf("%d connections were opened and %d closed", o, c)
				}
			})
		})
	}
}
