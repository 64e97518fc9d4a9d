package node_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/internal/browser"
	"github.com/parlance-api/parlance/page"
)

// readsOnAPage makes the page of vms with the core in it, and pastes responses as a reader
// does. The page fetches nothing, and no text of a response becomes a part of it but as text.
func readsOnAPage(t *testing.T, from string) {
	dir := t.TempDir()
	if out, err := exec.Command("node", filepath.Join(from, "files.js"), "--try", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	core, err := os.ReadFile(filepath.Join(dir, "parlance-try.js"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, err := catalog.Read("vms")
	if err != nil {
		t.Fatal(err)
	}
	d, err := catalog.Open("vms")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "vms.html"))
	if err != nil {
		t.Fatal(err)
	}
	err = page.HTML(file, page.Options{Trial: &page.Trial{Core: string(core), Texts: map[string]string{"vms": string(text)}}}, d)
	if err != nil || file.Close() != nil {
		t.Fatal(err)
	}
	url := "file://" + filepath.ToSlash(file.Name())
	tab := browser.Open(t)
	tab.Load(url)

	// The keyboard alone: each field is reached with Tab and has a label, and Ctrl+Enter reads.
	tab.Text(`document.getElementById("page.try.method").select()`)
	tab.Press("POST" + kb.Tab + "https://vms.example/api/v2/employees" + kb.Tab)
	for id, want := range map[string]string{"method": "POST", "path": "https://vms.example/api/v2/employees"} {
		if got := tab.Text(`document.getElementById("page.try.` + id + `").value`); !strings.HasSuffix(got, want) {
			t.Errorf("%s: got %q, want %q", id, got, want)
		}
	}
	if got := tab.Text(`document.activeElement.labels[0].textContent`); got != "Response" {
		t.Errorf("after two tabs: got the label %q, want Response", got)
	}
	paste := func(text string) {
		t.Helper()
		tab.Text(`(document.getElementById("page.try.result").replaceChildren(), document.getElementById("page.try.text").value = ` + strconv.Quote(text) + `, 0)`)
		tab.Text(`(document.getElementById("page.try.text").dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", ctrlKey: true, bubbles: true, cancelable: true})), 0)`)
		tab.Wait(`document.getElementById("page.try.result").textContent !== ""`)
	}
	result := func() string { return tab.Text(`document.getElementById("page.try.result").innerText`) }
	for _, p := range []struct {
		name, text string
		want       []string
	}{
		{"a 422 after a 100", "HTTP/1.1 100 Continue\r\n\r\nHTTP/2 422 \r\ncontent-type: application/json\r\n\r\n" +
			`{"status":"NOT_OK","message":"The given data was invalid.","errors":{"name":["The name field is required."]}}`,
			[]string{"invalid/fields", "name", "The name field is required.", "vms.yaml:"}},
		{"HTML with a script", "HTTP/1.1 502 Bad Gateway\nContent-Type: text/html\nX-Request-Id: <img src=x onerror=window.ran=1>\n\n" +
			`<html><title><b>no</b></title><script>window.ran=1</script><img src=x onerror=window.ran=1></html>`,
			[]string{"bad_gateway"}},
		{"a script in a field", "HTTP/1.1 422 X\nContent-Type: application/json\n\n" +
			`{"status":"NOT_OK","message":"<script>window.ran=1</script>","errors":{"<img src=x onerror=window.ran=1>":["<svg onload=window.ran=1>"]}}`,
			[]string{"invalid/fields", "<svg onload=window.ran=1>"}},
		{"no status line", `{"error": 1}`, []string{"HTTP/1.1 404 Not Found"}},
	} {
		paste(p.text)
		got := result()
		for _, want := range p.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: got %q, want %q in it", p.name, got, want)
			}
		}
		if n := tab.Text(`document.querySelectorAll("#page\\.try\\.result :is(script, img, svg, iframe, b)").length`); n != "0" {
			t.Errorf("%s: the response made %s elements", p.name, n)
		}
		for _, v := range tab.Violations() {
			t.Errorf("%s: %s", p.name, v)
		}
	}
	if ran := tab.Text(`String(window.ran)`); ran != "undefined" {
		t.Error("a script of a response ran")
	}
	if strange, said := tab.Strange(url), tab.Said(); len(strange)+len(said) > 0 {
		t.Errorf("the page asked for %q and said %q, want nothing", strange, said)
	}
	tab.Size(360, 740)
	if got := tab.Text(`document.documentElement.scrollWidth`); got != "360" {
		t.Errorf("on a phone: got a width of %s, want 360", got)
	}
}
