package page

import (
	"net/url"
	"regexp"
	"strings"
)

// piece is a part of a text: a link if it has a URL.
type piece struct {
	Text string
	URL  string // of http or https, "" for none
}

// address finds what looks like a URL of the web.
var address = regexp.MustCompile(`https?://[^\s<>"'` + "`" + `\\]+`)

// pieces cuts a text at the URLs in it. No other scheme becomes a link.
func pieces(text string) (all []piece) {
	text = visible(text)
	from := 0
	for _, at := range address.FindAllStringIndex(text, -1) {
		link := strings.TrimRight(text[at[0]:at[1]], ".,;:!?)]}")
		u, err := url.Parse(link)
		if err != nil || u.Host == "" || u.User != nil {
			continue
		}
		if at[0] > from {
			all = append(all, piece{Text: text[from:at[0]]})
		}
		all = append(all, piece{link, link})
		from = at[0] + len(link)
	}
	if from < len(text) {
		all = append(all, piece{Text: text[from:]})
	}
	return all
}
