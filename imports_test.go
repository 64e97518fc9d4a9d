package parlance_test

import (
	"cmp"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/parlance-api/parlance"

// room is what a directory at the top of the module may import. The reasons
// stand in CONTRIBUTING.md, Rooms.
type room struct {
	rooms   []string // of this module, besides itself and internal
	modules []string // of others
	not     []string // of the standard library
	besides []string // modules for packages below it: a mechanism that needs one stands beside the room
	because string   // said when a rule is broken
}

// anything stands for every room or module. The rooms that a user of the library
// imports take no module: what needs one is a package below.
var anything = []string{"…"}

var rooms = map[string]room{
	".":        {because: "the vocabulary imports the standard library alone"},
	"internal": {rooms: []string{"."}, besides: []string{"go.opentelemetry.io/otel", "go.yaml.in/yaml/v4", "github.com/chromedp"}, because: "a tool for any room imports none but the vocabulary"},
	"dialect": {
		rooms:   []string{"."},
		modules: []string{"go.yaml.in/yaml/v4", "golang.org/x/text/encoding"},
		not:     []string{"net/http", "reflect"},
		because: "the language takes a status, headers and bytes, so that any transport can carry it",
	},
	"catalog":     {rooms: []string{".", "dialect"}},
	"client":      {rooms: []string{".", "dialect"}, besides: anything, because: "client and server never import each other: who uses one does not get the other"},
	"server":      {rooms: []string{".", "dialect", "activity", "queue"}, besides: anything, because: "client and server never import each other: who uses one does not get the other"},
	"activity":    {rooms: []string{"."}, besides: anything},
	"gateway":     {rooms: []string{".", "dialect", "catalog", "client", "server", "activity", "outbox"}, modules: anything},
	"queue":       {rooms: []string{"."}, because: "the queue is what a store keeps, and stands under server and outbox"},
	"outbox":      {rooms: []string{".", "dialect", "client", "activity", "queue"}, besides: anything},
	"store":       {rooms: []string{".", "server", "activity", "queue"}, modules: anything},
	"draft":       {rooms: []string{".", "dialect", "openapi"}, besides: anything, because: "a draft from a document reads it with the room for such documents"},
	"docs":        {because: "pages import nothing"},
	"mock":        {rooms: []string{".", "dialect", "activity", "server", "store"}, besides: anything, because: "the state of a mock is that of a real server, in memory"},
	"check":       {rooms: []string{".", "dialect"}, besides: anything},
	"openapi":     {rooms: []string{".", "dialect"}, modules: anything, because: "mock, check and page take what they need of it through interfaces of their own, and stay light"},
	"page":        {rooms: []string{".", "dialect"}, besides: anything},
	"console":     {rooms: []string{".", "dialect"}, besides: anything},
	"lib":         {rooms: []string{".", "dialect", "catalog"}, not: []string{"net/http"}, because: "the library for other languages is the core alone"},
	"conformance": {rooms: []string{".", "dialect", "catalog"}},
	"examples":    {rooms: []string{".", "dialect", "catalog", "server", "client", "activity", "outbox", "store", "gateway"}, modules: anything},
	"cmd":         {rooms: anything, modules: anything},
	"caddy":       {rooms: anything, modules: anything, because: "it is a module of its own, so that nobody else gets what Caddy needs"},
	"envoy":       {rooms: []string{".", "dialect", "catalog"}, modules: anything, because: "it is a module of its own, so that nobody else gets what Envoy's protocol needs"},
	"bench":       {rooms: anything, modules: anything},
}

func TestEveryRoomImportsOnlyWhatItMay(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata"):
			return filepath.SkipDir // the go command does not look there either
		case entry.IsDir(), !strings.HasSuffix(name, ".go"), strings.HasSuffix(name, "_test.go"):
			return nil // a test may bring both ends together
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			dir := filepath.ToSlash(filepath.Dir(path))
			if why := cmp.Or(refuse(dir, imported), climbs(dir, imported), leans(dir, imported)); why != "" {
				t.Errorf("%s must not import %s: %s", path, imported, why)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestExamplesCanBeCopied into another module.
func TestExamplesCanBeCopied(t *testing.T) {
	t.Parallel()
	files := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasPrefix(entry.Name(), "example") || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		files++
		for _, spec := range file.Imports {
			if strings.Contains(spec.Path.Value, "/internal/") {
				t.Errorf("%s imports %s, which other modules must not", path, spec.Path.Value)
			}
		}
		return nil
	})
	if err != nil || files < 20 {
		t.Fatal(files, err)
	}
}

// TestTheCoreLinksNoTransport holds that a program with another transport than net/http,
// such as a module of a proxy or a library for another language, carries no unused one.
func TestTheCoreLinksNoTransport(t *testing.T) {
	t.Parallel()
	for _, p := range []string{".", "./dialect", "./dialect/translate", "./dialect/authoring", "./catalog", "./draft"} {
		out, err := exec.Command("go", "list", "-deps", p).Output()
		if err != nil {
			t.Fatal(err)
		}
		links := strings.Fields(string(out))
		if !slices.Contains(links, module) {
			t.Fatalf("%s does not link the vocabulary: %s", p, links)
		}
		for _, transport := range []string{"net", "net/http", "net/textproto", "crypto/tls", "crypto/x509"} {
			if slices.Contains(links, transport) {
				t.Errorf("%s links %s", p, transport)
			}
		}
	}
}

// floors are the packages of the dialect, from the lowest to the highest. Each may
// import those below it, so that no reference runs upward.
var floors = []string{
	"dialect/internal/wire", "dialect/internal/tree", "dialect/internal/spec", "dialect/internal/meaning",
	"dialect/internal/read/replay", "dialect/internal/read", "dialect/internal/write/replay", "dialect/internal/write",
	"dialect", "dialect/translate", "dialect/httpdialect", "dialect/authoring",
}

// parent is the only package that may import what holds what earlier responses
// taught it.
var parent = map[string]string{
	"dialect/internal/read/replay":  "dialect/internal/read",
	"dialect/internal/write/replay": "dialect/internal/write",
}

// climbs says why a package of the dialect must not import another; "" if it may.
func climbs(dir, imported string) string {
	target, ours := strings.CutPrefix(imported, module+"/")
	from, to := slices.Index(floors, dir), slices.Index(floors, target)
	switch {
	case !ours || from < 0:
		return ""
	case strings.HasPrefix(target, "dialect/internal/") && to < 0:
		return "no floor is called " + target + "; add it to floors"
	case to > from:
		return "it is a floor above: wire < tree < spec < meaning < read < write < dialect < translate < httpdialect < authoring"
	case parent[target] != "" && parent[target] != dir:
		return "only " + parent[target] + " may"
	}
	return ""
}

func TestTheDialectImportsOnlyWhatLiesBelow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		dir, imported string
		allowed       bool
	}{
		{"dialect/internal/spec", "dialect/internal/tree", true},
		{"dialect/internal/tree", "dialect/internal/spec", false},
		{"dialect/internal/read", "dialect/internal/read/replay", true},
		{"dialect/internal/read/replay", "dialect/internal/read", false},
		{"dialect/internal/write", "dialect/internal/read/replay", false},
		{"dialect/internal/write", "dialect/internal/read", true},
		{"dialect", "dialect/authoring", false},
		{"dialect/authoring", "dialect", true},
		{"dialect/internal/read", "dialect/internal/attic", false},
	} {
		if why := climbs(test.dir, module+"/"+test.imported); (why == "") != test.allowed {
			t.Errorf("%s importing %s: %q", test.dir, test.imported, why)
		}
	}
}

