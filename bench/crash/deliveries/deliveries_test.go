package deliveries

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/postgres/pgtest"
	"github.com/parlance-api/parlance/store/sqlite"
)

var (
	kills  = flag.Int("kills", 12, "how often processes are killed in each store")
	report = flag.String("report", "", "the file whose last part says what came of it")
)

// The environment of a process that is to be killed.
const (
	storeVar  = "PARLANCE_OUTBOX_STORE"
	vendorVar = "PARLANCE_OUTBOX_VENDOR"
	faultVar  = "PARLANCE_OUTBOX_FAULT" // the deliberate mistake
)

func TestMain(m *testing.M) {
	if at := os.Getenv(storeVar); at != "" {
		fmt.Fprintln(os.Stderr, serve(at, os.Getenv(vendorVar)))
		os.Exit(1)
	}
	code := m.Run()
	if err := reported(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// page is the last part of the report, without its rows.
const page = `## Requests that must arrive

Processes put requests into an outbox and deliver them, and are killed (kill -9) at random
moments. Each request is committed with a row of the program. The vendor fails on schedule:
before it has done what was asked, after that, or by no response at all. It counts all that
it did. One of three requests has no idempotency key, and one of three has an order.

**Faults** would be:

- an acknowledged request that is missing, or one without the program's row, or such a row
  without its request;
- a request that was done twice: with a key or without, in any state;
- a state that does not tell the truth: delivered and not done, refused and done, uncertain
  although it has a key, or none of these ends;
- a request that was done before an older one of its order.

**A mistake** says of the requests without a key that they may be sent again. The same count
finds that some are done twice.

| store | processes | kills | acknowledged | stored | delivered | refused | uncertain | faults |
|---|--:|--:|--:|--:|--:|--:|--:|--:|
`

// rows are those of the report.
var rows struct {
	sync.Mutex
	all []string
}

// reported writes the last part of the report.
func reported() error {
	if *report == "" {
		return nil
	}
	before, err := os.ReadFile(*report)
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(before), "\n## Requests that must arrive\n")
	slices.Sort(rows.all)
	return os.WriteFile(*report, []byte(strings.TrimRight(first, "\n")+"\n\n"+page+strings.Join(rows.all, "")), 0o666)
}

// own writes the program's row of a request.
func own(ctx context.Context, db store.Store, id string) (err error) {
	if _, is := db.(*postgres.Store); is {
		_, err = postgres.Tx(ctx).Exec(ctx, "INSERT INTO shop VALUES ($1)", id)
	} else {
		_, err = sqlite.Tx(ctx).ExecContext(ctx, "INSERT INTO shop VALUES (?)", id)
	}
	return err
}

// owned are the program's rows. It makes the table if there is none.
func owned(ctx context.Context, db store.Store) (ids map[string]bool, err error) {
	const table, query = "CREATE TABLE IF NOT EXISTS shop (id text PRIMARY KEY)", "SELECT id FROM shop"
	ids = map[string]bool{}
	return ids, db.Transact(ctx, func(ctx context.Context) error {
		var rows interface {
			Next() bool
			Scan(...any) error
			Err() error
		}
		if _, is := db.(*postgres.Store); is {
			if _, err = postgres.Tx(ctx).Exec(ctx, table); err == nil {
				rows, err = postgres.Tx(ctx).Query(ctx, query)
			}
		} else if _, err = sqlite.Tx(ctx).ExecContext(ctx, table); err == nil {
			rows, err = sqlite.Tx(ctx).QueryContext(ctx, query)
		}
		for err == nil && rows.Next() {
			var id string
			err = rows.Scan(&id)
			ids[id] = true
		}
		if err == nil {
			err = rows.Err()
		}
		return err
	})
}

// codes are those of the vendor, which waits little.
const codes = `title: A vendor that keeps score
codes:
  200: success
  422: invalid
  429: {kind: rate_limited, retry: {backoff: 20ms..100ms}}
  500: {kind: internal, retry: {backoff: 20ms..100ms}}
`

// The vendors: one knows idempotency keys, and one does not.
var vendors = map[string]string{
	"bare":  "dialect: bare\n" + codes,
	"keyed": "dialect: keyed\nidempotency: {header: Idempotency-Key}\n" + codes,
}

func open(at string) (store.Store, error) {
	if strings.Contains(at, "://") {
		return postgres.Open(context.Background(), at)
	}
	return sqlite.Open(at)
}

func box(db store.Store) (*outbox.Outbox, error) {
	options := []outbox.Option{
		outbox.WithLease(500 * time.Millisecond), outbox.WithPoll(10 * time.Millisecond), outbox.WithTimeout(5 * time.Second),
		outbox.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
	}
	for name, file := range vendors {
		d, err := dialect.Compile(name+".yaml", []byte(file))
		if err != nil {
			return nil, err
		}
		options = append(options, outbox.WithVendor(name, d))
	}
	return outbox.New(db.Queue(), options...), nil
}

// serve is the process: it puts requests, tells on standard output which are stored, and
// delivers what there is. It ends with whoever started it.
func serve(at, vendor string) error {
	db, err := open(at)
	if err != nil {
		return err
	}
	b, err := box(db)
	if err != nil {
		return err
	}
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	go func() {
		for range time.Tick(5 * time.Millisecond) {
			id := activity.NewID()
			r := outbox.Request{ID: id, Vendor: "keyed", URL: vendor + "/keyed", Body: []byte(id)}
			switch rand.N(3) {
			case 0:
				r.Vendor, r.URL = "bare", vendor+"/bare"
				if os.Getenv(faultVar) != "" {
					r.RetryUnsafe = "of a mistake" // which must be found
				}
			case 1:
				r.Order = "order " + strconv.Itoa(rand.N(4))
			}
			err := db.Transact(context.Background(), func(ctx context.Context) error {
				if err := own(ctx, db, id); err != nil {
					return err
				}
				_, err := b.Put(ctx, r)
				return err
			})
			if err == nil {
				fmt.Println(id)
			}
		}
	}()
	fmt.Println("ready")
	b.Run(context.Background())
	return nil
}

// score is what the vendor saw.
type score struct {
	mu      sync.Mutex
	effects map[string]int // by the ID in the body
	keys    map[string]bool
	done    []string // the IDs in the order of their first effects
	calm    bool     // it fails no more
}

// ServeHTTP fails on schedule, before and after it has done what was asked.
func (s *score) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	what := rand.N(100)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calm {
		what = 0
	}
	status := 200
	switch {
	case what >= 95:
		status = 422
	case what >= 85:
		status = 429
	case what >= 80:
		status = 500
	}
	if key := r.Header.Get("Idempotency-Key"); key != "" && s.keys[key] {
		return // it was done, and this is the response again
	} else if status == 200 {
		s.keys[key] = key != ""
		if s.effects[string(body)]++; s.effects[string(body)] == 1 {
			s.done = append(s.done, string(body))
		}
	}
	switch {
	case what >= 75 && status == 200:
		w.WriteHeader(500) // although it is done
	case what >= 70 && status == 200:
		panic(http.ErrAbortHandler) // although it is done
	default:
		w.WriteHeader(status)
	}
}

