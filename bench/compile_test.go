package bench_test

import (
	"bytes"
	"cmp"
	"slices"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	yaml "go.yaml.in/yaml/v4"
)

type file struct {
	name string
	text []byte
}

// files are those of the catalog, by their lines.
func files(b *testing.B) (all []file) {
	b.Helper()
	for _, name := range catalog.Names() {
		_, text, err := catalog.Read(name)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, file{name, text})
	}
	slices.SortStableFunc(all, func(a, b file) int {
		return cmp.Compare(bytes.Count(a.text, []byte("\n")), bytes.Count(b.text, []byte("\n")))
	})
	return all
}

// BenchmarkCompile compiles files as a program does that starts, samples and
// all, beside what reading their YAML costs of it.
func BenchmarkCompile(b *testing.B) {
	all := files(b)
	vms := all[slices.IndexFunc(all, func(f file) bool { return f.name == "vms" })]
	for _, c := range []struct {
		name string
		file
	}{{"largest-", all[len(all)-1]}, {"median-", all[len(all)/2]}, {"", vms}} {
		b.Run("of="+c.name+c.file.name+"/by=parlance", func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				if _, err := dialect.Compile(c.file.name+".yaml", c.text); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("of="+c.name+c.file.name+"/by=yaml", func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				var root yaml.Node
				if err := yaml.NewDecoder(bytes.NewReader(c.text)).Decode(&root); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
