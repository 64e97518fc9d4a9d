package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
)

// What a caller gets of a server that means ill, is broken, or was broken into.

// newCrowd is a server under every name there is. It responds by the request and its
// number, from 1.
func newCrowd(t *testing.T, reply func(w http.ResponseWriter, r *http.Request, n int)) *upstream {
	t.Helper()
	u := newUpstream(t)
	u.reply = reply
	return u
}

// to is a redirect or a place to look at.
func to(w http.ResponseWriter, status int, where string) {
	w.Header().Set("Location", where)
	w.WriteHeader(status)
}

const secret = "S3CRET"

// secretly is a client that has a token, a key, and nothing to hide them but its
// own care.
func secretly(t *testing.T, c *upstream, name string, opts ...client.Option) *http.Client {
	t.Helper()
	login := client.NewLogin(func(context.Context) (client.Grant, error) { return client.Grant{Token: secret + "-token"}, nil }, nil)
	opts = append([]client.Option{client.WithBase(c.transport), client.WithCredential(login), client.WithAPIKey("X-Api-Key", secret+"-key")}, opts...)
	return &http.Client{Transport: client.New(open(t, name), opts...)}
}

// none of the secrets may stand in what a stranger saw.
func keptFromStrangers(t *testing.T, c *upstream, home string) (strangers int) {
	t.Helper()
	for _, a := range c.sightings() {
		u, err := url.Parse(a.url)
		if err != nil {
			t.Fatal(err)
		}
		if strings.EqualFold(u.Host, home) {
			if got := a.header.Get("X-Api-Key"); got != secret+"-key" {
				t.Errorf("%s %s had the key %q", a.method, a.url, got)
			}
			continue
		}
		strangers++
		if all := fmt.Sprint(a.header, a.url, a.body); strings.Contains(all, secret) {
			t.Errorf("%s %s was told a secret: %v", a.method, a.url, a.header)
		}
	}
	return strangers
}

func TestWhatAStrangerIsPointedToIsNotToldWhoWeAre(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		reply func(w http.ResponseWriter, r *http.Request, n int)
		want  []string
		bare  bool // without fields of the caller's, which are net/http's to strip
	}{
		{"a place on another host", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				to(w, 202, "http://evil.test/jobs/1")
			}
		}, []string{"POST http://upstream.test/things", "GET http://evil.test/jobs/1"}, false},
		{"a place on another host, without a scheme", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				to(w, 202, "//evil.test/jobs/1")
			}
		}, []string{"POST http://upstream.test/things", "GET http://evil.test/jobs/1"}, false},
		{"a host that begins like ours", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				to(w, 202, "http://upstream.test.evil.test/jobs/1")
			}
		}, []string{"POST http://upstream.test/things", "GET http://upstream.test.evil.test/jobs/1"}, false},
		{"a host below ours", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				to(w, 202, "http://evil.upstream.test/jobs/1")
			}
		}, []string{"POST http://upstream.test/things", "GET http://evil.upstream.test/jobs/1"}, false},
		{"another port of ours", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				to(w, 202, "http://upstream.test:8080/jobs/1")
			}
		}, []string{"POST http://upstream.test/things", "GET http://upstream.test:8080/jobs/1"}, false},
		{"a name of ours that stands as a user", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				to(w, 202, "http://upstream.test@evil.test/jobs/1")
			}
		}, []string{"POST http://upstream.test/things", "GET http://evil.test/jobs/1"}, false},
		{"a redirect of the place", func(w http.ResponseWriter, r *http.Request, n int) {
			switch n {
			case 1:
				to(w, 202, "/jobs/1")
			case 2:
				to(w, 302, "http://evil.test/jobs/1")
			}
		}, []string{"POST http://upstream.test/things", "GET http://upstream.test/jobs/1", "GET http://evil.test/jobs/1"}, false},
		{"a redirect of the place that keeps the method", func(w http.ResponseWriter, r *http.Request, n int) {
			switch n {
			case 1:
				to(w, 202, "/jobs/1")
			case 2:
				to(w, 307, "http://evil.upstream.test/jobs/1")
			}
		}, []string{"POST http://upstream.test/things", "GET http://upstream.test/jobs/1", "GET http://evil.upstream.test/jobs/1"}, false},
		{"a stranger who points on to himself", func(w http.ResponseWriter, r *http.Request, n int) {
			switch n {
			case 1:
				to(w, 202, "http://evil.test/jobs/1")
			case 2, 3:
				to(w, 202, "/jobs/2")
			}
		}, []string{"POST http://upstream.test/things", "GET http://evil.test/jobs/1", "GET http://evil.test/jobs/2", "GET http://evil.test/jobs/2"}, false},
		{"a stranger who was asked first, by a redirect", func(w http.ResponseWriter, r *http.Request, n int) {
			switch n {
			case 1:
				to(w, 303, "http://evil.test/things")
			case 2:
				to(w, 202, "/jobs/1")
			}
		}, []string{"POST http://upstream.test/things", "GET http://evil.test/things", "GET http://evil.test/jobs/1"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCrowd(t, tt.reply)
				hc := secretly(t, c, "omilia")
				req := request(t, "POST", "{}")
				if !tt.bare {
					for _, name := range []string{"X-Session", "Cookie", "X-Amz-Security-Token", "Proxy-Authorization"} {
						req.Header.Set(name, secret+"-own")
					}
				}
				first, err := hc.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.Poller{Client: hc}.Follow(t.Context(), first)
				if err != nil {
					t.Fatal(err)
				}
				if read(t, resp); report(t, resp).Outcome.Kind != parlance.KindSuccess {
					t.Errorf("it came to %v", report(t, resp).Outcome.Kind)
				}
				if got := c.urls(); !slices.Equal(got, tt.want) {
					t.Errorf("asked were %q, want %q", got, tt.want)
				}
				if keptFromStrangers(t, c, "upstream.test") == 0 {
					t.Error("no stranger was met")
				}
			})
		})
	}
}

