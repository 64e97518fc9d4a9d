package bulk_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/bulk"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

func TestEachRecordIsToldOfInTheDialect(t *testing.T) {
	t.Parallel()
	const good, bad, lost = `{"Ref":"a=1"}`, `{"Ref":"a=2","Want":"bad"}`, `{"Ref":"a=3","Want":"lost"}`
	for _, c := range []struct {
		name, dialect, path, document string
		status                        int
		body                          string // ID stands for the request's id
	}{
		{"vision echoes its input", "vision", "/service/ManufactureComplete",
			"<?xml version=\"1.0\"?>\n<MANUFACTURING a=\"1\">\n <!-- first -->\n <MC><DocRef>1</DocRef></MC>\n <MC><DocRef>2</DocRef><Want>bad</Want></MC>\n <MC/>\n</MANUFACTURING>\n", 207,
			"<?xml version=\"1.0\"?>\n<MANUFACTURING a=\"1\">\n <!-- first -->\n <MC><DocRef>1</DocRef><RES><Code>200</Code><Message>taken</Message></RES></MC>\n <MC><DocRef>2</DocRef><Want>bad</Want><RES><Code>400</Code><Message>bad &lt;2&gt;</Message></RES></MC>\n <MC><RES><Code>200</Code><Message>taken</Message></RES></MC>\n</MANUFACTURING>"},
		{"vision, all well", "vision", "/service/Orders", "<ORDERS><SO><DocRef>1</DocRef></SO></ORDERS>", 200,
			"<ORDERS><SO><DocRef>1</DocRef><RES><Code>200</Code><Message>taken</Message></RES></SO></ORDERS>"},
		{"vision, all bad", "vision", "/service/Orders", "<ORDERS><SO><Want>bad</Want></SO><SO><Want>gone</Want></SO></ORDERS>", 400,
			"<ORDERS><SO><Want>bad</Want><RES><Code>400</Code><Message>bad &lt;&gt;</Message></RES></SO><SO><Want>gone</Want><RES><Code>400</Code><Message>no such order</Message></RES></SO></ORDERS>"},
		{"vision, of no resource that is listed", "vision", "/service/Other", "<o:Things xmlns:o='urn:o'><o:Thing/><o:Other><Want>bad</Want></o:Other></o:Things>", 207,
			"<o:Things xmlns:o='urn:o'><o:Thing><RES><Code>200</Code><Message>taken</Message></RES></o:Thing><o:Other><Want>bad</Want><RES><Code>400</Code><Message>bad &lt;&gt;</Message></RES></o:Other></o:Things>"},
		{"vision, broken midway", "vision", "/service/Orders", "<ORDERS><SO/><SO><DocRef>2</SO></ORDERS>", 207,
			"<ORDERS><SO><RES><Code>200</Code><Message>taken</Message></RES></SO><SO><RES><Code>400</Code><Message>The document cannot be read from byte 26 on: &lt;/SO&gt; does not match &lt;DocRef&gt;</Message></RES></SO></ORDERS>"},
		{"vision, broken in what only the dialect reads", "vision", "/service/Orders", "<ORDERS><SO/><SO a=\"1\" a=\"2\"/></ORDERS>", 207,
			"<ORDERS><SO><RES><Code>200</Code><Message>taken</Message></RES></SO><SO><RES><Code>400</Code><Message>The document cannot be read from byte 13 on: this is not XML</Message></RES></SO></ORDERS>"},
		{"vision, without a record", "vision", "/service/Orders", "<ORDERS></ORDERS>", 200, ""},
		{"vbapi in part", "vbapi", "/orders-batch", "[" + good + "," + bad + "]", 207,
			`{"data":[{"id":[{"key":"a","value":1}],"status":200,"body":"taken"},{"id":[{"key":"a","value":2}],"status":400,"body":"bad <a=2>"}],"error":null,"debug":{"activityId":"ID"}}`},
		{"vbapi, all well", "vbapi", "/orders-batch", "[" + good + "," + good + "]", 207,
			`{"data":[{"id":[{"key":"a","value":1}],"status":200,"body":"taken"},{"id":[{"key":"a","value":1}],"status":200,"body":"taken"}],"error":null,"debug":{"activityId":"ID"}}`},
		{"vbapi, all lost, and nothing leaks", "vbapi", "/orders-batch", "[" + lost + "]", 207,
			`{"data":[{"id":[{"key":"a","value":3}],"status":500,"body":"The record could not be handled. The cause is in the server's log under the activityId."}],"error":null,"debug":{"activityId":"ID"}}`},
		{"vbapi, broken at once", "vbapi", "/orders-batch", `[{]`, 400,
			`{"data":null,"error":{"type":"https://httpstatuses.com/400","title":"Bad Request","status":400,"detail":"The document cannot be read from byte 1 on: this is not JSON","instance":"/orders-batch"},"debug":{"activityId":"ID"}}`},
		{"problem in part, from XML too", "problem", "/orders", "<a><b/><b><Want>gone</Want></b></a>", 207,
			`{"status":207,"kind":"partial","request_id":"ID","items":[{"index":0,"kind":"success","detail":"taken"},{"index":1,"kind":"not_found","detail":"no such order"}]}`},
		{"problem, all failed alike", "problem", "/orders", "[" + bad + "]", 400,
			`{"title":"Bad Request","status":400,"instance":"/orders","kind":"invalid","request_id":"ID","items":[{"index":0,"id":"a=2","kind":"invalid","detail":"bad <a=2>"}]}`},
		{"problem, of what is no record", "problem", "/orders", `[7,` + good + `]`, 207,
			`{"status":207,"kind":"partial","request_id":"ID","items":[{"index":0,"kind":"invalid","detail":"The record cannot be read"},{"index":1,"id":"a=1","kind":"success","detail":"taken"}]}`},
		{"problem, all well", "problem", "/orders", "[" + good + "]", 207,
			`{"status":207,"kind":"success","request_id":"ID","items":[{"index":0,"id":"a=1","kind":"success","detail":"taken"}]}`},
		{"plain, all well", "plain", "/orders", "[" + good + "]", 200, ""},
		{"omilia has no place for records", "omilia", "/orders", "[" + bad + "," + bad + "]", 400,
			`{"errors":[{"code":null,"detail":"bad <a=2>","meta":{},"source":"","status":400,"title":"Bad Request"}]}`},
		{"omilia, in part", "omilia", "/orders", "[" + good + "," + bad + "]", 207, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, atOnce := range []int{1, 3} {
				s, log := servertest.New(t, c.dialect)
				res, err := http.Post(servertest.Serve(t, bulk.Handle(s, servertest.Take, bulk.Workers(atOnce))).URL+c.path, "", strings.NewReader(c.document))
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				b, err := io.ReadAll(res.Body)
				if err != nil {
					t.Fatal(err)
				}
				body := string(b)
				body = servertest.IDs.ReplaceAllString(body, "ID")
				if body != c.body || res.StatusCode != c.status {
					t.Errorf("%d at once: %d %s\nwant %d %s\nlog %s", atOnce, res.StatusCode, body, c.status, c.body, log)
				}
				if strings.Contains(body, "secret") {
					t.Error("what is inside came out")
				}
			}
		})
	}
}

