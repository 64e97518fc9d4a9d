package parlance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
)

func TestEveryKindIsFoundByItsNameAndIsGoodFailingOrPartial(t *testing.T) {
	t.Parallel()
	for _, k := range parlance.Kinds() {
		if found, ok := parlance.ParseKind(k.String()); !ok || found != k {
			t.Errorf("%s is found as %s", k, found)
		}
		if sides := btoi(k.Good()) + btoi(k.Failing()) + btoi(k == parlance.KindPartial); sides != 1 {
			t.Errorf("%s is on %d sides", k, sides)
		}
		if k.ServerFault() && !k.Failing() {
			t.Errorf("%s is a server's fault and no failure", k)
		}
	}
	for _, no := range []string{"", "Success", "teapot"} {
		if k, ok := parlance.ParseKind(no); ok {
			t.Errorf("%q is found as %s", no, k)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestTheNumbersOfTheKindsNeverChange(t *testing.T) {
	t.Parallel()
	// Append-only: whoever stored a number finds the same meaning again.
	const want = "[success noted partial accepted empty redirected invalid failed unauthenticated forbidden not_found conflict rate_limited quota internal bad_gateway unavailable timeout]"
	if got := fmt.Sprint(parlance.Kinds()); got != want {
		t.Errorf("the kinds are %s", got)
	}
}

func TestAnOutcomeComesBackFromItsJSON(t *testing.T) {
	t.Parallel()
	o := parlance.Outcome{
		Kind: parlance.KindPartial, Reason: "r", Status: 207, Code: "c", Title: "t", Detail: "a<b>&c", Type: "ty", Instance: "/i", RequestID: "id",
		Fields: []parlance.Field{{Path: "a.0", Code: "x", Message: "m"}, {Message: "of no field"}},
		Items:  []parlance.Item{{Index: 0, Outcome: parlance.Outcome{Kind: parlance.KindSuccess}}, {Index: 1, ID: "k=1", Outcome: parlance.Outcome{Kind: parlance.KindInvalid, Detail: "d"}}},
		Notes:  []string{"n"}, RetryAfter: 64570 * time.Millisecond, Help: "h",
	}
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var back parlance.Outcome
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if again, _ := json.Marshal(back); string(again) != string(b) || back.RetryAfter != o.RetryAfter || len(back.Items) != 2 {
		t.Errorf("%s came back as %s", b, again)
	}
	if b, _ := json.Marshal(parlance.Outcome{Kind: parlance.KindSuccess}); string(b) != `{"kind":"success"}` {
		t.Errorf("unset attributes are written: %s", b)
	}
}

func TestAServerThatAsksForNoWaitIsToldFromOneThatSaysNothing(t *testing.T) {
	t.Parallel()
	for text, wait := range map[string]time.Duration{
		`{"kind":"rate_limited"}`: 0, `{"kind":"rate_limited","retry_after":0}`: parlance.RetryNow, `{"kind":"rate_limited","retry_after":0.5}`: 500 * time.Millisecond,
	} {
		var o parlance.Outcome
		if err := json.Unmarshal([]byte(text), &o); err != nil || o.RetryAfter != wait {
			t.Errorf("%s is read as %d, %v; not %d", text, o.RetryAfter, err, wait)
		}
		if b, err := json.Marshal(o); err != nil || string(b) != text {
			t.Errorf("%s is written as %s, %v", text, b, err)
		}
	}
	var o parlance.Outcome
	if err := json.Unmarshal([]byte(`{"kind":"rate_limited","retry_after":null}`), &o); err != nil || o.RetryAfter != 0 {
		t.Errorf("null is read as %d, %v", o.RetryAfter, err)
	}
}

func TestBadJSONOfAnOutcomeIsAnError(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{`{}`, `{"kind":"teapot"}`, `{"kind":3}`, `{"kind":"success","retry_after":-1}`, `{"kind":"success","retry_after":"5"}`, `{"kind":"success","retry_after":1e300}`, `[]`} {
		var o parlance.Outcome
		if err := json.Unmarshal([]byte(bad), &o); err == nil {
			t.Errorf("%s is read as %+v", bad, o)
		}
	}
}

func TestNoNumberThatIsNoWaitBecomesADuration(t *testing.T) {
	t.Parallel()
	for _, bad := range []float64{-1, math.NaN(), math.Inf(1), math.Inf(-1), 1e12} {
		if d, ok := parlance.Seconds(bad); ok {
			t.Errorf("%v becomes %s", bad, d)
		}
	}
}

func TestABackoffDoublesFromItsFloorAndStaysUnderItsCap(t *testing.T) {
	t.Parallel()
	d := parlance.Decision{Backoff: parlance.Backoff{Floor: time.Second, Cap: time.Minute}}
	for retry, top := range []time.Duration{1: 2 * time.Second, 2: 4 * time.Second, 5: 32 * time.Second, 6: time.Minute, 100: time.Minute} {
		if top == 0 {
			continue
		}
		if low, high := d.Delay(retry, func() float64 { return 0 }), d.Delay(retry, func() float64 { return 1 }); low != time.Second || high != top {
			t.Errorf("retry %d waits %s to %s, not 1s to %s", retry, low, high, top)
		}
	}
}

func TestSentinelsAreFoundThroughWrapping(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("in the handler: %w", parlance.NewError(parlance.KindQuota, "full").WithReason(parlance.ReasonLicense).WithCode("7"))
	if !errors.Is(err, parlance.ErrQuota) || errors.Is(err, parlance.ErrForbidden) {
		t.Error("the kind is not found through the wrapping")
	}
	if o := parlance.OutcomeOf(fmt.Errorf("with a password: %w", parlance.ErrConflict)); o.Kind != parlance.KindConflict || o.Detail != "" {
		t.Errorf("a sentinel gives %+v", o)
	}
	if o := parlance.OutcomeOf(context.DeadlineExceeded); o.Kind != parlance.KindTimeout {
		t.Errorf("a deadline gives %s", o.Kind)
	}
}