// A redirect that keeps the method takes the request to another host; what
// follows from its response goes there too, and is still no business of our
// credentials.
func TestWhatFollowsFromAStrangersResponseIsNotToldWhoWeAre(t *testing.T) {
	t.Parallel()
	t.Run("a look", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := newCrowd(t, func(w http.ResponseWriter, r *http.Request, n int) {
				switch n {
				case 1:
					to(w, 307, "http://evil.test/things")
				case 2:
					to(w, 202, "/jobs/1")
				}
			})
			hc := secretly(t, c, "omilia")
			first, err := hc.Do(request(t, "POST", "{}"))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Poller{Client: hc}.Follow(t.Context(), first)
			if err != nil {
				t.Fatal(err)
			}
			read(t, resp)
			if keptFromStrangers(t, c, "upstream.test") != 2 {
				t.Errorf("asked were %q", c.urls())
			}
		})
	})
	t.Run("the follow-up of a bulk", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := newCrowd(t, func(w http.ResponseWriter, r *http.Request, n int) {
				switch n {
				case 1:
					to(w, 307, "http://evil.test/things")
				case 2:
					a := vbapiBatch(200, 503)
					w.Header().Set("Content-Type", "text/plain")
					w.WriteHeader(a.status)
					io.WriteString(w, a.body)
				}
			})
			hc := secretly(t, c, "vbapi")
			resp, err := hc.Do(request(t, "PUT", "[1,2]"))
			if err != nil {
				t.Fatal(err)
			}
			req, rest, err := client.Bulk[int]{}.FollowUp(resp, []int{1, 2})
			if err != nil || !slices.Equal(rest, []int{2}) {
				t.Fatalf("%v, %v", rest, err)
			}
			read(t, resp)
			call(t, hc, req)
			if keptFromStrangers(t, c, "upstream.test") != 2 {
				t.Errorf("asked were %q", c.urls())
			}
		})
	})
}

func TestAPlaceThatIsNoneIsNotLookedAt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, location string
		looks          string // where it looks; "" where it does not
	}{
		{"a script", "javascript:alert(1)", ""},
		{"a file", "file:///etc/passwd", ""},
		{"data", "data:text/html,x", ""},
		{"another protocol", "gopher://upstream.test/", ""},
		{"no host", "http:///jobs/1", ""},
		{"an opaque one", "http:jobs", ""},
		{"garbage", "http://[::1", ""},
		{"a broken escape", "/jobs/%zz", ""},
		{"a path below", "jobs/1", "http://upstream.test/jobs/1"},
		{"a query", "?job=1", "http://upstream.test/things?job=1"},
		{"a way up", "../../../jobs/1", "http://upstream.test/jobs/1"},
		{"a fragment is for us", "/jobs/1#done", "http://upstream.test/jobs/1"},
		{"a stranger's credentials are not used", "http://mallory:pw@upstream.test/jobs/1", "http://upstream.test/jobs/1"},
		{"our own host in other letters", "http://UPSTREAM.test/jobs/1", "http://UPSTREAM.test/jobs/1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCrowd(t, func(w http.ResponseWriter, r *http.Request, n int) {
					if n == 1 {
						to(w, 202, tt.location)
						io.WriteString(w, "{}")
					}
				})
				hc := secretly(t, c, "omilia")
				first, err := hc.Do(request(t, "POST", "{}"))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.Poller{Client: hc}.Follow(t.Context(), first)
				if tt.looks != "" {
					all := c.sightings()
					if err != nil || len(all) != 2 || all[1].url != tt.looks || all[1].header.Get("Authorization") != "Bearer "+secret+"-token" {
						t.Fatalf("%v; asked were %q %v", err, c.urls(), all[len(all)-1].header)
					}
					read(t, resp)
					return
				}
				var pending *client.PendingError
				if !errors.As(err, &pending) || pending.Where != "" || len(c.sightings()) != 1 {
					t.Errorf("%v; asked were %q", err, c.urls())
				}
				if resp == nil || read(t, resp) != "{}" {
					t.Error("the last response is lost")
				}
			})
		})
	}
}

// A look that gets no response ends the following, and leaves nothing open.
func TestALookThatComesToNothingLeavesNothingOpen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		reply func(w http.ResponseWriter, r *http.Request, n int)
	}{
		{"redirects without end", func(w http.ResponseWriter, r *http.Request, n int) { to(w, 302, "/jobs/1") }},
		{"a redirect to what is no web address", func(w http.ResponseWriter, r *http.Request, n int) { to(w, 302, "javascript:alert(1)") }},
		{"connections that break", func(w http.ResponseWriter, r *http.Request, n int) { panic(http.ErrAbortHandler) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var bodies balance
				c := newCrowd(t, func(w http.ResponseWriter, r *http.Request, n int) {
					if n == 1 {
						w.Header().Set("Content-Type", "application/octet-stream") // so that nobody reads it
						to(w, 202, "/jobs/1")
						io.WriteString(w, strings.Repeat("x", 100_000))
						return
					}
					tt.reply(w, r, n)
				})
				watched := roundTripper(func(req *http.Request) (*http.Response, error) {
					resp, err := c.transport.RoundTrip(req)
					if err == nil {
						resp.Body = bodies.body(resp.Body)
					}
					return resp, err
				})
				hc := &http.Client{Transport: client.New(open(t, "omilia"), client.WithBase(watched))}
				first, err := hc.Do(request(t, "POST", "{}"))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.Poller{Client: hc}.Follow(t.Context(), first)
				if err == nil {
					t.Error("it came to something")
				}
				if resp != nil {
					resp.Body.Close()
				}
				synctest.Wait()
				if o, n := bodies.opened.Load(), bodies.closed.Load(); o != n {
					t.Errorf("%d bodies came and %d were closed", o, n)
				}
			})
		})
	}
}