func TestTheHandlerOfARecordKnowsWhoCalls(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "problem")
	who := make(chan string, 1)
	each := bulk.Handle(s, func(ctx context.Context, _ bulk.Record) (parlance.Item, error) {
		p, _ := server.PrincipalOf(ctx)
		who <- p.ID
		return parlance.Item{}, nil
	})
	knows := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		each.ServeHTTP(w, r.WithContext(server.WithPrincipal(r.Context(), server.Principal{ID: "ann"})))
	})
	servertest.PostBulk(t, servertest.Serve(t, s.Wrap(knows)).URL, `[1]`)
	if got := <-who; got != "ann" {
		t.Errorf("got %q", got)
	}
}

func TestTheListOfRecordsMayBeAMember(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "problem")
	url := servertest.Serve(t, bulk.Handle(s, servertest.Take, bulk.Member("orders"))).URL
	for _, c := range []struct {
		name, document string
		status, items  int
	}{
		{"between others", `{"a":[{"orders":[1]}],"orders":[{"Want":"bad"},{}],"z":{}}`, 207, 2},
		{"with an escaped name", `{"\u006frders" : [ {"Want":"bad"} , {} ] }`, 207, 2},
		{"a second list is not lost silently", `{"orders":[{}],"orders":[{}]}`, 207, 2},
		{"what follows must be well", `{"orders":[{},{}]`, 207, 3},
		{"nothing may follow", `{"orders":[{}]} x`, 207, 2},
		{"missing", `{"a":1}`, 400, 0},
		{"no list", `{"orders":{}}`, 400, 0},
		{"no object", `[{}]`, 400, 0},
		{"a child of this name", `<a><b/><orders/><orders><Want>bad</Want></orders></a>`, 207, 2},
	} {
		status, _, body := servertest.PostBulk(t, url, c.document)
		var read struct{ Items []struct{} }
		if len(body) > 0 {
			if err := json.Unmarshal([]byte(body), &read); err != nil {
				t.Fatal(err)
			}
		}
		if status != c.status || len(read.Items) != c.items {
			t.Errorf("%s: %d %s", c.name, status, body)
		}
	}
}

