package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/internal/testnet"
)

// TestMain makes times of day the same everywhere. And it starts what package
// signal starts once for the process, which must not be in a bubble of synctest.
func TestMain(m *testing.M) {
	time.Local = time.UTC
	_, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	stop()
	os.Exit(m.Run())
}

// environment is what the calls of tests find in variables.
var environment = map[string]string{"TOKEN": "the-bearer-token", "KEY": "the-api-key", "LOGIN": "reader:the-password", "READER": "reader:demo", "LIBRARIAN": "librarian:demo"}

// calling runs the command, its requests sent by base.
func calling(ctx context.Context, base http.RoundTripper, stdin string, args ...string) (stdout, stderr string, exit int) {
	var out, errs bytes.Buffer
	a := newApp(func(name string) string { return environment[name] }, strings.NewReader(stdin), &out, &errs)
	a.base = base
	exit = a.run(ctx, args)
	return out.String(), errs.String(), exit
}

// api is what the calls of goldens reach, by any name. Each call has its own.
func api() http.Handler {
	count := 0
	mux := http.NewServeMux()
	response := func(w http.ResponseWriter, status int, body string, header ...string) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Request-Id", fmt.Sprintf("r-%d", count))
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
	mux.HandleFunc("/cameras/7", func(w http.ResponseWriter, _ *http.Request) {
		response(w, 200, `{"id":7,"name":"Door"}`, "Set-Cookie", "session=the-cookie", "Etag", `"7"`)
	})
	mux.HandleFunc("/items", func(w http.ResponseWriter, _ *http.Request) {
		response(w, 422, `{"message":"Submitted data was invalid","errors":{"url":["is no URL","is too long"],"date":["has the wrong format"]}}`)
	})
	mux.HandleFunc("/busy", func(w http.ResponseWriter, _ *http.Request) {
		if count++; count < 3 {
			response(w, 503, `{}`, "Retry-After", "2")
			return
		}
		response(w, 200, `{"done":true}`)
	})
	mux.HandleFunc("/closed", func(w http.ResponseWriter, _ *http.Request) {
		response(w, 503, `{}`, "Retry-After", "300")
	})
	mux.HandleFunc("POST /exports", func(w http.ResponseWriter, _ *http.Request) {
		response(w, 202, `{"state":"queued"}`, "Location", "/exports/9?sig=the-signature", "Retry-After", "5")
	})
	mux.HandleFunc("GET /exports/9", func(w http.ResponseWriter, _ *http.Request) {
		if count++; count < 3 {
			response(w, 202, `{"state":"running"}`, "Retry-After", "5")
			return
		}
		response(w, 200, `{"state":"done","rows":12}`)
	})
	mux.HandleFunc("/bug", func(w http.ResponseWriter, _ *http.Request) {
		response(w, 500, `{"data":null,"error":{"type":null,"title":"Internal Server Error","status":500,"detail":"It broke","instance":"/bug"},"debug":{"activityId":"a-1"}}`)
	})
	mux.HandleFunc("/batch", func(w http.ResponseWriter, _ *http.Request) {
		response(w, 207, `{"status":207,"kind":"partial","items":[{"index":0,"kind":"success","status":200},{"index":1,"id":"b","kind":"invalid","status":400,"detail":"The amount must not be negative"}]}`, "Content-Type", "application/problem+json")
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, _ *http.Request) {
		response(w, 302, ``, "Location", "/cameras/7?token=the-query-secret")
	})
	mux.HandleFunc("/charges", func(w http.ResponseWriter, _ *http.Request) {
		response(w, 402, `{"error":{"code":"card_declined","decline_code":"generic_decline","doc_url":"https://stripe.com/docs/error-codes/card-declined","message":"Your card was declined.","request_log_url":"https://dashboard.stripe.com/x","type":"card_error"}}`,
			"Request-Id", "req_1", "Stripe-Version", "2024-06-20", "X-Request-Id", "")
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Echo", r.Header.Get("Authorization"))
		response(w, 401, fmt.Sprintf(`{"message":"bad token %s"}`, r.Header.Get("Authorization")))
	})
	return mux
}

