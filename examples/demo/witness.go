package demo

import (
	"net/http"
	"strconv"
	"sync"
)

// witness says what a service saw since it was last asked: for each request the
// response, and before it the request where that is not the one in question.
type witness interface {
	begin()
	saw(Ask) []string
}

// record stands before a service and writes down every exchange.
type record struct {
	service door

	mu        sync.Mutex
	exchanges []*exchange
	meanwhile func() // what happens when the next response has been given; nil for nothing
	whole     bool   // the texts of the exchanges are kept, too
}

type exchange struct {
	method, path string
	status       int   // 0 where no response was begun
	wire         *wire // nil unless it is kept
}

// ServeHTTP records an exchange before it sends a byte of the response. A client
// that has read the response therefore finds the record.
func (r *record) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	e := &exchange{method: req.Method, path: req.URL.Path}
	r.mu.Lock()
	r.exchanges = append(r.exchanges, e)
	whole := r.whole
	r.mu.Unlock()
	p := &pen{ResponseWriter: w, write: func(status int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		e.status = status
		if r.meanwhile != nil {
			r.meanwhile()
			r.meanwhile = nil
		}
	}}
	if whole {
		p.wire = new(wire)
		p.wire.asked(req)
		defer func() { // also if the service panics
			r.mu.Lock()
			defer r.mu.Unlock()
			p.wire.responded()
			e.wire = p.wire
		}()
	}
	r.service.ServeHTTP(p, req)
}

// watch keeps the texts of the exchanges from now on, or no longer.
func (r *record) watch(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.whole = on
}

// wires are the exchanges since begin, as texts. One that is still under way is left out.
func (r *record) wires() (all []*wire) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.exchanges {
		if e.wire != nil {
			all = append(all, e.wire)
		}
	}
	return all
}

func (r *record) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges = nil
}

// then says what happens as soon as the next response is given: what is otherwise
// when the client comes back.
func (r *record) then(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.meanwhile = f
}

// replace puts another service in the place of the one before.
func (r *record) replace(service http.Handler) {
	r.then(nil)
	r.service.lead(service)
}

func (r *record) saw(ask Ask) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]string, len(r.exchanges))
	for i, e := range r.exchanges {
		if e.method != ask.Method || e.path != ask.path() {
			all[i] = e.method + " " + e.path + " "
		}
		all[i] += strconv.Itoa(e.status)
	}
	return all
}

// pen is a ResponseWriter that tells of the status.
type pen struct {
	http.ResponseWriter
	write func(int) // nil once it has been told
	wire  *wire     // what is kept of the response; nil for nothing
}

func (p *pen) WriteHeader(status int) {
	if p.write != nil && status >= 200 {
		p.write(status)
		p.write = nil
		if p.wire != nil {
			p.wire.status, p.wire.header = status, p.Header().Clone()
		}
	}
	p.ResponseWriter.WriteHeader(status)
}

func (p *pen) Write(b []byte) (int, error) {
	if p.write != nil {
		p.WriteHeader(http.StatusOK)
	}
	if p.wire != nil {
		p.wire.keep(b)
	}
	return p.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (p *pen) Unwrap() http.ResponseWriter { return p.ResponseWriter }
