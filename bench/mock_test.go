//go:build unix

package bench_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/mock"
)

// mockRequests are what a mock is asked for. A bare handler gives the same bytes.
var mockRequests = []struct {
	name, prefer string
	status       int
}{
	{"success", "", http.StatusOK},
	{"402", "code=402", http.StatusPaymentRequired},
	{"card_declined", "code=card_declined", http.StatusPaymentRequired},
	{"429-with-a-wait", "code=429; retry-after=7", http.StatusTooManyRequests},
}

// mocks are the servers of BenchmarkMock.
var mocks = []struct {
	name    string
	handler func() (http.Handler, error)
}{
	{"mock-bare", bareMock},
	{"mock", parlanceMock},
}

func parlanceMock() (http.Handler, error) {
	d, err := catalog.Open("stripe")
	if err != nil {
		return nil, err
	}
	return mock.New(d), nil
}

// bareMock writes the responses that the mock gave once, with their header.
func bareMock() (http.Handler, error) {
	h, err := parlanceMock()
	if err != nil {
		return nil, err
	}
	type canned struct {
		header http.Header
		status int
		body   []byte
	}
	all := map[string]canned{}
	for _, q := range mockRequests {
		r := httptest.NewRequest("GET", "/v1/charges", http.NoBody)
		if q.prefer != "" {
			r.Header.Set("Prefer", q.prefer)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		all[q.prefer] = canned{w.Header(), w.Code, w.Body.Bytes()}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := all[strings.Join(r.Header["Prefer"], "")]
		h := w.Header()
		for name, values := range c.header {
			h[name] = values
		}
		h["Content-Length"] = []string{strconv.Itoa(len(c.body))}
		w.WriteHeader(c.status)
		_, _ = w.Write(c.body)
	}), nil
}

// BenchmarkMock is the CPU time and the rate of a mock beside a handler of net/http that
// writes the same bytes. Each is a process of its own. They take turns: cpu-of-bare and
// rate-of-bare are the medians of the ratios in the same turn.
func BenchmarkMock(b *testing.B) {
	for _, connections := range []int{1, 16} {
		for _, q := range mockRequests {
			b.Run(fmt.Sprintf("connections=%d/of=%s", connections, q.name), func(b *testing.B) {
				turn := 3200 / connections
				var servers [2]*chainProcess
				for i := range servers {
					p := startChain(b, mocks[i].name, connections)
					p.status = q.status
					p.request = "GET /v1/charges HTTP/1.1\r\nHost: house\r\nUser-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip\r\n"
					if q.prefer != "" {
						p.request += "Prefer: " + q.prefer + "\r\n"
					}
					p.request += "\r\n"
					p.ask(b, turn)
					servers[i] = p
				}
				var cpu, rate []float64
				for b.Loop() {
					var used, took [2]float64
					for i, p := range servers {
						began := time.Now()
						used[i] = p.ask(b, turn)
						took[i] = float64(time.Since(began))
					}
					cpu, rate = append(cpu, used[1]/used[0]), append(rate, took[0]/took[1])
				}
				slices.Sort(cpu)
				slices.Sort(rate)
				b.ReportMetric(cpu[len(cpu)/2], "cpu-of-bare")
				b.ReportMetric(rate[len(rate)/2], "rate-of-bare")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkMockAlone is the same without a network.
func BenchmarkMockAlone(b *testing.B) {
	for _, c := range mocks {
		for _, q := range mockRequests {
			b.Run("of="+q.name+"/by="+c.name, func(b *testing.B) {
				h, err := c.handler()
				if err != nil {
					b.Fatal(err)
				}
				r := httptest.NewRequest("GET", "/v1/charges", http.NoBody)
				if q.prefer != "" {
					r.Header.Set("Prefer", q.prefer)
				}
				w := &headOnly{header: http.Header{}}
				b.ReportAllocs()
				for b.Loop() {
					clear(w.header)
					h.ServeHTTP(w, r)
					if w.status != q.status {
						b.Fatal(w.status)
					}
				}
			})
		}
	}
}