func TestWhatIsTooMuchIsOneFailureAndTheRecordsBeforeItStand(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "problem")
	long := `{"Ref":"` + strings.Repeat("x", 200) + `"}`
	for _, c := range []struct {
		name, document, says string
		status               int
	}{
		{"a record too long", `[{},` + long + `,{}]`, `{"index":1,"kind":"invalid","detail":"The document cannot be read from byte 4 on: a record is longer than 100 bytes"}]`, 207},
		{"the first too long", `[` + long + `]`, "longer than 100 bytes", 400},
		{"too many", `[{},{},{},{}]`, `{"index":3,"kind":"invalid","detail":"At most 3 records are allowed in a request; the rest was not handled"}]`, 207},
		{"as many as may be", `[{},{},{}]`, `"kind":"success","request_id"`, 207},
		{"an element too long", `<a><b/><b>` + long + `</b></a>`, "longer than 100 bytes", 207},
		{"what stands between", `<a><b/><!--` + long + `--><b/></a>`, "longer than 100 bytes", 207},
	} {
		status, _, body := servertest.PostBulk(t, servertest.Serve(t, bulk.Handle(s, servertest.Take, bulk.MaxRecord(100), bulk.MaxRecords(3))).URL, c.document)
		if status != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s: %d %s", c.name, status, body)
		}
	}
}

func TestThePanicOfARecordIsItsFailureAndLeaksNothing(t *testing.T) {
	t.Parallel()
	for _, atOnce := range []int{1, 2} {
		s, log := servertest.New(t, "problem")
		status, _, body := servertest.PostBulk(t, servertest.Serve(t, bulk.Handle(s, servertest.Take, bulk.Workers(atOnce))).URL, `[{"Ref":"1","Want":"panic"},{"Ref":"2"}]`)
		if status != 207 || !strings.Contains(body, `"items":[{"index":0,"kind":"internal","detail":"The record could not be handled. The cause is in the server's log under the request ID."},{"index":1,"id":"2","kind":"success"`) {
			t.Errorf("%d %s", status, body)
		}
		var told bool
		for _, line := range log.Lines(t) {
			told = told || line["panic"] == "secret of 1" && strings.Contains(fmt.Sprint(line["stack"]), "servertest.Take") && strings.Contains(body, fmt.Sprint(line["activity_id"]))
		}
		if !told || strings.Contains(body, "secret") {
			t.Errorf("log %s", log)
		}
	}
}

