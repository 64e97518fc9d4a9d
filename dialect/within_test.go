package dialect_test

import (
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect"
)

// A form that is told from others by its number, and by having no other member.
func TestAnIntWithinBoundsTellsAFormFromOthers(t *testing.T) {
	t.Parallel()
	const file = "codes_are_statuses: true\ncodes: {200: success, 110: {kind: invalid, status: 400}, 4xx: invalid}\nshapes:\n" +
		"  - {name: code, json: {Code!: '$code:int(100-150)', Message!: $detail, $any=other: $absent}}\n"
	coded := `{"kind": "invalid", "code": "110", "detail": "m"}`
	hold(t, []construct{
		{name: "a number", file: file, status: 400, body: `{"Code":110,"Message":"m"}`, want: coded},
		{name: "a text", file: file, status: 400, body: `{"Code":"110","Message":"m"}`, want: coded, wrote: `{"Code":110,"Message":"m"}`},
		{name: "a number beyond them", file: file, status: 400, body: `{"Code":151,"Message":"m"}`, want: `{"kind": "invalid", "detail": "m"}`, told: "unfit_member", wrote: "-"},
		{name: "zeros before it", file: file, status: 400, body: `{"Code":"0110","Message":"m"}`, want: `{"kind": "invalid", "detail": "m"}`, told: "unfit_member", wrote: "-"},
		{name: "another member", file: file, status: 400, body: `{"Code":110,"Message":"m","More":null}`, want: `{"kind": "invalid", "code": "110", "detail": "m"}`, told: "unfit_body common_form", wrote: "-"},
		{name: "a missing member", file: file, status: 400, body: `{"Code":110}`, want: `{"kind": "invalid", "code": "110"}`, told: "unfit_body common_form", wrote: "-"},
	})
}

// The same dialect reads one after the other, so that what a body taught it is not
// taken for another.
func TestANumberBeyondTheBoundsIsNotReadByWhatOneWithinThemTaught(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("test.yaml", []byte("dialect: test\ncodes: {200: success, 110: {kind: invalid, status: 400}, 4xx: invalid}\nshapes:\n"+
		"  - {name: code, json: {Code!: '$code:int(100-150)', Message!: $detail}}\n"+
		"  - {name: other, json: {Code!: $title, Message!: $help}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		for body, code := range map[string]string{`{"Code":110,"Message":"m"}`: "110", `{"Code":119,"Message":"n"}`: "119", `{"Code":200,"Message":"m"}`: "", `{"Code":"x","Message":"m"}`: ""} {
			o := d.Decode(dialect.Request{}, dialect.Response{Status: 400, Body: []byte(body)}).Outcome
			if o.Code != code || (o.Title == "") != (code != "") {
				t.Fatalf("%s: got code %q, title %q; want code %q", body, o.Code, o.Title, code)
			}
		}
	}
}

func TestBoundsThatAreNoneAreComplainedOf(t *testing.T) {
	t.Parallel()
	for _, notation := range []string{"int()", "int(x)", "int(150-100)"} {
		_, err := dialect.Compile("test.yaml", []byte("dialect: test\n"+usual+"shapes: [{name: code, json: {Code: '$code:"+notation+"'}}]\n"))
		if err == nil || !strings.Contains(err.Error(), "such as int(100-150)") {
			t.Errorf("%s: got %v", notation, err)
		}
	}
}

// A path means the same, however it is written: in rows, shapes and operations, in the
// file and in the request.
func TestAPathMeansTheSameHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	for _, inFile := range []string{"/orders", "/orders/"} {
		file := `codes: {200: success, 404: [{kind: empty, path: ` + inFile + `}, not_found], 4xx: invalid, 5xx: internal}
operations: [{method: POST, path: ` + inFile + `, safe: true}]
shapes:
  - {name: orders, path: ` + inFile + `, status: 400, json: {order: $detail}}
  - {name: one, path: "/orders/*", status: 400, json: {one: $detail}}
`
		for path, is := range map[string]bool{
			"/orders": true, "/orders/": true, "/orders?page=2": true, "/orders/?page=2": true, "https://api.test/orders": true, "http://api.test:80/orders/?page=2#top": true,
			"": false, "/": false, "/orders/7": false, "/orders/7/": false, "/others": false, "/?path=/orders": false, "https://api.test/?/orders": false, "https://orders/": false, "https://api.test": false,
		} {
			missing, detail, act := `{"kind":"not_found"}`, `{"kind":"invalid"}`, "retry 1s 1m0s"
			told := ""
			if strings.Contains(path, "/orders/7") {
				told = "unfit_body" // the other shape is about it
			}
			if path == "" {
				detail = `{"kind":"invalid","detail":"m"}` // nobody knows that it is about another path
			}
			if is {
				missing, detail, act, told = `{"kind":"empty"}`, `{"kind":"invalid","detail":"m"}`, "retry 1s 1m0s safe", ""
			}
			hold(t, []construct{
				{name: "a row " + path, file: file, path: path, status: 404, want: missing},
				{name: "a shape " + path, file: file, path: path, status: 400, body: `{"order":"m"}`, want: detail, told: told, wrote: "-"},
				{name: "an operation " + path, file: file, method: "POST", path: path, status: 500, want: `{"kind":"internal"}`, act: act},
			})
		}
		for _, path := range []string{"/orders/7", "/orders/7/", "https://api.test/orders/7?x=1"} {
			hold(t, []construct{{name: "one below " + path, file: file, path: path, status: 400, body: `{"one":"m"}`, want: `{"kind":"invalid","detail":"m"}`}})
		}
		for _, path := range []string{"/orders", "/orders/"} { // the collection is none of its records, with a slash either
			hold(t, []construct{{name: "none below " + path, file: file, path: path, status: 400, body: `{"one":"m"}`, want: `{"kind":"invalid"}`, told: "unfit_body", wrote: "-"}})
		}
	}
}
