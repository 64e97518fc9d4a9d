package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
)

// operations is a service that accepts work and says at a place of its own how
// it goes.
func operations(where string, looks ...response) []response {
	return append([]response{{status: 202, header: map[string]string{"Location": where}, body: "{}"}}, looks...)
}

func TestAnAcceptedRequestIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	pending := response{status: 202, body: "{}"}
	tests := []struct {
		name    string
		dialect string
		method  string
		replies []response
		kind    parlance.Kind
		body    string
		looks   []string        // method and path of each
		waits   []time.Duration // before each
	}{
		{"at once where it is done", "omilia", "POST", []response{{status: 200, body: `{"a":1}`}}, parlance.KindSuccess, `{"a":1}`, nil, nil},
		{"by Location, first after a second, then later and later", "omilia", "POST",
			operations("/jobs/1", pending, pending, response{status: 200, body: `{"done":true}`}), parlance.KindSuccess, `{"done":true}`,
			[]string{"GET /jobs/1", "GET /jobs/1", "GET /jobs/1"}, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}},
		{"to where it moves on", "omilia", "POST",
			operations("/jobs/1", response{status: 202, header: map[string]string{"Location": "/jobs/2"}}, response{status: 200, body: "{}"}), parlance.KindSuccess, "{}",
			[]string{"GET /jobs/1", "GET /jobs/2"}, []time.Duration{time.Second, 2 * time.Second}},
		{"when the response says so", "omilia", "POST",
			[]response{{status: 202, header: map[string]string{"Location": "jobs/1", "Retry-After": "7"}}, {status: 204}}, parlance.KindEmpty, "",
			[]string{"GET /jobs/1"}, []time.Duration{7 * time.Second}},
		{"over a failure that passes", "omilia", "POST",
			operations("/jobs/1", response{status: 503, header: map[string]string{"Retry-After": "3"}, body: `{"errors":[]}`}, response{status: 200, body: "{}"}), parlance.KindSuccess, "{}",
			[]string{"GET /jobs/1", "GET /jobs/1"}, []time.Duration{time.Second, 3 * time.Second}},
		{"to the failure that it ends in", "omilia", "POST",
			operations("/jobs/1", response{status: 404, body: `{"errors":[]}`}), parlance.KindNotFound, `{"errors":[]}`,
			[]string{"GET /jobs/1"}, []time.Duration{time.Second}},
		{"by a redirect to the result", "omilia", "POST",
			operations("/jobs/1", response{status: 303, header: map[string]string{"Location": "/results/1"}}, response{status: 200, body: `{"r":1}`}), parlance.KindSuccess, `{"r":1}`,
			[]string{"GET /jobs/1", "GET /results/1"}, []time.Duration{time.Second, 0}},
		{"by asking again, where a GET points nowhere", "github", "GET",
			[]response{{status: 202, body: "{}"}, {status: 200, body: `[1]`}}, parlance.KindSuccess, `[1]`,
			[]string{"GET /things"}, []time.Duration{time.Second}},
		{"by the header that its dialect names", "azure", "PUT",
			[]response{{status: 202, header: map[string]string{"Azure-Asyncoperation": "/operations/1", "Location": "/other"}}, {status: 200, body: `{}`}}, parlance.KindSuccess, `{}`,
			[]string{"GET /operations/1"}, []time.Duration{time.Second}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, tt.replies...)
				c := u.client(t, tt.dialect)
				body := ""
				if tt.method != "GET" {
					body = `{"n":1}`
				}
				first, err := c.Do(request(t, tt.method, body))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.Poller{Client: c}.Follow(t.Context(), first)
				if err != nil {
					t.Fatal(err)
				}
				if got := read(t, resp); got != tt.body || report(t, resp).Outcome.Kind != tt.kind {
					t.Errorf("it came to %v %q", report(t, resp).Outcome.Kind, got)
				}
				looks := u.sightings()[1:]
				if len(looks) != len(tt.looks) {
					t.Fatalf("it looked %d times: %+v", len(looks), looks)
				}
				for i, l := range looks {
					if got := l.method + " " + l.path; got != tt.looks[i] || u.waits()[i] != tt.waits[i] || l.body != "" {
						t.Errorf("look %d was %s %q after %v, want %s after %v", i+1, got, l.body, u.waits()[i], tt.looks[i], tt.waits[i])
					}
				}
			})
		})
	}
}

