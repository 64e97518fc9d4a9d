package catalog_test

import (
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

func TestEveryFileIsFreeOfFaultsAndWarningsAndItsSamplesReadAndWrite(t *testing.T) {
	t.Parallel()
	for _, name := range catalog.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, source, err := catalog.Read(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range authoring.Lint(name+".yaml", source, func(base string) (*dialect.Dialect, error) { return catalog.Open(base) }) {
				t.Errorf("%s\n%s", d.Error(), authoring.Excerpt(source, d))
			}
		})
	}
}
