package dialect_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

const languagePage = "../docs/dialect.md"

// shownCase is one response of the page: the dialect that stands before it, the
// outcome that stands after it, and the response that this is written as.
type shownCase struct {
	line     int
	dialect  string
	response string
	outcome  string
	written  string // "" is the response itself
	reads    bool   // it is not written
}

// TestEveryExampleOfThePageIsTrue runs the page of the language: a fence of yaml
// is a dialect or a part of one, of http a response, of json the outcome, and a
// second one of http what the outcome is written as. After `json reads` nothing
// is written.
func TestEveryExampleOfThePageIsTrue(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(languagePage)
	if err != nil {
		t.Fatal(err)
	}
	all := shownCases(t, string(text))
	if len(all) < 30 {
		t.Fatalf("%d examples", len(all))
	}
	for _, e := range all {
		t.Run("line "+strconv.Itoa(e.line), func(t *testing.T) {
			t.Parallel()
			e.hold(t)
		})
	}
}

func shownCases(t *testing.T, text string) (all []shownCase) {
	t.Helper()
	fence := regexp.MustCompile("(?ms)^```(yaml|http|json)( reads)?\n(.*?)^```$")
	file, used := "", true
	for _, at := range fence.FindAllStringSubmatchIndex(text, -1) {
		line, body := strings.Count(text[:at[0]], "\n")+1, text[at[6]:at[7]]
		last := len(all) - 1
		switch language := text[at[2]:at[3]]; {
		case language == "yaml":
			if !used {
				t.Errorf("line %d: no response stands after the dialect before", line)
			}
			file, used = body, strings.Contains(body, "samples:")
			all = append(all, shownCase{line: line, dialect: file, reads: true})
		case language == "json":
			all[last].outcome, all[last].reads = body, at[4] >= 0
		case all[last].outcome != "" && all[last].written == "" && !all[last].reads && follows(text, at[0], "```"):
			all[last].written = body
		default:
			all, used = append(all, shownCase{line: line, dialect: file, response: body}), true
		}
	}
	return all
}

// follows reports that nothing but empty lines stands between a fence and what
// is before it, and that it is the last of its kind: the next fence is no json.
func follows(text string, at int, fence string) bool {
	if !strings.HasSuffix(strings.TrimRight(text[:at], "\n"), fence) {
		return false
	}
	_, rest, _ := strings.Cut(text[at+len(fence):], "\n"+fence+"\n")
	return !strings.HasPrefix(strings.TrimLeft(rest, "\n"), fence+"json")
}

// whole completes a part of a dialect: one that begins with json: is a shape.
func whole(part string) string {
	key, _, _ := strings.Cut(part, ":")
	if key == "json" || key == "xml" {
		part = "shapes:\n  - name: error\n    status: 4xx 5xx\n    " + strings.ReplaceAll(strings.TrimSuffix(part, "\n"), "\n", "\n    ") + "\n"
	}
	if !strings.Contains("\n"+part, "\ncodes:") {
		part = "codes: {200: success, 4xx: invalid, 5xx: internal, 502: bad_gateway, 503: unavailable}\n" + part
	}
	if !strings.HasPrefix(part, "dialect:") {
		part = "dialect: page\n" + part
	}
	return part
}

