package page

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/browser"
)

// screenshots is a folder for what the pages look like, for people.
var screenshots = flag.String("screenshots", "", "a `DIR` to write screenshots of pages to")

// folder writes the pages of dialects to a folder and returns its URL.
func folder(t *testing.T, o Options, dialects ...*dialect.Dialect) string {
	t.Helper()
	files, err := Files(o, dialects...)
	if err != nil {
		t.Fatal(err)
	}
	return written(t, files)
}

// everyPage are the pages of the whole catalog, made once for all tests.
var everyPage = sync.OnceValues(func() ([]File, error) { return Files(Options{}, opened()...) })

// wholeCatalog writes the pages of the whole catalog to a folder and returns its URL.
func wholeCatalog(t *testing.T) string {
	t.Helper()
	files, err := everyPage()
	if err != nil {
		t.Fatal(err)
	}
	return written(t, files)
}

func written(t *testing.T, files []File) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return "file://" + filepath.ToSlash(dir) + "/"
}

func named(t *testing.T, name string) *dialect.Dialect {
	t.Helper()
	d, err := catalog.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// quiet wants that a page fetched and said nothing.
func quiet(t *testing.T, tab *browser.Tab, url string) {
	t.Helper()
	if strange := tab.Strange(url); len(strange) > 0 {
		t.Errorf("%s asked for %q, want nothing", url, strange)
	}
	if said := tab.Said(); len(said) > 0 {
		t.Errorf("%s said %q, want nothing", url, said)
	}
}

const (
	shown   = `Array.from(document.querySelectorAll(".item")).filter(i => i.checkVisibility()).map(i => i.id || i.querySelector("a").textContent)`
	focused = `document.activeElement.closest(".item") && document.activeElement.closest(".item").id`
)

func TestTheSearchOfAPageFinds(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	url := folder(t, Options{}, named(t, "vision")) + "vision.html"
	tab.Load(url)
	all := len(tab.Texts(shown))
	for _, s := range []struct{ words, want string }{
		{"406", "406"},
		{"expired", "101 401"},
		{"probably expired", "401"},
		{"INPUT xml", "406"},
		{"rate_limited", "429"},
		{"poll", ""},
	} {
		tab.Type("#page\\.search", s.words)
		if got := tab.Texts(shown); strings.Join(got, " ") != s.want {
			t.Errorf("%s: got %q, want %q", s.words, got, s.want)
		}
	}
	if got, want := tab.Text(`document.querySelector(".count").textContent`), "Nothing fits. Try fewer words."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	// The keyboard alone: clear, search, go to the first hit.
	tab.Press(kb.Escape)
	if got := len(tab.Texts(shown)); got != all {
		t.Errorf("after Esc: got %d codes, want %d", got, all)
	}
	slash(tab)
	tab.Press("restricted")
	tab.Press(kb.Enter)
	if got := tab.Text(focused); got != "429" {
		t.Errorf("after / and Enter: the focus is on %q, want 429", got)
	}
	// A kind and an act.
	tab.Press(kb.Escape)
	tab.Text(`(function() { const s = document.getElementById("page.acts"); s.value = "refresh"; s.dispatchEvent(new Event("change")); })()`)
	if got := strings.Join(tab.Texts(shown), " "); got != "401" {
		t.Errorf("the act refresh: got %q, want 401", got)
	}
	quiet(t, tab, url)
}

// slash presses / outside of an input. The protocol sends the key and its character apart,
// so that a page cannot keep the one from the other as it does for people.
func slash(tab *browser.Tab) {
	tab.Text(`document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "/", bubbles: true}))`)
}

func TestAnAnchorLeadsToItsCode(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	base := folder(t, Options{}, named(t, "vms"), named(t, "azure"))
	for fragment, want := range map[string]string{
		"vms.html#422":                 "422",
		"vms.html#419":                 "429", // one of two codes of a row
		"vms.html#418":                 "4xx", // no row of its own
		"azure.html#ResourceNotFound":  "NotFound",
		"azure.html#AuthorizationFail": "", // no such code
	} {
		url := base + fragment
		tab.Load("about:blank")
		tab.Load(url)
		const at = `(function() { const h = document.getElementById(decodeURIComponent(location.hash.slice(1))); const i = h && h.closest(".item"); if (!i) return ""; const y = i.getBoundingClientRect().top; return y > -2 && y < innerHeight ? i.id : "out of sight: " + y })()`
		if want != "" {
			tab.Wait(at + " !== '' && !" + at + ".startsWith('out')")
		}
		if got := tab.Text(at); got != want {
			t.Errorf("%s: got %q, want %q", fragment, got, want)
		}
	}
	// A link to a code that the search hides clears the search.
	tab.Load(base + "vms.html")
	tab.Type("#page\\.search", "503")
	tab.Text(`(location.hash = "#404")`)
	tab.Wait(`document.getElementById("404").checkVisibility()`)
}

func TestThePageOfAllAPIsFindsACodeAndLeadsToIt(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	url := wholeCatalog(t) + Index
	tab.Load(url)
	tab.Type("#page\\.search", "stripe card_declined")
	if got := strings.Join(tab.Texts(shown), " "); got != "card_declined" {
		t.Errorf("got %q, want card_declined", got)
	}
	quiet(t, tab, url)
	tab.Press(kb.Enter)
	tab.Press(kb.Enter)
	tab.Wait(`location.hash === "#card_declined" && document.getElementById("card_declined") !== null`)
}

func TestEverybodyCanUseThePages(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	for _, language := range Languages() {
		base := folder(t, Options{Language: language, BaseURL: "https://errors.example.com/"}, named(t, "vision"), named(t, "vbapi"))
		for _, name := range []string{"vision.html", Index} {
			for _, dark := range []bool{false, true} {
				if dark && language != DefaultLanguage {
					continue // the colors are the same
				}
				tab.Dark(dark)
				tab.Load(base + name)
				for _, v := range tab.Violations() {
					t.Errorf("%s in %s, dark %v: %s", name, language, dark, v)
				}
				quiet(t, tab, base+name)
			}
		}
	}
}

func TestAPageFitsAPhone(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	base := wholeCatalog(t)
	tab.Size(360, 740)
	for _, name := range []string{"vision.html", "stripe.html", "github.html", "azure.html", "json-rpc.html", Index} {
		tab.Load(base + name)
		if got := tab.Text(`document.documentElement.scrollWidth`); got != "360" {
			t.Errorf("%s: got a width of %s, want 360: %s", name, got, tab.Text(`Array.from(document.querySelectorAll("body *")).filter(e => e.getBoundingClientRect().right > 361 && !e.closest("pre")).slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join("\n")`))
		}
	}
}

func TestAPageIsCompleteWithoutJavaScript(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	d := named(t, "vision")
	tab.Scripts(false)
	tab.Load(folder(t, Options{}, d) + "vision.html")
	tab.Scripts(true) // for the questions below; the page's own script did not run
	if got := tab.Text(`document.querySelector(".search").checkVisibility()`); got != "false" {
		t.Error("a search that does nothing is shown")
	}
	text := tab.Text(`document.querySelector("main").innerText`)
	for _, c := range composed(t, d).Glance {
		for _, r := range c.Readings {
			for _, row := range r.Rows {
				if !strings.Contains(text, strings.TrimSpace(row.Text)) {
					t.Errorf("%s: %q is not shown", c.Code, row.Text)
				}
			}
		}
	}
}

// TestAPrintHoldsEveryCodeAndNothingThatOnlyAScreenCanUse also without JavaScript, in
// colors for paper, with labels no larger than their texts.
func TestAPrintHoldsEveryCodeAndNothingThatOnlyAScreenCanUse(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	base := folder(t, Options{}, named(t, "vision"), named(t, "stripe"))
	tab.Paper()
	for _, scripts := range []bool{true, false} {
		for _, name := range []string{"vision.html#204", Index} {
			tab.Scripts(scripts)
			tab.Load("about:blank")
			tab.Load(base + name)
			tab.Scripts(true) // for the questions below
			for question, want := range map[string]string{
				`Array.from(document.querySelectorAll(".search, .side, .skip, .home")).filter(e => e.checkVisibility()).map(e => e.outerHTML.slice(0, 80))`:                                               "",
				`Array.from(document.querySelectorAll(".item, .item *")).filter(e => e.textContent && !(e.checkVisibility() && e.getBoundingClientRect().height > 0)).map(e => e.outerHTML.slice(0, 80))`: "",
				`Array.from(document.querySelectorAll("pre")).filter(e => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1).map(e => e.textContent.slice(0, 80))`:                 "",
				`getComputedStyle(document.body).backgroundColor + getComputedStyle(document.body).color`:                                                                                                 "rgb(255, 255, 255)rgb(0, 0, 0)",
				`Array.from(document.querySelectorAll("dt")).filter(e => parseFloat(getComputedStyle(e).fontSize) > parseFloat(getComputedStyle(e.nextElementSibling).fontSize)).length`:                  "0",
				`Array.from(document.querySelectorAll("figure, tr, .api li")).filter(e => getComputedStyle(e).breakInside !== "avoid").length`:                                                            "0",
				`(function (e) { return e && getComputedStyle(e, "::before").display !== "none" })(document.querySelector("article.item:target")) ? "the mark of a target" : ""`:                          "",
			} {
				if got := tab.Text(question); got != want {
					t.Errorf("%s, scripts %t: %s: got %q, want %q", name, scripts, question, got, want)
				}
			}
		}
	}
}

// TestScreenshots writes what the pages look like:
//
//	go test ./page -run TestScreenshots -screenshots DIR
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("no -screenshots")
	}
	tab := browser.Open(t)
	base := wholeCatalog(t)
	write := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(*screenshots, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, look := range []struct {
		name   string
		width  int64
		height int64
		dark   bool
	}{{"wide", 1440, 1100, false}, {"middle", 1000, 1100, false}, {"narrow", 390, 1100, false}, {"dark", 1440, 1100, true}} {
		tab.Size(look.width, look.height)
		tab.Dark(look.dark)
		for _, page := range []string{"vision.html", "vision.html#204", "stripe.html#card_declined", "vision.html#page.general", Index} {
			tab.Load("about:blank")
			tab.Load(base + page)
			tab.Text(`document.documentElement.style.scrollBehavior = "auto"`)
			tab.Wait(`document.readyState === "complete"`)
			name, fragment, _ := strings.Cut(page, "#")
			if fragment != "" {
				tab.Text(`document.getElementById(location.hash.slice(1)).scrollIntoView()`)
			}
			write(strings.TrimSuffix(name, ".html")+"-"+fragment+"-"+look.name+".png", tab.Screenshot(false))
		}
	}
	tab.Load(base + "vision.html")
	write("vision.pdf", tab.PDF())
}
