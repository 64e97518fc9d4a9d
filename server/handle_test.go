package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

type camera struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

func TestAHandlersValueOrErrorLeavesInTheDialect(t *testing.T) {
	t.Parallel()
	secret := errors.New("dial tcp 10.0.0.7:5432: password of user admin")
	for name, c := range map[string]struct {
		dialect string
		handler server.HandlerFunc
		status  int
		header  [2]string // one that must be there
		body    string
	}{
		"a value is the payload": {
			"vms", servertest.Returns(camera{1, "<Gate>"}, nil),
			200, [2]string{"Content-Type", "application/json"}, `{"id":1,"name":"<Gate>"}`,
		},
		"a value stands in the envelope where the dialect has one": {
			"vbapi", servertest.Returns(camera{1, "Gate"}, nil),
			200, [2]string{"Content-Type", "application/json"}, `{"data":{"id":1,"name":"Gate"},"error":null,"debug":{"activityId":"ID"}}`,
		},
		"raw bytes go out as they are": {
			"vision", servertest.Returns(server.Raw{ContentType: "application/xml", Body: []byte("<PRODUCTS/>")}, nil),
			200, [2]string{"Content-Type", "application/xml"}, `<PRODUCTS/>`,
		},
		"no value is an empty response": {
			"vms", servertest.Returns(nil, nil),
			204, [2]string{}, ``,
		},
		"a created thing says where it is": {
			"omilia", servertest.Returns(server.Created("/dialogs/7", camera{7, "x"}), nil),
			201, [2]string{"Location", "/dialogs/7"}, `{"id":7,"name":"x"}`,
		},
		"accepted work says where to look": {
			"omilia", servertest.Returns(server.Accepted("/jobs/7", nil), nil),
			202, [2]string{"Location", "/jobs/7"}, ``,
		},
		"a reply without a value is an empty one": {
			"vms", servertest.Returns(&server.Reply{Outcome: parlance.Outcome{Kind: parlance.KindEmpty, Status: 200}}, nil),
			200, [2]string{}, `null`,
		},
		"a reply without a kind is a success": {
			"vbapi", servertest.Returns(server.Reply{Value: 1}, nil),
			200, [2]string{}, `{"data":1,"error":null,"debug":{"activityId":"ID"}}`,
		},
		"an error that has no kind is ours": {
			"plain", servertest.Returns(nil, &parlance.Error{Outcome: parlance.Outcome{Detail: "odd"}}),
			500, [2]string{}, `{"message":"odd"}`,
		},
		"an error shows its detail and not its cause": {
			"plain", servertest.Returns(nil, parlance.NewError(parlance.KindNotFound, "no camera 7").Because(secret)),
			404, [2]string{}, `{"message":"no camera 7"}`,
		},
		"an error around an error shows the inner one": {
			"vms", servertest.Returns(nil, fmt.Errorf("while looking: %w", parlance.NewError(parlance.KindNotFound, "no camera 7"))),
			404, [2]string{}, `{"message":"","errors":{"error":["no camera 7"]}}`,
		},
		"field errors": {
			"vms", servertest.Returns(nil, parlance.NewError(parlance.KindInvalid, "Submitted data was invalid").WithReason(parlance.ReasonFields).WithFields(
				parlance.Field{Path: "url", Message: "The URL value is in invalid format"},
				parlance.Field{Path: "url", Message: "The URL can be no longer than 10 characters"})),
			422, [2]string{}, `{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format","The URL can be no longer than 10 characters"]}}`,
		},
		"the whole envelope of an error": {
			"vbapi", servertest.Returns(nil, parlance.NewError(parlance.KindNotFound, "The resource you requested (xyz) was not found.")),
			404, [2]string{}, `{"data":null,"error":{"type":"https://httpstatuses.com/404","title":"Not Found","status":404,"detail":"The resource you requested (xyz) was not found.","instance":"/path"},"debug":{"activityId":"ID"}}`,
		},
		"a sentinel is its kind": {
			"problem", servertest.Returns(nil, fmt.Errorf("table cameras: %w", parlance.ErrForbidden)),
			403, [2]string{"Content-Type", "application/problem+json"}, `{"title":"Forbidden","status":403,"detail":"The caller has no permission for GET /path.","instance":"/path","kind":"forbidden","request_id":"ID"}`,
		},
		"a wait becomes Retry-After": {
			"vms", servertest.Returns(nil, &parlance.Error{Outcome: parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonMaintenance, RetryAfter: 90 * time.Second}}),
			503, [2]string{"Retry-After", "90"}, `{"message":"","errors":{"error":["The service is closed for maintenance. Retry in 90 seconds."]}}`,
		},
		"any other error is ours and stays inside": {
			"plain", servertest.Returns(nil, secret),
			500, [2]string{}, `{"message":"The request could not be handled. The cause is in the server's log under the request ID."}`,
		},
		"a deadline that passed is a timeout": {
			"omilia", servertest.Returns(nil, fmt.Errorf("query: %w", context.DeadlineExceeded)),
			504, [2]string{}, `{"errors":[{"code":null,"detail":"The request GET /path took longer than the server allows.","meta":{},"source":"","status":504,"title":"Unidentified Server Error"}]}`,
		},
		"a value that JSON cannot hold is a fault of ours": {
			"plain", servertest.Returns(math.NaN(), nil),
			500, [2]string{}, `{"message":"The request could not be handled. The cause is in the server's log under the request ID."}`,
		},
		"a reset has no body, and says so": {
			"vision", servertest.Returns(server.Reply{Outcome: parlance.Outcome{Kind: parlance.KindNoted, Status: 205}}, nil),
			205, [2]string{"Content-Length", "0"}, ``,
		},
		"notes make a success a noted one": {
			"problem", servertest.Returns(server.Noted(1, "stock is low"), nil),
			200, [2]string{"Outcome-Note", "stock is low"}, `1`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, log := servertest.New(t, c.dialect)
			a := servertest.Ask(t, s.Handle(c.handler), "GET", "/path")
			if a.Status != c.status || a.Header.Get(c.header[0]) != c.header[1] {
				t.Errorf("got %d %v, want %d with %v", a.Status, a.Header, c.status, c.header)
			}
			if got := a.WithoutID(); got != c.body {
				t.Errorf("got  %s\nwant %s", got, c.body)
			}
			if strings.Contains(a.Body, "10.0.0.7") {
				t.Error("the cause reached the client")
			}
			if c.status >= 400 {
				lines := log.Lines(t)
				if len(lines) != 1 || lines[0]["activity_id"] != a.ID() || a.ID() == "" {
					t.Errorf("want one line with the id %q, got %s", a.ID(), log)
				}
			}
		})
	}
}

