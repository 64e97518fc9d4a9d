package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/bulk"
	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

// sendRaw sends a request as text, and reads the response without following it.
func sendRaw(t *testing.T, s *httptest.Server, request string) servertest.Response {
	t.Helper()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	method, _, _ := strings.Cut(request, " ")
	if _, err := fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", request); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	a, err := servertest.Read(res)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAPathThatIsNotCleanIsNotFoundInTheDialect(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/clients/{id}", writes(0, "application/json", `1`))
	mux.HandleFunc("GET /tree/", writes(0, "application/json", `2`))
	mux.HandleFunc("/leaves/{$}", writes(0, "application/json", `2`))
	mux.HandleFunc("/rest/{all...}", writes(0, "application/json", `2`))
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/tree/", http.StatusMovedPermanently)
	})
	mux.HandleFunc("/docs", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path+"/", http.StatusMovedPermanently)
	})
	for _, c := range []struct {
		called string
		clean  string // that the detail names; "" for a redirect of the handler's own
		to     string
	}{
		{"GET //clients/7", "/clients/7", ""},
		{"GET /x/../clients/7?page=2", "/clients/7", ""},
		{"POST /clients/./7", "/clients/7", ""},
		{"PUT /clients//a%20b", "/clients/a%20b", ""},
		{"GET //nowhere", "/nowhere", ""},
		{"GET /tree", "/tree/", ""},
		{"GET /leaves", "/leaves/", ""},
		{"GET /rest", "/rest/", ""},
		{"GET //tree", "/tree/", ""},
		{"GET /moved", "", "/tree/"},
		{"GET /docs", "", "/docs/"},
	} {
		t.Run(c.called, func(t *testing.T) {
			t.Parallel()
			for _, dialect := range []string{"vbapi", "problem", "vision"} {
				s, log := servertest.New(t, dialect)
				between := func(next http.Handler) http.Handler { // a middleware that copies nothing
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r) })
				}
				a := sendRaw(t, servertest.Listen(t, s.Wrap(between(mux))), c.called)
				if c.clean == "" {
					if dialect != "vision" && (a.Status != 301 || a.Header.Get("Location") != c.to) {
						t.Errorf("%s: got %d %v, want 301 to %s", dialect, a.Status, a.Header, c.to)
					}
					continue
				}
				want := fmt.Sprintf("There is no resource at %s. The clean form of this path is %s.", strings.TrimSuffix(c.called, "?page=2"), c.clean)
				if a.Status != 404 || !strings.Contains(a.Body, want) || a.Header.Get("Location") != "" || strings.Contains(a.Body, "<a ") {
					t.Errorf("%s: got %d %v %s\nwant 404 with %s", dialect, a.Status, a.Header, a.Body, want)
				}
				if lines := log.Lines(t); len(lines) != 1 || lines[0]["activity_id"] != a.ID() || lines[0]["kind"] != "not_found" {
					t.Errorf("%s: got the lines %v, want one of the request", dialect, lines)
				}
			}
		})
	}
}

func TestALongRedirectOfAHandlerReachesTheClientWhole(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vbapi")
	long := strings.Repeat("<p>moved</p>", 1000)
	for name, end := range map[string]func(w http.ResponseWriter){
		"written in pieces": func(w http.ResponseWriter) {
			for range 2 {
				_, _ = io.WriteString(w, long)
			}
		},
		"flushed": func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, "<p>")
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, "</p>")
		},
	} {
		a := sendRaw(t, servertest.Listen(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/tree/")
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusMovedPermanently)
			end(w)
		}))), "GET /tree")
		if want := map[string]string{"written in pieces": long + long, "flushed": "<p></p>"}[name]; a.Status != 301 || a.Body != want {
			t.Errorf("%s: got %d with %d bytes, want 301 with %d", name, a.Status, len(a.Body), len(want))
		}
	}
}

