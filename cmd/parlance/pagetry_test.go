package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAPageWithAFormSaysWhatIsWrongWithItsFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other := filepath.Join(dir, "other.js")
	if err := os.WriteFile(other, []byte("alert(1)"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{"another file": other, "no file": filepath.Join(dir, "none.js")} {
		_, stderr, exit := invoke(t, "", "page", "vms", "--try", file)
		if exit == exitClean || !strings.Contains(stderr, "--try: "+file) || !strings.Contains(stderr, "parlance-files --try DIR") {
			t.Errorf("%s: exit %d, %s", name, exit, stderr)
		}
	}
}
