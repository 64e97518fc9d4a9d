package demo

import (
	"strconv"
	"strings"
)

// Try is a request that a reader may want to send himself. It needs nothing but
// what the services hold from the start.
type Try struct {
	Says   string // where it goes and what it shows
	Status int    // of its answer
	URL    string
	Ask    Ask // its path comes after the URL
}

// Tries are worth a try, those of one cause beside each other.
func (d *Demo) Tries() []Try {
	var all []Try
	for _, s := range d.stations {
		for _, c := range s.scenarios {
			if c.Try == "" {
				continue
			}
			a := c.Ask.numbered(d.number.Add(1))
			if c.Both {
				said := c.Promise.Said[strings.LastIndexByte(c.Promise.Said, ' ')+1:]
				all = append(all, Try{s.system + ": " + c.Try, status(said), s.straight.base, a})
			}
			all = append(all, Try{s.system + " by its gateway: " + c.Try, status(c.Promise.Out), s.gateway.base, a})
		}
	}
	return all
}

// status is the one that a promise begins with.
func status(promise string) int {
	word, _, _ := strings.Cut(promise, " ")
	n, _ := strconv.Atoi(word)
	return n
}

// Curl is the request as a command for a POSIX shell.
func (t Try) Curl() string {
	line := "curl -i " + quote(t.URL+t.Ask.Path)
	if t.Ask.Method != "GET" && (t.Ask.Method != "POST" || t.Ask.Body == "") {
		line += " -X " + t.Ask.Method
	}
	lines := []string{line}
	for _, h := range t.Ask.Header {
		lines = append(lines, "-H "+quote(h))
	}
	if t.Ask.Body != "" {
		lines = append(lines, "-d "+quote(t.Ask.Body))
	}
	return strings.Join(lines, " \\\n  ")
}

// quote makes one word of a text, as it is where a shell reads nothing in it.
func quote(text string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:=,+@%", r)
	}
	if text != "" && strings.TrimFunc(text, plain) == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
