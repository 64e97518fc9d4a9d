package scenario_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/mock/scenario"
)

func compile(t testing.TB, source string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Compile("test.yaml", []byte(source), open(t, "stripe"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// given are what n requests are given, in one line: their wishes and faults.
func given(r *scenario.Run, n int) string {
	var all []string
	for range n {
		s, _ := r.Next("POST", "/a")
		word := strings.TrimPrefix(s.Prefer, "code=")
		switch {
		case s.Fault != scenario.FaultNone:
			word += s.Fault.String()
		case word == "":
			word = "normal"
		}
		all = append(all, word)
	}
	return strings.Join(all, " ")
}

func TestALineGivesItsStepsOneAfterTheOther(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"503":                               "503 503 503 503 503 503",
		"503, 503, then 200":                "503 503 200 200 200 200",
		"503 3 times, then 200":             "503 503 503 200 200 200",
		"503 then 429 then 200":             "503 429 200 200 200 200",
		"503 2 times":                       "503 503 normal normal normal normal",
		"503, 429 2 times":                  "503 429 429 normal normal normal",
		"503, 200, then repeat":             "503 200 503 200 503 200",
		"503, then normal":                  "503 normal normal normal normal normal",
		"every 3rd 503":                     "normal normal 503 normal normal 503",
		"every 2nd reset 4 times, then 200": "normal reset normal reset 200 200",
		"reset, card_declined, then slow":   "reset card_declined slow slow slow slow",
		"rate_limited, then invalid/fields": `kind=rate_limited` + strings.Repeat(` kind="invalid/fields"`, 5),
		"100% 503":                          "503 503 503 503 503 503",
	} {
		run := compile(t, "scenario: x\nrequests: {/a: '"+line+"'}").Run(0, nil)
		if got := given(run, 6); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

func TestATimeBeginsWithTheFirstRequestOfTheLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		run := compile(t, "scenario: x\nrequests: {/a: '503, 429 until 20s, then 200', /b: '500 until 10s, 200, then repeat'}").Run(0, nil)
		time.Sleep(time.Hour)
		if got := given(run, 3); got != "503 429 429" {
			t.Error("at the beginning:", got)
		}
		time.Sleep(20*time.Second - 1)
		if got := given(run, 1); got != "429" {
			t.Error("just before 20s:", got)
		}
		time.Sleep(time.Nanosecond)
		if got := given(run, 2); got != "200 200" {
			t.Error("at 20s:", got)
		}
		var all []string
		for range 8 {
			s, _ := run.Next("GET", "/b/")
			all = append(all, s.Prefer)
			time.Sleep(4 * time.Second)
		}
		if got, want := fmt.Sprint(all), "[code=500 code=500 code=500 code=200 code=500 code=500 code=500 code=200]"; got != want {
			t.Errorf("repeated: got %s, want %s", got, want)
		}
	})
}

func TestTheFirstLineThatFitsCounts(t *testing.T) {
	t.Parallel()
	run := compile(t, "scenario: x\nrequests:\n  POST /a: 501\n  GET HEAD /a/*/c: 502\n  /a/*: 503\n  DELETE *: 504\n").Run(0, nil)
	for request, want := range map[string]string{
		"POST /a":     "test.yaml:3 code=501",
		"POST /a/":    "test.yaml:3 code=501",
		"GET /a":      " ",
		"GET /a/b/c":  "test.yaml:4 code=502",
		"HEAD /a/b/c": "test.yaml:4 code=502",
		"POST /a/b/c": "test.yaml:5 code=503",
		"DELETE /z":   "test.yaml:6 code=504",
		"GET /":       " ",
	} {
		method, path, _ := strings.Cut(request, " ")
		s, ok := run.Next(method, path)
		if got := s.Line + " " + s.Prefer; got != want || ok != (want != " ") {
			t.Errorf("%s: got %q, %t, want %q", request, got, ok, want)
		}
	}
}

func TestTheSameSeedGivesTheSameWhateverElseIsRequested(t *testing.T) {
	t.Parallel()
	s := compile(t, "scenario: x\nseed: 7\nlatency: 1ms..9ms\nrequests: {/a: 50% 503 or 25% reset, /b: 50% 503}")
	steps := func(seed uint64, other bool) (all []string) {
		run := s.Run(seed, nil)
		for range 200 {
			if other {
				run.Next("GET", "/b")
				run.Next("GET", "/c")
			}
			step, _ := run.Next("GET", "/a")
			all = append(all, fmt.Sprint(step))
		}
		return all
	}
	if a, b := fmt.Sprint(steps(0, false)), fmt.Sprint(steps(7, true)); a != b {
		t.Errorf("the seed of the file and the same seed differ:\n%s\n%s", a, b)
	}
	if a, b := fmt.Sprint(steps(1, false)), fmt.Sprint(steps(2, false)); a == b {
		t.Error("two seeds give the same")
	}
	count := map[string]int{}
	for _, step := range steps(0, false) {
		fields := strings.Fields(strings.Trim(step, "{}"))
		count[fields[0]]++
	}
	if n := count["code=503"]; n < 70 || n > 130 {
		t.Errorf("%d of 200 are 503, want about 100: %v", n, count)
	}
}

func TestLatencyIsWithinItsRange(t *testing.T) {
	t.Parallel()
	run := compile(t, "scenario: x\nlatency: 20ms..80ms\nrequests: {/a: own, /b: 503}\nresponses: {own: {latency: 2s}}").Run(0, nil)
	least, most := time.Hour, time.Duration(0)
	for range 1000 {
		b, _ := run.Next("GET", "/b")
		none, _ := run.Next("GET", "/c")
		least, most = min(least, b.Latency, none.Latency), max(most, b.Latency, none.Latency)
	}
	if least < 20*time.Millisecond || most > 80*time.Millisecond || most-least < 50*time.Millisecond {
		t.Errorf("from %s to %s", least, most)
	}
	if own, _ := run.Next("GET", "/a"); own.Latency != 2*time.Second || own.Prefer != "" {
		t.Errorf("the response's own: %+v", own)
	}
}

func TestANamedResponseIsAWish(t *testing.T) {
	t.Parallel()
	run := compile(t, `
scenario: x
requests: {/a: 'declined, bulk, fields, then broken'}
responses:
  declined: {code: card_declined, detail: 'He said "no" \ twice', note: later, retry-after: 2m}
  bulk: {kind: partial, items: 3, failed: 1}
  fields: {kind: invalid/fields, fields: url date}
  broken: {code: 500, fault: half_header}
`).Run(0, nil)
	for _, want := range []scenario.Step{
		{Prefer: `code=card_declined, detail="He said \"no\" \\ twice", note=later, retry-after=120`},
		{Prefer: `kind=partial, items=3, failed=1`},
		{Prefer: `kind="invalid/fields", fields="url,date"`},
		{Prefer: `code=500`, Fault: scenario.FaultHalfHeader},
		{Prefer: `code=500`, Fault: scenario.FaultHalfHeader},
	} {
		want.Line = "test.yaml:3"
		if got, _ := run.Next("GET", "/a"); got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
}

func TestRequestsAtTheSameTimeAreCountedOnce(t *testing.T) {
	t.Parallel()
	run := compile(t, "scenario: x\nrequests: {/a: '503 100 times, then 200'}").Run(0, nil)
	var mu sync.Mutex
	count := map[string]int{}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				s, _ := run.Next("GET", "/a")
				mu.Lock()
				count[s.Prefer]++
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if count["code=503"] != 100 || count["code=200"] != 300 {
		t.Error(count)
	}
}

func TestTheStateOfTheMockIsRead(t *testing.T) {
	t.Parallel()
	got := compile(t, `
scenario: x
state:
  tokens: {life: 30s, rotate: false, refuse: false, required: true}
  limit: {requests: 10, per: 1m}
  idempotency: {in_flight: 5s}
  jobs: {take: 3s}
`).State
	want := scenario.State{
		Tokens:      scenario.Tokens{Life: 30 * time.Second, Reuse: true, Required: true},
		Limit:       scenario.Limit{Requests: 10, Per: time.Minute},
		Idempotency: scenario.Idempotency{InFlight: 5 * time.Second},
		Jobs:        scenario.Jobs{Take: 3 * time.Second},
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func BenchmarkNext(b *testing.B) {
	run := compile(b, "scenario: x\nlatency: 1ms..2ms\nrequests: {POST /x: 503, GET /a/*/b: '503, then 200', /a: 90% 200 or 10% 503}").Run(0, nil)
	b.ReportAllocs()
	for b.Loop() {
		run.Next("GET", "/a")
	}
}
