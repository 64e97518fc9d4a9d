package mock_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/mock"
)

func TestAHostileWishIsRefusedOrGivenInAFormThatCanBeRead(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"stripe", "vision", "vms", "soap"} {
		d := open(t, name)
		_, base := started(t, d)
		for _, test := range []struct{ name, path, prefer string }{
			{"many words", "/x", strings.Repeat("code=402,", 20_000)},
			{"a long value", "/x", "detail=" + strings.Repeat("a", 100_000)},
			{"an unknown word that is long", "/x", strings.Repeat("a", 100_000) + "=1"},
			{"an unknown code that is long", "/x", "code=" + strings.Repeat("a", 100_000)},
			{"many fields", "/x", "fields=" + strings.Repeat("a,", 9_999)},
			{"too many fields", "/x", "fields=" + strings.Repeat("a,", 20_000)},
			{"deep fields", "/x", "fields=" + strings.Repeat("a.", 10_000) + "a"},
			{"many records", "/x", "items=10000;failed=5000"},
			{"more failed than there are", "/x", "items=1;failed=3"},
			{"a quote that is open", "/x", `detail="abc`},
			{"an escape at the end", "/x", `detail="abc\`},
			{"bytes that are no UTF-8", "/x", "detail=\xff\xfe"},
			{"markup", "/x", `detail="</Message><script>alert(1)</script>"`},
			{"a line break in a note", "/_mock/note/a%0D%0ASet-Cookie:%20x=1/x", ""},
			{"a line break in a detail", "/_mock/detail/a%0D%0A%0D%0A<html>/x", ""},
			{"a broken escape", "/_mock/code/%25zz/x", ""},
			{"a null byte", "/_mock/detail/%00/x", ""},
			{"only words", "/_mock/code/402", ""},
			{"a word without a value", "/_mock/code", ""},
			{"dots", "/_mock/code/402/../../etc/passwd", ""},
			{"a wait without end", "/x", "retry-after=99999999999999999999"},
			{"a wait that is no number", "/x", "retry-after=NaN"},
			{"a kind that is no kind", "/x", "kind=/;reason=x"},
			{"a range of codes", "/x", "code=100-999"},
			{"a number beyond all", "/x", "code=-1"},
			{"all at once", "/x", "code=402;kind=partial;items=2;failed=1;fields=a;note=b;detail=c;retry-after=1;example=e;dynamic=true"},
		} {
			req := request(t, "POST", base+"/")
			u, err := url.Parse(base + test.path)
			if err != nil {
				t.Fatal(err)
			}
			req.URL = u
			if test.prefer != "" {
				req.Header.Set("Prefer", test.prefer)
			}
			read, res, body := sent(t, d, req)
			if res.StatusCode < 200 || len(body) > 4<<20 || read.Outcome.Kind == 0 {
				t.Errorf("%s: %s: got %d with %d bytes, read as %s", name, test.name, res.StatusCode, len(body), read.Outcome.Kind)
			}
			if !utf8.ValidString(body) || res.Header.Get("Set-Cookie") != "" || strings.Contains(body, "<script>") && strings.Contains(res.Header.Get("Content-Type"), "ml") {
				t.Errorf("%s: %s: got %v\n%.300s", name, test.name, res.Header, body)
			}
		}
	}
}

func TestAHostileRequestCostsNoMoreThanItsBounds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, dialect, header string
		body                  func() io.Reader
		status                int
	}{
		{"a long body with a key", "stripe", "Idempotency-Key: k", func() io.Reader { return endless(64 << 20) }, 413},
		{"a key that is long", "stripe", "Idempotency-Key: " + strings.Repeat("k", 4096), func() io.Reader { return strings.NewReader("{}") }, 400},
		{"a list without end", "vbapi", "Content-Type: application/json", func() io.Reader { return io.MultiReader(strings.NewReader(`[{"id":1},"`), endless(64<<20)) }, 207},
		{"a list that is cut off", "vbapi", "Content-Type: application/json", func() io.Reader { return strings.NewReader(`[{"id":1},{"id":2}`) }, 207},
		{"deep JSON", "vbapi", "Content-Type: application/json", func() io.Reader { return strings.NewReader(strings.Repeat("[", 1<<20)) }, 400},
		{"XML with entities", "vision", "Content-Type: application/xml", func() io.Reader {
			return strings.NewReader(`<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><ORDERS><SO>&b;</SO></ORDERS>`)
		}, 0},
		{"work with a long body", "omilia", "Prefer: respond-async", func() io.Reader { return endless(64 << 20) }, 202},
		{"bytes", "vbapi", "Content-Type: application/json", func() io.Reader { return strings.NewReader("\xff\xfe\x00") }, 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, test.dialect)
			m := mock.New(d)
			defer m.Close()
			name, value, _ := strings.Cut(test.header, ": ")
			r := httptest.NewRequest("POST", "/x", test.body())
			r.Header.Set(name, value)
			w := httptest.NewRecorder()
			m.ServeHTTP(w, r)
			if test.status != 0 && w.Code != test.status || w.Body.Len() > 1<<20 {
				t.Errorf("got %d with %d bytes, want %d: %.300s", w.Code, w.Body.Len(), test.status, w.Body)
			}
		})
	}
}

// endless is a body of so many letters.
func endless(n int64) io.Reader { return io.LimitReader(letters{}, n) }

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestWorkThatStrangersBeginIsBounded(t *testing.T) {
	t.Parallel()
	d := open(t, "omilia")
	m := mock.New(d)
	defer m.Close()
	got := map[int]int{}
	for range mock.MaxWork + 10 {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/x", http.NoBody)
		r.Header.Set("Prefer", "kind=accepted")
		m.ServeHTTP(w, r)
		got[w.Code]++
	}
	if got[202] != mock.MaxWork || got[503] != 10 {
		t.Errorf("got %v; want 202 %d times, and then 503", got, mock.MaxWork)
	}
}

func TestAMockSurvivesRequestsThatAreNotHTTP(t *testing.T) {
	t.Parallel()
	d := open(t, "stripe")
	_, base := started(t, d)
	for _, text := range []string{
		"GARBAGE\r\n\r\n", "GET  HTTP/1.1\r\n\r\n", "GET /_mock/code/402/x HTTP/1.1\r\nHost: a\r\nPrefer: \x00\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nConnection: close\r\n\r\n",
		"PURGE /x HTTP/1.1\r\nHost: a\r\nPrefer: code=402\r\nConnection: close\r\n\r\n", "HEAD /x HTTP/1.1\r\nHost: a\r\nPrefer: code=402\r\nConnection: close\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, text)
		line, err := bufio.NewReader(conn).ReadString('\n')
		conn.Close()
		if err != nil || !strings.HasPrefix(line, "HTTP/1.1 ") {
			t.Errorf("%q: got %q %v, want a response", text, line, err)
		}
	}
	if read, _, _ := sent(t, d, request(t, "GET", base+"/x")); read.Outcome.Kind != parlance.KindSuccess {
		t.Errorf("afterwards: got %s, want success", read.Outcome.Kind)
	}
}
