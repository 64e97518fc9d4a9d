package validate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/validate"
)

const cameras = `
openapi: 3.1.0
info: {title: Cameras, version: "1"}
servers: [{url: "https://api.example.com/v1/"}]
paths:
  /cameras:
    get:
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 100}}
        - {name: tag, in: query, schema: {type: array, items: {type: string, maxLength: 3}}}
        - {name: ids, in: query, explode: false, schema: {type: array, items: {type: integer}}}
        - {name: filter, in: query, content: {application/json: {schema: {type: object, required: [on]}}}}
        - {name: X-Site, in: header, required: true, schema: {type: string, pattern: "^[A-Z]+$"}}
        - {name: Authorization, in: header, required: true, schema: {type: string}}
        - {name: session, in: cookie, schema: {type: string, minLength: 4}}
    post:
      requestBody:
        required: true
        content:
          application/json: {schema: {$ref: "#/components/schemas/Camera"}}
          application/x-www-form-urlencoded: {schema: {$ref: "#/components/schemas/Camera"}}
          image/*: {}
  /cameras/{id}:
    parameters:
      - {$ref: "#/components/parameters/Id"}
    patch:
      requestBody: {$ref: "#/components/requestBodies/Patch"}
    delete: {}
  /cameras/mine:
    delete: {}
  /files/{name}.{ext}:
    get:
      parameters:
        - {name: name, in: path, required: true, schema: {type: string}}
        - {name: ext, in: path, required: true, schema: {enum: [jpg]}}
components:
  parameters:
    Id: {name: id, in: path, required: true, schema: {type: integer, format: int32}}
  requestBodies:
    Patch: {content: {application/json: {schema: {type: object, minProperties: 1}}}}
  schemas:
    Camera:
      type: object
      required: [name]
      properties:
        name: {title: Name, type: string, maxLength: 4}
        port: {type: [integer, "null"], exclusiveMaximum: 65_536}
        parts: {type: array, items: {$ref: "#/components/schemas/Camera"}}
`

func TestRequestsAreHeldToAnOpenAPIDocument(t *testing.T) {
	t.Parallel()
	api, err := validate.CompileOpenAPI(cameras)
	if err != nil {
		t.Fatal(err)
	}
	url := serve(t, "problem", validate.OpenAPI(api)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		echo(w, r)
	})))
	const site = "X-Site: A"
	for _, c := range []struct {
		request string
		body    string
		headers []string
		want    string
	}{
		{"GET /v1/cameras?limit=5&tag=a&tag=b&ids=1,2&filter={\"on\":1}", "", []string{site, "Cookie: session=abcd"}, "200 "},
		{"GET /v1/cameras?limit=500&tag=a&tag=long&ids=1,x", "", []string{site}, "422 #/limit maximum #/tag/1 maxLength #/ids/1 type"},
		{"GET /v1/cameras?limit=x&filter={}", "", nil, "422 #/limit type #/filter/on required #/X-Site required"},
		{"GET /v1/cameras?filter=x", "", []string{"X-Site: a", "Cookie: session=abc"}, "422 #/filter type #/X-Site pattern #/session minLength"},
		{"GET /v1/cameras?limit=%zz", "", []string{site}, "400"},
		{"GET /cameras?limit=x", "", []string{site}, "422 #/limit type"},
		{"POST /v1/cameras", `{"name":"Gate"}`, []string{asJSON}, `200 {"name":"Gate"}`},
		{"POST /v1/cameras", `{"port":70000,"name":"Garden","parts":[{}]}`, []string{asJSON}, "422 #/port exclusiveMaximum #/name maxLength #/parts/0/name required"},
		{"POST /v1/cameras", "port=70000&name=Garden", []string{asForm}, "422 #/port exclusiveMaximum #/name maxLength"},
		{"POST /v1/cameras", "anything", []string{"Content-Type: image/png"}, "200 anything"},
		{"POST /v1/cameras", "anything", []string{"Content-Type: text/plain"}, "415"},
		{"POST /v1/cameras", "", []string{asJSON}, "400"},
		{"POST /v1/cameras", `{"name":"a","name":"b"}`, []string{asJSON}, "400 #/name duplicate"},
		{"PATCH /v1/cameras/x", `{}`, []string{asJSON}, "422 #/id type  minProperties"},
		{"PATCH /v1/cameras/3000000000", `{"a":1}`, []string{asJSON}, "422 #/id format"},
		{"PATCH /v1/cameras/7", ``, nil, "200 "},
		{"DELETE /v1/cameras/x", ``, nil, "422 #/id type"},
		{"DELETE /v1/cameras/mine", ``, nil, "200 "},
		{"GET /v1/files/a%2Fb.jpg", ``, nil, "200 "},
		{"GET /v1/files/a.png", ``, nil, "422 #/ext enum"},
		{"PUT /v1/cameras", `who knows`, nil, "200 who knows"},
		{"GET /v1/other", ``, nil, "200 "},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		path = strings.NewReplacer("{", "%7B", "}", "%7D", `"`, "%22").Replace(path)
		if got := summary(t, send(t, method, url+path, strings.NewReader(c.body), c.headers...)); got != c.want {
			t.Errorf("%s %s: %s\nwant %s", c.request, c.body, got, c.want)
		}
	}
}

func TestAnOpenAPIDocumentThatCannotBeUsedSaysWhy(t *testing.T) {
	t.Parallel()
	path := func(operation string) string {
		return `{"openapi": "3.1.0", "paths": {"/a": {"get": ` + operation + `}}}`
	}
	for document, want := range map[string]string{
		`openapi: 3.0.3`:                        `openapi is "3.0.3"; it must be 3.1`,
		`[]`:                                    "is not an object",
		"openapi: 3.1.0\nx: &a [*a]\npaths: {}": "line 2: the aliases of the document expand to too much",
		"openapi: 3.1.0\nx: &a {required: [b]}\ny: {<<: *a}": "line 3: OpenAPI has no merge key (<<); write the members out",
		"openapi: 3.1.0\n? [a]\n: b":                         "line 2: a name must be a text",
		"a: [":                                               "document",
		path(`{"parameters": [{"name": "x", "in": "query", "style": "deepObject", "schema": {}}]}`): `GET /a: the parameter "x" has the style "deepObject"`,
		path(`{"parameters": [{"name": "x", "in": "query", "schema": {"type": "object"}}]}`):        `"x" is an object`,
		path(`{"parameters": [{"name": "x", "in": "query"}]}`):                                      `"x" has no schema`,
		path(`{"parameters": [{"$ref": "#/components/x"}]}`):                                        `refers to "#/components/x", which does not exist`,
		path(`{"parameters": [{"$ref": "other.yaml#/x"}]}`):                                         `outside the document`,
		path(`{"requestBody": {"content": {"application/json": {"schema": {"type": "strong"}}}}}`):  "GET /a",
		`{"openapi": "3.1.0", "paths": {"/a": {"$ref": "#/paths/~1a"}}}`:                            "form a cycle",
	} {
		if _, err := validate.CompileOpenAPI(document); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", document, err, want)
		}
	}
}

func ExampleOpenAPI() {
	api := validate.MustCompileOpenAPI(`
openapi: 3.1.0
paths:
  /cameras/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
`)
	r := httptest.NewRequest("GET", "/cameras/gate", nil)
	err := api.Check(httptest.NewRecorder(), r)
	fmt.Println(parlance.OutcomeOf(err).Fields[0].Message)
	// Output: The id must be of type integer
}
