package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/jobs"
	"github.com/parlance-api/parlance/server/license"
	"github.com/parlance-api/parlance/store"
)

// The paths of what a server does later, counts and lends.
const (
	jobsInside  = "/work/inside"
	jobsOutside = "/work/outside"
	things      = "/things/" // an id follows
	seats       = "/seats/"  // a holder follows
)

// So many things may there be, and so many sit at one time.
const (
	mostThings = 12
	mostSeats  = 5
)

// serveWork is that part of the process.
func serveWork(mux *http.ServeMux, api *server.Server, s store.Store, e engine, world *os.File) {
	jobs := jobs.New(api, s.Queue(), jobs.Lease(time.Second), jobs.Poll(20*time.Millisecond),
		jobs.Kind(jobsInside, func(ctx context.Context, j jobs.Job) (any, error) {
			did := effect{string(j.Input), j.ID}
			if e.apart {
				return did, s.Transact(ctx, func(ctx context.Context) error { return e.do(ctx, did) })
			}
			return server.AtomicIn(s)(func(ctx context.Context) (any, error) { return did, e.do(ctx, did) }), nil
		}),
		jobs.Kind(jobsOutside, func(_ context.Context, j jobs.Job) (any, error) {
			did := effect{string(j.Input), j.ID}
			if _, err := fmt.Fprintln(world, did.ID, did.By); err != nil {
				return nil, err
			}
			return did, world.Sync()
		}))
	go jobs.Run(context.Background())
	for _, kind := range []string{jobsInside, jobsOutside} {
		mux.Handle("POST "+kind, idempotency.Middleware(s.Idempotency(), idempotency.Required(), idempotency.Transactional())(jobs.AsyncHandler(kind)))
	}
	mux.Handle("GET /jobs/", jobs.Watch())

	limit := license.Cap{Store: s.Seats(), Name: "things", Most: mostThings}
	mux.Handle("POST "+things+"{id}", api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		return nil, limit.Create(r.Context(), func(ctx context.Context) error { return e.do(ctx, effect{ID: r.PathValue("id")}) })
	}))
	mux.Handle("DELETE "+things+"{id}", api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		return nil, limit.Delete(r.Context(), func(ctx context.Context) error {
			there, err := e.undo(ctx, r.PathValue("id"))
			if err == nil && !there {
				err = parlance.ErrNotFound
			}
			return err
		})
	}))
	pool := license.Seats{Store: s.Seats(), Pool: "seats", Count: mostSeats, Lease: time.Hour}
	mux.Handle("POST "+seats+"{holder}", api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		return nil, pool.Acquire(r.Context(), r.PathValue("holder"))
	}))
	mux.Handle("DELETE "+seats+"{holder}", api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		return nil, pool.Release(r.Context(), r.PathValue("holder"))
	}))
}

func TestNoJobOrLicenseIsLostByAServerThatIsKilled(t *testing.T) {
	t.Parallel()
	var text string
	for _, name := range slices.Sorted(maps.Keys(engines)) {
		if engines[name].apart && *kills < 100 {
			continue // it takes many to meet it in between
		}
		l := &ledger{t: t, late: engines[name].late}
		lives := *kills
		if lives < 100 {
			lives = (lives + 3) / 4 // a test, and no measurement
		}
		survive(t, name, l, lives)
		t.Logf("%s: %+v, %d faults", name, l.count, len(l.faults))
		text += fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d | %d |\n", name,
			l.Kills, l.Inside, l.Outside, l.Again, l.Created, l.Seated, l.Cut, len(l.faults))
	}
	pages.Store(2, workPage+text)
}

// ledger is what the callers know of jobs, things and seats. Whoever asks for one has
// it to himself until he has noted the response.
type ledger struct {
	t    *testing.T
	late bool // of the engine

	mu     sync.Mutex
	jobs   []*errand
	resent []*errand // whose response was cut off
	things map[string]bool
	seats  map[string]bool
	gone   []string // things that were deleted
	next   int      // number of a new one
	faults []string

	// unsure are paths of things and seats that are there or not; cleared is how many
	// of them were given back since.
	unsure  []string
	cleared int

	count
}

// count counts.
type count struct{ Kills, Inside, Outside, Again, Created, Seated, Cut int }

