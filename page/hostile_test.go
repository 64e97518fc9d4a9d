package page

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	unsafe "github.com/yuin/goldmark/renderer/html"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/browser"
)

// attacks are texts that run, or show something else, in a page that does not escape them.
var attacks = []string{
	`<script>window.ran=1</script>`,
	`</title></style></script><script>window.ran=1</script>`,
	`</code></pre></textarea></select></template><img src=x onerror=window.ran=1>`,
	`"><svg onload=window.ran=1>`,
	`' autofocus onfocus='window.ran=1' x='`,
	"javascript:window.ran=1",
	`[x](javascript:window.ran=1)`,
	`<javascript:window.ran=1>`,
	`![x](https://evil.example/x.png)`,
	"```\n<script>window.ran=1</script>\n```",
	"`x` | <b onclick=window.ran=1>x</b> | \\",
	`https://evil.example/"onmouseover="window.ran=1`,
	`https://user:word@evil.example/ http:javascript:window.ran=1`,
	`<iframe srcdoc="<script>parent.ran=1</script>"></iframe><base href="https://evil.example/">`,
	`--><!--<script>window.ran=1</script>]]>`,
	`{{.Script}} {{"<script>"}} ${window.ran=1} &lt;script&gt;`,
	"safe\u202e\u2066elif\u2069\u061c\u200f txt\u2028\u2029\u0007\u001b[31m",
	`<meta http-equiv=refresh content="0;url=https://evil.example/"><link rel=stylesheet href=https://evil.example/x.css>`,
	`<style>@import "https://evil.example/x.css"</style>`,
}

// hostile is a dialect with a text in every place where a file can have one.
func hostile(t *testing.T, text string) *dialect.Dialect {
	t.Helper()
	q := strconv.Quote(strings.ReplaceAll(text, "$", "")) // a hole of a template begins with $
	q = strings.NewReplacer(`\a`, `\x07`).Replace(q)
	// A code cannot be everything that a text can.
	code := strconv.Quote(strings.Map(func(r rune) rune {
		if r == '|' { // two codes are told apart by a list
			return '/'
		}
		if strings.ContainsRune(",*\n", r) || r < ' ' {
			return '_'
		}
		return r
	}, "x"+text))
	file := fmt.Sprintf(`dialect: hostile
title: %[1]s
source: [%[1]s, "https://example.com/%%22%%3E", "https://example.com/ %[3]s"]
codes_are_statuses: false
codes:
  400: {kind: invalid, title: %[1]s, help: %[1]s}
  403:
    - {kind: forbidden, path: %[4]s, title: %[1]s}
    - {kind: quota, request: {X-Plan: %[4]s}}
  404: not_found
  500: {kind: internal, retry: {schedule: [5m, 30m], then: escalate}, help: %[1]s}
  %[2]s: {kind: conflict, status: 409, title: %[1]s, help: %[1]s}
support: {contact: %[1]s, id: %[1]s}
auth: {token: %[1]s, scheme: %[1]s, header: X-Key}
idempotency: {header: Idempotency-Key}
limits: {%[1]s: {limit: X-Limit, remaining: X-Remaining, reset: "X-Reset:epoch"}}
shapes:
  - {name: %[1]s, status: 4xx 5xx, json: {%[2]s: %[1]s, code: $code, message: $detail, id: $request_id}}
  - {name: only read, status: 418, is: teapot, read_only: true, json: {constant: %[1]s, text: $detail}}
samples:
  - response: %[5]s
    outcome: {kind: invalid}
`, q, code, strings.Trim(q, `"`), strings.NewReplacer("?", "_", "#", "_", "//", "/_").Replace(code), strconv.Quote("HTTP/1.1 400 Bad Request\nContent-Type: application/json\nX-Note: "+strings.Map(printing, text)+"\n\n"+
		`{"message": `+jsonText(text)+`, "`+"code"+`": null}`))
	file = strings.Replace(file, "  404: not_found\n", "  404: not_found\n  teapot: {kind: failed, help: "+q+"}\n", 1)
	d, err := dialect.Compile("hostile.yaml", []byte(file))
	if err != nil {
		t.Fatalf("%v\n%.3000s", err, file)
	}
	return d
}

func printing(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}

func jsonText(text string) string {
	return strings.NewReplacer(`\a`, `\u0007`, `\x1b`, `\u001b`, `\v`, `\u000b`).Replace(strconv.QuoteToASCII(text))
}

// TestNoTextOfADialectRunsInAPage puts each attack into every text of a dialect.
func TestNoTextOfADialectRunsInAPage(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	dir := t.TempDir()
	for i, text := range attacks {
		d := hostile(t, text)
		files, err := Files(Options{BaseURL: "https://errors.example.com/", Files: map[string]string{"hostile": text + ".yaml"}}, d)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name := filepath.Join(dir, strconv.Itoa(i)+f.Name)
			if err := os.WriteFile(name, f.Text, 0o600); err != nil {
				t.Fatal(err)
			}
			url := "file://" + filepath.ToSlash(name)
			tab.Load(url)
			harmless(t, tab, url, text)
			if got := tab.Text(`document.scripts.length + " " + document.querySelectorAll("style, link[rel=stylesheet]").length`); got != "1 1" {
				t.Errorf("%q: got %s scripts and styles, want 1 1", text, got)
			}
		}
	}
}

// TestNoTextOfADialectRunsInMarkdown that is rendered as a site does that lets HTML pass.
func TestNoTextOfADialectRunsInMarkdown(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	dir := t.TempDir()
	render := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(unsafe.WithUnsafe()))
	for i, text := range attacks {
		var source, page bytes.Buffer
		if err := Markdown(&source, Options{BaseURL: "https://errors.example.com/", Files: map[string]string{"hostile": text + ".yaml"}}, hostile(t, text)); err != nil {
			t.Fatal(err)
		}
		page.WriteString("<!DOCTYPE html><meta charset=utf-8>")
		if err := render.Convert(source.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, strconv.Itoa(i)+".html")
		if err := os.WriteFile(name, page.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		url := "file://" + filepath.ToSlash(name)
		tab.Load(url)
		harmless(t, tab, url, text)
		if got := tab.Text(`document.querySelectorAll("script, style, img, iframe, svg, link, base").length`); got != "0" {
			t.Errorf("%q: got %s elements that fetch or run: %s", text, got, tab.Text(`document.querySelector("script, style, img, iframe, svg, link, base").outerHTML`))
		}
	}
}

// harmless wants that nothing ran, that nothing was fetched, and that no link leads
// anywhere but to the web or to a code.
func harmless(t *testing.T, tab *browser.Tab, at, text string) {
	t.Helper()
	quiet(t, tab, at)
	if got := tab.Text("typeof window.ran"); got != "undefined" {
		t.Errorf("%q ran", text)
	}
	if on := tab.Texts(`Array.from(document.querySelectorAll("*")).filter(e => e.getAttributeNames().some(n => n.startsWith("on") || n === "srcdoc" || n === "style")).map(e => e.outerHTML.slice(0, 200))`); len(on) > 0 {
		t.Errorf("%q: got elements with code: %q", text, on)
	}
	for _, link := range tab.Texts(`Array.from(document.links).map(a => a.getAttribute("href"))`) {
		u, err := url.Parse(link)
		if err != nil || u.Scheme != "" && u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
			t.Errorf("%q: got a link to %q", text, link)
		}
	}
	if hidden := tab.Text(`/[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\u0000-\u0008\u000b-\u001f]/.test(document.body.textContent)`); hidden != "false" {
		t.Errorf("%q: a character that turns the direction, or a control character, is on the page", text)
	}
}