func TestAPanicOrARecordThatCannotBeReadHasItsID(t *testing.T) {
	t.Parallel()
	name := bulk.ID(func(r bulk.Record) string {
		var o struct{ Ref any }
		if json.Unmarshal(r.Raw, &o) != nil {
			return ""
		}
		return fmt.Sprintf("ref=%v", o.Ref)
	})
	for _, atOnce := range []int{1, 3} {
		s, _ := servertest.New(t, "vbapi")
		_, _, body := servertest.PostBulk(t, servertest.Serve(t, bulk.Handle(s, servertest.Take, name, bulk.Workers(atOnce))).URL,
			`[{"Ref":"1","Want":"panic"},{"Ref":2},{"Ref":"a=3"},7]`)
		want := `{"data":[{"id":[{"key":"ref","value":1}],"status":500,"body":"The record could not be handled. The cause is in the server's log under the activityId."},` +
			`{"id":[{"key":"ref","value":2}],"status":400,"body":"Ref must not be a number"},` +
			`{"id":[{"key":"a","value":3}],"status":200,"body":"taken"},{"id":[],"status":400,"body":"The record cannot be read"}],`
		if !strings.HasPrefix(body, want) {
			t.Errorf("got  %s\nwant %s", body, want)
		}
	}
}

type bulkKey struct {
	Number int `json:"no"`
}