// TestCallGolden runs each testdata/call/*.golden in virtual time.
func TestCallGolden(t *testing.T) {
	t.Parallel()
	key := regexp.MustCompile(`\b[A-Z2-7]{26}\b`)
	goldens(t, "testdata/call/*.golden", func(t *testing.T, stdin string, args ...string) (stdout, stderr string, exit int) {
		synctest.Test(t, func(t *testing.T) {
			stdout, stderr, exit = calling(t.Context(), memhttp.Serve(t, api()), stdin, args...)
		})
		return strings.ReplaceAll(key.ReplaceAllString(stdout, "KEY"), "\r\n", "\n"), key.ReplaceAllString(stderr, "KEY"), exit
	})
}

func TestACallPrintsNoSecret(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "headers")
	if err := os.WriteFile(file, []byte("X-Anything: the-file-secret\n\nCookie: a=the-own-cookie\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/cameras/7", "/moved", "/echo", "/busy", "/exports"} {
		for _, how := range [][]string{
			{"-v", "-i", "--report"}, {"--json", "--report"}, {"-v", "--follow", "-X", "POST", "--timeout", "7s"},
		} {
			for _, credential := range [][]string{
				{"--token", "env:TOKEN"}, {"--token", "X-Api-Key: env:KEY"}, {"-u", "env:LOGIN"}, {"-H", "@" + file}, {"-H", "Authorization: Bearer the-bearer-token"},
			} {
				synctest.Test(t, func(t *testing.T) {
					args := slices.Concat([]string{"call", "http://me:the-url-password@api.example.com" + path + "?api_key=the-query-key"}, how, credential)
					stdout, stderr, exit := calling(t.Context(), memhttp.Serve(t, api()), "", args...)
					if exit == exitUsage {
						t.Fatalf("%q: %s", args, stderr)
					}
					printed := stderr
					head, _, _ := strings.Cut(stdout, "\r\n\r\n")
					if path == "/echo" && !slices.Contains(how, "-i") && !slices.Contains(how, "--json") {
						head = "" // the body is the server's own
					}
					printed += head
					for _, secret := range []string{"the-bearer-token", "the-api-key", "the-password", "cmVhZGVyOnRoZS1wYXNzd29yZA==", "the-file-secret", "the-own-cookie", "the-cookie", "the-url-password", "bWU6dGhlLXVybC1wYXNzd29yZA==", "the-query-key"} {
						if strings.Contains(printed, secret) {
							t.Errorf("%q prints %s:\n%s", args, secret, printed)
						}
					}
					for _, secret := range []string{"the-query-secret", "the-signature"} { // the server's, in a Location
						if prose := regexp.MustCompile(`(?m)^  < .*\n`).ReplaceAllString(stderr, ""); strings.Contains(prose, secret) {
							t.Errorf("%q prints %s:\n%s", args, secret, stderr)
						}
					}
				})
			}
		}
	}
}

func TestACallSendsWhatItIsTold(t *testing.T) {
	t.Parallel()
	headers := filepath.Join(t.TempDir(), "headers")
	if err := os.WriteFile(headers, []byte("X-One: 1\r\nX-Two: 2\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, stdin string
		args        []string
		want        string // method, then a header, then the body
		header      string
	}{
		{"nothing but a URL", "", nil, "GET ||", "Content-Type"},
		{"a name of its own", "", nil, "GET |parlance|", "User-Agent"},
		{"JSON", "", []string{"-d", `{"a":1}`}, `POST |application/json|{"a":1}`, "Content-Type"},
		{"XML", "", []string{"-d", "<a/>", "-X", "put"}, "PUT |application/xml|<a/>", "Content-Type"},
		{"a form of two", "", []string{"-d", "a=1", "-d", "b=2"}, "POST |application/x-www-form-urlencoded|a=1&b=2", "Content-Type"},
		{"a type that is named", "", []string{"-d", "[]", "-H", "content-type: text/plain"}, "POST |text/plain|[]", "Content-Type"},
		{"a file", "", []string{"-d", "@testdata/call/order.json"}, "POST |application/json|{\"product\": 7, \"count\": 2}\n", "Content-Type"},
		{"standard input", "[1]", []string{"-d", "-"}, "POST |application/json|[1]", "Content-Type"},
		{"bytes", "\xff\x00", []string{"-d", "@-"}, "POST |application/octet-stream|\xff\x00", "Content-Type"},
		{"an empty body", "", []string{"-d", ""}, "POST |application/x-www-form-urlencoded|", "Content-Type"},
		{"headers of a file", "", []string{"-H", "@" + headers}, "GET |2|", "X-Two"},
		{"a header twice", "", []string{"-H", "Accept: a", "-H", "accept: b"}, "GET |a,b|", "Accept"},
		{"a token", "", []string{"--token", "env:TOKEN"}, "GET |Bearer the-bearer-token|", "Authorization"},
		{"a token where the dialect wants it", "", []string{"--token", "env:TOKEN", "--dialect", "shopify"}, "GET |the-bearer-token|", "X-Shopify-Access-Token"},
		{"a token in a header that is named", "", []string{"--token", "X-Api-Key: env:KEY"}, "GET |the-api-key|", "X-Api-Key"},
		{"a user", "", []string{"-u", "env:LOGIN"}, "GET |Basic cmVhZGVyOnRoZS1wYXNzd29yZA==|", "Authorization"},
		{"a host", "", []string{"-H", "Host: other.example.com"}, "GET |other.example.com|", "Host"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				got := ""
				base := memhttp.Serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					r.Header.Set("Host", r.Host)
					got = r.Method + " |" + strings.Join(r.Header[test.header], ",") + "|" + string(body)
				}))
				_, stderr, exit := calling(t.Context(), base, test.stdin, append(test.args, "call", "http://api.example.com/")...)
				if exit != 0 || got != test.want {
					t.Errorf("exit %d: got %q, want %q\n%s", exit, got, test.want, stderr)
				}
			})
		})
	}
}

func TestARetriedPostKeepsItsKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var keys, bodies []string
		base := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			keys, bodies = append(keys, r.Header.Get("Idempotency-Key")), append(bodies, string(body))
			if len(keys) == 1 {
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(503)
			}
		}))
		_, stderr, exit := calling(t.Context(), base, "", "call", "--dialect", "omilia", "-d", "@testdata/call/order.json", "http://api.example.com/orders")
		if exit != 0 || len(keys) != 2 || keys[0] == "" || keys[0] != keys[1] || bodies[0] != bodies[1] || !strings.Contains(stderr, "Idempotency-Key: "+keys[0]+"\n") {
			t.Errorf("exit %d, keys %q, bodies %q\n%s", exit, keys, bodies, stderr)
		}
	})
}

func TestARedirectIsShownAndNotFollowed(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{
		"http://other.example.com/?token=secret": "The response points to http://other.example.com/?token=…. Call that address if it is the one that you want.",
		"/":                                      "The response points to http://api.example.com/. Call",
		"":                                       "The response redirects and does not say where to.",
		"http://[::1/?token=secret":              "The response redirects and does not say where to.",
	} {
		synctest.Test(t, func(t *testing.T) {
			sent := 0
			base := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				sent++
				if location != "" {
					w.Header().Set("Location", location)
				}
				w.WriteHeader(302)
			}))
			_, stderr, exit := calling(t.Context(), base, "", "call", "http://api.example.com/")
			if said := strings.Join(strings.Fields(stderr), " "); exit != 0 || sent != 1 || !strings.Contains(said, want) || strings.Contains(said, "secret") {
				t.Errorf("Location %q: exit %d, sent %d times, want %q in\n%s", location, exit, sent, want, stderr)
			}
		})
	}
}

// TestAnInterruptEndsAWaitAtOnce interrupts after a second, and finds out that
// a second has passed.
func TestAnInterruptEndsAWaitAtOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		args []string
		want []string
	}{
		{"before a retry", []string{"/busy"}, []string{"waits       2s, until 00:00:02", "outcome       unavailable\n", "error         interrupted\n", "next          Send it again in 2 seconds, at 00:00:03.\n"}},
		{"before a look", []string{"/exports", "--follow", "-d", "{}"}, []string{"pending       interrupted\n", "look again  in 5s\n", "where       http://api.example.com/exports/9?sig=…\n"}},
		{"before a response", []string{"/hangs"}, []string{"unavailable/canceled", "error         interrupted\n", "next          Send it again.\n"}},
		{"before the response to a POST", []string{"/hangs", "-d", "{}"}, []string{"error         interrupted\n", "next          It may have been done. Find out before you send it again.\n"}},
		{"for its time is over", []string{"/hangs", "--timeout", "1s"}, []string{"timeout/deadline", "error         --timeout 1s is over\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				handler, began, hang := api(), time.Now(), make(chan struct{})
				defer close(hang)
				base := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/hangs" {
						<-hang
						return
					}
					handler.ServeHTTP(w, r)
				}))
				ctx, interrupt := context.WithCancel(t.Context())
				defer interrupt()
				if !slices.Contains(test.args, "--timeout") {
					time.AfterFunc(time.Second, interrupt)
				}
				args := append([]string{"call", "http://api.example.com" + test.args[0]}, test.args[1:]...)
				_, stderr, exit := calling(ctx, base, "", args...)
				if took := time.Since(began); exit != exitFindings || took != time.Second {
					t.Errorf("exit %d after %v", exit, took)
				}
				for _, want := range test.want {
					if !strings.Contains(stderr, want) {
						t.Errorf("does not say %q:\n%s", want, stderr)
					}
				}
			})
		})
	}
}

