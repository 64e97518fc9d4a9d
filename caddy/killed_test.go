package caddyparlance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/parlance-api/parlance/store/postgres/pgtest"
)

// TestTwoGatewaysThatAreKilledAreOne kills one of two commands parlance-gateway on one PostgreSQL
// under load: 4 times, or as often as KILLS says. No key has its effect twice, and a response that
// is given again is the same. No rate and no license is exceeded. The outbox loses nothing and
// does nothing twice. Two gateways with a store each are found out by the same count.
func TestTwoGatewaysThatAreKilledAreOne(t *testing.T) {
	kills := 4
	if text := os.Getenv("KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(t.TempDir(), "parlance-gateway")
	if out, err := exec.Command("go", "build", "-o", program, "./cmd/parlance-gateway").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Run("one store", func(t *testing.T) {
		url := pgtest.Start(t).URL
		for _, fault := range killed(t, program, kills, url, url) {
			t.Error(fault)
		}
	})
	t.Run("the deliberate mistake is found", func(t *testing.T) {
		dir := t.TempDir()
		found := strings.Join(killed(t, program, 0, filepath.Join(dir, "one.db"), filepath.Join(dir, "other.db")), "\n")
		for _, want := range []string{"was done 2 times", "over the quota", "seats are taken"} {
			if !strings.Contains(found, want) {
				t.Errorf("nothing %s: %s", want, found)
			}
		}
	})
}

// A rate and a license of the test.
const (
	quota   = 100
	seats   = 3
	lease   = time.Second
	callers = 4 // of each mechanism
	span    = 3 // kills in which a caller has one rate
)

// replica is a gateway that is killed. It has another address in each of its lives.
type replica struct {
	t                *testing.T
	program, site    string
	store, dir       string
	address, control atomic.Value // strings
	cmd              *exec.Cmd
	client           *http.Client
}

// sites are those of a gateway: ADDRESS, CONTROL, KEYED and VENDOR stand for what each has.
const sites = `{
	admin CONTROL
	auto_https off
	persist_config off
	log {
		level ERROR
	}
	parlance {
		store {env.PARLANCE_STORE}
	}
}
http://ADDRESS {
	parlance problem
	handle /orders {
		parlance_idempotency {
			required
		}
		reverse_proxy VENDOR {
			transport parlance {
				speaks plain
			}
		}
	}
	handle /rate {
		parlance_limit {
			policy few QUOTA 10000h {header.X-Key}
		}
		reverse_proxy VENDOR {
			transport parlance {
				speaks plain
			}
		}
	}
	handle /seat {
		parlance_license {
			seats SEATS
			holder {header.X-User}
			lease LEASE
		}
		reverse_proxy VENDOR {
			transport parlance {
				speaks plain
			}
		}
	}
	handle {
		parlance_outbox VENDOR {
			speaks KEYED
			vendor shop
			always /keyed/
			path /status/
		}
		parlance_outbox VENDOR {
			speaks plain
			vendor bare
			always /bare/
			path /bare-status/
		}
	}
}
`

// start begins a life, and returns when it listens.
func (r *replica) start() {
	r.t.Helper()
	// Another loopback address than that of other tests, which could get the port of one that is
	// killed and respond in its place.
	address, control := freeOn(r.t, "127.0.0.2"), free(r.t)
	file := filepath.Join(r.dir, "Caddyfile")
	if err := os.WriteFile(file, []byte(strings.NewReplacer("ADDRESS", address, "CONTROL", control).Replace(r.site)), 0o600); err != nil {
		r.t.Fatal(err)
	}
	r.cmd = exec.Command(r.program, "run", "--config", file)
	r.cmd.Env = append(os.Environ(), "PARLANCE_STORE="+r.store, "HOME="+r.dir, "XDG_CONFIG_HOME="+r.dir, "XDG_DATA_HOME="+r.dir)
	r.cmd.Stderr = r.t.Output()
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	until(r.t, "a gateway listens", func() bool {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	r.address.Store(address)
	r.control.Store(control)
}

// kill is kill -9.
func (r *replica) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
	r.client.CloseIdleConnections()
}

// sent is a response, and whether the request was sent at all.
func (r *replica) send(method, path, body string, header ...string) (a answer, sent bool) {
	req, err := http.NewRequest(method, "http://"+r.address.Load().(string)+path, strings.NewReader(body))
	if err != nil {
		return answer{err: err}, false
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	req.GetBody = nil // else net/http sends one with a key again by itself
	resp, err := r.client.Do(req)
	if err != nil {
		return answer{err: err}, !errors.Is(err, syscall.ECONNREFUSED)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, string(text), resp.Header, err}, true
}

// admin reads JSON of the admin API.
func (r *replica) admin(path string, into any) {
	r.t.Helper()
	resp, err := http.Get("http://" + r.control.Load().(string) + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil || resp.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: %s %v", path, resp.Status, err)
	}
}

// vendor is the upstream. It counts what it has done, and fails on schedule.
type vendor struct {
	mu    sync.Mutex
	done  map[string]int  // effects, by the ID in the body
	keys  map[string]bool // that were used
	rates map[string]int  // requests, by their key
	gate  chan struct{}   // is closed at the next kill
	calm  bool            // it fails no more
}

// ServeHTTP fails before and after it has done what was asked. Some requests stay until a gateway
// is killed.
func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	id, key, what := string(body), r.Header.Get("Idempotency-Key"), rand.N(100)
	v.mu.Lock()
	gate := v.gate
	if v.calm {
		what = 50
	}
	respond := says(http.StatusCreated, jsonType, fmt.Sprintf(`{"id":%q,"number":%d}`, id, rand.Uint64()))
	switch {
	case id == "": // a rate, or a seat
		v.rates[r.Header.Get("X-Key")]++
	case what < 10:
		respond = says(http.StatusTooManyRequests, jsonType, `{"message":"slow"}`, "Retry-After", "0")
	case strings.HasPrefix(r.URL.Path, "/keyed/") && v.keys[key]: // the response again
	default:
		v.keys[key] = key != ""
		v.done[id]++
		if what < 15 && !strings.HasPrefix(r.URL.Path, "/orders") {
			respond = says(http.StatusInternalServerError, jsonType, `{"message":"although it is done"}`)
		}
	}
	v.mu.Unlock()
	if id != "" && what >= 90 {
		select {
		case <-gate:
		case <-r.Context().Done():
		}
	}
	respond(w, r)
}

// times are the effects of an ID.
func (v *vendor) times(id string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.done[id]
}

// open lets those go on that wait for a kill.
func (v *vendor) open() {
	v.mu.Lock()
	defer v.mu.Unlock()
	close(v.gate)
	v.gate = make(chan struct{})
}

// order is a request with a key, and what its callers know of it.
type order struct {
	id        string
	mu        sync.Mutex
	body      string // of the response that was acknowledged
	cut       bool   // a response was cut off
	uncertain bool   // it was said to be
}

// sitting is a use of a seat.
type sitting struct {
	user           string
	sent, received time.Time
}

// witness is what callers did, and the faults that they saw.
type witness struct {
	t        *testing.T
	gateways []*replica
	users    int // who want a seat
	vendor   *vendor
	kills    atomic.Int64
	left     atomic.Int64  // responses until the next kill
	enough   chan struct{} // has a value if there is none left
	stopped  atomic.Bool

	mu       sync.Mutex
	orders   []*order
	sittings []sitting
	places   map[string]string   // of the statuses of requests that were acknowledged, by their IDs
	found    map[string][]string // by their kind
}

func (w *witness) fault(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.found[format]) < 5 {
		w.found[format] = append(w.found[format], fmt.Sprintf(format, args...))
	}
}

// responded lets the next kill come nearer.
func (w *witness) responded(a answer) {
	if a.err == nil && w.left.Add(-1) == 0 {
		w.enough <- struct{}{}
	}
}

// wait waits for a number of responses.
func (w *witness) wait(n int) {
	w.left.Store(int64(n))
	<-w.enough
}

// ask sends an order to a gateway, and reports that its end is known.
func (w *witness) ask(o *order, g *replica) bool {
	o.mu.Lock()
	before := o.body
	o.mu.Unlock()
	a, sent := g.send("POST", "/orders", o.id, "Idempotency-Key", o.id)
	w.responded(a)
	var problem struct{ Reason string }
	_ = json.Unmarshal([]byte(a.body), &problem)
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case a.err != nil:
		o.cut = o.cut || sent
		return false
	case a.status == http.StatusCreated:
		if o.body != "" && a.body != o.body {
			w.fault("%s: the response was %s, and is %s", o.id, o.body, a.body)
		}
		o.body = a.body
	case problem.Reason == "idempotency_uncertain":
		if before != "" {
			w.fault("%s is uncertain, and was acknowledged", o.id)
		}
		o.uncertain = true
	case problem.Reason == "idempotency_in_flight" || a.status == http.StatusTooManyRequests:
		return false
	default:
		w.fault("%s: got %d %s", o.id, a.status, a.body)
	}
	return true
}