// The names of Go stand in no document, and so in no response.
func TestARecordThatCannotBeReadIsToldInTheNamesOfItsDocument(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"no":"x"}`:                         "no",
		`{"lines":[{"price":1},{"no":"x"}]}`: "lines.no",
		`{"by":{"k":{"price":"x"}}}`:         "by.price",
		`{"lines":7}`:                        "lines",
	} {
		var v struct {
			bulkKey
			Lines []struct {
				bulkKey
				Price float64
			} `json:"lines"`
			By map[string]*struct{ Price float64 } `json:"by"`
		}
		err := bulk.Record{Raw: []byte(raw)}.Decode(&v)
		o := parlance.OutcomeOf(err)
		if len(o.Fields) != 1 || !strings.EqualFold(o.Fields[0].Path, want) || !strings.HasPrefix(o.Detail, o.Fields[0].Path+" must not be") {
			t.Errorf("%s: got %+v, %v", raw, o, err)
		}
	}
}

func TestARecordKnowsTheLineThatItBeginsOn(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		"\n[{},\r\n{\n\"a\":\n1}\n\n,{}]":                                                    "2 3 7",
		"{\n\"orders\":[{}\n,{\"a\":[\n]}\n\n\n,\n{}]}":                                      "2 3 8",
		"<?xml version='1.0'?>\n<a><orders/>\n<!--\n--><orders>\n</orders>\n<orders/></a>\n": "2 4 6",
	} {
		for _, atOnce := range []int{1, 3} {
			lines := make([]int, 3)
			options := []bulk.Option{bulk.Workers(atOnce)}
			if document[0] == '{' {
				options = append(options, bulk.Member("orders"))
			}
			s, _ := servertest.New(t, "problem")
			servertest.PostBulk(t, servertest.Serve(t, bulk.Handle(s, func(_ context.Context, r bulk.Record) (parlance.Item, error) {
				lines[r.Index] = r.Line
				return parlance.Item{}, nil
			}, options...)).URL, document)
			if got := strings.Trim(fmt.Sprint(lines), "[]"); got != want {
				t.Errorf("%q: the records begin on %s, not on %s", document, got, want)
			}
		}
	}
}

// What the whole comes to may hang on all of the records, where none failed.
func TestTheWholeMayBeNotedAndHaveAStatusOfItsOwn(t *testing.T) {
	t.Parallel()
	whole := func(all iter.Seq[parlance.Item]) (o parlance.Outcome) {
		for item := range all {
			if item.ID == "stop" {
				o.Kind, o.Status = parlance.KindNoted, 205
				break // need not look at the others
			}
			if strings.HasPrefix(item.ID, "short") {
				o.Kind = parlance.KindNoted
				o.Notes = append(o.Notes, item.ID)
			}
		}
		return o
	}
	record := func(ref string) string { return "<SO><DocRef>" + ref + "</DocRef></SO>" }
	taken := "<RES><Code>200</Code><Message>taken</Message></RES></SO>"
	for _, c := range []struct {
		name, document string
		status         int
		body           string
	}{
		{"all well", record("1"), 200, "<ORDERS><SO><DocRef>1</DocRef>" + taken + "</ORDERS>"},
		{"one noted, which is 201 here", record("1") + record("short 2"), 201, "<ORDERS><SO><DocRef>1</DocRef>" + taken + "<SO><DocRef>short 2</DocRef>" + taken + "</ORDERS>"},
		{"a status without a body", record("stop") + record("1"), 205, ""},
		{"no record", "", 200, ""},
		{"one failed", record("short 1") + "<SO><Want>bad</Want></SO>", 207,
			"<ORDERS><SO><DocRef>short 1</DocRef>" + taken + "<SO><Want>bad</Want><RES><Code>400</Code><Message>bad &lt;&gt;</Message></RES></SO></ORDERS>"},
		{"all failed", "<SO><Want>bad</Want></SO>", 400, "<ORDERS><SO><Want>bad</Want><RES><Code>400</Code><Message>bad &lt;&gt;</Message></RES></SO></ORDERS>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, spooled := range []int{1 << 20, 10} { // in memory, and in a file
				s, log := servertest.New(t, "vision")
				url := servertest.Serve(t, bulk.Handle(s, servertest.Take, bulk.Summary(whole), bulk.Spool(t.TempDir(), spooled))).URL
				status, _, body := servertest.PostBulk(t, url+"/service/Orders", "<ORDERS>"+c.document+"</ORDERS>")
				if status != c.status || body != c.body {
					t.Errorf("%d %s\nwant %d %s\nlog %s", status, body, c.status, c.body, log)
				}
			}
		})
	}
	for dialect, want := range map[string]string{
		"problem": `{"status":207,"kind":"noted","request_id":"ID","items":[{"index":0,"id":"short=1","kind":"success","detail":"taken"}],"notes":["short=1"]}`,
		// It has no word for a note, and says what became of the records all the same.
		"vbapi": `{"data":[{"id":[{"key":"short","value":1}],"status":200,"body":"taken"}],"error":null,"debug":{"activityId":"ID"}}`,
	} {
		s, _ := servertest.New(t, dialect)
		status, _, body := servertest.PostBulk(t, servertest.Serve(t, bulk.Handle(s, servertest.Take, bulk.Summary(whole))).URL, `[{"Ref":"short=1"}]`)
		if body = servertest.IDs.ReplaceAllString(body, "ID"); status != 207 || body != want {
			t.Errorf("%s: %d %s\nwant 207 %s", dialect, status, body, want)
		}
	}
}

func TestAResponseStreamsOnceARecordFailedAndAnotherDidNot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect, open, good, bad, shut, goodResponse, badResponse string
	}{
		{"vision", "<ORDERS>", "<SO/>", "<SO><Want>bad</Want></SO>", "</ORDERS>", "taken</Message></RES></SO>", "bad &lt;&gt;</Message></RES></SO>"},
		{"vbapi", "[{}", ",{}", `,{"Want":"bad"}`, "]", `"body":"taken"}`, `"body":"bad <>"}`},
	} {
		for _, atOnce := range []int{1, 4} {
			s, _ := servertest.New(t, c.dialect)
			url := servertest.Serve(t, bulk.Handle(s, servertest.Take, bulk.Workers(atOnce))).URL
			out, in := io.Pipe()
			req, _ := http.NewRequest("POST", url+"/service/Orders", out)
			responded := make(chan *http.Response)
			go func() {
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Error(err)
				}
				responded <- res
			}()
			io.WriteString(in, c.open+c.good+c.good)
			select {
			case <-responded:
				t.Error("the head went out before it could be known")
			default:
			}
			io.WriteString(in, c.bad)
			res := <-responded
			if res.StatusCode != 207 {
				t.Error(res.Status)
			}
			r := bufio.NewReader(res.Body)
			readUntil(t, r, c.badResponse)
			io.WriteString(in, c.good)
			readUntil(t, r, c.goodResponse)
			io.WriteString(in, c.bad+c.shut)
			in.Close()
			readUntil(t, r, c.badResponse)
			if _, err := io.ReadAll(r); err != nil {
				t.Error(err)
			}
			res.Body.Close()
		}
	}
}

func readUntil(t *testing.T, r *bufio.Reader, text string) {
	t.Helper()
	var b strings.Builder
	for !strings.HasSuffix(b.String(), text) {
		c, err := r.ReadByte()
		if err != nil {
			t.Fatalf("%q and then %v", b.String(), err)
		}
		b.WriteByte(c)
	}
}

func TestAResponseMayWaitForTheWholeRequest(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "problem")
	h := bulk.Handle(s, servertest.Take, bulk.Buffered())
	out, in := io.Pipe()
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		h.ServeHTTP(w, httptest.NewRequest("POST", "/", out))
		close(done)
	}()
	io.WriteString(in, `[{},{"Want":"bad"}`)
	io.WriteString(in, `,{}`) // what is before it was read
	if w.Flushed || w.Body.Len() > 0 {
		t.Error("something went out before the request was read")
	}
	io.WriteString(in, `]`)
	in.Close()
	<-done
	if w.Code != 207 || strings.Count(w.Body.String(), `"index"`) != 3 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestALongResponseIsKeptOnDiskAndTheFileIsRemoved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ dialect, path, open, record, last, shut, want string }{
		{"vision", "/service/Orders", "<ORDERS>", "<SO/>", "<SO><Want>bad</Want></SO>", "</ORDERS>", "<RES><Code>200</Code>"},
		{"vbapi", "/orders", "[", "{},", `{"Want":"bad"}`, "]", `"status":200`},
	} {
		dir := t.TempDir()
		const n = 5000
		var most atomic.Int64
		s, _ := servertest.New(t, c.dialect)
		h := bulk.Handle(s, func(ctx context.Context, r bulk.Record) (parlance.Item, error) {
			if r.Index == n {
				var size int64
				entries, _ := os.ReadDir("/proc/self/fd")
				for _, e := range entries {
					name := filepath.Join("/proc/self/fd", e.Name())
					if to, _ := os.Readlink(name); strings.HasPrefix(to, dir) {
						if info, err := os.Stat(name); err == nil {
							size += info.Size()
						}
					}
				}
				most.Store(size)
			}
			return servertest.Take(ctx, r)
		}, bulk.Spool(dir, 1000))
		status, _, body := servertest.PostBulk(t, servertest.Serve(t, h).URL+c.path, c.open+strings.Repeat(c.record, n)+c.last+c.shut)
		if got := strings.Count(body, c.want); status != 207 || got != n {
			t.Errorf("%s: %d, %d records", c.dialect, status, got)
		}
		if runtime.GOOS == "linux" && most.Load() == 0 {
			t.Error("nothing was on disk")
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%v is left", left)
		}
	}
}

func TestWhereNothingCanBeKeptTheResponseIsAFailureOfTheServer(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "vbapi")
	h := bulk.Handle(s, servertest.Take, bulk.Spool(filepath.Join(t.TempDir(), "missing"), 100))
	status, _, body := servertest.PostBulk(t, servertest.Serve(t, h).URL, "["+strings.Repeat("{},", 100)+"{}]")
	if status != 500 || strings.Contains(body, "missing") || !strings.Contains(log.String(), "missing") {
		t.Errorf("%d %s\n%s", status, body, log)
	}
}

func TestWhenTheClientGoesAwayTheRecordInHandIsTheLast(t *testing.T) {
	t.Parallel()
	for _, atOnce := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			var handled atomic.Int64
			s, log := servertest.New(t, "vbapi")
			transport := memhttp.Serve(t, bulk.Handle(s, func(ctx context.Context, r bulk.Record) (parlance.Item, error) {
				handled.Add(1)
				return parlance.Item{}, nil
			}, bulk.Workers(atOnce)))
			out, in := io.Pipe()
			ctx, leave := context.WithCancel(t.Context())
			req, _ := http.NewRequestWithContext(ctx, "POST", "http://api/orders", out)
			go func() {
				if res, err := transport.RoundTrip(req); err == nil {
					res.Body.Close()
				}
			}()
			io.WriteString(in, "[{},{},{},")
			synctest.Wait()
			leave()
			synctest.Wait()
			in.Close()
			synctest.Wait()
			if handled.Load() != 3 || !strings.Contains(log.String(), `"the client disconnected during a bulk request","records":3`) {
				t.Errorf("%d handled\n%s", handled.Load(), log)
			}
		})
	}
}

func TestRecordsAtOnceAreBoundedAndToldInTheirOrder(t *testing.T) {
	t.Parallel()
	const n, atOnce = 500, 4
	var running, most atomic.Int64
	var first sync.WaitGroup
	first.Add(atOnce)
	s, _ := servertest.New(t, "problem")
	h := bulk.Handle(s, func(ctx context.Context, r bulk.Record) (parlance.Item, error) {
		now := running.Add(1)
		defer running.Add(-1)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		if r.Index < atOnce { // they wait for each other, and so run together
			first.Done()
			first.Wait()
		}
		if r.Index%7 == 0 {
			return parlance.Item{ID: string(r.Raw)}, parlance.ErrConflict
		}
		return parlance.Item{ID: string(r.Raw)}, nil
	}, bulk.Workers(atOnce))
	var document strings.Builder
	for i := range n {
		fmt.Fprintf(&document, "%c%d", cmp.Or(map[int]rune{0: '['}[i], ','), i)
	}
	_, _, body := servertest.PostBulk(t, servertest.Serve(t, h).URL, document.String()+"]")
	var read struct {
		Items []struct {
			Index int
			ID    string
		}
	}
	if err := json.Unmarshal([]byte(body), &read); err != nil || len(read.Items) != n {
		t.Fatal(err, len(read.Items))
	}
	for i, item := range read.Items {
		if item.Index != i || item.ID != fmt.Sprint(i) {
			t.Fatalf("at %d: %+v", i, item)
		}
	}
	if most.Load() != atOnce {
		t.Errorf("%d at once", most.Load())
	}
}

// A dialect whose lists are by how it went cannot be written record by record.
func TestADialectWithTwoListsGetsAResponseAtTheEnd(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("two.yaml", []byte(`dialect: two
codes: {200: success, 207: partial, 400: invalid}
shapes:
  - name: batch
    status: 207
    json: {done: [{$is: success, id: $item.id}], refused: [{$is: failed, id: $item.id, why: $item.detail}]}
