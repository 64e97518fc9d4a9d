package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/examples/vbapi"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/server/limit"
)

// vbapiHouse is the products service on a socket, its log, and a user who is logged in.
type vbapiHouse struct {
	url   string
	log   *testlog.Log
	speak *dialect.Dialect
	who   []string // the headers of the user
}

func openVBAPI(t *testing.T, rate limit.Rate) *vbapiHouse {
	t.Helper()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close() // the rating service
	h := &vbapiHouse{log: new(testlog.Log), speak: cataloged(t, "vbapi")}
	s, err := vbapi.New(vbapi.Config{Logger: slog.New(slog.NewJSONHandler(h.log, nil)), Rating: gone.URL, Rate: rate})
	if err != nil {
		t.Fatal(err)
	}
	h.url = onSocket(t, s.Handler())
	in := meet(t, "POST", h.url+"/user-authentication", "", vbapiKey, "Authorization: Basic ZGVtbzpkZW1v")
	var got struct{ Data struct{ IDToken string } }
	if err := json.Unmarshal([]byte(in.body), &got); err != nil || in.status != 200 {
		t.Fatalf("got %d %s, want 200 with a token", in.status, in.body)
	}
	h.who = []string{vbapiKey, "Authorization: Bearer " + got.Data.IDToken}
	return h
}

const (
	vbapiKey      = "X-Api-Key: " + vbapi.Key
	vbapiProducts = "/clients/abc/products"
)

// ask sends a request as the user.
func (h *vbapiHouse) ask(t *testing.T, method, path, body string, header ...string) met {
	t.Helper()
	return meet(t, method, h.url+path, body, append(append([]string{}, h.who...), header...)...)
}

// acts wants what the client end does about a response of the service.
func (h *vbapiHouse) acts(t *testing.T, want parlance.Act, method, path, body string, header ...string) {
	t.Helper()
	report, _, _ := reported(t, h.speak, asking(t, t.Context(), method, h.url+path, body, header...), client.WithMaxAttempts(1))
	if report.Decision.Act != want {
		t.Errorf("%s %s: got %+v, want the act %v", method, path, report, want)
	}
}

var vbapiID = regexp.MustCompile(`"debug":\{"activityId":"([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"\}\}$`)

// same compares the whole of a response. The activityId, a UUID, is written ID.
func (m met) same(t *testing.T, status int, body string) {
	t.Helper()
	if got := vbapiID.ReplaceAllString(m.body, `"debug":{"activityId":"ID"}}`); m.status != status || got != body {
		t.Errorf("%s %s: got\n%d %s\nwant\n%d %s", m.method, m.path, m.status, got, status, body)
	}
	if kind := m.header.Get("Content-Type"); kind != "application/json" && status != 207 {
		t.Errorf("%s %s: got the type %s", m.method, m.path, kind)
	}
}

// id is the activityId of a response.
func (m met) id(t *testing.T) string {
	t.Helper()
	found := vbapiID.FindStringSubmatch(m.body)
	if found == nil {
		t.Fatalf("%s %s: no activityId in %d %s", m.method, m.path, m.status, m.body)
	}
	return found[1]
}

// vbapiError is the envelope of an error.
func vbapiError(status int, title, detail, instance string) string {
	return fmt.Sprintf(`{"data":null,"error":{"type":"https://httpstatuses.com/%d","title":"%s","status":%d,"detail":"%s","instance":"%s"},"debug":{"activityId":"ID"}}`,
		status, title, status, detail, instance)
}

// vbapiFailure is a response, and its whole body if that is one of ours; "" if others'
// words are in it.
type vbapiFailure struct {
	met
	want string
}

