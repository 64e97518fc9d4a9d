package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

// Shown is what went over the wire on both sides of a gateway.
type Shown struct {
	Switch
	Request  string // of the caller, to the gateway
	Response string // of the gateway, as RFC 9457 if it is a failure
	Steps    []Step // what the gateway and the service said to each other
}

// Last is the last thing that the service said, nil if nothing reached it.
func (s Shown) Last() *Step {
	if len(s.Steps) == 0 {
		return nil
	}
	return &s.Steps[len(s.Steps)-1]
}

// Step is a request of the gateway to the service, and what the gateway made of the
// response.
type Step struct {
	Request, Response string
	Means             string // kind and reason
	Act               parlance.Act
	RetrySafe         bool
	Why               string
	Line              string // the place in the dialect file, such as vms.yaml:22; "" for none
	Text              string // that line
}

// Show brings the cause of a switch about, sends the request through the gateway, and
// tells what went over the wire. The cause stays until the next switch of the system. It
// reports false for an unknown name.
func (d *Demo) Show(ctx context.Context, name string) (shown Shown, found bool, err error) {
	for _, s := range d.stations {
		for _, c := range s.switches() {
			if sw := d.shown(s, c); sw.Name == name {
				shown, err = s.show(ctx, d, c)
				shown.Switch = sw
				return shown, true, err
			}
		}
	}
	return Shown{}, false, nil
}

// show sends the request of a scenario through the gateway as a person does, who has no
// client of ours.
func (s *station) show(ctx context.Context, d *Demo, c Scenario) (shown Shown, err error) {
	ctx, cancel := context.WithTimeout(ctx, enough)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.start(d, c); err != nil {
		return shown, err
	}
	w := s.gateway
	if c.Promise == (Promise{}) { // it is about the caller's own credential
		if err := s.withoutCredential(d); err != nil {
			return shown, err
		}
		w = &way{s.at, &http.Client{Transport: s.transport}, nil, s.token, nil}
	} else if s.prime.Method != "" {
		if _, _, err := w.do(ctx, s.prime); err != nil {
			return shown, err
		}
	}
	if c.Given != nil {
		if err := c.Given(ctx, w); err != nil {
			return shown, fmt.Errorf("the cause could not be brought about: %w", err)
		}
	}
	if c.Ask, err = w.loggedIn(ctx, c.Ask); err != nil {
		return shown, err
	}
	req, err := w.request(ctx, c.Ask)
	if err != nil {
		return shown, err
	}
	s.record.then(c.Meantime)
	s.record.watch(true)
	defer s.record.watch(false)
	s.record.begin()
	var at wire
	at.asked(req)
	res, err := s.transport.RoundTrip(req)
	if err != nil {
		return shown, err
	}
	defer res.Body.Close()
	at.status, at.header = res.StatusCode, res.Header
	body, _ := beginning(res.Body)
	at.keep(body)
	at.responded()
	shown.Request, shown.Response = at.request.String(), at.response.String()
	shown.Steps, err = s.steps(s.record.wires())
	return shown, err
}

// loggedIn is the request with the token that it has to get before.
func (w *way) loggedIn(ctx context.Context, a Ask) (Ask, error) {
	if a.Login == nil {
		return a, nil
	}
	_, body, err := w.do(ctx, a.Login.Ask)
	if err != nil {
		return a, err
	}
	var token map[string]json.RawMessage
	var text string
	if err := json.Unmarshal(body, &token); err != nil {
		return a, err
	}
	if err := json.Unmarshal(token[a.Login.Member], &text); err != nil {
		return a, fmt.Errorf("the login gave no %s: %w", a.Login.Member, err)
	}
	a.Header = append(slices.Clip(a.Header), "Authorization: Bearer "+text)
	return a, nil
}

// steps says what the dialect of the service makes of each of its responses.
func (s *station) steps(wires []*wire) (all []Step, err error) {
	d, err := catalog.Open(s.system)
	if err != nil {
		return nil, err
	}
	_, source, err := catalog.Read(s.system)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(source), "\n")
	for _, w := range wires {
		method, rest, _ := strings.Cut(w.request.String(), " ")
		target, _, _ := strings.Cut(rest, " ")
		req := dialect.Request{Method: method, Path: target, Header: requestHeader(w.request.String())}
		o := d.Decode(req, dialect.Response{Status: w.status, Header: w.header, Body: w.body.Bytes(), Cut: w.body.Len() >= shownBytes}).Outcome
		p := d.Decide(req, &o)
		step := Step{
			Request: w.request.String(), Response: w.response.String(), Means: meaning(o),
			Act: p.Act, RetrySafe: p.RetrySafe, Why: p.Why, Line: p.Line,
		}
		file, number, _ := strings.Cut(p.Line, ":")
		if n, err := strconv.Atoi(number); err == nil && file == s.system+".yaml" && n > 0 && n <= len(lines) {
			step.Text = strings.TrimSpace(lines[n-1])
		}
		all = append(all, step)
	}
	return all, nil
}

// requestHeader is the header of a request that was written down.
func requestHeader(text string) http.Header {
	head, _, _ := strings.Cut(text, "\n\n")
	h := http.Header{}
	for line := range strings.Lines(head) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			h.Add(name, value)
		}
	}
	return h
}
