// Package demo drives five small services that fail for real causes, one for
// each founding system, and a gateway before each that answers as RFC 9457. It
// asks every service twice, straight and by its gateway, over real sockets, and
// holds what came of it against what the dialects promise.
//
//	d, err := demo.Start(demo.Config{})
//	…
//	defer d.Close()
//	for row := range d.Run(ctx) {
//		fmt.Println(row.System, row.Cause, row.Promised())
//	}
//
// The scenarios are data: what is the matter, what is asked, what is promised.
// They stand in a file for each system.
package demo

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/gateway"
)

// attempts is how often a request is sent at most: one repeat shows that it is
// repeated, and nobody wants to watch three.
const attempts = 2

// Ports is how many ports a demo takes, one after the other: a service and its
// gateway for the five that are well and for the two that are ailing, then the
// gateways of three that give no answer.
const Ports = 17

// Config is what a caller may choose. The zero value takes free ports and the
// services that are there.
type Config struct {
	Port int // the first of the ports to take, one after the other; 0 takes free ones

	// Instead puts another service in the place of a system's own, so that a
	// test can see a promise broken.
	Instead map[string]http.Handler
}

// Demo is the services and their gateways, from Start to Close.
type Demo struct {
	config   Config
	house    house
	journal  journal
	stations []*station
	number   atomic.Int64 // of the request asked last
}

// Start opens every service and gateway. When it returns, all of them listen.
func Start(c Config) (*Demo, error) {
	d := &Demo{config: c, house: house{next: c.Port}}
	for _, build := range []func(*Demo) (*station, error){
		visionStation, omiliaStation, plainStation, vbapiStation, vmsStation,
		writerGoneStation, writerHangsStation,
		goneStation, silentStation, brokenStation,
	} {
		s, err := build(d)
		if err != nil {
			d.Close()
			return nil, err
		}
		d.stations = append(d.stations, s)
	}
	return d, nil
}

// Close stops all of it and waits until nothing listens any more. Requests that
// are under way are cut.
func (d *Demo) Close() { d.house.close() }

// Run drives every scenario and yields a row for each, system by system. The
// systems are driven at the same time, for some waits are real. It may be run
// again.
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
					rows[i] <- s.play(ctx, d, scenario)
				}
				_ = s.calm(ctx) // an error is a context that ended
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

// Follow has the services and gateways log to w from now on, beside what the
// demo keeps for itself.
func (d *Demo) Follow(w io.Writer) { d.journal.follow(w) }

// Place is where a service and its gateway are found.
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
		all[i] = Place{s.system, s.state, s.straight.base, s.gateway.base}
	}
	return all
}

// station is a service, its gateway, and what is to be seen there.
type station struct {
	system    string // the dialect's name, too
	state     string
	witness   witness
	record    *record // the same, where there is a service
	straight  *way
	gateway   *way
	rest      func()                                       // heals what a scenario broke; nil for nothing
	key       string                                       // the header of who may delete what scenarios made
	log       func(*http.Client, string) client.Credential // logs in to the service of that URL; nil for none
	prime     Ask                                          // what a way asks first, so that its token is good; no Method for nothing
	config    gateway.Config                               // of the gateway; upstream and dialects are added
	scenarios []Scenario
}

// way is one of the two to a service.
type way struct {
	base       string // URL
	client     *http.Client
	credential client.Credential // that of the client end, which is the gateway's own on that way; nil for none
}

// serve opens a station: the service behind a witness, and then what connect
// opens.
func (d *Demo) serve(s *station, service http.Handler) (*station, error) {
	if other := d.config.Instead[s.system]; other != nil {
		service = other
	}
	s.record = &record{service: service}
	s.witness = s.record
	at, err := d.house.open(d.house.listen, s.record, d.journal.logger(s.system))
	if err != nil {
		return nil, err
	}
	return d.connect(s, at)
}

// connect opens the gateway before the service at a URL, and both ways to it.
func (d *Demo) connect(s *station, service string) (*station, error) {
	speaks, err := catalog.Open(s.system)
	if err != nil {
		return nil, err
	}
	problem, err := catalog.Open("problem")
	if err != nil {
		return nil, err
	}
	plain := &http.Client{Transport: d.house.transport()}
	options := func() (client.Credential, []client.Option) {
		all := []client.Option{client.WithAttempts(attempts)}
		if s.log == nil {
			return nil, all
		}
		credential := s.log(plain, service)
		return credential, append(all, client.WithCredential(credential))
	}

	credential, more := options()
	s.straight = &way{service, &http.Client{Transport: client.New(speaks, append(more, client.WithBase(plain.Transport))...)}, credential}

	credential, more = options()
	c := s.config
	c.Speaks, c.Answers, c.Client, c.Transport = speaks, problem, more, d.house.transport()
	c.Logger = d.journal.logger(s.system + " gateway")
	if c.Upstream, err = url.Parse(service); err != nil {
		return nil, err
	}
	g, err := gateway.New(c)
	if err != nil {
		return nil, err
	}
	at, err := d.house.open(d.house.listen, g, c.Logger)
	if err != nil {
		return nil, err
	}
	// The caller of a gateway reads problems, and repeats nothing: the gateway did.
	reader := client.New(problem, client.WithAttempts(1), client.WithBase(plain.Transport))
	s.gateway = &way{at, &http.Client{Transport: reader}, credential}
	return s, nil
}

// calm leaves a station as it was found: healed, and without what was created.
func (s *station) calm(ctx context.Context) error {
	if s.rest != nil {
		s.rest()
	}
	if s.record == nil {
		return nil
	}
	for _, path := range s.record.standing() {
		if _, _, err := s.straight.do(ctx, send("DELETE", path, "", s.key)); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes the oldest of what was created at a station.
func (s *station) remove(ctx context.Context, w *way) error {
	made := s.record.standing()
	if len(made) == 0 {
		return errors.New("there is nothing to delete")
	}
	_, _, err := w.do(ctx, send("DELETE", made[0], "", s.key))
	return err
}
