package golden

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// Bare is a response as it came, without anybody's reading of it.
type Bare struct {
	Status int
	Header http.Header
	Body   string
}

// Raw writes a request as it stands, its path uncleaned, and reads the response. A header
// is "Name: value", the last of a name counts, and "Name: " leaves it out.
func Raw(t testing.TB, base, method, path, body string, header ...string) Bare {
	t.Helper()
	host := strings.TrimPrefix(base, "http://")
	c, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fields := map[string]string{"Host": host, "Connection": "close", "Content-Length": fmt.Sprint(len(body))}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		fields[name] = value
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, path)
	for name, value := range fields {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	go func() { _, _ = io.WriteString(c, b.String()+"\r\n"+body) }() // the server may not read it to its end
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Bare{res.StatusCode, res.Header, string(text)}
}