func TestARedirectedPOSTIsTheSameRequestOrANewOne(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		where  string
		method string
		body   string
		keyed  bool // the second request has the first one's key
		known  bool // it has our credentials
	}{
		{"307 keeps the key, the body and the credentials", 307, "/elsewhere", "POST", `{"a":1}`, true, true},
		{"308 likewise", 308, "/elsewhere", "POST", `{"a":1}`, true, true},
		{"307 to another host keeps the key and the body only", 307, "http://other.test/", "POST", `{"a":1}`, true, false},
		{"302 becomes a GET without a key", 302, "/elsewhere", "GET", "", false, true},
		{"303 likewise", 303, "/elsewhere", "GET", "", false, true},
		{"302 to another host becomes a GET of nobody's", 302, "http://other.test/", "GET", "", false, false},
		{"301 likewise", 301, "http://other.test/", "GET", "", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCrowd(t, func(w http.ResponseWriter, r *http.Request, n int) {
					switch n {
					case 1:
						to(w, tt.status, tt.where)
					case 2:
						w.Header().Set("Retry-After", "2")
						w.WriteHeader(503) // so that it is retried there
					}
				})
				resp, _ := call(t, secretly(t, c, "omilia"), request(t, "POST", `{"a":1}`))
				if resp.StatusCode != 200 {
					t.Errorf("got %d", resp.StatusCode)
				}
				all := c.sightings()
				if len(all) != 3 {
					t.Fatalf("asked were %q", c.urls())
				}
				key := all[0].header.Get("Idempotency-Key")
				if key == "" {
					t.Error("the first one had no key")
				}
				if !tt.keyed {
					key = ""
				}
				for _, a := range all[1:] {
					if a.method != tt.method || a.body != tt.body || a.header.Get("Idempotency-Key") != key {
						t.Errorf("%s %s of %q with key %q, want a %s of %q with key %q", a.method, a.url, a.body, a.header.Get("Idempotency-Key"), tt.method, tt.body, key)
					}
					if known := strings.Contains(fmt.Sprint(a.header), secret); known != tt.known {
						t.Errorf("it was told who we are: %v; %v", known, a.header)
					}
				}
			})
		})
	}
}

func TestARedirectToWhatIsNoWebAddressIsAnErrorAndIsNotFollowed(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"javascript:alert(1)", "file:///etc/passwd", "gopher://evil.test/", "http:///things", "http://[::1", "/%zz", ""} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCrowd(t, func(w http.ResponseWriter, r *http.Request, n int) { to(w, 307, where) })
				resp, err := secretly(t, c, "omilia").Do(request(t, "POST", "{}"))
				if where == "" && err == nil { // net/http hands it back as it is
					if r := report(t, resp); r.Outcome.Kind != parlance.KindRedirected {
						t.Errorf("it came to %v", r.Outcome.Kind)
					}
					resp.Body.Close()
				} else if err == nil {
					t.Error("it came to something")
				}
				if got := c.urls(); !slices.Equal(got, []string{"POST http://upstream.test/things"}) {
					t.Errorf("asked were %q", got)
				}
			})
		})
	}
}

func TestARetryAfterIsTakenAtItsWordOrNotAtAll(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	ago := func(d time.Duration) string {
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(-d).Format(http.TimeFormat)
	}
	tests := []struct {
		name   string
		values []string
		sent   int
		wait   time.Duration // exactly; 0 is the dialect's own backoff
	}{
		{"100,000 hours are handed back and not slept through", []string{"360000000"}, 1, 100000 * time.Hour},
		{"a number that is a moment is one", []string{"946684831"}, 1, 31 * time.Second},
		{"and in milliseconds", []string{"946684831000"}, 1, 31 * time.Second},
		{"a moment that is past is now", []string{"946684000"}, 4, 0},
		{"a moment in 25 years is handed back", []string{"1743440400"}, 1, 221321 * time.Hour},
		{"an instant", []string{"2000-01-01T00:00:31Z"}, 1, 31 * time.Second},
		{"zero is now, after the backoff", []string{"0"}, 4, 0},
		{"more than a clock can hold is a hundred years", []string{"99999999999999999999"}, 1, 876000 * time.Hour},
		{"a negative one is none", []string{"-5"}, 4, 0},
		{"a date that is past is now", []string{ago(day)}, 4, 0},
		{"garbage is none", []string{"soon"}, 4, 0},
		{"nothing is none", []string{""}, 4, 0},
		{"of two the longest counts", []string{"3", "7"}, 4, 7 * time.Second},
		{"in whatever order", []string{"7", "3"}, 4, 7 * time.Second},
		{"of a time and garbage the time counts", []string{"soon", "7"}, 4, 7 * time.Second},
		{"of a date and a number the longest counts", []string{"3", ago(-40 * day)}, 1, 40 * day},
		{"a date too far away is handed back", []string{ago(-31 * time.Second)}, 1, 31 * time.Second},
		{"31 seconds are too long", []string{"31"}, 1, 31 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, response{do: func(w http.ResponseWriter, r *http.Request) {
					w.Header()["Retry-After"] = tt.values
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(429)
					io.WriteString(w, vmsError)
				}})
				start := time.Now()
				resp, body := call(t, u.client(t, "vms"), request(t, "POST", "{}"))
				r := report(t, resp)
				last := r.Attempts[len(r.Attempts)-1]
				if body != vmsError || r.Outcome.Kind != parlance.KindRateLimited || len(u.sightings()) != tt.sent {
					t.Fatalf("it came to %v %q after %d requests", r.Outcome.Kind, body, len(u.sightings()))
				}
				if last.Held == "" || last.Again {
					t.Errorf("the last attempt is %+v", last)
				}
				if tt.sent == 1 && time.Since(start) != 0 {
					t.Errorf("it slept %v", time.Since(start))
				}
				if tt.wait > 0 && (r.Outcome.RetryAfter != tt.wait || r.Decision.After != tt.wait || last.Wait != tt.wait) {
					t.Errorf("retry after %v, wait %v, want %v", r.Outcome.RetryAfter, last.Wait, tt.wait)
				}
				for _, w := range u.waits() {
					if tt.wait > 0 && w != tt.wait || w < time.Second || w > 8*time.Second {
						t.Errorf("it waited %v", w)
					}
				}
			})
		})
	}
}

