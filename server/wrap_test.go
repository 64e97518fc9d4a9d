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
			s, _ := newServer(t, c.dialect)
			a := ask(t, s.Wrap(c.handler), c.method, c.path)
			if a.status != c.status || a.noID() != c.body {
				t.Errorf("got  %d %s\nwant %d %s", a.status, a.noID(), c.status, c.body)
			}
			if a.id() == "" {
				t.Errorf("the answer has no request id: %v", a.header)
			}
			if a.length != int64(len(a.body)) {
				t.Errorf("Content-Length is %d, the body has %d bytes", a.length, len(a.body))
			}
		})
	}
}

func TestAllowIsKeptOnA405(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, "vms")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /known", writes(0, "", "hi"))
	if a := ask(t, s.Wrap(mux), "POST", "/known"); a.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("got %v", a.header)
	}
}

func TestAPanicIsLoggedWithItsStackUnderTheIDThatTheClientSees(t *testing.T) {
	t.Parallel()
	s, log := newServer(t, "vbapi")
	a := ask(t, s.Handle(panics), "GET", "/")
	l := log.lines(t)
	if a.status != 500 || len(l) != 1 || l[0]["activity_id"] != a.id() || l[0]["level"] != "ERROR" {
		t.Fatalf("got %+v, log %s", a, log)
	}
	if stack := l[0]["stack"].(string); !strings.Contains(stack, "server_test.panics") || !strings.Contains(l[0]["panic"].(string), "out of range") {
		t.Errorf("the log does not tell where: %v", l[0])
	}
	if strings.Contains(a.body, "range") {
		t.Errorf("the client sees inside: %s", a.body)
	}
}

func panics(http.ResponseWriter, *http.Request) (any, error) {
	var list []int
	return list[len(list)], nil
}

func TestAPanicAfterBytesWentOutCutsTheConnection(t *testing.T) {
	t.Parallel()
	for dialect, flush := range map[string]bool{"vms": false, "vbapi": true} {
		s, log := newServer(t, dialect)
		a, err := try(t, listen(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, strings.Repeat("[", 8<<10))
			if flush {
				_ = http.NewResponseController(w).Flush()
			}
			panic("half way")
		}))), "GET", "/")
		if err == nil {
			t.Errorf("%s: the client cannot tell: %d bytes", dialect, len(a.body))
		}
		if !strings.Contains(log.String(), "half way") {
			t.Errorf("%s: the panic is not logged", dialect)
		}
	}
}

func TestAHandlersOwnAbortIsNotLogged(t *testing.T) {
	t.Parallel()
	s, log := newServer(t, "vms")
	if _, err := try(t, listen(t, s.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))), "GET", "/"); err == nil {
		t.Error("the connection was not cut")
	}
	if log.String() != "" {
		t.Errorf("got %s", log)
	}
}

func TestAFailureDropsTheHeadersOfTheSuccessThatItReplaces(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, "problem")
	a := ask(t, s.Handle(func(w http.ResponseWriter, _ *http.Request) (any, error) {
		w.Header().Set("Cache-Control", "max-age=3600")
		w.Header().Set("Etag", `"1"`)
		w.Header().Set("Content-Encoding", "br")
		w.Header().Set("X-Mine", "kept")
		return nil, parlance.ErrConflict
	}), "GET", "/")
	for _, name := range []string{"Cache-Control", "Etag", "Content-Encoding"} {
		if a.header.Get(name) != "" {
			t.Errorf("%s: %s is left", name, a.header.Get(name))
		}
	}
	if a.header.Get("X-Mine") != "kept" {
		t.Error("an unrelated header was dropped")
	}
}

func TestTheActivityIDIsTakenFromATrustedHeaderOnly(t *testing.T) {
	t.Parallel()
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
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
			s, _ := newServer(t, "vms", c.options...)
			var inside string
			a := ask(t, s.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { inside = activity.ID(r.Context()) })), "GET", "/", "X-Request-Id", c.sent)
			if a.id() != inside || (inside == c.sent) != c.taken || !c.taken && !uuid.MatchString(inside) {
				t.Errorf("sent %q, the handler saw %q, the answer has %q", c.sent, inside, a.id())
			}
		})
	}
}

func TestAStreamGoesOutWhileItIsWritten(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, "vbapi") // whose envelope is not for events
	next := make(chan struct{})
	l := listen(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
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
	for name, contentType := range map[string]string{"declared": "application/json", "recognised": ""} {
		s, _ := newServer(t, "vbapi", server.WithMaxBuffered(1000))
		a := ask(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
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
		if err := json.Unmarshal([]byte(a.body), &v); err != nil || len(v.Data[1]) != 5000 || v.Debug.ActivityID == "" {
			t.Errorf("%s: %v: %.100s", name, err, a.body)
		}
	}
	s, _ := newServer(t, "vbapi", server.WithMaxBuffered(1000))
	text := strings.Repeat("no JSON ", 1000)
	if a := ask(t, s.Wrap(writes(0, "", text)), "GET", "/"); a.body != text {
		t.Errorf("a long text without a type was changed: %.100s", a.body)
	}
}

func TestAHandlerMayTakeTheConnection(t *testing.T) {
	t.Parallel()
	s, log := newServer(t, "vbapi")
	l := listen(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
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

func TestInterimAnswersPass(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, "vms")
	a := ask(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>")
		w.WriteHeader(http.StatusEarlyHints)
		http.Error(w, "nope", 404)
	})), "GET", "/")
	if a.status != 404 || a.body != `{"message":"","errors":{"error":["nope"]}}` {
		t.Errorf("got %+v", a)
	}
}

