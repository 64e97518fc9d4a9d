package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

func writes(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		if status != 0 {
			w.WriteHeader(status)
		}
		_, _ = io.WriteString(w, body)
	}
}

func TestWhatIsWrittenAroundTheServerLeavesInTheDialect(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /known", writes(0, "", "hi"))
	for name, c := range map[string]struct {
		dialect string
		handler http.Handler
		method  string
		path    string
		status  int
		body    string
	}{
		"a route that a ServeMux does not know": {
			"vms", mux, "GET", "/nope", 404, `{"message":"","errors":{"error":["There is no resource at GET /nope."]}}`,
		},
		"a method that a ServeMux does not know": {
			"plain", mux, "POST", "/known", 405, `{"message":"The method POST is not allowed at /known. Allowed: GET, HEAD."}`,
		},
		"the text of http.Error is the detail of a 4xx": {
			"plain", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no such page", 404) }),
			"GET", "/", 404, `{"message":"no such page"}`,
		},
		"the text of http.Error is kept from clients in a 5xx": {
			"vms", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "secret", 500) }),
			"GET", "/", 500, `{"message":"","errors":{"error":["The request could not be handled. The cause is in the server's log under the request ID."]}}`,
		},
		"a status without a body": {
			"problem", writes(403, "", ""), "GET", "/", 403, `{"title":"Forbidden","status":403,"detail":"The caller has no permission for GET /.","instance":"/","kind":"forbidden","request_id":"ID"}`,
		},
		"a failure with a type of its own is left alone": {
			"vms", writes(400, "application/json", `{"mine":1}`), "GET", "/", 400, `{"mine":1}`,
		},
		"a success without an envelope is left alone": {
			"vms", writes(201, "application/json", `{"mine":1}`), "GET", "/", 201, `{"mine":1}`,
		},
		"a success gets the envelope that the dialect has": {
			"vbapi", writes(201, "application/json", `{"mine":1}`+"\n"), "GET", "/", 201, `{"data":{"mine":1},"error":null,"debug":{"activityId":"ID"}}`,
		},
		"JSON without a type gets it too": {
			"vbapi", writes(0, "", `[1]`), "GET", "/", 200, `{"data":[1],"error":null,"debug":{"activityId":"ID"}}`,
		},
		"what is no JSON cannot have it": {
			"vbapi", writes(0, "text/csv", `a,b`), "GET", "/", 200, `a,b`,
		},
		"nor can what has no type and is none": {
			"vbapi", writes(0, "", `a,b`), "GET", "/", 200, `a,b`,
		},
		"what only claims to be JSON is a fault of ours": {
			"vbapi", writes(0, "application/json", `{"half":`), "GET", "/", 500,
			`{"data":null,"error":{"type":"https://httpstatuses.com/500","title":"Internal Server Error","status":500,"detail":"The request could not be handled. The cause is in the server's log under the activityId.","instance":"/"},"debug":{"activityId":"ID"}}`,
		},
		"a handler that writes nothing gets an envelope around nothing": {
			"vbapi", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "GET", "/", 200, `{"data":{},"error":null,"debug":{"activityId":"ID"}}`,
		},
		"a panic is a 500": {
			"vms", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret") }), "GET", "/", 500, `{"message":"","errors":{"error":["The request could not be handled. The cause is in the server's log under the request ID."]}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := servertest.New(t, c.dialect)
			a := servertest.Ask(t, s.Wrap(c.handler), c.method, c.path)
			if a.Status != c.status || a.WithoutID() != c.body {
				t.Errorf("got  %d %s\nwant %d %s", a.Status, a.WithoutID(), c.status, c.body)
			}
			if a.ID() == "" {
				t.Errorf("the response has no request id: %v", a.Header)
			}
			if a.Length != int64(len(a.Body)) {
				t.Errorf("Content-Length is %d, the body has %d bytes", a.Length, len(a.Body))
			}
		})
	}
}

func TestAllowIsKeptOnA405(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vms")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /known", writes(0, "", "hi"))
	if a := servertest.Ask(t, s.Wrap(mux), "POST", "/known"); a.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("got %v", a.Header)
	}
}

