package guard_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

func TestADeadlineEndsWhatTakesTooLong(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"problem", "vbapi", "vision"} {
		for name, c := range map[string]struct {
			handler server.HandlerFunc
			kind    parlance.Kind
			took    time.Duration
		}{
			"in time": {func(http.ResponseWriter, *http.Request) (any, error) {
				time.Sleep(time.Second) // virtual
				return "done", nil
			}, parlance.KindSuccess, time.Second},
			"it heeds its context": {func(_ http.ResponseWriter, r *http.Request) (any, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}, parlance.KindTimeout, 5 * time.Second},
			"it heeds nothing": {func(w http.ResponseWriter, _ *http.Request) (any, error) {
				w.Header().Set("X-Late", "1")
				time.Sleep(time.Minute)
				return "late", nil
			}, parlance.KindTimeout, 5 * time.Second},
			"it fails in time": {func(http.ResponseWriter, *http.Request) (any, error) {
				return nil, parlance.ErrNotFound
			}, parlance.KindNotFound, 0},
			"it panics in time": {servertest.Panics, parlance.KindInternal, 0},
			"what stands before it fails by itself": {func(w http.ResponseWriter, r *http.Request) (any, error) {
				server.WriteError(w, r, parlance.ErrForbidden)
				return nil, nil
			}, parlance.KindForbidden, 0},
		} {
			synctest.Test(t, func(t *testing.T) {
				s, _ := servertest.New(t, dialect)
				h := &http.Client{Transport: memhttp.Serve(t, s.Wrap(guard.Deadline(5*time.Second)(s.Handle(c.handler))))}
				begin := time.Now()
				a := servertest.As(t, h, "ann", "POST", "http://house/x")
				if got := servertest.Meaning(t, dialect, a); got.Kind != c.kind || a.Header.Get("X-Late") != "" {
					t.Errorf("%s, %s: got %d %s", dialect, name, a.Status, a.Body)
				}
				if a.ID() == "" {
					t.Errorf("%s, %s: no id", dialect, name)
				}
				if took := time.Since(begin); took != c.took {
					t.Errorf("%s, %s: it took %v", dialect, name, took)
				}
				time.Sleep(2 * time.Minute) // what is late must harm nobody
				servertest.As(t, h, "ann", "POST", "http://house/x")
				time.Sleep(2 * time.Minute)
			})
		}
	}
}

func TestADeadlineCutsAStreamThatHasBegun(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"problem", "vbapi"} {
		synctest.Test(t, func(t *testing.T) {
			s, log := servertest.New(t, dialect)
			late := make(chan error, 1)
			h := &http.Client{Transport: memhttp.Serve(t, s.Wrap(guard.Deadline(5*time.Second)(s.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
				w.Header().Set("Content-Type", "text/csv")
				_, _ = io.WriteString(w, "id,name\n")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(time.Minute)
				_, err := io.WriteString(w, "late")
				late <- err
				return nil, r.Context().Err()
			}))))}
			r, _ := http.NewRequestWithContext(t.Context(), "GET", "http://house/", nil)
			res, err := h.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			a, err := servertest.Read(res)
			if err == nil || a.Body != "id,name\n" {
				t.Errorf("%s: got %q, %v", dialect, a.Body, err)
			}
			if err := <-late; !errors.Is(err, http.ErrHandlerTimeout) {
				t.Errorf("%s: writing late gave %v", dialect, err)
			}
			if !strings.Contains(log.String(), "connection is cut") {
				t.Errorf("%s: the log says %s", dialect, log)
			}
		})
	}
}

// A handler that waits for a client that reads nothing must not keep the
// connection.
func TestADeadlineCutsAResponseThatNobodyReads(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vms")
	ended := make(chan error, 1)
	h := servertest.Listen(t, s.Wrap(guard.Deadline(100*time.Millisecond)(s.Handle(func(w http.ResponseWriter, _ *http.Request) (any, error) {
		w.Header().Set("Content-Type", "text/csv")
		chunk := make([]byte, 1<<20)
		for {
			if _, err := w.Write(chunk); err != nil {
				ended <- err
				return nil, err
			}
		}
	}))))
	r, err := http.NewRequestWithContext(t.Context(), "GET", h.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	var res *http.Response
	for range 100 {
		if res, err = h.Client().Do(r); err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		<-ended // although nothing is read
		if res.StatusCode == 200 {
			break // else the machine was too busy for the response to begin in time
		}
	}
	if _, err := io.Copy(io.Discard, res.Body); err == nil {
		t.Error("the client cannot tell that it was cut")
	}
}

func TestADeadlineUnderNoServerIsPlain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &http.Client{Transport: memhttp.Serve(t, guard.Deadline(time.Second)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			time.Sleep(time.Second)
		})))}
		if a := servertest.As(t, h, "ann", "GET", "http://house/"); a.Status != 504 || a.Body != "Gateway Timeout\n" {
			t.Errorf("got %d %q", a.Status, a.Body)
		}
		time.Sleep(time.Minute)
	})
}

