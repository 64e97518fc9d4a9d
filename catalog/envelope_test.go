package catalog_test

import (
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

func TestAPayloadThatIsNotWrittenAsItIsHasAnEnvelope(t *testing.T) {
	t.Parallel()
	all, err := catalog.All()
	if err != nil {
		t.Fatal(err)
	}
	const payload = `{"id":7}`
	with, without := 0, 0
	for _, d := range all {
		for _, kind := range parlance.Kinds() {
			if !kind.Good() {
				continue
			}
			for _, status := range []int{0, 200, 201, 202, 203, 204, 207} {
				for _, o := range []parlance.Outcome{
					{Kind: kind, Status: status},
					{Kind: kind, Status: status, Code: "200"},
					{Kind: kind, Status: status, Notes: []string{"n"}},
					{Kind: kind, Status: status, Items: []parlance.Item{{ID: "1", Outcome: parlance.Outcome{Kind: kind}}}},
				} {
					req := dialect.Request{Method: "POST", Path: "/things"}
					m := d.Encode(nil, req, &o, dialect.Payload{ContentType: "application/json", Body: []byte(payload)})
					changed := m.Status == 204 || m.Status == 304 || string(m.Body) != payload
					if changed {
						with++
					} else {
						without++
					}
					if changed && !d.HasEnvelope(req, &o) {
						t.Errorf("%s, %s under %d (code %q, %d records) has no envelope, and %d %q is written", d.Name(), kind, status, o.Code, len(o.Items), m.Status, m.Body)
					}
				}
			}
		}
	}
	if with == 0 || without == 0 {
		t.Errorf("%d responses have an envelope, and %d have none", with, without)
	}
}
