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

var kills = flag.Int("kills", 12, "how often processes are killed in each store")

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
	os.Exit(m.Run())
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
		for range time.Tick(2 * time.Millisecond) {
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
			// Another row of the program is committed with it.
			err := db.Transact(context.Background(), func(ctx context.Context) error {
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
func run(t *testing.T, at string, processes int, fault bool) (wrong []string) {
	t.Helper()
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
	for range *kills {
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
	for {
		clear(ended)
		order = order[:0]
		left := 0
		for f := (outbox.Filter{Most: 1000}); ; {
			list, err := b.List(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 0 {
				break
			}
			for _, d := range list {
				ended[d.ID] = d
				order = append(order, d)
				if !d.State.Ended() {
					left++
				}
			}
			f.Before = list[len(list)-1].ID
		}
		if left == 0 || t.Context().Err() != nil {
			break
		}
		<-tick.C
	}
	stop()
	ran.Wait()

	states := map[outbox.State]int{}
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
	t.Logf("%d kills, %d acknowledged, %d stored: %v", *kills, len(told), len(ended), states)
	if len(told) < 10 || states[outbox.Delivered] == 0 {
		wrong = append(wrong, "there was not enough to do")
	}
	slices.Sort(wrong)
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
			for _, wrong := range run(t, at(t), processes, false) {
				t.Error(wrong)
			}
		})
	}
	t.Run("the deliberate mistake is found", func(t *testing.T) {
		t.Parallel()
		if wrong := run(t, filepath.Join(t.TempDir(), "outbox.db"), 1, true); len(wrong) == 0 {
			t.Error("nothing was found")
		}
	})
}
