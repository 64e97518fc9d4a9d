package browser

import (
	_ "embed"
	"strings"

	"github.com/chromedp/chromedp"
)

// axe is axe-core, which finds what keeps people from using a page. Its license (MPL 2.0)
// is beside it.
//
//go:embed testdata/axe/axe.min.js
var axe string

// Violations are the serious and critical findings of axe-core (WCAG 2.2 A and AA, and its
// best practices), each with the elements that it is about.
func (b *Tab) Violations() []string {
	b.t.Helper()
	b.Do(chromedp.Evaluate[chromedp.Void](axe + "\n;0"))
	return run(b, chromedp.Evaluate[[]string](`axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations
		.filter(v => v.impact === "serious" || v.impact === "critical")
		.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200)).join(" | ")))`, chromedp.EvalAwaitPromise))
}

// Strange are the requests of the page that are neither its own URL, with or without a
// fragment, nor data that stands in it.
func (b *Tab) Strange(own string) (all []string) {
	for _, url := range b.Requests() {
		before, _, _ := strings.Cut(url, "#")
		if mine, _, _ := strings.Cut(own, "#"); before != mine {
			all = append(all, url)
		}
	}
	return all
}
