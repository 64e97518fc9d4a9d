package postgres_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/postgres/pgtest"
)

// The test binary is also a process that has the store open: it reads commands,
// one a line, and answers each with a line.
const asProcess = "PARLANCE_TEST_PROCESS" // the URL and the schema, with a space between

func TestMain(m *testing.M) {
	if url, schema, is := strings.Cut(os.Getenv(asProcess), " "); is {
		if err := serve(url, schema, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func serve(url, schema string, in io.Reader, out io.Writer) error {
	ctx := context.Background()
	s, err := postgres.Open(ctx, url, postgres.WithSchema(schema), patient)
	if err != nil {
		return err
	}
	defer s.Close()
	name := fmt.Sprint(os.Getpid())
	commands := map[string]func(i int) (bool, error){
		"limit": func(int) (bool, error) {
			taken, err := s.Limits().Take(ctx, "k", limit.Rate{Quota: 100, Window: 24 * time.Hour}, 1)
			return taken.Allowed, err
		},
		"sit": func(i int) (bool, error) {
			return s.Seats().Acquire(ctx, "p", fmt.Sprint(name, i), 5, time.Hour)
		},
		"cap": func(int) (bool, error) { return s.Seats().Add(ctx, "c", 1, 7) },
		"job": func(i int) (bool, error) {
			taken, err := s.Queue().Take(ctx, queue.Order{Kinds: []string{"k"}, Worker: fmt.Sprint(name, i), Lease: time.Hour})
			return len(taken) == 1 && taken[0].Attempt == 1, err
		},
		"inside": func(i int) (bool, error) {
			return once(ctx, s, idempotency.Key{Key: "inside", Activity: fmt.Sprint(name, i)})
		},
		"outside": func(i int) (bool, error) {
			return once(ctx, s, idempotency.Key{Key: "outside", Outside: true, Activity: fmt.Sprint(name, i)})
		},
		"hold": func(int) (bool, error) {
			in, err := s.Idempotency().Claim(ctx, idempotency.Key{Key: "held inside"})
			if err != nil {
				return false, err
			}
			outside, err := s.Idempotency().Claim(ctx, idempotency.Key{Key: "held outside", Outside: true})
			return in.State == idempotency.Fresh && outside.State == idempotency.Fresh, err
		},
	}
	fmt.Fprintln(out, "ready")
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var command string
		var n int
		fmt.Sscan(lines.Text(), &command, &n)
		won, err := race(n, commands[command])
		fmt.Fprintln(out, won, err)
	}
	return lines.Err()
}

// once does what is done once under a key.
func once(ctx context.Context, s *postgres.Store, k idempotency.Key) (done bool, err error) {
	if k.Outside {
		if c, err := s.Idempotency().Claim(ctx, k); err != nil || c.State != idempotency.Fresh {
			return false, err
		}
	}
	err = s.Transact(ctx, func(ctx context.Context) error {
		if done = k.Outside; !done {
			c, err := s.Idempotency().Claim(ctx, k)
			if err != nil || c.State != idempotency.Fresh {
				return err
			}
			done = true
		}
		if _, err := s.Seats().Add(ctx, "done "+k.Key, 1, 1000); err != nil {
			return err
		}
		return s.Idempotency().Record(ctx, k, idempotency.Response{Status: 200})
	})
	return done && err == nil, err
}

// race runs fn n times at once and counts how often it was true.
func race(n int, fn func(i int) (bool, error)) (won int64, err error) {
	var all sync.WaitGroup
	var sum atomic.Int64
	errs := make([]error, n)
	for i := range n {
		all.Go(func() {
			ok, err := fn(i)
			if errs[i] = err; ok {
				sum.Add(1)
			}
		})
	}
	all.Wait()
	return sum.Load(), errors.Join(errs...)
}

// process is another process that has the store open.
type process struct {
	*testing.T
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

func start(t *testing.T, pg *pgtest.Server, schema string) *process {
	t.Helper()
	p := &process{T: t, cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), asProcess+"="+pg.URL+" "+schema)
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		p.cmd.Wait()
	})
	p.in, p.out = in, bufio.NewReader(out)
	if line := p.line(); line != "ready\n" {
		t.Fatalf("the process says %q", line)
	}
	return p
}