func TestARefusalOfEveryTokenIsAskedForTwiceAndNoMore(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"vision", "vbapi", "oauth2-bearer"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var logins atomic.Int32
				u := newUpstream(t, response{status: 401, header: map[string]string{"Www-Authenticate": `Bearer error="invalid_token"`, "Retry-After": "0"}, body: `{"error":"invalid_token"}`})
				c := u.client(t, name, client.WithCredential(counting(&logins)), client.WithMaxAttempts(100))
				for i := range 3 {
					resp, body := call(t, c, request(t, "POST", "{}"))
					r := report(t, resp)
					if resp.StatusCode != 401 || body != `{"error":"invalid_token"}` || r.Decision.Act != parlance.ActStop || len(r.Attempts) != 2 {
						t.Errorf("got %d %q, %v after %d attempts", resp.StatusCode, body, r.Decision.Act, len(r.Attempts))
					}
					if err := client.Check(resp); !errors.Is(err, parlance.ErrUnauthenticated) {
						t.Errorf("the error is %v", err)
					}
					if n := int(logins.Load()); n != i+2 {
						t.Errorf("%d sign-ins after %d requests", n, i+1)
					}
				}
			})
		})
	}
}

// A token endpoint in memory, beside an API that takes no token for good.
func tokenless(t *testing.T, endpoint func(w http.ResponseWriter, r *http.Request, n int)) (*upstream, *http.Client) {
	t.Helper()
	var asks atomic.Int32
	c := newCrowd(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if r.Host == "login.test" {
			endpoint(w, r, int(asks.Add(1)))
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(401)
		io.WriteString(w, "<refused/>")
	})
	login := client.NewOAuth(&http.Client{Transport: c.transport}, "http://login.test/token", url.Values{"grant_type": {"client_credentials"}, "client_secret": {secret}})
	return c, &http.Client{Transport: client.New(open(t, "vision"), client.WithBase(c.transport), client.WithCredential(login))}
}

const firstGrant = `{"access_token":"t1","refresh_token":"r1"}`

func TestARefreshThatIsItselfRefusedGivesThe401AndLeavesTheEndpointAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, hc := tokenless(t, func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				io.WriteString(w, firstGrant)
				return
			}
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(429)
		})
		start := time.Now()
		resp, body := call(t, hc, request(t, "POST", "<ORDERS/>"))
		r := report(t, resp)
		var refused *client.TokenError
		if resp.StatusCode != 401 || body != "<refused/>" || len(r.Attempts) != 1 || r.Attempts[0].Held != "not retried: no new token could be had" {
			t.Errorf("got %d %q, %+v", resp.StatusCode, body, r.Attempts)
		}
		if err := client.Check(resp); !errors.As(err, &refused) || refused.Status != 429 || refused.RetryAfter != 2*time.Minute || !errors.Is(err, parlance.ErrUnauthenticated) {
			t.Errorf("the error is %v", err)
		} else if strings.Contains(err.Error(), secret) {
			t.Error("the error has the secret in it")
		}
		// Until then nothing is sent, neither there nor to the API.
		before := len(c.sightings())
		_, err := hc.Do(request(t, "GET", ""))
		var e *client.Error
		if !errors.As(err, &e) || e.Decision.Act != parlance.ActRetry || e.Decision.After != 2*time.Minute || e.Outcome.Reason != parlance.ReasonNotSent || len(e.Attempts) != 0 {
			t.Errorf("the error is %v", err)
		}
		if len(c.sightings()) != before || time.Since(start) != 0 {
			t.Errorf("asked were %q after %v", c.urls(), time.Since(start))
		}
	})
}

