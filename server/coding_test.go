package server_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"io"
	"log"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/bulk"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

var discarded = log.New(io.Discard, "", 0)

// exitsToo ends the goroutine of the first record.
func exitsToo(_ context.Context, r bulk.Record) (parlance.Item, error) {
	if r.Index == 0 {
		runtime.Goexit()
	}
	return parlance.Item{}, nil
}

// zipper is a response that is compressed, as middlewares for that are: the status waits
// for the first bytes, and the length goes.
type zipper struct {
	http.ResponseWriter
	coding string
	status int
	to     io.WriteCloser
}

func (z *zipper) WriteHeader(status int) {
	if z.status == 0 {
		z.status = status
	}
}

func (z *zipper) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if z.to == nil {
		z.WriteHeader(http.StatusOK)
		h := z.Header()
		h.Set("Content-Encoding", z.coding)
		h.Add("Vary", "Accept-Encoding")
		h.Del("Content-Length")
		z.ResponseWriter.WriteHeader(z.status)
		switch z.coding {
		case "gzip":
			z.to = gzip.NewWriter(z.ResponseWriter)
		case "deflate":
			z.to = zlib.NewWriter(z.ResponseWriter)
		default: // one that nobody here reads
			z.to = struct {
				io.Writer
				io.Closer
			}{z.ResponseWriter, io.NopCloser(nil)}
		}
	}
	return z.to.Write(p)
}

func (z *zipper) end() {
	switch {
	case z.to != nil:
		_ = z.to.Close()
	case z.status != 0:
		z.ResponseWriter.WriteHeader(z.status)
	}
}

// zipsBy is a middleware that compresses.
func zipsBy(coding string) server.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			z := &zipper{ResponseWriter: w, coding: coding}
			defer z.end()
			next.ServeHTTP(z, r)
		})
	}
}

func zips(next http.Handler) http.Handler { return zipsBy("gzip")(next) }

// unzipped asks, and reads a response that is compressed.
func unzipped(t *testing.T, h http.Handler) servertest.Response {
	t.Helper()
	a := servertest.Ask(t, h, "GET", "/orders", "Accept-Encoding", "gzip, deflate, br") // so that the client does not read it
	var r io.Reader = strings.NewReader(a.Body)
	var err error
	switch a.Header.Get("Content-Encoding") {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "deflate":
		r, err = zlib.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	a.Body = string(b)
	return a
}

const misplaced = "put it around Server.Wrap"

func TestAMiddlewareThatCompressesBehindTheServerTakesNothingFromAResponse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler func(s *server.Server) http.Handler
		log     string // what it has
	}{
		"a text of a 409": {by(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "The order is being changed", http.StatusConflict)
		}), `"detail":"The order is being changed"`},
		"a cause of a 500":         {by(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "row 7 is locked", 500) }), `"error":"row 7 is locked"`},
		"an unknown route":         {func(*server.Server) http.Handler { return http.NewServeMux() }, `"status":404`},
		"JSON for an envelope":     {by(writes(200, "application/json", `{"id":7}`)), ""},
		"a handler of the server":  {gives(map[string]int{"id": 7}, nil), ""},
		"a failure of the server":  {gives(nil, parlance.NewError(parlance.KindConflict, "Not now")), "Not now"},
		"a page without envelope":  {by(writes(200, "text/html", "<p>hello")), ""},
		"nothing":                  {by(writes(204, "", "")), ""},
		"a failure without a text": {by(writes(404, "", "")), `"status":404`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, dialect := range []string{"vbapi", "problem", "vms"} {
				for _, coding := range []string{"gzip", "deflate"} {
					s, _ := servertest.New(t, dialect)
					bare := unzipped(t, s.Wrap(c.handler(s)))
					s, log := servertest.New(t, dialect)
					coded := unzipped(t, s.Wrap(zipsBy(coding)(c.handler(s))))
					if coded.Status != bare.Status || coded.WithoutID() != bare.WithoutID() || coded.Header.Get("Content-Type") != bare.Header.Get("Content-Type") {
						t.Errorf("%s, %s: got %d %v\n%s\nwant %d %v\n%s", dialect, coding, coded.Status, coded.Header, coded.Body, bare.Status, bare.Header, bare.Body)
					}
					if !strings.Contains(log.String(), c.log) {
						t.Errorf("%s, %s: the log says %s", dialect, coding, log)
					}
				}
			}
		})
	}
}

