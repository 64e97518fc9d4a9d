package check

import "github.com/parlance-api/parlance/dialect"

// Exchange is one request with the response that it got. The zero value of each of At,
// Source and Line means that it is not known.
type Exchange struct {
	Request  dialect.Request
	Response dialect.Response
	At       string // the URL, or another name for people
	Source   string // the file that it was recorded in
	Line     int    // its place in that file, from 1: the line of JSONL, the entry of HAR
}