// failures are the responses of every error of the service, and what each must be.
func (h *vbapiHouse) failures(t *testing.T) []vbapiFailure {
	t.Helper()
	nobody := func(method, path, body string, header ...string) met {
		return meet(t, method, h.url+path, body, header...)
	}
	found := "There is no resource at %s. The clean form of this path is %s."
	return []vbapiFailure{
		{h.ask(t, "POST", vbapiProducts, `{"id":"hearing"}`), vbapiError(400, "Bad Request", "A product needs an id of small letters, and a name of at most 40. (name: The name field is required)", vbapiProducts)},
		{h.ask(t, "POST", vbapiProducts, `[]`), ""},
		{h.ask(t, "POST", vbapiProducts, `{`), ""},
		{h.ask(t, "PUT", "/commission-activities-batch", `{}`), ""},
		{nobody("GET", vbapiProducts, ""), vbapiError(401, "Unauthorized", "The x-api-key is missing or wrong.", vbapiProducts)},
		{h.ask(t, "GET", "/clients/other/products", ""), vbapiError(403, "Forbidden", "The user does not work for this client.", "/clients/other/products")},
		{h.ask(t, "GET", vbapiProducts, "", "User-Agent: "), vbapiError(403, "Forbidden", "A User-Agent is needed.", vbapiProducts)},
		{h.ask(t, "GET", vbapiProducts+"/xyz", ""), vbapiError(404, "Not Found", "The resource you requested (xyz) was not found.", vbapiProducts+"/xyz")},
		{h.ask(t, "GET", "/nowhere", ""), vbapiError(404, "Not Found", "There is no resource at GET /nowhere.", "/nowhere")},
		{h.ask(t, "GET", "/"+vbapiProducts, ""), vbapiError(404, "Not Found", fmt.Sprintf(found, "GET /"+vbapiProducts, vbapiProducts), vbapiProducts)},
		{h.ask(t, "GET", "/x/.."+vbapiProducts, ""), vbapiError(404, "Not Found", fmt.Sprintf(found, "GET /x/.."+vbapiProducts, vbapiProducts), "/x/.."+vbapiProducts)},
		{h.ask(t, "DELETE", vbapiProducts, ""), vbapiError(405, "Method Not Allowed", "The method DELETE is not allowed at "+vbapiProducts+". Allowed: GET, HEAD, POST.", vbapiProducts)},
		{h.ask(t, "OPTIONS", vbapiProducts, ""), vbapiError(405, "Method Not Allowed", "The method OPTIONS is not allowed at "+vbapiProducts+". Allowed: GET, HEAD, POST.", vbapiProducts)},
		{h.ask(t, "POST", vbapiProducts, strings.Repeat(" ", 1<<20+1)), ""},
		{h.ask(t, "POST", vbapiProducts, "a", "Content-Type: text/plain"), ""},
		{h.ask(t, "GET", vbapiProducts+"/dental/price?quantity=30", ""), vbapiError(500, "Internal Server Error", "The request could not be handled. The cause is in the server's log under the activityId.", vbapiProducts+"/dental/price")},
		{h.ask(t, "GET", vbapiProducts+"/dental/rating", ""), vbapiError(503, "Service Unavailable", "A service behind this one is unavailable.", vbapiProducts+"/dental/rating")},
	}
}

