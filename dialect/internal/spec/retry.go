package spec

import (
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	yaml "go.yaml.in/yaml/v4"
)

// retry is what a row says about retrying. The zero value says nothing.
type retry struct {
	Act      parlance.Act // refresh, poll, retry, or stop for never; 0 where only times are given
	After    time.Duration
	Reset    bool // after what $reset holds, if it is known
	Backoff  parlance.Backoff
	Schedule []time.Duration
	Then     parlance.Act
}

// retry reads never, refresh, poll, {after: 60s}, {after: [$reset, 60s]}, {backoff: 1s..60s} or
// {schedule: [5m, 30m], then: escalate}.
func (r *Reporter) retry(n *yaml.Node) (p retry) {
	if n.Kind == yaml.ScalarNode {
		p.Act = r.retryWord(n)
		return p
	}
	p.Act = parlance.ActRetry
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		r.Fault(At(n), "bad_retry", "write {backoff: 1s..60s}, or leave retry out", "retry has no time")
	}
	r.Keys(n, "retry",
		Key{Name: "after", Read: func(_, v *yaml.Node) {
			for _, one := range r.Words(v, "after") {
				if one == "$reset" {
					p.Reset = true
					continue
				}
				p.After = r.Duration(v, one)
			}
		}},

		Key{Name: "backoff", Read: func(_, v *yaml.Node) { p.Backoff = r.backoff(v) }},
		Key{Name: "schedule", Read: func(_, v *yaml.Node) {
			for _, s := range r.Words(v, "schedule") {
				p.Schedule = append(p.Schedule, r.Duration(v, s))
			}
		}},

		Key{Name: "then", Read: func(_, v *yaml.Node) { p.Then = r.Act(v) }},
	)
	return p
}

// retryWord reads never, refresh or poll. It returns 0 after a fault.
func (r *Reporter) retryWord(n *yaml.Node) parlance.Act {
	switch n.Value {
	case "never":
		return parlance.ActStop
	case "refresh":
		return parlance.ActRefresh
	case "poll":
		return parlance.ActPoll
	}
	if d, err := time.ParseDuration(n.Value); err == nil && d > 0 {
		r.Fault(At(n), "bad_retry", "write {after: "+n.Value+"}", "a time needs a key, such as after")
		return 0
	}
	r.Unknown(At(n), "bad_retry", "retry", n.Value, []string{"never", "refresh", "poll", "{after: 60s}", "{backoff: 1s..60s}", "{schedule: [5m, 30m]}"})
	return 0
}

// backoff reads 1s..60s. It returns the zero value for what is not two times.
func (r *Reporter) backoff(n *yaml.Node) (b parlance.Backoff) {
	floor, top, ok := strings.Cut(n.Value, "..")
	if !ok {
		r.Fault(At(n), "bad_duration", "write 1s..60s", "a backoff needs a floor and a cap")
		return b
	}
	b = parlance.Backoff{Floor: r.Duration(n, floor), Cap: r.Duration(n, top)}
	if b.Cap < b.Floor {
		r.Fault(At(n), "bad_duration", "write the smaller one first", "the cap %s is less than the floor %s", top, floor)
	}
	return b
}

// Act reads the word for an act.
func (r *Reporter) Act(n *yaml.Node) parlance.Act {
	a, ok := parlance.ParseAct(n.Value)
	if !ok {
		var known []string
		for a := parlance.ActDone; a <= parlance.ActStop; a++ {
			known = append(known, a.String())
		}
		r.Unknown(At(n), "unknown_act", "act", n.Value, known)
	}
	return a
}
