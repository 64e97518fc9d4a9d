package authoring

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
)

// keyOrder is the order in which the keys of a file stand: what it is, what is
// true of all responses, how they look, and the proof.
var keyOrder = []string{
	"dialect", "title", "group", "source", "page_date", "language", "extends", "forms", "codes_are_statuses", "codes",
	"idempotency", "auth", "poll", "operations", "limits", "support", "define", "shapes", "samples",
}

// errLayout says that the formatter gave up on a file rather than change what it
// says. It is a fault of ours.
var errLayout = errors.New("the file is left as it is: laid out anew, it would say something else; this is a fault of the formatter")

// Format lays a dialect file out in the canonical way:
//
//   - the keys of the file stand in one order;
//   - indentation is two blanks, and there are no empty lines;
//   - one blank follows a colon or a comma;
//   - quotes stand only around a text that YAML or a reader could take for
//     something else.
//
// A comment stays beside its value. A value in one line stays in one line, and one
// in several stays in several. The meaning of the file is the same, and formatting
// twice changes nothing more.
//
// The error is a *dialect.FileError for a text that is not YAML, or not the YAML of a
// dialect file: anchors, tags, several documents. Other faults do not matter to it.
func Format(source []byte) ([]byte, error) {
	out, err := format(source)
	for range maxFormats {
		if err != nil {
			return nil, err
		}
		// A comment that came to stand elsewhere may belong to something else there.
		again, err := format(out)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(again, out) {
			return out, nil
		}
		out = again
	}
	return nil, errLayout
}

const maxFormats = 4 // until nothing changes any more

// format lays a file out once.
func format(source []byte) ([]byte, error) {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(source), "\ufeff"))
	if !strings.HasSuffix(text, "\n") {
		text += "\n" // before it is read: the end of a block text counts
	}
	r := spec.NewReporter("")
	root := r.Load([]byte(text))
	if root != nil && root.Kind != yaml.MappingNode {
		r.Pairs(root, "a dialect file", nil)
	}
	if root == nil || r.Failed() {
		return nil, &dialect.FileError{Diagnostics: r.Sorted(), Source: []byte(text)}
	}
	l := newLayout(text, root)
	l.file(root)
	if l.lost {
		return nil, errLayout
	}
	out := []byte(l.text())
	second := spec.NewReporter("")
	again := second.Load(out)
	if again == nil || second.Failed() || !sameFile(root, again) {
		return nil, errLayout
	}
	if check := newLayout(string(out), again); !slices.Equal(l.comments(), check.comments()) {
		return nil, errLayout
	}
	return out, nil
}

// sameFile reports that two files say the same, their keys in whatever order.
func sameFile(a, b *yaml.Node) bool {
	if len(a.Content) != len(b.Content) || a.Kind != b.Kind {
		return false
	}
	for i := 0; i+1 < len(a.Content); i += 2 {
		j := 0
		for j < len(b.Content) && b.Content[j].Value != a.Content[i].Value {
			j += 2
		}
		if j >= len(b.Content) || !sameNode(a.Content[i+1], b.Content[j+1]) {
			return false
		}
	}
	return true
}

func sameNode(a, b *yaml.Node) bool {
	return a.Kind == b.Kind && a.Tag == b.Tag && a.Value == b.Value && slices.EqualFunc(a.Content, b.Content, sameNode)
}