func TestALookCarriesTheCallersHeadersAndNothingOfTheBodys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, operations("/jobs/1", response{status: 200, body: "{}"})...)
		c := u.client(t, "omilia", client.WithAPIKey("x-api-key", "k1"))
		req := request(t, "POST", "{}")
		for name, value := range map[string]string{"Authorization": "Bearer t", "Content-Type": "application/json", "Idempotency-Key": "i", "Prefer": "respond-async", "X-Tenant": "a"} {
			req.Header.Set(name, value)
		}
		first, err := c.Do(req.WithContext(client.WithCall(t.Context(), client.Call{Operation: "create"})))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (client.Poller{Client: c}).Follow(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		h := u.sightings()[1].header
		for name, want := range map[string]string{"Authorization": "Bearer t", "X-Api-Key": "k1", "X-Tenant": "a", "Content-Type": "", "Idempotency-Key": "", "Prefer": ""} {
			if got := h.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	})
}

func TestWhatDoesNotEndIsHandedBackWithItsPlace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		poller  client.Poller
		timeout time.Duration // of the context, 0 for none
		replies []response
		where   string
		is      error
		took    time.Duration
	}{
		{"after the patience", client.Poller{Timeout: 10 * time.Second}, 0, operations("/jobs/1", response{status: 202}), "http://upstream.test/jobs/1", nil, 7 * time.Second},
		{"before a wait that the context does not allow", client.Poller{}, 30 * time.Second, operations("/jobs/1", response{status: 202, header: map[string]string{"Retry-After": "60"}}), "http://upstream.test/jobs/1", nil, time.Second},
		{"at the pace that the caller sets", client.Poller{Every: 4 * time.Second, Timeout: 10 * time.Second}, 0, operations("/jobs/1", response{status: 202}), "http://upstream.test/jobs/1", nil, 8 * time.Second},
		{"without a place, where none is said", client.Poller{}, 0, []response{{status: 202}}, "", nil, 0},
		{"without a place that is no web address", client.Poller{}, 0, operations("javascript:alert(1)"), "", nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, tt.replies...)
				tt.poller.Client = u.client(t, "omilia")
				ctx := t.Context()
				if tt.timeout > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.timeout)
					defer cancel()
				}
				first, err := tt.poller.Client.Do(request(t, "POST", "{}"))
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				resp, err := tt.poller.Follow(ctx, first)
				var p *client.PendingError
				if !errors.As(err, &p) || p.Where != tt.where || p.Outcome.Kind != parlance.KindAccepted {
					t.Fatalf("the error is %v", err)
				}
				if resp == nil || report(t, resp).Outcome.Kind != parlance.KindAccepted {
					t.Error("the last response is lost")
				} else {
					read(t, resp)
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("it took %v, want %v", took, tt.took)
				}
			})
		})
	}
}

func TestAContextThatEndsDuringAFollowLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, operations("/jobs/1", response{status: 202})...)
		c := u.client(t, "omilia")
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, cancel)
		first, err := c.Do(request(t, "POST", "{}"))
		if err != nil {
			t.Fatal(err)
		}
		var seen []string
		resp, err := client.Poller{Client: c, Look: func(so *client.Report, wait time.Duration) {
			seen = append(seen, fmt.Sprint(so.Outcome.Kind, " ", wait))
		}}.Follow(ctx, first)
		if !errors.Is(err, context.Canceled) || resp == nil || len(seen) != 4 || seen[3] != "accepted 8s" {
			t.Errorf("%v after %q", err, seen)
		}
	})
}

func TestTheResultIsFetchedFromWhereTheLastLookPoints(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("jobs.yaml", []byte("dialect: jobs\ntitle: Jobs\npoll: {headers: [Operation-Location], every: 5s, result: Location}\ncodes: {200: success}\n"))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{status: 202, header: map[string]string{"Operation-Location": "/jobs/1"}},
			response{status: 200, header: map[string]string{"Location": "/results/1"}, body: `{"status":"done"}`}, response{status: 200, body: `{"r":1}`})
		c := &http.Client{Transport: client.New(d, client.WithBase(u.transport))}
		first, err := c.Do(request(t, "POST", "{}"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Poller{Client: c}.Follow(t.Context(), first)
		if err != nil || read(t, resp) != `{"r":1}` {
			t.Fatalf("%v", err)
		}
		if w := u.waits(); len(w) != 2 || w[0] != 5*time.Second || w[1] != 0 || u.sightings()[2].path != "/results/1" {
			t.Errorf("waited %v", w)
		}
	})
}

func TestALookThatGetsNoResponseLosesNoPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, operations("/jobs/1", response{do: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }})...)
		c := u.client(t, "omilia", client.WithMaxAttempts(1))
		first, err := c.Do(request(t, "POST", "{}"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Poller{Client: c}.Follow(t.Context(), first)
		var p *client.PendingError
		var e *client.Error
		if !errors.As(err, &p) || p.Where != "http://upstream.test/jobs/1" || !errors.As(err, &e) || e.Outcome.Reason != parlance.ReasonReset {
			t.Errorf("the error is %v", err)
		}
		if resp == nil || read(t, resp) != "{}" {
			t.Error("the last response is lost")
		}
	})
}
