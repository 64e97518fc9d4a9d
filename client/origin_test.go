package client_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
)

// house is a server on a socket that tells which credentials it saw.
type house struct {
	*httptest.Server
	mu   sync.Mutex
	saw  []string
	next string // where it redirects to; "" for nowhere
}

func newHouse(t *testing.T, start func(*httptest.Server)) *house {
	t.Helper()
	h := &house{}
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.saw = append(h.saw, strings.TrimSpace(r.Header.Get("Authorization")+" "+r.Header.Get("X-Key")))
		switch {
		case h.next != "":
			http.Redirect(w, r, h.next, http.StatusTemporaryRedirect)
		case r.Header.Get("Authorization") == "":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			io.WriteString(w, "{}")
		}
	}))
	start(h.Server)
	t.Cleanup(h.Close)
	return h
}

// seen is what came since it was last asked.
func (h *house) seen() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer func() { h.saw = nil }()
	return h.saw
}

func TestACredentialGoesOnlyToTheOriginsThatItIsFor(t *testing.T) {
	t.Parallel()
	const sent, none = "Bearer t1 k", ""
	for _, c := range []struct {
		name    string
		origins func(a, b *house) []string
		ask     func(a, b *house) []string
		a, b    []string // what each saw
	}{
		{"the first origin, if none is set", nil,
			func(a, b *house) []string { return []string{a.URL, b.URL, a.URL + "/x"} }, []string{sent, sent}, []string{none}},
		{"all that are set", func(a, b *house) []string { return []string{a.URL, b.URL} },
			func(a, b *house) []string { return []string{a.URL, b.URL} }, []string{sent}, []string{sent}},
		{"not the first one, if another is set", func(a, b *house) []string { return []string{b.URL} },
			func(a, b *house) []string { return []string{a.URL, b.URL} }, []string{none}, []string{sent}},
		{"the same host on another port is another origin", func(a, b *house) []string { return []string{"http://127.0.0.1"} },
			func(a, b *house) []string { return []string{a.URL} }, []string{none}, nil},
		{"https alone, if no scheme is set", func(a, b *house) []string { return []string{a.Listener.Addr().String()} },
			func(a, b *house) []string { return []string{a.URL} }, []string{none}, nil},
		{"not with a redirect to another", nil,
			func(a, b *house) []string { a.next = b.URL; return []string{a.URL} }, []string{sent}, []string{none}},
		{"with a redirect to another that is set", func(a, b *house) []string { return []string{a.URL, b.URL} },
			func(a, b *house) []string { a.next = b.URL; return []string{a.URL} }, []string{sent}, []string{sent}},
		{"not with a redirect by a stranger", func(a, b *house) []string { return []string{b.URL} },
			func(a, b *house) []string { a.next = b.URL; return []string{a.URL} }, []string{none}, []string{none}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, b := newHouse(t, (*httptest.Server).Start), newHouse(t, (*httptest.Server).Start)
			var logins atomic.Int32
			opts := []client.Option{client.WithCredential(counting(&logins)), client.WithAPIKey("x-key", "k"), client.WithBase(&http.Transport{DisableKeepAlives: true})}
			if c.origins != nil {
				opts = append(opts, client.WithOrigins(c.origins(a, b)...))
			}
			hc := &http.Client{Transport: client.New(open(t, "vision"), opts...)}
			for _, where := range c.ask(a, b) {
				resp, err := hc.Get(where)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
			}
			if got := a.seen(); !slices.Equal(got, c.a) {
				t.Errorf("the first saw %q, want %q", got, c.a)
			}
			if got := b.seen(); !slices.Equal(got, c.b) {
				t.Errorf("the other saw %q, want %q", got, c.b)
			}
		})
	}
}

func TestACredentialForHTTPSIsNeverSentWithoutTLS(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		option []client.Option
		urls   []string
		want   []string
	}{
		{"by the first request", nil, []string{"https://api.test/", "http://api.test/", "http://api.test:80/", "https://API.test:443/", "https://api.test:8443/"}, []string{"k", "", "", "k", ""}},
		{"by an option", []client.Option{client.WithOrigins("api.test")}, []string{"http://api.test/", "https://api.test:443/"}, []string{"", "k"}},
		{"but one for http to https, too", nil, []string{"http://api.test/", "https://api.test/", "http://api.test/"}, []string{"k", "k", "k"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			base := roundTripper(func(req *http.Request) (*http.Response, error) {
				got = append(got, req.Header.Get("X-Key"))
				return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
			})
			hc := &http.Client{Transport: client.New(open(t, "http"), append(c.option, client.WithAPIKey("x-key", "k"), client.WithBase(base))...)}
			for _, where := range c.urls {
				if _, err := hc.Get(where); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q came, want %q", got, c.want)
			}
		})
	}
	secure := newHouse(t, (*httptest.Server).StartTLS)
	hc := &http.Client{Transport: client.New(open(t, "http"), client.WithAPIKey("x-key", "k"), client.WithBase(secure.Client().Transport), client.WithOrigins(strings.TrimPrefix(secure.URL, "https://")))}
	resp, err := hc.Get(secure.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := secure.seen(); !slices.Equal(got, []string{"k"}) {
		t.Errorf("with TLS %q came", got)
	}
}

// A refusal for the lack of a credential says that one was withheld, and for whom it is.
func TestARequestWithoutItsCredentialSaysSo(t *testing.T) {
	t.Parallel()
	a, b := newHouse(t, (*httptest.Server).Start), newHouse(t, (*httptest.Server).Start)
	var logins atomic.Int32
	hc := &http.Client{Transport: client.New(open(t, "vision"), client.WithCredential(counting(&logins)), client.WithOrigins(a.URL))}
	resp, err := hc.Get(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	r := report(t, resp)
	want := fmt.Sprintf("no credential was sent to %s, because it is for %s (WithOrigins)", b.URL, a.URL)
	if !strings.HasSuffix(r.Decision.Why, want) || r.Attempts[0].Held != "not retried: "+want {
		t.Errorf("%q; held: %q", r.Decision.Why, r.Attempts[0].Held)
	}
	if r.Decision.Act != parlance.ActRefresh || len(r.Attempts) != 1 || logins.Load() != 0 {
		t.Errorf("%v after %d attempts and %d logins", r.Decision.Act, len(r.Attempts), logins.Load())
	}
}

func TestAMalformedOriginIsFoundAtStart(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "https://", "ftp://files.example.com", "http://[::1", "https://:8080"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was taken", text)
				}
			}()
			client.WithOrigins(text)
		}()
	}
}