func TestAPanicIsLoggedWithItsStackUnderTheIDThatTheClientSees(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "vbapi")
	a := servertest.Ask(t, s.Handle(servertest.Panics), "GET", "/")
	l := log.Lines(t)
	if a.Status != 500 || len(l) != 1 || l[0]["activity_id"] != a.ID() || l[0]["level"] != "ERROR" {
		t.Fatalf("got %+v, log %s", a, log)
	}
	if stack := l[0]["stack"].(string); !strings.Contains(stack, "servertest.Panics") || !strings.Contains(l[0]["panic"].(string), "out of range") {
		t.Errorf("the log does not tell where: %v", l[0])
	}
	if strings.Contains(a.Body, "range") {
		t.Errorf("the client sees inside: %s", a.Body)
	}
}

func TestAPanicAfterBytesWentOutCutsTheConnection(t *testing.T) {
	t.Parallel()
	for dialect, flush := range map[string]bool{"vms": false, "vbapi": true} {
		s, log := servertest.New(t, dialect)
		a, err := servertest.Try(t, servertest.Listen(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, strings.Repeat("[", 8<<10))
			if flush {
				_ = http.NewResponseController(w).Flush()
			}
			panic("half way")
		}))), "GET", "/")
		if err == nil {
			t.Errorf("%s: the client cannot tell: %d bytes", dialect, len(a.Body))
		}
		if !strings.Contains(log.String(), "half way") {
			t.Errorf("%s: the panic is not logged", dialect)
		}
	}
}

func TestAHandlersOwnAbortIsNotLogged(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "vms")
	if _, err := servertest.Try(t, servertest.Listen(t, s.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))), "GET", "/"); err == nil {
		t.Error("the connection was not cut")
	}
	if log.String() != "" {
		t.Errorf("got %s", log)
	}
}

func TestAFailureDropsTheHeadersOfTheSuccessThatItReplaces(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "problem")
	a := servertest.Ask(t, s.Handle(func(w http.ResponseWriter, _ *http.Request) (any, error) {
		w.Header().Set("Cache-Control", "max-age=3600")
		w.Header().Set("Etag", `"1"`)
		w.Header().Set("Content-Encoding", "br")
		w.Header().Set("X-Mine", "kept")
		return nil, parlance.ErrConflict
	}), "GET", "/")
	for _, name := range []string{"Cache-Control", "Etag", "Content-Encoding"} {
		if a.Header.Get(name) != "" {
			t.Errorf("%s: %s is left", name, a.Header.Get(name))
		}
	}
	if a.Header.Get("X-Mine") != "kept" {
		t.Error("an unrelated header was dropped")
	}
}

func TestTheActivityIDIsTakenFromATrustedHeaderOnly(t *testing.T) {
	t.Parallel()
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for name, c := range map[string]struct {
		options []server.Option
		sent    string
		taken   bool
	}{
		"nothing is trusted by default":   {nil, "mine", false},
		"a trusted id is taken":           {[]server.Option{server.WithTrustedID("X-Request-Id")}, "mine", true},
		"an overlong id is not":           {[]server.Option{server.WithTrustedID("X-Request-Id")}, strings.Repeat("x", 129), false},
		"an id that garbles a log is not": {[]server.Option{server.WithTrustedID("X-Request-Id")}, "a b", false},
		"an empty id is not":              {[]server.Option{server.WithTrustedID("X-Request-Id")}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := servertest.New(t, "vms", c.options...)
			var inside string
			a := servertest.Ask(t, s.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { inside = activity.ID(r.Context()) })), "GET", "/", "X-Request-Id", c.sent)
			if a.ID() != inside || (inside == c.sent) != c.taken || !c.taken && !uuid.MatchString(inside) {
				t.Errorf("sent %q, the handler saw %q, the response has %q", c.sent, inside, a.ID())
			}
		})
	}
}

func TestAStreamGoesOutWhileItIsWritten(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vbapi") // whose envelope is not for events
	next := make(chan struct{})
	l := servertest.Listen(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for range 3 {
			fmt.Fprint(w, "data: x\n")
			w.(http.Flusher).Flush()
			<-next // the client has it
		}
	})))
	res, err := l.Client().Get(l.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for range 3 {
		if !lines.Scan() || lines.Text() != "data: x" {
			t.Fatalf("got %q, %v", lines.Text(), lines.Err())
		}
		next <- struct{}{}
	}
}

