package outbox_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/outbox"
)

func TestABulkRequestOfOneBodyIsNotDeliveredInPart(t *testing.T) {
	virtual(t, "elasticsearch", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"took":1,"errors":true,"items":[{"index":{"_id":"1","status":201}},{"index":{"_id":"2","status":429,"error":{"type":"es_rejected_execution_exception","reason":"no"}}}]}`)
	}, func(s *scene) {
		id := s.put(outbox.Request{URL: "http://vendor/_bulk", Body: []byte("{}\n{}\n")})
		time.Sleep(time.Hour)
		if d := s.is(id, outbox.Refused); !strings.Contains(d.Why, "put as one body") || s.count() != 1 {
			s.Errorf("%d times: %s", s.count(), d.Why)
		}
	})
}

func TestOnlyTheRecordsThatFailedAreDeliveredAgain(t *testing.T) {
	statuses := [][]int{{201, 429, 429, 400}, {429, 201}, {201}}
	virtual(t, "elasticsearch", func(w http.ResponseWriter, r *http.Request) {
		var items []string
		for _, code := range statuses[0] {
			item := fmt.Sprintf(`{"index":{"_index":"i","_id":"x","status":%d`, code)
			if code >= 400 {
				item += fmt.Sprintf(`,"error":{"type":"%s","reason":"no"}`, map[int]string{429: "es_rejected_execution_exception", 400: "mapper_parsing_exception"}[code])
			}
			items = append(items, item+"}}")
		}
		fmt.Fprintf(w, `{"took":1,"errors":%t,"items":[%s]}`, len(statuses) > 1, strings.Join(items, ","))
		statuses = statuses[1:]
	}, func(s *scene) {
		var records outbox.Records
		for i := range 4 {
			records.List = append(records.List, outbox.Record{Body: fmt.Appendf(nil, "{\"index\":{}}\n{\"n\":%d}\n", i)})
		}
		id := s.put(outbox.Request{URL: "http://vendor/_bulk", Header: http.Header{"Content-Type": {"application/x-ndjson"}}, Records: &records})
		time.Sleep(time.Hour)
		d := s.is(id, outbox.Refused) // one of them was
		var bodies []string
		for _, r := range s.asked() {
			bodies = append(bodies, strings.ReplaceAll(strings.ReplaceAll(r.Body, "{\"index\":{}}\n", ""), "\n", " "))
		}
		if want := []string{`{"n":0} {"n":1} {"n":2} {"n":3} `, `{"n":1} {"n":2} `, `{"n":1} `}; !reflect.DeepEqual(bodies, want) {
			s.Errorf("got %q, want %q (%s)", bodies, want, d.Why)
		}
	})
}
