package validate_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/server/validate"
)

func TestAWrongNameIsToldAtItsOwnPlace(t *testing.T) {
	t.Parallel()
	schema := validate.MustCompile(`{
		"type": "object",
		"properties": {
			"a": {"properties": {"b": {"$ref": "#/$defs/names"}}},
			"list": {"items": {"allOf": [{"propertyNames": {"pattern": "^x"}}]}},
			"z": {"properties": {"q": {"properties": {"r": {"type": "integer"}}}}}
		},
		"$defs": {"names": {"propertyNames": {"maxLength": 1}}}
	}`)
	url := service(t, "vms", validate.JSON(schema))
	got := post(t, url, strings.NewReader(`{"a": {"b": {"yy": 1, "y": 2}}, "list": [{"x": 1}, {"yy": 1}, {"yy": 2}], "z": {"q": {"r": 1, "yy": 3}}}`), asJSON, wantJSON)
	var body struct{ Errors map[string][]string }
	if err := json.Unmarshal([]byte(got.body), &body); err != nil {
		t.Fatal(err, got.body)
	}
	for _, path := range []string{"a.b.yy", "list.1.yy", "list.2.yy"} {
		if len(body.Errors[path]) != 1 {
			t.Errorf("%s: got %s, want one text for it", path, got.body)
		}
	}
	if len(body.Errors) != 3 {
		t.Errorf("got %d wrong names, want 3: %s", len(body.Errors), got.body)
	}
}
