package page

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/mock"
)

// opened are the dialects of the catalog, compiled once for all tests.
var opened = sync.OnceValue(func() []*dialect.Dialect {
	var all []*dialect.Dialect
	for _, name := range catalog.Names() {
		d, err := catalog.Open(name)
		if err != nil {
			panic(err)
		}
		all = append(all, d)
	}
	return all
})

// documents are those that a test has composed, by dialect.
var documents sync.Map // of func() (*document, error)

// composed is the document of a dialect in English. It is composed once for all tests, and
// not to be altered.
func composed(t testing.TB, d *dialect.Dialect) *document {
	t.Helper()
	once, _ := documents.LoadOrStore(d, sync.OnceValues(func() (*document, error) { return compose(Options{}, d) }))
	p, err := once.(func() (*document, error))()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestEveryCommandGetsItsRowFromTheMock sends each command of each page.
func TestEveryCommandGetsItsRowFromTheMock(t *testing.T) {
	t.Parallel()
	for _, d := range opened() {
		t.Run(d.Name(), func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(mock.New(d))
			defer server.Close()
			x, rows, missing := examplesOf(d), 0, 0
			for _, w := range authoring.Examples(d) {
				rows++
				e := x.written(&w, server.URL)
				if e.Curl == "" {
					missing++
					continue
				}
				res, kind, reason := sent(t, d, e.Curl)
				if kind != w.Kind || reason != w.Reason {
					t.Errorf("%s\ngot  %d %s/%s\nwant %s/%s", e.Curl, res, kind, reason, w.Kind, w.Reason)
				}
			}
			if missing > rows/3 {
				t.Errorf("%d of %d rows have no command", missing, rows)
			}
			t.Logf("%d of %d rows have a command", rows-missing, rows)
		})
	}
}

// sent sends the request of a command as a shell would.
func sent(t *testing.T, d *dialect.Dialect, command string) (int, parlance.Kind, parlance.Reason) {
	t.Helper()
	words := shellWords(command)
	r, err := http.NewRequestWithContext(t.Context(), "GET", words[len(words)-1], nil)
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	r.Header.Set("Accept", "*/*")
	for i := 1; i < len(words)-1; i++ {
		switch words[i] {
		case "-X":
			r.Method = words[i+1]
		case "-H":
			name, value, _ := strings.Cut(words[i+1], ": ")
			r.Header.Set(name, value)
		}
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	o := d.Decode(httpdialect.Request(d, r), dialect.Response{Status: res.StatusCode, Header: res.Header, Body: body}).Outcome
	return res.StatusCode, o.Kind, o.Reason
}

// shellWords splits a command that has words in single quotes.
func shellWords(command string) (all []string) {
	var word strings.Builder
	quoted, any := false, false
	for i := 0; i < len(command); i++ {
		switch c := command[i]; {
		case c == '\'':
			quoted, any = !quoted, true
		case c == '\\' && !quoted:
			i++
			word.WriteByte(command[i])
		case c == ' ' && !quoted:
			if word.Len() > 0 || any {
				all = append(all, word.String())
			}
			word.Reset()
			any = false
		default:
			word.WriteByte(c)
		}
	}
	return append(all, word.String())
}

// TestTheGoOfEveryPageCompiles in one program.
func TestTheGoOfEveryPageCompiles(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiles a program")
	}
	var program bytes.Buffer
	program.WriteString(`package handles

import (
	"errors"
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
)

var _, _ = errors.Is, parlance.ErrNotFound
`)
	seen := map[string]bool{}
	for _, d := range opened() {
		for _, c := range composed(t, d).Glance {
			for _, r := range c.Readings {
				if !seen[r.Go] {
					seen[r.Go] = true
					fmt.Fprintf(&program, "\nfunc handle%d(res *http.Response) {\n%s\n}\n", len(seen), r.Go)
				}
			}
		}
	}
	if len(seen) < 100 {
		t.Errorf("got %d pieces of Go, want at least 100", len(seen))
	}
	file := filepath.Join(t.TempDir(), "handles.go")
	if err := os.WriteFile(file, program.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	vet := exec.CommandContext(t.Context(), "go", "vet", file)
	vet.Env = append(os.Environ(), "CGO_ENABLED=0") // make vet has compiled what it needs; cgo is of the race detector
	if out, err := vet.CombinedOutput(); err != nil {
		t.Errorf("%v\n%.2000s", err, out)
	}
}

// TestEveryRowIsOnThePageWithItsCauseActAndTime of every dialect.
func TestEveryRowIsOnThePageWithItsCauseActAndTime(t *testing.T) {
	t.Parallel()
	for _, d := range opened() {
		p := composed(t, d)
		lines := map[string]bool{}
		ids := map[string]bool{}
		for _, c := range p.Glance {
			for _, id := range append([]string{c.ID}, c.More...) {
				if ids[id] {
					t.Errorf("%s: the anchor %q is there twice", d.Name(), id)
				}
				ids[id] = true
			}
			for _, r := range c.Readings {
				lines[r.Line] = true
				labels := map[string]bool{}
				for _, row := range r.Rows {
					labels[row.Label] = row.Text != ""
				}
				for _, label := range []string{"Meaning", "What to do", "When", "Retry"} {
					if !labels[label] {
						t.Errorf("%s, %s: nothing under %s", d.Name(), c.Code, label)
					}
				}
				if !labels["Cause"] && r.Kind.Failing() {
					t.Errorf("%s, %s: no cause", d.Name(), c.Code)
				}
			}
		}
		for _, e := range authoring.Codes(d) {
			if !lines[e.Line] {
				t.Errorf("%s: the row %s (%s) is not on the page", d.Name(), e.Key, e.Line)
			}
		}
	}
}

func TestAnAnchorIsTheCode(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"404": "404", "card_declined": "card_declined", "E1*": "E1*", "-32600": "-32600", "4xx": "4xx",
		"in valid": "in-valid", "a\"b<c>": "a-b-c-", "": "-", "page.search": "-page.search", "größe": "größe", "a\u202eb": "a-b",
	} {
		if got := Anchor(code); got != want {
			t.Errorf("%q: got %q, want %q", code, got, want)
		}
	}
}

