package server_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/disk"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/bulk"
	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/internal/servertest"
	"github.com/parlance-api/parlance/server/jobs"
	"github.com/parlance-api/parlance/server/validate"
	"github.com/parlance-api/parlance/store/memory"
)

// fortress has a route for each way that a body is read, behind what a service
// should stand behind.
func fortress(s *server.Server) http.Handler {
	schema := validate.MustCompile(`{"type": "object", "properties": {"n": {"type": "number"}}}`)
	rules := validate.MustCompileElement(validate.Element{Name: "ORDERS", Children: []validate.Element{{Name: "SO", Repeated: true, Open: true}}})
	mux := http.NewServeMux()
	mux.Handle("POST /json", validate.JSON(schema, validate.WithGzip())(s.Handle(servertest.Reads)))
	mux.Handle("POST /xml", validate.XML(rules, validate.WithGzip())(s.Handle(servertest.Reads)))
	mux.Handle("POST /form", validate.Form(schema)(s.Handle(servertest.Reads)))
	mux.Handle("POST /keyed", idempotency.Middleware(memory.New().Idempotency(), idempotency.Required())(s.Handle(servertest.Reads)))
	mux.Handle("POST /job", jobs.New(s, memory.New().Queue()).AsyncHandler("job"))
	mux.Handle("POST /token", servertest.Endpoint(memory.New().Tokens()))
	mux.Handle("POST /raw", s.Handle(servertest.Reads))
	outside := http.NewServeMux()
	outside.Handle("POST /service/Orders", bulk.Handle(s, servertest.Take)) // of any length
	outside.Handle("/", guard.MaxBody(1<<20)(mux))
	return s.Wrap(outside)
}

// insides are words of the packages below, of Go and of this machine.
var insides = regexp.MustCompile(`json:|xml:|http:|gzip:|mime:|strconv|encoding/|net/|goroutine|\.go\b|unexpected EOF|invalid character|secret|/tmp/|/root/`)

// much is a text over and over, up to a number of bytes that is not declared.
func much(text string, bytes int64) io.Reader {
	return io.LimitReader(&repeated{text: text}, bytes)
}

type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		c := copy(p[n:], r.text[r.at:])
		n, r.at = n+c, (r.at+c)%len(r.text)
	}
	return n, nil
}

