package mock_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/mock"
)

// asked is the response of an endpoint behind the page: its status and its body.
func asked(t testing.TB, method, url, body string, header ...string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range append([]string{"Content-Type: application/json"}, header...) {
		name, value, _ := strings.Cut(h, ": ")
		if req.Header.Set(name, value); name == "Host" {
			req.Host = value
		}
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(res.StatusCode, " ", strings.TrimSpace(string(text)))
}

func TestTheEndpointsBehindThePageGiveAndClearWhatComesNext(t *testing.T) {
	t.Parallel()
	d := open(t, "vms")
	_, url := started(t, d)
	next := url + "/_mock/api/next"
	for _, step := range []struct{ method, body, want string }{
		{"GET", "", `200 []`},
		{"POST", `{"prefer": "code=503; retry-after=7", "times": 2}`, `200 [{"prefer":"code=503; retry-after=7","times":2}]`},
		{"POST", `{"prefer": "kind=not_found"}`, `200 [{"prefer":"code=503; retry-after=7","times":2},{"prefer":"kind=not_found","times":1}]`},
		{"CALL", "", `503`},
		{"GET", "", `200 [{"prefer":"code=503; retry-after=7","times":1},{"prefer":"kind=not_found","times":1}]`},
		{"CALL", "", `503`},
		{"CALL", "", `404`},
		{"CALL", "", `200`},
		{"POST", `{"prefer": "code=500", "times": 1000}`, `200 [{"prefer":"code=500","times":1000}]`},
		{"DELETE", "", `200 []`},
		{"CALL", "", `200`},
		{"POST", `{"prefer": "code=nope"}`, `400 {"error":"there is no code \"nope\". The codes are `},
		{"POST", `{"prefer": "cod=503"}`, `400 {"error":"there is no wish \"cod\"; did you mean code?`},
		{"POST", `{"prefer": ""}`, `400 {"error":"prefer says nothing; write a wish, such as code=503"}`},
		{"POST", `{"prefer": "code=503", "times": 0}`, `400 {"error":"mock: Next needs at least 1 request"}`},
		{"POST", `{"prefer": "code=503", "times": -1}`, `400 `},
		{"POST", `{"prefer": "code=503", "times": 1001}`, `400 {"error":"1001 times is too often; the limit is 1000"}`},
		{"POST", `{"prefer": "code=503", "time": 1}`, `400 {"error":"json: unknown field \"time\""}`},
		{"POST", `{"prefer": "code=503"} {}`, `400 {"error":"there is more than one value"}`},
		{"POST", `{`, `400 `},
		{"POST", `{"prefer": "` + strings.Repeat("a", 10_000) + `"}`, `400 {"error":"http: request body too large"}`},
		{"PUT", "", `405 {"error":"PUT is not possible here"}`},
		{"GET", "", `200 []`},
	} {
		at := next
		if step.method == "CALL" {
			step.method, at = "GET", url+"/cameras"
		}
		if got := asked(t, step.method, at, step.body); !strings.HasPrefix(got, step.want) {
			t.Errorf("%s %s\ngot  %s\nwant %s", step.method, step.body, got, step.want)
		}
	}
	if got := asked(t, "POST", next, "prefer=code%3D503", "Content-Type: application/x-www-form-urlencoded"); !strings.HasPrefix(got, "415 ") {
		t.Errorf("a form: got %s", got)
	}
	if got := asked(t, "GET", url+"/_mock/api/nothing", ""); !strings.HasPrefix(got, "404 ") {
		t.Errorf("an unknown endpoint: got %s", got)
	}
}

func TestThePageIsNoRequestOfTheAPI(t *testing.T) {
	t.Parallel()
	d := open(t, "vms")
	m, url := started(t, d, mock.WithScenario(compiled(t, d, "scenario: x\nrequests: {'*': 500, }")))
	if err := m.Next(1, mock.Wish{Code: "503"}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/_mock/", "/_mock", "/_mock/page.css", "/_mock/page.js", "/_mock/api/codes", "/_mock/api/log", "/_mock/api/next"} {
		for _, method := range []string{"GET", "HEAD"} {
			if got := asked(t, method, url+path, ""); !strings.HasPrefix(got, "200 ") && !strings.HasPrefix(got, "302 ") {
				t.Errorf("%s %s: got %s", method, path, got)
			}
		}
		if got := asked(t, "PATCH", url+path, ""); !strings.HasPrefix(got, "405 ") && path != "/_mock" {
			t.Errorf("PATCH %s: got %s", path, got)
		}
	}
	if got := asked(t, "GET", url+"/_mock/api/log", ""); got != "200 []" {
		t.Errorf("the log has %s", got)
	}
	if got := asked(t, "GET", url+"/a", "")[:3] + asked(t, "GET", url+"/a", "")[:3]; got != "503500" {
		t.Errorf("two requests are given %s", got)
	}
	if got := asked(t, "GET", url+"/_mock/code/404/a", ""); !strings.HasPrefix(got, "404 ") {
		t.Errorf("a wish in the path: got %s", got)
	}
}

func TestAPageOfAnotherSiteCannotChangeTheMock(t *testing.T) {
	t.Parallel()
	_, url := started(t, open(t, "vms"))
	next, order := url+"/_mock/api/next", `{"prefer": "code=503"}`
	for _, test := range []struct{ header, want string }{
		{"Sec-Fetch-Site: cross-site", `403 {"error":"a page of another site cannot change the mock"}`},
		{"Sec-Fetch-Site: same-site", `403 `},
		{"Origin: https://evil.example", `403 `},
		{"Origin: null", `403 `},
		{"Host: evil.example", `403 {"error":"the page of a mock on this machine is not at \"evil.example\"; open it at 127.0.0.1 or localhost"}`},
		{"Host: evil.example:80", `403 `},
		{"Host: 127.0.0.1.evil.example", `403 `},
		{"Host: localhost:4010", `200 `},
		{"Host: [::1]:4010", `200 `},
		{"Sec-Fetch-Site: same-origin", `200 `},
		{"Origin: " + url, `200 `},
		{"Accept: */*", `200 `}, // curl
	} {
		for _, method := range []string{"POST", "DELETE"} {
			if got := asked(t, method, next, order, test.header); !strings.HasPrefix(got, test.want) {
				t.Errorf("%s with %s: got %s, want %s", method, test.header, got, test.want)
			}
		}
		if got := asked(t, "GET", next, ""); got != "200 []" {
			t.Errorf("after %s: %s", test.header, got)
		}
	}
	if got := asked(t, "GET", url+"/_mock/api/log", "", "Host: evil.example"); !strings.HasPrefix(got, "403 ") {
		t.Errorf("the log can be read by another site: %s", got)
	}
}

func TestThePageHasNoScriptThatATextCanReach(t *testing.T) {
	t.Parallel()
	_, url := started(t, open(t, "vms"))
	res, err := http.Get(url + "/_mock/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	policy := res.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy is %s, without %s", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") || res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
		t.Errorf("got %v", res.Header)
	}
	if found := regexp.MustCompile(`(?i)<script>|<style|\son\w+=|\sstyle=|javascript:|https?://`).FindAllString(string(text), -1); found != nil {
		t.Errorf("the page has %q", found)
	}
	script, err := os.ReadFile("page/page.js")
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(|DOMParser|srcdoc|https?://`).FindAll(script, -1); found != nil {
		t.Errorf("the script has %q", found)
	}
}

const markup = `<script>alert(1)</script>`

func TestTheEndpointsQuoteMarkup(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("evil.yaml", []byte("dialect: evil\ntitle: '"+markup+"'\nsource: ['"+markup+"']\ncodes:\n  200: success\n  404: {kind: not_found, title: '"+markup+"', help: '<img src=x onerror=alert(2)>'}\n  \"<b>\": {kind: invalid, status: 400}\nshapes: [{name: error, status: 4xx, json: {code?: $code, message: $detail}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, url := started(t, d)
	asked(t, "GET", url+"/"+strings.ReplaceAll(markup, "/", "%2F"), "", "Prefer: detail=\""+markup+"\"")
	asked(t, "POST", url+"/_mock/api/next", `{"prefer": "detail=<script>"}`)
	for _, endpoint := range []string{"codes", "log", "next"} {
		got := asked(t, "GET", url+"/_mock/api/"+endpoint, "")
		if strings.Contains(got, "<") || !strings.Contains(got, `\u003cscript\u003e`) {
			t.Errorf("%s: %s", endpoint, got)
		}
	}
}

func TestTheCodesOfADialectAreListedWithTheirMeaning(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"stripe", "vision", "vms", "omilia", "github", "kubernetes"} {
		d := open(t, name)
		_, url := started(t, d)
		_, text, _ := strings.Cut(asked(t, "GET", url+"/_mock/api/codes", ""), " ")
		var page struct {
			Dialect string
			Codes   []struct {
				Code, Prefer, Kind, Means, Act, Do, Line string
				Status                                   int
			}
		}
		if err := json.Unmarshal([]byte(text), &page); err != nil || page.Dialect != name || len(page.Codes) < 5 {
			t.Fatalf("%v: %s", err, text)
		}
		last := 0
		for _, c := range page.Codes {
			if c.Means == "" || c.Do == "" || c.Act == "" || c.Line == "" || c.Status < last {
				t.Errorf("%s: %+v", name, c)
			}
			last = c.Status
			wish, err := mock.ParsePrefer(c.Prefer)
			if err != nil || wish.IsZero() {
				t.Errorf("%s: %s: %v", name, c.Prefer, err)
				continue
			}
			read, res, _ := sent(t, d, request(t, "POST", url+"/a", "Prefer: "+c.Prefer))
			if res.StatusCode/100 == 2 && c.Status/100 == 2 {
				continue // which success it is can depend on the request
			}
			if res.StatusCode != c.Status || read.Outcome.Kind.String() != c.Kind {
				t.Errorf("%s: %s gives %d %s, and the page says %d %s", name, c.Prefer, res.StatusCode, read.Outcome.Kind, c.Status, c.Kind)
			}
		}
	}
}

// events are the events of a stream, as NAME DATA.
func events(t testing.TB, url string) <-chan string {
	t.Helper()
	req := request(t, "GET", url+"/_mock/api/log", "Accept: text/event-stream")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("got %v", res)
	}
	all := make(chan string)
	go func() {
		defer close(all)
		defer res.Body.Close()
		name := ""
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if word, found := strings.CutPrefix(lines.Text(), "event: "); found {
				name = word
			}
			if data, found := strings.CutPrefix(lines.Text(), "data: "); found {
				select {
				case all <- name + " " + data:
				case <-t.Context().Done():
					return
				}
			}
		}
	}()
	return all
}

