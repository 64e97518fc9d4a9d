package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/dialect"
)

// library is libparlance as C has it, with a program that calls it.
type library struct{ dir string }

// build makes the library, and the program of testdata/run.c with checks of its memory.
func build(t *testing.T) *library {
	t.Helper()
	needs(t, "gcc")
	l := &library{t.TempDir()}
	run(t, "CGO_ENABLED=1", "go", "build", "-buildmode=c-shared", "-o", filepath.Join(l.dir, "libparlance.so"), ".")
	for _, program := range []string{"run", "fork"} {
		run(t, "", "gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-I", ".",
			"-o", filepath.Join(l.dir, program), filepath.Join("testdata", program+".c"), "-L", l.dir, "-lparlance", "-Wl,-rpath,"+l.dir, "-lpthread")
	}
	return l
}

// run runs a program with one more variable in its environment.
func run(t *testing.T, env, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
}

// needs skips a test without a program that not every developer has. CI has it.
func needs(t *testing.T, program string) {
	t.Helper()
	_, err := exec.LookPath(program)
	switch {
	case err != nil && os.Getenv("CI") != "":
		t.Fatal(err)
	case err != nil:
		t.Skip(err)
	}
}

// call is a call of a function, and what it returned.
type call struct {
	name          string
	handle, other int
	status, flags int
	now           int64
	texts         [6]string // method, path, key, header of the request, header, body

	code, outStatus, kept, header, safe int
	kind, act, out                      string
}

// run makes the calls one after the other, and then by so many threads at once. It returns the
// most memory that the process had, in bytes.
func (l *library) run(t *testing.T, threads int, calls []*call) (memory int) {
	t.Helper()
	var in bytes.Buffer
	for _, c := range calls {
		fmt.Fprintf(&in, "%s %d %d %d %d 0 %d\n", c.name, c.handle, c.other, c.status, c.flags, c.now)
		for _, text := range c.texts {
			fmt.Fprintf(&in, "%d\n%s", len(text), text)
		}
	}
	cmd := exec.Command(filepath.Join(l.dir, "run"), fmt.Sprint(threads))
	cmd.Env = append(os.Environ(), "ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=1") // the program keeps all until its end
	cmd.Stdin = &in
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	out := bufio.NewReader(bytes.NewReader(stdout))
	for i, c := range calls {
		var length int
		if _, err := fmt.Fscanf(out, "%d %d %d %d %s %s %d %d\n", &c.code, &c.outStatus, &c.kept, &c.header, &c.kind, &c.act, &c.safe, &length); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
		text := make([]byte, length+1)
		if _, err := out.Read(text[:0]); err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(text); {
			m, err := out.Read(text[n:])
			if err != nil {
				t.Fatalf("call %d: %v", i, err)
			}
			n += m
		}
		c.out = string(text[:length])
	}
	if _, err := fmt.Fscanln(out, &memory); err != nil {
		t.Fatal(err)
	}
	return memory << 10
}

// conforming is a line of the suite.
type conforming struct {
	Name, Dialect, Method, Path, Key, Header, Body string
	RequestHeader                                  string `json:"request_header"`
	BodyBase64                                     string `json:"body_base64"`
	Status                                         int
	Cut                                            bool
	Now                                            int64
	Want                                           struct {
		NeedsBody  bool `json:"needs_body"`
		Kind, Act  string
		RetrySafe  bool `json:"retry_safe"`
		Outcome    json.RawMessage
		Decision   json.RawMessage
		Diagnostic json.RawMessage `json:"diagnostics"`
		Encoded    response
		Translated map[string]response
	}
}

type response struct {
	Passed, Kept bool
	Status       int
	Header, Body string
	BodyBase64   string `json:"body_base64"`
}

