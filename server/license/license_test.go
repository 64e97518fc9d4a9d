package license_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/internal/servertest"
	"github.com/parlance-api/parlance/server/license"
	"github.com/parlance-api/parlance/store/memory"
)

// agents is a service for those who have a seat: their name is their key.
func agents(s *server.Server, seats *license.Seats) http.Handler {
	byName := auth.VerifierFunc(func(_ context.Context, _, secret string) (server.Principal, error) {
		return server.Principal{ID: secret}, nil
	})
	mux := http.NewServeMux()
	mux.Handle("GET /work", seats.Wrap(s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		if d, err := time.ParseDuration(r.URL.Query().Get("for")); err == nil {
			time.Sleep(d) // virtual
		}
		return "done", nil
	})))
	mux.Handle("DELETE /session", s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		p, _ := server.PrincipalOf(r.Context())
		return nil, seats.Release(r.Context(), p.ID)
	}))
	return s.Wrap(auth.Authenticate(auth.APIKey("X-Api-Key", byName))(mux))
}

func TestWhileAllSeatsAreTakenNobodyElseWorks(t *testing.T) {
	t.Parallel()
	for dialect, c := range map[string]struct {
		full int
		body string
		gone int
	}{
		"omilia": {403, `{"errors":[{"code":"1040","detail":"No available licenses","meta":{},"source":"","status":403,"title":"Forbidden"}]}`, 204},
		"vms":    {402, `{"message":"","errors":{"error":["All licenses are in use."]}}`, 204},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, _ := servertest.New(t, dialect)
			own := parlance.Outcome{Code: map[string]string{"omilia": "1040"}[dialect]}
			seats := &license.Seats{Store: memory.New().Seats(), Pool: "agents", Count: 2, Lease: time.Minute, Error: own}
			h := &http.Client{Transport: memhttp.Serve(t, agents(s, seats))}
			const work, session = "http://house/work", "http://house/session"
			want := func(name, method, url string, status int) {
				t.Helper()
				a := servertest.As(t, h, name, method, url)
				if a.Status != status || status == c.full && a.Body != c.body {
					t.Errorf("%s: %s %s %s: got %d %s", dialect, name, method, url, a.Status, a.Body)
				}
			}
			want("ann", "GET", work, 200)
			want("bob", "GET", work, 200)
			want("cid", "GET", work, c.full)
			want("ann", "GET", work, 200) // her own
			want("bob", "DELETE", session, c.gone)
			want("cid", "GET", work, 200)
			want("bob", "GET", work, c.full)

			time.Sleep(40 * time.Second) // virtual
			want("ann", "GET", work, 200)
			time.Sleep(20*time.Second - time.Nanosecond)
			want("bob", "GET", work, c.full)
			time.Sleep(time.Nanosecond) // cid's lease ends, ann's was renewed by use
			want("bob", "GET", work, 200)
			want("cid", "GET", work, c.full)

			want("ann", "GET", work+"?for=10m", 200) // bob's lease ends in the meantime, and hers does not
			want("cid", "GET", work, 200)
			want("bob", "GET", work, c.full)
			if got := servertest.As(t, h, "", "GET", work); got.Status != 401 {
				t.Errorf("nobody: got %d %s", got.Status, got.Body)
			}
		})
	}
}

func TestALongRequestKeepsItsSeatWhileItIsServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := servertest.New(t, "omilia")
		seats := &license.Seats{Store: memory.New().Seats(), Pool: "agents", Count: 1, Lease: time.Minute}
		h := &http.Client{Transport: memhttp.Serve(t, agents(s, seats))}
		var wg sync.WaitGroup
		wg.Go(func() {
			if a := servertest.As(t, h, "ann", "GET", "http://house/work?for=10m"); a.Status != 200 {
				t.Errorf("got %d %s", a.Status, a.Body)
			}
		})
		for range 9 {
			time.Sleep(time.Minute) // virtual
			if a := servertest.As(t, h, "bob", "GET", "http://house/work"); a.Status != 403 {
				t.Errorf("bob: got %d %s", a.Status, a.Body)
			}
		}
		wg.Wait()
		time.Sleep(time.Minute)
		if a := servertest.As(t, h, "bob", "GET", "http://house/work"); a.Status != 200 {
			t.Errorf("bob, later: got %d %s", a.Status, a.Body)
		}
	})
}

