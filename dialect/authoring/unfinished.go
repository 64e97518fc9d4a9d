package authoring

import (
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/dialect/internal/spec"
)

// marks begin the comments that say that a place is not finished. A draft has them.
var marks = []string{"# guess:", "# todo:"}

// unfinished warns of each place that a comment marks as a guess, or as something
// that is still to be filled in.
func unfinished(r *spec.Reporter, source []byte) {
	marked := map[string]bool{}
	markedBelow(spec.NewReporter("").Load(source), marked)
	if len(marked) == 0 {
		return
	}
	for i, line := range strings.Split(string(source), "\n") {
		for _, mark := range marks {
			at := strings.Index(line, mark)
			if at < 0 || !marked[strings.TrimSpace(line[at:])] {
				continue
			}
			r.Warn(spec.Position{Line: i + 1, Column: at + 1}, "unfinished", "compare it with the vendor's page, correct it, and remove the comment", "%s", strings.TrimSpace(line[at+2:]))
		}
	}
}

// markedBelow collects the comments with a mark. YAML knows them from a # in a text.
func markedBelow(n *yaml.Node, found map[string]bool) {
	if n == nil {
		return
	}
	for _, comment := range []string{n.HeadComment, n.LineComment, n.FootComment} {
		for line := range strings.Lines(comment) {
			line = strings.TrimSpace(line)
			for _, mark := range marks {
				if strings.HasPrefix(line, mark) {
					found[line] = true
				}
			}
		}
	}
	for _, child := range n.Content {
		markedBelow(child, found)
	}
}
