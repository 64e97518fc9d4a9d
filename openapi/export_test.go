package openapi_test

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/openapi"
)

// TestEveryDialectIsExportedAsADocumentWithoutFaults exports all dialects and reads them.
func TestEveryDialectIsExportedAsADocumentWithoutFaults(t *testing.T) {
	t.Parallel()
	all, err := catalog.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		text, err := openapi.Export(d)
		if err != nil {
			t.Fatalf("%s: %v", d.Name(), err)
		}
		document, err := openapi.Read(d.Name()+".yaml", text)
		if err != nil {
			t.Errorf("%s: %v\n%s", d.Name(), err, text)
			continue
		}
		for _, w := range document.Warnings() {
			t.Errorf("%s: %v", d.Name(), w)
		}
		holdToRules(t, d.Name(), text)
	}
}

// holdToRules holds a document to the two rules of Spectral that depend on the dialect.
// make openapi-tools runs them all.
func holdToRules(t *testing.T, name string, text []byte) {
	t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			Responses map[string]any
		}
		Components map[string]map[string]any
	}
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	for path, operations := range document.Paths {
		for method, o := range operations {
			if statuses := slices.Sorted(maps.Keys(o.Responses)); statuses[0] >= "4" {
				t.Errorf("%s: %s %s: got the statuses %v, want a 2xx or 3xx among them", name, method, path, statuses)
			}
		}
	}
	for kind, components := range document.Components {
		for component := range components {
			if reference := "'#/components/" + kind + "/" + component + "'"; !bytes.Contains(text, []byte(reference)) {
				t.Errorf("%s: nothing refers to %s", name, reference)
			}
		}
	}
}