// run kills processes that share a store, and returns what is wrong with the end of it.
func run(t *testing.T, name, at string, processes int, fault bool) (wrong []string) {
	t.Helper()
	made, err := open(at)
	if err == nil {
		_, err = owned(t.Context(), made)
		made.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	s := &score{effects: map[string]int{}, keys: map[string]bool{}}
	vendor := httptest.NewServer(s)
	defer vendor.Close()
	var mu sync.Mutex
	told := map[string]bool{}
	var readers sync.WaitGroup
	start := func() *exec.Cmd {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), storeVar+"="+at, vendorVar+"="+vendor.URL)
		if fault {
			c.Env = append(c.Env, faultVar+"=yes")
		}
		c.Stderr = os.Stderr
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		ready := make(chan bool, 1)
		readers.Go(func() {
			defer in.Close()
			defer close(ready)
			lines := bufio.NewScanner(out)
			for lines.Scan() {
				if lines.Text() == "ready" {
					ready <- true
					continue
				}
				mu.Lock()
				told[lines.Text()] = true
				mu.Unlock()
			}
		})
		if !<-ready {
			t.Fatal("a process ended before it began")
		}
		return c
	}
	kill := func(c *exec.Cmd) {
		c.Process.Kill()
		c.Wait()
	}
	var all []*exec.Cmd
	for range processes {
		all = append(all, start())
	}
	const enough = 10
	acknowledged := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(told)
	}
	killed := 0
	for ; killed < *kills || acknowledged() < enough; killed++ { // a busy machine needs more of them
		timer := time.NewTimer(time.Duration(50+rand.N(350)) * time.Millisecond)
		<-timer.C
		i := rand.N(len(all))
		kill(all[i])
		all[i] = start()
	}
	for _, c := range all {
		kill(c)
	}
	readers.Wait()
	s.mu.Lock()
	s.calm = true
	s.mu.Unlock()

	db, err := open(at)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	b, err := box(db)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var ran sync.WaitGroup
	ran.Go(func() { b.Run(ctx) })
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	ended := map[string]outbox.Delivery{}
	var order []outbox.Delivery
	list := func(f outbox.Filter) []outbox.Delivery {
		t.Helper()
		list, err := b.List(ctx, f)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for left := true; left; {
		for len(list(outbox.Filter{State: outbox.Waiting, Most: 1}))+len(list(outbox.Filter{State: outbox.Delivering, Most: 1})) > 0 {
			<-tick.C
		}
		left, order = false, order[:0]
		for f := (outbox.Filter{Most: 1000}); ; {
			page := list(f)
			if len(page) == 0 {
				break
			}
			for _, d := range page {
				ended[d.ID] = d
				order = append(order, d)
				left = left || !d.State.Ended() // it went from one to the other between two looks
			}
			f.Before = page[len(page)-1].ID
		}
	}
	stop()
	ran.Wait()

	states := map[outbox.State]int{}
	rest, err := owned(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	for id := range ended {
		if !rest[id] {
			wrong = append(wrong, id+" is stored without the program's row")
		}
		delete(rest, id)
	}
	for id := range rest {
		wrong = append(wrong, id+" is a row of the program without its request")
	}
	for id := range told {
		if _, found := ended[id]; !found {
			wrong = append(wrong, id+" was acknowledged and is lost")
		}
	}
	for id, d := range ended {
		states[d.State]++
		n := s.effects[id]
		switch {
		case n > 1:
			wrong = append(wrong, fmt.Sprintf("%s of %s was done %d times", id, d.Request.Vendor, n))
		case d.State == outbox.Delivered && n != 1, d.State == outbox.Refused && n != 0:
			wrong = append(wrong, fmt.Sprintf("%s of %s is %s and was done %d times", id, d.Request.Vendor, d.State, n))
		case d.State == outbox.Uncertain && d.Request.Vendor == "bare", d.State == outbox.Delivered, d.State == outbox.Refused:
		default:
			wrong = append(wrong, fmt.Sprintf("%s of %s is %s", id, d.Request.Vendor, d.State))
		}
	}
	place := map[string]int{}
	for i, id := range s.done {
		place[id] = i
	}
	last := map[string]int{} // by order key; the list is the youngest first
	for _, d := range order {
		at, done := place[d.ID]
		if !done || d.Request.Order == "" {
			continue
		}
		if next, has := last[d.Request.Order]; has && next < at {
			wrong = append(wrong, fmt.Sprintf("%s of %s was done after a younger one", d.ID, d.Request.Order))
		}
		last[d.Request.Order] = at
	}
	t.Logf("%d kills, %d acknowledged, %d stored: %v", killed, len(told), len(ended), states)
	if len(told) < enough || states[outbox.Delivered] == 0 {
		wrong = append(wrong, "there was not enough to do")
	}
	slices.Sort(wrong)
	rows.Lock()
	defer rows.Unlock()
	rows.all = append(rows.all, fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d | %d |\n", name, processes, killed, len(told), len(ended),
		states[outbox.Delivered], states[outbox.Refused], states[outbox.Uncertain], len(wrong)))
	return wrong
}

func TestNoRequestIsLostOrDoneTwiceThoughItsProcessesAreKilled(t *testing.T) {
	for name, at := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "outbox.db") },
		"postgres": func(t *testing.T) string { return pgtest.Start(t).URL },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			processes := map[string]int{"sqlite": 1, "postgres": 3}[name]
			for _, wrong := range run(t, name, at(t), processes, false) {
				t.Error(wrong)
			}
		})
	}
	t.Run("the deliberate mistake is found", func(t *testing.T) {
		t.Parallel()
		if wrong := run(t, "sqlite, a mistake", filepath.Join(t.TempDir(), "outbox.db"), 1, true); len(wrong) == 0 {
			t.Error("nothing was found")
		}
	})
}
