package bench_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/tidwall/gjson"
	"github.com/valyala/fastjson"
)

// Three errors of about 250 bytes.
const (
	vmsBody = `{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format","The URL can be no longer than 10 characters"],` +
		`"date":["The date field doesn't match the format: Y-m-d H:i:s."],"name":["The name field is required."]}}`
	vbapiBody = `{"data":null,"error":{"type":"https://httpstatuses.com/404","title":"Not Found","status":404,"detail":"The requested resource (xyz) was not found.",` +
		`"instance":"/clients/abc/products"},"debug":{"activityId":"a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd"}}`
	// Laid out as Stripe sends it.
	stripeBody = `{
  "error": {
    "code": "parameter_unknown",
    "doc_url": "https://stripe.com/docs/error-codes/parameter-unknown",
    "message": "Received unknown parameter: currency_code. Did you mean currency?",
    "param": "currency_code",
    "type": "invalid_request_error"
  }
}
`
)

// The structs that a user would write for them.
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

type stripeError struct {
	Error struct {
		Code    string `json:"code"`
		DocURL  string `json:"doc_url"`
		Message string `json:"message"`
		Param   string `json:"param"`
		Type    string `json:"type"`
	} `json:"error"`
}

// example is one error with its struct, and how each peer fills that.
type example[T any] struct {
	name     string // of the dialect too
	res      dialect.Response
	kind     parlance.Kind
	asStruct func(*parlance.Outcome) T
	gjson    func(gjson.Result, *T)
	fastjson func(*fastjson.Value, *T)
}

var jsonHeader = dialect.HeaderMap{"Content-Type": {"application/json"}}

var vms = example[vmsError]{
	name: "vms",
	res:  dialect.Response{Status: 422, Header: jsonHeader, Body: []byte(vmsBody)},
	kind: parlance.KindInvalid,
	asStruct: func(o *parlance.Outcome) (e vmsError) {
		e.Message, e.Errors = o.Detail, map[string][]string{}
		for _, f := range o.Fields {
			e.Errors[f.Path] = append(e.Errors[f.Path], f.Message)
		}
		return e
	},
	gjson: func(root gjson.Result, e *vmsError) {
		e.Message, e.Errors = root.Get("message").Str, map[string][]string{}
		root.Get("errors").ForEach(func(name, messages gjson.Result) bool {
			var all []string
			messages.ForEach(func(_, message gjson.Result) bool {
				all = append(all, message.Str)
				return true
			})
			e.Errors[name.Str] = all
			return true
		})
	},
	fastjson: func(root *fastjson.Value, e *vmsError) {
		e.Message, e.Errors = string(root.GetStringBytes("message")), map[string][]string{}
		root.GetObject("errors").Visit(func(name []byte, messages *fastjson.Value) {
			var all []string
			for _, message := range messages.GetArray() {
				all = append(all, string(message.GetStringBytes()))
			}
			e.Errors[string(name)] = all
		})
	},
}

var vbapi = example[vbapiError]{
	name: "vbapi",
	res:  dialect.Response{Status: 404, Header: jsonHeader, Body: []byte(vbapiBody)},
	kind: parlance.KindNotFound,
	asStruct: func(o *parlance.Outcome) (e vbapiError) {
		e.Error.Type, e.Error.Title, e.Error.Status, e.Error.Detail, e.Error.Instance = o.Type, o.Title, o.Status, o.Detail, o.Instance
		e.Debug.ActivityID = o.RequestID
		return e
	},
	gjson: func(root gjson.Result, e *vbapiError) {
		of := root.Get("error")
		e.Error.Type, e.Error.Title, e.Error.Status = of.Get("type").Str, of.Get("title").Str, int(of.Get("status").Int())
		e.Error.Detail, e.Error.Instance = of.Get("detail").Str, of.Get("instance").Str
		e.Debug.ActivityID = root.Get("debug.activityId").Str
	},
	fastjson: func(root *fastjson.Value, e *vbapiError) {
		of := root.Get("error")
		e.Error.Type, e.Error.Title, e.Error.Status = string(of.GetStringBytes("type")), string(of.GetStringBytes("title")), of.GetInt("status")
		e.Error.Detail, e.Error.Instance = string(of.GetStringBytes("detail")), string(of.GetStringBytes("instance"))
		e.Debug.ActivityID = string(root.GetStringBytes("debug", "activityId"))
	},
}

