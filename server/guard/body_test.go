package guard_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

func TestALongBodyIsRefused(t *testing.T) {
	t.Parallel()
	for dialect, kind := range map[string]parlance.Kind{"vms": parlance.KindInvalid, "vision": parlance.KindInvalid, "problem": parlance.KindInvalid} {
		s, _ := servertest.New(t, dialect)
		h := servertest.Listen(t, s.Wrap(guard.MaxBody(10)(s.Handle(servertest.Reads))))
		for name, c := range map[string]struct {
			body   io.Reader
			status int
		}{
			"as long as it may be":    {strings.NewReader("0123456789"), 200},
			"longer, and it says so":  {strings.NewReader("0123456789a"), 413},
			"longer, and it does not": {io.MultiReader(strings.NewReader("0123456789a")), 413},
			"none":                    {nil, 200},
		} {
			r, err := http.NewRequestWithContext(t.Context(), "POST", h.URL, c.body)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Accept", "application/json")
			a := servertest.Do(t, h.Client(), r)
			if a.Status != c.status || a.Status != 200 && servertest.Meaning(t, dialect, a).Kind != kind {
				t.Errorf("%s, %s: got %d %s", dialect, name, a.Status, a.Body)
			}
		}
	}
}

func TestABodyThatStallsIsATimeout(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "problem")
	h := servertest.Listen(t, s.Wrap(guard.SlowBody(50*time.Millisecond)(s.Handle(servertest.Reads))))
	conn, err := net.Dial("tcp", h.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123")
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if a, _ := servertest.Read(res); a.Status != 408 || !res.Close {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
}

// slowly is a body that comes in pieces, one a second.
type slowly struct {
	pieces int
	piece  []byte
}

func (s *slowly) Read(p []byte) (int, error) {
	if s.pieces--; s.pieces < 0 {
		return 0, io.EOF
	}
	time.Sleep(time.Second) // virtual
	return copy(p, s.piece), nil
}

func TestAClientThatSendsAByteASecondIsCutOffAndOneOnASlowLineIsNot(t *testing.T) {
	t.Parallel()
	for dialect, status := range map[string]int{"vms": 408, "vision": 504, "problem": 408} { // Vision's page has no 408
		synctest.Test(t, func(t *testing.T) {
			s, _ := servertest.New(t, dialect)
			c := &http.Client{Transport: memhttp.Serve(t, s.Wrap(guard.SlowBody(10*time.Second+time.Millisecond)(s.Handle(servertest.Reads))))} // not in the moment of a byte
			send := func(body io.Reader) servertest.Response {
				r, err := http.NewRequestWithContext(t.Context(), "POST", "http://x/", body)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Accept", "application/json")
				return servertest.Do(t, c, r)
			}
			began := time.Now()
			a := send(&slowly{3600, []byte("x")})
			if took := time.Since(began); a.Status != status || took > 12*time.Second { // virtual, too
				t.Errorf("%s, a byte a second: after %v got %d %s", dialect, took, a.Status, a.Body)
			}
			if got := servertest.Meaning(t, dialect, a).Kind; got != parlance.KindTimeout {
				t.Errorf("%s: that means %v: %s", dialect, got, a.Body)
			}
			if a := send(&slowly{60, make([]byte, 256)}); a.Status != 200 {
				t.Errorf("%s, 2 kbit/s: got %d %s", dialect, a.Status, a.Body)
			}
		})
	}
}

func TestAHandlerMayTakeItsTimeOnceTheBodyIsThere(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vms")
	h := servertest.Listen(t, s.Wrap(guard.SlowBody(10*time.Millisecond)(s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		if _, err := io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		select {
		case <-time.After(50 * time.Millisecond): // longer than a stall
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
		return "done", nil
	}))))
	for range 2 { // on one connection
		r, err := http.NewRequestWithContext(t.Context(), "POST", h.URL, strings.NewReader("0123"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "application/json")
		if a := servertest.Do(t, h.Client(), r); a.Status != 200 {
			t.Errorf("got %d %s", a.Status, a.Body)
		}
	}
}

func TestAServerIsGivenTheBoundsThatItHasNot(t *testing.T) {
	t.Parallel()
	hs := guard.ApplyDefaultLimits(&http.Server{IdleTimeout: time.Second})
	if hs.ReadHeaderTimeout != 10*time.Second || hs.MaxHeaderBytes != 64<<10 || hs.IdleTimeout != time.Second {
		t.Errorf("got %+v", hs)
	}
}
