package wire

import "strings"

// PathOf is the path of a request target as conditions see it. The scheme and the host of
// an absolute URL, a query, a fragment, and slashes at the end are left out. The path of
// an absolute URL that names none is /.
func PathOf(target string) string {
	path := target
	if !strings.HasPrefix(path, "/") {
		if scheme, rest, absolute := strings.Cut(path, "://"); absolute && !strings.ContainsAny(scheme, "/?#") {
			path = "/"
			if from := strings.IndexAny(rest, "/?#"); from >= 0 && rest[from] == '/' {
				path = rest[from:]
			}
		}
	}
	for _, mark := range [...]byte{'#', '?'} {
		if end := strings.IndexByte(path, mark); end >= 0 {
			path = path[:end]
		}
	}
	for len(path) > 1 && path[len(path)-1] == '/' {
		path = path[:len(path)-1]
	}
	return path
}