func TestTheContextOfADeadlineSaysWhy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := servertest.New(t, "vms")
		cause := make(chan error, 1)
		h := &http.Client{Transport: memhttp.Serve(t, s.Wrap(guard.Deadline(time.Second)(s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
			<-r.Context().Done()
			cause <- r.Context().Err()
			return nil, server.Upstream(r.Context().Err())
		}))))}
		if a := servertest.As(t, h, "ann", "GET", "http://house/"); a.Status != 504 {
			t.Errorf("got %d %s", a.Status, a.Body)
		}
		if err := <-cause; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAConnectionThatWasTakenOverHasNoDeadline(t *testing.T) {
	t.Parallel()
	for _, nested := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s, log := servertest.New(t, "problem")
			ended := make(chan error, 1)
			guarded := guard.Deadline(5 * time.Second)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				conn, rw, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n")
				_ = rw.Flush()
				for range 3 { // each after the deadline
					time.Sleep(time.Minute)
					line, err := rw.ReadString('\n')
					if err != nil {
						ended <- err
						return
					}
					_, _ = rw.WriteString("you said " + line)
					_ = rw.Flush()
				}
				_, limited := r.Context().Deadline()
				if limited {
					t.Error("the context still has a deadline")
				}
				ended <- r.Context().Err()
			}))
			if nested {
				guarded = guard.Deadline(time.Second)(guarded)
			}
			transport := memhttp.Serve(t, s.Wrap(guarded))
			r, _ := http.NewRequestWithContext(t.Context(), "GET", "http://house/", nil)
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", "chat")
			res, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			conn, ok := res.Body.(io.ReadWriteCloser)
			if res.StatusCode != 101 || !ok {
				t.Fatalf("got %s", res.Status)
			}
			for range 3 {
				_, _ = io.WriteString(conn, "hello\n")
				said := make([]byte, len("you said hello\n"))
				if _, err := io.ReadFull(conn, said); err != nil || string(said) != "you said hello\n" {
					t.Fatalf("got %q, %v", said, err)
				}
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if log.String() != "" {
				t.Errorf("the log says %s", log)
			}
			conn.Close()
		})
	}
}

func TestAConnectionThatCannotBeTakenOverKeepsItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := servertest.New(t, "problem")
		within := func(next http.Handler) http.Handler { // a writer without a connection
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(struct{ http.ResponseWriter }{w}, r)
			})
		}
		h := &http.Client{Transport: memhttp.Serve(t, s.Wrap(within(guard.Deadline(5*time.Second)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, _, err := http.NewResponseController(w).Hijack(); !errors.Is(err, http.ErrNotSupported) {
				t.Errorf("got %v", err)
			}
			<-r.Context().Done()
		})))))}
		begin := time.Now()
		if a := servertest.As(t, h, "ann", "GET", "http://house/"); a.Status != 504 || time.Since(begin) != 5*time.Second {
			t.Errorf("got %d after %v", a.Status, time.Since(begin))
		}
	})
}

func TestAHandlerThatWasGivenUpCannotChangeTheConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := servertest.New(t, "problem")
		late := make(chan error, 4)
		h := &http.Client{Transport: memhttp.Serve(t, s.Wrap(guard.Deadline(time.Second)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Minute)
			rc := http.NewResponseController(w)
			late <- rc.SetReadDeadline(time.Now())
			late <- rc.SetWriteDeadline(time.Now())
			late <- rc.EnableFullDuplex()
			_, _, err := rc.Hijack()
			late <- err
		}))))}
		if a := servertest.As(t, h, "ann", "GET", "http://house/"); a.Status != 504 {
			t.Errorf("got %d %s", a.Status, a.Body)
		}
		for range 4 {
			if err := <-late; !errors.Is(err, http.ErrHandlerTimeout) {
				t.Errorf("got %v", err)
			}
		}
	})
}
