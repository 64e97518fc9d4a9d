package mock_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/browser"
	"github.com/parlance-api/parlance/mock"
)

// screenshots is a folder for what the page looks like, for people.
var screenshots = flag.String("screenshots", "", "a `DIR` to write screenshots of the page to")

// hostile is a dialect whose texts are markup.
const hostile = `
dialect: hostile
title: '<script>alert("title")</script>'
codes:
  200: success
  404: {kind: not_found, title: '<script>alert("row")</script>', help: '<img src=x onerror=alert("help")>'}
  429: {kind: rate_limited, retry: {after: 7s}}
  '<b onclick=alert(1)>bold</b>': {kind: invalid, status: 400, help: '"><svg onload=alert("svg")>'}
  503: {kind: unavailable, retry: {backoff: 1s..60s}}
shapes:
  - {name: error, status: 4xx 5xx, json: {code?: $code, message: $detail}}
`

const (
	visible = `[...document.querySelectorAll("#groups tr")].filter(r => r.checkVisibility() && r.cells[0].tagName === "TD").map(r => r.cells[0].innerText.replace(/\s+/g, " "))`
	waiting = `[...document.querySelectorAll("#next li")].map(l => l.innerText.replace(/\s+/g, " "))`
	logged  = `[...document.querySelectorAll("#log li")].map(l => l.innerText.replace(/\s+/g, " ").replace(/\d+:\d\d:\d\d( [AP]M)?/, "TIME"))`
)

// pageOf opens the page of a Mock.
func pageOf(t *testing.T, url string) *browser.Tab {
	t.Helper()
	tab := browser.Open(t)
	tab.Load(url + "/_mock/")
	tab.Wait(`document.querySelector("#groups tr") && document.querySelector("#live").textContent === "live"`)
	return tab
}

// untouched wants that nothing ran in the page or came from elsewhere.
func untouched(t *testing.T, tab *browser.Tab, url string) {
	t.Helper()
	for _, r := range tab.Requests() {
		if !strings.HasPrefix(r, url+"/_mock/") && r != "data:," {
			t.Errorf("the page asked for %s", r)
		}
	}
	if said := tab.Said(); len(said) > 0 {
		t.Errorf("the page said %q, want nothing", said)
	}
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\ngot  %q\nwant %q", what, got, want)
	}
}

func TestThePageGivesACodeNextAndShowsTheRequestThatGotIt(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("hostile.yaml", []byte(hostile))
	if err != nil {
		t.Fatal(err)
	}
	_, url := started(t, d)
	tab := pageOf(t, url)

	same(t, "all codes", tab.Texts(visible), "200 success", "400 <b onclick=alert(1)>bold</b> invalid", "404 not_found", "429 rate_limited", "503 unavailable")
	if got := tab.Text(`document.querySelector("h1").textContent`); got != `<script>alert("title")</script>` {
		t.Errorf("the title is %s", got)
	}
	tab.Type("#filter", "retry-after") // no text of this page has it
	same(t, "a filter that nothing fits", tab.Texts(visible))
	if got := tab.Text(`document.querySelector("#none").checkVisibility()`); got != "true" {
		t.Error("the page does not say that nothing fits")
	}
	tab.Type("#filter", "again 7 SECONDS")
	same(t, "a filter by the advice", tab.Texts(visible), "429 rate_limited")
	tab.Type("#filter", "404")
	same(t, "a filter by the code", tab.Texts(visible), "404 not_found")
	tab.Type("#times", "2")
	tab.Click(`[aria-label="Give next: 404"]`)
	tab.Wait(`document.querySelectorAll("#next li").length === 1`)
	same(t, "what waits", tab.Texts(waiting), "code=404 2 times")

	read, _, _ := sent(t, d, request(t, "POST", url+"/%3Cscript%3Ealert(1)%3C%2Fscript%3E"))
	if read.Outcome.Status != 404 {
		t.Errorf("the request is given %d", read.Outcome.Status)
	}
	sent(t, d, request(t, "GET", url+"/orders/7", `Prefer: code=503; detail="<img src=x onerror=alert(2)>"`))
	tab.Wait(`document.querySelectorAll("#log li").length === 2`)
	same(t, "the log", tab.Texts(logged),
		`503 GET /orders/7 TIME unavailable · Prefer: code=503; detail="<img src=x onerror=alert(2)>"`,
		`404 POST /<script>alert(1)</script> TIME not_found · next: code=404`)
	tab.Wait(`document.querySelector("#next li").innerText.includes("once")`)
	tab.Click("#clear")
	tab.Wait(`document.querySelectorAll("#next li").length === 0`)
	untouched(t, tab, url)
}