var stripe = example[stripeError]{
	name: "stripe",
	res:  dialect.Response{Status: 400, Header: jsonHeader, Body: []byte(stripeBody)},
	kind: parlance.KindInvalid,
	asStruct: func(o *parlance.Outcome) (e stripeError) {
		e.Error.Code, e.Error.DocURL, e.Error.Message, e.Error.Type = o.Code, o.Type, o.Detail, o.Family
		if len(o.Fields) == 1 {
			e.Error.Param = o.Fields[0].Path
		}
		return e
	},
	gjson: func(root gjson.Result, e *stripeError) {
		of := root.Get("error")
		e.Error.Code, e.Error.DocURL, e.Error.Message = of.Get("code").Str, of.Get("doc_url").Str, of.Get("message").Str
		e.Error.Param, e.Error.Type = of.Get("param").Str, of.Get("type").Str
	},
	fastjson: func(root *fastjson.Value, e *stripeError) {
		of := root.Get("error")
		e.Error.Code, e.Error.DocURL, e.Error.Message = string(of.GetStringBytes("code")), string(of.GetStringBytes("doc_url")), string(of.GetStringBytes("message"))
		e.Error.Param, e.Error.Type = string(of.GetStringBytes("param")), string(of.GetStringBytes("type"))
	},
}

// examples are the three, whatever their structs.
var examples = []interface {
	test(*testing.T)
	read(*testing.B)
	classify(*testing.B)
	write(*testing.B)
}{&vms, &vbapi, &stripe}

var request = dialect.Request{Method: http.MethodPost, Path: "/cameras", Header: dialect.HeaderMap{"Accept": {"application/json"}}}

func open(tb testing.TB, name string) *dialect.Dialect {
	tb.Helper()
	d, err := catalog.Open(name)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// reader fills a struct from a body.
type reader[T any] struct {
	by   string
	read func([]byte, *T) error
}

// readers are the peers. Each makes texts of its own, as Parlance does, so that
// the body can be given back; gjson copies the body for it. fastjson keeps its
// parser from one body to the next.
func (x *example[T]) readers() []reader[T] {
	var parser fastjson.Parser
	return []reader[T]{
		{"encoding-json", func(body []byte, e *T) error { return json.Unmarshal(body, e) }},
		{"json-v2", func(body []byte, e *T) error { return jsonv2.Unmarshal(body, e) }},
		{"gjson", func(body []byte, e *T) error {
			if !gjson.ValidBytes(body) {
				return errors.New("not valid")
			}
			x.gjson(gjson.ParseBytes(body), e)
			return nil
		}},
		{"fastjson", func(body []byte, e *T) error {
			root, err := parser.ParseBytes(body)
			if err == nil {
				x.fastjson(root, e)
			}
			return err
		}},
	}
}

// What is measured must be right: all read the same, and write the same.
func TestAllReadAndWriteTheSame(t *testing.T) {
	t.Parallel()
	for _, x := range examples {
		x.test(t)
	}
}

func (x *example[T]) test(t *testing.T) {
	d := open(t, x.name)
	read := d.Decode(request, x.res)
	o := read.Outcome
	if o.Kind != x.kind || len(read.Diagnostics) > 0 {
		t.Errorf("%s reads %+v, %v", x.name, o, read.Diagnostics)
	}
	ours := x.asStruct(&o)
	for _, r := range x.readers() {
		var e T
		if err := r.read(x.res.Body, &e); err != nil || !reflect.DeepEqual(e, ours) {
			t.Errorf("%s: %s reads\n%+v, %v\nparlance\n%+v", x.name, r.by, e, err, ours)
		}
	}
	g := d.Classify(request, x.res)
	if want := (dialect.Classification{Kind: o.Kind, Reason: o.Reason, Decision: d.Decide(request, &o)}); !reflect.DeepEqual(g, want) {
		t.Errorf("%s: a classification says %+v, reading %+v", x.name, g, want)
	}
	m := d.Encode(nil, request, &o, dialect.Payload{})
	if len(m.Losses) > 0 || m.Status != x.res.Status {
		t.Errorf("%s: written with status %d and losses %v", x.name, m.Status, m.Losses)
	}
	texts := map[string][]byte{"parlance": m.Body, "the response": x.res.Body}
	for _, w := range writers {
		text, err := w.write(nil, &ours)
		if err != nil {
			t.Fatal(err)
		}
		texts[w.by] = text
	}
	want := canonical(t, x.res.Body)
	for by, text := range texts {
		if got := canonical(t, text); got != want {
			t.Errorf("%s: %s\n%s\nthe response\n%s", x.name, by, got, want)
		}
	}
}

// canonical is the document with its names sorted.
func canonical(t *testing.T, text []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// BenchmarkRead makes a whole Outcome of a response; the peers fill the struct.
func BenchmarkRead(b *testing.B) {
	for _, x := range examples {
		x.read(b)
	}
	for _, name := range statusOnly {
		b.Run("of="+name+"-200/by=parlance", func(b *testing.B) { decode(b, open(b, name), request, parlance.KindSuccess, plainSuccess) })
	}
}

// BenchmarkMixedRead reads eight kinds of responses in turn, and one of them alone.
func BenchmarkMixedRead(b *testing.B) {
	d := open(b, "vms")
	var all []dialect.Response
	for _, o := range mixed {
		m := d.Encode(nil, request, &o, dialect.Payload{})
		all = append(all, dialect.Response{Status: m.Status, Header: jsonHeader, Body: m.Body})
	}
	for _, c := range mixes {
		b.Run("of="+c.name+"/by=parlance", func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if read := d.Decode(request, all[c.of[i%len(c.of)]]); !read.Outcome.Kind.Failing() {
					b.Fatalf("%v was read", read.Outcome.Kind)
				}
			}
		})
	}
}

