package client_test

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/internal/catalogtest"
	"github.com/parlance-api/parlance/internal/memhttp"
)

// upstream is a server that responds by a script and remembers what it saw. It
// listens in memory, so that it can run inside a synctest bubble.
type upstream struct {
	transport *http.Transport
	replies   []response                                          // one a request; the last one repeats
	reply     func(w http.ResponseWriter, r *http.Request, n int) // instead of all those

	mu   sync.Mutex
	seen []sighting
}

// response is one scripted response.
type response struct {
	status int
	header map[string]string
	body   string
	do     func(http.ResponseWriter, *http.Request) // instead of all that
}

// sighting is one request as the server saw it.
type sighting struct {
	at     time.Time
	method string
	path   string
	url    string
	header http.Header
	body   string
}

func newUpstream(t *testing.T, responses ...response) *upstream {
	t.Helper()
	u := &upstream{replies: responses}
	u.transport = memhttp.Serve(t, u)
	return u
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	u.mu.Lock()
	u.seen = append(u.seen, sighting{time.Now(), r.Method, r.URL.Path, "http://" + r.Host + r.URL.String(), r.Header.Clone(), string(body)})
	n := len(u.seen)
	u.mu.Unlock()
	if u.reply != nil {
		u.reply(w, r, n)
		return
	}
	a := u.replies[min(n, len(u.replies))-1]
	if a.do != nil {
		a.do(w, r)
		return
	}
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(a.status)
	io.WriteString(w, a.body)
}

func (u *upstream) sightings() []sighting {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]sighting(nil), u.seen...)
}

// urls are what was asked for.
func (u *upstream) urls() []string {
	var all []string
	for _, s := range u.sightings() {
		all = append(all, s.method+" "+s.url)
	}
	return all
}

// waits are the times between the requests that the server saw.
func (u *upstream) waits() []time.Duration {
	var w []time.Duration
	seen := u.sightings()
	for i := 1; i < len(seen); i++ {
		w = append(w, seen[i].at.Sub(seen[i-1].at))
	}
	return w
}

// client calls the upstream through a Transport of the named dialect.
func (u *upstream) client(t *testing.T, name string, opts ...client.Option) *http.Client {
	t.Helper()
	return &http.Client{Transport: client.New(open(t, name), append([]client.Option{client.WithBase(u.transport)}, opts...)...)}
}

var open = catalogtest.Open

// call makes one request and reads the response to its end.
func call(t *testing.T, c *http.Client, req *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	return resp, read(t, resp)
}

// read reads a response to its end and closes it.
func read(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("the body: %v", err)
	}
	return string(body)
}

func request(t testing.TB, method, body string) *http.Request {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = bytes.NewReader([]byte(body)) // which http.NewRequest can replay
	}
	req, err := http.NewRequest(method, "http://upstream.test/things", r)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func report(t *testing.T, resp *http.Response) *client.Report {
	t.Helper()
	r, ok := client.ReportOf(resp)
	if !ok {
		t.Fatal("the response has no report")
	}
	return r
}