// TestVBAPIPage holds each statement of the page at both ends.
func TestVBAPIPage(t *testing.T) {
	t.Parallel()
	h := openVBAPI(t, limit.Rate{})

	t.Run("B1: 200 is a success", func(t *testing.T) {
		t.Parallel()
		m := h.ask(t, "GET", vbapiProducts+"/dental", "")
		m.same(t, 200, `{"data":{"id":"dental","name":"Dental plan"},"error":null,"debug":{"activityId":"ID"}}`)
		h.acts(t, parlance.ActDone, "GET", vbapiProducts+"/dental", "", h.who...)
		explains(t, "vbapi", "200", "success")
		m.decodes(t, "vbapi", "success", "200")
	})
	t.Run("B2: 201 says that something was created", func(t *testing.T) {
		t.Parallel()
		h := openVBAPI(t, limit.Rate{})
		m := h.ask(t, "POST", vbapiProducts, `{"id":"hearing","name":"Hearing plan"}`)
		m.same(t, 201, `{"data":{"id":"hearing","name":"Hearing plan"},"error":null,"debug":{"activityId":"ID"}}`)
		if got := m.header.Get("Location"); got != vbapiProducts+"/hearing" {
			t.Errorf("got the Location %s", got)
		}
		h.acts(t, parlance.ActDone, "POST", vbapiProducts, `{"id":"sight","name":"Sight plan"}`, h.who...)
		explains(t, "vbapi", "201", "success", "created")
		m.decodes(t, "vbapi", "success", "201")
	})
	for _, c := range []struct {
		name, path, header string
		status             int
		title, detail      string
		act                parlance.Act
		says               string
	}{
		{"B3: 400 is the caller's mistake", vbapiProducts + "/dental/price?quantity=x", "", 400, "Bad Request", "The quantity must be a number from 1.", parlance.ActCorrect, "invalid"},
		{"B4: 401 wants a credential that is good", vbapiProducts, "X-Api-Key: guess", 401, "Unauthorized", "The x-api-key is missing or wrong.", parlance.ActRefresh, "unauthenticated"},
		{"B5: 403 is for a caller who may not", "/clients/other/products", "", 403, "Forbidden", "The user does not work for this client.", parlance.ActStop, "forbidden"},
		{"B6: 404 is for what is not there", vbapiProducts + "/xyz", "", 404, "Not Found", "The resource you requested (xyz) was not found.", parlance.ActStop, "not_found"},
		{"B7: 500 is the server's own failure", vbapiProducts + "/dental/price?quantity=30", "", 500, "Internal Server Error", "The request could not be handled. The cause is in the server's log under the activityId.", parlance.ActEscalate, "internal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			header := append([]string{}, h.who...)
			if c.header != "" {
				header = append(header, c.header)
			}
			m := meet(t, "GET", h.url+c.path, "", header...)
			path, _, _ := strings.Cut(c.path, "?")
			m.same(t, c.status, vbapiError(c.status, c.title, c.detail, path))
			h.acts(t, c.act, "GET", c.path, "", header...)
			explains(t, "vbapi", fmt.Sprint(c.status), c.says)
			m.decodes(t, "vbapi", c.says, c.detail)
		})
	}
	t.Run("B4: without a token a new one does not help", func(t *testing.T) {
		t.Parallel()
		h.acts(t, parlance.ActStop, "GET", vbapiProducts, "")
	})
	t.Run("B8: each response has the one envelope, also for what the library would respond by itself", func(t *testing.T) {
		t.Parallel()
		for _, m := range h.failures(t) {
			m.id(t)
		}
		for _, path := range []string{"", "/dental"} {
			h.ask(t, "GET", vbapiProducts+path, "", "Range: bytes=0-3", "If-None-Match: *", "If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT").id(t)
		}
		if m := h.ask(t, "HEAD", vbapiProducts, ""); m.status != 200 || m.body != "" || m.header.Get("Content-Type") != "application/json" {
			t.Errorf("HEAD: got %d %v %s", m.status, m.header, m.body)
		}
		// OPTIONS * of a client that names itself and has the key.
		c, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "OPTIONS * HTTP/1.1\r\nHost: h\r\nUser-Agent: curl/8\r\nConnection: close\r\n%s\r\n\r\n", strings.Join(h.who, "\r\n"))
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		met{"OPTIONS", "*", res.StatusCode, res.Header, string(body)}.same(t, 400, vbapiError(400, "Bad Request", "The target * names no resource. Call a path.", "*"))
	})
	t.Run("B9: data is a list for a list, also for one of nothing, and an object for one thing", func(t *testing.T) {
		t.Parallel()
		h := openVBAPI(t, limit.Rate{})
		h.ask(t, "GET", vbapiProducts+"?pageSize=1", "").same(t, 200, `{"data":[{"id":"dental","name":"Dental plan"}],"error":null,"debug":{"activityId":"ID"}}`)
		h.ask(t, "GET", vbapiProducts+"?page=9", "").same(t, 200, `{"data":[],"error":null,"debug":{"activityId":"ID"}}`)
		h.ask(t, "GET", vbapiProducts+"/vision", "").same(t, 200, `{"data":{"id":"vision","name":"Vision plan"},"error":null,"debug":{"activityId":"ID"}}`)
	})
	t.Run("B10: a success has a value in data, also a batch of nothing", func(t *testing.T) {
		t.Parallel()
		m := h.ask(t, "PUT", "/commission-activities-batch", `[]`)
		m.same(t, 200, `{"data":[],"error":null,"debug":{"activityId":"ID"}}`)
		h.acts(t, parlance.ActDone, "PUT", "/commission-activities-batch", `[]`, h.who...)
		m.decodes(t, "vbapi", "success")
		for _, kind := range []string{"success", "empty"} {
			says(t, `{"outcome":{"kind":"`+kind+`"}}`, []string{"encode", "--dialect", "vbapi"}, []string{`\"data\":{},\"error\":null`})
		}
	})
	t.Run("B11: a success has null for error", func(t *testing.T) {
		t.Parallel()
		h := openVBAPI(t, limit.Rate{})
		for _, m := range []met{
			h.ask(t, "GET", vbapiProducts, ""), h.ask(t, "POST", vbapiProducts, `{"id":"hearing","name":"Hearing plan"}`),
			h.ask(t, "PUT", "/commission-activities-batch", `[{"commissionActivity_Key":1,"payee_ID":"P1","amount":-5},{"commissionActivity_Key":1,"payee_ID":"P1","amount":5}]`),
		} {
			if m.status > 207 || !strings.Contains(m.body, `,"error":null,"debug":`) {
				t.Errorf("%s: got %d %s", m.method, m.status, m.body)
			}
		}
	})
	t.Run("B12: a failure has null for data and an object for error", func(t *testing.T) {
		t.Parallel()
		for _, m := range h.failures(t) {
			if !strings.HasPrefix(m.body, `{"data":null,"error":{"type":"https://httpstatuses.com/`) {
				t.Errorf("%s %s: got %d %s", m.method, m.path, m.status, m.body)
			}
			if m.want != "" {
				var error struct{ Error struct{ Status int } }
				_ = json.Unmarshal([]byte(m.want), &error)
				m.same(t, error.Error.Status, m.want)
			}
		}
	})
	t.Run("B13: the activityId is a UUID, another one for each request", func(t *testing.T) {
		t.Parallel()
		seen := map[string]bool{}
		for range 3 {
			seen[h.ask(t, "GET", vbapiProducts, "").id(t)] = true
			seen[h.ask(t, "GET", "/nowhere", "").id(t)] = true
		}
		if len(seen) != 6 {
			t.Errorf("got %d of 6", len(seen))
		}
		m := h.ask(t, "GET", "/nowhere", "")
		m.decodes(t, "vbapi", m.id(t))
	})
	vbapiMembers(t, h)
	t.Run("B19: the 404 of the page comes out to the letter", func(t *testing.T) {
		t.Parallel()
		m := h.ask(t, "GET", "/clients/abc/products/xyz", "")
		m.same(t, 404, `{"data":null,"error":{"type":"https://httpstatuses.com/404","title":"Not Found","status":404,"detail":"The resource you requested (xyz) was not found.","instance":"/clients/abc/products/xyz"},"debug":{"activityId":"ID"}}`)
		m.decodes(t, "vbapi", "not_found", "The resource you requested (xyz) was not found.", "https://httpstatuses.com/404", "/clients/abc/products/xyz")
	})
	t.Run("B20: the activityId finds the lines of its request", func(t *testing.T) {
		t.Parallel()
		for _, m := range h.failures(t) {
			if id := m.id(t); !strings.Contains(h.log.String(), id) {
				t.Errorf("%s %s %d: no line with %s", m.method, m.path, m.status, id)
			}
		}
	})
	t.Run("B21: support is given the activityId", func(t *testing.T) {
		t.Parallel()
		if got := h.speak.Support(); got.ID != "activityId" || got.Contact != "VBA Software support" {
			t.Errorf("got %+v", got)
		}
		explains(t, "vbapi", "500", "VBA Software support", "activityId")
	})
}

