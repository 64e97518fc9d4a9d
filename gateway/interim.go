package gateway

import (
	"errors"
	"maps"
	"net/http"
	"net/textproto"
	"sync"
)

// maxInterim is how many interim responses (RFC 9110, 15.2) are passed on.
const maxInterim = 100

// errInterim is a malformed response to the client end.
var errInterim = errors.New("malformed response from server: too many interim responses")

// interim is how far the interim responses of the upstream are.
type interim struct {
	mu   sync.Mutex
	sent uint8
	over bool // the last response has come, and its header is the handler's alone
}

// passInterim passes on an interim response, with its own fields only. If there are too many,
// there is no response.
func (x *exchange) passInterim(status int, header textproto.MIMEHeader) error {
	x.interim.mu.Lock()
	defer x.interim.mu.Unlock()
	if x.interim.over {
		return nil
	}
	if x.interim.sent++; x.interim.sent > maxInterim {
		x.interim.over = true
		return errInterim
	}
	h := x.writer.Header()
	last := maps.Clone(h)
	clear(h)
	addFields(h, http.Header(header))
	x.writer.WriteHeader(status)
	clear(h)
	maps.Copy(h, last)
	return nil
}

// end passes on no more of them.
func (i *interim) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.over = true
}
