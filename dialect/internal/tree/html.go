package tree

import (
	"bytes"
	"html"
)

// HtmlText is the text of the first element of that name, its white space
// folded, without what stands in tags.
func HtmlText(body []byte, name string) ([]byte, bool) {
	lower := bytes.ToLower(body)
	if len(lower) != len(body) {
		lower = body // a letter that changes its length: take the page as it is
	}
	open := []byte("<" + name)
	for at := 0; ; {
		i := bytes.Index(lower[at:], open)
		if i < 0 {
			return nil, false
		}
		at += i + len(open)
		if at < len(lower) && lower[at] != '>' && lower[at] != ' ' && lower[at] != '\n' && lower[at] != '\t' && lower[at] != '\r' {
			continue // <titlebar> is not <title>
		}
		end := bytes.IndexByte(lower[at:], '>')
		if end < 0 {
			return nil, false
		}
		from := at + end + 1
		to := bytes.Index(lower[from:], []byte("</"+name))
		if to < 0 {
			return nil, false
		}
		text := bytes.Join(bytes.Fields(bytes.ToValidUTF8(stripTags(body[from:from+to]), []byte("\uFFFD"))), []byte(" "))
		return []byte(html.UnescapeString(string(text))), true
	}
}

func stripTags(s []byte) []byte {
	if bytes.IndexByte(s, '<') < 0 {
		return s
	}
	var out []byte
	inside := false
	for _, c := range s {
		switch {
		case c == '<':
			inside = true
			out = append(out, ' ')
		case c == '>' && inside:
			inside = false
		case !inside:
			out = append(out, c)
		}
	}
	return out
}