// refusing is a transport whose every request fails alike.
type refusing struct{ err error }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }

func TestACallSaysWhyNoResponseCame(t *testing.T) {
	t.Parallel()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it does not like our response to its certificate
	secure.StartTLS()
	defer secure.Close()
	for _, test := range []struct {
		name, url string
		base      http.RoundTripper
		want      []string
	}{
		{"refused", "http://" + testnet.Closed, nil, []string{"unavailable/refused", "  what        nothing listens there", "connection refused\n", "  no retry    it was sent once, as often as allowed (--max-attempts)\n"}},
		{"no certificate that is known", secure.URL, nil, []string{"unavailable/tls", "  what        no secure connection (TLS)", "certificate"}},
		{"no such host", "http://nowhere.example", refusing{&net.DNSError{Err: "no such host", Name: "nowhere.example", IsNotFound: true}}, []string{"unavailable/dns", "  what        there is no such host", "lookup nowhere.example: no such host\n"}},
		{"broken off", "http://api.example.com", refusing{io.ErrUnexpectedEOF}, []string{"unavailable/reset", "  what        the connection broke"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, exit := calling(t.Context(), test.base, "", "call", test.url+"/?token=the-query-secret", "--max-attempts", "1")
			if exit != exitFindings || stdout != "" || strings.Contains(stderr, "the-query-secret") {
				t.Errorf("exit %d, stdout %q\n%s", exit, stdout, stderr)
			}
			for _, want := range test.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("does not say %q:\n%s", want, stderr)
				}
			}
		})
	}
}

func TestTheBodyGoesWhereItIsWanted(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(file, []byte("something longer than what comes, from before"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		stdout, stderr, exit := calling(t.Context(), memhttp.Serve(t, api()), "", "call", "http://api.example.com/cameras/7", "-o", file)
		body, err := os.ReadFile(file)
		if exit != 0 || stdout != "" || err != nil || string(body) != `{"id":7,"name":"Door"}` {
			t.Errorf("exit %d, stdout %q, file %q %v\n%s", exit, stdout, body, err, stderr)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		base := memhttp.Serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { sent++ }))
		_, stderr, exit := calling(t.Context(), base, "", "call", "-d", "{}", "http://api.example.com/", "-o", filepath.Join(file, "no directory"))
		if exit != exitUsage || sent != 0 || !strings.HasPrefix(stderr, "parlance: --output: ") {
			t.Errorf("exit %d, sent %d\n%s", exit, sent, stderr)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		base := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Content-Length", "10")
			w.Write([]byte("\xff\x00half"))
		}))
		stdout, stderr, exit := calling(t.Context(), base, "", "call", "http://api.example.com/")
		if exit != exitFindings || stdout != "\xff\x00half" || !strings.Contains(stderr, "error         the body broke off: unexpected EOF\n") {
			t.Errorf("exit %d, stdout %q\n%s", exit, stdout, stderr)
		}
		stdout, _, exit = calling(t.Context(), base, "", "call", "--json", "http://api.example.com/")
		var got struct {
			Error    string
			Response struct {
				Body  *string
				Bytes []byte `json:"body_base64"`
			}
		}
		if err := json.Unmarshal([]byte(stdout), &got); err != nil || exit != exitFindings || got.Response.Body != nil || string(got.Response.Bytes) != "\xff\x00half" || got.Error == "" {
			t.Errorf("exit %d, %v, stdout %s", exit, err, stdout)
		}
	})
}

// full is standard output on a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestABodyThatCannotBeWrittenIsNoFaultOfTheResponse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var stderr bytes.Buffer
		a := newApp(func(string) string { return "" }, strings.NewReader(""), full{}, &stderr)
		a.base = memhttp.Serve(t, api())
		if exit := a.run(t.Context(), []string{"call", "http://api.example.com/cameras/7"}); exit != exitUsage || !strings.Contains(stderr.String(), "parlance: cannot write the body: no space left\n") {
			t.Errorf("exit %d\n%s", exit, &stderr)
		}
	})
}

