package gateway_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/gateway"
)

// tenMega stands for 10 MB of one letter, and abort for a connection that is cut.
const (
	tenMega = "10 MB"
	abort   = "!"
)

const (
	bareBusy = `{"error": {"message": "Busy", "type": "service_unavailable_error", "param": null, "code": "server_is_overloaded"}}`
	oneBusy  = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Busy\"}}\n\n"
)

// oddStream is the response of a server that does not do what it should.
type oddStream struct {
	name   string
	pieces []string
	want   string // what the client end makes of it: the outcome, and how much content came before
	status int    // of the response of a gateway, if nothing passes; 0 if all does
	falls  string // what a gateway with a stream of its own takes out
	torn   bool   // the caller sees that the stream was cut
}

var oddStreams = []oddStream{
	{name: "an event of 10 MB", pieces: []string{"data: {\"choices\": \"", tenMega, "\"}\n\n", oDone}, want: "success, content 1 of 2"},
	{name: "no line ends", pieces: []string{tenMega}, want: "unavailable/cut_off, content 0 of 0"},
	{name: "a line of data without its end", pieces: []string{"data: ", tenMega}, want: "unavailable/cut_off, content 0 of 0"},
	{name: "mixed line ends", pieces: []string{"data: {\"choices\": 1}\r\rdata: {\"choices\": 2}\n\r\n", strings.ReplaceAll(oBusy, "\n", "\r"), oDone}, want: "unavailable/overloaded server_is_overloaded, content 2 of 4", falls: strings.ReplaceAll(oBusy, "\n", "\r")},
	{name: "a byte order mark", pieces: []string{"\xEF", "\xBB\xBF" + oContent, oDone}, want: "success, content 1 of 2"},
	{name: "a byte order mark before a failure", pieces: []string{"\xEF\xBB", "\xBF" + oBusy}, want: "unavailable/overloaded server_is_overloaded, content 0 of 1", status: 503},
	{name: "comments and heartbeats only", pieces: []string{":\n\n", ": beat\n\n", "\n\n", "retry: 10\n\n", ":"}, want: "unavailable/cut_off, content 0 of 0", status: 503},
	{name: "JSON across several lines of data", pieces: []string{"data: {\"choices\":\ndata: 1}\n\n", longBusy}, want: "unavailable/overloaded server_is_overloaded, content 1 of 2", falls: longBusy},
	{name: "an event that is cut", pieces: []string{oContent, oContent[:20]}, want: "unavailable/cut_off, content 1 of 1"},
	{name: "a failure that is cut", pieces: []string{oContent, oBusy[:60]}, want: "failed, content 1 of 1"},
	{name: "an event that the connection cuts", pieces: []string{oContent, oContent[:20], abort}, want: "unavailable/reset, content 1 of 1", torn: true},
	{name: "bare JSON at the end", pieces: []string{oContent, bareBusy}, want: "unavailable/overloaded server_is_overloaded, content 1 of 2", falls: bareBusy},
	{name: "a failure and more content", pieces: []string{oContent, oBusy, oContent, oDone}, want: "unavailable/overloaded server_is_overloaded, content 1 of 4", falls: oBusy},
	{name: "content after the end", pieces: []string{oContent, oDone, oContent}, want: "noted, content 1 of 3"},
	{name: "JSON of a failure instead of a stream", pieces: []string{bareBusy}, want: "unavailable/overloaded server_is_overloaded, content 0 of 1", status: 503},
	{name: "JSON of a success instead of a stream", pieces: []string{"{\"id\": \"a\",\n", "\"choices\": []}"}, want: "noted, content 1 of 1"},
	{name: "HTML instead of a stream", pieces: []string{"<html><body>", "<h1>Welcome</h1></body></html>\n"}, want: "unavailable/cut_off, content 0 of 0", status: 503},
	{name: "nothing", pieces: []string{""}, want: "unavailable/cut_off, content 0 of 0", status: 503},
}

const longBusy = "data: {\"error\": {\"message\":\ndata: \"Busy\",\ndata: \"type\": \"service_unavailable_error\", \"param\": null,\r\ndata: \"code\": \"server_is_overloaded\"}}\n\n"

// sent writes the pieces.
func (o *oddStream) sent(w io.Writer, flush func()) (whole bool) {
	block := bytes.Repeat([]byte("x"), 1<<20)
	for _, piece := range o.pieces {
		switch piece {
		case abort:
			return false
		case tenMega:
			for range 10 {
				w.Write(block)
			}
		default:
			io.WriteString(w, piece)
			flush()
		}
	}
	return true
}

// sum is what a reader keeps of a long body.
type sum struct {
	length int64
	of     [sha256.Size]byte
}

// sumOf reads a body to its end.
func sumOf(r io.Reader) (s sum, err error) {
	h := sha256.New()
	s.length, err = io.Copy(h, r)
	h.Sum(s.of[:0])
	return s, err
}

