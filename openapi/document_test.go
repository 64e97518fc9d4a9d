package openapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/openapi"
)

func read(t testing.TB, file string) *openapi.Document {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d, err := openapi.Read(file, source)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAPayloadIsAnExampleElseDataByTheSchema(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"testdata/cameras-3.1.yaml", "testdata/cameras-3.0.json"} {
		d := read(t, file)
		if w := d.Warnings(); len(w) > 0 {
			t.Errorf("%s: warnings: got %v, want none", file, w)
		}
		get := func(path, example string, dynamic bool) string {
			p, ok := d.Payload(dialect.Request{Method: "GET", Path: path}, 200, example, dynamic)
			if !ok {
				return "nothing"
			}
			if p.ContentType != "application/json" {
				t.Errorf("%s %s: type: got %s, want application/json", file, path, p.ContentType)
			}
			return string(p.Body)
		}
		for _, c := range []struct{ path, example, want string }{
			{"/cameras/7", "", `{"id":7,"name":"Hall"}`},
			{"/v2/cameras/7?full=true", "", `{"id":7,"name":"Hall"}`},
			{"/cameras/7", "yard", `{"id":8,"name":"Yard"}`},
			{"/cameras/7", "cellar", "nothing"},
			{"/doors", "", "nothing"},
			{"/cameras/7/", "", "nothing"},
			{"/cameras/count", "", `{"count":3}`},
		} {
			if got := get(c.path, c.example, false); got != c.want {
				t.Errorf("%s %s %s: got %s, want %s", file, c.path, c.example, got, c.want)
			}
		}
		still := get("/cameras", "", false)
		if again := get("/cameras", "", false); again != still {
			t.Errorf("%s: the same data are wanted each time: got %s and %s", file, still, again)
		}
		for _, body := range []string{still, get("/cameras", "", true), get("/cameras/7", "", true)} {
			body = strings.TrimSuffix(strings.TrimPrefix(body, "["), "]")
			var camera struct {
				ID   int
				Name string
				Kind string
			}
			if err := json.Unmarshal([]byte(body), &camera); err != nil || camera.ID < 1 || camera.ID > 100 || len(camera.Name) < 3 || camera.Kind != "dome" && camera.Kind != "bullet" {
				t.Errorf("%s: data by the schema: got %s (%v)", file, body, err)
			}
		}
	}
}