func TestACallThatCannotBeUnderstoodSendsNothing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"no URL", nil, "parlance: parlance call takes a URL; 0 given\nhint: for example: parlance call https://"},
		{"no scheme", []string{"api.example.com/x?key=secret"}, "parlance: \"api.example.com/x\" is not an http or https URL\nhint: did you mean https://api.example.com/x?\n"},
		{"no scheme, at hand", []string{"localhost:8000"}, "hint: did you mean http://localhost:8000?\n"},
		{"no scheme, at hand by number", []string{"127.0.0.1/x"}, "hint: did you mean http://127.0.0.1/x?\n"},
		{"a password in it", []string{"me:secret@api.example.com"}, "parlance: the argument is not an http or https URL\n"},
		{"another protocol", []string{"ftp://api.example.com"}, "parlance: \"ftp://api.example.com\" is not an http or https URL\n"},
		{"a dialect that does not exist", []string{"http://x.example", "--dialect", "vsm"}, "parlance: --dialect: no dialect is called \"vsm\"\nhint: did you mean \"vms\"? "},
		{"a method that is none", []string{"http://x.example", "-X", "GE T"}, "parlance: --request \"GE T\" is not a method\n"},
		{"no attempt", []string{"http://x.example", "--max-attempts", "0"}, "parlance: --max-attempts 0 sends nothing\n"},
		{"a header without a colon", []string{"http://x.example", "-H", "Authorization secret"}, "parlance: --header: expected 'Name: value', in one line\n"},
		{"a header of two lines", []string{"http://x.example", "-H", "A: secret\nB: 2"}, "parlance: --header: expected 'Name: value', in one line\n"},
		{"a file of headers that is not there", []string{"http://x.example", "-H", "@nowhere"}, "parlance: --header: open nowhere: "},
		{"a body that is not there", []string{"http://x.example", "-d", "@nowhere"}, "parlance: --data: open nowhere: "},
		{"a token as it is", []string{"http://x.example", "--token", "secret"}, "parlance: --token takes the place of the secret, not the secret itself\nhint: write env:NAME "},
		{"a token as it is, with a colon", []string{"http://x.example", "--token", "X-Key: secret"}, "parlance: --token takes the place of the secret, not the secret itself\n"},
		{"a header's name that is none", []string{"http://x.example", "--token", "X Key: env:TOKEN"}, "parlance: --token: the text before the colon is not the name of a header\n"},
		{"a variable that is not set", []string{"http://x.example", "--token", "env:NOTHING"}, "parlance: --token: the variable \"NOTHING\" is empty\n"},
		{"a user as it is", []string{"http://x.example", "-u", "me:secret"}, "parlance: --user takes the place of the secret, not the secret itself\n"},
		{"a user in a file that is not there", []string{"http://x.example", "-u", "@nowhere"}, "parlance: --user: open nowhere: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, exit := calling(t.Context(), refusing{errors.New("sent")}, "", append([]string{"call"}, test.args...)...)
			if exit != exitUsage || stdout != "" || !strings.Contains(stderr, test.want) || strings.Contains(stderr, "Authorization secret") || strings.Contains(stderr, "me:secret") {
				t.Errorf("exit %d, stdout %q, stderr\n%s\nwant\n%s", exit, stdout, stderr, test.want)
			}
		})
	}
}

func TestTheCountdownCountsAndGoesAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w bytes.Buffer
		c := &countdown{w: &w}
		c.begin(awaiting)
		time.Sleep(1100 * time.Millisecond)
		c.begin(waiting(90 * time.Second))
		time.Sleep(1500 * time.Millisecond)
		c.end()
		c.end() // nothing is shown any more
		var lines []string
		for line := range strings.SplitSeq(w.String(), "\r\x1b[K") {
			lines = append(lines, line)
		}
		lines = slices.Compact(lines)
		want := []string{"", "  no response yet, 1s", "", "  1m30s to go; Ctrl-C ends the wait", "  1m29s to go; Ctrl-C ends the wait", ""}
		if !slices.Equal(lines, want) {
			t.Errorf("got %q, want %q", lines, want)
		}
	})
	var nobody countdown
	nobody.begin(awaiting)
	nobody.end()
}