// suite is what go run ./conformance writes.
func suite(t *testing.T, flags ...string) (all []conforming) {
	t.Helper()
	out, err := exec.Command("go", append([]string{"run", "../conformance"}, flags...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := json.NewDecoder(bytes.NewReader(out))
	for lines.More() {
		var c conforming
		if err := lines.Decode(&c); err != nil {
			t.Fatal(err)
		}
		c.Body = plain(t, c.Body, c.BodyBase64)
		all = append(all, c)
	}
	return all
}

func plain(t testing.TB, text, encoded string) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return text + string(b)
}

// TestTheLibraryFromC calls the library in programs of C.
func TestTheLibraryFromC(t *testing.T) {
	t.Parallel()
	l := build(t)
	t.Run("it passes the suite", l.passesTheSuite)
	t.Run("it survives hostile bodies", l.survivesHostileBodies)
	t.Run("its package for Python passes the suite", l.passesFromPython)
	t.Run("a dialect file is refused as in Go", l.refusesFiles)
	t.Run("mistakes of a caller are codes", l.tellsMistakes)
	t.Run("a forked process is told so", l.refusesAfterFork)
	t.Run("a canceled thread ends after its call", l.survivesCancellation)
	t.Run("it has two processors on one core", l.hasTwoProcessors)
	t.Run("pkg-config says how a program is built with it", l.isFoundByPkgConfig)
}

// hasTwoProcessors has the runtime of a process with one core say how many processors it has.
func (l *library) hasTwoProcessors(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), filepath.Join(l.dir, "run"))
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GODEBUG=schedtrace=1", "ASAN_OPTIONS=detect_leaks=0")
	in, err := cmd.StdinPipe() // the program runs until it is closed
	said, also := cmd.StderrPipe()
	if err := errors.Join(err, also, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	const want = 1000 // lines, one of each millisecond
	lines := bufio.NewScanner(said)
	found := false
	for n := 0; n < want && !found && lines.Scan(); n++ {
		found = strings.Contains(lines.Text(), "gomaxprocs=2 ")
	}
	_ = in.Close()
	_, _ = io.Copy(io.Discard, said)
	if err := cmd.Wait(); err != nil || !found {
		t.Errorf("%v; got no line with gomaxprocs=2", err)
	}
}

// isFoundByPkgConfig builds a program as pkg-config says, with the library that is loaded, and
// with the one that is linked into the program. Both are used as by the checked program.
func (l *library) isFoundByPkgConfig(t *testing.T) {
	needs(t, "pkg-config")
	program := absolute(t, filepath.Join("testdata", "run.c"))
	for _, kind := range []struct{ mode, file, flags string }{
		{"c-shared", "libparlance.so", ""},
		{"c-archive", "libparlance.a", "--static"},
	} {
		t.Run(kind.mode, func(t *testing.T) {
			dir := t.TempDir()
			run(t, "CGO_ENABLED=1", "go", "build", "-buildmode="+kind.mode, "-o", filepath.Join(dir, kind.file), ".")
			for _, name := range []string{"parlance.h", "parlance.pc"} {
				run(t, "", "cp", name, dir)
			}
			run(t, "PKG_CONFIG_PATH="+dir, "sh", "-c", `gcc -o "$1/run" "$2" $(pkg-config --cflags --libs $3 parlance) -Wl,-rpath,"$1"`, "sh", dir, program, kind.flags)
			(&library{dir}).tellsMistakes(t)
		})
	}
}

