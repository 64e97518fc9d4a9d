package spec

import (
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	yaml "go.yaml.in/yaml/v4"
)

// retry is what a row says about repeating. The zero value says nothing.
type retry struct {
	Act      parlance.Act // refresh, poll, retry, or stop for never; 0 where only times are given
	After    time.Duration
	Reset    bool // after what $reset holds, if it is known
	Backoff  parlance.Backoff
	Schedule []time.Duration
	Then     parlance.Act
}

var retryKeys = []string{"after", "backoff", "schedule", "then"}

// retry reads never, refresh, poll, {after: 60s}, {after: [$reset, 60s]}, {backoff: 1s..60s} or
// {schedule: [5m, 30m], then: escalate}.
func (r *Reporter) retry(n *yaml.Node) (p retry) {
	if n.Kind == yaml.ScalarNode {
		switch n.Value {
		case "never":
			p.Act = parlance.Stop
		case "refresh":
			p.Act = parlance.Refresh
		case "poll":
			p.Act = parlance.Poll
		default:
			if d, err := time.ParseDuration(n.Value); err == nil && d > 0 {
				r.Fault(At(n), "bad_retry", "write {after: "+n.Value+"}", "a time alone does not say what it is")
				return p
			}
			r.Unknown(At(n), "bad_retry", "retry", n.Value, []string{"never", "refresh", "poll", "{after: 60s}", "{backoff: 1s..60s}", "{schedule: [5m, 30m]}"})
		}
		return p
	}
	p.Act = parlance.Retry
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		r.Fault(At(n), "bad_retry", "write {backoff: 1s..60s}, or leave retry out", "the retry says no time")
	}
	r.Pairs(n, "retry", func(k, v *yaml.Node) {
		switch k.Value {
		case "after":
			for _, one := range r.words(v, "after") {
				if one == "$reset" {
					p.Reset = true
					continue
				}
				p.After = r.duration(v, one)
			}
		case "backoff":
			floor, top, ok := strings.Cut(v.Value, "..")
			if !ok {
				r.Fault(At(v), "bad_duration", "write 1s..60s", "a backoff has a floor and a cap")
				return
			}
			p.Backoff = parlance.Backoff{Floor: r.duration(v, floor), Cap: r.duration(v, top)}
			if p.Backoff.Cap < p.Backoff.Floor {
				r.Fault(At(v), "bad_duration", "write the smaller one first", "the cap %s is below the floor %s", top, floor)
			}
		case "schedule":
			for _, s := range r.words(v, "schedule") {
				p.Schedule = append(p.Schedule, r.duration(v, s))
			}
		case "then":
			p.Then = r.Act(v)
		default:
			r.Unknown(At(k), "unknown_key", "key of retry", k.Value, retryKeys)
		}
	})
	return p
}

// duration reads Go's notation of a duration, with d for days. Zero and
// negative ones are no wait.
func (r *Reporter) duration(n *yaml.Node, text string) time.Duration {
	text = strings.TrimSpace(text)
	d, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok && err != nil {
		var f float64
		if f, err = strconv.ParseFloat(days, 64); err == nil {
			d, _ = parlance.Seconds(f * 86400)
		}
	}
	if err != nil || d <= 0 {
		r.Fault(At(n), "bad_duration", "write 500ms, 60s, 5m or 1d", "%q is no duration", text)
		return 0
	}
	return d
}

func (r *Reporter) Act(n *yaml.Node) parlance.Act {
	a, ok := parlance.ParseAct(n.Value)
	if !ok {
		var known []string
		for a := parlance.Done; a <= parlance.Stop; a++ {
			known = append(known, a.String())
		}
		r.Unknown(At(n), "unknown_act", "act", n.Value, known)
	}
	return a
}