func TestTheInnermostServerAnswersUnderOneID(t *testing.T) {
	t.Parallel()
	outer, _ := newServer(t, "vbapi")
	inner, log := newServer(t, "plain")
	mux := http.NewServeMux()
	mux.Handle("/inner/", inner.Wrap(http.NotFoundHandler()))
	mux.Handle("/ours", outer.Handle(returns(1, nil)))
	var seen string
	h := outer.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = activity.ID(r.Context())
		mux.ServeHTTP(w, r)
	}))
	if a := ask(t, h, "GET", "/inner/x"); a.status != 404 || strings.Contains(a.body, "activityId") || a.id() != seen {
		t.Errorf("inner: got %+v under %s, log %s", a, seen, log)
	}
	if a := ask(t, h, "GET", "/ours"); a.noID() != `{"data":1,"error":null,"debug":{"activityId":"ID"}}` || a.id() != seen {
		t.Errorf("ours: got %+v under %s", a, seen)
	}
}

func TestAMiddlewareBetweenSeesTheAnswer(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, "vbapi")
	var seen int
	between := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(statusOf{w, &seen}, r) })
	}
	ask(t, s.Wrap(between(s.Handle(returns(nil, parlance.ErrNotFound)))), "GET", "/")
	if seen != 404 {
		t.Errorf("got %d", seen)
	}
}

type statusOf struct {
	http.ResponseWriter
	status *int
}

func (s statusOf) WriteHeader(status int) { *s.status = status; s.ResponseWriter.WriteHeader(status) }

func TestWhatStandsBetweenMayAnswerItself(t *testing.T) {
	t.Parallel()
	s, log := newServer(t, "vbapi")
	slow := s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		<-r.Context().Done() // TimeoutHandler gives up first
		return nil, r.Context().Err()
	})
	quick := s.Handle(returns(1, nil))
	a := ask(t, s.Wrap(http.TimeoutHandler(slow, time.Millisecond, "")), "GET", "/")
	if want := `{"data":null,"error":{"type":"https://httpstatuses.com/503","title":"Service Unavailable","status":503,"detail":"The service cannot handle requests at the moment.","instance":"/"},"debug":{"activityId":"ID"}}`; a.status != 503 || a.noID() != want {
		t.Errorf("got %d %s, log %s", a.status, a.body, log)
	}
	h := s.Wrap(http.StripPrefix("/prefix", http.TimeoutHandler(quick, time.Minute, "")))
	if a := ask(t, h, "GET", "/prefix/x"); a.noID() != `{"data":1,"error":null,"debug":{"activityId":"ID"}}` || len(a.header) != 3 {
		t.Errorf("got %d %v %s", a.status, a.header, a.body)
	}
	h = s.Wrap(http.StripPrefix("/prefix", s.Handle(returns(nil, parlance.ErrNotFound))))
	if a := ask(t, h, "GET", "/prefix/x"); !strings.Contains(a.body, `"instance":"/prefix/x"`) {
		t.Errorf("got %s", a.body)
	}
}

func TestFilesAreServedInParts(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, "vbapi")
	h := s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "a.txt", time.Time{}, strings.NewReader("0123456789"))
	}))
	if a := ask(t, h, "GET", "/"); a.body != "0123456789" || a.length != 10 {
		t.Errorf("got %+v", a)
	}
	if a := ask(t, h, "GET", "/", "Range", "bytes=2-4"); a.status != 206 || a.body != "234" {
		t.Errorf("got %+v", a)
	}
	if a := ask(t, h, "GET", "/", "Range", "bytes=99-"); a.status < 400 || !strings.Contains(a.body, `"error":{`) || a.header.Get("Content-Range") != "bytes */10" {
		t.Errorf("got %+v", a)
	}
	// io.Copy goes by ReadFrom, also where the envelope holds it.
	h = s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.Copy(w, struct{ io.Reader }{strings.NewReader("[1]")})
	}))
	if a := ask(t, h, "GET", "/"); a.noID() != `{"data":[1],"error":null,"debug":{"activityId":"ID"}}` {
		t.Errorf("got %+v", a)
	}
}

func TestFlushSendsWhatTheEnvelopeHolds(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, "vbapi")
	next := make(chan struct{})
	l := listen(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
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
	s, _ := newServer(t, "vms")
	a := ask(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", 404)
		w.(http.Flusher).Flush()
	})), "GET", "/")
	if a.body != `{"message":"","errors":{"error":["no"]}}` {
		t.Errorf("got %+v", a)
	}
}

func TestALongTextOfAFailureIsCut(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, "vms")
	a := ask(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		for range 1000 {
			_, _ = io.WriteString(w, "1234567é")
		}
	})), "GET", "/")
	if len(a.body) > 4200 || !json.Valid([]byte(a.body)) {
		t.Errorf("got %d bytes: %.100s", len(a.body), a.body)
	}
}
