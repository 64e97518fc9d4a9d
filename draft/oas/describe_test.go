package oas_test

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/draft"
	"github.com/parlance-api/parlance/draft/oas"
	"github.com/parlance-api/parlance/openapi"
)

var update = flag.Bool("update", false, "write the goldens anew")

// drafted is the draft from a document.
func drafted(t testing.TB, file string, text []byte) ([]byte, error) {
	t.Helper()
	tree, err := openapi.ReadTree(file, text)
	if err != nil {
		return nil, err
	}
	return draft.FromDescription("acme", oas.Describe(tree))
}

// Each golden is the draft from the document beside it.
func TestADocumentBecomesADraftOfItsFailures(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := drafted(t, file, text)
			if err != nil {
				t.Fatal(err)
			}
			onlyUnfinished(t, got)
			golden := strings.TrimSuffix(file, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != strings.ReplaceAll(string(want), "\r\n", "\n") {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// onlyUnfinished holds that lint warns of nothing but the comments.
func onlyUnfinished(t testing.TB, drafted []byte) {
	t.Helper()
	for _, d := range authoring.Lint("acme.yaml", drafted) {
		if d.Rule != "unfinished" {
			t.Errorf("%s\n%s\n%s", d.Error(), authoring.Excerpt(drafted, d), drafted)
		}
	}
}

func TestTheDraftOfADocumentReadsItsFailures(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/bookshop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file, err := drafted(t, "bookshop.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	d, err := dialect.Compile("acme.yaml", file)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		status     int
		body, want string
	}{
		{404, `{"error":{"code":"no_such_book","message":"There is no book 7."}}`, "not_found no_such_book There is no book 7. 0"},
		{422, `{"error":{"code":"invalid_order","message":"It is wrong.","fields":[{"name":"a","problem":"b"},{"name":"c","problem":"d"}]}}`, "invalid invalid_order It is wrong. 2"},
		{429, `{"error":{"code":"rate_limit_exceeded","message":"Slow down"}}`, "rate_limited rate_limit_exceeded Slow down 0"},
		{409, `{"type":"https://example.com/taken","title":"Taken","detail":"Somebody was faster"}`, "conflict  Somebody was faster 0"},
		{503, `{"error":{"code":"away","message":"Away"}}`, "internal away Away 0"},
	} {
		h := dialect.HeaderMap{"Content-Type": {"application/json"}}
		read := d.Decode(dialect.Request{}, dialect.Response{Status: test.status, Header: h, Body: []byte(test.body)})
		o := read.Outcome
		if got := fmt.Sprintf("%s %s %s %d", o.Kind, o.Code, o.Detail, len(o.Fields)); got != test.want {
			t.Errorf("%d %s: got %s, want %s", test.status, test.body, got, test.want)
		}
		if read.Shape == "" {
			t.Errorf("%d %s: no shape reads it", test.status, test.body)
		}
	}
}

func TestEveryDocumentOfTheReaderCanBeImported(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../openapi/testdata/*")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if filepath.Ext(file) == "" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := drafted(t, file, text)
		var faulty *dialect.FileError
		if errors.As(err, &faulty) || errors.Is(err, draft.ErrNothing) {
			continue // told with its place
		}
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		onlyUnfinished(t, got)
	}
}

func TestADocumentWithoutResponsesHasNothingToDraft(t *testing.T) {
	t.Parallel()
	_, err := drafted(t, "a.yaml", []byte("openapi: 3.1.0\ninfo: {title: A, version: '1'}\npaths: {}\n"))
	if !errors.Is(err, draft.ErrNothing) {
		t.Errorf("got %v, want %v", err, draft.ErrNothing)
	}
}

// A first dialect file from a document.
func Example() {
	document := `openapi: 3.1.0
info: {title: Shop, version: "1"}
paths:
  /orders:
    get:
      responses:
        "404":
          description: There is none
          content:
            application/json:
              schema:
                type: object
                required: [message]
                properties: {message: {type: string}}
`
	tree, err := openapi.ReadTree("openapi.yaml", []byte(document))
	if err != nil {
		log.Fatal(err)
	}
	file, err := draft.FromDescription("shop", oas.Describe(tree))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(file))
	// Output:
	// # A draft from openapi.yaml. Compare each line that says guess: or todo: with the
	// # vendor's pages, correct it, and remove its comment. parlance lint lists the lines that
	// # are left.
	// dialect: shop
	// title: Shop  # todo: add the vendor's pages, as source: ["https://…"]
	// codes:
	//   404: not_found
	// shapes:
	//   - name: error
	//     status: 4xx 5xx
	//     json:
	//       message!: $detail  # guess: looks like the message
}

// FuzzDescribe: whatever a document says, lint has only the comments to warn of.
func FuzzDescribe(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, err := drafted(t, "a.yaml", text); err == nil {
			onlyUnfinished(t, got)
		}
	})
}
