package node_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/internal/browser"
)

// decodesInChromium loads the files of a browser and reads a response in it.
func decodesInChromium(t *testing.T, dir string) {
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServer(http.Dir(dir)))
	mux.HandleFunc("GET /page.html", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<!DOCTYPE html><title>a</title><link rel="icon" href="data:,"><script type="module">
			import { open, reportOf, wrap } from "./index.js";
			addEventListener("unhandledrejection", (e) => { document.title = String(e.reason); });
			const stripe = await open("stripe");
			const { outcome, decision } = stripe.decode({
				method: "POST", path: "/v1/charges", status: 402, headers: { "Content-Type": "application/json" },
				body: JSON.stringify({ error: { code: "card_declined", message: "No." } }),
			});
			const response = await wrap(stripe)("charge");
			document.title = [outcome.kind, outcome.code, decision.act, reportOf(response).outcome.kind, (await response.json()).error.message].join(" ");
		</script>`))
	})
	mux.HandleFunc("GET /charge", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"error":{"message":"gone","type":"invalid_request_error"}}`))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	tab := browser.Open(t)
	tab.Load(s.URL + "/page.html")
	tab.Wait(`document.title.length > 1`)
	if got, want := tab.Text(`document.title`), "failed card_declined stop not_found gone"; got != want {
		t.Errorf("%q, want %q; the page said %q", got, want, tab.Said())
	}
	var asked []string
	for _, url := range tab.Requests() {
		if strings.Contains(url, "/dialects/") {
			asked = append(asked, strings.TrimPrefix(url, s.URL))
		}
	}
	if len(asked) != 1 || asked[0] != "/dialects/stripe.yaml" {
		t.Errorf("%q were loaded, and only one dialect was asked for", asked)
	}
}
