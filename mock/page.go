package mock

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// assets are the files of the page.
//
//go:embed page
var assets embed.FS

// page serves what is below [Prefix] and no wish: the page, its files, and the endpoints
// behind it. It holds what they need.
type page struct {
	mock    *Mock
	origins *http.CrossOriginProtection
	streams chan struct{} // one element for each open stream

	mu      sync.Mutex
	servers map[*http.Server]<-chan struct{} // closed when the server shuts down
}

// maxStreams is how many pages can listen at once.
const maxStreams = 16

func newPage(m *Mock) *page {
	return &page{mock: m, origins: http.NewCrossOriginProtection(), streams: make(chan struct{}, maxStreams), servers: map[*http.Server]<-chan struct{}{}}
}

// files are those of the page, with their types.
var files = map[string][2]string{
	Prefix:              {"page/index.html", "text/html; charset=utf-8"},
	Prefix + "page.css": {"page/page.css", "text/css; charset=utf-8"},
	Prefix + "page.js":  {"page/page.js", "text/javascript; charset=utf-8"},
}

// endpoints are the places behind the page, by method and path.
var endpoints = map[string]func(*page, http.ResponseWriter, *http.Request){
	"GET " + Prefix + "api/codes":   (*page).getCodes,
	"GET " + Prefix + "api/log":     (*page).getLog,
	"GET " + Prefix + "api/next":    (*page).getNext,
	"POST " + Prefix + "api/next":   (*page).postNext,
	"DELETE " + Prefix + "api/next": (*page).deleteNext,
}

// serve responds if the request is for the page. It reports false if it is not.
func (p *page) serve(w http.ResponseWriter, r *http.Request) bool {
	path := r.URL.Path
	_, file := files[path]
	if !file && path+"/" != Prefix && !strings.HasPrefix(path, Prefix+"api/") {
		return false
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; img-src data:; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	switch endpoint := endpoints[method+" "+path]; {
	case !sameHost(r):
		refuse(w, http.StatusForbidden, fmt.Errorf("the page of a mock on this machine is not at %q; open it at 127.0.0.1 or localhost", r.Host))
	case p.origins.Check(r) != nil:
		refuse(w, http.StatusForbidden, errors.New("a page of another site cannot change the mock"))
	case path+"/" == Prefix:
		http.Redirect(w, r, Prefix, http.StatusFound)
	case file && method == http.MethodGet:
		sendFile(w, files[path])
	case endpoint != nil:
		endpoint(p, w, r)
	case file || allowed(path) != "":
		h.Set("Allow", allowed(path))
		refuse(w, http.StatusMethodNotAllowed, fmt.Errorf("%s is not possible here", r.Method))
	default:
		refuse(w, http.StatusNotFound, errors.New("there is nothing here; the endpoints are api/codes, api/next and api/log"))
	}
	return true
}

// allowed are the methods of a path; "" for one that does not exist.
func allowed(path string) string {
	if _, file := files[path]; file {
		return "GET, HEAD"
	}
	var all []string
	for _, method := range []string{"GET", "POST", "DELETE"} {
		if endpoints[method+" "+path] != nil {
			all = append(all, method)
		}
	}
	return strings.Join(all, ", ")
}

// sameHost reports false if a request to the loopback address names another host. The name
// of a stranger's site can be made to lead to this machine, so that its page and the mock
// would have the same origin (DNS rebinding).
func sameHost(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || !local.IP.IsLoopback() {
		return true
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	ip, err := netip.ParseAddr(host)
	return host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
}

func sendFile(w http.ResponseWriter, file [2]string) {
	text, err := assets.ReadFile(file[0])
	if err != nil {
		refuse(w, http.StatusInternalServerError, err)
		return
	}
	w.Header().Set("Content-Type", file[1])
	_, _ = w.Write(text) // an error here is a client that is gone
}

// refuse says why there is no other response.
func refuse(w http.ResponseWriter, status int, err error) {
	writeJSON(w, status, map[string]string{"error": err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"the response cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // an error here is a client that is gone
}

// getCodes lists the codes of the dialect.
func (p *page) getCodes(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, p.mock.codePage())
}

// getNext lists what waits for the next requests.
func (p *page) getNext(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, p.mock.next.list())
}

// maxOrder is how many bytes the body of a POST may have.
const maxOrder = 8 << 10

// postNext gives a response to the next requests.
func (p *page) postNext(w http.ResponseWriter, r *http.Request) {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, errors.New(`send JSON, such as {"prefer": "code=503", "times": 2}, with its Content-Type`))
		return
	}
	order := waitingWish{Times: 1}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOrder))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&order)
	if err == nil {
		if _, more := decoder.Token(); more != io.EOF {
			err = errors.New("there is more than one value")
		}
	}
	var wish Wish
	if err == nil {
		wish, err = ParsePrefer(order.Prefer)
	}
	if err == nil && wish.IsZero() {
		err = errors.New("prefer says nothing; write a wish, such as code=503")
	}
	if err == nil && order.Times > maxTimes {
		err = fmt.Errorf("%d times is too often; the limit is %d", order.Times, maxTimes)
	}
	if err == nil {
		err = p.mock.Next(order.Times, wish)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	p.mock.journal.changed()
	writeJSON(w, http.StatusOK, p.mock.next.list())
}

