package rawhttp_test

import (
	"bytes"
	"net/textproto"
	"reflect"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/internal/rawhttp"
)

func TestParseReadsWhatCurlPrints(t *testing.T) {
	t.Parallel()
	type header = textproto.MIMEHeader
	for _, test := range []struct {
		name, text string
		want       rawhttp.Response
	}{
		{
			name: "HTTP/1.1 with a reason and CRLF",
			text: "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n\r\n{}",
			want: rawhttp.Response{Proto: "HTTP/1.1", Status: 404, Reason: "Not Found", Header: header{"Content-Type": {"application/json"}}, Body: []byte("{}")},
		},
		{
			name: "HTTP/2 without a reason, lower-case names",
			text: "HTTP/2 200 \r\nx-request-id: 7\r\n\r\n",
			want: rawhttp.Response{Proto: "HTTP/2", Status: 200, Header: header{"X-Request-Id": {"7"}}, Body: []byte{}},
		},
		{
			name: "HTTP/1.0 with LF",
			text: "HTTP/1.0 500 Oops\nA: b\n\nline 1\n\nline 3\n",
			want: rawhttp.Response{Proto: "HTTP/1.0", Status: 500, Reason: "Oops", Header: header{"A": {"b"}}, Body: []byte("line 1\n\nline 3\n")},
		},
		{
			name: "a status that no class knows",
			text: "HTTP/1.1 999\n\n",
			want: rawhttp.Response{Proto: "HTTP/1.1", Status: 999, Header: header{}, Body: []byte{}},
		},
		{
			name: "no empty line after the head",
			text: "HTTP/1.1 204 No Content\nA: b",
			want: rawhttp.Response{Proto: "HTTP/1.1", Status: 204, Reason: "No Content", Header: header{"A": {"b"}}, Body: []byte{}},
		},
		{
			name: "empty lines and a byte order mark before the status line",
			text: "\ufeff\r\n\nHTTP/1.1 200 OK\n\nx",
			want: rawhttp.Response{Proto: "HTTP/1.1", Status: 200, Reason: "OK", Header: header{}, Body: []byte("x")},
		},
		{
			name: "a repeated, an empty and a folded header",
			text: "HTTP/1.1 200 OK\nWarning: a\nwarning: b\nEmpty:\nLong: one\n\t two\n  three \n\n",
			want: rawhttp.Response{Proto: "HTTP/1.1", Status: 200, Reason: "OK", Header: header{"Warning": {"a", "b"}, "Empty": {""}, "Long": {"one two three"}}, Body: []byte{}},
		},
		{
			name: "a body whose codings curl has undone",
			text: "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Length: 3\n\nlonger than three",
			want: rawhttp.Response{Proto: "HTTP/1.1", Status: 200, Reason: "OK", Header: header{"Transfer-Encoding": {"chunked"}, "Content-Length": {"3"}}, Body: []byte("longer than three")},
		},
		{
			name: "interim responses before",
			text: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 201 Created\r\n\r\nx",
			want: rawhttp.Response{Proto: "HTTP/1.1", Status: 201, Reason: "Created", Header: header{}, Body: []byte("x"), Before: []int{100, 103}},
		},
		{
			name: "an upgrade to HTTP/2 before",
			text: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\nHTTP/2 200\r\n\r\nx",
			want: rawhttp.Response{Proto: "HTTP/2", Status: 200, Header: header{}, Body: []byte("x"), Before: []int{101}},
		},
		{
			name: "an interim status that is the last",
			text: "HTTP/1.1 110 Invalid\n\n<RES/>",
			want: rawhttp.Response{Proto: "HTTP/1.1", Status: 110, Reason: "Invalid", Header: header{}, Body: []byte("<RES/>")},
		},
		{
			name: "redirects before, as curl -L prints them",
			text: "HTTP/1.1 301 Moved Permanently\nLocation: /b\n\nHTTP/1.1 308\nlocation: /c\n\nHTTP/1.1 404 Not Found\n\nx",
			want: rawhttp.Response{Proto: "HTTP/1.1", Status: 404, Reason: "Not Found", Header: header{}, Body: []byte("x"), Before: []int{301, 308}},
		},
		{
			name: "a redirect that was not followed",
			text: "HTTP/1.1 302 Found\nLocation: /b\n\nHTTP is fun",
			want: rawhttp.Response{Proto: "HTTP/1.1", Status: 302, Reason: "Found", Header: header{"Location": {"/b"}}, Body: []byte("HTTP is fun")},
		},
		{
			name: "a 304, which redirects nowhere",
			text: "HTTP/1.1 304 Not Modified\n\nHTTP/1.1 200 OK\n\n",
			want: rawhttp.Response{Proto: "HTTP/1.1", Status: 304, Reason: "Not Modified", Header: header{}, Body: []byte("HTTP/1.1 200 OK\n\n")},
		},
		{
			name: "a proxy's response to CONNECT before",
			text: "HTTP/1.1 200 Connection established\r\n\r\nHTTP/2 503\r\nretry-after: 5\r\n\r\n",
			want: rawhttp.Response{Proto: "HTTP/2", Status: 503, Header: header{"Retry-After": {"5"}}, Body: []byte{}, Before: []int{200}},
		},
		{
			name: "challenges before, as curl --proxy-anyauth --anyauth prints them",
			text: "HTTP/1.1 407 Proxy Authentication Required\nProxy-Authenticate: Basic\n\nHTTP/1.1 200 Connection Established\n\nHTTP/1.1 401 Unauthorized\nWWW-Authenticate: Digest\n\nHTTP/1.1 200 OK\n\nx",
			want: rawhttp.Response{Proto: "HTTP/1.1", Status: 200, Reason: "OK", Header: header{}, Body: []byte("x"), Before: []int{407, 200, 401}},
		},
		{
			name: "a 401 whose body repeats the status line",
			text: "HTTP/1.1 401 Unauthorized\n\nHTTP/1.1 401 Unauthorized\n",
			want: rawhttp.Response{Proto: "HTTP/1.1", Status: 401, Reason: "Unauthorized", Header: header{}, Body: []byte("HTTP/1.1 401 Unauthorized\n")},
		},
		{
			name: "a body that is itself a response",
			text: "HTTP/1.1 200 OK\nContent-Type: message/http\n\nHTTP/1.1 500 Oops\nA: b\n\nx",
			want: rawhttp.Response{Proto: "HTTP/1.1", Status: 200, Reason: "OK", Header: header{"Content-Type": {"message/http"}}, Body: []byte("HTTP/1.1 500 Oops\nA: b\n\nx")},
		},
		{
			name: "what a value must not hold",
			text: "HTTP/1.1 200 OK\nA: b\x00c\rd\xe9\n\n",
			want: rawhttp.Response{Proto: "HTTP/1.1", Status: 200, Reason: "OK", Header: header{"A": {"b c d\xe9"}}, Body: []byte{}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := rawhttp.Parse([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			got.Body = append([]byte{}, got.Body...) // nil where the text ends with the head
			if !reflect.DeepEqual(*got, test.want) {
				t.Errorf("got  %+v\nwant %+v", *got, test.want)
			}
		})
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", "line 1: nothing to read: expected a response that begins with a status line, such as HTTP/1.1 200 OK"},
		{"empty lines only", "\n\n", "line 3: nothing to read: expected a response that begins with a status line, such as HTTP/1.1 200 OK"},
		{"a body only", `{"message":""}`, "line 1: this is a body without its head; use curl -i, which prints both"},
		{"what curl -v prints", "< HTTP/1.1 200 OK\n< A: b\n", "line 1: this is what curl -v prints; use curl -i"},
		{"prose", "hello", `line 1: expected a status line, such as HTTP/1.1 200 OK, found "hello"`},
		{"a version that does not exist", "HTTP/one 200", `line 1: expected a status line, such as HTTP/1.1 200 OK, found "HTTP/one 200"`},
		{"no status", "HTTP/1.1", `line 1: expected a status from 100 to 999 after HTTP/1.1, found ""`},
		{"a status too small", "HTTP/1.1 099 No", `line 1: expected a status from 100 to 999 after HTTP/1.1, found "099"`},
		{"a status too large", "HTTP/1.1 1000 No", `line 1: expected a status from 100 to 999 after HTTP/1.1, found "1000"`},
		{"a header without a colon", "HTTP/1.1 200 OK\nA: b\nnonsense\n\n", `line 3: expected a header (Name: value) or an empty line before the body, found "nonsense"`},
		{"a body without an empty line before it", "HTTP/1.1 200 OK\n{\"a\": 1}\n", `line 2: expected a header (Name: value) or an empty line before the body, found "{\"a\": 1}"`},
		{"a fold with nothing to continue", "HTTP/1.1 200 OK\n  folded\n\n", "line 2: a header cannot begin with a space"},
		{"a head without an end", "HTTP/1.1 200 OK\nA: " + strings.Repeat("x", 2<<20), "line 2: the head of the response is longer than 1048576 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, err := rawhttp.Parse([]byte(test.text)); err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte) {
		res, err := rawhttp.Parse(text)
		if err != nil {
			return
		}
		if res.Status < 100 || res.Status > 999 {
			t.Errorf("status %d", res.Status)
		}
		if !bytes.HasSuffix(text, res.Body) {
			t.Error("the body is not the end of the text")
		}
		for name, values := range res.Header {
			for _, v := range append(values, name) {
				if strings.ContainsAny(v, "\r\n\x00") {
					t.Errorf("header %q holds a line break", name)
				}
			}
		}
	})
}
