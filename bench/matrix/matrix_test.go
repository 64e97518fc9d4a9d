package matrix

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/server"
)

// features are requests by their fields, each to the path of its name up to a space.
var features = map[string]string{
	"document":           "",
	"document range":     "Range: bytes=2-4\r\n",
	"document ranges":    "Range: bytes=0-1,4-5\r\n",
	"document beyond":    "Range: bytes=100-\r\n", // 416
	"document unchanged": "If-None-Match: \"v1\"\r\n",
	"document changed":   "If-Match: \"v0\"\r\n",
	"upgrade":            "Connection: upgrade\r\nUpgrade: echo\r\n",
	"events":             "Accept: text/event-stream\r\n",
	"trailers":           "TE: trailers\r\n",
	"takes":              "Expect: 100-continue\r\n",
	"refuses":            "Expect: 100-continue\r\n",
	"zipped":             "Accept-Encoding: gzip\r\n",
	"json":               "",
	"nothing":            "",
	"missing":            "",
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// handler has a path for each feature. Its JSON is in an envelope, for the gateway to take off.
func handler(envelope bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/document", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		http.ServeContent(w, r, "a.txt", time.Unix(1e9, 0), strings.NewReader("0123456789"))
	})
	mux.HandleFunc("/upgrade", func(w http.ResponseWriter, r *http.Request) {
		conn, b, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		io.CopyN(conn, b, int64(len(body)))
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 2 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			http.NewResponseController(w).Flush()
		}
	})
	mux.HandleFunc("/trailers", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, "sum")
		w.Header().Set("X-Sum", "7")
	})
	mux.HandleFunc("/takes", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/plain")
		w.Write(b)
	})
	mux.HandleFunc("/refuses", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	})
	mux.HandleFunc("/zipped", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		if r.Header.Get("Accept-Encoding") != "gzip" {
			io.WriteString(w, "not zipped")
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, "zipped")
		z.Close()
	})
	mux.HandleFunc("/json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if envelope {
			io.WriteString(w, `{"data":{"a":1},"error":null,"debug":{}}`)
			return
		}
		io.WriteString(w, `{"a":1}`)
	})
	mux.HandleFunc("/nothing", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return mux
}

// body is that of each request that has one.
const body = "ping"

func TestMethodsAndFeaturesWorkAsWithoutUs(t *testing.T) {
	t.Parallel()
	type pair struct{ with, without string }
	targets := map[string]pair{}
	for _, name := range []string{"problem", "vbapi"} {
		plain := handler(false)
		s := server.New(open(t, name), server.WithLogger(slog.New(slog.DiscardHandler)))
		targets["server of "+name] = pair{listen(t, s.Wrap(plain)), listen(t, plain)}
	}
	for _, name := range []string{"plain", "vbapi"} {
		u, err := url.Parse(listen(t, handler(name == "vbapi")))
		if err != nil {
			t.Fatal(err)
		}
		g, err := gateway.New(gateway.Config{Upstream: u, Speaks: open(t, name), To: open(t, "problem"), MaxWait: 1, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(g.CloseIdleConnections)
		transport := &http.Transport{DisableCompression: true}
		t.Cleanup(transport.CloseIdleConnections)
		proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }}
		targets["gateway to "+name] = pair{listen(t, g), listen(t, proxy)}
	}
	asks := map[string]func(t *testing.T, target, method, feature string) map[string]string{}
	for _, name := range []string{"plain", "vbapi"} {
		l := listen(t, handler(name == "vbapi"))
		plain := &http.Transport{DisableCompression: true, ExpectContinueTimeout: time.Minute}
		t.Cleanup(plain.CloseIdleConnections)
		through := client.New(open(t, name), client.WithBase(plain))
		targets["client of "+name] = pair{"with " + l, "without " + l}
		asks["client of "+name] = func(t *testing.T, target, method, feature string) map[string]string {
			how, addr, _ := strings.Cut(target, " ")
			if how == "without" {
				return call(t, plain, addr, method, feature)
			}
			return call(t, through, addr, method, feature)
		}
	}
	met := map[difference]bool{}
	for _, target := range slices.Sorted(maps.Keys(targets)) {
		for _, feature := range slices.Sorted(maps.Keys(features)) {
			for _, method := range methods {
				ask := ask
				if of := asks[target]; of != nil {
					ask = of
				}
				with, without := ask(t, targets[target].with, method, feature), ask(t, targets[target].without, method, feature)
				what := compare(without, with)
				listed := find(target, feature, method)
				if listed == nil && what != "" || listed != nil && listed.what != what {
					t.Errorf("%s, %s %s: %s", target, method, feature, what)
				}
				if listed != nil {
					met[*listed] = true
				}
			}
		}
	}
	for _, d := range differences {
		if !met[d] {
			t.Errorf("no such difference is left: %+v", d)
		}
	}
}

