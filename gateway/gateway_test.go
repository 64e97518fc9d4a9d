package gateway_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/store/memory"
)

func TestAConfigThatLacksSomethingSaysWhat(t *testing.T) {
	t.Parallel()
	vms := open(t, "vms")
	at := func(s string) *url.URL {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	box := outbox.New(memory.New().Queue(), outbox.WithVendor("hub", vms), outbox.WithVendor("shop", open(t, "plain")))
	later := func(l gateway.Later) gateway.Config {
		return gateway.Config{Upstream: at("http://x"), Speaks: vms, To: vms, Later: &l}
	}
	tests := []struct {
		name   string
		config gateway.Config
		want   string
	}{
		{"no outbox", later(gateway.Later{Vendor: "hub"}), "gateway: Later has no Outbox"},
		{"no such vendor", later(gateway.Later{Outbox: box, Vendor: "x"}), `gateway: the outbox has no vendor "x"; it has ["hub" "shop"]`},
		{"another dialect", later(gateway.Later{Outbox: box, Vendor: "shop"}), `gateway: the vendor "shop" has the dialect plain, and Speaks is vms`},
		{"a malformed route", later(gateway.Later{Outbox: box, Vendor: "hub", Routes: []string{"orders"}}),
			`gateway: Later: parsing "orders": at offset 0: host/path missing /`},
		{"no upstream", gateway.Config{Speaks: vms, To: vms}, "gateway: the Config has no Upstream"},
		{"an upstream without a scheme", gateway.Config{Upstream: at("localhost:80"), Speaks: vms, To: vms},
			`gateway: the upstream must be an http or https URL with a host, not "localhost:80"`},
		{"an upstream without a host", gateway.Config{Upstream: at("http:///x"), Speaks: vms, To: vms},
			`gateway: the upstream must be an http or https URL with a host, not "http:///x"`},
		{"credentials in the upstream", gateway.Config{Upstream: at("http://u:p@x"), Speaks: vms, To: vms},
			"gateway: credentials in the upstream's URL are not sent; use client.WithCredential in Config.Client"},
		{"one dialect", gateway.Config{Upstream: at("http://x"), Speaks: vms}, "gateway: the Config needs both dialects, Speaks and To"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := gateway.New(tt.config); err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// A service that responds in its own way, and a gateway that makes of it what its
// callers expect: here a plain message.
func ExampleNew() {
	vms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `{"message":"not your camera"}`)
	}))
	defer vms.Close()

	upstream, _ := url.Parse(vms.URL)
	speaks, _ := catalog.Open("vms")
	responses, _ := catalog.Open("plain")
	g, err := gateway.New(gateway.Config{
		Upstream: upstream, Speaks: speaks, To: responses,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	srv := httptest.NewServer(g)
	defer srv.Close()

	resp, err := http.Get(srv.URL + "/cameras/7")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body))
	// Output: 403 {"message":"not your camera"}
}
