package attack

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// An upstream responds in the dialect that the path begins with: with what it
// understood, or with something hostile.
type upstream struct {
	url     string
	hostile []*hostile
	mu      sync.Mutex
	strange []string
}

func listen(t *testing.T, all []*hostile) *upstream {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &upstream{url: "http://" + l.Addr().String(), hostile: all}
	var wg sync.WaitGroup
	t.Cleanup(func() { l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go u.talk(conn)
		}
	})
	return u
}

// talk serves a connection.
func (u *upstream) talk(conn net.Conn) {
	defer conn.Close()
	for b := bufio.NewReader(conn); ; {
		r, err := http.ReadRequest(b)
		if oe := (*net.OpError)(nil); err == io.EOF || errors.As(err, &oe) {
			return
		}
		if err != nil {
			u.note("the gateway sent no request: %v", err)
			return
		}
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return // the gateway cut it off
		}
		dialect, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		path = "/" + path
		if strings.Contains(path, hidden) {
			u.note("the gateway forwarded the hidden request %s %s", r.Method, r.URL)
		}
		if number, ok := strings.CutPrefix(path, "/hostile/"); ok {
			i, _ := strconv.Atoi(number)
			if h := u.hostile[i]; h.send(conn, "") != nil || h.cut {
				return
			}
			continue
		}
		body := fmt.Sprintf(`{"path":%q,"length":%d}`, path, n)
		if dialect == "vbapi" {
			body = `{"data":` + body + `,"error":null,"debug":{}}`
		}
		head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(body))
		if r.Method == http.MethodHead {
			body = ""
		}
		if _, err := io.WriteString(conn, head+body); err != nil {
			return
		}
	}
}

// note keeps what should not have come.
func (u *upstream) note(format string, args ...any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.strange = append(u.strange, fmt.Sprintf(format, args...))
}

// check reports what came from the gateway and should not.
func (u *upstream) check(t *testing.T) {
	t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, text := range u.strange {
		t.Error(text)
	}
}