func (e *shownCase) hold(t *testing.T) {
	t.Helper()
	source := []byte(whole(e.dialect))
	for _, g := range complaints("page.yaml", source, catalog.Find("")) {
		t.Errorf("a complaint: %v\n%s", g, authoring.Excerpt(source, g))
	}
	d, err := dialect.Compile("page.yaml", source, catalog.Find(""))
	if err != nil || e.response == "" {
		return
	}
	req := dialect.Request{Now: stated}
	text := e.response
	if !strings.HasPrefix(text, "HTTP/") {
		asked, rest, _ := strings.Cut(text, "\n")
		req.Method, req.Path, _ = strings.Cut(asked, " ")
		req.Path, _, _ = strings.Cut(req.Path, "?")
		text = rest
	}
	res := response(t, text)
	if media := res.Header.Values("Content-Type"); len(media) > 0 {
		req.Header = dialect.HeaderMap{"Accept": media}
	}
	read := d.Decode(req, res)
	want := object(t, e.outcome)
	decision := d.Decide(req, &read.Outcome)
	if outcome, cased := want["outcome"]; cased {
		if act := want["act"]; act != nil && act != decision.Act.String() {
			t.Errorf("the act is %s, not %v", decision.Act, act)
		}
		if after := want["after"]; after != nil && after != decision.After.Seconds() {
			t.Errorf("the wait is %s, not %v", decision.After, after)
		}
		want = outcome.(map[string]any)
	}
	shown(t, "it reads as", want, &read.Outcome)
	glanced(t, d, req, res)
	if e.reads {
		return
	}
	written := res
	if e.written != "" {
		written = response(t, e.written)
	}
	m := d.Encode(nil, req, &read.Outcome, dialect.Payload{Body: bytes.Clone(read.Data)})
	if m.Status != written.Status || !alike(m.Body, written.Body) {
		t.Errorf("it is written as %d\n%s\nnot %d\n%s", m.Status, m.Body, written.Status, written.Body)
	}
	for _, l := range m.Losses {
		t.Errorf("a loss: %v", l)
	}
	header := http.Header{"Date": res.Header.Values("Date")}
	for _, p := range m.Header {
		header.Add(p.Name, p.Value)
	}
	back := d.Decode(req, dialect.Response{Status: m.Status, Header: header, Body: m.Body, Received: stated})
	shown(t, "written and read again it is", want, &back.Outcome)
}

// shown compares the attributes that the page shows; null is "not set".
func shown(t *testing.T, what string, want map[string]any, o *parlance.Outcome) {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	got := object(t, string(text))
	for name, value := range want {
		if !reflect.DeepEqual(value, got[name]) {
			t.Errorf("%s %s; the page shows %s = %v", what, text, name, value)
		}
	}
}

func object(t *testing.T, text string) (o map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return o
}

// alike compares two bodies, JSON without regard to blanks and to the order of
// members.
func alike(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return bytes.Equal(bytes.TrimSpace(a), bytes.TrimSpace(b))
	}
	return reflect.DeepEqual(x, y)
}

// TestThePageNamesEveryWordOfTheLanguage, so that no construct is without a
// place on it.
func TestThePageNamesEveryWordOfTheLanguage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(languagePage)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile("../docs/dialect.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]bool{}
	var collect func(v any)
	collect = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if properties, ok := v["properties"].(map[string]any); ok {
				for name := range properties {
					words[name] = true
				}
			}
			for _, below := range v {
				collect(below)
			}
		case []any:
			for _, below := range v {
				collect(below)
			}
		}
	}
	collect(object(t, string(schema)))
	if len(words) < 50 {
		t.Fatalf("the schema has %d words", len(words))
	}
	for word := range words {
		if !regexp.MustCompile(`\b` + regexp.QuoteMeta(word) + `\b`).Match(text) {
			t.Errorf("the page does not name %s", word)
		}
	}
	for _, k := range parlance.Kinds() {
		if !strings.Contains(string(text), k.String()) {
			t.Errorf("the page does not name the kind %s", k)
		}
	}
}

// TestThePagesLinksLead to a part of it, or to a file of this repository.
func TestThePagesLinksLead(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(languagePage)
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]bool{}
	for _, title := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(text), -1) {
		parts["#"+strings.ReplaceAll(regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(title[1]), ""), " ", "-")] = true
	}
	for _, link := range regexp.MustCompile(`\]\(([^):]+)\)`).FindAllStringSubmatch(string(text), -1) {
		if strings.HasPrefix(link[1], "#") {
			if !parts[link[1]] {
				t.Errorf("no part of the page is %s", link[1])
			}
		} else if _, err := os.Stat(filepath.Join(filepath.Dir(languagePage), filepath.FromSlash(link[1]))); err != nil {
			t.Error(err)
		}
	}
}