func (p *process) line() string {
	p.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.Error(err)
	}
	return line
}

// all has each of them run a command n times at once, all at the same time, and
// sums up how often it was true.
func all(command string, n int, processes ...*process) (won int) {
	for _, p := range processes {
		fmt.Fprintln(p.in, command, n)
	}
	for _, p := range processes {
		p.Helper()
		line := p.line()
		some, err := 0, ""
		fmt.Sscan(line, &some, &err)
		if err != "<nil>" {
			p.Errorf("%s: %s", command, line)
		}
		won += some
	}
	return won
}

func TestThreeProcessesAreOne(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	var three []*process
	for range 3 { // each may find that it is the first, and makes the tables
		three = append(three, start(t, pg, "three"))
	}
	s := open(t, pg, "three")
	expect := func(command string, n, want int) {
		t.Helper()
		if won := all(command, n, three...); won != want {
			t.Errorf("%s: %d, want %d", command, won, want)
		}
	}
	for i := range 20 {
		if err := s.Queue().Put(t.Context(), queue.Task{ID: fmt.Sprint(i), Kind: "k", Created: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	// A lease that ends unused is lost, so that it may be fewer; never more. Of one whose
	// process does not get its turn in time all but the first is.
	if won := all("limit", 200, three...); won > 100 || won < 1 {
		t.Errorf("%d were allowed of a quota of 100", won)
	} else {
		t.Logf("%d were allowed of a quota of 100", won)
	}
	expect("sit", 10, 5)
	expect("cap", 10, 7)
	expect("job", 10, 20)
	for _, key := range []string{"inside", "outside"} {
		expect(key, 20, 1)
		expect(key, 20, 0)
		if more, err := s.Seats().Add(t.Context(), "done "+key, 1, 1); more || err != nil {
			t.Errorf("nothing was done %s: %v", key, err)
		}
	}

	killed, other := three[0], three[1]
	if all("hold", 1, killed) != 1 || all("hold", 1, other) != 0 {
		t.Error("a claim is held by one")
	}
	inside, outside := idempotency.Key{Key: "held inside"}, idempotency.Key{Key: "held outside", Outside: true}
	is(t, s, inside, idempotency.InFlight)
	is(t, s, outside, idempotency.InFlight)
	killed.cmd.Process.Kill()
	until(t, func() bool { return state(t, s, inside) == idempotency.Fresh })
	is(t, s, outside, idempotency.Uncertain)
	is(t, s, inside, idempotency.InFlight)
	if found, err := s.Idempotency().Uncertain(t.Context(), 10); err != nil || len(found) != 1 || found[0].Key != outside.Key {
		t.Errorf("uncertain: %+v, %v", found, err)
	}
	if err := s.Idempotency().Settle(t.Context(), outside, nil); err != nil {
		t.Error(err)
	}
	is(t, s, outside, idempotency.Fresh)
}

// state claims a key.
func state(t *testing.T, s *postgres.Store, k idempotency.Key) idempotency.State {
	t.Helper()
	c, err := s.Idempotency().Claim(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	return c.State
}

func is(t *testing.T, s *postgres.Store, k idempotency.Key, want idempotency.State) {
	t.Helper()
	if got := state(t, s, k); got != want {
		t.Errorf("claim of %s: state %d, want %d", k.Key, got, want)
	}
}

// until waits for what PostgreSQL notices by itself, such as a session that is gone.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for !done() {
		if t.Context().Err() != nil || t.Failed() {
			t.FailNow()
		}
	}
}