// read asks a server, and holds that little memory is taken on all of the way.
func (o *oddStream) read(t *testing.T, c *http.Client, url string) (resp *http.Response, got sum, err error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	req, _ := http.NewRequest("POST", url+"/chat", nil)
	if resp, err = c.Do(req); err != nil {
		t.Fatal(err)
	}
	got, err = sumOf(resp.Body)
	resp.Body.Close()
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 4<<20 {
		t.Errorf("it took %d bytes of memory for %d bytes", after.TotalAlloc-before.TotalAlloc, got.length)
	}
	return resp, got, err
}

// The tests are not parallel: they measure memory.
func TestAnOddStreamHasAClearOutcomeAndReachesTheCaller(t *testing.T) {
	for _, tt := range oddStreams {
		t.Run(tt.name, func(t *testing.T) {
			var all bytes.Buffer
			tt.sent(&all, func() {})
			want, _ := sumOf(bytes.NewReader(all.Bytes()))
			u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", eventStream)
				if !tt.sent(w, w.(http.Flusher).Flush) {
					panic(http.ErrAbortHandler)
				}
			})

			resp, got, err := tt.read(t, &http.Client{Transport: client.New(chat(t, "openai"), client.WithMaxAttempts(1))}, u.URL)
			if got != want || (err != nil) != tt.torn {
				t.Errorf("the client read %d bytes of %d, %v", got.length, want.length, err)
			}
			if r, _ := client.ReportOf(resp); said(r) != tt.want {
				t.Errorf("the client says %s, want %s", said(r), tt.want)
			}

			for _, replies := range []string{"problem", "anthropic"} {
				addr, log := before(t, u.URL, "openai", replies, func(c *gateway.Config) {
					c.Speaks, c.To, c.MaxWait, c.AccessLog = chat(t, "openai"), chat(t, replies), time.Minute, true
					c.Client = append(c.Client, client.WithMaxAttempts(1))
				})
				resp, got, err := tt.read(t, caller, addr)
				passes := want
				if tt.falls != "" && replies == "anthropic" {
					passes, _ = sumOf(strings.NewReader(strings.Replace(all.String(), tt.falls, oneBusy, 1)))
				}
				if tt.status == 0 && (resp.StatusCode != 200 || got != passes || (err != nil) != tt.torn) {
					t.Errorf("to %s: the caller read %d, %d bytes of %d, %v", replies, resp.StatusCode, got.length, passes.length, err)
				}
				if tt.status != 0 && (resp.StatusCode < 500 || err != nil || got.length > 1000) {
					t.Errorf("to %s: the caller read %d, %d bytes, %v, want a failure", replies, resp.StatusCode, got.length, err)
				}
				kind, _, _ := strings.Cut(tt.want, ",")
				kind, code, _ := strings.Cut(kind, " ")
				for _, word := range strings.Split(strings.ReplaceAll("kind="+kind, "/", " reason="), " ") {
					if !strings.Contains(log.String(), word) {
						t.Errorf("to %s: the log lacks %s:\n%s", replies, word, log)
					}
				}
				if code != "" && tt.status == 0 && !strings.Contains(log.String(), "code="+code) {
					t.Errorf("to %s: the log lacks the code %s:\n%s", replies, code, log)
				}
			}
		})
	}
}

// said is what a report says of a stream.
func said(r *client.Report) string {
	o := &r.Outcome
	text := strings.TrimSuffix(o.Kind.String()+"/"+string(o.Reason), "/")
	if o.Code != "" {
		text += " " + o.Code
	}
	if r.Stream != nil {
		text += fmt.Sprintf(", content %d of %d", r.Stream.Content, r.Stream.Elements)
	}
	return text
}

