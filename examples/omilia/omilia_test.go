package omilia_test

import (
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/examples/internal/caller"
	"github.com/parlance-api/parlance/examples/omilia"
)

func start(t *testing.T, config omilia.Config) (*caller.Caller, *caller.Clock) {
	clock, log := new(caller.Clock), new(caller.Log)
	config.Logger, config.Now = log.Logger(), clock.Now
	s, err := omilia.New(config)
	if err != nil {
		t.Fatal(err)
	}
	c := caller.New(t, s.Handler())
	c.Header.Set("Authorization", "Bearer "+omilia.Key)
	return c, clock
}

func TestADialogNeedsAnAppAndAShortDescription(t *testing.T) {
	t.Parallel()
	c, _ := start(t, omilia.Config{})
	c.Want("POST", "/dialogs", `{"description":"x"}`, 400,
		`{"errors":[{"code":"1021","detail":"Missing parameter: app","meta":{},"source":"/body/app","status":400,"title":"Bad Request"}]}`)
	c.Want("POST", "/dialogs", `{"app":"x","description":"`+strings.Repeat("é", 51)+`"}`, 422,
		`{"errors":[{"code":"1022","detail":"Description too long","meta":{},"source":"/body/description","status":422,"title":"Unprocessable Entity"}]}`)
	c.Want("POST", "/dialogs", `{"app":"x","description":"`+strings.Repeat("e", 50)+`"}`, 201,
		`{"id":"1","app":"x","description":"`+strings.Repeat("e", 50)+`"}`)
}

func TestADialogTakesASeatUntilItIsClosed(t *testing.T) {
	t.Parallel()
	c, _ := start(t, omilia.Config{Seats: 1})
	if a := c.Want("POST", "/dialogs", `{"app":"x"}`, 201, `{"id":"1","app":"x"}`); a.Header.Get("Location") != "/dialogs/1" {
		t.Errorf("got %v", a.Header)
	}
	c.Want("POST", "/dialogs", `{"app":"x"}`, 403,
		`{"errors":[{"code":"1040","detail":"No available licenses","meta":{},"source":"","status":403,"title":"Forbidden"}]}`)
	c.Want("DELETE", "/dialogs/1", "", 204, ``)
	c.Want("GET", "/dialogs/1", "", 404,
		`{"errors":[{"code":"1004","detail":"Dialog not found","meta":{},"source":"","status":404,"title":"Not Found"}]}`)
	c.Want("POST", "/dialogs", `{"app":"x"}`, 201, `{"id":"2","app":"x"}`)
}

func TestAJobIsAcceptedAndThenDone(t *testing.T) {
	t.Parallel()
	c, clock := start(t, omilia.Config{})
	a := c.Want("POST", "/jobs", "", 202, ``)
	c.Want("GET", a.Header.Get("Location"), "", 200, `{"id":"1","state":"running"}`)
	clock.Move(2 * time.Second)
	c.Want("GET", a.Header.Get("Location"), "", 200, `{"id":"1","state":"done"}`)
}

func TestTooManyRequestsAreToldToWaitAndThenServed(t *testing.T) {
	t.Parallel()
	c, clock := start(t, omilia.Config{Rate: 0.5, Burst: 2})
	for range 2 {
		if a := c.Do("GET", "/dialogs/1", ""); a.Status != 404 {
			t.Fatalf("got %+v", a)
		}
	}
	a := c.Do("GET", "/dialogs/1", "")
	if a.Status != 429 || !strings.Contains(a.Body, "Too many requests too quickly") {
		t.Fatalf("got %+v", a)
	}
	clock.Move(2 * time.Second)
	if a := c.Do("GET", "/dialogs/1", ""); a.Status != 404 {
		t.Errorf("got %+v", a)
	}
}

func TestAWrongKeyIsNoEntry(t *testing.T) {
	t.Parallel()
	c, _ := start(t, omilia.Config{})
	c.Header.Set("Authorization", "Bearer x")
	c.Want("GET", "/dialogs/1", "", 401,
		`{"errors":[{"code":"1001","detail":"No valid API key provided","meta":{},"source":"","status":401,"title":"Unauthorized"}]}`)
}
