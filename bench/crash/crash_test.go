package crash

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	kills  = flag.Int("kills", 20, "how often the server is killed")
	report = flag.String("report", "", "a `file` to write what came of it to")
)

// callers is how many ask at once.
const callers = 8

func TestNothingIsLostOrDoneTwiceByAServerThatIsKilled(t *testing.T) {
	t.Parallel()
	var text string
	for _, name := range slices.Sorted(maps.Keys(engines)) {
		b := &book{t: t, late: engines[name].late}
		lives := *kills
		if engines[name].apart {
			lives = (lives + 1) / 2 // it is seen soon
		}
		survive(t, name, b, lives)
		t.Logf("%s: %+v, %d faults", name, b.tally, len(b.faults))
		text += fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d |\n", name,
			b.Kills, b.Inside, b.Outside, b.Cut, b.Resolved, b.Uncertain, b.Late, b.Replays, b.Told, len(b.faults))
	}
	pages.Store(1, page+text)
}

// witness is what callers know of what a server did.
type witness interface {
	live(p *process, life int) // until it is killed
	settle(p *process)         // holds what it kept against that
	found() []string           // the faults
}

// survive kills the server of an engine so often while a witness asks it, and holds
// it to what was acknowledged: an engine with a mistake has to be found out.
func survive(t *testing.T, name string, w witness, lives int) {
	t.Helper()
	dir := t.TempDir()
	if prepare := engines[name].prepare; prepare != nil {
		prepare(t, dir)
	}
	for life := range lives {
		w.live(start(t, name, dir), life)
	}
	if quiet := engines[name].quiet; quiet != nil {
		quiet(t, dir)
	}
	p := start(t, name, dir)
	w.settle(p)
	p.kill()
	if mistake := engines[name].apart; mistake && len(w.found()) == 0 {
		t.Errorf("%s: nothing was seen of it", name)
	} else if !mistake {
		for _, fault := range w.found() {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

// pages are the parts of the report.
var pages sync.Map

// reported writes what the tests have told of.
func reported() {
	if *report == "" {
		return
	}
	var text string
	for i := range 3 {
		if part, told := pages.Load(i); told {
			text += part.(string)
		}
	}
	if err := os.WriteFile(*report, []byte(text), 0o666); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func (b *book) found() []string { return b.faults }

// live lets callers ask until the server is killed: some time after a number of
// responses, so that it is met while it claims, works, commits and responds.
func (b *book) live(p *process, life int) {
	b.Kills++
	var wg sync.WaitGroup
	end := newEnd(p)
	call := func(k *key) bool {
		a, err := p.post(k.path, k.id)
		b.note(k, a, err)
		end.responded()
		return err == nil
	}
	for range callers {
		wg.Go(func() {
			for alive := true; alive; {
				k, twins := b.next(life)
				if twins {
					wg.Go(func() { call(k) })
				}
				alive = call(k)
			}
		})
	}
	end.kill(b.t)
	wg.Wait()
}

// hangs is longer than a server takes for all that it is asked, on a machine however
// busy.
const hangs = 5 * time.Minute

// end is when a server is killed: some time after a number of responses.
type end struct {
	p        *process
	left     atomic.Int64
	enough   chan bool
	deadline *time.Timer
}

func newEnd(p *process) *end {
	// A server that hangs is killed, and its callers find nobody.
	e := &end{p: p, enough: make(chan bool), deadline: time.AfterFunc(hangs, p.kill)}
	e.left.Store(rand.Int64N(200))
	return e
}

// responded is that a response was read, or cut off.
func (e *end) responded() {
	if e.left.Add(-1) == -1 {
		close(e.enough)
	}
}

// kill waits for the end and brings it about.
func (e *end) kill(t *testing.T) {
	<-e.enough
	<-time.After(time.Duration(rand.Int64N(int64(5 * time.Millisecond))))
	if !e.deadline.Stop() {
		t.Errorf("the server did not respond within %v", hangs)
	}
	e.p.kill()
}

const page = `# Killing a server again and again

    make crash

A server with idempotency keys is killed (kill -9) at random moments, while 8 callers
request effects. Half of the effects are inside its store, the other half are outside: a
line in a file.

The callers send again the requests that were cut off, those that succeeded, and sometimes
the same one at once. At the end each key is sent once more, and the effects are compared
with the responses.

- **Cut off** requests got no response because of a kill. **Resolved** ones got it by a
  retry.
- **Uncertain** keys need an operator: an effect outside was in progress, and its result is
  unknown. No key with an effect inside is uncertain.
- **Late** keys were uncertain and then got their true response. PostgreSQL completes the
  last statements of a process a moment after its death.
- **Replays** are retries of acknowledged requests; each had the same body.
- **Told** requests are those that were acknowledged, or had their effect inside, and whose
  activity record is found by its ID. It is committed with effect and response.
- **A mistake** commits an effect inside by itself rather than in an Atomic, to show that
  the test finds faults.

**Faults** would be:

- an acknowledged effect that is missing, or an acknowledged request without its record;
- an effect that exists twice, or belongs to another request than the response says;
- a key that is neither replayed nor uncertain;
- a key that is uncertain although it was acknowledged or its effect is inside;
- an uncertain key that is missing from the operator's list.

A kill does not lose data that the operating system has, so this says nothing about a
power failure.

| store | kills | done inside | done outside | cut off | resolved | uncertain | late | replays | told | faults |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
`