// shelves are the packages below the server, and the other shelves that each may
// import. All import the server, which imports none of them.
var shelves = map[string][]string{
	"auth":        nil,
	"bulk":        nil,
	"guard":       nil,
	"idempotency": nil,
	"jobs":        nil,
	"license":     {"auth"},    // a caller without a name has no credential
	"limit":       {"license"}, // sessions are seats
	"telemetry":   nil,
	"validate":    nil,
}

// leans says why a package of the server must not import another; "" if it may.
func leans(dir, imported string) string {
	target, ours := strings.CutPrefix(imported, module+"/server/")
	shelf, below := strings.CutPrefix(dir, "server/")
	may, known := shelves[shelf]
	switch {
	case ours && target == "internal/servertest":
		return "it is for tests"
	case shelf == "internal/servertest":
		return ""
	case strings.HasPrefix(shelf, "internal/") && (ours || imported == module+"/server"):
		return "what the server and its shelves share is below both"
	case !ours, strings.HasPrefix(target, "internal/"), !below && dir != "server":
		return ""
	case dir == "server":
		return "the shelves import the server, and it imports none of them"
	case !known:
		return "no shelf is called " + shelf + "; add it to shelves"
	case !slices.Contains(may, target):
		return "a shelf of the server imports another only if shelves says so"
	}
	return ""
}

