package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
)

// batch is a response of vbapi whose items have these statuses.
func batch(statuses ...int) response {
	var items []string
	for i, s := range statuses {
		items = append(items, fmt.Sprintf(`{"id":[{"key":"id","value":"%d"}],"status":%d,"body":"b"}`, i, s))
	}
	return response{status: 207, header: map[string]string{"Content-Type": "text/plain"},
		body: `{"data":[` + strings.Join(items, ",") + `],"error":null,"debug":{"activityId":"1b4e28ba-2fa1-11d2-883f-0016d3cca427"}}`}
}

type thing struct {
	ID int `json:"id"`
}

func TestTheFollowUpOfABulkIsJustWhatFailed(t *testing.T) {
	t.Parallel()
	byID := func(th thing) string { return fmt.Sprintf("id=%d", th.ID) }
	all := func(parlance.Item, parlance.Decision) bool { return true }
	tests := []struct {
		name     string
		bulk     client.Bulk[thing]
		statuses []int
		want     []int // ids
		err      error
	}{
		{"nothing, where nothing failed", client.Bulk[thing]{}, []int{200, 201, 200}, nil, nil},
		{"what may be repeated, by place", client.Bulk[thing]{}, []int{200, 503, 429}, []int{1, 2}, nil},
		{"not what is to be corrected", client.Bulk[thing]{}, []int{400, 503, 404}, []int{1}, nil},
		{"nor an item's 500, which vbapi sends to support", client.Bulk[thing]{}, []int{500, 200, 200}, nil, nil},
		{"what the caller has corrected", client.Bulk[thing]{Take: all}, []int{400, 200, 404}, []int{0, 2}, nil},
		{"by id", client.Bulk[thing]{ID: byID}, []int{503, 200, 503}, []int{0, 2}, nil},
		{"by id, of a response that speaks of some", client.Bulk[thing]{ID: byID}, []int{200, 503}, []int{1}, nil},
		{"not of a response that speaks of some, by place", client.Bulk[thing]{}, []int{200, 503}, nil, client.ErrUnmatched},
		{"not of a response that speaks of strangers", client.Bulk[thing]{ID: byID}, []int{200, 503, 503, 503}, nil, client.ErrUnmatched},
		{"not of records that share an id", client.Bulk[thing]{ID: func(thing) string { return "id=0" }}, []int{503, 200, 200}, nil, client.ErrUnmatched},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, batch(tt.statuses...), response{status: 200, body: "{}"})
				c := u.client(t, "vbapi")
				first := request(t, "PUT", `[{"id":0},{"id":1},{"id":2}]`)
				first.Header.Set("X-Tenant", "a")
				first.Header.Set("Idempotency-Key", "k")
				resp, _ := call(t, c, first)
				req, rest, err := tt.bulk.FollowUp(resp, []thing{{0}, {1}, {2}})
				if !errors.Is(err, tt.err) {
					t.Fatalf("the error is %v", err)
				}
				var ids []int
				for _, th := range rest {
					ids = append(ids, th.ID)
				}
				if !slices.Equal(ids, tt.want) || (req == nil) != (tt.want == nil) {
					t.Fatalf("%v are left, want %v", ids, tt.want)
				}
				if req == nil {
					return
				}
				call(t, c, req)
				body, _ := json.Marshal(rest)
				if s := u.sightings()[1]; s.method != "PUT" || s.path != "/things" || s.body != string(body) || s.header.Get("X-Tenant") != "a" || s.header.Get("Idempotency-Key") != "" {
					t.Errorf("the server saw %+v", s)
				}
			})
		})
	}
}

func TestAFollowUpIsWrittenByTheCallerWhereItIsNoJSON(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const order = `<SO><DocRef>%s</DocRef><RES><Code>%d</Code><Message>m</Message></RES></SO>`
		u := newUpstream(t, response{status: 207, header: map[string]string{"Content-Type": "application/xml"},
			body: "<ORDERS>" + fmt.Sprintf(order, "A", 200) + fmt.Sprintf(order, "B", 400) + "</ORDERS>"}, response{status: 200})
		c := u.client(t, "vision")
		req, err := http.NewRequest("POST", "http://upstream.test/service/Order", strings.NewReader("<ORDERS/>"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/xml")
		resp, _ := call(t, c, req)
		if d := report(t, resp).ItemDecision(1); d.Act != parlance.ActCorrect {
			t.Errorf("the record is to be %v", d.Act)
		}
		follow, rest, err := client.Bulk[string]{
			Take:   func(it parlance.Item, d parlance.Decision) bool { return d.Act == parlance.ActCorrect },
			Encode: func(refs []string) ([]byte, error) { return []byte("<ORDERS>" + refs[0] + "</ORDERS>"), nil },
		}.FollowUp(resp, []string{"a", "b"})
		if err != nil || !slices.Equal(rest, []string{"b"}) {
			t.Fatalf("%v %v", rest, err)
		}
		call(t, c, follow)
		if s := u.sightings()[1]; s.body != "<ORDERS>b</ORDERS>" || s.header.Get("Content-Type") != "application/xml" {
			t.Errorf("the server saw %+v", s)
		}
		broken := errors.New("broken")
		_, _, err = client.Bulk[string]{Take: func(parlance.Item, parlance.Decision) bool { return true }, Encode: func([]string) ([]byte, error) { return nil, broken }}.FollowUp(resp, []string{"a", "b"})
		if !errors.Is(err, broken) {
			t.Errorf("the error is %v", err)
		}
	})
	if _, _, err := (client.Bulk[int]{}).FollowUp(&http.Response{}, nil); !errors.Is(err, client.ErrForeign) {
		t.Errorf("of a foreign response the error is %v", err)
	}
}