// mixed are the failures that an API has most, the 422 in several forms.
var mixed = []parlance.Outcome{
	{Kind: parlance.KindInvalid, Reason: parlance.ReasonFields, Detail: "Submitted data was invalid", Fields: []parlance.Field{{Path: "name", Message: "is missing"}}},
	{Kind: parlance.KindInvalid, Reason: parlance.ReasonFields, Detail: "Submitted data was invalid"},
	{Kind: parlance.KindInvalid, Reason: parlance.ReasonFields, Detail: "Two are wrong", Fields: []parlance.Field{{Path: "name", Message: "is missing"}, {Path: "url", Message: "is too long"}}},
	{Kind: parlance.KindNotFound, Detail: "There is no such camera"},
	{Kind: parlance.KindUnauthenticated, Detail: "The token is unknown"},
	{Kind: parlance.KindForbidden, Detail: "This is for administrators"},
	{Kind: parlance.KindRateLimited, Detail: "Too many requests"},
	{Kind: parlance.KindInternal, Detail: "The server failed"},
}

// mixes are the eight in turn, the two forms of 422, and the first again and again.
var mixes = []struct {
	name string
	of   []int
}{{"one", []int{0}}, {"two", []int{0, 1}}, {"eight", []int{0, 1, 2, 3, 4, 5, 6, 7}}}

// BenchmarkMixedWrite writes eight kinds of responses in turn, and one of them alone.
func BenchmarkMixedWrite(b *testing.B) {
	for _, c := range mixes {
		b.Run("of="+c.name+"/by=parlance", func(b *testing.B) {
			d := open(b, "vms")
			buffer := make([]byte, 0, 1024)
			for i := 0; b.Loop(); i++ {
				if m := d.Encode(buffer, request, &mixed[c.of[i%len(c.of)]], dialect.Payload{}); len(m.Body) < 20 {
					b.Fatalf("only %s was written", m.Body)
				}
			}
		})
	}
}

func (x *example[T]) read(b *testing.B) {
	b.Run("of="+x.name+"/by=parlance", func(b *testing.B) { decode(b, open(b, x.name), request, x.kind, x.res) })
	b.Run("of="+x.name+"/by=parlance-unlike", func(b *testing.B) { decode(b, open(b, x.name), request, x.kind, unlike(x.res)...) })
	for _, r := range x.readers() {
		b.Run("of="+x.name+"/by="+r.by, func(b *testing.B) { fill(b, r.read, x.res.Body) })
	}
}

// unlike are responses of the same length, each with another escape in a text, so
// that none is like one before: no replay fits, and the whole way is gone.
func unlike(res dialect.Response) (all []dialect.Response) {
	for c := range 64 {
		one := res
		for _, word := range []string{"Submitted", "requested", "Received"} {
			one.Body = bytes.Replace(one.Body, []byte(word), fmt.Appendf(nil, `%s\u00%02x`, word[:len(word)-6], '0'+c), 1)
		}
		all = append(all, one)
	}
	return all
}

func decode(b *testing.B, d *dialect.Dialect, req dialect.Request, kind parlance.Kind, all ...dialect.Response) {
	if kind != parlance.KindSuccess { // of which the body is not read
		b.SetBytes(int64(len(all[0].Body)))
	}
	for i := 0; b.Loop(); i++ {
		if read := d.Decode(req, all[i%len(all)]); read.Outcome.Kind != kind {
			b.Fatalf("%v was read", read.Outcome.Kind)
		}
	}
}

