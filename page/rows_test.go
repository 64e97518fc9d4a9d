package page

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/parlance-api/parlance/dialect"
)

// whatToDo is what the page says of an act.
var whatToDo = map[string]string{
	"done":     "The request is done.",
	"inspect":  "The request is done. Show the user what the response says.",
	"correct":  "Correct the request before you send it again.",
	"refresh":  "Get a new credential, and send the request again once.",
	"poll":     "Look again later, at the address that the response names.",
	"retry":    "Send the request again.",
	"escalate": "Report it to ",
	"stop":     "Stop, and show the reason.",
}

// whenToDo is what the page says of a time.
var whenToDo = map[string]string{
	"5m,30m":   "First after 5 minutes, then every 30 minutes.",
	"1s..60s":  "After 1 second, then up to twice as long each time, at most 1 minute.",
	"10s..10m": "After 10 seconds, then up to twice as long each time, at most 10 minutes.",
	"-":        "",
}

// TestThePageSaysCauseActAndTimeOfEveryRowOfTheFiveSystems looks each up in the rendered
// page, by its anchor.
func TestThePageSaysCauseActAndTimeOfEveryRowOfTheFiveSystems(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../examples/rows.tsv")
	if err != nil {
		t.Fatal(err)
	}
	pages, rows := map[string]*html.Node{}, 0
	for row := range strings.Lines(string(text)) {
		part := strings.Split(strings.TrimSpace(row), "\t")
		system, code, kind, act, time := part[0], part[1], part[3], part[4], part[5]
		rows++
		t.Run(system+" "+code, func(t *testing.T) {
			if pages[system] == nil {
				pages[system] = rendered(t, Options{}, named(t, system))
			}
			article := closest(byID(pages[system], code), "article")
			if article == nil {
				t.Fatalf("there is no anchor %q", code)
			}
			var said [][2]string
			for _, reading := range all(article, func(n *html.Node) bool { return class(n) == "reading" }) {
				tags := all(reading, func(n *html.Node) bool { return class(n) == "kind" || class(n) == "act" })
				if inside(tags[0]) == kind && inside(tags[1]) == act {
					said = rowsOf(reading)
				}
			}
			if said == nil {
				t.Fatalf("no reading of %s is %s, %s", code, kind, act)
			}
			is := func(label string) string {
				for _, s := range said {
					if s[0] == label {
						return s[1]
					}
				}
				return ""
			}
			if got := is("Cause"); got == "" && !slices.Contains([]string{"success", "empty", "accepted"}, kind) {
				t.Error("got no cause")
			}
			if got, want := is("What to do"), whatToDo[act]; !strings.HasPrefix(got, want) || want == "" {
				t.Errorf("what to do: got %q, want %q", got, want)
			}
			want, known := whenToDo[time]
			if got := is("When"); !strings.HasPrefix(got, want) || !known || got == "" {
				t.Errorf("when: got %q, want %q", got, want)
			}
			if is("Retry") == "" || is("Meaning") == "" {
				t.Errorf("got %q", said)
			}
		})
	}
	if rows != 71 {
		t.Errorf("got %d rows, want 71", rows)
	}
}

// rendered is the page of a dialect, parsed as a browser does.
func rendered(t testing.TB, o Options, d *dialect.Dialect) *html.Node {
	t.Helper()
	var text bytes.Buffer
	if err := HTML(&text, o, d); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(&text)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// all are the elements below a node that a condition holds for.
func all(n *html.Node, is func(*html.Node) bool) (found []*html.Node) {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && is(d) {
			found = append(found, d)
		}
	}
	return found
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func class(n *html.Node) string { return attribute(n, "class") }

func byID(n *html.Node, id string) *html.Node {
	for _, e := range all(n, func(e *html.Node) bool { return attribute(e, "id") == id }) {
		return e
	}
	return nil
}

// closest is a node or the nearest around it with the name.
func closest(n *html.Node, name string) *html.Node {
	for ; n != nil && n.Data != name; n = n.Parent {
	}
	return n
}

// inside is the text below a node.
func inside(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

// rowsOf are the labels and texts of a reading.
func rowsOf(reading *html.Node) (rows [][2]string) {
	for _, dt := range all(reading, func(n *html.Node) bool { return n.Data == "dt" }) {
		dd := dt.NextSibling
		rows = append(rows, [2]string{inside(dt), inside(dd)})
	}
	return rows
}