`), catalog.Find("two.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	url := servertest.Serve(t, bulk.Handle(server.New(d), servertest.Take)).URL
	status, _, body := servertest.PostBulk(t, url, `[{"Ref":"1"},{"Ref":"2","Want":"bad"},{"Ref":"3"}]`)
	if want := `{"done":[{"id":"1"},{"id":"3"}],"refused":[{"id":"2","why":"bad <2>"}]}`; status != 207 || body != want {
		t.Errorf("%d %s", status, body)
	}
}

// What is written record by record is what Encode writes of them all: in every
// dialect, whatever they came to, in each of its forms.
func TestTheStreamedResponseIsTheOneOfAllRecordsTogether(t *testing.T) {
	t.Parallel()
	const id = "a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd"
	outcomes := []parlance.Outcome{
		{Kind: parlance.KindSuccess, Detail: "taken"},
		{Kind: parlance.KindSuccess},
		{Kind: parlance.KindNoted, Detail: "taken & noted", Notes: []string{"late"}},
		{Kind: parlance.KindInvalid, Detail: "bad <\"quantity\">\n", Code: "17"},
		{Kind: parlance.KindNotFound},
		{Kind: parlance.KindInternal, Status: 503, Fields: []parlance.Field{{Path: "a.b", Message: "is wrong"}}},
		{Kind: parlance.KindRateLimited, RetryAfter: 90_000_000_000, Title: "Slow down", Help: "wait"},
	}
	for _, name := range catalog.Names() {
		for _, accept := range []string{"application/json", "application/xml", "application/problem+xml"} {
			for _, worst := range []int{len(outcomes), 5} { // other witnesses, and so another prefix
				const n = 3*64 + 5
				var items []parlance.Item
				for i := range n {
					items = append(items, parlance.Item{Index: i, ID: fmt.Sprintf("k=%d", i), Outcome: outcomes[i%worst]})
				}
				s, _ := servertest.New(t, name)
				r := httptest.NewRequest("POST", "/things", strings.NewReader("["+strings.Repeat("0,", n-1)+"0]"))
				r.Header.Set("Accept", accept)
				w := httptest.NewRecorder()
				bulk.Handle(s, func(_ context.Context, r bulk.Record) (parlance.Item, error) { return items[r.Index], nil }).
					ServeHTTP(w, r.WithContext(activity.WithID(r.Context(), id)))

				o := parlance.Outcome{Kind: parlance.KindPartial, RequestID: id, Items: items}
				m := s.Dialect().Encode(nil, dialect.Request{Method: "POST", Path: "/things", Header: dialect.HeaderMap(r.Header)}, &o, dialect.Payload{})
				if w.Code != m.Status || w.Body.String() != string(m.Body) {
					i := 0
					for i < min(len(m.Body), w.Body.Len()) && m.Body[i] == w.Body.Bytes()[i] {
						i++
					}
					t.Errorf("%s, %s: %d and not %d; at %d %q and not %q", name, accept, w.Code, m.Status, i,
						w.Body.String()[max(0, i-80):min(w.Body.Len(), i+80)], string(m.Body[max(0, i-80):min(len(m.Body), i+80)]))
				}
			}
		}
	}
}

// The same where the response stands in the caller's own document.
func TestTheEchoedResponseIsTheOneOfAllRecordsTogether(t *testing.T) {
	t.Parallel()
	var items []parlance.Item
	var document strings.Builder
	document.WriteString("<?xml version=\"1.0\"?><ORDERS xmlns='urn:o'>")
	for i := range 500 {
		item := parlance.Item{Index: i, ID: fmt.Sprint(i), Outcome: parlance.Outcome{Kind: parlance.KindSuccess, Detail: fmt.Sprintf("<%d>", i/3)}}
		if i%5 == 0 {
			item.Outcome = parlance.Outcome{Kind: parlance.KindInvalid, Notes: []string{"x"}}
		}
		items = append(items, item)
		document.WriteString([]string{"<SO/>", "\n<SO ><DocRef/> </SO >", "<!-- </SO> --><SO a='>'><![CDATA[</SO>]]></SO>"}[i%3])
	}
	document.WriteString(" </ORDERS>")
	s, _ := servertest.New(t, "vision")
	r := httptest.NewRequest("POST", "/service/Orders", strings.NewReader(document.String()))
	w := httptest.NewRecorder()
	bulk.Handle(s, func(_ context.Context, r bulk.Record) (parlance.Item, error) { return items[r.Index], nil }).ServeHTTP(w, r)
	o := parlance.Outcome{Kind: parlance.KindPartial, Items: items}
	m := s.Dialect().Encode(nil, dialect.Request{Method: "POST", Path: "/service/Orders", Body: []byte(document.String())}, &o, dialect.Payload{})
	if w.Code != m.Status || w.Body.String() != string(m.Body) {
		t.Errorf("%d %s\nwant %d %s", w.Code, w.Body, m.Status, m.Body)
	}
}