func TestACallHasWhatIsRequiredAndAWrongOneHasOneFault(t *testing.T) {
	t.Parallel()
	d := read(t, "testdata/cameras-3.1.yaml")
	var got []string
	for _, o := range d.Operations() {
		for _, c := range append([]openapi.Call{o.Call()}, o.Wrong()...) {
			got = append(got, strings.Join(strings.Fields(fmt.Sprintf("%s %s %v %s | %s", c.Method, c.Target, c.Header, c.Body, c.Wrong)), " "))
		}
	}
	want := []string{
		"GET /cameras?site=berlin [{X-Tenant 7}] |",
		"GET /cameras [{X-Tenant 7}] | the query parameter site is missing",
		"GET /cameras?limit=not-a-value&site=berlin [{X-Tenant 7}] | the query parameter limit is a word",
		"GET /cameras?site=berlin [] | the header parameter X-Tenant is missing",
		"GET /cameras?site=berlin [{X-Tenant not-a-value}] | the header parameter X-Tenant is a word",
		`POST /cameras [{Content-Type application/json}] {"id":7,"name":"Hall"} |`,
		`POST /cameras [{Content-Type application/json}] {"name":"Hall"} | the member id is missing`,
		`POST /cameras [{Content-Type application/json}] {"id":7} | the member name is missing`,
		`POST /cameras [{Content-Type application/json}] {"at":{"unexpected":true},"id":7,"name":"Hall"} | the member at has another type`,
		`POST /cameras [{Content-Type application/json}] {"children":{"unexpected":true},"id":7,"name":"Hall"} | the member children has another type`,
		`POST /cameras [{Content-Type application/json}] {"id":{"unexpected":true},"name":"Hall"} | the member id has another type`,
		`POST /cameras [{Content-Type application/json}] {"id":7,"kind":{"unexpected":true},"name":"Hall"} | the member kind has another type`,
		`POST /cameras [{Content-Type application/json}] {"id":7,"name":{"unexpected":true}} | the member name has another type`,
		`POST /cameras [{Content-Type application/json}] {"id":7,"name":"Hall","parent":"a text in place of an object"} | the member parent has another type`,
		`POST /cameras [{Content-Type application/json}] {"id":7,"na | the body is cut off`,
		"GET /cameras/42 [] |",
		"GET /cameras/not-a-value [] | the path parameter id is a word",
		"GET /cameras/count [] |",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheSuccessIsTheLowestThatIsListed(t *testing.T) {
	t.Parallel()
	d := read(t, "testdata/cameras-3.1.yaml")
	for _, c := range []struct {
		method, path string
		want         int
	}{{"POST", "/cameras", 201}, {"GET", "/cameras", 200}} {
		o := d.Find(c.method, c.path)
		if o == nil || o.Success() != c.want {
			t.Errorf("%s %s: got %v, want %d", c.method, c.path, o, c.want)
		}
	}
	if o := d.Find("DELETE", "/cameras"); o != nil {
		t.Errorf("DELETE /cameras: got %v, want none", o)
	}
}

// TestEveryMistakeIsToldAtItsPlace reads a document with twenty mistakes.
func TestEveryMistakeIsToldAtItsPlace(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"3.0", "3.1"} {
		file := "testdata/mistakes-" + version + ".yaml"
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = openapi.Read(file, source)
		var faults *dialect.FileError
		if !errors.As(err, &faults) {
			t.Fatalf("%s: got %v, want a FileError", file, err)
		}
		told := map[int]string{}
		for _, d := range faults.Diagnostics {
			told[d.Line] += d.Error() + "\n"
		}
		mistakes := 0
		for i, line := range strings.Split(string(source), "\n") {
			_, want, marked := strings.Cut(line, "# wrong: ")
			switch got := told[i+1]; {
			case marked && !strings.Contains(got, want):
				t.Errorf("%s:%d: got %q, want a message with %q", file, i+1, got, want)
			case !marked && got != "":
				t.Errorf("%s:%d: got %q, want nothing", file, i+1, got)
			}
			if marked {
				mistakes++
			}
		}
		if mistakes != 20 {
			t.Errorf("%s: got %d mistakes, want 20", file, mistakes)
		}
	}
}

func TestADocumentThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ source, want string }{
		"nothing":         {"", "expected an OpenAPI document"},
		"a list":          {"- 1", "expected an OpenAPI document"},
		"broken YAML":     {"openapi: 3.1.0\ninfo: {title: [}\n", "spec.yaml:2:"},
		"Swagger":         {"swagger: '2.0'\n", "of Swagger 2.0"},
		"another version": {"openapi: 4.0.0\n", `"4.0.0"`},
		"no version":      {"info: {title: x, version: '1'}\n", "no member openapi"},
		"no paths":        {"openapi: 3.1.0\ninfo: {title: x, version: '1'}\ncomponents: {}\n", "no paths"},
		"a bomb":          {bomb(), "values"},
		"a circle":        {"openapi: 3.1.0\ninfo: {title: x, version: '1'}\npaths: {/a: {$ref: '#/paths/~1b'}, /b: {$ref: '#/paths/~1a'}}\n", "without an end"},
		"a way back":      {"openapi: 3.1.0\ninfo: {title: x, version: '1'}\npaths: {/a: {get: {responses: {'200': {$ref: '#/paths/~1a'}}}}}\n", "without an end"},
		"schema circle":   {"openapi: 3.1.0\ninfo: {title: x, version: '1'}\npaths: {}\ncomponents: {schemas: {A: {$ref: '#/components/schemas/B'}, B: {$ref: '#/components/schemas/A'}}}\n", "without an end"},
	} {
		_, err := openapi.Read("spec.yaml", []byte(c.source))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// bomb is a document of a few lines whose aliases stand for 10^9 values.
func bomb() string {
	var b strings.Builder
	b.WriteString("openapi: 3.1.0\nx-0: &a0 [1,1,1,1,1,1,1,1,1,1]\n")
	for i := 1; i < 9; i++ {
		fmt.Fprintf(&b, "x-%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	return b.String()
}

func TestASchemaThatNeedsItselfGivesNoPayloadWithoutEnd(t *testing.T) {
	t.Parallel()
	d := read(t, "testdata/circles.yaml")
	for _, o := range d.Operations() {
		p, _ := d.Payload(dialect.Request{Method: o.Method, Path: o.Path}, 200, "", false)
		if len(p.Body) > 256<<10 {
			t.Errorf("%s: got %d bytes, want 256 KiB at most", o.Path, len(p.Body))
		}
	}
}
