package catalog_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

// folder writes files into a new folder. A text that begins with -> is the target of a
// symbolic link.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if to, link := strings.CutPrefix(text, "->"); link {
			if err := os.Symlink(to, file); err != nil {
				t.Skip("this system has no symbolic links:", err)
			}
			continue
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	child = "dialect: child\nextends: %s\n"
	base  = "dialect: base\ncodes: {404: {kind: not_found, title: %s}}\n"
)

// titleOf404 is that of the first file of a chain which has one.
func titleOf404(d *dialect.Dialect) string {
	return d.Decode(dialect.Request{}, dialect.Response{Status: 404}).Outcome.Title
}

func TestAFileIsExtendedFromBesideTheFileThatNamesIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		files map[string]string
		below string // of the folder, "" for the default
		first string
	}{
		{"beside the first file", map[string]string{"a.yaml": fmt.Sprintf(child, "./b.yaml"), "b.yaml": fmt.Sprintf(base, "right")}, "", "a.yaml"},
		{"in a folder below it", map[string]string{"a.yaml": fmt.Sprintf(child, "./in/b.yaml"), "in/b.yaml": fmt.Sprintf(base, "right")}, "", "a.yaml"},
		{"beside the one in between", map[string]string{
			"a.yaml": fmt.Sprintf(child, "./in/b.yaml"), "in/b.yaml": fmt.Sprintf(child, "./c.yaml"),
			"in/c.yaml": fmt.Sprintf(base, "right"), "c.yaml": fmt.Sprintf(base, "wrong")}, "", "a.yaml"},
		{"back in the first folder", map[string]string{
			"a.yaml": fmt.Sprintf(child, "./in/b.yaml"), "in/b.yaml": fmt.Sprintf(child, "../c.yaml"), "c.yaml": fmt.Sprintf(base, "right")}, "", "a.yaml"},
		{"by a link inside of the folder", map[string]string{
			"a.yaml": fmt.Sprintf(child, "./b.yaml"), "b.yaml": "->in/b.yaml", "in/b.yaml": fmt.Sprintf(base, "right")}, "", "a.yaml"},
		{"above the first file, as the option allows", map[string]string{
			"in/a.yaml": fmt.Sprintf(child, "../b.yaml"), "b.yaml": fmt.Sprintf(base, "right")}, ".", "in/a.yaml"},
		{"in the catalog, by its name", map[string]string{
			"a.yaml": fmt.Sprintf(child, "./b.yaml"), "b.yaml": "dialect: b\nextends: problem\ncodes: {404: {kind: not_found, title: right}}\n"}, "", "a.yaml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, c.files)
			var options []catalog.Option
			if c.below != "" {
				options = append(options, catalog.Below(filepath.Join(dir, c.below)))
			}
			d, err := catalog.Open(filepath.Join(dir, c.first), options...)
			if err != nil {
				t.Fatal(err)
			}
			if got := titleOf404(d); got != "right" {
				t.Errorf("the title is %q", got)
			}
		})
	}
}

