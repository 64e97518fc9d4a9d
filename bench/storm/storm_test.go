package storm

import (
	"reflect"
	"testing"
	"time"
)

// TestOursIsBackAsSoonAsWhoNeverRetries holds three cells of docs/storm.md; the
// others need -storm.full.
func TestOursIsBackAsSoonAsWhoNeverRetries(t *testing.T) {
	t.Parallel()
	for _, c := range []cell{
		{67, 10 * time.Second, false},
		{80, 10 * time.Second, true},
		{95, time.Second, false},
	} {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			var none, our tally
			for seed := range uint64(3) {
				r := run(t, trip{peer: peers[0], cell: c, seed: seed, within: 5 * time.Minute})
				none.add(r)
				our.add(run(t, trip{peer: peers[1], cell: c, seed: seed, within: allow(r)}))
			}
			if why := failing(c, none, our); why != "" {
				t.Error(why)
			}
			t.Logf("no retry %s, ours %s", none, our)
		})
	}
}

// The harness can tell: this loop is known never to come back.
func TestThreeRetriesWithFullJitterNeverComeBackAtTwoThirdsOfTheLoad(t *testing.T) {
	t.Parallel()
	c := cell{67, 10 * time.Second, false}
	r := run(t, trip{peer: peer{"full jitter", fullJitter}, cell: c, within: time.Minute})
	if r.recovered || r.incident < 2 {
		t.Errorf("back after %v, with %.2f attempts a request", r.recovery, r.incident)
	}
}

func TestRequestsComeAtTheSameTimesWhateverTheClient(t *testing.T) {
	t.Parallel()
	var want []int
	for _, p := range peers {
		r := run(t, trip{peer: p, cell: cell{50, time.Second, true}, seed: 7, within: 10 * time.Second, stay: true})
		var got []int
		for _, c := range r.record.ticks {
			got = append(got, c.first)
		}
		if want == nil {
			want = got
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, others: %v", p.name, got, want)
		}
	}
}

func TestTheServerWorksInTurnAndNotDuringAStall(t *testing.T) {
	t.Parallel()
	start := time.Now()
	s := &server{stalled: start.Add(time.Second), resumed: start.Add(3 * time.Second), record: &record{start: start}}
	at := func(after time.Duration) time.Duration {
		wait, ok := s.take(start.Add(after), &visit{})
		if !ok {
			return -1
		}
		return wait
	}
	for _, step := range []struct {
		name        string
		after, want time.Duration
	}{
		{"alone", 0, service},
		{"behind one", 0, 2 * service},
		{"begun before the stall and done after it", time.Second - time.Millisecond, 2*time.Second + service},
		{"come in the stall", 2 * time.Second, time.Second - time.Millisecond + 2*service},
		{"come when all is done", 4 * time.Second, service},
	} {
		if got := at(step.after); got != step.want {
			t.Errorf("%s: %v, want %v", step.name, got, step.want)
		}
	}
	s.shed = true
	for range shedFrom - 1 {
		at(4 * time.Second)
	}
	if got := at(4 * time.Second); got != -1 {
		t.Errorf("let in behind half a second of work, and would take %v", got)
	}
}
