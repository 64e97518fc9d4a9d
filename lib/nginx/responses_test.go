package nginx_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

const (
	vmsError = `{"message":"no such camera"}`
	problem  = `{"status":404,"detail":"no such camera","kind":"not_found","help":"The requested resource is not there"}`
)

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.String()
}

// raw writes a response as it is, and ends the connection.
func raw(w http.ResponseWriter, text string) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(conn, text)
	_ = conn.Close()
}

// api responds as the path says.
func api(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/plain":
		h.Set("Etag", `"7"`)
		_, _ = io.WriteString(w, `{"id":7}`)
	case "/ranges":
		h.Set("Accept-Ranges", "bytes")
		h.Set("Content-Length", "10")
		_, _ = io.WriteString(w, "0123456789")
	case "/empty":
		w.WriteHeader(http.StatusNoContent)
	case "/coded":
		h.Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, gzipped(vmsError))
	case "/coded-success":
		h.Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, gzipped(`{"id":7}`))
	case "/bad-coding":
		h.Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "no gzip")
	case "/bomb":
		h.Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, gzipped(strings.Repeat(" ", 16<<20)))
	case "/long":
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"message":"no such camera","more":"`+strings.Repeat("x", 200<<10)+`"}`)
	case "/long-detail":
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"message":"`+strings.Repeat("x", 200<<10)+`"}`)
	case "/long-success":
		_, _ = io.WriteString(w, `{"more":"`+strings.Repeat("x", 200<<10)+`"}`)
	case "/broken":
		raw(w, "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"+vmsError)
	case "/broken-chunks":
		raw(w, "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1c\r\n"+vmsError+"\r\n")
	case "/broken-success":
		raw(w, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"id\":")
	case "/odd-header":
		raw(w, "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nA@B(: \x01\r\nContent-Length: 28\r\n\r\n"+vmsError)
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, vmsError)
	}
}

// TestNginxTranslatesWhateverComes holds for the responses that take a way of their own.
func TestNginxTranslatesWhateverComes(t *testing.T) {
	t.Parallel()
	up := upstream(t, api)
	p := start(t, fmt.Sprintf(`
server { LISTEN; server_name nginx; parlance speaks vms answers problem; gzip on; gzip_types *; gzip_min_length 1;
	location / { proxy_pass %[1]s; proxy_http_version 1.1; }
	location = /page { parlance off; ssi on; ssi_types *; return 200 'before <!--# include virtual="/missing" --> after'; }
	location = /guarded { auth_request /auth; proxy_pass %[1]s; }
	location = /auth { return 401; }
	location = /down { proxy_pass http://127.0.0.1:9; }
	location = /none { return 404; }
	location /unbuffered/ { proxy_pass %[1]s/; proxy_buffering off; proxy_http_version 1.1; }
	location /short/ { proxy_pass %[1]s/; parlance_max_body 1k; }
}
server { LISTEN; server_name plain; parlance speaks plain answers problem; location / { proxy_pass %[1]s; proxy_force_ranges on; } }
server { LISTEN; server_name envelope; parlance speaks vms answers vbapi;
	location / { proxy_pass %[1]s; proxy_http_version 1.1; }
	location /short/ { proxy_pass %[1]s/; parlance_max_body 1k; }
}`, up))
	long := `{"more":"` + strings.Repeat("x", 200<<10) + `"}`
	for _, tt := range []struct {
		name, method, path string
		fields             []string
		status             int
		body               string // "..." at its end stands for any rest
		header             string // "Name: value", the value "" for a field that is missing
	}{
		{"an error", "GET", "/missing", nil, 404, problem, "Content-Type: application/problem+json"},
		{"an error has its length", "GET", "/missing", nil, 404, problem, fmt.Sprint("Content-Length: ", len(problem))},
		{"an error without buffering", "GET", "/unbuffered/missing", nil, 404, problem, ""},
		{"a success", "GET", "/plain", nil, 200, `{"id":7}`, `Etag: "7"`},
		{"HEAD of an error", "HEAD", "/missing", nil, 404, "", "Content-Type: application/problem+json"},
		{"HEAD of a success", "HEAD", "/plain", nil, 200, "", `Etag: "7"`},
		{"no content", "GET", "/empty", nil, 204, "", ""},
		{"no content in an envelope", "GET", "/empty", []string{"Host", "envelope"}, 204, "", ""},
		{"a success in an envelope", "GET", "/plain", []string{"Host", "envelope"}, 200, `{"data":{"id":7},...`, ""},
		{"a coded error", "GET", "/coded", nil, 404, problem, "Content-Encoding: "},
		{"a coded success", "GET", "/coded-success", []string{"Host", "plain"}, 200, gzipped(`{"id":7}`), "Content-Encoding: gzip"},
		{"a coded success that is read", "GET", "/coded-success", nil, 200, `{"id":7}`, "Content-Encoding: "},
		{"a range of a success that is read", "GET", "/ranges", []string{"Range", "bytes=2-3"}, 200, "0123456789", "Content-Range: "},
		{"a coding that is none", "GET", "/bad-coding", nil, 404, `{"status":404,"kind":"not_found",...`, "Content-Encoding: "},
		{"a bomb", "GET", "/bomb", nil, 404, `{"status":404,"kind":"not_found",...`, "Content-Encoding: "},
		{"an error that gzip of nginx codes", "GET", "/missing", []string{"Accept-Encoding", "gzip"}, 404, "...", "Content-Encoding: gzip"},
		{"a range of a success", "GET", "/ranges", []string{"Host", "plain", "Range", "bytes=2-3"}, 206, "23", "Content-Range: bytes 2-3/10"},
		{"a range of a success in an envelope", "GET", "/plain", []string{"Host", "envelope", "Range", "bytes=2-3"}, 200, `{"data":{"id":7},...`, "Content-Range: "},
		{"a range of an error", "GET", "/missing", []string{"Range", "bytes=2-3"}, 404, problem, ""},
		{"a part of a page", "GET", "/page", nil, 200, `before ` + vmsError + ` after`, ""},
		{"a refusal by a subrequest", "GET", "/guarded", nil, 401, `{"status":401,...`, "Content-Type: application/problem+json"},
		{"an upstream that is down", "GET", "/down", nil, 502, `{"title":"Server error","status":502,...`, "Content-Type: application/problem+json"},
		{"an error of nginx", "GET", "/none", nil, 404, `{"status":404,"detail":"404 Not Found",...`, "Content-Type: application/problem+json"},
		{"an error longer than is held", "GET", "/short/long", nil, 404, `{"status":404,...`, "Content-Type: application/problem+json"},
		{"a long error", "GET", "/long", nil, 404, problem, ""},
		{"an error whose translation is long", "GET", "/long-detail", nil, 404, strings.Replace(problem, "no such camera", strings.Repeat("x", 200<<10), 1), ""},
		{"a success longer than is held", "GET", "/short/long-success", []string{"Host", "envelope"}, 200, long, ""},
		{"an error that breaks off", "GET", "/broken", nil, 404, `{"status":404,...`, "Content-Type: application/problem+json"},
		{"an error that breaks off in its chunks", "GET", "/broken-chunks", nil, 404, `{"status":404,...`, "Content-Type: application/problem+json"},
		{"an error that breaks off without buffering", "GET", "/unbuffered/broken", nil, 404, `{"status":404,...`, ""},
		{"a success that breaks off in an envelope", "GET", "/broken-success", []string{"Host", "envelope"}, 502, `{"data":null,"error":...`, ""},
		{"a header that is none", "GET", "/odd-header", nil, 404, problem, "Content-Type: application/problem+json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := p.ask(tt.method, tt.path, append([]string{"Host", "nginx"}, tt.fields...)...)
			beginning, open := strings.CutSuffix(tt.body, "...")
			if got.err != nil || got.StatusCode != tt.status || !strings.HasPrefix(got.body, beginning) || !open && got.body != tt.body {
				t.Errorf("got %d %q, %v, want %d %q", got.StatusCode, got.body, got.err, tt.status, tt.body)
			}
			if name, value, _ := strings.Cut(tt.header, ": "); name != "" && got.Header.Get(name) != value {
				t.Errorf("%s is %q, want %q", name, got.Header.Get(name), value)
			}
		})
	}
}

