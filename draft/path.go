package draft

import (
	"slices"
	"strings"
)

// pathOf is the hole for a path that is a text or a list of segments.
func pathOf(name string, v *value) string {
	switch {
	case v.kind == list && name == "fields":
		return "[$field]"
	case v.kind == list && v.elems[0].text == "body":
		return `"$field:segments(body?)"`
	case v.kind == list:
		return "$field:segments"
	case strings.HasPrefix(v.text, "#/"):
		return `"$field:pointer(#)"`
	case strings.HasPrefix(v.text, "/"):
		return "$field:pointer"
	}
	return pathHole(v.text)
}

// pathHole is the hole for a path: a[0].b is one with dots, a[b][c] one with
// brackets.
func pathHole(path string) string {
	for _, part := range strings.Split(path, "[")[1:] {
		switch inside, after, closed := strings.Cut(part, "]"); {
		case !closed:
			return plainPath
		case strings.HasPrefix(after, "."):
			return dottedPath
		case !isWhole(inside):
			return bracketedPath
		}
	}
	if strings.Contains(path, "[") {
		return dottedPath
	}
	return plainPath
}

// The holes for a path, each of which reads what those before it read.
const plainPath, bracketedPath, dottedPath = "$field", "$field:brackets", "$field:dots"

// samePath is the hole for two paths of one member; "" if they have none in
// common.
func samePath(a, b string) string {
	paths := []string{plainPath, bracketedPath, dottedPath}
	i, j := slices.Index(paths, a), slices.Index(paths, b)
	if i < 0 || j < 0 {
		return ""
	}
	return paths[max(i, j)]
}
