package demo

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/internal/shell"
)

// Try is a request that a reader may want to send himself. It needs nothing but
// what the services hold from the start.
type Try struct {
	Says   string // its address and what it shows
	Status int    // of its response
	URL    string
	Ask    Ask // its path comes after the URL
}

// Tries are worth a try by the gateways.
func (d *Demo) Tries() []Try {
	var all []Try
	for _, s := range d.stations {
		for _, c := range s.scenarios {
			if c.Try != "" {
				all = append(all, Try{s.system + " by its gateway: " + c.Try, status(c.Promise.Out), s.at, c.Ask})
			}
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
func (t Try) Curl() string { return strings.Join(t.Ask.curl(t.URL), " \\\n  ") }

// long is how many bytes of a body nobody wants to see on a command line.
const long = 4096

// curl is the words of a command that sends the request to a service, in lines.
func (a Ask) curl(service string) []string {
	line := "curl -i " + shell.Quote(service+a.Path)
	if a.Method != "GET" && (a.Method != "POST" || a.Body == "") {
		line += " -X " + a.Method
	}
	lines := []string{line}
	if l := a.Login; l != nil {
		login := strings.Join(l.Ask.curl(service), " ")
		lines = append(lines, `-H "Authorization: Bearer $(`+strings.Replace(login, "curl -i", "curl -s", 1)+
			` | sed 's/.*"`+l.Member+`":"\([^"]*\)".*/\1/')"`)
	}
	for _, h := range a.Header {
		name, value, _ := strings.Cut(h, ": ")
		user, basic := strings.CutPrefix(value, "Basic ")
		who, err := base64.StdEncoding.DecodeString(user)
		switch {
		case h == formBody: // curl says so by itself
		case value == "":
			lines = append(lines, "-H "+shell.Quote(name+":")) // without the header
		case basic && err == nil:
			lines = append(lines, "-u "+shell.Quote(string(who)))
		default:
			lines = append(lines, "-H "+shell.Quote(h))
		}
	}
	switch {
	case len(a.Body) > long: // blanks
		lines[0] = fmt.Sprintf("printf %%%ds | ", len(a.Body)) + lines[0]
		lines = append(lines, "--data-binary @-")
	case a.Body != "":
		lines = append(lines, "-d "+shell.Quote(a.Body))
	}
	return lines
}