// TestASuccessStreamsThroughNginx holds that a caller has the first part before the upstream
// writes the second, and that an end that breaks off is seen.
func TestASuccessStreamsThroughNginx(t *testing.T) {
	t.Parallel()
	seen := make(chan struct{})
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		<-seen
		_, _ = io.WriteString(w, "second")
		if r.URL.Path == "/broken" {
			panic(http.ErrAbortHandler)
		}
	})
	p := start(t, fmt.Sprintf("server { LISTEN; parlance speaks plain answers problem; location / { proxy_pass %s; proxy_buffering off; proxy_http_version 1.1; } }", up))
	for path, want := range map[string]error{"/whole": nil, "/broken": io.ErrUnexpectedEOF} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://nginx"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := p.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, 5)
		if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "first" {
			t.Errorf("%s begins with %q, %v", path, first, err)
		}
		seen <- struct{}{}
		rest, err := io.ReadAll(resp.Body)
		if err != want || want == nil && string(rest) != "second" {
			t.Errorf("%s ends with %q, %v, want %v", path, rest, err, want)
		}
		_ = resp.Body.Close()
	}
}

// TestHTTP2GetsTranslations holds for a caller that speaks HTTP/2 without TLS.
func TestHTTP2GetsTranslations(t *testing.T) {
	t.Parallel()
	p := start(t, fmt.Sprintf("server { LISTEN http2; parlance speaks vms answers problem; location / { proxy_pass %s; } }", upstream(t, api)))
	transport := p.client.Transport.(*http.Transport)
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetUnencryptedHTTP2(true)
	for path, want := range map[string]string{"/missing": problem, "/plain": `{"id":7}`, "/broken": `{"status":404,`} {
		if got := p.ask("GET", path); got.ProtoMajor != 2 || got.err != nil || !strings.HasPrefix(got.body, want) {
			t.Errorf("%s over %s: %q, %v, want %q", path, got.Proto, got.body, got.err, want)
		}
	}
	if got := p.ask("HEAD", "/missing"); got.StatusCode != http.StatusNotFound || got.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("HEAD: %d %v", got.StatusCode, got.Header)
	}
}