func TestALongSuccessStreamsInsideItsEnvelope(t *testing.T) {
	t.Parallel()
	long := `["` + strings.Repeat("x", 5000) + `","` + strings.Repeat("y", 5000) + `"]`
	for name, contentType := range map[string]string{"declared": "application/json", "recognized": ""} {
		s, _ := servertest.New(t, "vbapi", server.WithMaxBuffered(1000))
		a := servertest.Ask(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if contentType != "" {
				w.Header().Set("Content-Type", contentType)
			}
			w.Header().Set("Content-Length", fmt.Sprint(len(long)))
			for c := range slices.Chunk([]byte(long), 700) {
				_, _ = w.Write(c)
			}
		})), "GET", "/")
		var v struct {
			Data  [2]string
			Debug struct{ ActivityID string }
		}
		if err := json.Unmarshal([]byte(a.Body), &v); err != nil || len(v.Data[1]) != 5000 || v.Debug.ActivityID == "" {
			t.Errorf("%s: %v: %.100s", name, err, a.Body)
		}
	}
	s, _ := servertest.New(t, "vbapi", server.WithMaxBuffered(1000))
	text := strings.Repeat("no JSON ", 1000)
	if a := servertest.Ask(t, s.Wrap(writes(0, "", text)), "GET", "/"); a.Body != text {
		t.Errorf("a long text without a type was changed: %.100s", a.Body)
	}
}

func TestAHandlerMayTakeTheConnection(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "vbapi")
	l := servertest.Listen(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello")
		_ = rw.Flush()
	})))
	r, _ := http.NewRequest("GET", l.URL, nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "echo")
	res, err := l.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != 101 || string(body) != "hello" || log.String() != "" {
		t.Errorf("got %d %q, log %s", res.StatusCode, body, log)
	}
}

func TestInterimResponsesPass(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vms")
	a := servertest.Ask(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>")
		w.WriteHeader(http.StatusEarlyHints)
		http.Error(w, "nope", 404)
	})), "GET", "/")
	if a.Status != 404 || a.Body != `{"message":"","errors":{"error":["nope"]}}` {
		t.Errorf("got %+v", a)
	}
}

func TestTheInnermostServerRespondsUnderOneID(t *testing.T) {
	t.Parallel()
	outer, _ := servertest.New(t, "vbapi")
	inner, log := servertest.New(t, "plain")
	mux := http.NewServeMux()
	mux.Handle("/inner/", inner.Wrap(http.NotFoundHandler()))
	mux.Handle("/ours", outer.Handle(servertest.Returns(1, nil)))
	var seen string
	h := outer.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = activity.ID(r.Context())
		mux.ServeHTTP(w, r)
	}))
	if a := servertest.Ask(t, h, "GET", "/inner/x"); a.Status != 404 || strings.Contains(a.Body, "activityId") || a.ID() != seen {
		t.Errorf("inner: got %+v under %s, log %s", a, seen, log)
	}
	if a := servertest.Ask(t, h, "GET", "/ours"); a.WithoutID() != `{"data":1,"error":null,"debug":{"activityId":"ID"}}` || a.ID() != seen {
		t.Errorf("ours: got %+v under %s", a, seen)
	}
}

func TestAMiddlewareBetweenSeesTheResponse(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vbapi")
	var seen int
	between := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(statusOf{w, &seen}, r) })
	}
	servertest.Ask(t, s.Wrap(between(s.Handle(servertest.Returns(nil, parlance.ErrNotFound)))), "GET", "/")
	if seen != 404 {
		t.Errorf("got %d", seen)
	}
}

type statusOf struct {
	http.ResponseWriter
	status *int
}

func (s statusOf) WriteHeader(status int) { *s.status = status; s.ResponseWriter.WriteHeader(status) }