// maxTimes bounds how often the page can ask for a response.
const maxTimes = 1000

// deleteNext clears what waits.
func (p *page) deleteNext(w http.ResponseWriter, _ *http.Request) {
	p.mock.next.clear()
	p.mock.journal.changed()
	writeJSON(w, http.StatusOK, p.mock.next.list())
}

// getLog lists the last responses, or streams them to an EventSource.
func (p *page) getLog(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead || !strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		all, _, _ := p.mock.journal.since(0)
		writeJSON(w, http.StatusOK, append([]entry{}, all...))
		return
	}
	select {
	case p.streams <- struct{}{}:
		defer func() { <-p.streams }()
	default:
		refuse(w, http.StatusServiceUnavailable, fmt.Errorf("%d pages are open; close one", maxStreams))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	ctx, cancel := p.mock.whileAlive(r.Context())
	defer cancel()
	go func() {
		select {
		case <-p.shutdown(r):
			cancel()
		case <-ctx.Done():
		}
	}()
	p.stream(ctx, w)
}

// The times of a stream.
const (
	streamPause = 100 * time.Millisecond // between two parts, so that a page can keep up
	streamPulse = 15 * time.Second       // after which a comment shows that the stream is alive
	streamStuck = 30 * time.Second       // after which a client that takes nothing is gone
)

// shutdown is closed when the server of a request shuts down, which would otherwise wait for
// the stream. It is nil without a server of net/http.
func (p *page) shutdown(r *http.Request) <-chan struct{} {
	server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.servers[server] == nil {
		done := make(chan struct{})
		p.servers[server] = done
		server.RegisterOnShutdown(sync.OnceFunc(func() { close(done) }))
	}
	return p.servers[server]
}

// stream sends the journal and what waits, and each change of them, until the client leaves.
func (p *page) stream(ctx context.Context, w http.ResponseWriter) {
	control := http.NewResponseController(w)
	pulse := time.NewTicker(streamPulse)
	defer pulse.Stop()
	text, last, waiting := []byte("event: start\ndata: {}\n\n"), uint64(0), ""
	for {
		var all []entry
		var change <-chan struct{}
		all, last, change = p.mock.journal.since(last)
		for i := range all {
			text = appendEvent(text, "given", all[i])
		}
		if now := appendEvent(nil, "next", p.mock.next.list()); string(now) != waiting {
			text, waiting = append(text, now...), string(now)
		}
		if len(text) > 0 {
			_ = control.SetWriteDeadline(time.Now().Add(streamStuck)) // not possible everywhere
			_, err := w.Write(text)
			if err != nil || control.Flush() != nil || !pause(ctx, streamPause) {
				return
			}
			text = text[:0]
		}
		select {
		case <-change:
		case <-pulse.C:
			text = append(text, ":\n\n"...)
		case <-ctx.Done():
			return
		}
	}
}

// pause waits. It reports false if the stream has ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// appendEvent adds a server-sent event. JSON has no line break.
func appendEvent(to []byte, name string, value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		return to
	}
	return fmt.Appendf(to, "event: %s\ndata: %s\n\n", name, text)
}
