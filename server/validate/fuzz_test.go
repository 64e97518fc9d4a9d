package validate_test

import (
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/validate"
)

// Wherever a parameter comes from and whatever it is, it is held to the document
// or refused as invalid; and the message is in a language that there is.
func FuzzOpenAPI(f *testing.F) {
	api := validate.MustCompileOpenAPI(cameras)
	for _, seed := range [][5]string{
		{"/v1/cameras", "limit=5&tag=a&tag=b&ids=1,2&filter={\"on\":1}", "A", "session=abcd", "ru, en;q=0.5"},
		{"/v1/cameras", "limit=1e400&ids=,&filter=[[[", "\xff", "session=\"", "*;q=2"},
		{"/v1/cameras/%37", "", "", "", "x-" + strings.Repeat("a-", 100)},
		{"/v1/files/a%2Fb.jpg", "%zz", " A , B ", "=;=", "de-\x00"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4])
	}
	f.Fuzz(func(t *testing.T, path, query, header, cookie, language string) {
		at, err := url.ParseRequestURI(path)
		if err != nil {
			return // net/http refuses it
		}
		at.RawQuery = query
		for _, method := range []string{http.MethodGet, http.MethodPatch} {
			r := &http.Request{Method: method, URL: at, Body: http.NoBody,
				Header: http.Header{"X-Site": {header}, "Cookie": {cookie}, "Accept-Language": {language}}}
			w := httptest.NewRecorder()
			err := api.Check(w, r)
			o := parlance.OutcomeOf(err)
			if err != nil && (o.Kind != parlance.KindInvalid || o.Detail == "") {
				t.Fatalf("%v", err)
			}
			if got := w.Header().Get("Content-Language"); err != nil && got != "en" && got != "ru" {
				t.Fatalf("a message in %q", got)
			}
			for _, field := range o.Fields {
				if field.Code == "" || field.Message == "" {
					t.Fatalf("%+v", field)
				}
			}
		}
	})
}

// What is taken as a multipart form, the standard library reads too.
func FuzzMultipart(f *testing.F) {
	f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nGate\r\n--x--\r\n")
	f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=photo; filename=\"a\r\nb\"\r\n\r\n\xff\r\n--x--")
	f.Add("multipart/form-data; boundary=\"\"", "----")
	f.Add("multipart/form-data", "x")
	f.Add("multipart/form-data; boundary=x", strings.Repeat("--x\r\n", 100))
	f.Fuzz(func(t *testing.T, contentType, body string) {
		media, params, _ := mime.ParseMediaType(contentType)
		if media != "multipart/form-data" {
			return
		}
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header["Content-Type"] = []string{contentType}
		err := camera.CheckForm(httptest.NewRecorder(), r)
		if o := parlance.OutcomeOf(err); err != nil && (o.Kind != parlance.KindInvalid || o.Detail == "") {
			t.Fatalf("%v", err)
		}
		if err != nil {
			return
		}
		form, err := multipart.NewReader(strings.NewReader(body), params["boundary"]).ReadForm(1 << 20)
		if err != nil || len(form.Value["name"]) != 1 {
			t.Fatalf("%v %+v", err, form)
		}
	})
}