func TestTheWrongOrderOfAMiddlewareThatCompressesIsSaidOnce(t *testing.T) {
	t.Parallel()
	for _, coding := range []string{"gzip", "br"} {
		s, log := servertest.New(t, "vbapi")
		mux := http.NewServeMux()
		mux.Handle("/conflict", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusConflict) }))
		mux.Handle("/json", writes(200, "application/json", `{"id":7}`))
		l := servertest.Listen(t, s.Wrap(zipsBy(coding)(mux)))
		for _, path := range []string{"/conflict", "/json", "/conflict"} {
			if a, err := servertest.Try(t, l, "GET", path, "Accept-Encoding", coding); err != nil || a.Status >= 500 {
				t.Errorf("%s, %s: got %d, %v", coding, path, a.Status, err)
			}
		}
		if n := strings.Count(log.String(), misplaced); n != 1 || !strings.Contains(log.String(), `"coding":"`+coding+`"`) {
			t.Errorf("%s: it is said %d times\n%s", coding, n, log)
		}
	}
}

func TestTheRightOrderOfAMiddlewareThatCompressesIsNotComplainedOf(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"vbapi", "problem"} {
		s, log := servertest.New(t, dialect)
		if a := unzipped(t, zips(s.Wrap(by(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "Not now", http.StatusConflict) })(s)))); !strings.Contains(a.Body, "Not now") {
			t.Errorf("%s: got %d %s", dialect, a.Status, a.Body)
		}
		if a := unzipped(t, s.Wrap(zips(writes(200, "image/png", "a picture")))); a.Body != "a picture" {
			t.Errorf("%s: got %d %s", dialect, a.Status, a.Body)
		}
		if strings.Contains(log.String(), misplaced) {
			t.Errorf("%s: the log says %s", dialect, log)
		}
	}
}

// zipsAtOnce is the middleware of many tutorials. It states the coding before anybody knows
// what the response is.
func zipsAtOnce(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		next.ServeHTTP(zipped{w, z}, r)
	})
}

type zipped struct {
	http.ResponseWriter
	to io.Writer
}

func (z zipped) Write(p []byte) (int, error) { return z.to.Write(p) }

func TestAMiddlewareThatStatesItsCodingBeforeTakesNothingFromAResponse(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 4<<10)
	handlers := map[string]struct {
		handler func(s *server.Server) http.Handler
		want    string
	}{
		"a failure of the server": {gives(nil, parlance.NewError(parlance.KindConflict, "Not now")), "Not now"},
		"a long one":              {gives(nil, parlance.NewError(parlance.KindConflict, "%s", long)), "xxx"},
		"a text of a failure":     {by(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "Not now", http.StatusConflict) }), "Not now"},
		"a value":                 {gives(map[string]string{"id": long}, nil), long},
		"JSON for an envelope":    {by(writes(200, "application/json", `{"id":7}`)), `{"id":7}`},
	}
	for _, dialect := range []string{"problem", "vbapi"} {
		for name, c := range handlers {
			s, _ := servertest.New(t, dialect)
			for order, h := range map[string]http.Handler{"around": zipsAtOnce(s.Wrap(c.handler(s))), "behind": s.Wrap(zipsAtOnce(c.handler(s)))} {
				if a := unzipped(t, h); !strings.Contains(a.Body, c.want) {
					t.Errorf("%s, %s, %s: got %d %v %.200q", dialect, name, order, a.Status, a.Header, a.Body)
				}
			}
		}
	}
}

func TestCompressedJSONThatCannotGetItsEnvelopeFailsAndSaysWhy(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("x", 4<<10) + `"`
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(z, long)
	_ = z.Close()
	for name, body := range map[string]string{"too long": zipped.String(), "damaged": "no gzip", "cut": zipped.String()[:zipped.Len()-9]} {
		s, log := servertest.New(t, "vbapi", server.WithMaxBuffered(1<<10))
		a := servertest.Ask(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			writes(200, "application/json", body)(w, nil)
		})), "GET", "/orders")
		if a.Status != 500 || a.Header.Get("Content-Encoding") != "" || !strings.Contains(log.String(), "damaged or too long for its envelope") {
			t.Errorf("%s: got %d %v %q\n%s", name, a.Status, a.Header, a.Body, log)
		}
	}
}
