package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
)

// stalling responds after so long, and sends the second half of its body after as
// long again.
func stalling(status int, head, body time.Duration) response {
	return response{do: func(w http.ResponseWriter, r *http.Request) {
		pause := func(d time.Duration) {
			select {
			case <-time.After(d):
			case <-r.Context().Done():
			}
		}
		pause(head)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, `{"half":`)
		w.(http.Flusher).Flush()
		pause(body)
		io.WriteString(w, `1}`)
	}}
}

func TestAnAttemptHasATimeOfItsOwn(t *testing.T) {
	t.Parallel()
	const s = time.Second
	quick := response{status: 200, body: `{"half":1}`}
	tests := []struct {
		name    string
		dialect string
		method  string
		replies []response
		seen    int
		body    string // "" where no response came
		took    time.Duration
	}{
		{"a head that comes in time", "http", "GET", []response{stalling(200, 900*time.Millisecond, 0)}, 1, `{"half":1}`, 900 * time.Millisecond},
		{"a head that does not is sent for again", "http", "GET", []response{stalling(200, 2*s, 0), quick}, 2, `{"half":1}`, -1},
		{"a POST is not, for it may have been done", "http", "POST", []response{stalling(200, 2*s, 0), quick}, 1, "", s},
		{"a body that no meaning hangs on streams as long as it likes", "http", "GET", []response{stalling(200, 900*time.Millisecond, 50*s)}, 1, `{"half":1}`, 50*s + 900*time.Millisecond},
		{"a body that decides has to come in time", "vms", "GET", []response{stalling(200, 0, 2*s), quick}, 2, `{"half":1}`, -1},
		{"the body of a failure too", "http", "POST", []response{stalling(500, 0, 2*s), quick}, 1, "", s},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, tt.replies...)
				body := ""
				if tt.method == "POST" {
					body = "{}"
				}
				start := time.Now()
				resp, err := u.client(t, tt.dialect, client.WithAttemptTimeout(s), client.WithMaxHold(time.Hour)).Do(request(t, tt.method, body))
				got := ""
				if err == nil {
					got = read(t, resp)
				} else if e := (*client.Error)(nil); !errors.As(err, &e) || e.Outcome.Kind != parlance.KindTimeout || e.Outcome.Reason != parlance.ReasonDeadline || !errors.Is(err, context.DeadlineExceeded) || !e.Timeout() {
					t.Errorf("the error is %v", err)
				}
				took := time.Since(start)
				if got != tt.body || len(u.sightings()) != tt.seen || tt.took >= 0 && took != tt.took {
					t.Errorf("got %q after %v, and the server saw %d", got, took, len(u.sightings()))
				}
			})
		})
	}
}

func TestTheCallersOwnDeadlineIsNotTakenForTheAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, stalling(200, time.Minute, 0))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := u.client(t, "http", client.WithAttemptTimeout(10*time.Second)).Do(request(t, "GET", "").WithContext(ctx))
		var e *client.Error
		if !errors.As(err, &e) || len(e.Attempts) != 1 || e.Outcome.Reason != parlance.ReasonDeadline || len(u.sightings()) != 1 {
			t.Errorf("the error is %v", err)
		}
	})
}
