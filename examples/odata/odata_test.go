package odata_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/examples/odata"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server"
)

func open(t testing.TB) *dialect.Dialect {
	t.Helper()
	d, err := odata.Open()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var post = dialect.Request{Method: "POST", Path: "/service/$batch",
	Header: dialect.HeaderMap{"Content-Type": {"multipart/mixed; boundary=r"}, "Accept": {"multipart/mixed"}}}

// multi is a multipart body, its lines ended as HTTP wants them.
func multi(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

const typed = "multipart/mixed; boundary=b"

func reply(contentType, body string) dialect.Response {
	return dialect.Response{Status: 200, Header: dialect.HeaderMap{"Content-Type": {contentType}}, Body: []byte(body)}
}

// customer is the response of the specification (OData 4.01, Part 1, 11.7.7.6): a
// query, a change set of two, and a query that found nothing.
var customer = multi(
	"--b",
	"Content-Type: application/http",
	"",
	"HTTP/1.1 200 OK",
	"Content-Type: application/json",
	"Content-Length: 20",
	"",
	`{"Name":"Alfreds F"}`,
	"--b",
	"Content-Type: multipart/mixed; boundary=cs",
	"",
	"--cs",
	"Content-Type: application/http",
	"Content-ID: 1",
	"",
	"HTTP/1.1 201 Created",
	"Content-Type: application/json",
	"Location: http://host/service.svc/Customer('POIUY')",
	"Content-Length: 15",
	"",
	`{"Name":"Poiu"}`,
	"--cs",
	"Content-Type: application/http",
	"Content-ID: 2",
	"",
	"HTTP/1.1 204 No Content",
	"",
	"",
	"--cs--",
	"--b",
	"Content-Type: application/http",
	"",
	"HTTP/1.1 404 Not Found",
	"Content-Type: application/json",
	"",
	`{"error":{"code":"NoSuch","message":"There are no products.","target":"Products"}}`,
	"--b--",
)

// one is a batch of a single part with this header and this response in it.
func one(header, text string) string {
	return "--b\r\n" + header + "\r\n\r\n" + text + "\r\n--b--\r\n"
}

const isHTTP = "Content-Type: application/http"

func TestTheFileHasNoFaultAndReadsItsSamples(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("odata.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range authoring.Lint("odata.yaml", source) {
		t.Error(fault)
	}
}

func TestEveryPartIsReadByTheDialect(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.Decode(post, reply(typed, customer))
	want := []parlance.Item{
		{Index: 0, Outcome: parlance.Outcome{Kind: parlance.KindSuccess, Status: 200}},
		{Index: 1, ID: "1", Outcome: parlance.Outcome{Kind: parlance.KindSuccess, Status: 201}},
		{Index: 2, ID: "2", Outcome: parlance.Outcome{Kind: parlance.KindEmpty, Status: 204}},
		{Index: 3, Outcome: parlance.Outcome{Kind: parlance.KindNotFound, Status: 404, Code: "NoSuch", Detail: "There are no products.", Fields: []parlance.Field{{Path: "Products"}}}},
	}
	if r.Outcome.Kind != parlance.KindPartial || len(r.Diagnostics) > 0 || fmt.Sprint(r.Outcome.Items) != fmt.Sprint(want) {
		t.Errorf("got %v, complaints %v\n got %+v\nwant %+v", r.Outcome.Kind, r.Diagnostics, r.Outcome.Items, want)
	}
	parts, faults := odata.Parts(typed, []byte(customer))
	if len(faults) > 0 || len(parts) != 4 || string(parts[1].Body) != `{"Name":"Poiu"}` || parts[0].Set != 0 || parts[1].Set != 1 || parts[2].Set != 1 || parts[3].Set != 0 {
		t.Errorf("%+v, complaints %v", parts, faults)
	}
}

func TestTheWholeIsWhatItsPartsComeTo(t *testing.T) {
	t.Parallel()
	batch := func(responses ...string) string {
		var b strings.Builder
		for _, a := range responses {
			b.WriteString("--b\r\n" + isHTTP + "\r\n\r\n" + a + "\r\n")
		}
		return b.String() + "--b--"
	}
	const good, gone, broke, busy = "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 404 Not Found\r\n\r\n", "HTTP/1.1 500 No\r\n\r\n", "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\n\r\n"
	for _, test := range []struct {
		name, body string
		want       parlance.Kind
		act        parlance.Act
	}{
		{"all well", batch(good, good), parlance.KindSuccess, parlance.ActDone},
		{"one failed", batch(good, gone), parlance.KindPartial, parlance.ActInspect},
		{"all failed alike, as where a change set did", batch(gone), parlance.KindNotFound, parlance.ActStop},
		{"all failed, some by the service's fault", batch(gone, broke), parlance.KindInvalid, parlance.ActRetry},
		{"one is to be retried", batch(good, busy), parlance.KindPartial, parlance.ActRetry},
		{"the rest goes on in the background", batch(good, "HTTP/1.1 202 Accepted\r\nLocation: /monitor/1\r\n\r\n"), parlance.KindAccepted, parlance.ActPoll},
		{"a part with a response that says too little", batch(good, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}", good), parlance.KindSuccess, parlance.ActDone},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			r := d.Decode(post, reply(typed, test.body))
			decision := d.Decide(post, &r.Outcome)
			if r.Outcome.Kind != test.want || decision.Act != test.act || len(r.Diagnostics) > 0 {
				t.Errorf("%v, %+v, complaints %v", r.Outcome.Kind, decision, r.Diagnostics)
			}
			if decision.Act == parlance.ActRetry && decision.Scope != parlance.ScopeItems {
				t.Errorf("the whole is to be retried: %+v", decision)
			}
			if g := d.Classify(post, reply(typed, test.body)); g.Kind != test.want {
				t.Errorf("a classification says %v", g.Kind)
			}
		})
	}
}

func TestWhatCannotBeReadIsToldAndIsNoSuccess(t *testing.T) {
	t.Parallel()
	const good = "HTTP/1.1 204 No Content\r\n\r\n"
	many := strings.Repeat("--b\r\n"+isHTTP+"\r\n\r\n"+good+"\r\n", odata.MaxParts+1) + "--b--"
	for _, test := range []struct {
		name, contentType, body string
		rule                    string
		want                    parlance.Kind
		items                   int
	}{
		{"no body", typed, "", "broken_batch", parlance.KindNoted, 0},
		{"no part", typed, "--b--\r\n", "broken_batch", parlance.KindNoted, 0},
		{"no boundary", "multipart/mixed", customer, "broken_batch", parlance.KindNoted, 0},
		{"an empty boundary", `multipart/mixed; boundary=""`, customer, "broken_batch", parlance.KindNoted, 0},
		{"a boundary that is too long", "multipart/mixed; boundary=" + strings.Repeat("b", 71), customer, "broken_batch", parlance.KindNoted, 0},
		{"another boundary", "multipart/mixed; boundary=c", customer, "broken_batch", parlance.KindNoted, 0},
		{"a content type that is none", "multipart/mixed; boundary=b; boundary=c", customer, "broken_batch", parlance.KindNoted, 0},
		{"no end after a good part", typed, "--b\r\n" + isHTTP + "\r\n\r\n" + good + "\r\n--b\r\n", "broken_batch", parlance.KindNoted, 1},
		{"no end after a failed part", typed, "--b\r\n" + isHTTP + "\r\n\r\nHTTP/1.1 404 No\r\n\r\n\r\n--b\r\n", "broken_batch", parlance.KindPartial, 1},
		{"broken off in a part", typed, customer[:len(customer)-60], "broken_batch", parlance.KindNoted, 3},
		{"broken off in a header", typed, customer[:len("--b\r\nContent-Ty")], "broken_batch", parlance.KindNoted, 0},
		{"a broken change set", typed, strings.Replace(customer, "--cs--\r\n", "", 1), "broken_batch", parlance.KindPartial, 3},
		{"a change set without a boundary", typed, strings.Replace(customer, "; boundary=cs", "", 1), "broken_batch", parlance.KindPartial, 2},
		{"a change set in a change set", typed, one("Content-Type: multipart/mixed; boundary=c", multi("--c", "Content-Type: multipart/mixed; boundary=d", "", "--d", isHTTP, "", good, "--d--", "--c--")), "too_deep", parlance.KindNoted, 0},
		{"a batch in a part", typed, one(isHTTP, "HTTP/1.1 200 OK\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x--"), "broken_part", parlance.KindNoted, 0},
		{"too many parts", typed, many, "too_many_parts", parlance.KindNoted, odata.MaxParts},
		{"a part that is no HTTP", typed, one("Content-Type: application/json", `{}`), "unfit_part", parlance.KindNoted, 0},
		{"a part without a type", typed, one("X: y", good), "unfit_part", parlance.KindNoted, 0},
		{"a part in base64", typed, one(isHTTP+"\r\nContent-Transfer-Encoding: base64", "SFRUUC8xLjEgMjAwIE9LDQoNCg=="), "unfit_part", parlance.KindNoted, 0},
		{"an empty part", typed, one(isHTTP, ""), "broken_part", parlance.KindNoted, 0},
		{"a part without a status line", typed, one(isHTTP, "Content-Type: application/json\r\n\r\n{}"), "broken_part", parlance.KindNoted, 0},
		{"a status of two digits", typed, one(isHTTP, "HTTP/1.1 20 OK\r\n\r\n"), "broken_part", parlance.KindNoted, 0},
		{"a status with a sign", typed, one(isHTTP, "HTTP/1.1 +20 OK\r\n\r\n"), "broken_part", parlance.KindNoted, 0},
		{"an interim status", typed, one(isHTTP, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), "broken_part", parlance.KindNoted, 0},
		{"a header that is none", typed, one(isHTTP, "HTTP/1.1 200 OK\r\nno header\r\n\r\n"), "broken_part", parlance.KindNoted, 0},
		{"a body shorter than its length", typed, one(isHTTP, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"), "broken_part", parlance.KindNoted, 0},
		{"a huge header of a part", typed, one(isHTTP+"\r\nX: "+strings.Repeat("x", odata.MaxHeader), good), "too_large", parlance.KindNoted, 0},
		{"a huge header of a response", typed, one(isHTTP, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", odata.MaxHeader)+"\r\n\r\n"), "broken_part", parlance.KindNoted, 0},
		{"longer than is looked at", typed, one(isHTTP, "HTTP/1.1 200 OK\r\n\r\n"+strings.Repeat("x", dialect.MaxBody)), "cut_body", parlance.KindNoted, 0},
		{"an error that is not the dialect's", typed, one(isHTTP, "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n\r\n[]"), "unfit_body", parlance.KindNotFound, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := open(t).Decode(post, reply(test.contentType, test.body))
			if r.Outcome.Kind != test.want || len(r.Outcome.Items) != test.items {
				t.Errorf("%v with %d items, want %v with %d", r.Outcome.Kind, len(r.Outcome.Items), test.want, test.items)
			}
			if !slices.ContainsFunc(r.Diagnostics, func(d parlance.Diagnostic) bool { return d.Rule == test.rule }) {
				t.Errorf("complaints %v, want %s", r.Diagnostics, test.rule)
			}
		})
	}
}

func TestABatchOfNothingButFaultsIsToldInFew(t *testing.T) {
	t.Parallel()
	inner := strings.Repeat("--c\r\n"+isHTTP+"\r\n\r\nno response\r\n", odata.MaxParts) + "--c--"
	body := one("Content-Type: multipart/mixed; boundary=c", inner)
	r := open(t).Decode(post, reply(typed, body))
	if r.Outcome.Kind != parlance.KindNoted || len(r.Outcome.Items) > 0 || len(r.Diagnostics) == 0 || len(r.Diagnostics) > 20 {
		t.Errorf("%v, %d complaints", r.Outcome.Kind, len(r.Diagnostics))
	}
	// The change set is a part itself, so that its last response is one too many.
	_, faults := odata.Parts(typed, []byte(body))
	if len(faults) != odata.MaxParts || faults[len(faults)-1].Rule != "too_many_parts" {
		t.Errorf("%d faults, at last %v", len(faults), faults[len(faults)-1])
	}
}

func TestA202OfAnOlderVersionIsReadLikeA200(t *testing.T) {
	t.Parallel()
	res := reply(typed, customer)
	res.Status = 202
	if r := open(t).Decode(post, res); r.Outcome.Kind != parlance.KindPartial || r.Outcome.Status != 202 || len(r.Outcome.Items) != 4 {
		t.Errorf("%+v", r.Outcome)
	}
}

func TestWhatManySendersGetWrongIsReadAllTheSame(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"bare line feeds":                strings.ReplaceAll(customer, "\r\n", "\n"),
		"a preamble and an epilogue":     "Hello.\r\n" + customer + "Goodbye.\r\n",
		"no line after the end":          strings.TrimRight(customer, "\r\n"),
		"a blank line before a response": strings.Replace(customer, "\r\n\r\nHTTP/1.1 201", "\r\n\r\n\r\nHTTP/1.1 201", 1),
		"the id in the response":         strings.Replace(strings.Replace(customer, "Content-ID: 1\r\n", "", 1), "HTTP/1.1 201 Created\r\n", "HTTP/1.1 201 Created\r\nContent-ID: 1\r\n", 1),
		"no blank line after a header":   strings.Replace(customer, "204 No Content\r\n\r\n\r\n", "204 No Content\r\n", 1),
	} {
		r := open(t).Decode(post, reply(typed, body))
		if r.Outcome.Kind != parlance.KindPartial || len(r.Outcome.Items) != 4 || r.Outcome.Items[1].ID != "1" || len(r.Diagnostics) > 0 {
			t.Errorf("%s: %+v, complaints %v", name, r.Outcome, r.Diagnostics)
		}
	}
}

func TestOnlyTheResponseToABatchIsTakenApart(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, req := range []dialect.Request{{Method: "GET", Path: "/service/$batch"}, {Method: "POST", Path: "/service/Files"}, {}} {
		if r := d.Decode(req, reply(typed, customer)); len(r.Outcome.Items) > 0 {
			t.Errorf("%+v: %+v", req, r.Outcome)
		}
	}
	res := reply(typed, customer)
	res.Status = 401
	if r := d.Decode(post, res); r.Outcome.Kind != parlance.KindUnauthenticated || len(r.Outcome.Items) > 0 {
		t.Errorf("%+v", r.Outcome)
	}
}

// failed is a batch of three: the first done, the others not.
func failed() parlance.Outcome {
	return parlance.Outcome{Kind: parlance.KindPartial, Items: []parlance.Item{
		{Index: 0, ID: "1", Outcome: parlance.Outcome{Kind: parlance.KindSuccess, Status: 201}},
		{Index: 1, ID: "2", Outcome: parlance.Outcome{Kind: parlance.KindNotFound, Code: "NoSuch", Detail: "There is no customer 7."}},
		{Index: 2, ID: "3", Outcome: parlance.Outcome{Kind: parlance.KindRateLimited, RetryAfter: 7 * time.Second}},
	}}
}

func response(m dialect.Encoded) dialect.Response {
	header := dialect.HeaderMap{}
	for _, p := range m.Header {
		header[http.CanonicalHeaderKey(p.Name)] = append(header[http.CanonicalHeaderKey(p.Name)], p.Value)
	}
	return dialect.Response{Status: m.Status, Header: header, Body: m.Body}
}

func TestWhatIsWrittenReadsBack(t *testing.T) {
	t.Parallel()
	d := open(t)
	o := failed()
	m := d.Encode(nil, post, &o, dialect.Payload{})
	if len(m.Losses) > 0 {
		t.Errorf("losses %v", m.Losses)
	}
	r := d.Decode(post, response(m))
	if m.Status != 200 || r.Outcome.Kind != parlance.KindPartial || len(r.Outcome.Items) != 3 || len(r.Diagnostics) > 0 {
		t.Fatalf("%d %s\nread back as %+v, complaints %v", m.Status, m.Body, r.Outcome, r.Diagnostics)
	}
	for i, it := range r.Outcome.Items {
		if want := o.Items[i]; it.ID != want.ID || it.Index != i || it.Outcome.Kind != want.Outcome.Kind || it.Outcome.Code != want.Outcome.Code || it.Outcome.RetryAfter != want.Outcome.RetryAfter {
			t.Errorf("got %+v, want %+v", it, want)
		}
	}
	again := d.Encode([]byte("before"), post, &o, dialect.Payload{})
	if string(again.Body) != "before"+string(m.Body) {
		t.Errorf("the caller's buffer is not kept: %q", again.Body)
	}
}

func TestWhatABatchHasNoPlaceForIsToldAsLost(t *testing.T) {
	t.Parallel()
	o := failed()
	o.Kind, o.Status, o.Detail, o.Notes, o.RequestID = parlance.KindNoted, 207, "Two failed", []string{"n"}, "r\r\nX: forged"
	o.Items[1].ID, o.Items[2].Index = "7\r\nX: forged", 9
	o.Items[1].Outcome.Instance = "/customers/7"
	m := open(t).Encode(nil, post, &o, dialect.Payload{ContentType: "application/json", Body: []byte(`{}`)})
	var lost []string
	for _, l := range m.Losses {
		lost = append(lost, l.Attribute)
	}
	for _, want := range []string{"kind", "status", "detail", "notes", "data", "items[1].id", "items[1].instance", "items[2].index"} {
		if !slices.Contains(lost, want) {
			t.Errorf("losses %v, want %s", lost, want)
		}
	}
	if strings.Contains(string(m.Body), "\nX: forged") {
		t.Errorf("a header was forged: %s", m.Body)
	}
}

func TestTheFileRespondsWhereNoMultipartIsWanted(t *testing.T) {
	t.Parallel()
	multipart := "multipart/mixed; boundary=r"
	for _, test := range []struct {
		name        string
		method      string
		contentType string
		accept      string
		want        bool
	}{
		{"Accept wants it", "POST", "application/json", "multipart/mixed", true},
		{"Accept says nothing", "POST", multipart, "", true},
		{"Accept takes anything", "POST", multipart, "*/*", true},
		{"Accept wants JSON", "POST", multipart, "application/json", false},
		{"Accept wants JSON rather", "POST", multipart, "application/json, */*;q=0.5", false},
		{"the batch is JSON", "POST", "application/json", "", false},
		{"it is no batch", "PUT", multipart, "", false},
	} {
		req := dialect.Request{Method: test.method, Path: "/$batch", Header: dialect.HeaderMap{"Content-Type": {test.contentType}}}
		if test.accept != "" {
			req.Header = dialect.HeaderMap{"Content-Type": {test.contentType}, "Accept": {test.accept}}
		}
		o := failed()
		m := open(t).Encode(nil, req, &o, dialect.Payload{})
		got := slices.ContainsFunc(m.Header, func(p dialect.HeaderField) bool { return strings.HasPrefix(p.Value, "multipart/mixed") })
		if got != test.want {
			t.Errorf("%s: %+v %s", test.name, m.Header, m.Body)
		}
	}
}

func TestAFailureIsNeverWrittenAsABatchThatWentWell(t *testing.T) {
	t.Parallel()
	o := parlance.Outcome{Kind: parlance.KindUnavailable, Items: []parlance.Item{{Outcome: parlance.Outcome{Kind: parlance.KindSuccess}}}}
	d := open(t)
	m := d.Encode(nil, post, &o, dialect.Payload{})
	if r := d.Decode(post, response(m)); r.Outcome.Kind != parlance.KindUnavailable {
		t.Errorf("%d %s reads as %v", m.Status, m.Body, r.Outcome.Kind)
	}
}

func TestABoundaryStandsInNoPart(t *testing.T) {
	t.Parallel()
	d := open(t)
	o := failed()
	first := d.Encode(nil, post, &o, dialect.Payload{})
	boundary, _, _ := strings.Cut(string(first.Body[2:]), "\r\n")
	o.Items[1].Outcome.Detail = "--" + boundary + "--" // what a stranger would try
	second := d.Encode(nil, post, &o, dialect.Payload{})
	r := d.Decode(post, response(second))
	if len(r.Outcome.Items) != 3 || r.Outcome.Items[1].Outcome.Detail != o.Items[1].Outcome.Detail {
		t.Errorf("%+v", r.Outcome.Items)
	}
}

func batchRequest(t *testing.T, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", url+"/service/$batch", strings.NewReader(
		multi("--r", isHTTP, "", "GET /service/Customers('ALFKI') HTTP/1.1", "", "", "--r--")))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "multipart/mixed; boundary=r")
	req.Header.Set("Accept", "multipart/mixed")
	return req
}

