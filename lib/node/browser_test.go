package node_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/internal/browser"
)

// decodesInChromium loads the files of a browser and reads a response in it. The module has
// opened stripe when they were written.
func decodesInChromium(t *testing.T, from string) {
	dir := t.TempDir()
	if out, err := exec.Command("node", filepath.Join(from, "files.js"), dir, "stripe").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
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
	for _, url := range tab.Requests() {
		if strings.Contains(url, "/dialects/") {
			t.Errorf("%s was loaded, and the module has it", url)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "parlance-try.js")); err == nil {
		t.Error("parlance-try.js was written, and nobody asked for it")
	}
	if files, err := os.ReadDir(filepath.Join(dir, "dialects")); len(files) != 1 || err != nil {
		t.Errorf("%v, %v; one dialect was asked for", files, err)
	}
}
