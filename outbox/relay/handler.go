package relay

import (
	"io"
	"net/http"
	"strconv"

	"github.com/parlance-api/parlance/internal/prefer"
	"github.com/parlance-api/parlance/outbox"
)

// Handler stores the requests of callers who prefer it (Prefer: respond-async; RFC 7240,
// 4.1), and has now respond to all others. If now is nil, every request is stored. With
// wait=N beside it, the response is the vendor's if that comes within N seconds (RFC 7240,
// 4.3).
//
// request makes what is delivered. Its error is the response: say [parlance.NewError] for a
// request that cannot be taken.
func (l *Relay) Handler(request func(*http.Request) (outbox.Request, error), now http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := prefer.Of(r.Header.Values("Prefer"))
		if now != nil {
			w.Header().Add("Vary", "Prefer")
			if !p.Async {
				now.ServeHTTP(w, r)
				return
			}
		}
		out, err := request(r)
		if err != nil {
			resp, _ := l.failed(r, err)
			send(w, r, resp)
			return
		}
		resp, _ := l.Take(r, out)
		send(w, r, resp)
	})
}

// Watch serves the statuses, below [WithPath], by [Relay.Status].
func (l *Relay) Watch() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resp, _ := l.Status(r)
		send(w, r, resp)
	})
}

// send sends a response.
func send(w http.ResponseWriter, r *http.Request, resp *http.Response) {
	for name, values := range resp.Header {
		for _, v := range values {
			w.Header().Add(name, v)
		}
	}
	if resp.StatusCode != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.FormatInt(resp.ContentLength, 10))
	}
	w.WriteHeader(resp.StatusCode)
	if r.Method != http.MethodHead {
		_, _ = io.Copy(w, resp.Body) // an error here is a caller that is gone
	}
}
