package dialect_test

import (
	"errors"
	"os"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

func TestCompilingAFaultyFileGivesAllItsFaultsAsOneError(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("authoring/testdata/faults/many_faults_at_once.bad.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = dialect.Compile("many.yaml", source)
	var faults *dialect.FileError
	if !errors.As(err, &faults) {
		t.Fatalf("the error is %v", err)
	}
	count := 0
	for _, d := range faults.Diagnostics {
		if d.Severity == parlance.SeverityError {
			count++
		}
	}
	if count < 5 {
		t.Errorf("%d faults, of five: %v", count, err)
	}
}
