package parlance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// mostBeforeMain is how many bytes a package may allocate before main. It leaves room for
// its tables and errors, but not for a schema or many expressions that it compiles.
const mostBeforeMain = 24 << 10

// startsSoon holds the start of the command in the folder bin short. Times are not the same
// twice, but the memory that a package allocates when it is initialized is.
func startsSoon(t *testing.T, bin string) {
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "parlance"), "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	trace, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, trace)
	}
	ours := 0
	for _, p := range regexp.MustCompile(`(?m)^init (\S+) @.* clock, (\d+) bytes, (\d+) allocs$`).FindAllStringSubmatch(string(trace), -1) {
		if p[1] != "main" && !strings.HasPrefix(p[1], module+"/") {
			continue
		}
		ours++
		if allocated, _ := strconv.Atoi(p[2]); allocated > mostBeforeMain {
			t.Errorf("%s allocates %s bytes in %s pieces before main; want at most %d bytes: compile at the first use, with sync.OnceValue or in New", p[1], p[2], p[3], mostBeforeMain)
		}
	}
	if ours < 20 {
		t.Fatalf("%d of our packages are in the trace, want at least 20:\n%s", ours, trace)
	}
}
