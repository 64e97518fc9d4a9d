package airbyte_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/draft"
	"github.com/parlance-api/parlance/draft/airbyte"
)

var update = flag.Bool("update", false, "write the goldens anew")

// Each golden is the draft from the manifest beside it, with what was told below.
func TestAManifestBecomesADraftOfItsFiltersAndWaits(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			drafted, told, err := airbyte.File("acme", filepath.Base(file), text)
			if err != nil {
				t.Fatal(err)
			}
			onlyUnfinished(t, drafted)
			got := string(drafted) + "-- told --\n" + strings.Join(told, "\n") + "\n"
			golden := strings.TrimSuffix(file, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// onlyUnfinished holds that lint warns of nothing but the comments.
func onlyUnfinished(t *testing.T, drafted []byte) {
	t.Helper()
	for _, d := range authoring.Lint("acme.yaml", drafted) {
		if d.Rule != "unfinished" {
			t.Errorf("%s\n%s", d.Error(), drafted)
		}
	}
}

func TestTheDraftOfAManifestDecidesAsTheConnectorDoes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	drafted, _, err := airbyte.File("example", "example.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	d, err := dialect.Compile("example.yaml", drafted)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		status int
		header dialect.HeaderMap
		body   string
		want   string
	}{
		{429, nil, "", "retry 30s"},
		{404, nil, "", "stop 0s"}, // the connector passes over it, which is no success
		{401, nil, "", "stop 0s"},
		{500, nil, "", "retry 0s"},
		{400, nil, `{"message": "Query budget exceeded for today"}`, "retry 30s"},
		{400, nil, `{"error": {"code": "busy"}}`, "retry 30s"},
		{200, nil, `{"error": {"code": "busy"}}`, "retry 30s"}, // a predicate holds under any status
		{400, nil, `{"error": {"code": "wrong"}}`, "correct 0s"},
	} {
		h := dialect.HeaderMap{"Content-Type": {"application/json"}}
		o := d.Decode(dialect.Request{Method: "GET"}, dialect.Response{Status: test.status, Header: h, Body: []byte(test.body)}).Outcome
		p := d.Decide(dialect.Request{Method: "GET"}, &o)
		if got := p.Act.String() + " " + p.After.String(); got != test.want {
			t.Errorf("%d %s: got %s, want %s", test.status, test.body, got, test.want)
		}
	}
}

func TestWhatIsNoManifestIsAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "- a", "a: [", "\x00", "plain"} {
		if _, _, err := airbyte.File("acme", "m.yaml", []byte(text)); err == nil {
			t.Errorf("%q: got no error", text)
		}
	}
	if _, _, err := airbyte.File("acme", "m.yaml", []byte("streams: []")); !errors.Is(err, draft.ErrNothing) {
		t.Errorf("got %v, want %v", err, draft.ErrNothing)
	}
	if _, _, err := airbyte.File("acme", "m.yaml", bytes.Repeat([]byte(" "), airbyte.MaxSource+1)); err == nil {
		t.Error("got no error for a manifest that is too long")
	}
}

// TestManyReferencesCostABoundedTime: definitions that double what the one before has.
func TestManyReferencesCostABoundedTime(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("definitions:\n  d0: {error_handler: {response_filters: [{action: RETRY, http_codes: [429]}]}}\n")
	for i := range 40 {
		n, before := string(rune('A'+i%26))+string(rune('a'+i/26)), "d0"
		if i > 0 {
			before = string(rune('A'+(i-1)%26)) + string(rune('a'+(i-1)/26))
		}
		b.WriteString("  " + n + `: {x: {$ref: "#/definitions/` + before + `"}, y: {$ref: "#/definitions/` + before + `"}}` + "\n")
	}
	if _, told, err := airbyte.File("acme", "m.yaml", []byte(b.String())); err != nil || len(told) == 0 {
		t.Errorf("got %q, %v, want that the rest was left out", told, err)
	}
}

func FuzzFile(f *testing.F) {
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
		drafted, _, err := airbyte.File("acme", "m.yaml", text)
		if err == nil {
			onlyUnfinished(t, drafted)
		}
	})
}

func TestAManifestWithoutErrorHandlersIsToldApartFromABrokenOne(t *testing.T) {
	t.Parallel()
	_, _, err := airbyte.File("acme", "in/manifest.yaml", []byte("streams:\n  - retriever: {requester: {url_base: https://api.example.com}}\n"))
	if want := "no error handler in manifest.yaml has a response filter or a wait"; err == nil || err.Error() != want || !errors.Is(err, draft.ErrNothing) {
		t.Errorf("got %v, want %s", err, want)
	}
}