// A stream in gzip is watched, and its coded bytes are handed on, if no failure is translated.
func TestAnOddStreamInGzipHasAClearOutcomeAndReachesTheCaller(t *testing.T) {
	for _, tt := range []struct {
		oddStream
		cut int // so many bytes of the coded form are missing
	}{
		{oddStream: oddStream{name: "that ends well", pieces: []string{oContent, oDone}, want: "success, content 1 of 2"}},
		{oddStream: oddStream{name: "that fails", pieces: []string{oContent, oBusy}, want: "unavailable/overloaded server_is_overloaded, content 1 of 2", falls: oBusy}},
		{oddStream: oddStream{name: "with an event of 10 MB", pieces: []string{"data: {\"choices\": \"", tenMega, "\"}\n\n", oDone}, want: "success, content 1 of 2"}},
		{oddStream: oddStream{name: "that is cut", pieces: []string{oContent, oContent}, want: "unavailable/cut_off, content 2 of 2", torn: true}, cut: 15},
		{oddStream: oddStream{name: "that is none", pieces: nil, want: "unavailable/cut_off, content 0 of 0", status: 503}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			coded, plain := []byte("no gzip"), new(bytes.Buffer)
			if tt.pieces != nil {
				var zipped bytes.Buffer
				zw := gzip.NewWriter(&zipped)
				tt.sent(io.MultiWriter(zw, plain), func() { zw.Flush() })
				zw.Close()
				coded = zipped.Bytes()[:zipped.Len()-tt.cut]
			}
			u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", eventStream)
				w.Header().Set("Content-Encoding", "gzip")
				for part := range bytes.SplitAfterSeq(coded, []byte{0xff, 0xff}) { // the end of a flush
					w.Write(part)
					w.(http.Flusher).Flush()
				}
			})
			want, _ := sumOf(bytes.NewReader(coded))
			resp, got, err := tt.read(t, &http.Client{Transport: client.New(chat(t, "openai"), client.WithMaxAttempts(1), client.WithBase(asksGzip{}))}, u.URL)
			if got != want || err != nil {
				t.Errorf("the client read %d bytes of %d, %v", got.length, want.length, err)
			}
			if r, _ := client.ReportOf(resp); said(r) != tt.want {
				t.Errorf("the client says %s, want %s", said(r), tt.want)
			}
			for _, replies := range []string{"problem", "anthropic"} {
				addr, _ := before(t, u.URL, "openai", replies, func(c *gateway.Config) {
					c.Speaks, c.To, c.MaxWait = chat(t, "openai"), chat(t, replies), time.Minute
					c.Client = append(c.Client, client.WithMaxAttempts(1))
				})
				resp, got, err := tt.read(t, &http.Client{Transport: asksGzip{}}, addr)
				passes, torn := want, false
				if replies == "anthropic" { // it is handed on in its plain form
					passes, _ = sumOf(strings.NewReader(strings.Replace(plain.String(), oBusy, oneBusy, 1)))
					torn = tt.torn
				}
				if tt.status == 0 && (resp.StatusCode != 200 || got != passes || (err != nil) != torn) {
					t.Errorf("to %s: the caller read %d, %d bytes of %d, %v", replies, resp.StatusCode, got.length, passes.length, err)
				}
				if tt.status != 0 && resp.StatusCode != tt.status {
					t.Errorf("to %s: the caller got %d, want %d", replies, resp.StatusCode, tt.status)
				}
			}
		})
	}
}

// asksGzip asks for gzip, and leaves it as it comes.
type asksGzip struct{}

func (asksGzip) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept-Encoding", "gzip")
	return http.DefaultTransport.RoundTrip(r)
}

// A server that never ends is held back by a caller who stops reading, through client and
// gateway: what is sent fits into the buffers of the connections. A caller who leaves ends it.
func TestACallerWhoStopsReadingHoldsTheServerBack(t *testing.T) {
	const most = 64 << 20 // three connections buffer less
	for _, leaves := range []bool{false, true} {
		for _, replies := range []string{"problem", "anthropic"} {
			t.Run(fmt.Sprintf("to %s, leaves %v", replies, leaves), func(t *testing.T) {
				sent := make(chan int, 1)
				block := []byte(strings.Repeat(oContent, 1000))
				u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", eventStream)
					n := 0
					defer func() { sent <- n }()
					for n < 2*most {
						if !leaves {
							http.NewResponseController(w).SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
						}
						if _, err := w.Write(block); err != nil {
							return
						}
						n += len(block)
					}
				})
				addr, log := before(t, u.URL, "openai", replies, func(c *gateway.Config) {
					c.Speaks, c.To, c.MaxWait = chat(t, "openai"), chat(t, replies), time.Minute
				})
				var first, last runtime.MemStats
				runtime.ReadMemStats(&first)
				resp, err := caller.Get(addr + "/chat")
				if err != nil {
					t.Fatal(err)
				}
				got := make([]byte, len(oContent))
				if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != oContent {
					t.Errorf("read %q, %v", got, err)
				}
				if leaves {
					resp.Body.Close()
				}
				if n := <-sent; n > most {
					t.Errorf("the server sent %d bytes to a caller who does not read", n)
				}
				if runtime.ReadMemStats(&last); last.TotalAlloc-first.TotalAlloc > 4<<20 {
					t.Errorf("it took %d bytes of memory", last.TotalAlloc-first.TotalAlloc)
				}
				if !leaves { // the rest of what came before the server gave up
					n, err := io.Copy(io.Discard, resp.Body)
					if resp.Body.Close(); err == nil || n == 0 {
						t.Errorf("then read %d bytes, %v; want all that came, and an error", n, err)
					}
					return
				}
				for !strings.Contains(log.String(), "the caller disconnected") {
					runtime.Gosched() // the gateway notes it when its handler returns
				}
			})
		}
	}
}