// vbapiMembers holds what the page says of each member of an error.
func vbapiMembers(t *testing.T, h *vbapiHouse) {
	type members struct {
		Type, Title, Detail, Instance string
		Status                        int
	}
	for name, holds := range map[string]func(met, members) bool{
		"B14: error.type is a link":                          func(m met, e members) bool { return e.Type == fmt.Sprint("https://httpstatuses.com/", m.status) },
		"B15: error.title is for people":                     func(_ met, e members) bool { return e.Title != "" },
		"B16: error.status is that of HTTP":                  func(m met, e members) bool { return e.Status == m.status },
		"B17: error.detail describes the case":               func(_ met, e members) bool { return len(e.Detail) > len(e.Title) },
		"B18: error.instance is the path that was asked for": func(m met, e members) bool { return e.Instance == "/"+strings.TrimLeft(m.path, "/") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			busy := openVBAPI(t, limit.Rate{Quota: 1, Window: 1 << 40})
			busy.ask(t, "GET", vbapiProducts, "")
			all := h.failures(t)
			all = append(all, vbapiFailure{met: busy.ask(t, "GET", vbapiProducts, "")})
			for _, m := range all {
				var got struct{ Error members }
				if err := json.Unmarshal([]byte(m.body), &got); err != nil || !holds(m.met, got.Error) {
					t.Errorf("%s %s: got %d %s %v", m.method, m.path, m.status, m.body, err)
				}
				m.decodes(t, "vbapi", got.Error.Type, got.Error.Title, got.Error.Instance)
			}
		})
	}
}
