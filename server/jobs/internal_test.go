package jobs

import (
	"strings"
	"testing"
	"time"
)

func TestPreferencesAreReadAsTheRFCSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []string
		want   prefer
	}{
		{nil, prefer{}},
		{[]string{"respond-async"}, prefer{async: true}},
		{[]string{"respond-async, wait=10"}, prefer{true, 10 * time.Second, true}},
		{[]string{"wait=10", "Respond-Async"}, prefer{true, 10 * time.Second, true}},
		{[]string{`Lenient; x="a, respond-async", foo="\", wait=1", WAIT = "3"; y`}, prefer{wait: 3 * time.Second, waits: true}},
		{[]string{"wait=1, wait=2"}, prefer{wait: time.Second, waits: true}},
		{[]string{"wait=x, respond-asynchronously, wait"}, prefer{}},
		{[]string{"wait=99999999999999999999"}, prefer{}},
	} {
		if got := preferOf(c.values); got != c.want {
			t.Errorf("%q: %+v", c.values, got)
		}
	}
}

func FuzzPrefer(f *testing.F) {
	for _, seed := range []string{"", "respond-async", "wait=10, respond-async", `a="\",wait=1";b, wait="7"`, `"`, `\`, ",;=", "wait=-1", "wait=4294967295"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		p := preferOf([]string{value})
		lower := strings.ToLower(value)
		if p.wait < 0 || p.wait > 0 && !p.waits || p.waits && !strings.Contains(lower, "wait") || p.async && !strings.Contains(lower, "respond-async") {
			t.Errorf("%q: %+v", value, p)
		}
	})
}