func TestARefreshThatHangsEndsByItselfOrWithTheCallersTime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		timeout time.Duration
		took    time.Duration
	}{{"by itself", time.Hour, time.Minute}, {"with the caller's time", 10 * time.Second, 10 * time.Second}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, hc := tokenless(t, func(w http.ResponseWriter, r *http.Request, n int) {
					if n == 1 {
						io.WriteString(w, firstGrant)
						return
					}
					<-r.Context().Done()
				})
				start := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
				defer cancel()
				resp, body := call(t, hc, request(t, "GET", "").WithContext(ctx))
				a := report(t, resp).Attempts
				if resp.StatusCode != 401 || body != "<refused/>" || len(a) != 1 || a[0].Held != "not retried: no new token could be had" || !errors.Is(a[0].Err, context.DeadlineExceeded) {
					t.Errorf("got %d %q, %+v", resp.StatusCode, body, a)
				}
				if took := time.Since(start); took != tt.took || len(c.sightings()) != 3 {
					t.Errorf("it took %v, and asked were %q", took, c.urls())
				}
				time.Sleep(time.Minute) // virtual: what goes on beside ends by itself too
			})
		})
	}
}

func TestAPollThatNeverEndsIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var bodies balance
		c := newCrowd(t, func(w http.ResponseWriter, r *http.Request, n int) {
			to(w, 202, fmt.Sprint("/jobs/", n))
			io.WriteString(w, "still at it")
		})
		hc := &http.Client{Transport: client.New(open(t, "omilia"), client.WithBase(roundTripper(func(req *http.Request) (*http.Response, error) {
			resp, err := c.transport.RoundTrip(req)
			if err == nil {
				resp.Body = bodies.body(resp.Body)
			}
			return resp, err
		})))}
		start := time.Now()
		first, err := hc.Do(request(t, "POST", "{}"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Poller{Client: hc}.Follow(t.Context(), first)
		var pending *client.PendingError
		if !errors.As(err, &pending) || pending.Where != fmt.Sprint("http://upstream.test/jobs/", len(c.sightings())) || pending.After != 30*time.Second {
			t.Errorf("the error is %v", err)
		}
		if read(t, resp) != "still at it" {
			t.Error("the last response is lost")
		}
		if took := time.Since(start); took > time.Hour || took < time.Hour-30*time.Second || len(c.sightings()) > 130 {
			t.Errorf("it took %v and %d looks", took, len(c.sightings()))
		}
		if o, n := bodies.opened.Load(), bodies.closed.Load(); o != n || int(o) != len(c.sightings()) {
			t.Errorf("%d bodies came and %d were closed", o, n)
		}
	})
}

func TestAResponseThatEndsEarlyIsNoSuccess(t *testing.T) {
	t.Parallel()
	const head = "Content-Type: application/json\r\n"
	tests := []struct {
		name, method, reply, body string
		kind                      parlance.Kind
		safe                      bool
	}{
		{"less than was promised", "GET", "HTTP/1.1 200 OK\r\n" + head + "Content-Length: 1000\r\n\r\n" + `{"data":`, `{"data":`, parlance.KindUnavailable, true},
		{"less than was promised, of a POST", "POST", "HTTP/1.1 200 OK\r\n" + head + "Content-Length: 1000\r\n\r\n" + `{"data":`, `{"data":`, parlance.KindUnavailable, false},
		{"a chunk that is cut", "GET", "HTTP/1.1 200 OK\r\n" + head + "Transfer-Encoding: chunked\r\n\r\nff\r\n" + `{"data":`, `{"data":`, parlance.KindUnavailable, true},
		{"no last chunk", "GET", "HTTP/1.1 200 OK\r\n" + head + "Transfer-Encoding: chunked\r\n\r\n8\r\n" + `{"data":` + "\r\n", `{"data":`, parlance.KindUnavailable, true},
		{"a chunk whose length is garbage", "POST", "HTTP/1.1 200 OK\r\n" + head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "", parlance.KindBadGateway, false},
		{"half a failure", "POST", "HTTP/1.1 404 Not Found\r\n" + head + "Content-Length: 1000\r\n\r\n" + `{"data":null,`, `{"data":null,`, parlance.KindNotFound, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr, _ := wire(t, func(c net.Conn) { io.WriteString(c, tt.reply) })
			base := &http.Transport{DisableKeepAlives: true}
			req, err := http.NewRequestWithContext(t.Context(), tt.method, addr, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.New(open(t, "vbapi"), client.WithBase(base), client.WithMaxWait(0)).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, broken := io.ReadAll(resp.Body)
			r := report(t, resp)
			if string(body) != tt.body || broken == nil || r.Broken == nil {
				t.Errorf("read %q, %v; broken %v", body, broken, r.Broken)
			}
			if r.Outcome.Kind != tt.kind || r.Decision.RetrySafe != tt.safe {
				t.Errorf("it came to %v, safe %v", r.Outcome.Kind, r.Decision.RetrySafe)
			}
			if err := client.Check(resp); err == nil || tt.kind != parlance.KindNotFound && !errors.Is(err, broken) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// endless counts what it gives, and never ends.
type endless struct {
	text  string
	given atomic.Int64
}

func (e *endless) Read(p []byte) (n int, err error) {
	for n < len(p) {
		n += copy(p[n:], e.text)
	}
	e.given.Add(int64(n))
	return n, nil
}

func TestABodyWithoutEndCostsABoundedAmount(t *testing.T) {
	t.Parallel()
	const limit, slack = 1 << 20, 128 << 10
	for _, tt := range []struct {
		name, dialect, start string
		status, sent         int
	}{
		{"under a 500 that is retried", "vms", `{"message":"`, 500, 4},
		{"under a 400", "vms", `{"message":"`, 400, 1},
		{"of brackets", "plain", "[", 400, 1},
		{"under a 200 whose body decides", "vbapi", `{"data":"`, 200, 1},
		{"that only opens", "vision", "<a>", 500, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				// The base gives it byte by byte as it is asked for, so that the count is exact.
				var all []*endless
				var bodies balance
				base := roundTripper(func(req *http.Request) (*http.Response, error) {
					e := &endless{text: tt.start}
					all = append(all, e)
					return &http.Response{StatusCode: tt.status, Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: -1, Request: req,
						Body: bodies.body(io.NopCloser(io.MultiReader(strings.NewReader(tt.start), e)))}, nil
				})
				resp, err := client.New(open(t, tt.dialect), client.WithBase(base)).RoundTrip(request(t, "GET", ""))
				if err != nil {
					t.Fatal(err)
				}
				if len(all) != tt.sent {
					t.Errorf("sent %d times", len(all))
				}
				for _, e := range all {
					if n := e.given.Load(); n > limit+slack {
						t.Errorf("%d bytes were taken", n)
					}
				}
				r := report(t, resp)
				if !r.Cut || r.Whole || r.Broken != nil || r.Outcome.Status != tt.status || r.Outcome.Kind.Good() && tt.status >= 400 {
					t.Errorf("cut %v, whole %v: %v", r.Cut, r.Whole, r.Outcome.Kind)
				}
				if len(r.Outcome.Detail) > limit {
					t.Errorf("%d bytes of detail", len(r.Outcome.Detail))
				}
				// The caller may read on, as long as he likes.
				if n, err := io.CopyN(io.Discard, resp.Body, 3*limit); n != 3*limit || err != nil {
					t.Errorf("the caller read %d, %v", n, err)
				}
				resp.Body.Close()
				before := all[len(all)-1].given.Load()
				if o, c := bodies.opened.Load(), bodies.closed.Load(); o != c {
					t.Errorf("%d bodies came and %d were closed", o, c)
				}
				if after := all[len(all)-1].given.Load(); after != before {
					t.Error("it was drained after all")
				}
			})
		})
	}
}

func TestAHundredMegabytesUnderA500AreNotFetched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var wrote atomic.Int64
		u := newUpstream(t, response{do: func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			piece := bytes.Repeat([]byte("x"), 64<<10)
			for range 1600 {
				n, err := w.Write(piece)
				wrote.Add(int64(n))
				if err != nil {
					return
				}
			}
		}})
		resp, err := u.client(t, "vms").Do(request(t, "GET", ""))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		synctest.Wait()
		if n := wrote.Load(); n > 4*(1<<20+256<<10) || len(u.sightings()) != 4 {
			t.Errorf("%d bytes were fetched in %d attempts", n, len(u.sightings()))
		}
	})
}

