// Package demo drives five small services that fail for real causes, and a
// gateway before each that responds as RFC 9457 says. It calls every service
// twice over real sockets, directly and through its gateway, and compares the
// results with the promises of the dialects.
//
//	d, err := demo.Start(demo.Config{})
//	if err != nil {
//		return err
//	}
//	defer d.Close()
//	for row := range d.Run(ctx) {
//		fmt.Println(row.System, row.Cause, row.Promised())
//	}
//
// The scenarios are data: the cause, the request, the promise. Each system has a
// file of them. A [Switch] causes each of them from outside, too.
package demo

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/url"
	"sync"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/outbox"
)

// attempts is how often a request is sent at most: one retry shows that it is
// retried, and nobody wants to watch three.
const attempts = 2

// Ports is how many consecutive ports a demo takes:
//
//   - a service and its gateway for each of the five systems
//   - the gateways of three upstreams that give no response
//   - the switches
const Ports = 14

// Config is what a caller may choose. The zero value takes free ports and the
// services that are there.
type Config struct {
	Port int // the first of the ports to take, one after the other; 0 takes free ones

	// Instead puts another service in the place of a system's own, so that a
	// test can see a promise broken.
	Instead map[string]http.Handler

	// Through, if set, stands before what sends the requests to a system's service and to
	// its gateway, so that a test sees every response.
	Through func(system string, base http.RoundTripper) http.RoundTripper
}

// Demo is the services and their gateways, from Start to Close.
type Demo struct {
	config   Config
	house    house
	journal  journal
	stations []*station
	nobody   string // URL at which nothing listens
	switches string // URL of the switches
}

// Start opens every service and gateway. When it returns, all of them listen.
func Start(c Config) (*Demo, error) {
	d := &Demo{config: c, house: house{next: c.Port}}
	if err := d.open(); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *Demo) open() (err error) {
	if d.nobody, err = d.house.nobody(); err != nil {
		return err
	}
	for _, build := range []func(*Demo) (*station, error){
		visionStation, omiliaStation, plainStation, vbapiStation, vmsStation,
		goneStation, silentStation, brokenStation,
	} {
		s, err := build(d)
		if err != nil {
			return err
		}
		d.stations = append(d.stations, s)
	}
	d.switches, err = d.house.open(d.house.listen, d.board(), d.journal.logger("switches"))
	return err
}

// Close stops all of it and waits until nothing listens any more. Requests that
// are under way are cut.
func (d *Demo) Close() {
	for _, s := range d.stations {
		s.mu.Lock()
		s.stop()
		s.mu.Unlock()
	}
	d.house.close()
}

// Run drives every scenario that has a promise and yields a row for each, system by
// system. The systems are driven at the same time, for some waits are real. It may
// be run again.
func (d *Demo) Run(ctx context.Context) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var done sync.WaitGroup
		defer done.Wait()
		defer cancel()
		rows := make([]chan Row, len(d.stations))
		for i, s := range d.stations {
			rows[i] = make(chan Row, len(s.scenarios)) // room for all: nobody waits for the reader
			done.Go(func() {
				defer close(rows[i])
				for _, scenario := range s.scenarios {
					if scenario.Promise != (Promise{}) {
						rows[i] <- s.play(ctx, d, scenario)
					}
				}
				_ = s.bring(ctx, d, Scenario{}) // as it was built before
			})
		}
		for _, c := range rows {
			for row := range c {
				if !yield(row) {
					return
				}
			}
		}
	}
}

// Follow also logs to w from now on. The demo keeps a log of its own.
func (d *Demo) Follow(w io.Writer) { d.journal.follow(w) }

// Place is the address of a service and of its gateway.
type Place struct {
	System  string
	State   string // what is the matter with it; "" for nothing
	Service string // URL
	Gateway string // URL
}

// Places are those of all services, the five that are well first.
func (d *Demo) Places() []Place {
	all := make([]Place, len(d.stations))
	for i, s := range d.stations {
		all[i] = Place{s.system, s.state, s.service, s.at}
	}
	return all
}

