package hostile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Files returns texts of dialect files: those of a folder that fuzzing has filled, and one with
// more than twenty faults of several kinds. A text that is no UTF-8 is left out, since the
// strings of other languages cannot hold it. Each ends with a line end, so it is no name.
func Files(dir string) (texts []string, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) == 0 {
		return nil, errors.Join(err, fmt.Errorf("%s has no files", dir))
	}
	for _, name := range names {
		found, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		_, line, _ := strings.Cut(strings.TrimSpace(string(found)), "\n") // behind "go test fuzz v1"
		text, err := strconv.Unquote(strings.TrimSuffix(strings.TrimPrefix(line, "[]byte("), ")"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if utf8.ValidString(text) {
			texts = append(texts, text+"\n")
		}
	}
	faulty := "dialect: faulty\ncodes:\n  401: {kind: größer}\n"
	for i := range 22 {
		faulty += fmt.Sprintf("  e%d: invald\n", i)
	}
	return append(texts, faulty+"shapes: [{name: a, json: {b: $nope}}]\n"), nil
}
