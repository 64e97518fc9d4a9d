package parlance_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// What the README's Go may use without saying so: its fences are the bodies of
// functions.
const tourHead = `package tour

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/server"
)

var _, _, _, _, _ = bufio.NewReader, errors.Is, fmt.Println, http.Get, os.Open
var _, _, _, _, _, _ = parlance.ErrNotFound, catalog.Open, client.Check, dialect.Compile, httpdialect.Peek, server.New
`

// TestTheReadmesGoCompiles holds what TestReadme does not run.
func TestTheReadmesGoCompiles(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	program := tourHead
	fences := regexp.MustCompile("(?s)\n```go\n(.*?)\n```\n").FindAllStringSubmatch(string(text), -1)
	if len(fences) == 0 {
		t.Fatal("the README shows no Go")
	}
	for i, fence := range fences {
		body := fence[1]
		if !strings.HasPrefix(body[strings.LastIndexByte(body, '\n')+1:], "return ") {
			body += "\nreturn nil"
		}
		program += "\nfunc tour" + strconv.Itoa(i) + "() error {\n" + body + "\n}\n\nvar _ = tour" + strconv.Itoa(i) + "\n"
	}
	file := filepath.Join(t.TempDir(), "tour.go")
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := goCommand(t.Context(), "vet", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, program)
	}
}

// TestTheReadmesLinksLead somewhere in this repository.
func TestTheReadmesLinksLead(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range regexp.MustCompile(`\]\(([^):#]+)\)`).FindAllStringSubmatch(string(text), -1) {
		if _, err := os.Stat(filepath.FromSlash(link[1])); err != nil {
			t.Error(err)
		}
	}
}
