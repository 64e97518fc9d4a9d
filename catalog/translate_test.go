package catalog_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

var update = flag.Bool("update", false, "write the golden files anew")

// translated are one error of each founding system.
var translated = []struct {
	from, method, path string
	response           dialect.Response
}{
	{"vision", "POST", "/service/ManufactureComplete", dialect.Response{Status: 207, Body: []byte(`<MANUFACTURING><MC><DocRef>API_1</DocRef><RES><Code>200</Code><Message>Manufacture complete processed</Message></RES></MC><MC><DocRef>API_2</DocRef><RES><Code>400</Code><Message>Record already exists</Message></RES></MC></MANUFACTURING>`)}},
	{"omilia", "POST", "/envs-manager/api/v1/apps/1/promote", dialect.Response{Status: 422, Body: []byte(`{"errors":[{"code":"1022","detail":"Description too long","meta":{},"source":"/body/description","status":400,"title":"Bad Request"}]}`)}},
	{"plain", "GET", "/reports", dialect.Response{Status: 503, Header: http.Header{"Retry-After": {"120"}}, Body: []byte(`{"message":"Down for maintenance"}`)}},
	{"vbapi", "GET", "/clients/abc/products/xyz", dialect.Response{Status: 404, Body: []byte(`{"data":null,"error":{"type":"https://httpstatuses.com/404","title":"Not Found","status":404,"detail":"The resource you requested (xyz) was not found.","instance":"/clients/abc/products/xyz"},"debug":{"activityId":"a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd"}}`)}},
	{"vms", "POST", "/api/v1/items", dialect.Response{Status: 422, Body: []byte(`{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format","The URL can be no longer than 10 characters"],"date":["The date field doesn't match the format: Y-m-d H:i:s."]}}`)}},
	{"vms", "POST", "/api/v1/cameras", dialect.Response{Status: 402, Body: []byte(`{"message":"","errors":{"license":["The license limit is exceeded"]}}`)}},
}

func TestOneErrorOfEachSystemTranslatedIntoEachOfTheOthers(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	for _, c := range translated {
		from := opened(t, c.from)
		req := dialect.Request{Method: c.method, Path: c.path, Header: http.Header{"Accept": {"application/json"}}}
		o := from.Decode(req, c.response).Outcome
		fmt.Fprintf(&out, "== %s %d\n%s\n", c.from, c.response.Status, outcomeJSON(t, o))
		for _, name := range []string{"vision", "omilia", "plain", "vbapi", "vms", "problem"} {
			if name == c.from {
				continue
			}
			to := opened(t, name)
			w := to.Encode(nil, req, &o, dialect.Payload{})
			fmt.Fprintf(&out, "-- %s %d\n", name, w.Status)
			for _, h := range w.Header {
				fmt.Fprintf(&out, "%s: %s\n", h.Name, h.Value)
			}
			fmt.Fprintf(&out, "%s\n", w.Body)
			for _, l := range w.Losses {
				fmt.Fprintf(&out, "lost %s: %s\n", l.Attribute, l.Reason)
			}
			// Whoever reads it acts no bolder than the source allowed.
			back := to.Decode(req, dialect.Response{Status: w.Status, Header: pairs(w.Header), Body: w.Body}).Outcome
			if o.Kind.Failing() && !back.Kind.Failing() || o.Kind == parlance.KindPartial && back.Kind == parlance.KindSuccess && !told(w.Losses, "kind") {
				t.Errorf("%s of %s is read in %s as %s", o.Kind, c.from, name, back.Kind)
			}
		}
	}
	const golden = "testdata/translations.golden"
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("the translations differ from %s (go test -update writes it anew):\n%s", golden, out.Bytes())
	}
}

func told(losses []parlance.Loss, attribute string) bool {
	for _, l := range losses {
		if l.Attribute == attribute {
			return true
		}
	}
	return false
}
