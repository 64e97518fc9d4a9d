package vision_test

import (
	"cmp"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/examples/internal/golden"
	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/limit"
)

// Whatever a stranger sends, the response is one of the page's: never a redirect, and a
// failure says in its body what it is, as a sentence or as a RES.
func TestWhateverAStrangerSendsGetsAResponseInTheDialect(t *testing.T) {
	t.Parallel()
	const (
		old   = "If-Modified-Since: Fri, 20 Nov 2026 16:00:00 GMT"
		sent  = `<MC><DocRef>A1</DocRef><Customer>JOE</Customer><SiteCode>MAIN</SiteCode></MC>`
		made  = `<MANUFACTURING>` + sent + `</MANUFACTURING>`
		all   = "Product,Price\nWIDGET,900\nGADGET,1250\n"
		has   = `[{"Product":"WIDGET","Quantity":5}]`
		asXML = "Content-Type: application/xml"
	)
	for _, row := range []struct {
		name               string
		method, path, body string
		header             []string
		status             int
		says               string // the whole body
	}{
		{name: "an unknown route", method: "GET", path: "/nowhere", status: 404, says: "There is no resource at GET /nowhere."},
		{name: "an unknown route, posted to", method: "POST", path: "/nowhere", body: made, status: 404, says: "There is no resource at POST /nowhere."},
		{name: "an unknown route of the warehouse", method: "POST", path: "/service/Nothing", body: made, status: 404, says: "There is no resource at POST /service/Nothing."},
		{name: "two slashes before a file", method: "GET", path: "//PriceList", status: 404, says: "There is no resource at GET //PriceList. The clean form of this path is /PriceList."},
		{name: "two slashes before a token", method: "POST", path: "//token", body: "grant_type=magic", header: []string{isForm}, status: 404, says: "There is no resource at POST //token. The clean form of this path is /token."},
		{name: "two slashes before a service", method: "POST", path: "/service//SalesOrder", body: made, status: 404, says: "There is no resource at POST /service//SalesOrder. The clean form of this path is /service/SalesOrder."},
		{name: "a path that climbs", method: "GET", path: "/../PriceList", status: 404, says: "There is no resource at GET /../PriceList. The clean form of this path is /PriceList."},
		{name: "a path that climbs out of the warehouse", method: "POST", path: "/service/../token", header: []string{isForm}, status: 404, says: "There is no resource at POST /service/../token. The clean form of this path is /token."},
		{name: "a path that ends in a slash", method: "GET", path: "/PriceList/", status: 404, says: "There is no resource at GET /PriceList/."},
		{name: "the warehouse without a service", method: "GET", path: "/service", status: 404, says: "There is no resource at GET /service. The clean form of this path is /service/."},
		{name: "a wrong method of the shop", method: "DELETE", path: stock, status: 405, says: "The method DELETE is not allowed at /StockAvailability. Allowed: GET, HEAD."},
		{name: "a wrong method of the warehouse", method: "PUT", path: complete, body: made, status: 405, says: "The method PUT is not allowed at " + complete + ". Allowed: POST."},
		{name: "a wrong method of the token", method: "GET", path: tokens, status: 405, says: "Use POST to request a token"},
		{name: "a wrong content type", method: "POST", path: complete, body: made, header: []string{"Content-Type: text/plain"}, status: 415, says: "The content type must be application/xml, text/xml"},
		{name: "JSON", method: "POST", path: complete, body: `{"DocRef":"A1"}`, header: []string{"Content-Type: application/json"}, status: 415, says: "The content type must be application/xml, text/xml"},
		{name: "JSON that says it is XML", method: "POST", path: complete, body: `{"DocRef":"A1"}`, status: 406},
		{name: "a list of JSON that says it is XML", method: "POST", path: complete, body: `[]`, status: 406},
		{name: "no content type", method: "POST", path: complete, body: made, header: []string{"Content-Type: "}, status: 415, says: "The content type must be application/xml, text/xml"},
		{name: "a token asked for by JSON", method: "POST", path: tokens, body: `{"grant_type":"password"}`, header: []string{"Content-Type: application/json"}, status: 400, says: "The body must be of type application/x-www-form-urlencoded"},
		{name: "a body too large", method: "POST", path: complete, body: "<MANUFACTURING>" + strings.Repeat(" ", 1<<20) + "</MANUFACTURING>", status: 413},
		{name: "a form too large", method: "POST", path: tokens, body: "grant_type=" + strings.Repeat("x", 1<<20), header: []string{isForm}, status: 413},
		{name: "no body", method: "POST", path: complete, header: []string{asXML}, status: 406},
		{name: "no form", method: "POST", path: tokens, header: []string{isForm}, status: 400},
		{name: "no records", method: "POST", path: complete, body: "<MANUFACTURING></MANUFACTURING>", status: 406},
		{name: "no lines", method: "POST", path: sales, body: "<ORDERS/>", status: 406},
		{name: "nothing counted", method: "POST", path: countings, body: "<COUNTS> </COUNTS>", status: 406},
		{name: "another root", method: "POST", path: complete, body: order("WIDGET", "1"), status: 406},
		{name: "a record without its list", method: "POST", path: complete, body: sent, status: 406},
		{name: "a list where a record is wanted", method: "POST", path: complete, body: "<MANUFACTURING>" + made + "</MANUFACTURING>", status: 406},
		{name: "a quantity that is no number", method: "POST", path: sales, body: order("WIDGET", "some"), status: 406},
		{name: "HTML", method: "POST", path: complete, body: "<!doctype html><p>", status: 406},
		{name: "a date that the list is older than", method: "GET", path: "/PriceList", header: []string{old}, status: 200, says: all},
		{name: "a tag of the list", method: "GET", path: "/PriceList", header: []string{"If-None-Match: *"}, status: 200, says: all},
		{name: "a precondition that cannot hold", method: "GET", path: "/PriceList", header: []string{`If-Match: "1"`}, status: 412},
		{name: "a date that the list is younger than", method: "GET", path: "/PriceList", header: []string{"If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT"}, status: 412},
		{name: "a condition on the stock", method: "GET", path: stock, header: []string{"If-None-Match: *", old}, status: 200, says: has},
		{name: "a range of the list", method: "GET", path: "/PriceList", header: []string{"Range: bytes=0-6"}, status: 206, says: "Product"},
		{name: "a range behind the list", method: "GET", path: "/PriceList", header: []string{"Range: bytes=100-"}, status: 416},
		{name: "a range that is none", method: "GET", path: "/PriceList", header: []string{"Range: bytes=x"}, status: 416},
		{name: "a range of the stock", method: "GET", path: stock, header: []string{"Range: bytes=0-3"}, status: 200, says: has},
		{name: "HEAD of the stock", method: "HEAD", path: stock, status: 200},
		{name: "HEAD of the list", method: "HEAD", path: "/PriceList", status: 200},
		{name: "HEAD of the list on a condition", method: "HEAD", path: "/PriceList", header: []string{old}, status: 200},
		{name: "HEAD of nowhere", method: "HEAD", path: "/nowhere", status: 404},
		{name: "HEAD of the warehouse", method: "HEAD", path: complete, status: 405},
		{name: "OPTIONS of the shop", method: "OPTIONS", path: "/PriceList", status: 405, says: "The method OPTIONS is not allowed at /PriceList. Allowed: GET, HEAD."},
		{name: "OPTIONS of the warehouse", method: "OPTIONS", path: complete, status: 405, says: "The method OPTIONS is not allowed at " + complete + ". Allowed: POST."},
		{name: "OPTIONS of all", method: "OPTIONS", path: "*", status: 400, says: "The target * names no resource. Call a path."},
		{name: "no credential", method: "GET", path: stock, header: []string{"Authorization: "}, status: 401},
		{name: "a credential of another kind", method: "GET", path: stock, header: []string{"Authorization: Basic YTpi"}, status: 401},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, false, limit.Rate{})
			token, err := h.login.Token(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			socket := httptest.NewUnstartedServer(h.Handler())
			guard.ApplyDefaultLimits(socket.Config)
			socket.Start()
			t.Cleanup(socket.Close)
			header := []string{"Authorization: Bearer " + token}
			if row.body != "" {
				header = append(header, asXML)
			}
			a := reply(golden.Raw(t, socket.URL, row.method, row.path, row.body, append(header, row.header...)...))
			if a.Status != row.status || row.says != "" && a.Body != row.says {
				t.Errorf("got %d %s, want %d %s", a.Status, a.Body, row.status, cmp.Or(row.says, "and a text"))
			}
			if a.Header.Get("Location") != "" || a.Header.Get("X-Request-Id") == "" {
				t.Errorf("got %v, want no other place and a request ID", a.Header)
			}
			a.isOfTheDialect(t, row.method, row.path)
		})
	}
}

// response is a response as it came, before anybody has read it.
type reply golden.Bare

// isOfTheDialect wants a response that the file reads without a complaint, and a failure
// that says something, as a sentence or as a RES.
func (a reply) isOfTheDialect(t *testing.T, method, path string) {
	t.Helper()
	d, err := catalog.Open("vision")
	if err != nil {
		t.Fatal(err)
	}
	path, _, _ = strings.Cut(path, "?")
	read := d.Decode(dialect.Request{Method: method, Path: path}, dialect.Response{Status: a.Status, Header: dialect.HeaderMap(a.Header), Body: []byte(a.Body)})
	if len(read.Diagnostics) > 0 || read.Outcome.Kind.Good() != (a.Status < 300) {
		t.Errorf("got %v %v", read.Outcome, read.Diagnostics)
	}
	kind, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	switch {
	case method == "HEAD":
		if a.Body != "" || a.Header.Get("Content-Length") == "0" {
			t.Errorf("got %q and %v, want no body and the length of one", a.Body, a.Header)
		}
	case a.Status < 300:
	case read.Outcome.Detail == "" || kind != "text/plain" && kind != "application/xml":
		t.Errorf("got %d %s %q, want a text that says what is wrong", a.Status, kind, a.Body)
	}
}
