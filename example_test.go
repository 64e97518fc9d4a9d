package parlance_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/parlance-api/parlance"
)

// An error that a client may read, with a cause that only the log sees.
func ExampleNewError() {
	err := parlance.NewError(parlance.KindNotFound, "camera %d is unknown", 7).Because(errors.New("sql: no rows"))
	fmt.Println(errors.Is(err, parlance.ErrNotFound))
	fmt.Println(parlance.OutcomeOf(fmt.Errorf("loading: %w", err)).Detail)
	// Output:
	// true
	// camera 7 is unknown
}

// An error that is not declared safe becomes a bare internal error.
func ExampleOutcomeOf() {
	o := parlance.OutcomeOf(errors.New("dial tcp 10.0.0.3: password wrong"))
	fmt.Printf("%s %q\n", o.Kind, o.Detail)
	// Output: internal ""
}

func ExampleOutcome_MarshalJSON() {
	b, err := json.Marshal(parlance.Outcome{Kind: parlance.KindRateLimited, Status: 429, RetryAfter: 1500 * time.Millisecond})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(b))
	// Output: {"kind":"rate_limited","status":429,"retry_after":1.5}
}

// A schedule is exact and its last wait holds for all later retries. Only a
// backoff is jittered.
func ExampleDecision_Delay() {
	schedule := parlance.Decision{Schedule: []time.Duration{5 * time.Minute, 30 * time.Minute}}
	backoff := parlance.Decision{Backoff: parlance.Backoff{Floor: time.Second, Cap: time.Minute}}
	half := func() float64 { return 0.5 }
	for retry := 1; retry <= 3; retry++ {
		fmt.Println(schedule.Delay(retry, half), backoff.Delay(retry, half))
	}
	// Output:
	// 5m0s 1.5s
	// 30m0s 2.5s
	// 30m0s 4.5s
}

func ExampleRollUp() {
	items := []parlance.Item{
		{Index: 0, Outcome: parlance.Outcome{Kind: parlance.KindSuccess}},
		{Index: 1, Outcome: parlance.Outcome{Kind: parlance.KindInvalid, Detail: "no such site"}},
	}
	some, _ := parlance.RollUp(items)
	all, _ := parlance.RollUp(items[1:])
	fmt.Println(some, all)
	// Output:
	// partial invalid
}