// errand is a job that was asked for.
type errand struct {
	path, id string
	place    string // where to look; "" is not accepted yet
	result   string // "" is none yet
}

func (l *ledger) faulty(format string, args ...any) {
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// live lets callers ask until the server is killed.
func (l *ledger) live(p *process, _ int) {
	l.Kills++
	for ; l.cleared < len(l.unsure); l.cleared++ { // or those would soon have all that there is
		if _, err := p.do("DELETE", l.unsure[l.cleared], "", ""); err != nil {
			l.t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	end := newEnd(p)
	for range callers {
		all.Go(func() {
			for alive := true; alive; end.responded() {
				switch rand.IntN(4) {
				case 0:
					alive = l.thing(p)
				case 1:
					alive = l.seat(p)
				default:
					alive = l.job(p)
				}
			}
		})
	}
	end.kill(l.t)
	all.Wait()
}

// job asks for a job, again where the response was cut off, or looks at one.
func (l *ledger) job(p *process) bool {
	l.mu.Lock()
	var j *errand
	look := false
	switch n := len(l.jobs); {
	case len(l.resent) > 0:
		j, l.resent = l.resent[0], l.resent[1:]
	case n > 0 && rand.IntN(2) == 0:
		j = l.jobs[rand.IntN(n)]
		look = j.place != ""
	}
	if j == nil || !look && j.place != "" {
		l.next++
		j = &errand{path: []string{jobsInside, jobsOutside}[rand.IntN(2)], id: fmt.Sprint("job", l.next)}
		l.jobs = append(l.jobs, j)
	}
	place, known := j.place, j.result
	l.mu.Unlock()
	if look {
		a, err := p.do("GET", place, "", "")
		l.looked(j, known, a, err)
		return err == nil
	}
	a, err := p.do("POST", j.path, j.id, j.id)
	l.accepted(j, a, err)
	return err == nil
}

// accepted notes where a job is to be looked at.
func (l *ledger) accepted(j *errand, a response, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		l.Cut++
		l.resent = append(l.resent, j)
	case a.reason() == "idempotency_in_flight": // another asks for it, or a dead process's session
		l.resent = append(l.resent, j)
	case a.status != 202 || j.place != "" && j.place != a.place:
		l.faulty("%s: accepted at %q, and then %d at %q: %s", j.id, j.place, a.status, a.place, a.body)
	default:
		j.place = a.place
	}
}

// looked notes what became of a job, and reports that it has ended. known is the result that
// was known before it was asked for: another caller may have noted one since.
func (l *ledger) looked(j *errand, known string, a response, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		l.Cut++
	case a.status == 202 && known == "":
	case a.status != 200 || j.result != "" && j.result != a.body:
		l.faulty("%s: accepted at %s, its result was %q, and then %d: %s", j.id, j.place, j.result, a.status, a.body)
		return true
	default:
		j.result = a.body
		return true
	}
	return false
}

// thing creates one, or deletes one.
func (l *ledger) thing(p *process) bool {
	return l.license(p, things, &l.things, mostThings, &l.Created)
}

// seat takes one, renews the lease of one, or gives one back.
func (l *ledger) seat(p *process) bool { return l.license(p, seats, &l.seats, mostSeats, &l.Seated) }

// license asks for one more, or gives one back.
func (l *ledger) license(p *process, path string, has *map[string]bool, most int, granted *int) bool {
	l.mu.Lock()
	if *has == nil {
		*has = map[string]bool{}
	}
	method, name, renew := "POST", "", false
	for one := range *has { // any
		if name = one; rand.IntN(3) == 0 && path == seats {
			renew = true
		} else {
			method = "DELETE"
		}
		break
	}
	if n := len(*has); name == "" || !renew && n < most && rand.IntN(2) == 0 || rand.IntN(4) == 0 {
		l.next++
		method, name, renew = "POST", fmt.Sprint("one", l.next), false
	}
	if method == "DELETE" || renew {
		delete(*has, name) // it is asked for by one at a time
	}
	l.mu.Unlock()

	a, err := p.do(method, path+name, "", "")

	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		l.Cut++
		l.unsure = append(l.unsure, path+name)
	case method == "DELETE" && a.status < 300:
		if path == things {
			l.gone = append(l.gone, name)
		}
	case method == "POST" && a.status < 300:
		(*has)[name] = true
		*granted++
		if len(*has) > most {
			l.faulty("%d of at most %d are had at %s", len(*has), most, path)
		}
	case method == "POST" && !renew && a.reason() == string(parlance.ReasonLicense):
	default:
		l.faulty("%s %s (had: %v): status %d, %s", method, path+name, renew || method == "DELETE", a.status, a.body)
	}
	return err == nil
}

