package parlance_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the code of package comments may use without saying so.
const commentsHead = `package comments

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/jobs"
	"github.com/parlance-api/parlance/store"
)

type order struct{ Ref string }

var (
	addr, id, secret string
	api              *server.Server
	authenticate     server.Middleware
	body, source     []byte
	box              *outbox.Outbox
	create           server.HandlerFunc
	ctx              context.Context
	d                *dialect.Dialect
	db               store.Store
	export           jobs.Work
	header           dialect.HeaderMap
	meters           metric.MeterProvider
	mux              *http.ServeMux
	now              http.Handler
	outcome          parlance.Outcome
	r, req           *http.Request
	requestOf        func(*http.Request) (outbox.Request, error)
	res              *http.Response
	save             func(context.Context, order) error
	sku              string
	t                *testing.T
	tracers          trace.TracerProvider
	u, upstream      *url.URL
	users            map[string]order
	w                http.ResponseWriter
	writeExport      func(context.Context, []byte) (any, error)
)
`

// packagesOutside are those of other modules and of the standard library that the code
// of package comments names.
var packagesOutside = []string{
	"context", "errors", "fmt", "log", "log/slog", "net/http", "os", "testing", "time",
	"go.opentelemetry.io/otel", "go.opentelemetry.io/otel/propagation", "golang.org/x/oauth2/clientcredentials",
}

// unused is what the compiler may say: the reader uses these later.
var unused = regexp.MustCompile(`declared and not used: |imported and not used`)

// TestTheCodeOfPackageCommentsCompiles as the body of a function.
func TestTheCodeOfPackageCommentsCompiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := []string{filepath.Join(dir, "head.go")}
	if err := os.WriteFile(files[0], []byte(commentsHead), 0o600); err != nil {
		t.Fatal(err)
	}
	imports := slices.Clone(packagesOutside)
	docs := map[string][]string{} // by import path
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			return err
		}
		of := strings.TrimSuffix(module+"/"+filepath.ToSlash(filepath.Dir(path)), "/.")
		if strings.Contains(of, "/internal/") {
			return nil // a program of another module cannot import it
		}
		if f.Name.Name != "main" && !slices.Contains(imports, of) {
			imports = append(imports, of)
		}
		docs[of] = append(docs[of], codeOf(f)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for of, code := range docs {
		if len(code) == 0 {
			continue
		}
		file := filepath.Join(dir, fmt.Sprint("doc", len(files), ".go"))
		if err := os.WriteFile(file, []byte(commentProgram(len(files), of, code, imports)), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if len(files) < 20 {
		t.Fatalf("only %d package comments have code", len(files)-1)
	}
	out, _ := goCommand(t.Context(), append([]string{"build", "-gcflags=-e", "-o", os.DevNull}, files...)...).CombinedOutput()
	for line := range bytes.Lines(out) {
		if !bytes.HasPrefix(line, []byte("#")) && !unused.Match(line) {
			t.Errorf("%s", line)
		}
	}
}

// codeOf is the Go in the comment of a package. Other indented text has no := in it.
func codeOf(f *ast.File) (code []string) {
	var p comment.Parser
	for _, block := range p.Parse(f.Doc.Text()).Content {
		if c, ok := block.(*comment.Code); ok && (strings.Contains(c.Text, ":=") || strings.HasPrefix(c.Text, "func ")) {
			code = append(code, regexp.MustCompile(`(?m)^\s*(…|\.\.\.)$`).ReplaceAllString(c.Text, ""))
		}
	}
	return code
}

// commentProgram is a file with the code of one package's comment.
func commentProgram(n int, of string, code, imports []string) string {
	all := strings.Join(code, "\n")
	program := "package comments\n\nimport (\n"
	seen := map[string]bool{}
	for _, path := range append([]string{of}, imports...) { // of two of one name its own
		name := path[strings.LastIndexByte(path, '/')+1:]
		if !seen[name] && regexp.MustCompile(`\b`+name+`\.[A-Z]`).MatchString(all) {
			seen[name] = true
			program += fmt.Sprintf("\t%q\n", path)
		}
	}
	program += ")\n\n"
	for i, block := range code {
		if strings.HasPrefix(block, "func ") {
			program += fmt.Sprintf("//line %s:1\n%s\n", of, block)
			continue
		}
		program += fmt.Sprintf("func code%d_%d() error {\n//line %s:1\n%s\nreturn nil\n}\n", n, i, of, block)
	}
	return program
}
