// Package golden holds what an example and the client end say to each other
// against a file, for its test.
package golden

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Tape is a RoundTripper that records what passes, each message whole.
type Tape struct {
	Base http.RoundTripper
	Slow bool // time is virtual, so that it can be said how much of it passed

	mu   sync.Mutex
	last time.Time // the end of the last exchange
	text strings.Builder
}

// RoundTrip sends a request, and records it with its response or its error.
func (t *Tape) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := read(&r.Body)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if passed := time.Since(t.last); t.Slow && !t.last.IsZero() && passed > 0 {
		text := passed.String()
		if passed%time.Second != 0 {
			text = "a while" // a backoff is drawn by lot
		}
		fmt.Fprintf(&t.text, "… %s later\n\n", text)
	}
	t.message(r.Method+" "+r.URL.RequestURI(), r.Header, sent)
	res, err := t.Base.RoundTrip(r)
	if err != nil {
		fmt.Fprintf(&t.text, "no response\n\n")
		return nil, err
	}
	got, err := read(&res.Body)
	if err != nil {
		return nil, err
	}
	t.message(res.Status, res.Header, got)
	t.last = time.Now()
	return res, nil
}

// Rewind forgets what was recorded: what led to the cause, and is not of it.
func (t *Tape) Rewind() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text.Reset()
	t.last = time.Time{}
}

func (t *Tape) message(first string, h http.Header, body string) {
	write(&t.text, first, h, body)
	if body != "" {
		fmt.Fprintln(&t.text)
	}
}

// write writes one half of an exchange, its header in the order of the names.
func write(w io.Writer, first string, h http.Header, body string) {
	fmt.Fprintln(w, first)
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			fmt.Fprintf(w, "%s: %s\n", name, value)
		}
	}
	fmt.Fprintf(w, "\n%s\n", body)
}

// read reads a body and puts it back.
func read(body *io.ReadCloser) (string, error) {
	if *body == nil {
		return "", nil
	}
	defer (*body).Close()
	text, err := io.ReadAll(*body)
	*body = io.NopCloser(bytes.NewReader(text))
	return string(text), err
}

// What is another in each run, in groups: ids, tokens, dates, and what is left of
// a limit that fills up as time passes.
var changing = regexp.MustCompile(`([0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})|(?:^|[^\w-])([\w-]{43}(?:\.[0-9a-z]+)?)(?:[^\w-]|$)|(\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT)|(r=\d+;t=\d+)`)

// String is the recording. Values that change are numbered in the order of their
// first occurrence, so that equal recordings stay equal.
func (t *Tape) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := t.text.String()
	names, ids, tokens := map[string]string{}, 0, 0
	var b strings.Builder
	end := 0
	for _, m := range changing.FindAllStringSubmatchIndex(text, -1) {
		group := 1
		for m[2*group] < 0 {
			group++
		}
		from, to := m[2*group], m[2*group+1]
		found := text[from:to]
		if names[found] == "" {
			switch group {
			case 1:
				ids++
				names[found] = fmt.Sprintf("ID-%d", ids)
			case 2:
				tokens++
				names[found] = fmt.Sprintf("TOKEN-%d", tokens)
			case 3:
				names[found] = "DATE"
			case 4:
				names[found] = "r=LEFT;t=SECONDS"
			}
		}
		b.WriteString(text[end:from])
		b.WriteString(names[found])
		end = to
	}
	b.WriteString(text[end:])
	return b.String()
}