func (l *ledger) found() []string { return l.faults }

// settle brings all to its end, and holds what was done against what was said.
func (l *ledger) settle(p *process) {
	must := func(a response, err error) response {
		l.t.Helper()
		if err != nil {
			l.t.Fatal(err)
		}
		return a
	}
	// A dead process's lease may last a while.
	until := func(what string, is func() bool) {
		for end := time.Now().Add(hangs); time.Now().Before(end); {
			if is() {
				return
			}
			<-time.After(50 * time.Millisecond)
		}
		l.faulty("%s: it does not end", what)
	}
	l.resent = nil
	for _, j := range l.jobs {
		until(j.id, func() bool {
			a := must(p.do("POST", j.path, j.id, j.id))
			l.accepted(j, a, nil)
			return a.reason() != "idempotency_in_flight"
		})
		if j.place == "" {
			continue // that is a fault already
		}
		until(j.id, func() bool { return l.looked(j, j.result, must(p.do("GET", j.place, "", "")), nil) })
	}
	var all []effect
	p.get(l.t, effects, &all)
	done := make(map[string][]string)
	for _, e := range all {
		done[e.ID] = append(done[e.ID], e.By)
	}
	for _, j := range l.jobs {
		by := done[j.id]
		delete(done, j.id)
		id := j.place[strings.LastIndexByte(j.place, '/')+1:]
		var said effect
		_ = json.Unmarshal([]byte(j.result), &said)
		if said != (effect{j.id, id}) || len(by) == 0 || slices.ContainsFunc(by, func(b string) bool { return b != id }) {
			l.faulty("%s: accepted at %s, its result is %s, done by %v", j.id, j.place, j.result, by)
		}
		if j.path == jobsOutside {
			l.Outside++
			l.Again += len(by) - 1
		} else if l.Inside++; len(by) > 1 {
			l.faulty("%s: done %d times, and it is inside", j.id, len(by))
		}
	}
	there := len(done)
	for name := range l.things {
		if len(done[name]) != 1 {
			l.faulty("%s was created, and is there %d times", name, len(done[name]))
		}
	}
	for _, name := range l.gone {
		if len(done[name]) > 0 {
			l.faulty("%s was deleted, and is there", name)
		}
	}
	for holder := range l.seats {
		if a := must(p.do("POST", seats+holder, "", "")); a.status >= 300 {
			l.faulty("%s has a seat, and is told %d: %s", holder, a.status, a.body)
		}
		must(p.do("DELETE", seats+holder, "", ""))
	}
	for _, path := range l.unsure {
		if strings.HasPrefix(path, seats) {
			must(p.do("DELETE", path, "", ""))
		}
	}
	// There is room for as many as there should be, and no more.
	room := func(path string, want int) {
		for n := 0; ; n++ {
			l.next++
			if a := must(p.do("POST", fmt.Sprint(path, "last", l.next), "", "")); a.status >= 300 {
				if n != want || a.reason() != string(parlance.ReasonLicense) {
					l.faulty("there was room for %d more at %s, not for %d: status %d", n, path, want, a.status)
				}
				return
			}
		}
	}
	room(things, mostThings-there)
	room(seats, mostSeats)
}

const workPage = `
## Jobs and licenses

This test does the same with requests that become jobs, with a limited number of things,
and with seats. At the end every accepted job must have a result. The room that is left
must be exactly that of the things and seats that are free.

- **Done again** are jobs whose process was killed between an effect outside and its
  record. A job is done at least once, with the same ID each time. Inside, effect and result
  are one commit, so no job is done again.

**Faults** would be:

- an accepted job that is missing, never ends, has another result than before, or was done
  twice inside;
- an acknowledged thing or seat that is missing, or one more than the limit;
- room that is lost.

| store | kills | jobs inside | jobs outside | done again | things created | seats taken | cut off | faults |
|---|--:|--:|--:|--:|--:|--:|--:|--:|
`