// bomb is 8 MB of a text, zipped.
func bomb(t testing.TB, inside string) func() io.Reader {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.Copy(z, much(inside, 8<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return func() io.Reader { return bytes.NewReader(b.Bytes()) }
}

// Not parallel: what it costs is measured.
func TestWhatStrangersSendIsRefusedInTheDialectAndCostsLittle(t *testing.T) {
	const (
		endless = 1 << 40
		nested  = 10 << 20
	)
	hostile := map[string]struct {
		path, kind string // kind is the content type
		body       func() io.Reader
		header     []string
		status     map[string]int // where a dialect has none of its own, under ""
	}{
		"JSON is broken":                      {"/json", "application/json", text(`{"n": 1`), nil, all(400)},
		"JSON has a name twice":               {"/json", "application/json", text(`{"n": 1, "n": 2}`), nil, all(400)},
		"JSON has a number beyond all":        {"/json", "application/json", text(`{"n": 1e400}`), nil, all(400)},
		"JSON is no UTF-8":                    {"/json", "application/json", text("{\"n\": \"\xff\"}"), nil, all(400)},
		"JSON says it is Latin-1":             {"/json", "application/json; charset=iso-8859-1", text(`{}`), nil, all(415)},
		"JSON says it is a picture":           {"/json", "image/png", text(`{}`), nil, all(415)},
		"JSON is nested for 10 MB":            {"/json", "application/json", func() io.Reader { return much("[", nested) }, nil, all(413)},
		"JSON has no end":                     {"/json", "application/json", func() io.Reader { return much(" ", endless) }, nil, all(413)},
		"JSON is a bomb":                      {"/json", "application/json", bomb(t, " "), []string{"Content-Encoding", "gzip"}, all(413)},
		"XML is broken":                       {"/xml", "application/xml", text("<ORDERS><SO></ORDERS>"), nil, xmls(400)},
		"XML has an entity":                   {"/xml", "application/xml", text("<ORDERS>&secret;</ORDERS>"), nil, xmls(400)},
		"XML has a document type":             {"/xml", "application/xml", text("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><ORDERS>&b;</ORDERS>"), nil, xmls(400)},
		"XML is UTF-16":                       {"/xml", "application/xml", text("<?xml version='1.0' encoding='UTF-16'?><ORDERS/>"), nil, xmls(400)},
		"XML is nested for 10 MB":             {"/xml", "application/xml", func() io.Reader { return much("<SO>", nested) }, nil, all(413)},
		"XML has no end":                      {"/xml", "application/xml", func() io.Reader { return much("<ORDERS>", endless) }, nil, all(413)},
		"XML is a bomb":                       {"/xml", "application/xml", bomb(t, "<SO/>"), []string{"Content-Encoding", "gzip"}, all(413)},
		"a form is broken":                    {"/form", "application/x-www-form-urlencoded", text("n=%zz"), nil, all(400)},
		"a form has no end":                   {"/form", "application/x-www-form-urlencoded", func() io.Reader { return much("n=1&", endless) }, nil, all(413)},
		"a multipart form has no end":         {"/form", "multipart/form-data; boundary=x", func() io.Reader { return much("--x\r\n\r\n", endless) }, nil, all(413)},
		"a bulk of JSON is broken at once":    {"/service/Orders", "application/json", text(`[{"Ref":`), nil, all(400)},
		"a bulk of JSON is no UTF-8":          {"/service/Orders", "application/json", text("[{\"Ref\": \"\xff\"}]"), nil, all(400)},
		"a bulk of JSON is nested for 10 MB":  {"/service/Orders", "application/json", func() io.Reader { return much("[", nested) }, nil, all(400)},
		"a bulk of XML has a document type":   {"/service/Orders", "application/xml", text("<!DOCTYPE a [<!ENTITY b 'c'>]><ORDERS><SO>&b;</SO></ORDERS>"), nil, xmls(400)},
		"a bulk of XML is UTF-16":             {"/service/Orders", "application/xml", text("<?xml version='1.0' encoding='UTF-16'?><ORDERS><SO/></ORDERS>"), nil, xmls(400)},
		"a bulk of XML is nested for 10 MB":   {"/service/Orders", "application/xml", func() io.Reader { return much("<SO>", nested) }, nil, xmls(400)},
		"a bulk is one record without an end": {"/service/Orders", "application/xml", func() io.Reader { return io.MultiReader(strings.NewReader("<ORDERS><SO>"), much("x", endless)) }, nil, xmls(400)},
		"a key has 10 KB":                     {"/keyed", "text/plain", text("x"), []string{"Idempotency-Key", strings.Repeat("k", 10<<10)}, all(400)},
		"a body under a key has no end":       {"/keyed", "text/plain", func() io.Reader { return much("x", endless) }, []string{"Idempotency-Key", "k"}, all(413)},
		"a job has no end":                    {"/job", "text/plain", func() io.Reader { return much("x", endless) }, nil, all(413)},
		"a sign-in has no end":                {"/token", "application/x-www-form-urlencoded", func() io.Reader { return much("a=1&", endless) }, nil, all(400)},
		"a body has no end":                   {"/raw", "text/plain", func() io.Reader { return much("x", endless) }, nil, all(413)},
	}
	for _, dialect := range []string{"vms", "vision", "problem"} {
		s, log := servertest.New(t, dialect)
		h := servertest.Listen(t, fortress(s))
		for sentence, c := range hostile {
			t.Run(sentence+", in "+dialect, func(t *testing.T) {
				r, err := http.NewRequestWithContext(t.Context(), "POST", h.URL+c.path, c.body())
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Content-Type", c.kind)
				r.Header.Set("Accept", "application/json")
				for i := 0; i < len(c.header); i += 2 {
					r.Header.Set(c.header[i], c.header[i+1])
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				a, err := attempt(h.Listener.Addr().String(), r)
				runtime.ReadMemStats(&after)
				if err != nil {
					t.Fatal(err)
				}
				want, own := c.status[dialect]
				if !own {
					want = c.status[""]
				}
				if a.Status != want || servertest.Meaning(t, dialect, a).Kind != parlance.KindInvalid {
					t.Errorf("got %d %s, which means %v; want %d", a.Status, a.Body, servertest.Meaning(t, dialect, a).Kind, want)
				}
				if inside := insides.FindString(a.Body); inside != "" {
					t.Errorf("%q of what is inside came out: %s", inside, a.Body)
				}
				if strings.Contains(log.String(), `"level":"ERROR"`) {
					t.Errorf("it is no fault of the server's: %s", log)
				}
				// What it may keep of a body is 1 MiB, which grows on the way there.
				if got := (after.TotalAlloc - before.TotalAlloc) >> 20; got > 24 {
					t.Errorf("it took %d MiB", got)
				}
			})
		}
	}
}

// Each mistake of chunked framing (RFC 9112, 7.1), a bound outside of the server and a time
// that has passed are the caller's.
func TestABodyThatCannotBeReadIsTheCallersFault(t *testing.T) {
	t.Parallel()
	const longest = 16
	for body, want := range map[string]int{
		"zz\r\nabc\r\n0\r\n\r\n": 400, "3\r\nabcdef\r\n0\r\n\r\n": 400, "-1\r\nabc\r\n": 400, "\r\nabc\r\n": 400,
		"ffffffffffffffffff\r\nabc\r\n": 400, "3\nabc\n0\n\n": 400, "3;" + strings.Repeat("x", 5000) + "\r\nabc\r\n0\r\n\r\n": 400,
		"3\r\nabc\r\n0\r\nno field\r\n\r\n": 400, "14\r\n" + strings.Repeat("x", 20) + "\r\n0\r\n\r\n": 413,
	} {
		for _, dialect := range []string{"vbapi", "problem"} {
			s, log := servertest.New(t, dialect)
			h := servertest.Listen(t, http.MaxBytesHandler(s.Wrap(s.Handle(servertest.Reads)), longest))
			conn, err := net.Dial("tcp", h.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"+body); err != nil {
				t.Fatal(err)
			}
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			a, err := servertest.Read(res)
			conn.Close()
			if err != nil || a.Status != want || !res.Close || servertest.Meaning(t, dialect, a).Kind != parlance.KindInvalid {
				t.Errorf("%.20q gets %d %s in %s, close %t, %v; want %d", body, a.Status, a.Body, dialect, res.Close, err, want)
			}
			if inside := insides.FindString(a.Body); inside != "" || strings.Contains(log.String(), `"level":"ERROR"`) {
				t.Errorf("%.20q: %q of what is inside came out, and the log has %s", body, inside, log)
			}
		}
	}
}

func text(s string) func() io.Reader { return func() io.Reader { return strings.NewReader(s) } }

// all is a status that each dialect says.
func all(status int) map[string]int { return map[string]int{"": status} }

// xmls is all but for Vision, which has one of its own for XML.
func xmls(status int) map[string]int { return map[string]int{"": status, "vision": 406} }

// attempt sends a request for as long as somebody reads it, and reads the response,
// which may come before. http.Client gives up where the one meets the other.
func attempt(address string, r *http.Request) (servertest.Response, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return servertest.Response{}, err
	}
	defer conn.Close()
	go r.Write(conn) // until nobody reads it
	res, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		return servertest.Response{}, err
	}
	return servertest.Read(res)
}

// What is kept of a bulk response until its head can go out needs a disk. Where that is
// full the rest is not handled, and the space is given back.
func TestABulkResponseThatFillsTheDiskIsAFailureOfTheServerAndGivesTheSpaceBack(t *testing.T) {
	t.Parallel()
	d := disk.Small(t, 1<<20)
	for _, dialect := range []string{"vms", "vision"} {
		s, log := servertest.New(t, dialect)
		handled := 0
		h := servertest.Listen(t, bulk.Handle(s, func(ctx context.Context, r bulk.Record) (parlance.Item, error) {
			handled++
			return servertest.Take(ctx, r)
		}, bulk.Spool(d.Folder, 1000)))
		const records = 60_000
		long := "<ORDERS>" + strings.Repeat("<SO><DocRef>one that is well</DocRef></SO>", records) + "</ORDERS>"
		for range 2 { // or there would be no space
			handled = 0
			r, err := http.NewRequestWithContext(t.Context(), "POST", h.URL+"/service/Orders", strings.NewReader(long))
			if err != nil {
				t.Fatal(err)
			}
			a, err := attempt(h.Listener.Addr().String(), r) // it gets a response before all is sent
			if err != nil {
				t.Fatal(err)
			}
			if a.Status != 500 || insides.MatchString(a.Body) || strings.Contains(a.Body, "space") || handled == records {
				t.Errorf("%s: %d %s, after %d records", dialect, a.Status, a.Body, handled)
			}
			if !strings.Contains(log.String(), "no space left") {
				t.Errorf("%s: the log says %s", dialect, log)
			}
		}
		if status, _, body := servertest.PostBulk(t, h.URL+"/service/Orders", "<ORDERS>"+strings.Repeat("<SO/>", 1000)+"</ORDERS>"); status >= 300 {
			t.Errorf("%s, afterwards: %d %s", dialect, status, body)
		}
	}
}

// Every text of a handler that goes out in a header, and those of the client that
// are sent back to it.
func TestNoTextMakesAHeaderOfItsOwn(t *testing.T) {
	t.Parallel()
	const evil = "a\r\nSet-Cookie: stolen=1\r\n\r\n<script>"
	out := func(w http.ResponseWriter, _ *http.Request) (any, error) {
		w.Header().Set("X-Own", evil)
		err := parlance.NewError(parlance.KindConflict, "%s", evil).WithCode(evil).WithReason(evil).
			WithFields(parlance.Field{Path: evil, Code: evil, Message: evil})
		o := &err.Outcome
		o.Title, o.Help, o.Type, o.Instance, o.RequestID, o.Notes = evil, evil, evil, evil, evil, []string{evil}
		return nil, err
	}
	for _, dialect := range []string{"vms", "vision", "vbapi", "omilia", "plain", "problem", "soap", "oauth2-bearer", "microsoft-graph", "azure", "aws-s3", "twilio"} {
		s, _ := servertest.New(t, dialect, server.WithTrustedID("X-Request-Id"))
		mux := http.NewServeMux()
		mux.Handle("/out", s.Handle(out))
		mux.Handle("/made", s.Handle(func(http.ResponseWriter, *http.Request) (any, error) { return server.Created("/"+evil, 1), nil }))
		mux.Handle("/who", auth.Authenticate(auth.Basic(evil, servertest.Accounts))(s.Handle(servertest.Caller)))
		h := servertest.Listen(t, s.Wrap(mux))
		for _, path := range []string{"/out", "/made", "/who", "/none/a%0d%0aSet-Cookie:%20stolen=1"} {
			conn, err := net.Dial("tcp", h.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			// As no client would: the id is folded, which is two lines to somebody lax.
			_, err = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n"+
				"Accept-Language: a%0d%0aSet-Cookie: stolen=1\r\nX-Request-Id: a\x0bb\r\nConnection: close\r\n\r\n")
			if err != nil {
				t.Fatal(err)
			}
			raw, err := io.ReadAll(conn)
			if err != nil {
				t.Fatal(err)
			}
			head, _, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
			for line := range bytes.Lines(head) {
				if bytes.HasPrefix(bytes.ToLower(line), []byte("set-cookie")) || bytes.ContainsAny(bytes.TrimSuffix(line, []byte("\r\n")), "\r\n\x00") {
					ok = false
				}
			}
			if !ok || bytes.Count(raw, []byte("HTTP/1.1 ")) != 1 {
				t.Errorf("%s, %s: %q", dialect, path, raw)
			}
		}
	}
}
