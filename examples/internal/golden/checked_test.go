package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/check"
)

// pages are the dialects of the services, with the codes that they list themselves.
var pages = map[string]string{
	"vision": "vision",
	"omilia": "../../omilia/codes.yaml",
	"plain":  "plain",
	"vbapi":  "vbapi",
	"vms":    "vms",
}

func TestTheExchangesOfTheServicesAreClean(t *testing.T) {
	t.Parallel()
	for service, page := range pages {
		d, err := catalog.Open(page)
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob("../../" + service + "/testdata/*.golden")
		if err != nil || len(files) < 20 {
			t.Fatalf("%s: got %d goldens, and %v", service, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := check.New(d) // the IDs in a golden are unique in the golden only
			for _, e := range exchanges(file, string(text)) {
				for _, f := range c.Check(check.Exchange{Request: e.Request, Response: e.Response, Source: file}) {
					t.Errorf("%s/%s: got %d %s: %s [%s]\n%s", service, strings.TrimSuffix(filepath.Base(file), ".golden"), f.Status, f.Rule, f.Message, f.Dialect, f.Place.Excerpt)
				}
			}
		}
	}
}
