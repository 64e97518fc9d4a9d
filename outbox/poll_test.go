package outbox_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/outbox"
)

func TestAnAcceptedRequestIsFollowedToItsEnd(t *testing.T) {
	looks := 0
	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == "POST":
			w.Header().Set("Location", "/orders/1/status")
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(202)
		case looks < 3:
			looks++
			w.Header().Set("Retry-After", "60")
			w.WriteHeader([]int{202, 503, 202}[looks-1])
		default:
			io.WriteString(w, "the result")
		}
	}, func(s *scene) {
		id := s.put(outbox.Request{Body: []byte("order")})
		time.Sleep(time.Hour)
		d := s.is(id, outbox.Delivered)
		var lines []string
		for _, r := range s.asked() {
			lines = append(lines, fmt.Sprintf("%s %s %q at %v", r.Method, r.Path, r.Body, r.At.Truncate(10*time.Second)))
		}
		want := []string{`POST /orders "order" at 0s`, `GET /orders/1/status "" at 1m0s`, `GET /orders/1/status "" at 2m0s`,
			`GET /orders/1/status "" at 3m0s`, `GET /orders/1/status "" at 4m0s`}
		if !reflect.DeepEqual(lines, want) || string(d.Body) != "the result" {
			s.Errorf("got %q with %q, want %q", lines, d.Body, want)
		}
	})
}

func TestTheResultOfAcceptedWorkCanHaveAnotherAddress(t *testing.T) {
	d, err := dialect.Compile("shop.yaml", []byte("dialect: shop\ncodes:\n  200: success\n  202: accepted\n  503: unavailable\npoll: {headers: [Location], result: X-Result, every: 1m}\n"))
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/orders":
			w.Header().Set("Location", "/orders/1/status")
			w.WriteHeader(http.StatusAccepted)
		case "/orders/1/status":
			w.Header().Set("X-Result", "/orders/1")
		default:
			if tries++; tries == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.Header().Set("X-Result", "/orders/1")
			io.WriteString(w, "the result")
		}
	}, func(s *scene) {
		box := outbox.New(s.store.Queue(), outbox.WithVendor("shop", d, client.WithBase(s.transport)), outbox.WithLogger(slog.New(slog.DiscardHandler)))
		s.halt()
		id, err := box.Put(s.Context(), outbox.Request{Vendor: "shop", URL: "http://shop/orders"})
		if err != nil {
			s.Fatal(err)
		}
		s.run(box)
		time.Sleep(time.Hour)
		if d := s.is(id, outbox.Delivered); string(d.Body) != "the result" || s.count() != 4 {
			s.Errorf("got %q in %d requests", d.Body, s.count())
		}
	})
}