func TestABombIsNotUnpackedForTheCallerWhoAskedForIt(t *testing.T) {
	t.Parallel()
	bomb := zip(`{"message":"` + strings.Repeat("0", 6<<20) + `"}`)
	for _, tt := range []struct {
		name, accept string
		status       int
		dialect      string
	}{
		{"a failure", "gzip", 500, "plain"},
		{"a success whose body decides", "gzip", 200, "vbapi"},
		{"a failure, undone underneath", "", 500, "plain"},
		{"a success whose body decides, undone underneath", "", 200, "vbapi"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := server(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Content-Encoding", "gzip")
				w.WriteHeader(tt.status)
				w.Write(bomb)
			})
			req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			if tt.accept != "" {
				req.Header.Set("Accept-Encoding", tt.accept)
			}
			resp, err := client.New(open(t, tt.dialect)).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			r := report(t, resp)
			if len(r.Outcome.Detail) > 1<<20 || len(r.Data) > 1<<20 {
				t.Errorf("%d bytes of detail, %d of data", len(r.Outcome.Detail), len(r.Data))
			}
			if r.Outcome.Status != tt.status || tt.status == 500 && r.Outcome.Kind != parlance.KindInternal {
				t.Errorf("it came to %v", r.Outcome.Kind)
			}
			if tt.accept != "" {
				if body, err := io.ReadAll(resp.Body); !bytes.Equal(body, bomb) || err != nil {
					t.Errorf("the caller got %d bytes and not the %d that were sent, %v", len(body), len(bomb), err)
				}
			}
		})
	}
}

func TestACodeThatNobodyListedIsNoPlainSuccess(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, dialect string
		reply         response
		kind          parlance.Kind
		act           parlance.Act
	}{
		{"in a body under 200", "vision", inXML(200, res(4711, "?")), parlance.KindNoted, parlance.ActInspect},
		{"in a body under 200, as a status that nobody has", "vision", inXML(200, res(777, "?")), parlance.KindInternal, parlance.ActRetry},
		{"in a body under 500", "vision", inXML(500, res(777, "?")), parlance.KindInternal, parlance.ActRetry},
		{"of a record under 200", "vision", inXML(200, made(4711)), parlance.KindNoted, parlance.ActInspect},
		{"a body that is not what was promised", "vbapi", inJSON(200, `<html>`), parlance.KindNoted, parlance.ActInspect},
		{"an error under 200", "vbapi", inJSON(200, strings.Replace(vbapiError(404).body, `"data":null`, `"data":[]`, 1)), parlance.KindFailed, parlance.ActStop},
		{"a code of omilia's own", "omilia", inJSON(422, omiliaErrors("666", "?", "", 422)), parlance.KindInvalid, parlance.ActCorrect},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, tt.reply)
				resp, body := call(t, u.client(t, tt.dialect), request(t, "GET", ""))
				r := report(t, resp)
				if body != tt.reply.body || r.Outcome.Kind == parlance.KindSuccess {
					t.Errorf("it came to %v %q", r.Outcome.Kind, body)
				}
				if r.Outcome.Kind != tt.kind || r.Decision.Act != tt.act {
					t.Errorf("it came to %v, %v (%v); want %v, %v", r.Outcome.Kind, r.Decision.Act, r.Diagnostics, tt.kind, tt.act)
				}
			})
		})
	}
}

