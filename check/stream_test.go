package check_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/check"
)

const streaming = `
dialect: chat
codes: {200: success, 4xx: invalid, 5xx: internal, overloaded: {kind: unavailable, status: 529}}
shapes:
  - {name: error, status: 4xx 5xx, json: {error!: {code?: $code, message!: $detail}}}
  - name: chat
    path: "*/chat"
    stream: sse
    elements:
      - {text: "[DONE]", as: end}
      - {is: failed, json: {error!: {code: $code, message!: $detail}}}
  - name: watch
    path: "*/watch"
    stream: sse
    elements:
      - {is: failed, json: {error!: {code: $code, message!: $detail}}}
`

// A stream whose end the dialect knows is read to its end, and any other is not.
func TestALiveStreamIsCheckedToItsEnd(t *testing.T) {
	t.Parallel()
	const good, done = "data: {\"a\": 1}\n\n", "data: [DONE]\n\n"
	for _, tt := range []struct{ name, path, body, want string }{
		{"that ends well", "/chat", good + done, ""},
		{"without its end", "/chat", good, "cut_stream: "},
		{"with content behind its end", "/chat", good + done + good, "after_end: "},
		{"with a failure", "/chat", good + "data: {\"error\": {\"code\": \"overloaded\", \"message\": \"Busy\"}}\n\n", ""},
		{"that is JSON", "/chat", `{"a": 1}`, "unfit_body: "},
		{"whose end nobody knows", "/watch", good, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				io.WriteString(w, tt.body)
				w.(http.Flusher).Flush()
				if strings.HasSuffix(tt.path, "watch") {
					<-r.Context().Done() // it has no end
				}
			}))
			t.Cleanup(api.Close)
			base, err := url.Parse(api.URL)
			if err != nil {
				t.Fatal(err)
			}
			all, _, err := found(t, &check.Live{Checker: check.New(compiled(t, streaming)), Base: base, Rate: 1e6}, check.Probe{Target: tt.path})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, f := range all {
				got += f.Rule + ": "
			}
			if got != tt.want {
				t.Errorf("got %q, want %q: %v", got, tt.want, all)
			}
		})
	}
}
