// Package browser drives Chromium in tests of pages: what a page shows and fetches, what
// runs in it, and whether everybody can use it. Only tests import it.
package browser

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// enough is longer than any step takes on a busy machine.
const enough = 5 * time.Minute

// Tab is a page in a browser. It is for one goroutine.
type Tab struct {
	t   testing.TB
	ctx context.Context

	dialogs chan string // that are open

	mu       sync.Mutex
	requests []string
	said     []string
}

// Open starts a browser with an empty page, until the test ends. A test is skipped if there
// is no Chromium, except in CI: .ci/setup installs it.
func Open(t testing.TB) *Tab {
	t.Helper()
	path := find()
	switch {
	case path == "" && os.Getenv("CI") != "":
		t.Fatal("there is no Chromium; .ci/setup installs it")
	case path == "":
		t.Skip("there is no Chromium; .ci/setup installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(1400, 1000),
		chromedp.WSURLReadTimeout(enough),
	)
	ctx, stop := context.WithTimeout(context.Background(), enough)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	tab := &Tab{t: t, dialogs: make(chan string, 100)}
	for attempt := 1; ; attempt++ { // a browser sometimes crashes as it starts
		tab.ctx, stop = chromedp.NewContext(ctx, chromedp.WithListener(tab.heard))
		t.Cleanup(stop)
		err := chromedp.Do(tab.ctx)
		if err == nil {
			break
		}
		if attempt == maxStarts {
			t.Fatal(err)
		}
	}
	tab.enable()
	go tab.dismiss()
	return tab
}

// maxStarts is how often a browser is started that does not come up.
const maxStarts = 3

// enable asks for the events that a test looks at.
func (b *Tab) enable() {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, network.Enable, network.EnableParams{})
	if err == nil {
		_, err = chromedp.Call(b.ctx, log.Enable, cdp.Empty{})
	}
	if err == nil {
		_, err = chromedp.Call(b.ctx, page.Enable, page.EnableParams{})
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// thrown is an exception in words.
func thrown(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

// dismiss closes each dialog, so that the page goes on.
func (b *Tab) dismiss() {
	for {
		select {
		case <-b.dialogs:
			_, _ = chromedp.Call(b.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		case <-b.ctx.Done():
			return
		}
	}
}

// find is the path of Chromium, "" for none.
func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// heard keeps an event of the page.
func (b *Tab) heard(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *network.EventWebSocketCreated:
		b.requests = append(b.requests, e.URL)
	case *runtime.EventExceptionThrown:
		b.said = append(b.said, "exception: "+thrown(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		var words []string
		for _, a := range e.Args {
			words = append(words, string(a.Value))
		}
		b.said = append(b.said, "console: "+strings.Join(words, " "))
	case *log.EventEntryAdded:
		b.said = append(b.said, "log: "+e.Entry.Text)
	case *page.EventJavascriptDialogOpening:
		b.said = append(b.said, "dialog: "+e.Message)
		select {
		case b.dialogs <- e.Message:
		default: // so many are open that the test has failed
		}
	}
}

// Do runs actions of chromedp. A failure ends the test.
func (b *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	err := chromedp.Do(b.ctx, actions...)
	for try := 1; err != nil && try < maxStarts && strings.Contains(err.Error(), "Cannot find context"); try++ {
		err = chromedp.Do(b.ctx, actions...) // the page was replaced before the action began
	}
	if err != nil {
		b.t.Fatalf("%v; the page said %q", err, b.Said())
	}
}

// Load opens a URL, and forgets the requests and what was said before.
func (b *Tab) Load(url string) {
	b.t.Helper()
	b.mu.Lock()
	b.requests, b.said = nil, nil
	b.mu.Unlock()
	b.Do(chromedp.Navigate(url))
}

// Requests are the URLs that the page asked for since it was loaded, its own first.
func (b *Tab) Requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.requests...)
}

// Said is all that the page wrote to the console, and each exception and dialog.
func (b *Tab) Said() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.said...)
}

// Type clears an input that a selector finds, and writes into it.
func (b *Tab) Type(selector, text string) {
	b.t.Helper()
	b.Do(
		chromedp.Evaluate[chromedp.Void](`(function (e) { e.value = ""; e.dispatchEvent(new Event("input", {bubbles: true})); })(document.querySelector(`+strconv.Quote(selector)+`))`),
		chromedp.SendKeys(selector, text),
	)
}

// Press presses keys, such as kb.Escape of chromedp, wherever the focus is.
func (b *Tab) Press(keys string) {
	b.t.Helper()
	b.Do(chromedp.KeyEvent(keys))
}

// Click clicks the first element that a selector finds.
func (b *Tab) Click(selector string) {
	b.t.Helper()
	b.Do(chromedp.Click(selector))
}

// Wait waits until an expression of JavaScript is true, also on a page that is loaded
// meanwhile.
func (b *Tab) Wait(expression string) {
	b.t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if is {
			return
		}
		select {
		case <-again.C:
		case <-b.ctx.Done():
			b.t.Fatalf("%s is not true: %v; the page said %q", expression, err, b.Said())
		}
	}
}

// Text is an expression of JavaScript as a text.
func (b *Tab) Text(expression string) string {
	b.t.Helper()
	return run(b, chromedp.Evaluate[string]("String("+expression+")"))
}

// Texts is an expression of JavaScript that is a list of texts.
func (b *Tab) Texts(expression string) []string {
	b.t.Helper()
	return run(b, chromedp.Evaluate[[]string]("Array.from("+expression+")"))
}

// run is the value of an action. A failure ends the test.
func run[T any](b *Tab, action chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, action)
	if err != nil {
		b.t.Fatalf("%v; the page said %q", err, b.Said())
	}
	return v
}

// Size sets the size of the window, in CSS pixels.
func (b *Tab) Size(width, height int64) {
	b.t.Helper()
	b.Do(chromedp.EmulateViewport(width, height))
}

// Dark chooses dark or light (prefers-color-scheme), on a screen.
func (b *Tab) Dark(dark bool) {
	b.t.Helper()
	b.media("screen", dark)
}

// Paper has the styles of print apply, of a reader who prefers dark.
func (b *Tab) Paper() {
	b.t.Helper()
	b.media("print", true)
}

func (b *Tab) media(name string, dark bool) {
	b.t.Helper()
	value := "light"
	if dark {
		value = "dark"
	}
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media:    name,
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// Scripts turns JavaScript on or off for the pages that are loaded later.
func (b *Tab) Scripts(on bool) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
	if err != nil {
		b.t.Fatal(err)
	}
}

// Screenshot is what the window shows, or the whole page, as PNG.
func (b *Tab) Screenshot(whole bool) []byte {
	b.t.Helper()
	if whole {
		return run(b, chromedp.FullScreenshot(100))
	}
	return run(b, chromedp.CaptureScreenshot())
}

// PDF is the page as it is printed.
func (b *Tab) PDF() []byte {
	b.t.Helper()
	return run(b, chromedp.PrintToPDF(chromedp.PDFPrintBackground()))
}
