package outbox_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/queue"
)

// watched is a queue that notes each step of its requests from state to state.
type watched struct {
	queue.Store
	reader *outbox.Reader

	mu    sync.Mutex
	state map[string]outbox.State
	steps map[string]bool
}

// step does something with requests, and notes where they have come. Nothing else is done
// meanwhile.
func (w *watched) step(ctx context.Context, do func() (ids []string, err error)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids, err := do()
	for _, id := range ids {
		d, lost := w.reader.Find(ctx, id)
		if err != nil || lost != nil {
			continue
		}
		from, known := w.state[id]
		if w.state[id] = d.State; known {
			w.steps[fmt.Sprint(from, " → ", d.State)] = true
		}
	}
	return err
}

func (w *watched) Put(ctx context.Context, t queue.Task) error {
	return w.step(ctx, func() ([]string, error) { return []string{t.ID}, w.Store.Put(ctx, t) })
}

func (w *watched) Take(ctx context.Context, o queue.Order) (tasks []queue.Task, err error) {
	err = w.step(ctx, func() (ids []string, err error) {
		tasks, err = w.Store.Take(ctx, o)
		for _, t := range tasks {
			ids = append(ids, t.ID)
		}
		return ids, err
	})
	return tasks, err
}

func (w *watched) Rest(ctx context.Context, id, worker string, r queue.Rest, s queue.Step) error {
	return w.step(ctx, func() ([]string, error) { return []string{id}, w.Store.Rest(ctx, id, worker, r, s) })
}

func (w *watched) End(ctx context.Context, id, worker string, r queue.Result, s queue.Step) error {
	return w.step(ctx, func() ([]string, error) { return []string{id}, w.Store.End(ctx, id, worker, r, s) })
}

func (w *watched) Settle(ctx context.Context, id string, r queue.Result) error {
	return w.step(ctx, func() ([]string, error) { return []string{id}, w.Store.Settle(ctx, id, r) })
}

func (w *watched) Again(ctx context.Context, id string) error {
	return w.step(ctx, func() ([]string, error) { return []string{id}, w.Store.Again(ctx, id) })
}

// Cancel is a step if the request waits. One that is sent goes on until its attempt is over.
func (w *watched) Cancel(ctx context.Context, id string) error {
	return w.step(ctx, func() ([]string, error) {
		if w.state[id] != outbox.Waiting {
			return nil, w.Store.Cancel(ctx, id)
		}
		return []string{id}, w.Store.Cancel(ctx, id)
	})
}

// The table of the states in docs/outbox.md says each step that a request can take, and no
// other. The picture has each state.
func TestTheGuideShowsEachStepFromStateToState(t *testing.T) {
	text, err := os.ReadFile("../docs/outbox.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## States\n")
	section, _, _ = strings.Cut(section, "\n## ")
	_, picture, _ := strings.Cut(section, "```\n")
	picture, table, _ := strings.Cut(picture, "```\n")

	ends := []outbox.State{outbox.Delivered, outbox.Refused, outbox.Uncertain, outbox.Dead, outbox.Canceled}
	words := strings.Fields(picture)
	for _, state := range append([]outbox.State{outbox.Waiting, outbox.Delivering}, ends...) {
		if !slices.Contains(words, string(state)) {
			t.Errorf("the picture lacks %s", state)
		}
	}
	want := map[string]bool{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, " | ")
		if len(cells) != 3 || strings.Contains(line, "From") {
			continue
		}
		from := strings.Split(strings.TrimPrefix(cells[0], "| "), ", ")
		if from[0] == "any end" {
			from = nil
			for _, e := range ends {
				from = append(from, string(e))
			}
		}
		for _, f := range from {
			for to := range strings.SplitSeq(cells[1], ", ") {
				want[f+" → "+to] = true
			}
		}
	}

	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/delivered":
		case "/slow":
			time.Sleep(10 * time.Second)
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/refused":
			w.WriteHeader(http.StatusUnprocessableEntity)
		case "/uncertain":
			w.WriteHeader(http.StatusInternalServerError)
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}, func(s *scene) {
		s.halt() // another process does it
		seen := &watched{Store: s.store.Queue(), reader: s.Reader, state: map[string]outbox.State{}, steps: map[string]bool{}}
		d, err := catalog.Open("http")
		if err != nil {
			s.Fatal(err)
		}
		s.Outbox = outbox.New(seen, outbox.WithVendor("vendor", d, client.WithBase(s.transport)), outbox.WithPoll(time.Second),
			outbox.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
		s.run(s.Outbox)
		ctx := s.Context()
		// put puts a request that comes to this end.
		put := func(end outbox.State) string {
			r := outbox.Request{URL: "http://vendor/" + string(end), Limit: string(end)}
			switch end {
			case outbox.Dead:
				r.Method = "PUT"
				r.Deadline = time.Now().Add(time.Hour)
			case outbox.Canceled:
				r.NotBefore = time.Now().Add(24 * time.Hour)
			}
			id := s.put(r)
			if end == outbox.Canceled {
				if err := s.Cancel(ctx, id); err != nil {
					s.Fatal(err)
				}
			}
			time.Sleep(2 * time.Hour)
			s.is(id, end)
			return id
		}
		for _, end := range ends {
			for _, to := range []outbox.State{outbox.Delivered, outbox.Refused, outbox.Canceled} {
				if err := s.Resolve(ctx, put(end), to, "the vendor says so"); err != nil {
					s.Fatal(err)
				}
			}
			if err := s.Retry(ctx, put(end)); err != nil {
				s.Fatal(err)
			}
			time.Sleep(24 * time.Hour)
		}
		slow := s.put(outbox.Request{Method: "PUT", URL: "http://vendor/slow", Limit: "slow"})
		time.Sleep(5 * time.Second)
		if err := s.Cancel(ctx, slow); err != nil {
			s.Fatal(err)
		}
		time.Sleep(time.Hour)
		s.is(slow, outbox.Canceled)

		seen.mu.Lock()
		defer seen.mu.Unlock()
		for _, step := range slices.Sorted(maps.Keys(seen.steps)) {
			if !want[step] {
				s.Errorf("the table lacks %s", step)
			}
		}
		for _, step := range slices.Sorted(maps.Keys(want)) {
			if !seen.steps[step] {
				s.Errorf("no request went %s", step)
			}
		}
	})
}
