package caddyparlance_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestAnotherUpstreamGetsTheBodyOrIsNotAsked has handlers of a failure send a request to a second
// upstream. It gets the whole body, also one that a handler sets, and never a part of one.
func TestAnotherUpstreamGetsTheBodyOrIsNotAsked(t *testing.T) {
	short := strings.Repeat("a", 100)
	for name, tt := range map[string]struct {
		sent    io.Reader
		handler string
		want    string // what the second upstream gets; "" for nothing
	}{
		"a kept body":                       {strings.NewReader(short), "", short},
		"no body":                           {nil, "", "none"},
		"a body that is longer":             {strings.NewReader(short + "a"), "", ""},
		"a body of unknown length":          {io.MultiReader(strings.NewReader(short)), "", ""},
		"a new body":                        {strings.NewReader(short), "request_body {\nset other\n}", "other"},
		"a new body as long":                {strings.NewReader("first"), "request_body {\nset other\n}", "other"},
		"a new body after one of no length": {io.MultiReader(strings.NewReader(short)), "request_body {\nset other\n}", "other"},
		"a new body after a longer one":     {strings.NewReader(short + "a"), "request_body {\nset other\n}", "other"},
	} {
		t.Run(name, func(t *testing.T) {
			first := serve(t, says(http.StatusServiceUnavailable, jsonType, `{"message":"busy"}`))
			got := ""
			second := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if got = string(body); err != nil {
					t.Error(err)
				}
				if got == "" {
					got = "none"
				}
				says(http.StatusOK, jsonType, `{"id":7}`)(w, r)
			})
			s := load(t, `ADDRESS {
				parlance problem
				reverse_proxy `+first.URL+` {
					transport parlance {
						speaks plain
						max_attempts 1
						max_replay 100B
					}
					@failed status 5xx
					handle_response @failed {
						`+tt.handler+`
						reverse_proxy `+second.URL+` {
							transport parlance {
								speaks plain
							}
						}
					}
				}
			}`)
			r, err := http.NewRequestWithContext(t.Context(), "POST", s.url("/things"), tt.sent)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := s.transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if first.requests.Load() != 1 || got != tt.want || (resp.StatusCode == http.StatusOK) != (tt.want != "") || tt.want == "" && resp.StatusCode < 500 {
				t.Errorf("after %d requests to the first, the second got %q and the caller %d", first.requests.Load(), got, resp.StatusCode)
			}
		})
	}
}