func TestWhatStandsBetweenMayRespondItself(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "vbapi")
	slow := s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		<-r.Context().Done() // TimeoutHandler gives up first
		return nil, r.Context().Err()
	})
	quick := s.Handle(servertest.Returns(1, nil))
	a := servertest.Ask(t, s.Wrap(http.TimeoutHandler(slow, time.Millisecond, "")), "GET", "/")
	if want := `{"data":null,"error":{"type":"https://httpstatuses.com/503","title":"Service Unavailable","status":503,"detail":"The service cannot handle requests at the moment.","instance":"/"},"debug":{"activityId":"ID"}}`; a.Status != 503 || a.WithoutID() != want {
		t.Errorf("got %d %s, log %s", a.Status, a.Body, log)
	}
	h := s.Wrap(http.StripPrefix("/prefix", http.TimeoutHandler(quick, time.Minute, "")))
	if a := servertest.Ask(t, h, "GET", "/prefix/x"); a.WithoutID() != `{"data":1,"error":null,"debug":{"activityId":"ID"}}` || len(a.Header) != 3 {
		t.Errorf("got %d %v %s", a.Status, a.Header, a.Body)
	}
	h = s.Wrap(http.StripPrefix("/prefix", s.Handle(servertest.Returns(nil, parlance.ErrNotFound))))
	if a := servertest.Ask(t, h, "GET", "/prefix/x"); !strings.Contains(a.Body, `"instance":"/prefix/x"`) {
		t.Errorf("got %s", a.Body)
	}
}

func TestFilesAreServedInParts(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vbapi")
	h := s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "a.txt", time.Time{}, strings.NewReader("0123456789"))
	}))
	if a := servertest.Ask(t, h, "GET", "/"); a.Body != "0123456789" || a.Length != 10 {
		t.Errorf("got %+v", a)
	}
	if a := servertest.Ask(t, h, "GET", "/", "Range", "bytes=2-4"); a.Status != 206 || a.Body != "234" {
		t.Errorf("got %+v", a)
	}
	if a := servertest.Ask(t, h, "GET", "/", "Range", "bytes=99-"); a.Status < 400 || !strings.Contains(a.Body, `"error":{`) || a.Header.Get("Content-Range") != "bytes */10" {
		t.Errorf("got %+v", a)
	}
	// io.Copy goes by ReadFrom, also where the envelope holds it.
	h = s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.Copy(w, struct{ io.Reader }{strings.NewReader("[1]")})
	}))
	if a := servertest.Ask(t, h, "GET", "/"); a.WithoutID() != `{"data":[1],"error":null,"debug":{"activityId":"ID"}}` {
		t.Errorf("got %+v", a)
	}
}

func TestFlushSendsWhatTheEnvelopeHolds(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vbapi")
	next := make(chan struct{})
	l := servertest.Listen(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		control := http.NewResponseController(w)
		if err := control.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		for _, part := range []string{`[1`, `,2`, `]`} {
			_, _ = io.WriteString(w, part)
			if err := control.Flush(); err != nil {
				t.Error(err)
			}
			<-next // the client has it
		}
	})))
	res, err := l.Client().Get(l.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for _, part := range []string{`{"data":[1`, `,2`, `]`} {
		got := make([]byte, len(part))
		if _, err := io.ReadFull(res.Body, got); err != nil || string(got) != part {
			t.Fatalf("got %q, %v, want %q", got, err, part)
		}
		next <- struct{}{}
	}
	rest, err := io.ReadAll(res.Body)
	if err != nil || !strings.HasPrefix(string(rest), `,"error":null,"debug":{"activityId":"`) {
		t.Errorf("got %q, %v", rest, err)
	}
}

func TestFlushDoesNotGiveAFailureAway(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vms")
	a := servertest.Ask(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", 404)
		w.(http.Flusher).Flush()
	})), "GET", "/")
	if a.Body != `{"message":"","errors":{"error":["no"]}}` {
		t.Errorf("got %+v", a)
	}
}

func TestALongTextOfAFailureIsCut(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vms")
	a := servertest.Ask(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		for range 1000 {
			_, _ = io.WriteString(w, "1234567é")
		}
	})), "GET", "/")
	if len(a.Body) > 4200 || !json.Valid([]byte(a.Body)) {
		t.Errorf("got %d bytes: %.100s", len(a.Body), a.Body)
	}
}
