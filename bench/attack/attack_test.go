package attack

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/parlance-api/parlance/internal/raced"
)

var everything = flag.Bool("all", false, "whether what takes long is sent too")

// patience ends what hangs, and asserts nothing about time.
const patience = 2 * time.Minute

// good is a request that has to be served right whatever came before it.
const good = "GET /good HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\n\r\n"

// The next request after a surplus has this path.
const next = "/next"

// A request that is hidden in another one has this path.
const hidden = "/smuggled"

// needsMemory skips a test whose bounds of memory the race detector would break.
func needsMemory(t *testing.T) {
	if raced.Enabled {
		t.Skip("memory is measured; make race runs it without the detector too")
	}
}

func TestAHostileRequestIsRefusedOrServedAsTheOneThatItIs(t *testing.T) {
	t.Parallel()
	needsMemory(t)
	u := listen(t, nil)
	all := load(t, "testdata/requests.txt")
	for _, p := range start(t, u.url) {
		for _, h := range all {
			for target, address := range p.addresses {
				attacked(t, p, h, target, func(t *testing.T) {
					h.allows(t, target, converse(t, address, h))
				})
			}
		}
	}
	u.check(t)
}

func TestAHostileResponseIsNoSuccessAndSpoilsNoOther(t *testing.T) {
	t.Parallel()
	needsMemory(t)
	all := load(t, "testdata/responses.txt")
	u := listen(t, all)
	for _, p := range start(t, u.url) {
		for i, h := range all {
			for target, address := range p.addresses {
				if slices.Contains(servers, target) {
					continue
				}
				attacked(t, p, h, target, func(t *testing.T) {
					h.allows(t, target, ask(t, address, "/hostile/"+strconv.Itoa(i)))
				})
			}
		}
	}
	u.check(t)
}

// attacked attacks a target so many times at once, and then looks at it: it serves others
// right, and its memory stayed below the bound.
func attacked(t *testing.T, p *process, h *hostile, target string, attack func(*testing.T)) {
	t.Run(h.name+", to "+target, func(t *testing.T) {
		if h.heavy && !*everything {
			t.Skip("only with -all")
		}
		p.forget(t)
		var wg sync.WaitGroup
		for range h.times {
			wg.Go(func() { attack(t) })
		}
		wg.Wait()
		if h.surplus {
			ask(t, p.addresses[target], next)
		}
		for range 2 { // on the connection to the upstream that the attack left, and on the next
			if got := ask(t, p.addresses[target], "/good"); got != "200" {
				t.Errorf("a good request after it gets %s", got)
			}
		}
		if got := p.peak(t); got > h.bound {
			t.Errorf("the process took %d MiB, more than %d", got, h.bound)
		} else if *everything {
			t.Logf("%d MiB", got)
		}
	})
}

// converse sends a hostile request and a good one on one connection. It gives the
// statuses of the responses to the hostile one, or "none". The good one may be served
// right or not at all.
func converse(t *testing.T, address string, h *hostile) string {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return "none"
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer conn.Close()
	wg.Go(func() {
		follows := good
		if h.cut {
			follows = ""
		}
		if h.send(conn, follows) == nil && h.cut { // else it was refused before its end
			conn.(*net.TCPConn).CloseWrite()
		}
	})
	var statuses []string
	b := bufio.NewReader(conn)
	for method := h.method(); ; method = http.MethodGet {
		resp, err := http.ReadResponse(b, &http.Request{Method: method})
		if err != nil {
			if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
				t.Error("the connection hangs")
			}
			break
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil && (resp.StatusCode < 400 || !errors.Is(err, syscall.ECONNRESET)) { // net/http closes with the rest of the request unread
			t.Errorf("a response %s is cut off: %v", resp.Status, err)
		}
		if strings.Contains(string(body), hidden) {
			t.Errorf("the hidden request was served: %s", body)
		}
		if strings.Contains(string(body), `"/good"`) && resp.StatusCode == 200 {
			if _, err := b.ReadByte(); err != io.EOF {
				t.Errorf("something follows the last response: %v", err)
			}
			break
		}
		if resp.StatusCode >= 200 {
			statuses = append(statuses, strconv.Itoa(resp.StatusCode))
		}
	}
	if len(statuses) == 0 {
		return "none"
	}
	return strings.Join(statuses, " ")
}

// most is how much of a response is read before it counts as endless.
const most = 16 << 20

// ask sends a good request, on a connection of its own. It gives the status, with "cut"
// after it if the body broke off, "endless" if it did not end; or "none".
func ask(t *testing.T, address, path string) string {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Error(err)
		return "none"
	}
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	client := http.Client{Transport: transport, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if ue := (*url.Error)(nil); errors.As(err, &ue) && ue.Timeout() {
		t.Errorf("it hangs: %v", err)
	}
	if err != nil {
		return "none"
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	got := strconv.Itoa(resp.StatusCode)
	switch {
	case path != next && strings.Contains(string(body)+fmt.Sprint(resp.Header, resp.Trailer), "FORGED"):
		t.Errorf("what is forged came through: %s %v %.200s", got, resp.Header, body)
	case path == "/good" && !strings.Contains(string(body), `"/good"`):
		t.Errorf("the response is another's: %s %.200s", got, body)
	case len(body) == most:
		got += " endless"
	case err != nil:
		got += " cut"
	}
	return got
}
