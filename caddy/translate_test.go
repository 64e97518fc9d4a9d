package caddyparlance_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestAFailureOfAnUpstreamIsTranslated(t *testing.T) {
	u := serve(t, says(http.StatusUnprocessableEntity, jsonType, `{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format"]}}`))
	s := load(t, `
ADDRESS {
	parlance problem
	reverse_proxy `+u.URL+` {
		transport parlance {
			speaks vms
		}
	}
}`)
	resp, body := s.ask("POST", "/api/v1/items", "{}")
	if resp.StatusCode != http.StatusUnprocessableEntity || resp.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, `"detail":"The URL value is in invalid format"`) {
		t.Errorf("got %d %v %s", resp.StatusCode, resp.Header, body)
	}
}

func TestASafeRequestIsRetriedWithinTheBudget(t *testing.T) {
	u := serve(t, inTurn(says(http.StatusServiceUnavailable, jsonType, `{"message":"busy"}`, "Retry-After", "0"), says(http.StatusOK, jsonType, `{"id":7}`)))
	s := load(t, `
ADDRESS {
	parlance problem
	reverse_proxy `+u.URL+` {
		transport parlance {
			speaks plain
		}
	}
}`)
	if resp, body := s.ask("GET", "/things/7", ""); resp.StatusCode != http.StatusOK || body != `{"id":7}` || u.requests.Load() != 2 {
		t.Errorf("got %d %s after %d requests", resp.StatusCode, body, u.requests.Load())
	}
}

func TestErrorsOfCaddyAreInTheDialectOfTheCaller(t *testing.T) {
	u := serve(t, says(http.StatusOK, jsonType, `{}`))
	gone := serve(t, says(http.StatusOK, jsonType, `{}`))
	gone.Close()
	s := load(t, `
ADDRESS {
	parlance vms {
		accept application/problem+json problem
	}
	handle /none {
		error 404
	}
	handle /said {
		respond "no such page" 403
	}
	handle /files/* {
		root `+t.TempDir()+`
		file_server
	}
	handle /small {
		request_body {
			max_size 4
		}
		reverse_proxy `+u.URL+` {
			transport parlance {
				speaks plain
			}
		}
	}
	handle /gone {
		reverse_proxy `+gone.URL+` {
			transport parlance {
				speaks plain
				max_unreachable 1ms
			}
		}
	}
	handle /plainly-gone {
		reverse_proxy `+gone.URL+`
	}
	handle /nobody {
		reverse_proxy {
			dynamic nobody
		}
	}
	handle /other {
		reverse_proxy `+u.URL+`
	}
}`)
	for path, want := range map[string]int{
		"/none": http.StatusNotFound, "/said": http.StatusForbidden, "/files/a": http.StatusNotFound, "/small": http.StatusRequestEntityTooLarge,
		"/gone": http.StatusServiceUnavailable, "/plainly-gone": http.StatusBadGateway, "/nobody": http.StatusServiceUnavailable, "/other": http.StatusOK,
	} {
		resp, body := s.ask("POST", path, "a long body", "Accept", "application/problem+json")
		if resp.StatusCode != want || (want >= 400) != (resp.Header.Get("Content-Type") == "application/problem+json") {
			t.Errorf("%s: got %d %v %s", path, resp.StatusCode, resp.Header, body)
		}
		resp, body = s.ask("POST", path, "a long body")
		if resp.StatusCode != want || (want >= 400) != strings.HasPrefix(body, `{"message":`) {
			t.Errorf("%s without an Accept: got %d %v %s", path, resp.StatusCode, resp.Header, body)
		}
	}
}
