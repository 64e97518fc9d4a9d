package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/outbox"
)

// TestACredentialGoesToNoAddressThatAVendorNames even if the process that looks there has
// sent nothing before.
func TestACredentialGoesToNoAddressThatAVendorNames(t *testing.T) {
	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "vendor" {
			w.Header().Set("Location", "http://stranger/status")
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusAccepted)
		}
	}, func(s *scene) {
		id := s.put(outbox.Request{Header: http.Header{"X-Color": {"red"}}})
		time.Sleep(10 * time.Second)
		s.halt()
		d, err := catalog.Open("http")
		if err != nil {
			s.Fatal(err)
		}
		s.run(outbox.New(s.store.Queue(), outbox.WithVendor("vendor", d, client.WithBase(s.transport), client.WithAPIKey("X-Key", "secret")), outbox.WithLogger(slog.New(slog.DiscardHandler))))
		time.Sleep(time.Hour)
		s.is(id, outbox.Delivered)
		got := s.asked()
		last := got[len(got)-1]
		if last.Path != "/status" || last.Header.Get("X-Key") != "" || last.Header.Get("X-Color") != "" {
			s.Errorf("the stranger got %s with %v", last.Path, last.Header)
		}
	})
}

func TestACredentialIsNeverStored(t *testing.T) {
	virtual(t, "http", status(200), func(s *scene) {
		for _, r := range []outbox.Request{
			{Vendor: "vendor", URL: "http://vendor/x", Header: http.Header{"Authorization": {"Bearer planted"}}},
			{Vendor: "vendor", URL: "http://vendor/x", Header: http.Header{"X-Api-Key": {"planted"}}},
			{Vendor: "vendor", URL: "http://vendor/x", Header: http.Header{"Cookie": {"session=planted"}}},
			{Vendor: "vendor", URL: "http://user:planted@vendor/x"},
			{Vendor: "vendor", URL: "http://vendor/x?api_key=planted"},
			{Vendor: "nobody", URL: "http://vendor/x"},
			{Vendor: "vendor", URL: "/x"},
			{Vendor: "vendor", URL: "ftp://vendor/x"},
			{Vendor: "vendor", URL: "http://vendor/x", Body: make([]byte, 101)},
			{Vendor: "vendor", URL: "http://vendor/x", Method: "A B"},
			{Vendor: "vendor", URL: "http://vendor/x", Deadline: s.start.Add(-1)},
		} {
			if id, err := s.Put(s.Context(), r); !errors.Is(err, parlance.ErrInvalid) {
				s.Errorf("%s %v: %q, %v", r.URL, r.Header, id, err)
			} else if strings.Contains(err.Error(), "planted") {
				s.Errorf("the error tells the credential: %v", err)
			} else if held := len(r.Header) > 0 || strings.Contains(r.URL, "planted"); errors.Is(err, outbox.ErrCredential) != held {
				s.Errorf("%s %v: %v is a credential: %t, want %t", r.URL, r.Header, err, !held, held)
			}
		}
		if all, err := s.List(s.Context(), outbox.Filter{}); err != nil || len(all) > 0 {
			s.Errorf("stored %+v, %v", all, err)
		}
	}, outbox.WithMaxBody(100))
}

// renewed is a credential of which each token is valid once.
type renewed struct {
	mu sync.Mutex
	n  int
}

func (c *renewed) Token(context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint("token-", c.n), nil
}

func (c *renewed) Invalidate(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if token == fmt.Sprint("token-", c.n) {
		c.n++
	}
}

func TestAnExpiredTokenIsRenewedAndTheRequestSentAtOnce(t *testing.T) {
	d, err := catalog.Open("vbapi")
	if err != nil {
		t.Fatal(err)
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer token-1" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}
	virtual(t, "vbapi", handler, func(s *scene) {
		s.halt() // a process with the credential does it
		s.run(outbox.New(s.store.Queue(), outbox.WithVendor("vendor", d, client.WithBase(s.transport), client.WithCredential(new(renewed))),
			outbox.WithPoll(time.Second), outbox.WithLogger(slog.New(slog.DiscardHandler))))
		id := s.put(outbox.Request{}) // of which a retry is not safe
		time.Sleep(3 * time.Second)
		s.is(id, outbox.Delivered)
		var sent []string
		for _, r := range s.asked() {
			sent = append(sent, r.Header.Get("Authorization"))
		}
		if got := strings.Join(sent, ", "); got != "Bearer token-0, Bearer token-1" {
			s.Errorf("sent with %s", got)
		}
	})
}
