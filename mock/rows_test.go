package mock_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/mock"
)

// row is a row of examples/rows.tsv: what a system promises of a code, and what a client
// does about it.
type row struct {
	system, code, method string
	kind                 parlance.Kind
	reason               parlance.Reason
	act                  parlance.Act
	schedule             []time.Duration  // of the retries; nil for none
	backoff              parlance.Backoff // of the retries; the zero value for none
}

// systemRows are the rows of the five systems.
func systemRows(t *testing.T) (all []row) {
	t.Helper()
	text, err := os.ReadFile("../examples/rows.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		part := strings.Split(strings.TrimSpace(line), "\t")
		if len(part) != 6 {
			t.Fatalf("%q has %d columns, want 6", line, len(part))
		}
		r := row{system: part[0], code: part[1], method: part[2]}
		kind, reason, _ := strings.Cut(part[3], "/")
		var known bool
		if r.kind, known = parlance.ParseKind(kind); !known {
			t.Fatalf("%q has the unknown kind %s", line, kind)
		}
		r.reason = parlance.Reason(reason)
		if err := r.act.UnmarshalText([]byte(part[4])); err != nil {
			t.Fatal(err)
		}
		r.times(t, part[5])
		all = append(all, r)
	}
	if len(all) != 71 {
		t.Fatalf("got %d rows, want 71", len(all))
	}
	return all
}