// fill reads into the same struct again and again, emptied before, so that what
// is counted is what the reader allocates.
func fill[T any](b *testing.B, read func([]byte, *T) error, body []byte) {
	var e, empty T
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		e = empty
		if err := read(body, &e); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkClassify is what a proxy needs first: kind and decision. Its peer reads
// the whole struct, for encoding/json cannot do less and still validate.
func BenchmarkClassify(b *testing.B) {
	for _, x := range examples {
		x.classify(b)
	}
	for _, name := range statusOnly {
		b.Run("of="+name+"-200/by=parlance", func(b *testing.B) { classify(b, open(b, name), plainSuccess, parlance.KindSuccess) })
	}
}

func (x *example[T]) classify(b *testing.B) {
	b.Run("of="+x.name+"/by=parlance", func(b *testing.B) { classify(b, open(b, x.name), x.res, x.kind) })
	peer := x.readers()[0]
	b.Run("of="+x.name+"/by="+peer.by, func(b *testing.B) { fill(b, peer.read, x.res.Body) })
}

func classify(b *testing.B, d *dialect.Dialect, res dialect.Response, kind parlance.Kind) {
	for b.Loop() {
		if g := d.Classify(request, res); g.Kind != kind || g.Decision.Act == 0 {
			b.Fatalf("%+v", g)
		}
	}
}

// Of a plain success no shape of these dialects can say more than the status.
var (
	statusOnly   = []string{"http", "problem"}
	plainSuccess = dialect.Response{Status: 200, Header: jsonHeader, Body: []byte(`{"id":7,"name":"` + strings.Repeat("camera ", 140) + `"}`)}
)

func TestTheStatusAloneDecidesAPlainSuccess(t *testing.T) {
	t.Parallel()
	for _, name := range statusOnly {
		d := open(t, name)
		read := d.Decode(request, plainSuccess)
		if d.NeedsBody(request, 200, jsonHeader) || read.Outcome.Kind != parlance.KindSuccess || read.Shape != "" || len(read.Diagnostics) > 0 {
			t.Errorf("%s reads %+v", name, read)
		}
	}
}

// writer appends the struct to a buffer that is used again, where it can.
type writer struct {
	by    string
	write func([]byte, any) ([]byte, error)
}

var writers = []writer{
	{"encoding-json", func(_ []byte, e any) ([]byte, error) { return json.Marshal(e) }},
	{"json-v2", func(dst []byte, e any) ([]byte, error) {
		buffer := bytes.NewBuffer(dst)
		err := jsonv2.MarshalWrite(buffer, e)
		return buffer.Bytes(), err
	}},
}

// BenchmarkWrite writes the Outcome that was read, and the peers the struct.
func BenchmarkWrite(b *testing.B) {
	for _, x := range examples {
		x.write(b)
	}
}

func (x *example[T]) write(b *testing.B) {
	o := open(b, x.name).Decode(request, x.res).Outcome
	b.Run("of="+x.name+"/by=parlance", func(b *testing.B) {
		d := open(b, x.name)
		buffer := make([]byte, 0, 1024)
		for b.Loop() {
			if m := d.Encode(buffer, request, &o, dialect.Payload{}); len(m.Body) < 200 {
				b.Fatalf("only %s was written", m.Body)
			}
		}
		b.SetBytes(int64(len(d.Encode(nil, request, &o, dialect.Payload{}).Body)))
	})
	e := x.asStruct(&o)
	for _, w := range writers {
		b.Run("of="+x.name+"/by="+w.by, func(b *testing.B) {
			buffer := make([]byte, 0, 1024)
			n := 0
			for b.Loop() {
				text, err := w.write(buffer, &e)
				if err != nil {
					b.Fatal(err)
				}
				n = len(text)
			}
			b.SetBytes(int64(n))
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	for _, c := range []struct {
		name, dialect string
		outcome       parlance.Outcome
	}{
		{"of=vms-422", "vms", parlance.Outcome{Kind: parlance.KindInvalid, Reason: parlance.ReasonFields, Status: 422}},
		{"of=vms-503", "vms", parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonMaintenance, Status: 503}},
		{"of=vision-150", "vision", parlance.Outcome{Kind: parlance.KindInternal, Status: 500, Code: "150"}},
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
