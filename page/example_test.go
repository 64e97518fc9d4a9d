package page_test

import (
	"bytes"
	"fmt"
	"log"
	"strings"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/page"
)

// A page for a website: one file.
func ExampleHTML() {
	d, err := catalog.Open("stripe")
	if err != nil {
		log.Fatal(err)
	}
	var text bytes.Buffer
	if err := page.HTML(&text, page.Options{BaseURL: "https://errors.example.com/"}, d); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Contains(text.String(), `<article class="item" id="card_declined"`))
	fmt.Println(strings.Contains(text.String(), "https://errors.example.com/#card_declined"))
	// Output:
	// true
	// true
}

// A page for a repository or a wiki.
func ExampleMarkdown() {
	d, err := catalog.Open("vms")
	if err != nil {
		log.Fatal(err)
	}
	var text bytes.Buffer
	if err := page.Markdown(&text, page.Options{Language: "de"}, d); err != nil {
		log.Fatal(err)
	}
	line, _, _ := strings.Cut(text.String(), "\n")
	fmt.Println(line)
	// Output: # VMS (VSaaS): Antworten und Fehler
}

// A folder for several APIs, with a search over all codes.
func ExampleFiles() {
	vms, err := catalog.Open("vms")
	if err != nil {
		log.Fatal(err)
	}
	vision, err := catalog.Open("vision")
	if err != nil {
		log.Fatal(err)
	}
	files, err := page.Files(page.Options{}, vms, vision)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		fmt.Println(f.Name)
	}
	// Output:
	// vms.html
	// vision.html
	// index.html
}

// The fragment of a code, for the type of a problem (RFC 9457, 3.1.1).
func ExampleAnchor() {
	fmt.Println("https://errors.example.com/#" + page.Anchor("card_declined"))
	// Output: https://errors.example.com/#card_declined
}

// What one response means, in sentences.
func ExampleExplain() {
	d, err := catalog.Open("vms")
	if err != nil {
		log.Fatal(err)
	}
	req := dialect.Request{Method: "POST", Path: "/api/v1/cameras"}
	res := dialect.Response{Status: 429, Header: dialect.HeaderMap{"Retry-After": {"20"}}}
	read := d.Decode(req, res)
	e, err := page.Explain(page.Options{}, d, req, res, &read)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Do)
	fmt.Println(e.When)
	fmt.Println(e.Retry)
	// Output:
	// Send the request again.
	// After 20 seconds. The response asks for this.
	// A retry is safe for every request. The response proves that nothing was done.
}