// find is the first difference that is listed. A client changes nothing.
func find(target, feature, method string) *difference {
	if strings.HasPrefix(target, "client") {
		return nil
	}
	for i, d := range differences {
		if strings.HasPrefix(target, d.target) && slices.Contains(strings.Split(d.features, ", "), feature) && slices.Contains(strings.Fields(d.methods), method) {
			return &differences[i]
		}
	}
	return nil
}

func open(t *testing.T, name string) *dialect.Dialect {
	t.Helper()
	d, err := catalog.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func listen(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// ask sends one request over a socket. It gives what came, by name.
func ask(t *testing.T, addr, method, feature string) map[string]string {
	t.Helper()
	addr = strings.TrimPrefix(addr, "http://")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	path, _, _ := strings.Cut(feature, " ")
	head := fmt.Sprintf("%s /%s HTTP/1.1\r\nHost: api.test\r\n%s", method, path, features[feature])
	sends := method == "POST" || method == "PUT" || method == "PATCH"
	if sends && path != "upgrade" {
		head += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	io.WriteString(conn, head+"\r\n")
	if sends && path != "upgrade" && !strings.Contains(head, "Expect") {
		io.WriteString(conn, body)
	}
	b := bufio.NewReader(conn)
	got := map[string]string{}
	for {
		resp, err := http.ReadResponse(b, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%s %s: %v", method, feature, err)
		}
		if resp.StatusCode == http.StatusContinue {
			if got["interim"] == "" { // ReverseProxy passes a second one on
				got["interim"] = "100"
				io.WriteString(conn, body)
			}
			continue
		}
		if resp.StatusCode == http.StatusSwitchingProtocols {
			io.WriteString(conn, body)
			back := make([]byte, len(body))
			io.ReadFull(b, back)
			got["switched"] = string(back)
		}
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatalf("the body of %s %s: %v", method, feature, err)
		}
		return came(got, resp, string(text), path)
	}
}

// came adds what a response is.
func came(got map[string]string, resp *http.Response, text, path string) map[string]string {
	got["status"], got["body"] = resp.Status, text
	got["framing"] = fmt.Sprint(resp.ContentLength, resp.TransferEncoding)
	for name, values := range resp.Header {
		got[name] = strings.Join(values, ", ")
	}
	got["trailer"] = fmt.Sprint(resp.Trailer)
	got["close"] = fmt.Sprint(resp.Close)
	if path == "refuses" {
		delete(got, "close") // by how much of the body had come when it was refused
		delete(got, "interim")
	}
	delete(got, "Date")
	for _, name := range []string{"X-Request-Id", "Request-Id", "Via"} { // each response is to have one, or may
		delete(got, name)
	}
	if media, boundary, ok := strings.Cut(got["Content-Type"], "; boundary="); ok {
		got["Content-Type"] = media
		got["body"] = strings.ReplaceAll(got["body"], boundary, "BOUNDARY")
	}
	return got
}

// call sends one request by a client, which gives what came by name.
func call(t *testing.T, by http.RoundTripper, addr, method, feature string) map[string]string {
	t.Helper()
	path, _, _ := strings.Cut(feature, " ")
	var sent io.Reader
	if (method == "POST" || method == "PUT" || method == "PATCH") && path != "upgrade" {
		sent = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, addr+"/"+path, sent)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(features[feature]), "\r\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			req.Header.Set(name, value)
		}
	}
	resp, err := by.RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, feature, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		_, _ = io.WriteString(resp.Body.(io.Writer), body)
	}
	got := map[string]string{}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("the body of %s %s: %v", method, feature, err)
	}
	return came(got, resp, string(text), path)
}

// compare names what differs. Another body has another length.
func compare(without, with map[string]string) string {
	var all []string
	if without["body"] != with["body"] {
		for _, name := range []string{"Content-Length", "framing"} {
			delete(without, name)
			delete(with, name)
		}
	}
	for name := range with {
		if _, ok := without[name]; !ok {
			all = append(all, "+"+name)
		} else if with[name] != without[name] {
			all = append(all, name)
		}
	}
	for name := range without {
		if _, ok := with[name]; !ok {
			all = append(all, "-"+name)
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
