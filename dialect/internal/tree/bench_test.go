package tree_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// What is large stands beside the error, as debug traces and echoed requests
// do, and a guide that asks for the error skips it.
func BenchmarkJSON(b *testing.B) {
	small := `{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format","The URL can be no longer than 10 characters"],` +
		`"date":["The date field doesn't match the format: Y-m-d H:i:s."],"name":["The name field is required."]}}`
	dense := `{"debug":[` + strings.Repeat(`{"id":1,"ok":true,"tags":["a","b"],"n":null},`, 2200) + `0],` + small[1:]
	text := `{"debug":"` + strings.Repeat("Lorem ipsum dolor sit amet. ", 3600) + `",` + small[1:]
	asked := tree.NewGuide()
	asked.Member("message", nil)
	_, errors := asked.Member("errors", nil)
	errors.Others(nil).Elements(nil)
	everything := tree.NewGuide()
	everything.All()
	for _, test := range []struct {
		name, body string
		guide      *tree.Guide
	}{
		{"small", small, everything}, {"small-guided", small, asked},
		{"dense", dense, everything}, {"dense-guided", dense, asked},
		{"text", text, everything}, {"text-guided", text, asked},
	} {
		source := []byte(test.body)
		b.Run("of="+test.name+"/by=parlance", func(b *testing.B) {
			var r tree.Tree
			b.SetBytes(int64(len(source)))
			for b.Loop() {
				if err := r.JSONBy(test.guide, source, false); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("of="+test.name+"/by=encoding-json", func(b *testing.B) {
			b.SetBytes(int64(len(source)))
			for b.Loop() {
				if !json.Valid(source) {
					b.Fatal("not valid")
				}
			}
		})
	}
}

func BenchmarkXML(b *testing.B) {
	var text strings.Builder
	text.WriteString(`<?xml version="1.0" encoding="UTF-8"?><ORDERS>`)
	for i := range 1000 {
		fmt.Fprintf(&text, "\n  <SO line=\"%d\"><DocRef>API_%d</DocRef><RES><Code>200</Code><Message>Processed &amp; shipped</Message></RES></SO>", i, i)
	}
	text.WriteString("</ORDERS>")
	source := []byte(text.String())
	asked := tree.NewGuide()
	_, order := asked.Member("SO", nil)
	order.Attribute("line")
	_, result := order.Member("RES", nil)
	result.Member("Code", nil)
	result.Member("Message", nil)
	everything := tree.NewGuide()
	everything.All()
	for _, test := range []struct {
		name  string
		guide *tree.Guide
	}{{"records", everything}, {"records-guided", asked}} {
		b.Run("of="+test.name+"/by=parlance", func(b *testing.B) {
			var r tree.Tree
			b.SetBytes(int64(len(source)))
			for b.Loop() {
				if err := r.XMLBy(test.guide, source, false); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("of="+test.name+"/by=encoding-xml", func(b *testing.B) {
			b.SetBytes(int64(len(source)))
			for b.Loop() {
				d := xml.NewDecoder(bytes.NewReader(source))
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
}