func TestAFaultOfTheServerIsLoggedAsAnErrorAndOneOfTheRequestIsNot(t *testing.T) {
	t.Parallel()
	for level, err := range map[string]error{
		"ERROR": errors.New("disk full"),
		"INFO":  parlance.NewError(parlance.KindInvalid, "no name").Because(errors.New("disk full")),
	} {
		s, log := servertest.New(t, "problem")
		servertest.Ask(t, s.Handle(servertest.Returns(nil, err)), "GET", "/")
		if l := log.Lines(t)[0]; l["level"] != level || !strings.Contains(l["error"].(string), "disk full") {
			t.Errorf("want level %s and the cause, got %v", level, l)
		}
	}
}

func TestAHandlerMayWriteItsResponseItself(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "problem")
	a := servertest.Ask(t, s.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		w.Header().Set("Content-Type", "text/csv")
		_, err := w.Write([]byte("a,b"))
		return nil, err
	}), "GET", "/")
	if a.Status != 200 || a.Body != "a,b" || log.String() != "" {
		t.Errorf("got %+v, log %s", a, log)
	}
}

func TestAnErrorAfterTheResponseBeganCutsTheConnection(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "problem")
	a, err := servertest.Try(t, servertest.Listen(t, s.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		_, _ = w.Write([]byte("a,b"))
		_ = http.NewResponseController(w).Flush()
		return nil, errors.New("disk full")
	})), "GET", "/")
	if err == nil {
		t.Errorf("the client cannot tell: %+v", a)
	}
	if !strings.Contains(log.String(), "disk full") {
		t.Errorf("the cause is not in the log: %s", log)
	}
}

func TestAValueAfterTheResponseBeganIsDroppedAndLogged(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "vms")
	a := servertest.Ask(t, s.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		_, _ = w.Write([]byte("a,b"))
		return 1, nil
	}), "GET", "/")
	if a.Body != "a,b" || !strings.Contains(log.String(), "dropped") {
		t.Errorf("got %+v, log %s", a, log)
	}
}