func TestAStatusThatIsNoneIsAResponseOrAnErrorAndNeverASuccess(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"HTTP/1.1 099 ?", "HTTP/1.1 000 ?", "HTTP/1.1 001 ?", "HTTP/1.1 600 ?", "HTTP/1.1 999 ?", "HTTP/1.1 2000 ?", "HTTP/1.1 -20 ?", "HTTP/1.1 2x0 ?", "HTTP/1.1 20", "200 OK", "HTTP/1.1"} {
		for _, name := range []string{"plain", "vms", "vision", "vbapi", "omilia"} {
			t.Run(name+" "+line, func(t *testing.T) {
				t.Parallel()
				addr, served := wire(t, func(c net.Conn) { io.WriteString(c, line+"\r\nContent-Length: 2\r\n\r\n{}") })
				base := &http.Transport{DisableKeepAlives: true}
				req, err := http.NewRequestWithContext(t.Context(), "POST", addr, strings.NewReader("pay"))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.New(open(t, name), client.WithBase(base), client.WithMaxWait(0)).RoundTrip(req)
				if served.Load() != 1 {
					t.Errorf("a POST was sent %d times", served.Load())
				}
				if err != nil {
					var e *client.Error
					if !errors.As(err, &e) || e.Outcome.Kind != parlance.KindBadGateway || e.Outcome.Reason != parlance.ReasonMalformed {
						t.Errorf("the error is %v", err)
					}
					return
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if string(body) != "{}" || err != nil {
					t.Errorf("the caller read %q, %v", body, err)
				}
				r := report(t, resp)
				if !r.Outcome.Kind.Failing() || client.Check(resp) == nil {
					t.Errorf("%d came to %v", resp.StatusCode, r.Outcome.Kind)
				}
				if r.Outcome.Status != resp.StatusCode {
					t.Errorf("%d is reported as %d", resp.StatusCode, r.Outcome.Status)
				}
			})
		}
	}
}

func TestInterimResponsesWithoutEndAreNotWaitedOut(t *testing.T) {
	t.Parallel()
	addr, served := wire(t, func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: <"+strings.Repeat("x", 10_000)+">\r\n\r\n"); err != nil {
				return
			}
		}
	})
	base := &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 1 << 20}
	req, err := http.NewRequestWithContext(t.Context(), "POST", addr, strings.NewReader("pay"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.New(open(t, "vms"), client.WithBase(base), client.WithMaxWait(0)).RoundTrip(req)
	var e *client.Error
	if !errors.As(err, &e) || e.Outcome.Kind != parlance.KindBadGateway || e.Decision.RetrySafe || served.Load() != 1 {
		t.Errorf("%v after %d requests", err, served.Load())
	}
}

func TestAHeaderOfAbsurdSizeIsAnErrorOrIsNotKept(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 300_000)
	t.Run("beyond what the base takes", func(t *testing.T) {
		t.Parallel()
		addr, _ := wire(t, func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nX-Request-Id: "+big+"\r\nContent-Length: 0\r\n\r\n")
		})
		base := &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 100_000}
		req, err := http.NewRequestWithContext(t.Context(), "POST", addr, strings.NewReader("pay"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.New(open(t, "vms"), client.WithBase(base), client.WithMaxWait(0)).RoundTrip(req)
		var e *client.Error
		if !errors.As(err, &e) || e.Outcome.Reason != parlance.ReasonMalformed || e.Decision.RetrySafe {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("within it", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			header := map[string]string{"X-Request-Id": big, "Retry-After": "9" + big, "Content-Type": "application/json; " + big, "Location": "/" + big}
			u := newUpstream(t, response{status: 404, header: header, body: `{"message":"gone"}`})
			resp, body := call(t, u.client(t, "plain"), request(t, "GET", ""))
			o := report(t, resp).Outcome
			if body != `{"message":"gone"}` || o.Kind != parlance.KindNotFound || o.RetryAfter != 0 {
				t.Errorf("it came to %v %q, after %v", o.Kind, body, o.RetryAfter)
			}
			if resp.Header.Get("X-Request-Id") != big {
				t.Error("the caller does not get the field")
			}
		})
	})
}

func TestAProtocolIsSwitchedWhateverWatchesTheClock(t *testing.T) {
	t.Parallel()
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		line, _ := rw.ReadString('\n')
		io.WriteString(conn, "you said "+line)
	})
	for name, opt := range map[string]client.Option{"an attempt timeout": client.WithAttemptTimeout(time.Hour), "a hedge": client.WithHedge(time.Hour)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Connection", "Upgrade")
			req.Header.Set("Upgrade", "echo")
			resp, err := client.New(open(t, "plain"), opt).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			conn, ok := resp.Body.(io.ReadWriter)
			if !ok {
				t.Fatal("the body of a 101 cannot be written to")
			}
			io.WriteString(conn, "hello\n")
			if got, err := io.ReadAll(conn); string(got) != "you said hello\n" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// A response may come before the request has been read. What is left of the body
// is not mixed with that of the retry.
func TestAResponseBeforeTheBodyWasReadIsRetriedWithAllOfIt(t *testing.T) {
	t.Parallel()
	whole := strings.Repeat("0123456789", 1<<15)
	var n atomic.Int32
	var got atomic.Value
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 1 {
			w.Header().Set("Connection", "close")
			w.WriteHeader(425)
			return
		}
		body, _ := io.ReadAll(r.Body)
		got.Store(string(body))
	})
	req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL, strings.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	once := &turnstile{}
	resp, err := client.New(quickly(t), client.WithBase(srv.Client().Transport), client.WithGate(once)).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 || got.Load() != whole || once.entered != 2 {
		t.Errorf("got %d after %d attempts, and %d bytes were read", resp.StatusCode, once.entered, len(fmt.Sprint(got.Load())))
	}
}

