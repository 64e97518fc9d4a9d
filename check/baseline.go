package check

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/internal/jsonl"
)

// Known is a finding that a team knows of. It has no lines and offsets, so it stays the same
// if the file or the traffic changes elsewhere.
type Known struct {
	Rule    string `json:"rule"`
	Method  string `json:"method"`
	Path    string `json:"path"` // with a star for each ID
	Status  int    `json:"status"`
	Place   string `json:"place"` // status, header NAME or body POINTER
	Message string `json:"message"`
}

func (k *Known) key() string {
	return strings.Join([]string{k.Rule, k.Method, k.Path, strconv.Itoa(k.Status), k.Place, k.Message}, "\x00")
}

// Baseline is the findings that are known. nil knows none. It is immutable and safe for
// concurrent use.
type Baseline struct {
	known []Known
	keys  map[string]bool
}

// maxBaseline bounds a file of known findings, in bytes: MaxDistinct of them have less.
const maxBaseline = 64 << 20

// NewBaseline is a Baseline of findings.
func NewBaseline(of []Counted) *Baseline {
	b := &Baseline{keys: map[string]bool{}}
	for i := range of {
		b.add(of[i].known())
	}
	return b
}

func (b *Baseline) add(k Known) {
	if key := k.key(); !b.keys[key] {
		b.keys[key] = true
		b.known = append(b.known, k)
	}
}

func (b *Baseline) has(key string) bool { return b != nil && b.keys[key] }

func (b *Baseline) size() int {
	if b == nil {
		return 0
	}
	return len(b.known)
}

// ReadBaseline reads a file that Write has written: one JSON object a line. Empty lines are
// passed over. The error names the line. A file has at most 64 MiB.
func ReadBaseline(r io.Reader) (*Baseline, error) {
	b := &Baseline{keys: map[string]bool{}}
	lines := jsonl.NewReader(io.LimitReader(r, maxBaseline+1), 1<<20)
	read := 0
	for n := 1; ; n++ {
		line, err := lines.Next()
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		read += len(line) + 1
		switch {
		case read > maxBaseline:
			return nil, fmt.Errorf("line %d: the baseline is longer than %d MiB", n, maxBaseline>>20)
		case errors.Is(err, jsonl.ErrTooLong):
			return nil, fmt.Errorf("line %d is longer than 1 MiB", n)
		case err != nil:
			return nil, err
		case len(bytes.TrimSpace(line)) == 0:
			continue
		}
		var k Known
		if err := jsonl.Unmarshal(line, &k); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if _, known := RuleOf(k.Rule); !known {
			return nil, fmt.Errorf("line %d: no rule is called %q", n, k.Rule)
		}
		b.add(k)
	}
}

// Write writes the baseline in an order of its own, one finding a line, so that a change of
// one is a change of one line.
func (b *Baseline) Write(w io.Writer) error {
	all := slices.Clone(b.known)
	slices.SortFunc(all, func(x, y Known) int {
		return cmp.Or(cmp.Compare(x.Rule, y.Rule), cmp.Compare(x.Path, y.Path), cmp.Compare(x.Method, y.Method),
			cmp.Compare(x.Status, y.Status), cmp.Compare(x.Place, y.Place), cmp.Compare(x.Message, y.Message))
	})
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, k := range all {
		if err := enc.Encode(k); err != nil {
			return err
		}
	}
	return nil
}