func TestTheShelvesOfTheServerImportTheServerAlone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		dir, imported string
		allowed       bool
	}{
		{"server/auth", "server", true},
		{"server/auth", "server/internal/core", true},
		{"server", "server/internal/core", true},
		{"server", "server/auth", false},
		{"server/jobs", "server/idempotency", false},
		{"server/limit", "server/license", true},
		{"server/license", "server/limit", false},
		{"server/attic", "server/auth", false},
		{"server/internal/core", "server", false},
		{"server/internal/core", "server/auth", false},
		{"server/auth", "server/internal/servertest", false},
		{"server/internal/servertest", "server/auth", true},
		{"store/memory", "server/auth", true},
	} {
		if why := leans(test.dir, module+"/"+test.imported); (why == "") != test.allowed {
			t.Errorf("%s importing %s: %q", test.dir, test.imported, why)
		}
	}
}

func TestImportRulesRefuseWhatTheyShould(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		dir, imported string
		allowed       bool
	}{
		{".", "encoding/json", true},
		{".", "go.yaml.in/yaml/v4", false},
		{".", module + "/dialect", false},
		{"dialect", module, true},
		{"dialect", "go.yaml.in/yaml/v4", true},
		{"dialect", "net/http", false},
		{"dialect/httpdialect", "net/http", true},
		{"dialect/httpdialect", "reflect", false},
		{"dialect/internal/tree", "reflect", false},
		{"dialect/internal/tree", module + "/dialect/internal/span", true},
		{"client", module + "/server", false},
		{"server", module + "/client", false},
		{"client", "go.opentelemetry.io/otel", false},
		{"client/otel", "go.opentelemetry.io/otel", true},
		{"client/otel", module + "/client", true},
		{"client/otel", module + "/server", false},
		{"cmd/parlance", module + "/gateway", true},
		{"examples/demo", module + "/gateway", true},
		{"examples/vms", module + "/gateway", false},
		{"examples/vms", module + "/server", true},
		{"attic", "fmt", false},
	} {
		if why := refuse(test.dir, test.imported); (why == "") != test.allowed {
			t.Errorf("%s importing %s: %q", test.dir, test.imported, why)
		}
	}
}

// refuse says why a package in dir must not import another; "" where it may.
func refuse(dir, imported string) string {
	name, below, _ := strings.Cut(dir, "/")
	own, known := rooms[name]
	if !known {
		return "no room is called " + name + "; add it here and in CONTRIBUTING.md, Rooms"
	}
	why := own.because
	if why == "" {
		why = "CONTRIBUTING.md, Rooms, says what " + name + " may import"
	}
	first, _, _ := strings.Cut(imported, "/")
	switch {
	case imported == module || strings.HasPrefix(imported, module+"/"):
		target := "."
		if imported != module {
			target, _, _ = strings.Cut(strings.TrimPrefix(imported, module+"/"), "/")
		}
		if dir == "server/internal/servertest" || dir == "internal/catalogtest" {
			return "" // for tests, which may bring both ends together
		}
		if name == "examples" && below != "demo" && target == "gateway" {
			return "an example is a service behind a gateway; only the demo puts one before it"
		}
		if target == name || target == "internal" || slices.Contains(own.rooms, target) || slices.Contains(own.rooms, "…") {
			return ""
		}
	case strings.Contains(first, "."): // another module: its first element is a host
		allowed := own.modules
		if below != "" {
			allowed = append(slices.Clone(allowed), own.besides...)
		}
		if slices.Contains(allowed, "…") || slices.ContainsFunc(allowed, func(m string) bool {
			return imported == m || strings.HasPrefix(imported, m+"/")
		}) {
			return ""
		}
	default:
		if !slices.Contains(own.not, imported) || dir == "dialect/httpdialect" && imported == "net/http" { // what it is for
			return ""
		}
	}
	return why
}
