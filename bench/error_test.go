package bench_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

// Two errors of about 250 bytes, and the structs that a user would write for
// them.
const (
	vmsBody = `{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format","The URL can be no longer than 10 characters"],` +
		`"date":["The date field doesn't match the format: Y-m-d H:i:s."],"name":["The name field is required."]}}`
	vbapiBody = `{"data":null,"error":{"type":"https://httpstatuses.com/404","title":"Not Found","status":404,"detail":"The requested resource (xyz) was not found.",` +
		`"instance":"/clients/abc/products"},"debug":{"activityId":"a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd"}}`
)

type vmsError struct {
	Message string              `json:"message"`
	Errors  map[string][]string `json:"errors"`
}

type vbapiError struct {
	Data  *struct{} `json:"data"`
	Error struct {
		Type     string `json:"type"`
		Title    string `json:"title"`
		Status   int    `json:"status"`
		Detail   string `json:"detail"`
		Instance string `json:"instance"`
	} `json:"error"`
	Debug struct {
		ActivityID string `json:"activityId"`
	} `json:"debug"`
}

func open(tb testing.TB, name string) *dialect.Dialect {
	tb.Helper()
	d, err := catalog.Open(name)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

var (
	request       = dialect.Request{Method: http.MethodPost, Path: "/cameras", Header: dialect.Fields{"Accept": {"application/json"}}}
	vmsResponse   = dialect.Response{Status: 422, Header: dialect.Fields{"Content-Type": {"application/json"}}, Body: []byte(vmsBody)}
	vbapiResponse = dialect.Response{Status: 404, Header: dialect.Fields{"Content-Type": {"application/json"}}, Body: []byte(vbapiBody)}
)

// What is measured must be right: both read all that the other does.
func TestBothReadAndWriteTheSame(t *testing.T) {
	t.Parallel()
	read := open(t, "vms").Decode(request, vmsResponse)
	var vms vmsError
	if err := json.Unmarshal(vmsResponse.Body, &vms); err != nil {
		t.Fatal(err)
	}
	o := read.Outcome
	if o.Kind != parlance.Invalid || o.Reason != parlance.Fields || o.Detail != vms.Message || len(o.Fields) != 4 || o.Fields[3].Message != vms.Errors[o.Fields[3].Path][0] {
		t.Errorf("vms reads %+v beside %+v", o, vms)
	}
	same(t, open(t, "vms").Encode(nil, request, &o, dialect.Payload{}), vms)

	read = open(t, "vbapi").Decode(request, vbapiResponse)
	var vbapi vbapiError
	if err := json.Unmarshal(vbapiResponse.Body, &vbapi); err != nil {
		t.Fatal(err)
	}
	o = read.Outcome
	if o.Kind != parlance.NotFound || o.Detail != vbapi.Error.Detail || o.RequestID != vbapi.Debug.ActivityID {
		t.Errorf("vbapi reads %+v beside %+v", o, vbapi)
	}
	same(t, open(t, "vbapi").Encode(nil, request, &o, dialect.Payload{}), vbapi)
}

func same(t *testing.T, m dialect.Message, peer any) {
	t.Helper()
	text, err := json.Marshal(peer)
	if err != nil {
		t.Fatal(err)
	}
	var here, there any
	if json.Unmarshal(m.Body, &here) != nil || json.Unmarshal(text, &there) != nil {
		t.Fatalf("no JSON: %s\n%s", m.Body, text)
	}
	// Marshal sorts by name, so that both can be compared.
	a, _ := json.Marshal(here)
	b, _ := json.Marshal(there)
	if string(a) != string(b) || len(m.Losses) > 0 {
		t.Errorf("here  %s\nthere %s\nlosses %v", a, b, m.Losses)
	}
}

func BenchmarkRead(b *testing.B) {
	b.Run("of=vms/by=parlance", func(b *testing.B) { readBy(b, open(b, "vms"), vmsResponse) })
	b.Run("of=vms/by=encoding-json", func(b *testing.B) {
		b.SetBytes(int64(len(vmsBody)))
		for b.Loop() {
			var e vmsError
			if err := json.Unmarshal(vmsResponse.Body, &e); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("of=vbapi/by=parlance", func(b *testing.B) { readBy(b, open(b, "vbapi"), vbapiResponse) })
	b.Run("of=vbapi/by=encoding-json", func(b *testing.B) {
		b.SetBytes(int64(len(vbapiBody)))
		for b.Loop() {
			var e vbapiError
			if err := json.Unmarshal(vbapiResponse.Body, &e); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func readBy(b *testing.B, d *dialect.Dialect, res dialect.Response) {
	b.SetBytes(int64(len(res.Body)))
	for b.Loop() {
		if read := d.Decode(request, res); read.Outcome.Detail == "" {
			b.Fatal("nothing was read")
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	b.Run("of=vms/by=parlance", func(b *testing.B) { writeBy(b, open(b, "vms"), vmsResponse) })
	b.Run("of=vms/by=encoding-json", func(b *testing.B) {
		var e vmsError
		if err := json.Unmarshal(vmsResponse.Body, &e); err != nil {
			b.Fatal(err)
		}
		marshal(b, &e)
	})
	b.Run("of=vbapi/by=parlance", func(b *testing.B) { writeBy(b, open(b, "vbapi"), vbapiResponse) })
	b.Run("of=vbapi/by=encoding-json", func(b *testing.B) {
		var e vbapiError
		if err := json.Unmarshal(vbapiResponse.Body, &e); err != nil {
			b.Fatal(err)
		}
		marshal(b, &e)
	})
}

func writeBy(b *testing.B, d *dialect.Dialect, res dialect.Response) {
	o := d.Decode(request, res).Outcome
	b.SetBytes(int64(len(res.Body)))
	buffer := make([]byte, 0, 1024)
	for b.Loop() {
		if m := d.Encode(buffer, request, &o, dialect.Payload{}); len(m.Body) < 200 {
			b.Fatalf("only %s was written", m.Body)
		}
	}
}

func marshal(b *testing.B, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := json.Marshal(v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	for _, c := range []struct {
		name, dialect string
		outcome       parlance.Outcome
	}{
		{"of=vms-422", "vms", parlance.Outcome{Kind: parlance.Invalid, Reason: parlance.Fields, Status: 422}},
		{"of=vms-503", "vms", parlance.Outcome{Kind: parlance.Unavailable, Reason: parlance.Maintenance, Status: 503}},
		{"of=vision-150", "vision", parlance.Outcome{Kind: parlance.Internal, Status: 500, Code: "150"}},
	} {
		b.Run(c.name+"/by=parlance", func(b *testing.B) {
			d := open(b, c.dialect)
			for b.Loop() {
				if d.Decide(request, &c.outcome).Act == 0 {
					b.Fatal("no act")
				}
			}
		})
	}
}

// BenchmarkGlance is what a proxy needs first: kind and decision.
func BenchmarkGlance(b *testing.B) {
	for name, res := range map[string]dialect.Response{"vms": vmsResponse, "vbapi": vbapiResponse} {
		b.Run("of="+name+"/by=parlance", func(b *testing.B) {
			d := open(b, name)
			b.SetBytes(int64(len(res.Body)))
			for b.Loop() {
				if g := d.Glance(request, res); g.Decision.Act == 0 {
					b.Fatal("no act")
				}
			}
		})
	}
}
