package check

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
)

// Proxy stands between a client and an API. It hands requests and responses on as they are,
// and checks each response after its end. The findings go to saw, from several goroutines at
// once. saw must not keep x. base sends the requests; nil is http.DefaultTransport.
//
// Up to dialect.MaxBody bytes of each body are kept until it ends. A response that the
// client breaks off is checked as far as it came. If the API does not respond, the client
// gets a 502 of the proxy, and the finding is no_response.
func Proxy(c *Checker, upstream *url.URL, base http.RoundTripper, saw func(x Exchange, f []Finding)) http.Handler {
	return &httputil.ReverseProxy{
		Transport:     base,
		FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(upstream)
			for _, name := range [...]string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				if values, sent := r.In.Header[name]; sent {
					r.Out.Header[name] = values
				}
			}
		},
		ModifyResponse: func(res *http.Response) error {
			watch(c, res, saw)
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil { // the client is there, so the API failed
				x := Exchange{Request: httpdialect.Request(c.d, r), At: withoutCredentials(upstream.JoinPath(r.URL.Path).String())}
				saw(x, c.silent(x, err, 0))
			}
			http.Error(w, "the API did not respond", http.StatusBadGateway)
		},
	}
}

// watch checks a response when its body has ended.
func watch(c *Checker, res *http.Response, saw func(x Exchange, f []Finding)) {
	x := Exchange{Request: httpdialect.Request(c.d, res.Request), At: withoutCredentials(res.Request.URL.String())}
	x.Response = httpdialect.Response(res, nil)
	x.Response.Header = dialect.HeaderMap(res.Header.Clone()) // the proxy removes fields from the other one
	if streams(res) {
		saw(x, c.Check(x))
		return
	}
	res.Body = &watched{ReadCloser: res.Body, end: func(body []byte, cut bool) {
		x.Response.Body, x.Response.Cut = decoded(res.Header.Get("Content-Encoding"), body, cut)
		saw(x, c.Check(x))
	}}
}

// watched is a body whose beginning is kept until its end.
type watched struct {
	io.ReadCloser
	kept []byte
	cut  bool
	once sync.Once
	end  func(body []byte, cut bool)
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	room := dialect.MaxBody - len(w.kept)
	w.cut = w.cut || n > room
	w.kept = append(w.kept, p[:min(n, room)]...)
	if err != nil {
		w.cut = w.cut || err != io.EOF
		w.once.Do(func() { w.end(w.kept, w.cut) })
	}
	return n, err
}

func (w *watched) Close() error {
	w.once.Do(func() { w.end(w.kept, true) }) // before its end
	return w.ReadCloser.Close()
}

// decoded undoes gzip. A body in another content coding counts as not recorded.
func decoded(coding string, body []byte, cut bool) ([]byte, bool) {
	switch coding {
	case "", "identity":
		return body, cut
	case "gzip", "x-gzip":
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, true
		}
		text, err := io.ReadAll(io.LimitReader(r, dialect.MaxBody+1))
		if len(text) > dialect.MaxBody {
			return text[:dialect.MaxBody], true
		}
		return text, cut || err != nil
	}
	return nil, len(body) > 0
}