func absolute(t *testing.T, name string) string {
	t.Helper()
	name, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// passesTheSuite calls every function for each response of the suite, by eight threads at
// once, with buffers of the exact length and a byte too short.
func (l *library) passesTheSuite(t *testing.T) {
	all := suite(t)
	if len(all) < 1000 {
		t.Fatalf("the suite has %d cases", len(all))
	}
	l.passes(t, 8, all)
}

// survivesHostileBodies has a process for each body, which must not need much memory.
func (l *library) survivesHostileBodies(t *testing.T) {
	byName := map[string][]conforming{}
	for _, c := range suite(t, "-hostile") {
		byName[c.Name] = append(byName[c.Name], c)
	}
	if len(byName) < 40 {
		t.Fatalf("there are %d bodies", len(byName))
	}
	for name, all := range byName {
		// The program keeps a body for each of its calls. Reading one takes at most 64 bytes
		// for each byte that is read, and as much again may wait for the collector.
		length := len(all[0].Body)
		if memory, limit := l.passes(t, 0, all), 64<<20+14*length+128*min(length, dialect.MaxBody); memory > limit {
			t.Errorf("%s: %d MB for %d KB, more than %d MB", name, memory>>20, length>>10, limit>>20)
		}
	}
}

// passes holds the library to a part of the suite, and returns the memory that it needed.
func (l *library) passes(t *testing.T, threads int, all []conforming) (memory int) {
	t.Helper()
	var calls []*call
	handles, translations := map[string]int{}, map[string]int{}
	open := func(name string) int {
		if handles[name] == 0 {
			calls = append(calls, &call{name: "open", texts: [6]string{5: name}})
			handles[name] = len(handles) + len(translations) + 1
		}
		return handles[name]
	}
	translation := func(from, to string) int {
		f, o := open(from), open(to)
		if translations[from+to] == 0 {
			calls = append(calls, &call{name: "translation", handle: f, other: o})
			translations[from+to] = len(handles) + len(translations) + 1
		}
		return translations[from+to]
	}
	known, found := differences(t, "c"), map[string][]string{}
	var checks []func()
	for _, c := range all {
		t := &findings{TB: t}
		add := func(name string, handle int, then func(*call)) {
			made := &call{name: name, handle: handle, status: c.Status, now: c.Now, texts: [6]string{c.Method, c.Path, c.Key, c.RequestHeader, c.Header, c.Body}}
			if c.Cut {
				made.flags = 1
			}
			if name == "encode" {
				made.texts[5] = string(c.Want.Outcome)
			}
			calls = append(calls, made)
			checks = append(checks, func() { then(made) })
		}
		d := open(c.Dialect)
		add("needs_body", d, func(got *call) {
			if want := map[bool]int{true: 1}[c.Want.NeedsBody]; got.code != want {
				t.Errorf("%s: needs_body %d, want %d", c.Name, got.code, want)
			}
		})
		add("classify", d, func(got *call) {
			if got.code != 1 || got.kind != c.Want.Kind || got.act != c.Want.Act || got.safe == 1 != c.Want.RetrySafe {
				t.Errorf("%s: classify %d %s %s %d, want %+v", c.Name, got.code, got.kind, got.act, got.safe, c.Want)
			}
		})
		add("decode", d, func(got *call) {
			same(t, c.Name, got, map[string]json.RawMessage{"outcome": c.Want.Outcome, "decision": c.Want.Decision, "diagnostics": c.Want.Diagnostic})
		})
		add("encode", d, func(got *call) { written(t, c.Name, got, c.Want.Encoded) })
		for to, want := range c.Want.Translated {
			add("translate", translation(c.Dialect, to), func(got *call) { written(t, c.Name+" into "+to, got, want) })
		}
		checks = append(checks, func() { found[c.Name] = append(found[c.Name], t.texts...) })
	}
	memory = l.run(t, threads, calls)
	for _, c := range checks {
		c()
	}
	for name, texts := range found {
		switch {
		case !known[name] && len(texts) > 0:
			t.Error(strings.Join(texts, "\n"))
		case known[name] && len(texts) == 0:
			t.Errorf("differences.json lists %q, and it is no difference", name)
		}
	}
	return memory
}

// findings are the differences of one case. Those that are known do not fail the test.
type findings struct {
	testing.TB
	texts []string
}

func (f *findings) Errorf(format string, args ...any) {
	f.texts = append(f.texts, fmt.Sprintf(format, args...))
}

// listed is where the known differences are.
const listed = "../conformance/differences.json"

// differences are the names of the cases that a language is known to fail.
func differences(t *testing.T, language string) map[string]bool {
	t.Helper()
	var all []struct{ Language, Case string }
	text, err := os.ReadFile(listed)
	if err := errors.Join(err, json.Unmarshal(text, &all)); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, d := range all {
		if d.Language == language {
			names[d.Case] = true
		}
	}
	return names
}

// same holds JSON that was written to the members that are wanted.
func same(t testing.TB, name string, got *call, want map[string]json.RawMessage) {
	t.Helper()
	var read map[string]any
	if err := json.Unmarshal([]byte(got.out), &read); got.code != 1 || err != nil {
		t.Errorf("%s: %s %d %q, %v", name, got.name, got.code, got.out, err)
		return
	}
	for member, text := range want {
		var w any
		if err := json.Unmarshal(text, &w); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(read[member], w) {
			t.Errorf("%s: %s: %s\n%v\nwant\n%s", name, got.name, member, read[member], text)
		}
	}
}

// written holds a response that was written to the one that is wanted.
func written(t testing.TB, name string, got *call, want response) {
	t.Helper()
	if want.Passed {
		if got.code != 0 || got.out != "" {
			t.Errorf("%s: %d %q, and it is to be passed on", name, got.code, got.out)
		}
		return
	}
	header := strings.SplitAfter(got.out[:got.header], "\r\n")
	slices.Sort(header)
	body := got.out[got.header:]
	if got.code != 1 || got.outStatus != want.Status || strings.Join(header, "") != want.Header || body != plain(t, want.Body, want.BodyBase64) || got.kept == 1 != want.Kept {
		t.Errorf("%s: %s %d, status %d, kept %d, header %q, body %q\nwant %+v", name, got.name, got.code, got.outStatus, got.kept, header, body, want)
	}
}

// python is that of the system, which has what the tests import.
func python(t *testing.T) string {
	t.Helper()
	name := "/usr/bin/python3"
	if _, err := os.Stat(name); err != nil {
		name = "python3"
	}
	needs(t, name)
	return name
}

// TestThePackageForPythonIsTyped has mypy read the package and a program that uses it.
func TestThePackageForPythonIsTyped(t *testing.T) {
	t.Parallel()
	needs(t, "mypy")
	cmd := exec.Command("mypy", "--strict", "--python-executable", python(t), "--cache-dir", t.TempDir(), "parlance", "tests/typed.py")
	cmd.Dir = "python"
	cmd.Env = append(os.Environ(), "MYPYPATH=.")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestEveryExportRecovers holds that a panic in an export does not end the process of somebody
// else: a deferred call of caught, or of one like it, stands in each.
func TestEveryExportRecovers(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "main.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	exports := 0
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Doc == nil || !strings.HasPrefix(f.Doc.List[len(f.Doc.List)-1].Text, "//export ") {
			continue
		}
		exports++
		if !slices.ContainsFunc(f.Body.List, recovers) {
			t.Errorf("%s has no deferred call of caught", f.Name)
		}
	}
	if exports < 12 {
		t.Errorf("main.go has %d exports", exports)
	}
}

func recovers(statement ast.Stmt) bool {
	deferred, ok := statement.(*ast.DeferStmt)
	if !ok {
		return false
	}
	name, ok := deferred.Call.Fun.(*ast.Ident)
	return ok && strings.HasPrefix(name.Name, "caught")
}

// TestThePackagesHaveOneVersion holds the numbers in the files that say them.
func TestThePackagesHaveOneVersion(t *testing.T) {
	t.Parallel()
	version := regexp.MustCompile(`(?m)^ *"?[Vv]ersion"?(?: =|:) "?([0-9.]+)"?,?$`)
	first := ""
	for _, name := range []string{"parlance.pc", "python/pyproject.toml", "node/package.json"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		said := version.FindAllStringSubmatch(string(text), -1)
		if len(said) != 1 {
			t.Fatalf("%s: %q; one version is to be there", name, said)
		}
		if first == "" {
			first = said[0][1]
		}
		if said[0][1] != first {
			t.Errorf("%s has version %s, and parlance.pc %s", name, said[0][1], first)
		}
	}
}

// passesFromPython runs the tests of the package for Python on the same suite.
func (l *library) passesFromPython(t *testing.T) {
	cases, hostile, files := filepath.Join(l.dir, "cases.jsonl"), filepath.Join(l.dir, "hostile.jsonl"), filepath.Join(l.dir, "files.jsonl")
	for name, flags := range map[string][]string{cases: nil, hostile: {"-hostile"}, files: filesOfFuzzing} {
		out, err := exec.Command("go", append([]string{"run", "../conformance"}, flags...)...).Output()
		if err == nil {
			err = os.WriteFile(name, out, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python(t), "-B", "-m", "unittest", "discover", "-s", "tests")
	cmd.Dir = "python"
	cmd.Env = append(os.Environ(), "PYTHONPATH=.", "PARLANCE_LIBRARY="+filepath.Join(l.dir, "libparlance.so"), "PARLANCE_CASES="+cases, "PARLANCE_HOSTILE="+hostile, "PARLANCE_FILES="+files, "PARLANCE_DIFFERENCES="+absolute(t, listed))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// filesOfFuzzing are the flags of the suite for texts of dialect files.
var filesOfFuzzing = []string{"-files", "../dialect/testdata/fuzz/FuzzCompile"}

// refusesFiles opens texts of dialect files. The places and the hints are those of Go.
func (l *library) refusesFiles(t *testing.T) {
	out, err := exec.Command("go", append([]string{"run", "../conformance"}, filesOfFuzzing...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	type said struct {
		Text        string           `json:"text,omitempty"`
		Error       string           `json:"error"`
		Diagnostics []map[string]any `json:"diagnostics"`
	}
	var wants []said
	var calls []*call
	for lines := json.NewDecoder(bytes.NewReader(out)); lines.More(); {
		var want said
		if err := lines.Decode(&want); err != nil {
			t.Fatal(err)
		}
		wants, calls = append(wants, want), append(calls, &call{name: "open", texts: [6]string{5: want.Text}})
	}
	if len(wants) < 20 {
		t.Fatalf("there are %d files", len(wants))
	}
	l.run(t, 0, calls)
	most := 0
	for i, want := range wants {
		if want.Error == "" {
			if calls[i].code <= 0 {
				t.Errorf("%q: %d %s, and it has no faults", want.Text, calls[i].code, calls[i].out)
			}
			continue
		}
		got := said{Text: want.Text}
		if err := json.Unmarshal([]byte(calls[i].out), &got); calls[i].code != -2 || err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %d, %v\n%s\nwant\n%v", want.Text, calls[i].code, err, calls[i].out, want)
		}
		most = max(most, len(want.Diagnostics))
	}
	if most < 20 {
		t.Errorf("the worst file has %d faults", most)
	}
}

// survivesCancellation cancels threads in the middle of calls. The checks of memory do not know
// threads that end so, and are left out.
func (l *library) survivesCancellation(t *testing.T) {
	program := filepath.Join(l.dir, "cancel")
	run(t, "", "gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", ".", "-o", program, filepath.Join("testdata", "cancel.c"), "-L", l.dir, "-lparlance", "-Wl,-rpath,"+l.dir, "-lpthread")
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute) // a lock that nobody gives back is waited for without end
	defer stop()
	if out, err := exec.CommandContext(ctx, program).CombinedOutput(); err != nil || string(out) != "all ended, and the library goes on\n" {
		t.Errorf("%v: %s", err, out)
	}
}

// tellsMistakes makes the calls that a caller should not make.
func (l *library) tellsMistakes(t *testing.T) {
	const faulty = "dialect: a\ncodes:\n  \"400\": invald\n  401: {kind: x}\nshapes: [{name: a, json: {b: $nope}}]\n"
	calls := []*call{
		{name: "open", texts: [6]string{5: "vms"}},
		{name: "open", texts: [6]string{5: "no-such"}},
		{name: "open", texts: [6]string{5: faulty}},
		{name: "decode", handle: 1, status: 404, texts: [6]string{4: "Content-Type: text/plain\x00\r\n"}},
		{name: "decode", handle: 1, status: 404, texts: [6]string{4: "no field\r\n"}},
		{name: "decode", handle: 1, status: 404, texts: [6]string{3: "a b: c\r\n"}},
		{name: "decode", handle: 1, status: 0},
		{name: "encode", handle: 1, status: 404, texts: [6]string{5: "{"}},
		{name: "translation", handle: 1, other: 9},
		{name: "translate", handle: 1, status: 404},
		{name: "decode", handle: 7, status: 404},
		{name: "close", handle: 1},
		{name: "close", handle: 1},
		{name: "decode", handle: 1, status: 404},
	}
	wants := []struct {
		code int
		says string
	}{
		{1, ""}, {-2, "no such dialect"}, {-2, `"line":3,"column":10,`}, {-2, "line 1 is not"}, {-2, "line 1 is not"}, {-2, "the request"}, {-2, "the status is 0"}, {-2, "the outcome"},
		{-3, ""}, {-3, ""}, {-3, ""}, {1, ""}, {-3, ""}, {-3, ""},
	}
	l.run(t, 0, calls)
	for i, want := range wants {
		if got := calls[i]; got.code != want.code || !strings.Contains(got.out, want.says) {
			t.Errorf("call %d, %s: %d %s, want %d with %q", i, got.name, got.code, got.out, want.code, want.says)
		}
	}
}

// refusesAfterFork calls the library in the child of a process that had loaded it, where the
// threads of the library are missing.
func (l *library) refusesAfterFork(t *testing.T) {
	if out, err := exec.Command(filepath.Join(l.dir, "fork")).CombinedOutput(); err != nil || string(out) != "-4 -4 -4 and 1\n" {
		t.Errorf("%v: %s", err, out)
	}
}
