package guard_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

// wantClosed asks, and wants the status and, to the second, when to come back.
func wantClosed(t *testing.T, c *http.Client, path string, status int, after string) {
	t.Helper()
	if a := servertest.As(t, c, "ann", "GET", "http://house"+path); a.Status != status || a.Header.Get("Retry-After") != after {
		t.Errorf("%s: got %d, Retry-After %q, %s", path, a.Status, a.Header.Get("Retry-After"), a.Body)
	}
}

func TestMaintenanceSaysToTheSecondWhenItEnds(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"vms", "problem", "omilia"} {
		synctest.Test(t, func(t *testing.T) {
			s, _ := servertest.New(t, dialect)
			var m guard.Maintenance
			c := &http.Client{Transport: memhttp.Serve(t, s.Wrap(m.Wrap(s.Handle(servertest.Caller))))}
			now := time.Now()

			wantClosed(t, c, "/", 200, "")
			m.Close(now.Add(90 * time.Second))
			wantClosed(t, c, "/", 503, "90")
			time.Sleep(500 * time.Millisecond) // virtual
			wantClosed(t, c, "/", 503, "90")   // nobody comes too early
			time.Sleep(89*time.Second + 500*time.Millisecond)
			wantClosed(t, c, "/", 503, "") // it should be over and is not
			m.Reopen()
			wantClosed(t, c, "/", 200, "")
			m.Close(time.Time{})
			wantClosed(t, c, "/", 503, "")
			m.Reopen()

			now = time.Now()
			m.Plan(guard.Window{From: now.Add(10 * time.Second), To: now.Add(20 * time.Second)},
				guard.Window{From: now.Add(20 * time.Second), To: now.Add(30 * time.Second)},
				guard.Window{From: now.Add(15 * time.Second), To: now.Add(18 * time.Second)},
				guard.Window{From: now.Add(40 * time.Second), To: now.Add(50 * time.Second)})
			wantClosed(t, c, "/", 200, "")
			time.Sleep(10*time.Second - time.Nanosecond)
			wantClosed(t, c, "/", 200, "")
			time.Sleep(time.Nanosecond)
			wantClosed(t, c, "/", 503, "20") // the next window begins where this one ends
			m.Close(now.Add(25 * time.Second))
			wantClosed(t, c, "/", 503, "20")
			m.Close(now.Add(35 * time.Second))
			wantClosed(t, c, "/", 503, "25")
			m.Reopen()
			time.Sleep(20*time.Second - time.Nanosecond)
			wantClosed(t, c, "/", 503, "1")
			time.Sleep(time.Nanosecond)
			wantClosed(t, c, "/", 200, "")
			time.Sleep(10 * time.Second)
			wantClosed(t, c, "/", 503, "10")
			m.Plan()
			wantClosed(t, c, "/", 200, "")
		})
	}
}

func TestMaintenanceIsAReasonOfItsOwn(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "problem")
	var m guard.Maintenance
	m.Close(time.Time{})
	a := servertest.Ask(t, s.Wrap(m.Wrap(s.Handle(servertest.Caller))), "GET", "/")
	if got := servertest.Meaning(t, "problem", a); got.Kind != parlance.KindUnavailable || got.Reason != parlance.ReasonMaintenance {
		t.Errorf("got %+v", got)
	}
}

func TestHealthAndOperatorsAreLetThroughMaintenance(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vms")
	m := guard.Maintenance{Admit: func(r *http.Request) bool { return r.Header.Get("X-Operator") != "" }}
	m.Close(time.Time{})
	h := servertest.Listen(t, s.Wrap(m.Wrap(s.Handle(servertest.Caller))))
	for path, want := range map[string]int{"/healthz": 200, "/livez": 200, "/readyz": 200, "/healthz/x": 503, "/cameras": 503} {
		if a, err := servertest.Try(t, h, "GET", path); err != nil || a.Status != want {
			t.Errorf("%s: got %d, %v", path, a.Status, err)
		}
	}
	if a, err := servertest.Try(t, h, "GET", "/cameras", "X-Operator", "1"); err != nil || a.Status != 200 {
		t.Errorf("the operator: got %d, %v", a.Status, err)
	}
	m2 := guard.Maintenance{Open: []string{"/admin/"}}
	m2.Close(time.Time{})
	h = servertest.Listen(t, s.Wrap(m2.Wrap(s.Handle(servertest.Caller))))
	for path, want := range map[string]int{"/healthz": 503, "/admin/": 200, "/admin/x": 200, "/admin": 503} {
		if a, err := servertest.Try(t, h, "GET", path); err != nil || a.Status != want {
			t.Errorf("%s: got %d, %v", path, a.Status, err)
		}
	}
}
