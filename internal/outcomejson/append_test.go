package outcomejson_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/outcomejson"
)

func TestAnOutcomeIsWrittenAsItsMarshalJSONWritesIt(t *testing.T) {
	t.Parallel()
	full := parlance.Outcome{
		Kind: parlance.KindPartial, Reason: "r", Status: 207, Code: "c", Family: "f", Title: "t", Detail: "<&>\u2028\xff", Type: "y", Instance: "i", RequestID: "q",
		Fields:     []parlance.Field{{}, {Path: "a.0"}, {Path: "b", Code: "c", Message: "m"}},
		Items:      []parlance.Item{{Index: 3, ID: "x", Outcome: parlance.Outcome{Kind: parlance.KindInvalid}}, {}},
		Notes:      []string{"", "n"},
		RetryAfter: 1500 * time.Millisecond, Retryable: parlance.AdviceRetry, Help: "h", Extra: map[string]string{"z": "1", "a": "\""},
	}
	for name, o := range map[string]parlance.Outcome{
		"nothing": {}, "a kind": {Kind: parlance.KindSuccess}, "everything": full, "a wait of nothing": {Kind: parlance.KindRateLimited, RetryAfter: parlance.RetryNow},
	} {
		want, err := o.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if got := outcomejson.Append(nil, &o); string(got) != string(want) {
			t.Errorf("%s:\n%s\nMarshalJSON\n%s", name, got, want)
		}
	}
}

func TestEveryNumberIsWrittenAsTheLibraryWritesIt(t *testing.T) {
	t.Parallel()
	for _, f := range []float64{0, 1, -1, 0.1, 1e-6, 9.9e-7, 1e-9, 1e-10, 1.5e-300, 1e20, 1e21, 1.7976931348623157e308, 64.57} {
		want, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		if got := outcomejson.AppendNumber(nil, f); string(got) != string(want) {
			t.Errorf("%s, the library %s", got, want)
		}
	}
}
