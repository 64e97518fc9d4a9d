package caddyparlance_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// document responds with a JSON document as a server of files does: to HEAD, with ranges, with an
// entity tag, and in gzip for those who accept it.
func document(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", jsonType)
		w.Header().Set("Etag", `"v1"`)
		content := []byte(body)
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			var coded bytes.Buffer
			z := gzip.NewWriter(&coded)
			_, _ = z.Write(content)
			_ = z.Close()
			content = coded.Bytes()
			w.Header().Set("Content-Encoding", "gzip")
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}
}

// TestAnEnvelopeIsRightForEachKindOfRequest puts an envelope on a document and takes one off. A
// range of one, and one in gzip, cannot be translated, so the upstream is not asked for them.
func TestAnEnvelopeIsRightForEachKindOfRequest(t *testing.T) {
	const inside, around = `{"id":7}`, `{"data":{"id":7},"error":null,"debug":{"activityId":"ID"}}`
	const id = "01a23aa7-732f-75eb-b85b-5a69abc82213"
	for name, tt := range map[string]struct{ speaks, to, sent, want string }{
		"goes on":   {"plain", "vbapi", inside, around},
		"comes off": {"vbapi", "plain", strings.Replace(around, "ID", id, 1), inside},
	} {
		t.Run(name, func(t *testing.T) {
			u := serve(t, document(tt.sent))
			s := load(t, "ADDRESS {\nparlance "+tt.to+"\nreverse_proxy "+u.URL+" {\ntransport parlance {\nspeaks "+tt.speaks+"\n}\n}\n}")
			s.transport.DisableCompression = true // of the client, which would hide what came
			for _, r := range []struct {
				method string
				header []string
				status int
			}{
				{"GET", nil, http.StatusOK},
				{"HEAD", nil, http.StatusOK},
				{"GET", []string{"Range", "bytes=0-3"}, http.StatusOK},
				{"GET", []string{"Accept-Encoding", "gzip"}, http.StatusOK},
				{"HEAD", []string{"Accept-Encoding", "gzip"}, http.StatusOK},
				{"GET", []string{"If-None-Match", `"v1"`}, http.StatusNotModified},
				{"GET", []string{"If-None-Match", `"v0"`}, http.StatusOK},
			} {
				resp, body := s.ask(r.method, "/things/7", "", r.header...)
				want := ""
				if r.method == "GET" && r.status == http.StatusOK {
					want = strings.Replace(tt.want, "ID", resp.Header.Get("X-Request-Id"), 1)
				}
				if resp.StatusCode != r.status || body != want || resp.Header.Get("Content-Encoding") != "" || resp.Header.Get("Content-Range") != "" {
					t.Errorf("%s %q: got %d %v %s, want %d %s", r.method, r.header, resp.StatusCode, resp.Header, body, r.status, want)
				}
				if length := resp.Header.Get("Content-Length"); length != "" && length != strconv.Itoa(len(want)) {
					t.Errorf("%s %q: the length is %s, not %d", r.method, r.header, length, len(want))
				}
			}
		})
	}
}