// order sends new orders, each to both gateways at once, and again until its end is known.
func (w *witness) order(by int) {
	for n := 0; !w.stopped.Load(); n++ {
		o := &order{id: fmt.Sprintf("order %d of %d", n, by)}
		w.mu.Lock()
		w.orders = append(w.orders, o)
		w.mu.Unlock()
		var twins sync.WaitGroup
		for _, g := range w.gateways {
			twins.Go(func() { w.ask(o, g) })
		}
		twins.Wait()
		for i := by; !w.ask(o, w.gateways[i%2]) && !w.stopped.Load(); i++ {
		}
	}
}

// rate sends requests, many under one key.
func (w *witness) rate(by int) {
	for i := by; !w.stopped.Load(); i++ {
		a, _ := w.gateways[i%2].send("GET", "/rate", "", "X-Key", w.key())
		if a.err == nil && a.status != http.StatusCreated && a.status != http.StatusTooManyRequests {
			w.fault("a rate: got %d %s", a.status, a.body)
		}
		w.responded(a)
	}
}

// key is that of the rate for now.
func (w *witness) key() string { return fmt.Sprint(w.kills.Load() / span) }

// sit sends requests of users who come and go.
func (w *witness) sit(by int) {
	for i := by; !w.stopped.Load(); i++ {
		user, sent := fmt.Sprintf("%d after %d", rand.N(w.users), w.kills.Load()), time.Now()
		a, _ := w.gateways[i%2].send("GET", "/seat", "", "X-User", user)
		switch {
		case a.err != nil:
		case a.status == http.StatusCreated:
			w.mu.Lock()
			w.sittings = append(w.sittings, sitting{user, sent, time.Now()})
			w.mu.Unlock()
		case a.status != http.StatusForbidden:
			w.fault("a seat: got %d %s", a.status, a.body)
		}
		w.responded(a)
	}
}

