package bench

import (
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/page"
)

// BenchmarkPages makes the folder of pages for the whole catalog, as parlance page
// --catalog does: each file is compiled, each row gets its example, and all is written. The
// target is 2 s.
func BenchmarkPages(b *testing.B) {
	for b.Loop() {
		var all []*dialect.Dialect
		for _, name := range catalog.Names() {
			d, err := catalog.Open(name)
			if err != nil {
				b.Fatal(err)
			}
			all = append(all, d)
		}
		files, err := page.Files(page.Options{}, all...)
		if err != nil {
			b.Fatal(err)
		}
		bytes := 0
		for _, f := range files {
			bytes += len(f.Text)
		}
		b.ReportMetric(float64(len(files)), "pages")
		b.ReportMetric(float64(bytes)/1e6, "MB")
	}
}
