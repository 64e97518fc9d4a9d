package recent_test

import (
	"testing"

	"github.com/parlance-api/parlance/internal/recent"
)

func TestWhatWasAskedForTheLongestAgoIsForgotten(t *testing.T) {
	t.Parallel()
	made := map[string]int{}
	m := recent.New(2, func(key string) int { made[key]++; return made[key] })
	for _, key := range []string{"a", "b", "a", "c", "a", "b"} {
		m.Get(key)
	}
	if made["a"] != 1 || made["b"] != 2 || made["c"] != 1 {
		t.Errorf("made %v: a was asked for all the time, b was forgotten when c came", made)
	}
}
