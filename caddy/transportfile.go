package caddyparlance

import (
	"maps"
	"strconv"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/parlance-api/parlance/dialect"
)

var _ caddyfile.Unmarshaler = (*Transport)(nil)

// UnmarshalCaddyfile reads the settings of a transport:
//
//	transport parlance {
//		speaks          <dialect or file>
//		timeout         <time>
//		attempt_timeout <time>
//		max_wait        <time>
//		max_hold        <time>
//		max_unreachable <time>
//		max_attempts    <number>
//		max_body        <size>
//		max_replay      <size>
//		budget          <retries> <added by a success>
//		pace
//		breaker         [<failures> [<pause>]]
//		hedge           <time>
//		api_key         <field> <secret>
//		basic           <user> <password> | <user:password>
//		oauth           <endpoint> {
//			client  <id> <secret>
//			scopes  <scope...>
//			refresh <token>
//		}
//		http {
//			<settings of Caddy's transport http>
//		}
//	}
func (t *Transport) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the name of the transport
	if len(d.RemainingArgs()) > 0 {
		return d.Err("transport parlance takes a block, and no arguments")
	}
	s := settings{
		"speaks":          dialectName(&t.Speaks, &t.Sources),
		"timeout":         duration(&t.Timeout),
		"attempt_timeout": duration(&t.AttemptTimeout),
		"max_wait":        duration(&t.MaxWait),
		"max_hold":        duration(&t.MaxHold),
		"max_unreachable": duration(&t.MaxUnreachable),
		"max_attempts":    number(&t.MaxAttempts, 1),
		"max_body":        size(&t.MaxBody, dialect.MaxBody),
		"max_replay":      size(&t.MaxReplay, 1<<30),
		"budget":          t.readBudget,
		"pace":            flag(&t.Pace),
		"breaker":         t.readBreaker,
		"hedge":           duration(&t.Hedge),
		"http":            t.readHTTP,
	}
	maps.Copy(s, t.Credentials.settings())
	if err := s.read(d, "transport parlance"); err != nil {
		return err
	}
	if t.Speaks == "" {
		return d.Err("transport parlance needs the dialect of the upstreams: speaks NAME")
	}
	return nil
}

func (t *Transport) readBudget(d *caddyfile.Dispenser) error {
	var capacity, deposit string
	if err := arguments(d, &capacity, &deposit); err != nil {
		return err
	}
	retries, wrong := strconv.Atoi(capacity)
	added, malformed := strconv.ParseFloat(deposit, 64)
	if wrong != nil || malformed != nil || retries < 0 || added < 0 {
		return d.Err("budget takes a number of retries and what a success adds, such as: budget 100 0.1")
	}
	t.Budget = &Budget{retries, added}
	return nil
}

func (t *Transport) readBreaker(d *caddyfile.Dispenser) error {
	t.Breaker = new(Breaker)
	args := d.RemainingArgs()
	if len(args) > 2 {
		return d.Errf("breaker takes at most 2 arguments, and has %d", len(args))
	}
	for i, set := range []func(*caddyfile.Dispenser) error{number(&t.Breaker.Failures, 1), duration(&t.Breaker.Pause)} {
		if i == len(args) {
			break
		}
		if err := set(one(d, "breaker", args[i])); err != nil {
			return err
		}
	}
	return nil
}

// one is a Dispenser of a name and one argument, at the place of d.
func one(d *caddyfile.Dispenser, name, argument string) *caddyfile.Dispenser {
	at := d.Token()
	first, second := at, at
	first.Text, second.Text = name, argument
	alone := caddyfile.NewDispenser([]caddyfile.Token{first, second})
	alone.Next()
	return alone
}

func (t *Transport) readHTTP(d *caddyfile.Dispenser) error {
	t.HTTP = new(reverseproxy.HTTPTransport)
	return t.HTTP.UnmarshalCaddyfile(d.NewFromNextSegment())
}