// station is a service, its gateway, and what is to be seen there.
type station struct {
	system    string // the dialect's name, too
	state     string
	service   string                                       // URL
	at        string                                       // URL of the gateway
	token     string                                       // what a person's request says of who asks unless it says so itself: "Name: value"; "" for nothing
	build     func(*instance) (http.Handler, error)        // starts the service; nil if the station has none
	well      http.HandlerFunc                             // what the service behind responds if it is well; nil for none
	log       func(*http.Client, string) client.Credential // logs in to the service of that URL; nil for none
	prime     Ask                                          // what a way asks first, so that its token is good; no Method for nothing
	config    gateway.Config                               // of the gateway; upstream and dialects are added
	scenarios []Scenario
	unseen    []string // rows of the page that no scenario has, and why

	witness   witness
	record    record // the same, if there is a service
	door      door   // of the gateway
	transport http.RoundTripper

	mu       sync.Mutex // held by the scenario that is on
	instance *instance
	straight *way
	gateway  *way
	person   *way // straight, as a person with curl
}

// way is one of those to a service.
type way struct {
	base       string // URL
	client     *http.Client
	credential client.Credential // that of the client end, which is the gateway's own on that way; nil for none
	token      string            // a header of each request unless it says itself who asks; "" for none
	vendor     outbox.Option     // the same for what an outbox delivers; nil for a person
}

// serve opens a station: the service behind a witness, and the gateway.
func (d *Demo) serve(s *station) (*station, error) {
	s.witness = &s.record
	at, err := d.house.open(d.house.listen, &s.record, d.journal.logger(s.system))
	if err != nil {
		return nil, err
	}
	return d.face(s, at)
}

// face opens the gateway before the service at a URL, and the ways to it.
func (d *Demo) face(s *station, service string) (_ *station, err error) {
	s.service, s.transport = service, d.house.transport()
	if d.config.Through != nil {
		s.transport = d.config.Through(s.system, s.transport)
	}
	if s.at, err = d.house.open(d.house.listen, &s.door, d.journal.logger(s.system+" gateway")); err != nil {
		return nil, err
	}
	if s.build == nil {
		return s, s.connect(d)
	}
	return s, s.start(d, Scenario{})
}

// connect makes the gateway and the ways anew: what they know of the service is
// true of the instance that they met.
func (s *station) connect(d *Demo) error {
	speaks, err := catalog.Open(s.system)
	if err != nil {
		return err
	}
	problem, err := catalog.Open("problem")
	if err != nil {
		return err
	}
	plain := &http.Client{Transport: s.transport}
	options := func() (client.Credential, []client.Option) {
		all := []client.Option{client.WithMaxAttempts(attempts)}
		if s.log == nil {
			return nil, all
		}
		credential := s.log(plain, s.service)
		return credential, append(all, client.WithCredential(credential))
	}

	credential, more := options()
	more = append(more, client.WithBase(s.transport))
	s.straight = &way{s.service, &http.Client{Transport: client.New(speaks, more...)}, credential, "", outbox.WithVendor(s.system, speaks, more...)}

	credential, more = options()
	if err := s.lead(d, speaks, problem, more); err != nil {
		return err
	}
	// The caller of a gateway reads problems, and retries nothing: the gateway did.
	reader := client.New(problem, client.WithMaxAttempts(1), client.WithBase(s.transport))
	s.gateway = &way{s.at, &http.Client{Transport: reader}, credential, "", outbox.WithVendor(s.system, problem, client.WithBase(s.transport))}

	s.person = &way{s.service, plain, nil, s.token, nil}
	return nil
}

// lead puts a new gateway behind the door.
func (s *station) lead(d *Demo, speaks, problem *dialect.Dialect, options []client.Option) (err error) {
	c := s.config
	c.Speaks, c.To, c.Client, c.Transport = speaks, problem, options, s.transport
	c.Logger = d.journal.logger(s.system + " gateway")
	if c.Upstream, err = url.Parse(s.service); err != nil {
		return err
	}
	g, err := gateway.New(c)
	if err != nil {
		return err
	}
	s.door.lead(g)
	return nil
}

// withoutCredential puts a gateway behind the door that passes the credentials of its
// callers on, and has none of its own.
func (s *station) withoutCredential(d *Demo) error {
	speaks, err := catalog.Open(s.system)
	if err != nil {
		return err
	}
	problem, err := catalog.Open("problem")
	if err != nil {
		return err
	}
	return s.lead(d, speaks, problem, []client.Option{client.WithMaxAttempts(attempts)})
}

// bring brings the cause of a scenario about, and leaves it so. That of the zero
// Scenario is a service as it was built.
func (s *station) bring(ctx context.Context, d *Demo, c Scenario) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.start(d, c); err != nil || c.Given == nil {
		return err
	}
	return c.Given(ctx, s.person)
}