func TestTheIDOfAServiceBehindStaysInTheLog(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "vbapi")
	a := servertest.Ask(t, s.Handle(servertest.Returns(nil, &parlance.Error{Outcome: parlance.Outcome{Kind: parlance.KindBadGateway, RequestID: "theirs"}})), "GET", "/")
	if strings.Contains(a.Body, "theirs") || log.Lines(t)[0]["upstream_request_id"] != "theirs" {
		t.Errorf("got %s, log %s", a.Body, log)
	}
}

func TestRecordsThatADialectHasNoPlaceForAreMissedInTheLog(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "vms")
	servertest.Ask(t, s.Handle(servertest.Returns(server.Bulk(nil, parlance.Item{Outcome: parlance.Outcome{Kind: parlance.KindSuccess}}), nil)), "POST", "/")
	if l := log.Lines(t); len(l) != 1 || l[0]["level"] != "WARN" || l[0]["attribute"] != "items" {
		t.Errorf("got %s", log)
	}
}

func TestAnErrorReplacesWhatIsStillHeld(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vbapi")
	a := servertest.Ask(t, s.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`[1,2`))
		return nil, parlance.ErrConflict
	}), "GET", "/")
	if a.Status != 400 && a.Status != 409 || strings.Contains(a.Body, "[1,2") {
		t.Errorf("got %+v", a)
	}
}

func TestHEADHasTheHeadersOfGETAndNoBody(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vbapi")
	l := servertest.Listen(t, s.Handle(servertest.Returns(camera{1, "Gate"}, nil)))
	get, _ := servertest.Try(t, l, "GET", "/")
	head, _ := servertest.Try(t, l, "HEAD", "/")
	if head.Body != "" || head.Length != get.Length || head.Length != int64(len(get.Body)) || head.Status != get.Status {
		t.Errorf("GET %+v, HEAD %+v", get, head)
	}
}

func TestBulkRollsItsRecordsUp(t *testing.T) {
	t.Parallel()
	item := func(k parlance.Kind) parlance.Item { return parlance.Item{Outcome: parlance.Outcome{Kind: k}} }
	for name, c := range map[string]struct {
		items []parlance.Item
		want  parlance.Kind
	}{
		"no records are a success":                         {nil, parlance.KindSuccess},
		"no record failed":                                 {[]parlance.Item{item(parlance.KindSuccess), item(parlance.KindNoted)}, parlance.KindSuccess},
		"some records failed":                              {[]parlance.Item{item(parlance.KindSuccess), item(parlance.KindInvalid)}, parlance.KindPartial},
		"all failed alike":                                 {[]parlance.Item{item(parlance.KindConflict), item(parlance.KindConflict)}, parlance.KindConflict},
		"all failed in several ways of the server":         {[]parlance.Item{item(parlance.KindInternal), item(parlance.KindTimeout)}, parlance.KindInternal},
		"all failed in several ways, one of them a caller": {[]parlance.Item{item(parlance.KindInternal), item(parlance.KindInvalid)}, parlance.KindInvalid},
	} {
		if got := server.Bulk(nil, c.items...).Outcome.Kind; got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// By whomever it is said: by us of a long response, by net/http of a short one.
func TestAResponseSaysHowLongItIs(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vms")
	srv := servertest.Listen(t, s.Wrap(s.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		n, err := strconv.Atoi(r.URL.Query().Get("n"))
		w.Header().Set("Content-Length", "7") // of something else
		return server.Raw{ContentType: "text/plain", Body: bytes.Repeat([]byte("x"), n)}, err
	})))
	for _, n := range []int{1, 100, 2047, 2048, 2049, 4096, 100_000} {
		for _, method := range []string{"GET", "HEAD"} {
			r, err := http.NewRequestWithContext(t.Context(), method, fmt.Sprintf("%s/?n=%d", srv.URL, n), nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := srv.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.ContentLength != int64(n) || method == "GET" && len(body) != n || len(resp.TransferEncoding) > 0 {
				t.Errorf("%s of %d: %d, %v, %d bytes, %v", method, n, resp.ContentLength, resp.TransferEncoding, len(body), err)
			}
		}
	}
}
