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

func BenchmarkJSON(b *testing.B) {
	small := `{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format","The URL can be no longer than 10 characters"],` +
		`"date":["The date field doesn't match the format: Y-m-d H:i:s."],"name":["The name field is required."]}}`
	for name, body := range map[string]string{
		"of=small": small,
		"of=dense": "[" + strings.Repeat(`{"id":1,"ok":true,"tags":["a","b"],"n":null},`, 2200) + "0]",
		"of=text":  `{"message":"` + strings.Repeat("Lorem ipsum dolor sit amet. ", 3600) + `"}`,
	} {
		source := []byte(body)
		b.Run(name+"/by=parlance", func(b *testing.B) {
			var r tree.Tree
			b.SetBytes(int64(len(source)))
			for b.Loop() {
				if err := r.JSON(source, false); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/by=encoding-json", func(b *testing.B) {
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
	b.Run("of=records/by=parlance", func(b *testing.B) {
		var r tree.Tree
		b.SetBytes(int64(len(source)))
		for b.Loop() {
			if err := r.XML(source, false); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("of=records/by=encoding-xml", func(b *testing.B) {
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