func TestTheLogStreamsEachRequestAndWhatWaits(t *testing.T) {
	t.Parallel()
	m, url := started(t, open(t, "vms"))
	asked(t, "GET", url+"/before", "")
	all := events(t, url)
	expect := func(want string) {
		t.Helper()
		got, open := <-all
		if pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "TIME", `"[0-9TZ:.-]+"`); !open || !regexp.MustCompile("^"+strings.ReplaceAll(pattern, "TOOK", "[0-9.e-]+")+"$").MatchString(got) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	expect(`start {}`)
	expect(`given {"at":TIME,"took":TOOK,"method":"GET","path":"/before","status":200,"kind":"success","why":"no wish"}`)
	expect(`next []`)
	asked(t, "POST", url+"/_mock/api/next", `{"prefer": "code=503"}`)
	expect(`next [{"prefer":"code=503","times":1}]`)
	asked(t, "POST", url+"/after?secret=1", "")
	expect(`given {"at":TIME,"took":TOOK,"method":"POST","path":"/after","status":503,"kind":"unavailable","reason":"maintenance","why":"next: code=503"}`)
	expect(`next []`)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if got, open := <-all; open {
		t.Errorf("after Close: %s", got)
	}
}

func TestAServerShutsDownAlthoughAPageIsOpen(t *testing.T) {
	t.Parallel()
	m := mock.New(open(t, "vms"))
	server := httptest.NewServer(m)
	all := events(t, server.URL)
	<-all
	if err := server.Config.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	for range all { // it ends
	}
}

func TestTheLogIsBounded(t *testing.T) {
	t.Parallel()
	m, url := started(t, open(t, "vms"))
	long := strings.Repeat("é", 2000)
	for i := range 450 {
		asked(t, "GET", fmt.Sprint(url, "/", i, long), "")
	}
	_, text, _ := strings.Cut(asked(t, "GET", url+"/_mock/api/log", ""), " ")
	var all []struct{ Path string }
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 200 || !strings.HasPrefix(all[0].Path, "/250é") || !strings.HasPrefix(all[199].Path, "/449é") || len(all[0].Path) > 520 || !strings.HasSuffix(all[0].Path, "é…") {
		t.Errorf("%d entries from %.20s to %.20s, of %d bytes", len(all), all[0].Path, all[len(all)-1].Path, len(all[0].Path))
	}
	for range 16 {
		events(t, url)
	}
	if got := asked(t, "GET", url+"/_mock/api/log", "", "Accept: text/event-stream"); !strings.HasPrefix(got, `503 {"error":"16 pages are open; close one"}`) {
		t.Errorf("the 17th stream: %s", got)
	}
	m.Close()
}
