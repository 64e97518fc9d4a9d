package bench_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// The vms error inside of 100 KB that no shape asks for, as traces and echoed
// requests stand beside an error.
var large = map[string]dialect.Response{
	"dense": beside(
		`"trace":[`+strings.Repeat(`{"id":1,"ok":true,"tags":["a","b"],"n":null},`, 1100)+`0]`,
		`"request":[`+strings.Repeat(`{"id":1,"ok":true,"tags":["a","b"],"n":null},`, 1100)+`0]`,
	),
	"text": beside(`"trace":"`+strings.Repeat("Lorem ipsum dolor sit amet. ", 3600)+`"`, `"request":null`),
}

func beside(before, after string) dialect.Response {
	res := vms.res
	res.Body = []byte("{" + before + "," + strings.TrimSuffix(vmsBody[1:], "}") + "," + after + "}")
	return res
}

func TestALargeErrorReadsAsTheErrorInIt(t *testing.T) {
	t.Parallel()
	d := open(t, "vms")
	want := d.Decode(request, vms.res).Outcome
	for name, res := range large {
		if read := d.Decode(request, res); !reflect.DeepEqual(read.Outcome, want) || len(read.Diagnostics) > 0 || !json.Valid(res.Body) {
			t.Errorf("%s reads %+v", name, read)
		}
	}
}

// BenchmarkLarge makes an Outcome of each, beside json.Valid, which only looks
// whether it is JSON.
func BenchmarkLarge(b *testing.B) {
	for _, name := range []string{"dense", "text"} {
		res := large[name]
		b.Run("of="+name+"/by=parlance", func(b *testing.B) { decode(b, open(b, "vms"), request, parlance.KindInvalid, res) })
		b.Run("of="+name+"/by=json-valid", func(b *testing.B) {
			b.SetBytes(int64(len(res.Body)))
			for b.Loop() {
				if !json.Valid(res.Body) {
					b.Fatal("not valid")
				}
			}
		})
	}
}

// Records of a bulk response, of which every tenth was refused.
const records = 1000

var (
	bulkRequest = dialect.Request{Method: http.MethodPost, Path: "/service/ManufactureComplete"}
	bulkRecords = func() dialect.Response {
		var text strings.Builder
		text.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<MANUFACTURING>")
		for i := range records {
			code, message := 200, "Manufacture complete processed"
			if i%10 == 0 {
				code, message = 400, "Validation failure: customer code &quot;JOE&quot; does not exist."
			}
			fmt.Fprintf(&text, "\n  <MC><DocRef>API_%d</DocRef><RES><Code>%d</Code><Message>%s</Message></RES></MC>", i, code, message)
		}
		text.WriteString("\n</MANUFACTURING>\n")
		return dialect.Response{Status: 207, Header: dialect.HeaderMap{"Content-Type": {"application/xml"}}, Body: []byte(text.String())}
	}()
)

func TestEveryRecordIsRead(t *testing.T) {
	t.Parallel()
	read := open(t, "vision").Decode(bulkRequest, bulkRecords)
	o := read.Outcome
	failed := 0
	for i, it := range o.Items {
		if it.Outcome.Kind.Failing() {
			failed++
		}
		if it.ID != fmt.Sprintf("API_%d", i) || it.Outcome.Detail == "" || it.Outcome.Code == "" {
			t.Errorf("record %d reads %+v", i, it)
		}
	}
	if o.Kind != parlance.KindPartial || len(o.Items) != records || failed != records/10 || len(read.Diagnostics) > 0 {
		t.Errorf("%v, %d records, %d failed, %v", o.Kind, len(o.Items), failed, read.Diagnostics)
	}
}

// BenchmarkBulk makes an Outcome of each record, beside an xml.Decoder that only
// walks over the tokens.
func BenchmarkBulk(b *testing.B) {
	b.Run("of=records/by=parlance", func(b *testing.B) { decode(b, open(b, "vision"), bulkRequest, parlance.KindPartial, bulkRecords) })
	b.Run("of=records/by=xml-token", func(b *testing.B) {
		b.SetBytes(int64(len(bulkRecords.Body)))
		for b.Loop() {
			d := xml.NewDecoder(bytes.NewReader(bulkRecords.Body))
			for {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
