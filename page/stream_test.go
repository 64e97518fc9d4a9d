package page

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect"
)

// streaming is a dialect with a stream of each form.
func streaming(t *testing.T) *dialect.Dialect {
	t.Helper()
	source, err := os.ReadFile("testdata/streams.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d, err := dialect.Compile("streams.yaml", source)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestThePageShowsTheFormOfEachStream(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"chat": {
			"A success of POST /chat is a stream of server-sent events (text/event-stream).", "A stream without its end was cut off.", "A failure after content ends the stream.",
			"| ping | preamble: nothing was given by it | ping {} |", "| ends the stream well | [DONE] |", "| error | failure | error {\"error\":", "| any other | content |",
			"HTTP/1.1 200 OK\nContent-Type: text/event-stream\n\ndata: {\"example\":1}\n\ndata: {\"example\":1}\n\nevent: error\ndata: {\"error\":{\"code\":\"overloaded\",\"message\":\"Busy\"}}\n",
		},
		"batch": {"is a stream of JSON texts, one a line", "Each element of content is a result of its own.", "No element ends such a stream well.", "{\"example\":1}\n{\"error\":{\"code\":\"overloaded\",\"message\":\"Busy\"}}\n"},
		"log":   {"is a JSON text sequence", "\n\\u001e{\"example\":1}\n\\u001e{\"example\":1}\n\\u001e{\"error\":{\"code\":\"overloaded\",\"message\":\"Busy\"}}\n"},
		"list":  {"is a JSON array that grows", "A stream without its end was cut off.", "[\n{\"example\":1},\n{\"example\":1},\n{\"error\":{\"code\":\"overloaded\",\"message\":\"Busy\"}}\n]\n"},
		"invoke": {
			"is a stream of binary messages", "The example shows each binary message as one line", "\noverloaded {\"message\":\"Busy\"}\n", "| stop | ends the stream well | stop {} |",
		},
		"results": {"| failure; is read, and never written |", "{\"example\":1}\n{\"failed\":\"This is an example\"}\n"},
	}
	var b bytes.Buffer
	if err := Markdown(&b, Options{}, streaming(t)); err != nil {
		t.Fatal(err)
	}
	page := strings.NewReplacer(`\_`, "_", `\[`, "[", `\]`, "]").Replace(b.String())
	for name, texts := range want {
		_, section, found := strings.Cut(page, "### Stream “"+name+"”\n")
		if !found {
			t.Errorf("the page has no stream %s", name)
			continue
		}
		section, _, _ = strings.Cut(section, "\n### ")
		for _, text := range texts {
			if !strings.Contains(section, text) {
				t.Errorf("%s: %q is missing in\n%s", name, text, section)
			}
		}
	}
}

func TestAStreamIsShownInHTMLAndInEveryLanguage(t *testing.T) {
	t.Parallel()
	d := streaming(t)
	for language, title := range map[string]string{"en": "Stream “chat”", "de": "Datenstrom „chat“", "ru": "Поток «chat»"} {
		var b bytes.Buffer
		if err := HTML(&b, Options{Language: language}, d); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{`id="page.stream.1">` + title, `id="page.stream.6"`, "data: [DONE]", "event: error\ndata: {&#34;error&#34;"} {
			if text == "data: [DONE]" {
				text = "<bdi>[DONE]</bdi>"
			}
			if !strings.Contains(b.String(), text) {
				t.Errorf("%s: the page has no %s", language, text)
			}
		}
	}
}

func TestAPageWithoutStreamsSaysNothingOfThem(t *testing.T) {
	t.Parallel()
	for _, d := range opened() {
		if d.Name() != "stripe" {
			continue
		}
		var b bytes.Buffer
		if err := Markdown(&b, Options{}, d); err != nil || strings.Contains(b.String(), "Stream “") {
			t.Errorf("got a stream of %s, %v", d.Name(), err)
		}
	}
}
