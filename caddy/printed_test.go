package caddyparlance_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/gateway"
)

// printed is a Caddyfile that parlance gateway --caddyfile prints, before another API.
func printed(t *testing.T, name, api string, other *url.URL) string {
	t.Helper()
	text, err := os.ReadFile("../cmd/parlance/testdata/" + name + ".golden")
	if err != nil {
		t.Fatal(err)
	}
	_, file, _ := strings.Cut(string(text), "-- stdout --\n")
	file, _, _ = strings.Cut(file, "-- stderr --\n")
	file = file[strings.Index(file, "{\n"):]
	file = regexp.MustCompile(`(?s)\tlog \{.*?\n\t\}\n`).ReplaceAllString(file, "") // that of the tests
	u, err := url.Parse(api)
	if err != nil {
		t.Fatal(err)
	}
	file = strings.NewReplacer(api, other.String(), u.Host, other.Host, regexp.QuoteMeta(u.Host), regexp.QuoteMeta(other.Host), "gateway.db", t.TempDir()+"/gateway.db").Replace(file)
	return regexp.MustCompile(`http://:\d+`).ReplaceAllString(file, "ADDRESS")
}

// TestThePrintedCaddyfileDoesWhatTheFlagsDo has Caddy and the gateway send the same to an
// upstream, and respond the same to callers.
func TestThePrintedCaddyfileDoesWhatTheFlagsDo(t *testing.T) {
	t.Setenv("TOKEN", "t-17")
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		w.Header().Set("Seen", r.Method+" "+r.Host+" "+r.URL.RequestURI()+" "+r.Header.Get("X-Forwarded-Host")+" "+string(sent))
		switch {
		case strings.HasSuffix(r.URL.Path, "/none"):
			says(http.StatusNotFound, jsonType, `{"message":"no such thing"}`)(w, r)
		case r.Method == http.MethodPost:
			w.Header().Set("Location", "http://"+r.Host+r.URL.Path+"/7?a=b")
			says(http.StatusCreated, jsonType, `{"id":7}`)(w, r)
		default:
			says(http.StatusOK, jsonType, `{"id":7}`)(w, r)
		}
	})
	other, err := url.Parse(u.URL)
	if err != nil {
		t.Fatal(err)
	}
	below, err := url.Parse(u.URL + "/v1")
	if err != nil {
		t.Fatal(err)
	}
	vms, err := catalog.Open("vms")
	if err != nil {
		t.Fatal(err)
	}
	problem, err := catalog.Open("problem")
	if err != nil {
		t.Fatal(err)
	}
	s := load(t, printed(t, "gateway_as_a_caddyfile", "https://api.example.com", other))
	g, err := gateway.New(gateway.Config{Upstream: below, Speaks: vms, To: problem, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	alone := httptest.NewServer(g)
	defer alone.Close()
	as := &server{t: t, port: portOf(alone), transport: new(http.Transport)}
	defer as.transport.CloseIdleConnections()
	for _, tt := range [][3]string{{"GET", "/items?q=a%20b", ""}, {"POST", "/items", "{}"}, {"GET", "/none", ""}, {"GET", "/a%2Fb", ""}} {
		got, body := s.ask(tt[0], tt[1], tt[2])
		want, wanted := as.ask(tt[0], tt[1], tt[2])
		if id := want.Header.Get("X-Request-Id"); id != "" { // each has one of its own
			wanted = strings.ReplaceAll(wanted, id, got.Header.Get("X-Request-Id"))
		}
		want.Header.Set("Seen", strings.Replace(want.Header.Get("Seen"), strconv.Itoa(as.port), strconv.Itoa(s.port), 1)) // X-Forwarded-Host
		if got.StatusCode != want.StatusCode || body != wanted || fieldsOf(got.Header) != fieldsOf(want.Header) {
			t.Errorf("%s %s:\ngot  %d %s %s\nwant %d %s %s", tt[0], tt[1], got.StatusCode, fieldsOf(got.Header), body, want.StatusCode, fieldsOf(want.Header), wanted)
		}
	}

	s = load(t, printed(t, "gateway_as_a_caddyfile_with_all_flags", "http://localhost:9000", other))
	if resp, body := s.ask("POST", "/orders", "{}", "Prefer", "respond-async"); resp.StatusCode != http.StatusAccepted {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
	if resp, body := s.ask("GET", "/none", ""); resp.StatusCode != http.StatusNotFound || !strings.HasPrefix(body, `{"message":`) {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
}