// quickly is a dialect that waits for a millisecond: over a socket no more can be
// waited.
func quickly(t *testing.T) *dialect.Dialect {
	t.Helper()
	d, err := dialect.Compile("quickly.yaml", []byte("dialect: quickly\ntitle: Quickly\ncodes: {200: success, 425: {kind: unavailable, no_effect: true, retry: {schedule: [1ms]}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// What support reads has a line for each attempt, and none that a server wrote.
func TestAServerWritesNoLineOfTheReportForSupport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const forged = `x\nTo: mallory@evil.test\u001b[2J\u0085\u2028`
		u := newUpstream(t, inJSON(500, strings.ReplaceAll(vbapiError(500).body, activity, forged)))
		resp, _ := call(t, u.client(t, "vbapi"), request(t, "GET", ""))
		text := report(t, resp).SupportReport().String()
		if strings.Count(text, "\n") != 3 || strings.ContainsAny(text, "\x1b\u0085\u2028") || !strings.Contains(text, "activityId x To: mallory") {
			t.Errorf("support reads %q", text)
		}
		if line := client.Check(resp).Error(); strings.ContainsAny(line, "\n\x1b\u0085") {
			t.Errorf("the error is %q", line)
		}
	})
}

// The caller's context may end in any of the waits. He gets what there is.
func TestAContextThatEndsEndsEveryWait(t *testing.T) {
	t.Parallel()
	const give = 5 * time.Second
	slow := func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(time.Hour):
		case <-r.Context().Done():
		}
	}
	with := func(o ...client.Option) func() []client.Option { return func() []client.Option { return o } }
	none := with()
	tests := []struct {
		name   string
		reply  func(w http.ResponseWriter, r *http.Request)
		opts   func() []client.Option
		status int // of the response that the caller gets; 0 for an error
		seen   int
	}{
		{"before a retry", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Retry-After", "20"); w.WriteHeader(503) }, none, 503, 1},
		{"for the head", slow, none, 0, 1},
		{"for the head, with an attempt timeout", slow, with(client.WithAttemptTimeout(time.Minute)), 0, 1},
		{"for the head, with a hedge", slow, with(client.WithHedge(time.Second)), 0, 2},
		{"for the body of a failure", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(404)
			io.WriteString(w, `{"mess`)
			w.(http.Flusher).Flush()
			slow(w, r)
		}, none, 404, 1},
		{"for a sign-in", func(w http.ResponseWriter, r *http.Request) {}, func() []client.Option {
			return []client.Option{client.WithCredential(client.NewLogin(func(ctx context.Context) (client.Grant, error) {
				<-ctx.Done()
				return client.Grant{}, ctx.Err()
			}, nil))}
		}, 0, 0},
		{"for a gate", func(w http.ResponseWriter, r *http.Request) {}, func() []client.Option {
			return []client.Option{client.WithGate(&turnstile{waits: []time.Duration{20 * time.Second}})}
		}, 0, 0},
	}
	for _, tt := range tests {
		for _, how := range []string{"cancelled", "timed out"} {
			t.Run(tt.name+", "+how, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					u := newUpstream(t, response{do: tt.reply})
					start := time.Now()
					ctx, cancel := context.WithCancel(t.Context())
					stop := time.AfterFunc(give, cancel)
					defer stop.Stop()
					want := parlance.KindUnavailable
					if how == "timed out" {
						cancel()
						ctx, cancel = context.WithTimeout(t.Context(), give)
						want = parlance.KindTimeout
					}
					defer cancel()
					resp, err := u.client(t, "vms", tt.opts()...).Do(request(t, "GET", "").WithContext(ctx))
					took := time.Since(start)
					if took > give {
						t.Errorf("it took %v", took)
					}
					if tt.status != 0 {
						if err != nil {
							t.Fatal(err)
						}
						defer resp.Body.Close()
						if r := report(t, resp); resp.StatusCode != tt.status || r.Outcome.Status != tt.status {
							t.Errorf("got %d, reported as %d", resp.StatusCode, r.Outcome.Status)
						}
					} else {
						var e *client.Error
						if !errors.As(err, &e) {
							t.Fatalf("the error is %v", err)
						}
						if withheld := errors.Is(err, client.ErrNotSent); e.Outcome.Kind != want && !withheld {
							t.Errorf("it came to %v/%v", e.Outcome.Kind, e.Outcome.Reason)
						}
						if (e.Decision.Act == parlance.ActStop) != (how == "cancelled") && tt.name != "for a sign-in" {
							t.Errorf("the caller gave up, and is told to %v", e.Decision.Act)
						}
						if !errors.Is(err, context.Cause(ctx)) && took == give {
							t.Errorf("%v is not %v", err, context.Cause(ctx))
						}
					}
					synctest.Wait()
					if n := len(u.sightings()); n != tt.seen && took == give {
						t.Errorf("the server saw %d requests, want %d", n, tt.seen)
					}
					time.Sleep(time.Hour) // virtual: what goes on beside ends by itself
				})
			})
		}
	}
}