func TestThePageWorksWithoutAMouse(t *testing.T) {
	t.Parallel()
	d := open(t, "stripe")
	m, url := started(t, d)
	tab := pageOf(t, url)
	tab.Press(kb.Tab) // the link to the codes
	tab.Press(kb.Enter)
	tab.Wait(`document.activeElement.id === "filter"`)
	tab.Press("card_declined")
	same(t, "the filter", tab.Texts(visible), "402 card_declined failed/declined")
	tab.Press(kb.Tab) // the number of times
	tab.Press(kb.ArrowUp)
	tab.Press(kb.Tab) // the button of the only row
	tab.Press(kb.Enter)
	tab.Wait(`document.querySelectorAll("#next li").length === 1`)
	same(t, "what waits", tab.Texts(waiting), "code=card_declined 2 times")
	tab.Press(kb.Tab) // Clear
	tab.Press(kb.Enter)
	tab.Wait(`document.querySelectorAll("#next li").length === 0`)
	tab.Type("#wish", "code=nope")
	tab.Press(kb.Enter)
	tab.Wait(`document.querySelector("#problem").checkVisibility()`)
	if got := tab.Text(`document.querySelector("#problem").textContent`); !strings.HasPrefix(got, `there is no code "nope". The codes are `) {
		t.Errorf("an unknown wish: %s", got)
	}
	tab.Type("#wish", "kind=partial; items=3; failed=1")
	tab.Press(kb.Enter)
	tab.Wait(`document.querySelectorAll("#next li").length === 1`)
	same(t, "what waits", tab.Texts(waiting), "kind=partial; items=3; failed=1 2 times")

	if err := m.Close(); err != nil { // as a server does that ends
		t.Fatal(err)
	}
	tab.Wait(`document.querySelector("#live").textContent === "not connected"`)
}

func TestEverybodyCanUseThePage(t *testing.T) {
	t.Parallel()
	d := open(t, "stripe")
	m, url := started(t, d)
	tab := pageOf(t, url)
	for _, wish := range []mock.Wish{{Code: "card_declined"}, {Code: "429", Detail: "Slow down"}} {
		if err := m.Next(2, wish); err != nil {
			t.Fatal(err)
		}
	}
	for i, prefer := range []string{"", "code=503", "code=nope", "code=404"} {
		sent(t, d, request(t, "POST", fmt.Sprint(url, "/v1/charges/", i), "Prefer: "+prefer))
	}
	tab.Type("#wish", "code=nope")
	tab.Press(kb.Enter)
	tab.Wait(`document.querySelectorAll("#log li").length === 4 && document.querySelector("#problem").checkVisibility()`)
	for _, dark := range []bool{false, true} {
		tab.Dark(dark)
		for name, size := range map[string][2]int64{"wide": {1280, 900}, "narrow": {420, 900}} {
			tab.Size(size[0], size[1])
			for _, v := range tab.Violations() {
				t.Errorf("%s, dark %t: %s", name, dark, v)
			}
			if got := tab.Text(`document.documentElement.scrollWidth <= innerWidth`); got != "true" {
				t.Errorf("%s: the page is wider than the window", name)
			}
			if *screenshots != "" {
				file := filepath.Join(*screenshots, fmt.Sprintf("mock_%s_dark_%t.png", name, dark))
				if err := os.WriteFile(file, tab.Screenshot(false), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