// TestTheRestOfADocumentKeepsItsText adds the responses of a dialect to documents of each
// layout.
func TestTheRestOfADocumentKeepsItsText(t *testing.T) {
	t.Parallel()
	d, err := catalog.Open("vbapi")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/into/*")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	sources := map[string][]byte{}
	for _, file := range append(files, "testdata/cameras-3.1.yaml", "testdata/cameras-3.0.json") {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources[file] = source
		sources[file+" with CRLF"] = bytes.ReplaceAll(source, []byte("\n"), []byte("\r\n"))
		sources[file+" without a last LF"] = bytes.TrimSuffix(source, []byte("\n"))
	}
	for file, source := range sources {
		merged, err := openapi.Into(file, source, d)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		document, err := openapi.Read(file, merged.Text)
		if err != nil {
			t.Errorf("%s: %v\n%s", file, err, merged.Text)
			continue
		}
		for _, w := range document.Warnings() {
			t.Errorf("%s: %v", file, w)
		}
		for _, o := range document.Operations() {
			if !slices.Contains(o.Statuses, "404") || !slices.Contains(o.Statuses, "500") {
				t.Errorf("%s: %s %s: got the statuses %v, want 404 and 500 among them", file, o.Method, o.Path, o.Statuses)
			}
		}
		if rest := without(source, merged.Text); rest != "" {
			t.Errorf("%s: the text is not kept: %q is gone\n%s", file, rest, merged.Text)
		}
		var before, after any
		if yaml.Unmarshal(source, &before) != nil || yaml.Unmarshal(merged.Text, &after) != nil || !holds(after, before) {
			t.Errorf("%s: a value is gone\n%s", file, merged.Text)
		}
		again, err := openapi.Into(file, merged.Text, d)
		if err != nil || again.Added != 0 || string(again.Text) != string(merged.Text) {
			t.Errorf("%s: the second time: got %d responses more (%v), want none", file, again.Added, err)
		}
	}
}

// TestAPlaceThatTakesNoMemberIsAnError, and not a document without the responses.
func TestAPlaceThatTakesNoMemberIsAnError(t *testing.T) {
	t.Parallel()
	d, err := catalog.Open("vbapi")
	if err != nil {
		t.Fatal(err)
	}
	for place, source := range map[string]string{
		"spec.yaml:6:17": "openapi: 3.1.0\ninfo: {title: x, version: '1'}\npaths:\n  /a:\n    get:\n      responses:\n",
		"spec.yaml:5:12": "openapi: 3.1.0\ninfo: {title: x, version: '1'}\npaths:\n  /a: {get: {responses: {'200': {description: x}}}}\ncomponents:\n",
		"spec.yaml:6:12": "openapi: 3.1.0\ninfo: {title: x, version: '1'}\npaths:\n  /a: {get: {responses: {'200': {description: x}}}}\ncomponents:\n  schemas: none\n",
	} {
		merged, err := openapi.Into("spec.yaml", []byte(source), d)
		if err == nil || !strings.Contains(err.Error(), place) {
			t.Errorf("got %v and %v, want an error at %s\n%s", merged, err, place, source)
		}
	}
}

// without is where a text leaves another from which nothing may be taken: "" if all its
// bytes stand there in their order.
func without(source, other []byte) string {
	for i, b := range source {
		at := bytes.IndexByte(other, b)
		if at < 0 {
			return string(source[i:])
		}
		other = other[at+1:]
	}
	return ""
}

// holds reports that a document has all that another one has.
func holds(document, part any) bool {
	switch part := part.(type) {
	case map[string]any:
		whole, ok := document.(map[string]any)
		for name, value := range part {
			ok = ok && holds(whole[name], value)
		}
		return ok
	case []any:
		whole, ok := document.([]any)
		ok = ok && len(whole) == len(part)
		for i := range part {
			ok = ok && holds(whole[i], part[i])
		}
		return ok
	}
	return document == part
}

// TestTheJSONSchemaTakesEachFailure that a dialect writes as JSON.
func TestTheJSONSchemaTakesEachFailure(t *testing.T) {
	t.Parallel()
	all, err := catalog.All()
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	for _, d := range all {
		text := openapi.JSONSchema(d)
		if text == nil {
			continue
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", d.Name(), err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource("urn:schema", document); err != nil {
			t.Fatalf("%s: %v", d.Name(), err)
		}
		schema, err := c.Compile("urn:schema")
		if err != nil {
			t.Fatalf("%s: %v\n%s", d.Name(), err, text)
		}
		for _, e := range authoring.Examples(d) {
			written := d.Encode(nil, e.Request, &e.Outcome, dialect.Payload{})
			body, err := jsonschema.UnmarshalJSON(bytes.NewReader(written.Body))
			if err != nil || !e.Kind.Failing() {
				continue
			}
			if err := schema.Validate(body); err != nil {
				t.Errorf("%s: %s: the schema does not take %s: %v", d.Name(), e.Key, written.Body, err)
			}
			taken++
		}
		for _, other := range []string{`7`, `[]`, `{"no": "such body"}`} {
			body, _ := jsonschema.UnmarshalJSON(strings.NewReader(other))
			if schema.Validate(body) == nil && d.Name() == "vbapi" {
				t.Errorf("%s: the schema takes %s", d.Name(), other)
			}
		}
	}
	if taken < 500 {
		t.Errorf("got %d failures, want 500 at least", taken)
	}
}

// TestTheDocumentIsCleanForSpectralAndServedByPrism needs the two tools: make openapi-tools
// installs them and runs it.
func TestTheDocumentIsCleanForSpectralAndServedByPrism(t *testing.T) {
	tools := os.Getenv("OPENAPI_TOOLS")
	if tools == "" {
		t.Skip("OPENAPI_TOOLS does not name a folder with Spectral and Prism: run make openapi-tools")
	}
	dir := t.TempDir()
	all, err := catalog.All()
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte, err error) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err == nil {
			err = os.WriteFile(file, text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	oas := write("oas.yaml", []byte("extends: [\"spectral:oas\"]\n"), nil)
	lint := func(rules string, files ...string) (string, error) {
		args := append([]string{filepath.Join(tools, "spectral"), "lint", "--fail-severity", "hint", "-r", rules}, files...)
		out, err := exec.Command("node", args...).CombinedOutput()
		return string(out), err
	}
	var files []string
	for _, d := range all {
		text, err := openapi.Export(d)
		files = append(files, write(d.Name()+".yaml", text, err))
	}
	if out, err := lint(oas, files...); err != nil {
		t.Errorf("Spectral finds (%v)\n%s", err, out)
	}
	d, err := catalog.Open("vms")
	if err != nil {
		t.Fatal(err)
	}
	text, err := openapi.Spectral(d)
	rules := write("vms-rules.yaml", text, err)
	if out, err := lint(rules, filepath.Join(dir, "vms.yaml")); err != nil {
		t.Errorf("the rules of vms find in its own document (%v)\n%s", err, out)
	}
	bad := write("bad.yaml", []byte(`openapi: 3.1.0
info: {title: x, version: "1"}
paths:
  /a:
    get:
      responses:
        "301": {description: x}
        "404": {description: x, content: {text/html: {example: x}}}
        "422": {description: x, content: {application/json: {examples: {one: {value: {error: x}}}}}}
        "500": {description: x, content: {application/json: {example: {message: 7}}}}
`), nil)
	out, err := lint(rules, bad)
	for _, want := range []string{"vms-status", "vms-media-type", "vms-body ", "vms-body-of-one"} {
		if err == nil || !strings.Contains(out, want) {
			t.Errorf("the rules of vms: want %s in (%v)\n%s", want, err, out)
		}
	}
	stripe := prism(t, tools, filepath.Join(dir, "stripe.yaml"))
	req, err := http.NewRequest("GET", stripe+"/example", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Prefer", "code=402, example=card_declined")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 402 || !strings.Contains(string(body), `"code":"card_declined"`) {
		t.Errorf("Prism gives %d %s (%v), want 402 with card_declined", res.StatusCode, body, err)
	}
}

// prism serves a document until the test ends, and returns its URL.
func prism(t *testing.T, tools, file string) (url string) {
	t.Helper()
	cmd := exec.Command("node", filepath.Join(tools, "prism"), "mock", "-p", "0", file)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, after, ok := strings.Cut(lines.Text(), "listening on "); ok {
			return strings.TrimSpace(after)
		}
	}
	t.Fatal("Prism does not start")
	return ""
}

// The code of the example is generated from a committed document.
func TestTheDocumentOfTheExampleIsWhatIsExported(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../examples/frameworks/oapi/orders.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../examples/frameworks/oapi/orders.dialect.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d, err := catalog.Open("problem")
	if err != nil {
		t.Fatal(err)
	}
	got, err := openapi.Into("orders.yaml", source, d)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Text, want) {
		t.Errorf("the document is not what the dialect gives today: run go generate in examples/frameworks/oapi\ngot\n%s", got.Text)
	}
}
