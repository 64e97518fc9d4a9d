package dialect_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

// plainError is an error as an API sends it most often. Its dialect must read it fast,
// whatever else the catalog has.
type plainError struct {
	Dialect, Method, Path, Body string
	Status                      int
}

func (e *plainError) request() dialect.Request {
	return dialect.Request{Method: e.Method, Path: e.Path}
}

func plainErrors(t *testing.T) (all []plainError) {
	t.Helper()
	file, err := os.Open("testdata/fast.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var e plainError
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	if len(all) == 0 {
		t.Fatal("there are none")
	}
	return all
}

// That both ways say the same is held by what compares reading by a guide with
// reading whole; here is which documents take the short one.
func TestWhatLeavesNothingToWeighIsFittedStraight(t *testing.T) {
	t.Parallel()
	for _, e := range plainErrors(t) {
		d, err := catalog.Open(e.Dialect)
		if err != nil {
			t.Fatal(err)
		}
		if !dialect.Straight(d, e.request(), jsonResponse(e.Status, e.Body)) {
			t.Errorf("%s: got %s weighed, want it fitted straight", e.Dialect, e.Body)
		}
	}
}
