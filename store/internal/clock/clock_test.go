package clock_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/store/internal/clock"
)

func TestTheTimeIsWhatHasPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := clock.Steady()
		began := now()
		time.Sleep(90 * time.Minute) // virtual
		if passed := now().Sub(began); passed != 90*time.Minute {
			t.Errorf("%v have passed", passed)
		}
		if !now().Equal(began.Add(90 * time.Minute)) {
			t.Errorf("it is %v", now())
		}
	})
	// What has been read of the monotonic clock is said behind m=.
	if now := clock.Steady()(); !strings.Contains(now.String(), " m=") {
		t.Errorf("%v goes by the clock that can be set", now)
	}
}