// times reads a schedule (5m,30m), a backoff (1s..60s) or nothing (-).
func (r *row) times(t *testing.T, text string) {
	t.Helper()
	parse := func(text string) time.Duration {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	floor, limit, bounded := strings.Cut(text, "..")
	switch {
	case text == "-":
	case bounded:
		r.backoff = parlance.Backoff{Floor: parse(floor), Cap: parse(limit)}
	default:
		for one := range strings.SplitSeq(text, ",") {
			r.schedule = append(r.schedule, parse(one))
		}
	}
}

// wish is the row as a wish.
func (r *row) wish() mock.Wish { return mock.Wish{Code: r.code, Kind: r.kind, Reason: r.reason} }

// tokens is a credential that gives another token after each refusal.
type tokens struct{ given int }

func (c *tokens) Token(context.Context) (string, error) { return fmt.Sprint("token-", c.given), nil }
func (c *tokens) Invalidate(string)                     { c.given++ }

// TestAMockGivesEveryRowOfTheFiveSystemsAndAClientDoesWhatItSays goes over a real socket. A
// wait is not begun there: the test in virtual time waits.
func TestAMockGivesEveryRowOfTheFiveSystemsAndAClientDoesWhatItSays(t *testing.T) {
	t.Parallel()
	for _, r := range systemRows(t) {
		t.Run(r.system+" "+r.code, func(t *testing.T) {
			t.Parallel()
			d := open(t, r.system)
			m, base := started(t, d)
			if err := m.Next(1, r.wish()); err != nil {
				t.Fatal(err)
			}
			credential := &tokens{}
			options := []client.Option{client.WithMaxWait(time.Millisecond)}
			if r.act == parlance.ActRefresh {
				options = append(options, client.WithCredential(credential))
			}
			c := &http.Client{Transport: client.New(d, options...)}
			res, err := c.Do(request(t, r.method, base+"/orders/7"))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			report, ok := client.ReportOf(res)
			if !ok {
				t.Fatal("the response has no report")
			}
			first := report.Attempts[0]
			if o := first.Outcome; o.Kind != r.kind || o.Reason != r.reason {
				t.Errorf("it is read as %s/%s with status %d, want %s/%s", o.Kind, o.Reason, o.Status, r.kind, r.reason)
			}
			if g := report.Diagnostics; len(g) > 0 {
				t.Errorf("the client complains: %v", g)
			}
			r.decides(t, d, &first)
			r.ends(t, report, client.Check(res), credential)
		})
	}
}

// decides holds the decision on the first response against the row.
func (r *row) decides(t *testing.T, d *dialect.Dialect, first *client.Attempt) {
	t.Helper()
	p := first.Decision
	if p.Act != r.act || !strings.HasPrefix(p.Line, d.Name()+".yaml:") && !strings.HasPrefix(p.Line, "http.yaml:") {
		t.Errorf("the client does %s by %s, want %s", p.Act, p.Line, r.act)
	}
	if fmt.Sprint(p.Schedule) != fmt.Sprint(r.schedule) || p.Backoff != r.backoff {
		t.Errorf("it waits %v %v, want %v %v", p.Schedule, p.Backoff, r.schedule, r.backoff)
	}
	if r.act == parlance.ActRetry && !strings.Contains(first.Held, "longer than") {
		t.Errorf("a retry is held because %q, want because the wait is too long", first.Held)
	}
}

// ends holds what came of the request against the row.
func (r *row) ends(t *testing.T, report *client.Report, err error, credential *tokens) {
	t.Helper()
	attempts, good := 1, r.kind.Good()
	if r.act == parlance.ActRefresh {
		attempts, good = 2, true // with another token
		if credential.given != 1 {
			t.Errorf("the token was refused %d times, want once", credential.given)
		}
	}
	if len(report.Attempts) != attempts || (err == nil) != good {
		t.Errorf("after %d attempts the error is %v; want %d attempts, and that they end well: %t", len(report.Attempts), err, attempts, good)
	}
	o := report.Outcome
	var failed *client.Error
	switch {
	case err != nil && (!errors.As(err, &failed) || failed.Outcome.Kind != r.kind):
		t.Errorf("the error is %v, want one of kind %s", err, r.kind)
	case r.kind == parlance.KindNoted && len(o.Notes) == 0 && o.Detail == "":
		t.Errorf("the note does not reach the caller: %+v", o)
	case r.kind == parlance.KindPartial && len(o.Items) != 2:
		t.Errorf("got %d records, want the one that went well and the one that failed", len(o.Items))
	case r.reason == parlance.ReasonFields && len(o.Fields) == 0:
		t.Errorf("no field reaches the caller: %+v", o)
	}
}

func TestAClientWaitsForAMockAsTheRowSaysAndTheNextResponseIsASuccess(t *testing.T) {
	t.Parallel()
	for _, r := range systemRows(t) {
		if r.act != parlance.ActRetry {
			continue
		}
		t.Run(r.system+" "+r.code, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := open(t, r.system)
				m, rt := inMemory(t, d)
				if err := m.Next(2, r.wish()); err != nil {
					t.Fatal(err)
				}
				c := &http.Client{Transport: client.New(d, client.WithBase(rt), client.WithMaxWait(time.Hour))}
				began := time.Now()
				res, err := c.Do(request(t, "GET", "http://api/orders/7"))
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				report, _ := client.ReportOf(res)
				if len(report.Attempts) != 3 || report.Outcome.Kind != parlance.KindSuccess {
					t.Errorf("after %d attempts it is %s, want success after 3", len(report.Attempts), report.Outcome.Kind)
				}
				if r.schedule != nil {
					if took, want := time.Since(began), r.schedule[0]+r.schedule[1]; took != want {
						t.Errorf("it took %s, want %s", took, want)
					}
					return
				}
				for n, a := range report.Attempts[:2] {
					if a.Wait < r.backoff.Floor || a.Wait > r.backoff.Cap {
						t.Errorf("the wait %d is %s, want one within %v", n+1, a.Wait, r.backoff)
					}
				}
			})
		})
	}
}

func TestAFailureThatPersistsIsReportedAfterTheSchedule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := open(t, "vision")
		m, rt := inMemory(t, d)
		if err := m.Next(10, mock.Wish{Code: "500"}); err != nil {
			t.Fatal(err)
		}
		c := &http.Client{Transport: client.New(d, client.WithBase(rt), client.WithMaxWait(time.Hour))}
		res, err := c.Do(request(t, "GET", "http://vision/orders"))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		report, _ := client.ReportOf(res)
		if len(report.Attempts) != 3 || report.Decision.Act != parlance.ActEscalate {
			t.Errorf("after %d attempts the client does %s, want escalate after 3", len(report.Attempts), report.Decision.Act)
		}
	})
}