func TestTheTypeOfAProblemLeadsToItsCode(t *testing.T) {
	t.Parallel()
	d, err := catalog.Open("stripe")
	if err != nil {
		t.Fatal(err)
	}
	p, err := compose(Options{BaseURL: "https://errors.example.com/"}, d)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range p.Glance {
		if want := "https://errors.example.com/#" + c.ID; c.Type != want {
			t.Errorf("%s: got %q, want %q", c.Code, c.Type, want)
		}
	}
}

func TestARegistryOfProblemTypesHasNoEmptyMember(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "https://errors.example.com/"} {
		for _, d := range opened() {
			text, err := ProblemTypes(Options{BaseURL: base}, d)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(text, []byte(`": ""`)) || bytes.Contains(text, []byte(`"status": 0`)) {
				t.Errorf("%s, at %q: a member is empty in\n%s", d.Name(), base, text)
			}
			if got := bytes.Contains(text, []byte(`"reference": "`+base+`"`)); got != (base != "" && bytes.Contains(text, []byte(`"type"`))) {
				t.Errorf("%s, at %q: reference is there: %t", d.Name(), base, got)
			}
		}
	}
}

func TestALanguageWithoutWordsIsAnError(t *testing.T) {
	t.Parallel()
	for _, write := range []func(io.Writer, Options, *dialect.Dialect) error{HTML, Markdown} {
		err := write(io.Discard, Options{Language: "tlh"}, dialect.Generic())
		if want := `there are no words for the language "tlh"; there are: de, en, ru`; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestTwoDialectsOfANameAreAnError(t *testing.T) {
	t.Parallel()
	if _, err := Files(Options{}, dialect.Generic(), dialect.Generic()); err == nil {
		t.Error("got no error")
	}
}

func TestTheReadingWithoutAConditionComesLastAndSaysOtherwise(t *testing.T) {
	t.Parallel()
	for _, d := range opened() {
		for _, c := range composed(t, d).Glance {
			for i, r := range c.Readings {
				last := i == len(c.Readings)-1
				if r.If == "" && !last && c.Readings[i+1].If != "" {
					t.Errorf("%s, %s: reading %d has no condition, and one with a condition follows", d.Name(), c.Code, i)
				}
				if r.If == "" && i > 0 && c.Readings[0].If != "" && !r.Otherwise {
					t.Errorf("%s, %s: reading %d does not say otherwise", d.Name(), c.Code, i)
				}
			}
		}
	}
}

func TestTheIndexHasTheAPIsInTheOrderOfTheirTitles(t *testing.T) {
	t.Parallel()
	files, err := Files(Options{}, named(t, "aws-s3"), named(t, "asana"), named(t, "azure"), named(t, "aspnet-core"))
	if err != nil {
		t.Fatal(err)
	}
	index, at := string(files[len(files)-1].Text), 0
	for _, title := range []string{"Amazon S3", "Asana", "ASP.NET Core", "Azure Resource Manager"} {
		next := strings.Index(index[at:], ">"+title+"<")
		if next < 0 {
			t.Fatalf("%s does not follow what stands before it in\n%s", title, index)
		}
		at += next
	}
}