// cameras is a service that creates things under a cap.
func cameras(s *server.Server, limit license.Cap, made *atomic.Int32) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /cameras", s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		err := limit.Create(r.Context(), func(context.Context) error {
			if r.URL.Query().Has("broken") {
				return fmt.Errorf("the name is taken: %w", parlance.ErrConflict)
			}
			made.Add(1)
			return nil
		})
		if err != nil {
			return nil, err
		}
		return server.Created("/cameras/1", "made"), nil
	}))
	mux.Handle("DELETE /cameras/1", s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		return nil, limit.Delete(r.Context(), func(context.Context) error {
			if r.URL.Query().Has("broken") {
				return parlance.ErrNotFound
			}
			made.Add(-1)
			return nil
		})
	}))
	return s.Wrap(mux)
}

func TestWhatIsOneTooManyIsNotCreatedUntilAnotherIsDeleted(t *testing.T) {
	t.Parallel()
	for dialect, full := range map[string]struct {
		status int
		body   string
	}{
		"vms":    {402, `{"message":"","errors":{"license":["The license limit is exceeded"]}}`},
		"omilia": {403, `{"errors":[{"code":"1040","detail":"No available licenses","meta":{},"source":"","status":403,"title":"Forbidden"}]}`},
	} {
		s, _ := servertest.New(t, dialect)
		limit := license.Cap{Store: memory.New().Seats(), Name: "cameras", Most: 2, Error: parlance.Outcome{Code: "1040"}}
		if dialect == "vms" {
			limit.Error.Fields = []parlance.Field{{Path: "license", Message: "The license limit is exceeded"}}
		}
		h := servertest.Listen(t, cameras(s, limit, new(atomic.Int32)))
		want := func(method, path string, status int, body string) {
			t.Helper()
			if a, err := servertest.Try(t, h, method, path); err != nil || a.Status != status || body != "" && a.Body != body {
				t.Errorf("%s: %s %s: got %d %s, %v", dialect, method, path, a.Status, a.Body, err)
			}
		}
		const conflict = 409
		want("POST", "/cameras?broken", conflict, "") // and is not counted
		want("POST", "/cameras", 201, "")
		want("POST", "/cameras?broken", conflict, "")
		want("POST", "/cameras", 201, "")
		want("POST", "/cameras", full.status, full.body)
		want("DELETE", "/cameras/1?broken", 404, "") // and is counted still
		want("POST", "/cameras", full.status, full.body)
		want("DELETE", "/cameras/1", 204, "")
		want("POST", "/cameras", 201, "")
		want("POST", "/cameras", full.status, full.body)
	}
}

func TestManyAtOnceCreateNoMoreThanTheCap(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vms")
	var made atomic.Int32
	h := servertest.Listen(t, cameras(s, license.Cap{Store: memory.New().Seats(), Name: "cameras", Most: 5}, &made))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { _, _ = servertest.Try(t, h, "POST", "/cameras") })
	}
	wg.Wait()
	if made.Load() != 5 {
		t.Errorf("there are %d", made.Load())
	}
}

// brokenSeats is a store that is down.
type brokenSeats struct{ license.Store }

func (brokenSeats) Acquire(context.Context, string, string, int, time.Duration) (bool, error) {
	return false, errors.New("disk 7 is full")
}

func TestWithoutItsStoreALicenseLetsNobodyIn(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "omilia")
	h := servertest.Listen(t, agents(s, &license.Seats{Store: brokenSeats{}, Pool: "agents", Count: 1}))
	a, err := servertest.Try(t, h, "GET", "/work", "X-Api-Key", "ann")
	if err != nil || a.Status != 503 || strings.Contains(a.Body, "disk") || !strings.Contains(log.String(), "disk 7") {
		t.Errorf("got %d %s, %v; the log: %s", a.Status, a.Body, err, log)
	}
}
