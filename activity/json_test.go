package activity_test

import (
	"encoding/json"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
)

func TestTheJSONOfARecordIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 9, 21, 10, 0, 0, 123456789, time.UTC)
	for name, c := range map[string]struct {
		record activity.Record
		want   string
	}{
		"nothing": {activity.Record{}, `{"id":""}`},
		"all of it": {activity.Record{
			ID: "id-1", Trace: traceID, Start: at, Took: 12345678 * time.Nanosecond, Method: "POST", Route: "POST /orders/{id}", Path: "/orders/7",
			Caller: "ann", Status: 409, Outcome: parlance.Outcome{Kind: parlance.KindConflict, RetryAfter: time.Second},
			Request: []byte(`{"/order/id":7}`), Response: []byte("\xff<no>"),
			Calls: []activity.Call{{
				Start: at, Took: time.Second, Dialect: "vms", Method: "GET", Host: "h:1", Path: "/p", Attempt: 2,
				Outcome: parlance.Outcome{Kind: parlance.KindUnavailable}, Act: parlance.ActRetry, Why: "it says so",
			}, {}},
			Lines:   []activity.Line{{Time: at, Level: slog.LevelWarn, Message: "a <b>", Attrs: []string{"n=1"}}, {}},
			Dropped: 3,
		}, `{"id":"id-1","trace":"0af7651916cd43dd8448eb211c80319c","time":"2026-09-21T10:00:00.123456789Z","took":0.012345678,"method":"POST",` +
			`"route":"POST /orders/{id}","path":"/orders/7","caller":"ann","status":409,"outcome":{"kind":"conflict","retry_after":1},` +
			`"request":{"/order/id":7},"response_base64":"/zxubz4=",` +
			`"calls":[{"time":"2026-09-21T10:00:00.123456789Z","took":1,"dialect":"vms","method":"GET","host":"h:1","path":"/p","attempt":2,` +
			`"outcome":{"kind":"unavailable"},"act":"retry","why":"it says so"},{}],` +
			`"lines":[{"time":"2026-09-21T10:00:00.123456789Z","level":"WARN","message":"a <b>","attrs":["n=1"]},{"level":"INFO"}],"dropped":3}`},
		"JSON that is laid out": {activity.Record{Request: []byte(`{ }`), Response: []byte("null")}, `{"id":"","request_base64":"eyB9","response_base64":"bnVsbA=="}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.record.MarshalJSON()
			if err != nil || string(got) != c.want {
				t.Errorf("got\n%s, %v\nwant\n%s", got, err, c.want)
			}
			var back activity.Record
			if err := json.Unmarshal(got, &back); err != nil || !reflect.DeepEqual(back, c.record) {
				t.Errorf("read as\n%+v, %v\nwant\n%+v", back, err, c.record)
			}
			var again activity.Record
			if escaped, err := json.Marshal(c.record); err != nil || json.Unmarshal(escaped, &again) != nil || !reflect.DeepEqual(again, c.record) {
				t.Errorf("with escapes read as\n%+v, %v", again, err)
			}
		})
	}
	for _, text := range []string{`[]`, `{"took":"1s"}`, `{"took":1e300}`, `{"calls":[{"took":true}]}`, `{"lines":[1]}`} {
		if err := json.Unmarshal([]byte(text), new(activity.Record)); err == nil {
			t.Errorf("%s is read", text)
		}
	}
}