func TestOptionsOfTheWholeServerGetAResponseInTheDialect(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vbapi")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /known", writes(0, "application/json", "1"))
	unstarted := httptest.NewUnstartedServer(s.Wrap(mux))
	guard.ApplyDefaultLimits(unstarted.Config)
	unstarted.Start()
	t.Cleanup(unstarted.Close)
	for called, want := range map[string]string{
		"OPTIONS *":      `{"data":null,"error":{"type":"https://httpstatuses.com/400","title":"Bad Request","status":400,"detail":"The target * names no resource. Call a path.","instance":"*"},"debug":{"activityId":"ID"}}`,
		"OPTIONS /known": `{"data":null,"error":{"type":"https://httpstatuses.com/405","title":"Method Not Allowed","status":405,"detail":"The method OPTIONS is not allowed at /known. Allowed: GET, HEAD.","instance":"/known"},"debug":{"activityId":"ID"}}`,
	} {
		if a := sendRaw(t, unstarted, called); a.WithoutID() != want {
			t.Errorf("%s: got %d %s\nwant %s", called, a.Status, a.WithoutID(), want)
		}
	}
}

func TestConditionsAndRangesLeaveInTheDialect(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	file := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "", at, strings.NewReader(`{"n":1}`))
	})
	for name, c := range map[string]struct {
		header [2]string
		status int
		body   string
	}{
		"no condition":                {[2]string{"X-None", "1"}, 200, `{"data":{"n":1},"error":null,"debug":{"activityId":"ID"}}`},
		"it is known already":         {[2]string{"If-None-Match", `"1"`}, 304, ``},
		"it was not changed":          {[2]string{"If-Modified-Since", at.Format(http.TimeFormat)}, 304, ``},
		"it is another one":           {[2]string{"If-None-Match", `"2"`}, 200, `{"data":{"n":1},"error":null,"debug":{"activityId":"ID"}}`},
		"a precondition fails":        {[2]string{"If-Match", `"2"`}, 412, `{"data":null,"error":{"type":"https://httpstatuses.com/412","title":"Precondition Failed","status":412,"detail":"A condition in the header of GET / does not hold.","instance":"/"},"debug":{"activityId":"ID"}}`},
		"a range that does not exist": {[2]string{"Range", "bytes=900-"}, 416, `{"data":null,"error":{"type":"https://httpstatuses.com/416","title":"Range Not Satisfiable","status":416,"detail":"invalid range: failed to overlap","instance":"/"},"debug":{"activityId":"ID"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := servertest.New(t, "vbapi")
			a := servertest.Ask(t, s.Wrap(file), "GET", "/", c.header[:]...)
			if a.Status != c.status || a.WithoutID() != c.body {
				t.Errorf("got  %d %s\nwant %d %s", a.Status, a.WithoutID(), c.status, c.body)
			}
		})
	}
}

func TestAFailureWithoutABodyIsWrittenInTheDialectWhateverItsType(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "plain")
	h := s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(409)
	}))
	if a := servertest.Ask(t, h, "GET", "/x"); a.Status != 409 || a.Body != `{"message":"The request GET /x is invalid."}` {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
	if a := servertest.Ask(t, h, "HEAD", "/x"); a.Status != 409 || a.Body != "" || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("HEAD: got %d %v %s", a.Status, a.Header, a.Body)
	}
}

func TestEachRequestThatFailedHasALineUnderItsID(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /known", writes(0, "", "hi"))
	failing := parlance.Outcome{Kind: parlance.KindConflict, Detail: "Somebody else changes it"}
	for name, c := range map[string]struct {
		handler      func(*server.Server) http.Handler
		method, path string
		kind         string
	}{
		"an unknown route":               {func(*server.Server) http.Handler { return mux }, "GET", "/nope", "not_found"},
		"a wrong method":                 {func(*server.Server) http.Handler { return mux }, "PUT", "/known", "invalid"},
		"a text":                         {func(*server.Server) http.Handler { return writes(403, "", "no") }, "GET", "/", "forbidden"},
		"a failure in a form of its own": {func(*server.Server) http.Handler { return writes(502, "application/json", "{}") }, "GET", "/", "bad_gateway"},
		"a failure as a value": {func(s *server.Server) http.Handler {
			return s.Handle(servertest.Returns(server.Reply{Outcome: failing}, nil))
		}, "GET", "/", "conflict"},
		"a middleware's refusal": {func(s *server.Server) http.Handler {
			return auth.Authenticate(auth.APIKey("X-Key", auth.APIKeys{}))(s.Handle(servertest.Returns(1, nil)))
		}, "GET", "/", "unauthenticated"},
		"a middleware's refusal inside": {func(s *server.Server) http.Handler {
			return guard.Deadline(time.Minute)(guard.MaxBody(1)(s.Handle(servertest.Returns(nil, parlance.ErrForbidden))))
		}, "GET", "/", "forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, log := servertest.New(t, "vbapi")
			a := servertest.Ask(t, s.Wrap(c.handler(s)), c.method, c.path)
			lines := log.Lines(t)
			if len(lines) != 1 {
				t.Fatalf("got %d lines, want 1: %v", len(lines), lines)
			}
			if l := lines[0]; l["activity_id"] != a.ID() || l["kind"] != c.kind || l["method"] != c.method || l["path"] != c.path {
				t.Errorf("got %v, want the %s of %s %s under %s", l, c.kind, c.method, c.path, a.ID())
			}
		})
	}
}

func TestTheLogNamesTheFieldsAndNotTheirTexts(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "vms")
	many := make([]parlance.Field, 22)
	for i := range many {
		many[i] = parlance.Field{Path: fmt.Sprint("f", i), Code: "required", Message: "a secret that was entered"}
	}
	servertest.Ask(t, s.Handle(servertest.Returns(nil, parlance.NewError(parlance.KindInvalid, "Look at it").WithReason(parlance.ReasonFields).WithFields(many...))), "GET", "/")
	got := fmt.Sprint(log.Lines(t)[0]["fields"])
	if !strings.HasPrefix(got, "f0 (required), f1 (required), ") || !strings.HasSuffix(got, "f19 (required), and 2 more") {
		t.Errorf("got %s", got)
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the log has what was entered: %s", log)
	}
}

func TestADetailRepeatsALongPathShortened(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "plain")
	path := "/" + strings.Repeat("x", 5000)
	if a := servertest.Ask(t, s.Wrap(http.NewServeMux()), "GET", path+"%3Cscript%3E"); a.Body != `{"message":"There is no resource at GET `+path[:200]+`…."}` {
		t.Errorf("got %s", a.Body)
	}
	if a := servertest.Ask(t, s.Wrap(http.NewServeMux()), "GET", "/%3Cscript%3E"); a.Body != `{"message":"There is no resource at GET /%3Cscript%3E."}` {
		t.Errorf("got %s", a.Body)
	}
}

func TestASuccessInAnEnvelopeHasDataWhateverItIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler func(*server.Server) http.Handler
		status  int
		data    string
	}{
		"nothing": {func(s *server.Server) http.Handler { return s.Handle(servertest.Returns(nil, nil)) }, 200, `{}`},
		"created, bare": {func(s *server.Server) http.Handler {
			return s.Handle(servertest.Returns(server.Created("/x/1", nil), nil))
		}, 201, `{}`},
		"an empty list":   {func(s *server.Server) http.Handler { return s.Handle(servertest.Returns([]int{}, nil)) }, 200, `[]`},
		"a nil list":      {func(s *server.Server) http.Handler { return s.Handle(servertest.Returns([]int(nil), nil)) }, 200, `[]`},
		"a batch of none": {func(s *server.Server) http.Handler { return s.Handle(servertest.Returns(server.Bulk(nil), nil)) }, 200, `[]`},
		"records of none": {func(s *server.Server) http.Handler { return bulk.Handle(s, servertest.Take) }, 200, `[]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := servertest.New(t, "vbapi")
			res, err := http.Post(servertest.Serve(t, c.handler(s)).URL, "application/json", strings.NewReader("[]"))
			if err != nil {
				t.Fatal(err)
			}
			a, err := servertest.Read(res)
			if want := `{"data":` + c.data + `,"error":null,"debug":{"activityId":"ID"}}`; err != nil || a.Status != c.status || a.WithoutID() != want {
				t.Errorf("got  %d %s %v\nwant %d %s", a.Status, a.WithoutID(), err, c.status, want)
			}
		})
	}
}
