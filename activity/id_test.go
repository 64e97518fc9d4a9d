package activity_test

import (
	"context"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/activity"
)

func TestNewIDIsAUniqueVersion7UUID(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 1000 {
		id := activity.NewID()
		if !form.MatchString(id) {
			t.Fatalf("%q is no version 7 UUID", id)
		}
		if seen[id] {
			t.Fatalf("%q was made twice", id)
		}
		seen[id] = true
	}
}

func TestANewIDComesAfterThoseOfAnEarlierTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(*testing.T) {
		last := ""
		for range 300 {
			id := activity.NewID()
			if id <= last {
				t.Errorf("%q comes after %q, and is not greater", id, last)
			}
			last = id
			time.Sleep(time.Millisecond)
		}
	})
}

func TestIDIsWhatTheNearestContextCarries(t *testing.T) {
	t.Parallel()
	outer := activity.WithID(context.Background(), "outer")
	for name, c := range map[string]struct {
		ctx  context.Context
		want string
	}{
		"none":             {context.Background(), ""},
		"one":              {outer, "outer"},
		"the nearer wins":  {activity.WithID(outer, "inner"), "inner"},
		"an empty one too": {activity.WithID(outer, ""), ""},
	} {
		if got := activity.ID(c.ctx); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