func TestAFileThatCannotBeExtendedIsRefusedAndNotQuoted(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	outside := folder(t, map[string]string{"x.yaml": fmt.Sprintf(base, secret), "keys": "password: " + secret + "\n" + secret + ": [\n"})
	relative := func(name string) string { return "../" + filepath.Base(outside) + "/" + name }
	for _, c := range []struct {
		name  string
		files map[string]string
		says  string
	}{
		{"a path that leads out", map[string]string{"a.yaml": fmt.Sprintf(child, relative("x.yaml"))}, "leads out of the folder"},
		{"a path that leads out by way of a folder", map[string]string{"a.yaml": fmt.Sprintf(child, "./in/../"+relative("x.yaml"))}, "leads out of the folder"},
		{"a path of a base that leads out", map[string]string{"a.yaml": fmt.Sprintf(child, "./b.yaml"), "b.yaml": fmt.Sprintf(child, relative("x.yaml"))}, "the first in line 2 of "},
		{"a link that leads out", map[string]string{"a.yaml": fmt.Sprintf(child, "./b.yaml"), "b.yaml": "->" + filepath.Join(outside, "x.yaml")}, "escapes"},
		{"a folder that is a link that leads out", map[string]string{"a.yaml": fmt.Sprintf(child, "./in/x.yaml"), "in": "->" + outside}, "escapes"},
		{"a path from the root", map[string]string{"a.yaml": fmt.Sprintf(child, filepath.Join(outside, "x.yaml"))}, "no such dialect"},
		{"a file that is no dialect", map[string]string{"a.yaml": fmt.Sprintf(child, "./keys"), "keys": "password: " + secret + "\n"}, "its file has faults, the first in line 1 of "},
		{"a file that is no YAML", map[string]string{"a.yaml": fmt.Sprintf(child, "./keys"), "keys": secret + ": [" + secret + "\n" + secret + ": {\n"}, "its file has faults"},
		{"a file that names another and is no dialect", map[string]string{"a.yaml": fmt.Sprintf(child, "./keys"), "keys": "extends: ./" + secret + "\n"}, "[missing_name]"},
		{"a folder", map[string]string{"a.yaml": fmt.Sprintf(child, "./in"), "in/b.yaml": ""}, "not a regular file"},
		{"a file that is not there", map[string]string{"a.yaml": fmt.Sprintf(child, "./b.yaml")}, "cannot be read"},
		{"a file that is too long", map[string]string{"a.yaml": fmt.Sprintf(child, "./b.yaml"), "b.yaml": strings.Repeat("#\n", dialect.MaxSource)}, "at most"},
		{"a path that is too long", map[string]string{"a.yaml": fmt.Sprintf(child, "./"+strings.Repeat("long/", 100_000)+"b.yaml")}, "…"},
		{"a name that is too long", map[string]string{"a.yaml": fmt.Sprintf(child, strings.Repeat("long", 100_000))}, "…"},
		{"itself", map[string]string{"a.yaml": fmt.Sprintf(child, "./a.yaml")}, "a.yaml extends a.yaml"},
		{"a circle", map[string]string{"a.yaml": fmt.Sprintf(child, "./b.yaml"), "b.yaml": fmt.Sprintf(child, "./a.yaml")}, "a.yaml extends b.yaml extends a.yaml"},
		{"a circle behind the first file", map[string]string{"a.yaml": fmt.Sprintf(child, "./in/b.yaml"), "in/b.yaml": fmt.Sprintf(child, "./c.yaml"), "in/c.yaml": fmt.Sprintf(child, "./b.yaml")},
			"a.yaml extends in/b.yaml extends in/c.yaml extends in/b.yaml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, c.files)
			_, err := catalog.Open(filepath.Join(dir, "a.yaml"))
			var faults *dialect.FileError
			if !errors.As(err, &faults) {
				t.Fatalf("it is compiled, or refused with %T: %v", err, err)
			}
			if !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), filepath.Join(dir, "a.yaml")+":2:10: ") {
				t.Errorf("it says\n%v\nwithout %q", err, c.says)
			}
			if len(err.Error()) > 1500 {
				t.Errorf("it says %d bytes", len(err.Error()))
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("it quotes the file: %v", err)
			}
			if circle := strings.Contains(c.name, "circle") || c.name == "itself"; errors.Is(err, dialect.ErrCircle) != circle {
				t.Errorf("it is an ErrCircle: %v", !circle)
			}
		})
	}
}

func TestTheFirstFileMustLieBelowTheFolderOfTheOption(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"a.yaml": fmt.Sprintf(child, "./b.yaml"), "b.yaml": fmt.Sprintf(base, "right"), "in/c.yaml": ""})
	_, err := catalog.Open(filepath.Join(dir, "a.yaml"), catalog.Below(filepath.Join(dir, "in")))
	if err == nil || !strings.Contains(err.Error(), "does not lie below the folder") {
		t.Errorf("it says %v", err)
	}
}

// Each file of the chain was once compiled twice as often as the one before it.
func TestALongChainIsCompiledFileByFileAndALongerOneIsRefused(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range dialect.MaxExtends {
		files[fmt.Sprintf("%d.yaml", i)] = fmt.Sprintf(child, fmt.Sprintf("./%d.yaml", i-1))
	}
	files["0.yaml"] = fmt.Sprintf(base, "right")
	files["long.yaml"] = fmt.Sprintf(child, fmt.Sprintf("./%d.yaml", dialect.MaxExtends-1))
	dir := folder(t, files)
	d, err := catalog.Open(filepath.Join(dir, fmt.Sprintf("%d.yaml", dialect.MaxExtends-1)))
	if err != nil {
		t.Fatal(err)
	}
	if got := titleOf404(d); got != "right" {
		t.Errorf("the title is %q", got)
	}
	if _, err := catalog.Open(filepath.Join(dir, "long.yaml")); !errors.Is(err, dialect.ErrCircle) {
		t.Errorf("a longer chain: %v", err)
	}
}

// Bytes may come from anybody, so a path in them opens nothing.
func TestADialectWithoutAFileExtendsTheCatalogAlone(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("bytes.yaml", fmt.Appendf(nil, child, "vms"), catalog.Find(""))
	if err != nil || d.Name() != "child" {
		t.Errorf("a name of the catalog: %v", err)
	}
	dir := folder(t, map[string]string{"base.yaml": fmt.Sprintf(base, "right")})
	for _, path := range []string{"./vms.yaml", "../catalog/vms.yaml", filepath.Join(dir, "base.yaml"), "."} {
		if _, err := dialect.Compile("bytes.yaml", fmt.Appendf(nil, child, path), catalog.Find("", catalog.Below(dir))); err == nil {
			t.Errorf("%s was opened", path)
		}
	}
}