// store has the outboxes store requests.
func (w *witness) store(by int) {
	for i := by; !w.stopped.Load(); i++ {
		path := []string{"/keyed/", "/bare/"}[rand.N(2)]
		id := fmt.Sprintf("%s%d-%d", path, by, i)
		a, _ := w.gateways[i%2].send("POST", path, id)
		switch {
		case a.err != nil:
		case a.status == http.StatusAccepted:
			w.mu.Lock()
			w.places[id] = a.header.Get("Location")
			w.mu.Unlock()
		default:
			w.fault("the outbox: got %d %s", a.status, a.body)
		}
		w.responded(a)
	}
}

// killed runs two gateways with a store each, kills them, and returns the faults.
func killed(t *testing.T, program string, kills int, stores ...string) []string {
	t.Helper()
	v := &vendor{done: map[string]int{}, keys: map[string]bool{}, rates: map[string]int{}, gate: make(chan struct{})}
	w := &witness{t: t, vendor: v, enough: make(chan struct{}, 1), places: map[string]string{}, found: map[string][]string{}}
	if w.users = 4 * seats; kills == 0 {
		w.users *= 5 // so that two gateways with a store each hardly give the same ones a seat
	}
	u := serve(t, v.ServeHTTP)
	keyed := filepath.Join(t.TempDir(), "keyed.yaml")
	if err := os.WriteFile(keyed, []byte("dialect: keyed\ntitle: Keyed\nidempotency: {header: Idempotency-Key}\ncodes:\n  201: success\n  429: {kind: rate_limited, retry: {backoff: 20ms..100ms}}\n  500: {kind: internal, retry: {backoff: 20ms..100ms}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	site := strings.NewReplacer("VENDOR", u.URL, "KEYED", keyed, "QUOTA", fmt.Sprint(quota), "SEATS", fmt.Sprint(seats), "LEASE", lease.String()).Replace(sites)
	for _, store := range stores {
		g := &replica{t: t, program: program, site: site, store: store, dir: t.TempDir(), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 5 * callers}}}
		g.start()
		t.Cleanup(g.kill)
		w.gateways = append(w.gateways, g)
	}
	var load sync.WaitGroup
	for by := range callers {
		load.Go(func() { w.order(by) })
		load.Go(func() { w.rate(by) })
		load.Go(func() { w.sit(by) })
		load.Go(func() { w.store(by) })
	}
	for range kills {
		w.wait(1 + rand.N(400))
		g := w.gateways[rand.N(len(w.gateways))]
		g.kill()
		v.open()
		w.kills.Add(1)
		g.start()
	}
	w.wait(400)
	w.stopped.Store(true)
	v.mu.Lock()
	v.calm = true
	v.mu.Unlock()
	v.open()
	load.Wait()
	w.settle()
	return slices.Concat(slices.Collect(maps.Values(w.found))...)
}

