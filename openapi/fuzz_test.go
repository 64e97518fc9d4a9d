package openapi_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/openapi"
)

// FuzzRead reads what strangers write: it comes to an end, and each operation has a call
// and a payload of bounded length.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) < 5 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(source))
	}
	f.Fuzz(func(t *testing.T, source string) {
		d, err := openapi.Read("spec.yaml", []byte(source))
		if err != nil {
			return
		}
		for _, o := range d.Operations() {
			o.Call()
			o.Wrong()
			for _, status := range []int{200, 404} {
				p, _ := d.Payload(dialect.Request{Method: o.Method, Path: o.Path}, status, "", true)
				if len(p.Body) > 1<<20+len(source) {
					t.Errorf("%s %s: got a payload of %d bytes", o.Method, o.Path, len(p.Body))
				}
			}
		}
	})
}
