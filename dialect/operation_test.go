package dialect_test

import (
	"testing"

	"github.com/parlance-api/parlance/dialect"
)

func TestAnOperationThatIsNotSafeCountsBeforeAWiderOne(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("a.yaml", []byte(`
dialect: a
codes: {200: success}
operations:
  - {method: POST, path: "*/chat", safe: true}
  - {method: POST, path: "/async/*", safe: false}
  - {method: POST, path: /other, codes: {404: empty}}
`))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{"/v1/chat": true, "/async/chat": false, "/other": false, "/else": false} {
		if got := d.Idempotent(dialect.Request{Method: "POST", Path: path}); got != want {
			t.Errorf("POST %s: got %v, want %v", path, got, want)
		}
	}
}