func TestAServiceAndItsCallerUnderstandEachOther(t *testing.T) {
	t.Parallel()
	api := server.New(open(t))
	srv := httptest.NewServer(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return server.Bulk(nil, failed().Items...), nil
	}))
	defer srv.Close()
	c := &http.Client{Transport: client.New(open(t), client.WithBase(srv.Client().Transport))}
	res, err := c.Do(batchRequest(t, srv.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var failure *client.Error
	if err := client.Check(res); !errors.As(err, &failure) || !errors.Is(err, parlance.ErrPartial) {
		t.Fatalf("%v", err)
	}
	if items := failure.Outcome.Items; len(items) != 3 || items[1].ID != "2" || items[1].Outcome.Code != "NoSuch" {
		t.Errorf("%+v", items)
	}
	body, err := io.ReadAll(res.Body)
	if parts, faults := odata.Parts(res.Header.Get("Content-Type"), body); err != nil || len(faults) > 0 || len(parts) != 3 {
		t.Errorf("the caller read %q, %v, %v", body, faults, err)
	}
}

func TestABatchIsNeverSentAgainWhole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		count := 0
		base := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			count++
			w.Header().Set("Content-Type", typed)
			io.WriteString(w, one(isHTTP, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\n\r\n"))
		}))
		c := &http.Client{Transport: client.New(open(t), client.WithBase(base))}
		start := time.Now()
		res, err := c.Do(batchRequest(t, "http://service.test"))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		r, _ := client.ReportOf(res)
		if count != 1 || time.Since(start) != 0 || r.Decision.Scope != parlance.ScopeItems || r.Decision.After != 7*time.Second {
			t.Errorf("%d requests, %+v", count, r.Decision)
		}
	})
}

