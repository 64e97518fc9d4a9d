package catalog_test

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// TestEveryBodyThatADialectWritesFitsItsSchema writes each row of each dialect.
func TestEveryBodyThatADialectWritesFitsItsSchema(t *testing.T) {
	t.Parallel()
	all, err := catalog.All()
	if err != nil {
		t.Fatal(err)
	}
	bodies := 0
	for _, d := range all {
		schemas := authoring.BodySchemas(d)
		compiled := make([]*jsonschema.Schema, len(schemas))
		for i, s := range schemas {
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.Schema))
			if err != nil {
				t.Fatalf("%s: %s: %v", d.Name(), s.Shape, err)
			}
			c := jsonschema.NewCompiler()
			if err := c.AddResource("urn:schema", document); err != nil {
				t.Fatalf("%s: %s: %v", d.Name(), s.Shape, err)
			}
			if compiled[i], err = c.Compile("urn:schema"); err != nil {
				t.Fatalf("%s: %s: %v\n%s", d.Name(), s.Shape, err, s.Schema)
			}
		}
		for _, e := range authoring.Examples(d) {
			if !e.Kind.Failing() {
				continue
			}
			written := d.Encode(nil, e.Request, &e.Outcome, dialect.Payload{})
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(written.Body))
			if err != nil {
				continue // another form
			}
			bodies++
			var faults []error
			fits := false
			for i := range schemas {
				if !schemas[i].Admits(written.Status) {
					continue
				}
				err := compiled[i].Validate(value)
				fits = fits || err == nil
				faults = append(faults, err)
			}
			if !fits {
				t.Errorf("%s: %s: no schema takes %s: %v", d.Name(), e.Key, written.Body, faults)
			}
		}
	}
	if bodies < 500 {
		t.Errorf("got %d bodies, want 500 at least", bodies)
	}
}
