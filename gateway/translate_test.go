package gateway_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/gateway"
)

const (
	jsonType   = "application/json"
	activityID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
)

func TestResponsesAreTranslated(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name            string
		speaks, replies string
		method          string
		response        http.HandlerFunc
		status          int
		contentType     string
		has             []string // parts of the body
		body            string   // all of it, where set
	}{
		{"a failure of vms as a problem", "vms", "problem", "GET",
			says(404, jsonType, `{"message":"no such camera"}`),
			404, "application/problem+json", []string{`"detail":"no such camera"`, `"status":404`}, ""},
		{"bad fields of vms as a problem", "vms", "problem", "POST",
			says(422, jsonType, `{"message":"bad","errors":{"url":["too long"]}}`),
			422, "application/problem+json", []string{`"too long"`, `url`}, ""},
		{"a plain sentence of vision as a problem", "vision", "problem", "POST",
			says(406, "text/plain", "field 'SiteCode' is too long"),
			400, "application/problem+json", []string{`"reason":"xml"`, `SiteCode`}, ""},
		{"a failure of vbapi keeps the id that its support asks for", "vbapi", "problem", "GET",
			says(404, jsonType, `{"data":null,"error":{"type":"https://x/e","title":"Not Found","status":404,"detail":"no such member","instance":"/things"},"debug":{"activityId":"`+activityID+`"}}`),
			404, "application/problem+json", []string{activityID, "no such member"}, ""},
		{"an error under 200 is a failure", "vision", "problem", "POST",
			says(200, "application/xml", `<ORDERS><SO><RES><Code>400</Code><Message>no such customer</Message></RES></SO></ORDERS>`),
			400, "application/problem+json", []string{"no such customer"}, ""},
		{"a failure of omilia as vms", "omilia", "vms", "GET",
			says(404, jsonType, `{"errors":[{"code":"7","detail":"no such app","meta":{},"source":"","status":404,"title":"Not Found"}]}`),
			404, "", []string{"no such app"}, ""},
		{"an envelope comes off", "vbapi", "plain", "GET",
			says(200, jsonType, `{"data":{"id":7},"error":null,"debug":{"activityId":"`+activityID+`"}}`),
			200, jsonType, nil, `{"id":7}`},
		{"an envelope goes on", "vms", "vbapi", "GET",
			says(200, jsonType, `{"id":7}`),
			200, jsonType, []string{`"data":{"id":7}`, `"error":null`, `"activityId":"`}, ""},
		{"a partial keeps its items", "vbapi", "problem", "PUT",
			says(207, "text/plain", `{"data":[{"id":[{"key":"id","value":"1"}],"status":200,"body":"ok"},{"id":[{"key":"id","value":"2"}],"status":404,"body":"gone"}],"error":null,"debug":{"activityId":"`+activityID+`"}}`),
			207, "application/problem+json", []string{`"items":[`, `id=2`, `gone`}, ""},
		{"an empty list is empty", "vms", "problem", "GET",
			says(200, jsonType, `null`), 204, "", nil, ""},
		{"nothing is put in an envelope that wants something", "plain", "vbapi", "POST",
			says(201, "", ``), 201, jsonType, []string{`"data":{}`, `"error":null`}, ""},
		{"a page is not put in an envelope", "plain", "vbapi", "GET",
			says(200, "text/html", `<p>hello</p>`), 200, "text/html", nil, `<p>hello</p>`},
		{"what calls itself JSON and is none is not put in an envelope", "plain", "vbapi", "GET",
			says(200, jsonType, `{"id":`), 200, jsonType, nil, `{"id":`},
		{"a success with notes says so", "vision", "problem", "GET",
			says(203, "application/xml", `<THINGS/>`), 203, "application/xml", nil, `<THINGS/>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := serve(t, tt.response)
			addr, log := before(t, u.URL, tt.speaks, tt.replies)
			resp, body := get(t, tt.method, addr+"/things", "", "Accept", "*/*")
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			if got := resp.Header.Get("Content-Type"); tt.contentType != "" && got != tt.contentType {
				t.Errorf("type %q, want %q", got, tt.contentType)
			}
			for _, part := range tt.has {
				if !strings.Contains(body, part) {
					t.Errorf("no %s in %s", part, body)
				}
			}
			if tt.has == nil && body != tt.body {
				t.Errorf("body %q, want %q", body, tt.body)
			}
			if strings.HasSuffix(tt.contentType, "json") && tt.body == "" && !json.Valid([]byte(body)) {
				t.Errorf("not JSON: %s", body)
			}
			if strings.Contains(tt.name, "notes") != (resp.Header.Get("Outcome-Kind") == "noted") {
				t.Errorf("Outcome-Kind: %q", resp.Header.Get("Outcome-Kind"))
			}
			if resp.Header.Get("X-Request-Id") == "" {
				t.Error("no request id")
			}
			if u.count() != 1 {
				t.Errorf("the upstream saw %d requests", u.count())
			}
			if t.Failed() {
				t.Log(log)
			}
		})
	}
}

func TestAResponseThatNothingAltersPassesAsItIs(t *testing.T) {
	t.Parallel()
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/vnd.thing")
		h.Set("Etag", `"1"`)
		h.Add("Set-Cookie", "a=1")
		h.Add("Set-Cookie", "b=2")
		h.Set("X-Request-Id", "theirs")
		h.Set("Connection", "X-Hop")
		h.Set("X-Hop", "not yours")
		w.WriteHeader(201)
		w.Write([]byte("exactly this"))
	})
	addr, _ := before(t, u.URL, "plain", "problem")
	resp, body := get(t, "GET", addr, "")
	h := resp.Header
	if resp.StatusCode != 201 || body != "exactly this" || resp.ContentLength != 12 {
		t.Errorf("%d %q, length %d", resp.StatusCode, body, resp.ContentLength)
	}
	if h.Get("Etag") != `"1"` || len(h["Set-Cookie"]) != 2 || h.Get("X-Request-Id") != "theirs" || h.Get("X-Hop") != "" {
		t.Errorf("header %v", h)
	}
}

func TestHeadersThatDescribeAReplacedBodyGoWithIt(t *testing.T) {
	t.Parallel()
	u := serve(t, says(401, jsonType, `{"message":"who are you"}`,
		"Etag", `"1"`, "Content-Language", "en", "Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT",
		"WWW-Authenticate", `Bearer realm="x"`, "Set-Cookie", "a=1", "Location", "/login", "X-Ratelimit-Remaining", "3"))
	addr, _ := before(t, u.URL, "vms", "problem")
	resp, body := get(t, "GET", addr, "")
	for _, name := range []string{"Etag", "Content-Language", "Last-Modified"} {
		if v := resp.Header.Get(name); v != "" {
			t.Errorf("%s: %s is left of a body that is gone", name, v)
		}
	}
	for _, name := range []string{"Www-Authenticate", "Set-Cookie", "Location", "X-Ratelimit-Remaining"} {
		if resp.Header.Get(name) == "" {
			t.Errorf("%s is lost", name)
		}
	}
	if resp.ContentLength != int64(len(body)) {
		t.Errorf("length %d of %d", resp.ContentLength, len(body))
	}
}

func TestAWaitTooLongForTheGatewayIsToldToTheCaller(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, speaks string
		response     http.HandlerFunc
		want         string
	}{
		{"the server's own", "vms", says(503, jsonType, `{"message":"back soon"}`, "Retry-After", "90"), "90"},
		{"the page's schedule", "vision", says(500, "application/xml", `<RES><Code>500</Code><Message>oops</Message></RES>`), "300"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := serve(t, tt.response)
			addr, _ := before(t, u.URL, tt.speaks, "problem", func(c *gateway.Config) { c.MaxWait = 0 })
			resp, _ := get(t, "GET", addr, "")
			if got := resp.Header["Retry-After"]; len(got) != 1 || got[0] != tt.want || u.count() != 1 {
				t.Errorf("Retry-After %q after %d requests, want %s after 1", got, u.count(), tt.want)
			}
		})
	}
}

func TestASuccessBeyondTheLimitIsPassedOnWhole(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3000)
	tests := []struct{ name, speaks, replies, body, want string }{
		{"an envelope that cannot come off", "vbapi", "plain",
			`{"data":"` + long + `","error":null,"debug":{"activityId":"` + activityID + `"}}`, "passed through untranslated"},
		{"an envelope that cannot go on", "plain", "vbapi", `"` + long + `"`, "passed through untranslated"},
	}
	for _, tt := range tests {
		for _, chunked := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				u := serve(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", jsonType)
					if chunked {
						w.(http.Flusher).Flush()
					}
					w.Write([]byte(tt.body))
				})
				addr, log := before(t, u.URL, tt.speaks, tt.replies, func(c *gateway.Config) { c.MaxBody = 1000 })
				resp, body := get(t, "GET", addr, "")
				if resp.StatusCode != 200 || body != tt.body {
					t.Errorf("%d with %d bytes of %d", resp.StatusCode, len(body), len(tt.body))
				}
				if text := log.String(); !strings.Contains(text, "level=WARN") || !strings.Contains(text, tt.want) {
					t.Errorf("the log says %s", text)
				}
			})
		}
	}
}

func TestHEADGetsAResponseWithoutABody(t *testing.T) {
	t.Parallel()
	for _, responses := range []string{"problem", "vbapi", "plain"} {
		for _, speaks := range []string{"vms", "vbapi"} {
			u := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", jsonType)
				if r.URL.Path == "/gone" {
					w.WriteHeader(404)
				}
			})
			addr, _ := before(t, u.URL, speaks, responses)
			for path, want := range map[string]int{"/": 200, "/gone": 404} {
				resp, body := get(t, "HEAD", addr+path, "")
				if resp.StatusCode != want || body != "" {
					t.Errorf("%s to %s, HEAD %s: %d %q", speaks, responses, path, resp.StatusCode, body)
				}
			}
		}
	}
}

func TestHEADHasTheHeaderOfTheGETOrLessAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ speaks, replies, contentType, body string }{
		{"plain", "problem", jsonType, `{"id":7}`},
		{"vms", "problem", jsonType, `{"id":7}`},
		{"vms", "problem", jsonType, `null`},
		{"vbapi", "plain", jsonType, `{"data":{"id":7},"error":null,"debug":{"activityId":"` + activityID + `"}}`},
		{"plain", "vbapi", jsonType, `{"id":7}`},
		{"plain", "vbapi", "image/png", "pixels"},
	} {
		u := serve(t, says(200, tt.contentType, tt.body, "Etag", `"1"`, "Accept-Ranges", "bytes", "Content-Length", strconv.Itoa(len(tt.body))))
		addr, _ := before(t, u.URL, tt.speaks, tt.replies)
		full, body := get(t, "GET", addr, "")
		head, none := get(t, "HEAD", addr, "")
		if none != "" || head.ContentLength >= 0 && head.ContentLength != int64(len(body)) {
			t.Errorf("%s to %s: a HEAD has %q and the length %d, a GET %d", tt.speaks, tt.replies, none, head.ContentLength, len(body))
		}
		for _, name := range []string{"Etag", "Accept-Ranges", "Content-Length"} {
			if got, want := head.Header.Get(name), full.Header.Get(name); got != "" && got != want && tt.body != "null" {
				t.Errorf("%s to %s, %s: %s: %q for a HEAD, %q for a GET", tt.speaks, tt.replies, tt.contentType, name, got, want)
			}
		}
		if got, want := head.Header.Get("Content-Type"), full.Header.Get("Content-Type"); got != want && tt.body != "null" {
			t.Errorf("%s to %s, %s: the type is %q for a HEAD, %q for a GET", tt.speaks, tt.replies, tt.contentType, got, want)
		}
	}
}

func TestAnUnsatisfiableRangeKeepsTheLengthOfTheDocument(t *testing.T) {
	t.Parallel()
	u := serve(t, says(416, jsonType, `{"message":"beyond the end"}`, "Content-Range", "bytes */37", "Etag", `"1"`))
	addr, _ := before(t, u.URL, "vms", "problem")
	resp, body := get(t, "GET", addr, "", "Range", "bytes=90-")
	if resp.StatusCode != 416 || resp.Header.Get("Content-Range") != "bytes */37" || resp.Header.Get("Etag") != "" || !strings.Contains(body, "beyond") {
		t.Errorf("got %d %v %s", resp.StatusCode, resp.Header, body)
	}
}

func TestRedirectsAndUnmodifiedPass(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 304, 307} {
		u := serve(t, says(status, "", "", "Location", "/elsewhere", "Etag", `"1"`))
		for _, responses := range []string{"problem", "vbapi"} {
			addr, _ := before(t, u.URL, "plain", responses)
			resp, _ := get(t, "GET", addr, "")
			if resp.StatusCode != status || resp.Header.Get("Location") != "/elsewhere" || resp.Header.Get("Etag") != `"1"` {
				t.Errorf("%s: %d %v, want %d", responses, resp.StatusCode, resp.Header, status)
			}
		}
	}
}

func TestLossesAreLoggedUnderTheActivityID(t *testing.T) {
	t.Parallel()
	u := serve(t, says(422, jsonType, `{"message":"bad","errors":{"url":["too long"]}}`))
	addr, log := before(t, u.URL, "vms", "plain")
	resp, _ := get(t, "GET", addr, "")
	id := resp.Header.Get("X-Request-Id")
	for _, line := range strings.Split(strings.TrimSpace(log.String()), "\n") {
		if !strings.Contains(line, "activity_id="+id) {
			t.Errorf("a line without the id: %s", line)
		}
	}
	if !strings.Contains(log.String(), "lost in translation") {
		t.Errorf("no loss in the log: %s", log)
	}
}

func TestALostNoteOrRecordIsAWarning(t *testing.T) {
	t.Parallel()
	const records = `<ORDERS><SO><RES><Code>200</Code><Message>m</Message></RES></SO><SO><RES><Code>400</Code><Message>n</Message></RES></SO></ORDERS>`
	for attribute, upstream := range map[string]http.HandlerFunc{
		"notes": says(203, jsonType, `[1]`, "Vision-Note", "It is being counted"),
		"items": says(207, "application/xml", records),
	} {
		u := serve(t, upstream)
		addr, log := before(t, u.URL, "vision", "vms")
		get(t, "POST", addr, "<ORDERS/>")
		found := false
		for line := range strings.Lines(log.String()) {
			found = found || strings.Contains(line, "level=WARN") && strings.Contains(line, "attribute="+attribute)
		}
		if !found {
			t.Errorf("got no warning of lost %s in the log: %s", attribute, log)
		}
	}
}

func TestTheNotesOfAPartOrOfALongBodyStandInTheHeader(t *testing.T) {
	t.Parallel()
	for name, upstream := range map[string]http.HandlerFunc{
		"a part":  says(206, "text/csv", "WIDGET,900", "Vision-Note", "One", "Vision-Note", "Two", "Content-Range", "bytes 0-9/37"),
		"a whole": says(203, "text/csv", "WIDGET,900", "Vision-Note", "One", "Vision-Note", "Two"),
		"records": says(201, "application/xml", "<ORDERS><SO><RES><Code>200</Code><Message>m</Message></RES></SO></ORDERS>", "Vision-Note", "One", "Vision-Note", "Two"),
	} {
		u := serve(t, upstream)
		addr, log := before(t, u.URL, "vision", "problem")
		resp, body := get(t, "POST", addr, "<ORDERS/>")
		if got := resp.Header.Values("Outcome-Note"); !slices.Equal(got, []string{"One", "Two"}) || resp.Header.Get("Outcome-Kind") != "noted" {
			t.Errorf("%s: got %d %v %q; log %s", name, resp.StatusCode, resp.Header, body, log)
		}
	}
}

// A body that fits no shape of the upstream's dialect can hold the inside of a system.
func TestTextsThatNoShapeReadStayInside(t *testing.T) {
	t.Parallel()
	const inside = "java.lang.NullPointerException at com.example.internal.Db"
	for _, tt := range []struct {
		name, contentType, body string
		detail                  string // of what the caller gets, "" for none
	}{
		{"a plain text", "text/plain", inside, ""},
		{"a page", "text/html", "<html><title>" + inside + "</title></html>", ""},
		{"a message", jsonType, `{"message":"no such camera"}`, "no such camera"},
		{"a problem", "application/problem+json", `{"type":"about:blank","title":"t","detail":"no such camera"}`, "no such camera"},
		{"the first line of a message alone", jsonType, `{"error":{"message":"no such camera\n` + inside + `","code":"` + inside + `"}}`, "no such camera"},
		{"no fields", jsonType, `{"message":"bad","errors":[{"field":"a","message":"` + inside + `"}]}`, "bad"},
		{"500 bytes of a message", jsonType, `{"message":"` + strings.Repeat("é", 400) + `"}`, strings.Repeat("é", 250)},
		{"no other member", jsonType, `{"reason":"` + inside + `"}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := serve(t, says(404, tt.contentType, tt.body))
			addr, _ := before(t, u.URL, "salesforce", "problem") // its errors are lists
			resp, body := get(t, "GET", addr+"/things", "")
			var problem struct{ Detail string }
			if err := json.Unmarshal([]byte(body), &problem); err != nil || resp.StatusCode != 404 {
				t.Fatalf("got %d %s: %v", resp.StatusCode, body, err)
			}
			if problem.Detail != tt.detail || strings.Contains(body, "Exception") {
				t.Errorf("got %s, want the detail %q", body, tt.detail)
			}
		})
	}
}
