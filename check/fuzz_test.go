package check_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/dialect"
)

// FuzzCheck holds that each finding of any response has its place inside the response, and a
// line of the dialect.
func FuzzCheck(f *testing.F) {
	for _, p := range plantedFaults(f) {
		contentType := ""
		if values := p.exchange.Response.Header.Values("Content-Type"); len(values) > 0 {
			contentType = values[0]
		}
		f.Add(p.exchange.Response.Status, contentType, p.exchange.Response.Body)
	}
	f.Add(400, "application/json", []byte(`{"errors":[`+strings.Repeat(`{"errors":[`, 60)+strings.Repeat(`]}`, 60)+`]}`))
	f.Add(200, "application/json", []byte("\ufeff )]}'\n[{\"errors\":{\"a~/b\":[{}]}}]"))
	var all []*check.Checker
	for _, name := range []string{"vms", "vbapi", "vision", "omilia", "plain", "stripe", "github", "azure", "slack"} {
		d, err := catalog.Open(name)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, check.New(d))
	}
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		if status < 100 || status > 999 {
			return
		}
		x := check.Exchange{
			Request:  dialect.Request{Method: "POST", Path: "/service/orders"},
			Response: dialect.Response{Status: status, Header: dialect.HeaderMap{"Content-Type": {contentType}}, Body: body},
		}
		for _, c := range all {
			for _, f := range c.Check(x) {
				p := f.Place
				if p.Part == check.PartBody && (p.Offset < 0 || p.Offset > len(body) || len(body) > 0 && (p.Line < 1 || p.Column < 1 || !strings.Contains(p.Excerpt, "^"))) {
					t.Errorf("got the place %+v in a body of %d bytes", p, len(body))
				}
				if f.Message == "" || !strings.Contains(f.Dialect, ".yaml") || !utf8.ValidString(f.String()) {
					t.Errorf("got %+v", f)
				}
				if strings.ContainsFunc(f.String(), func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }) {
					t.Errorf("got control characters: %q", f.String())
				}
			}
		}
	})
}
