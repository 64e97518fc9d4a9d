package validate_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/validate"
)

var camera = validate.MustCompile(`{
	"type": "object",
	"required": ["name"],
	"additionalProperties": false,
	"properties": {
		"name":  {"type": "string", "maxLength": 4},
		"port":  {"type": "integer", "maximum": 65535},
		"zoom":  {"type": ["number", "null"]},
		"on":    {"type": "boolean"},
		"tags":  {"type": "array", "items": {"type": "integer"}},
		"photo": {"type": "string", "maxLength": 3}
	}
}`)

const asForm = "Content-Type: application/x-www-form-urlencoded"

// typed echoes what was validated.
func typed(into func(*http.Request, any) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var v any
		if err := into(r, &v); err != nil {
			http.Error(w, err.Error(), 500)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		_ = json.NewEncoder(w).Encode(v)
	})
}

func TestFormsAndQueriesAreTypedAsTheSchemaSays(t *testing.T) {
	t.Parallel()
	form := serve(t, "problem", validate.Form(camera)(typed(validate.Into)))
	query := serve(t, "problem", validate.Query(camera)(typed(validate.QueryInto)))
	for text, want := range map[string]string{
		"name=Gate": `200 {"name":"Gate"}`,
		"name=12&port=80&zoom=1.5&on=true&tags=1&tags=2": `200 {"name":"12","on":true,"port":80,"tags":[1,2],"zoom":1.5}`,
		"name=&zoom=&tags=3":                             `200 {"name":"","tags":[3],"zoom":null}`,
		"name=%D0%B0+b":                                  `200 {"name":"а b"}`,
		"port=x&name=Garden":                             `422 #/port type #/name maxLength`,
		"name=a&port=70000":                              `422 #/port maximum`,
		"name=a&port=1e400":                              `422 #/port type`,
		"name=a&port=0x10":                               `422 #/port type`,
		"name=a&on=yes":                                  `422 #/on type`,
		"name=a&name=b":                                  `422 #/name type`,
		"name=a&tags=1&tags=x":                           `422 #/tags/1 type`,
		"other=1":                                        `422 #/name required #/other additionalProperties`,
		"":                                               `422 #/name required`,
		"name=%zz":                                       `400`,
		"name=%ff":                                       `400 #/name utf8`,
		"a%ff=1":                                         `400 #/a` + "\ufffd" + ` utf8`,
	} {
		responses := map[string]reply{"query": send(t, "GET", query+"/?"+text, nil)}
		if text != "" {
			responses["form"] = post(t, form, strings.NewReader(text), asForm)
		}
		for end, got := range responses {
			if told := summary(t, got); told != want {
				t.Errorf("%s %q: %s\nwant %s", end, text, told, want)
			}
		}
	}
}

// summary is the status and the body of a success or the errors of a problem.
func summary(t testing.TB, a reply) string {
	t.Helper()
	s := fmt.Sprint(a.status)
	if a.status == 200 {
		return s + " " + a.body
	}
	var p struct {
		Errors []struct{ Pointer, Code string }
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatal(err, a.body)
	}
	for _, e := range p.Errors {
		s += " " + e.Pointer + " " + e.Code
	}
	return s
}

func TestTheLanguageParameterIsNoPartOfTheQuery(t *testing.T) {
	t.Parallel()
	at := serve(t, "vms", validate.Query(camera, byHl)(typed(validate.QueryInto)))
	got := send(t, "GET", at+"/?hl=ru&name=Garten", nil, wantJSON)
	if want := `{"message":"Отправленные данные некорректны","errors":{"name":["Поле name не может быть длиннее 4 символов"]}}`; got.body != want {
		t.Error(got.body)
	}
}

func TestAMultipartForm(t *testing.T) {
	t.Parallel()
	at := serve(t, "problem", validate.Form(camera)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, r.FormValue("name"))
	})))
	multi := func(photo string, names ...string) (io.Reader, string) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for _, n := range names {
			name, value, _ := strings.Cut(n, "=")
			_ = w.WriteField(name, value)
		}
		file, _ := w.CreateFormFile("photo", "x.jpg")
		_, _ = io.WriteString(file, photo)
		_ = w.Close()
		return &b, "Content-Type: " + w.FormDataContentType()
	}
	body, header := multi("\xff\xd8", "name=Gate", "port=80")
	if got := post(t, at, body, header); got.status != 200 || got.body != "Gate" {
		t.Errorf("%d %s", got.status, got.body)
	}
	body, header = multi("long", "name=Gate", "port=x")
	if told := summary(t, post(t, at, body, header)); told != "422 #/port type #/photo maxLength" {
		t.Error(told)
	}
	const gate = "--x\r\nContent-Disposition: form-data; name=name\r\n\r\nGate\r\n"
	for _, broken := range []string{"--x\r\nbroken", "no boundary", gate, gate + "--x\r\n", gate + "--x"} {
		if got := post(t, at, strings.NewReader(broken), "Content-Type: multipart/form-data; boundary=x"); got.status != 400 {
			t.Errorf("%q: %d %s", broken, got.status, got.body)
		}
	}
	if got := post(t, at, strings.NewReader("x"), "Content-Type: multipart/form-data"); got.status != 400 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestAFormReachesTheHandlerAsItWasSent(t *testing.T) {
	t.Parallel()
	at := service(t, "problem", validate.Form(camera))
	if got := post(t, at, strings.NewReader("name=a&&port=1"), asForm); got.body != "name=a&&port=1" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := post(t, at, strings.NewReader(strings.Repeat("a&", 100_001)), asForm); got.status != 400 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func FuzzForms(f *testing.F) {
	f.Add("name=a&port=1&tags=2&tags=x")
	f.Add("%zz=&;=%ff")
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = query
		if err := camera.CheckQuery(httptest.NewRecorder(), r); err == nil {
			if _, err := url.ParseQuery(strings.ReplaceAll(query, ";", "")); err != nil {
				t.Fatalf("%q: %v", query, err)
			}
		} else if o := parlance.OutcomeOf(err); o.Kind != parlance.KindInvalid {
			t.Fatalf("%q: %v", query, err)
		}
	})
}

func ExampleQuery() {
	search := validate.MustCompile(`{"properties": {
		"limit": {"type": "integer", "minimum": 1, "maximum": 100},
		"tag":   {"type": "array", "items": {"type": "string"}}
	}}`)
	handler := validate.Query(search)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Limit int
			Tag   []string
		}
		if err := validate.QueryInto(r, &q); err == nil {
			fmt.Println(q.Limit, q.Tag, slices.Max(q.Tag))
		}
	}))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/?limit=20&tag=a&tag=b", nil))
	// Output: 20 [a b] b
}

func ExampleSchema_CheckForm() {
	camera := validate.MustCompile(`{"required": ["name"], "properties": {"port": {"type": "integer"}}}`)
	r := httptest.NewRequest("POST", "/", strings.NewReader("port=x"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	err := camera.CheckForm(httptest.NewRecorder(), r)
	for _, f := range parlance.OutcomeOf(err).Fields {
		fmt.Println(f.Message)
	}
	// Output:
	// The name field is required
	// The port must be of type integer
}