func FuzzABatchIsReadWhole(f *testing.F) {
	d := open(f)
	f.Fuzz(func(t *testing.T, parameters, body string) {
		contentType := "multipart/mixed;" + parameters
		parts, faults := odata.Parts(contentType, []byte(body))
		last := -1
		for _, p := range parts {
			if p.Index <= last || p.Status < 200 || p.Status > 999 {
				t.Errorf("%+v", p)
			}
			last = p.Index
		}
		if len(parts) > odata.MaxParts || len(faults) > 2*odata.MaxParts || len(parts) == 0 && len(faults) == 0 {
			t.Errorf("%d parts, %d faults", len(parts), len(faults))
		}
		r := d.Decode(post, reply(contentType, body))
		if len(r.Outcome.Items) != len(parts) || len(faults) > 0 && r.Outcome.Kind != parlance.KindNoted && r.Outcome.Kind != parlance.KindPartial {
			t.Errorf("%v of %d parts with %d faults", r.Outcome.Kind, len(parts), len(faults))
		}
		if len(parts) == 0 {
			return
		}
		m := d.Encode(nil, post, &r.Outcome, dialect.Payload{})
		if back := d.Decode(post, response(m)); len(back.Outcome.Items) != len(parts) {
			t.Errorf("%d parts were written as %d:\n%s", len(parts), len(back.Outcome.Items), m.Body)
		}
	})
}

func Example() {
	d, err := odata.Open()
	if err != nil {
		panic(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", typed)
		io.WriteString(w, customer)
	}))
	defer srv.Close()

	c := &http.Client{Transport: client.New(d)}
	res, err := c.Post(srv.URL+"/service/$batch", "multipart/mixed; boundary=r", strings.NewReader("--r …"))
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	r, _ := client.ReportOf(res)
	fmt.Println(r.Outcome.Kind)
	for _, it := range r.Outcome.Items {
		fmt.Printf("%d %q %d %v\n", it.Index, it.ID, it.Outcome.Status, it.Outcome.Kind)
	}
	// Output:
	// partial
	// 0 "" 200 success
	// 1 "1" 201 success
	// 2 "2" 204 empty
	// 3 "" 404 not_found
}
