package gateway

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/parlance-api/parlance/internal/httpheader"
)

// deliver writes a response to the caller. If it ends early, so does the connection. The
// response is undecided if it was held for too long already.
func (g *Gateway) deliver(w http.ResponseWriter, resp *http.Response, undecided bool) {
	h := w.Header()
	addEndToEnd(h, resp.Header)
	announced := len(resp.Trailer)
	if announced > 0 {
		add(h, "Trailer", []string{strings.Join(slices.Collect(maps.Keys(resp.Trailer)), ", ")})
		delete(h, "Content-Length") // in HTTP/2 both are possible, in HTTP/1.1 only one (RFC 9112, 7.1.2)
	}
	w.WriteHeader(resp.StatusCode)
	err := g.copyBody(w, resp, undecided)
	_ = resp.Body.Close() // now the trailers are complete
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if len(resp.Trailer) == 0 {
		return
	}
	_ = http.NewResponseController(w).Flush() // so that the response gets no length
	if len(resp.Trailer) == announced {
		addFields(h, resp.Trailer)
		return
	}
	for name, values := range resp.Trailer {
		add(h, http.TrailerPrefix+name, values)
	}
}

// copyBody copies the body of a response. Each part of a stream is sent as it comes, and of
// a body that is late.
func (g *Gateway) copyBody(w http.ResponseWriter, resp *http.Response, late bool) error {
	if resp.Body == http.NoBody {
		return nil
	}
	to := io.Writer(w)
	if late || resp.ContentLength < 0 || httpheader.MediaType(first(resp.Header["Content-Type"])) == eventsType {
		f := newFlusher(w)
		defer f.end()
		to = f
	}
	if body, ok := resp.Body.(io.WriterTo); ok { // it is in memory
		_, err := body.WriteTo(to)
		return err
	}
	buf := g.buffers.get()
	defer g.buffers.put(buf)
	for {
		n, err := resp.Body.Read(buf[:])
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// flusher sends each part of a body at once. The header does not wait for the first part.
type flusher struct {
	mu    sync.Mutex
	w     http.ResponseWriter
	begun bool // the header was sent, or it is too late to send it
	timer *time.Timer
}

func newFlusher(w http.ResponseWriter) *flusher {
	f := &flusher{w: w}
	f.timer = time.AfterFunc(0, f.begin) // beside the first read, so that a part that is here goes along
	return f
}

// begin sends the header.
func (f *flusher) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.begun {
		f.begun = true
		_ = http.NewResponseController(f.w).Flush() // the next Write has the error
	}
}

// Write writes a part and sends it.
func (f *flusher) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begun = true
	n, err := f.w.Write(p)
	if err == nil {
		_ = http.NewResponseController(f.w).Flush() // a writer that cannot flush sends what it likes to
	}
	return n, err
}

// end ends the use of the writer.
func (f *flusher) end() {
	f.timer.Stop()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begun = true
}

// buffers are those that bodies are copied through.
type buffers struct{ pool sync.Pool }

// buffer is memory for a part of a body. A smaller one takes more system calls for a large
// body: with 32 KB a body of 100 KB takes one more read and one more write.
type buffer [64 << 10]byte

func (b *buffers) get() *buffer {
	if p, ok := b.pool.Get().(*buffer); ok {
		return p
	}
	return new(buffer)
}

func (b *buffers) put(p *buffer) { b.pool.Put(p) }