// settle holds what the gateways have kept against what was acknowledged.
func (w *witness) settle() {
	w.t.Helper()
	acknowledged, uncertain, cut := 0, 0, 0
	for _, o := range w.orders {
		for _, g := range w.gateways {
			until(w.t, o.id+" has an end", func() bool { return w.ask(o, g) })
		}
		switch n := w.vendor.times(o.id); {
		case n > 1 || o.body != "" && n == 0:
			w.fault("%s was done %d times", o.id, n)
		case o.uncertain && !o.cut:
			w.fault("%s is uncertain, and nobody was cut off", o.id)
		case o.body == "":
			uncertain++
		default:
			acknowledged++
		}
		if o.cut {
			cut++
		}
	}
	for n := range w.kills.Load()/span + 1 {
		key := fmt.Sprint(n)
		for _, g := range w.gateways {
			until(w.t, "a rate refuses", func() bool {
				a, _ := g.send("GET", "/rate", "", "X-Key", key)
				return a.status == http.StatusTooManyRequests
			})
		}
		if n := w.vendor.rates[key]; n > quota || n == 0 {
			w.fault("%d requests, which is over the quota of %d", n, quota)
		}
	}
	w.seated()
	for _, g := range w.gateways { // a seat is free again
		until(w.t, "a seat is free", func() bool {
			a, _ := g.send("GET", "/seat", "", "X-User", "the last")
			return a.status == http.StatusCreated
		})
	}
	delivered, unsure := 0, 0
	for id, place := range w.places {
		var a answer
		w.until(id+" has an end", func() bool {
			a, _ = w.gateways[rand.N(2)].send("GET", place, "", "Prefer", "wait=10")
			return a.status != http.StatusAccepted
		})
		n := w.vendor.times(id)
		switch {
		case a.status == http.StatusCreated && n == 1:
			delivered++
		case a.status >= 400 && a.status != http.StatusNotFound && n <= 1 && strings.HasPrefix(id, "/bare/"):
			unsure++
		default:
			w.fault("%s was done %d times, and its status is %d %s", id, n, a.status, a.body)
		}
	}
	for _, state := range []string{"waiting", "delivering", "waiting"} { // those that nobody acknowledged
		for _, g := range w.gateways {
			w.until("the outbox has delivered", func() bool {
				var list []any
				g.admin("/parlance/outbox?state="+state, &list)
				return len(list) == 0
			})
		}
	}
	for id, n := range w.vendor.done {
		if n > 1 {
			w.fault("%s was done %d times", id, n)
		}
	}
	if acknowledged == 0 || delivered == 0 || len(w.sittings) == 0 || w.kills.Load() > 0 && cut == 0 {
		w.fault("there was not enough to do")
	}
	w.t.Logf("%d kills. %d orders: %d acknowledged, %d uncertain, %d cut off. %d sittings. %d requests stored: %d delivered, %d uncertain.",
		w.kills.Load(), len(w.orders), acknowledged, uncertain, cut, len(w.sittings), len(w.places), delivered, unsure)
}

// until waits for what the outboxes do, for as long as the vendor has something new to do each
// minute: after many kills, thousands wait.
func (w *witness) until(what string, so func() bool) {
	w.t.Helper()
	for done, ended := -1, false; !ended; {
		w.vendor.mu.Lock()
		now := len(w.vendor.done)
		w.vendor.mu.Unlock()
		if now == done {
			w.t.Fatalf("the vendor has had nothing to do for a minute, and it is not so: %s", what)
		}
		done = now
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
		for ended = so(); !ended && ctx.Err() == nil; ended = so() {
		}
		cancel()
	}
}

// seated holds that no more seats than there are were taken at a time. A holder has one for
// certain from the response on, until the time of the lease after the request was sent.
func (w *witness) seated() {
	slices.SortFunc(w.sittings, func(a, b sitting) int { return a.received.Compare(b.received) })
	until := map[string]time.Time{}
	for _, s := range w.sittings {
		if end := s.sent.Add(lease); end.After(until[s.user]) {
			until[s.user] = end
		}
		var taken bytes.Buffer
		n := 0
		for user, end := range until {
			if end.After(s.received) {
				n++
				fmt.Fprintf(&taken, " %q", user)
			} else {
				delete(until, user)
			}
		}
		if n > seats {
			w.fault("%d of %d seats are taken:%s", n, seats, &taken)
			return
		}
	}
}
