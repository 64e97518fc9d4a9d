package sqlite

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/queue"
)

// Among a million tasks nothing is looked for among all of them.
func TestAQueryOfTheQueueHasItsIndex(t *testing.T) {
	t.Parallel()
	s, err := Open(filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	list := func(f queue.Filter) func() (string, []any) {
		f.Kind = "k"
		return func() (string, []any) { return tasksOf(f, 1, 1) }
	}
	lanes := func(state string) func() (string, []any) {
		return func() (string, []any) { return lanesOf("k", []string{state}, 1) }
	}
	const byState, byLane = "parlance_task_state (kind=? AND state=? AND seq<?)", "parlance_task_lane (kind=? AND lane=? AND state=? AND seq<?)"
	for name, c := range map[string]struct {
		query func() (string, []any)
		index string
	}{
		"late":               {func() (string, []any) { return "SELECT 1 FROM parlance_task WHERE " + late, []any{1, 1, "[]"} }, "parlance_task_deadline (deadline<?)"},
		"open":               {func() (string, []any) { return open, []any{"[]", 1, 1} }, "parlance_task_ready (kind=? AND lane=? AND due<?)"},
		"next":               {func() (string, []any) { return next, []any{1, "[]", "[]", 1, "[]", 1, "[]"} }, "parlance_task_due (kind=? AND due>?)"},
		"few":                {func() (string, []any) { return few, []any{1, "[]", 1} }, "parlance_task_due (kind=? AND due<?)"},
		"all":                {list(queue.Filter{}), byState},
		"waiting":            {list(queue.Filter{State: queue.Waiting}), byState},
		"leased":             {list(queue.Filter{State: queue.Leased}), "parlance_task_busy (kind=?)"},
		"ended":              {list(queue.Filter{State: "delivered"}), byState},
		"of a lane":          {list(queue.Filter{Lane: "l"}), byLane},
		"waiting, of a lane": {list(queue.Filter{Lane: "l", State: queue.Waiting}), byLane},
		"leased, of a lane":  {list(queue.Filter{Lane: "l", State: queue.Leased}), "parlance_task_busy (kind=?)"},
		"lanes, waiting":     {lanes(queue.Waiting), "parlance_task_lane (kind=? AND lane=? AND state=?)"},
		"lanes, leased":      {lanes(queue.Leased), "parlance_task_busy (kind=? AND lane=? AND due>?)"},
		"lanes, ended":       {lanes("uncertain"), "parlance_task_lane (kind=? AND lane=? AND state=?)"},
	} {
		query, args := c.query()
		var plan strings.Builder
		err := s.each(context.Background(), "EXPLAIN QUERY PLAN "+query, args, func(scan func(...any) error) error {
			var id, parent, unused int
			var step string
			err := scan(&id, &parent, &unused, &step)
			plan.WriteString(step + "\n")
			return err
		})
		if err != nil {
			t.Fatal(name, err)
		}
		if !strings.Contains(plan.String(), c.index) || strings.Contains(plan.String(), "SCAN parlance_task") {
			t.Errorf("%s: got\n%swant %s", name, plan.String(), c.index)
		}
	}
}
