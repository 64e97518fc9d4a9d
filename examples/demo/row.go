package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/internal/say"
)

// Row is the result of a scenario.
type Row struct {
	System    string           `json:"system"`
	Cause     string           `json:"cause"`
	Request   string           `json:"request"` // method and path
	Said      []string         `json:"said"`    // the responses of the service, one for each request that it received
	Means     []string         `json:"means"`   // the kind and reason of each attempt
	Did       string           `json:"did"`     // what the client end did, for people
	Act       parlance.Act     `json:"act"`     // what the last response's dialect says to do
	RetrySafe bool             `json:"retry_safe"`
	Outcome   parlance.Outcome `json:"outcome"` // of the service's last response
	Problem   parlance.Outcome `json:"problem"` // the response of the gateway
	Differs   []string         `json:"differs"` // what came otherwise than promised; empty for nothing
}

// Promised reports whether all came as promised.
func (r Row) Promised() bool { return len(r.Differs) == 0 }

// Out is what came out of the gateway, in words.
func (r Row) Out() string {
	o := r.Problem
	text := meaning(o)
	if o.Status != 0 {
		text = strconv.Itoa(o.Status) + " " + text
	}
	if o.RetryAfter > 0 {
		text += ", after " + say.Brief(o.RetryAfter)
	}
	return text
}

// result is what came of a request on one way.
type result struct {
	attempts []client.Attempt
	outcome  parlance.Outcome
	saw      []string
}

// play asks on both ways, one after the other, and compares.
func (s *station) play(ctx context.Context, d *Demo, c Scenario) Row {
	row := Row{System: s.system, Cause: c.Cause, Request: c.Ask.Method + " " + c.Ask.path(), Said: []string{}, Means: []string{}, Differs: []string{}}
	if _, code := c.comes(); code != "" {
		row.Cause += " (code " + code + ")"
	}
	differs := func(format string, args ...any) { row.Differs = append(row.Differs, fmt.Sprintf(format, args...)) }
	compare := func(what, got, want string) {
		if got != want {
			differs("%s %q, not %q", what, got, want)
		}
	}

	straight, err := s.meet(ctx, d, c, func() *way { return s.straight })
	if err != nil {
		differs("straight: %v", err)
		return row
	}
	row.Said, row.Outcome = straight.saw, straight.outcome
	for _, a := range straight.attempts {
		row.Means = append(row.Means, meaning(a.Outcome))
	}
	row.Did = did(straight.attempts)
	if c.Put != nil {
		row.Did = "stored it, " + row.Did
	}
	if n := len(straight.attempts); n > 0 {
		row.Act, row.RetrySafe = straight.attempts[n-1].Decision.Act, straight.attempts[n-1].Decision.RetrySafe
	}
	compare("the service responded", strings.Join(row.Said, ", "), c.Promise.Said)
	compare("it meant", strings.Join(row.Means, ", "), c.Promise.Means)
	compare("the client", row.Did, c.Promise.Did)

	through, err := s.meet(ctx, d, c, func() *way { return s.gateway })
	if err != nil {
		differs("by the gateway: %v", err)
		return row
	}
	row.Problem = through.outcome
	compare("the gateway got", strings.Join(through.saw, ", "), c.Promise.Said)
	compare("out came", row.Out(), c.Promise.Out)
	if row.Outcome.Kind.Good() {
		return row // a success passes on in its own words
	}
	if a, b := len(row.Outcome.Fields), len(row.Problem.Fields); a != b {
		differs("%d fields became %d", a, b)
	}
	if a, b := len(row.Outcome.Items), len(row.Problem.Items); a != b {
		differs("%d records became %d", a, b)
	}
	if c.Check == nil {
		return row
	}
	for _, o := range []parlance.Outcome{row.Outcome, row.Problem} {
		if fault := c.Check(o); fault != "" {
			differs("%s", fault)
		}
	}
	return row
}

// enough is longer than anything here takes that goes well.
const enough = time.Minute

// meet brings the cause about and sends the request on one way.
func (s *station) meet(ctx context.Context, d *Demo, c Scenario, way func() *way) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, enough)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.start(d, c); err != nil {
		return result{}, err
	}
	w := way()
	if s.prime.Method != "" {
		if _, _, err := w.do(ctx, s.prime); err != nil {
			return result{}, err
		}
	}
	if c.Given != nil {
		if err := c.Given(ctx, w); err != nil {
			return result{}, fmt.Errorf("the cause could not be brought about: %w", err)
		}
	}
	if c.Patience > 0 && w == s.straight { // a gateway has a patience of its own
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Patience)
		defer cancel()
	}
	req, err := w.request(ctx, c.Ask)
	if err != nil {
		return result{}, err
	}
	if s.build != nil {
		s.record.then(c.Meantime)
	}
	s.witness.begin()
	var r result
	if c.Put != nil {
		r, err = s.deliver(ctx, d, w, c.Put)
	} else {
		r, err = ask(w.client, req)
	}
	r.saw = s.witness.saw(c.Ask)
	return r, err
}

// ask sends a request and reports what came of it, a response or none.
func ask(c *http.Client, req *http.Request) (result, error) {
	res, err := c.Do(req)
	if err != nil {
		if e, ok := errors.AsType[*client.Error](err); ok {
			return result{attempts: e.Attempts, outcome: e.Outcome}, nil
		}
		return result{}, err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return result{}, err
	}
	report, ok := client.ReportOf(res)
	if !ok {
		return result{}, client.ErrForeign
	}
	return result{attempts: slices.Clone(report.Attempts), outcome: report.Outcome}, nil
}
