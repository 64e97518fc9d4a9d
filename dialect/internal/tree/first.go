package tree

// First finds the end of the first object or list of a JSON text that arrives in pieces.
// It looks at each byte once, and only matches brackets: whether the value is valid, a
// reader tells. The zero value is at the beginning of the text.
type First struct {
	at     int // what stands before it has been looked at
	depth  int
	text   bool // at is inside a text
	escape bool // at is behind a backslash
	more   bool // at is behind the first comma of the value
}

// More reports that the value has more than one element or member, as far as it has been
// looked at.
func (f *First) More() bool { return f.more }

// End is the place behind the value, 0 if it has not ended. source is all that has arrived,
// and begins with blanks or the value.
func (f *First) End(source []byte) int {
	for f.at < len(source) {
		c := source[f.at]
		f.at++
		switch {
		case f.escape:
			f.escape = false
		case f.text:
			switch c {
			case '"':
				f.text = false
			case '\\':
				f.escape = true
			default:
				f.at = plain(source, f.at)
			}
		case c == '"':
			f.text = true
		case c == ',' && f.depth == 1:
			f.more = true
		case c == '{' || c == '[':
			f.depth++
		case c == '}' || c == ']':
			if f.depth--; f.depth <= 0 {
				return f.at
			}
		}
	}
	return 0
}
