package catalog

import "github.com/parlance-api/parlance/dialect"

// DetectAmong is Detect among dialects of the test's own.
func DetectAmong(among []*dialect.Dialect, req dialect.Request, res dialect.Response) []Guess {
	return detect(candidates(among), req, res)
}
