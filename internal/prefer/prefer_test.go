package prefer

import (
	"strings"
	"testing"
	"time"
)

func TestPreferencesAreReadAsTheRFCSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []string
		want   Preferences
	}{
		{nil, Preferences{}},
		{[]string{"respond-async"}, Preferences{Async: true}},
		{[]string{"respond-async, wait=10"}, Preferences{true, 10 * time.Second, true}},
		{[]string{"wait=10", "Respond-Async"}, Preferences{true, 10 * time.Second, true}},
		{[]string{`Lenient; x="a, respond-async", foo="\", wait=1", WAIT = "3"; y`}, Preferences{Wait: 3 * time.Second, Waits: true}},
		{[]string{"wait=1, wait=2"}, Preferences{Wait: time.Second, Waits: true}},
		{[]string{"wait=x, respond-asynchronously, wait"}, Preferences{}},
		{[]string{"wait=99999999999999999999"}, Preferences{}},
	} {
		if got := Of(c.values); got != c.want {
			t.Errorf("%q: %+v", c.values, got)
		}
	}
}

func FuzzPrefer(f *testing.F) {
	for _, seed := range []string{"", "respond-async", "wait=10, respond-async", `a="\",wait=1";b, wait="7"`, `"`, `\`, ",;=", "wait=-1", "wait=4294967295"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		p := Of([]string{value})
		lower := strings.ToLower(value)
		if p.Wait < 0 || p.Wait > 0 && !p.Waits || p.Waits && !strings.Contains(lower, "wait") || p.Async && !strings.Contains(lower, "respond-async") {
			t.Errorf("%q: %+v", value, p)
		}
	})
}
