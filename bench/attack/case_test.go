package attack

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A hostile is traffic of one section of a file in testdata. A section is:
//
//	== name                  in words
//	want 200 or 400          what is allowed to come of it
//	want/gateway 502         the same for targets that begin so
//	times 16                 how often at once; 1 without it
//	bound 64                 the peak of the resident memory of the process in MiB; see defaultBound
//	heavy                    only by make attack
//	slowly                   each byte is written by itself
//	cut                      the sender then closes, and nothing follows
//	surplus                  bytes follow the response. net/http gives the connection back
//	                         before it looks for them, so the next request may get them
//	| bytes\r\n              with the escapes of Go; an end of a line is written out
//	1000* a: b\r\n           the same so many times; forever* until the other closes
//	gzip 1000* x             the same, compressed
type hostile struct {
	name    string
	want    map[string]string
	times   int
	bound   int
	heavy   bool
	slowly  bool
	cut     bool
	surplus bool
	parts   []part
}

// A part is a text so many times over; without an end if times is below 0.
type part struct {
	text  []byte
	times int
}

// defaultBound holds Go's own runtime, the catalog, and some garbage.
const defaultBound = 128

// load reads a file of testdata.
func load(t *testing.T, name string) []*hostile {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var all []*hostile
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if title, ok := strings.CutPrefix(line, "== "); ok {
			all = append(all, &hostile{name: title, want: map[string]string{}, times: 1, bound: defaultBound})
			continue
		}
		if len(all) == 0 {
			t.Fatalf("%s:%d: nothing comes before the first section", name, n)
		}
		if err := all[len(all)-1].add(line); err != nil {
			t.Fatalf("%s:%d: %v", name, n, err)
		}
	}
	return all
}

// add reads one line of a section.
func (h *hostile) add(line string) (err error) {
	key, rest, _ := strings.Cut(line, " ")
	switch {
	case key == "want" || strings.HasPrefix(key, "want/"):
		_, target, _ := strings.Cut(key, "/")
		h.want[target] = rest
	case key == "times":
		h.times, err = strconv.Atoi(rest)
	case key == "bound":
		h.bound, err = strconv.Atoi(rest)
	case line == "heavy":
		h.heavy = true
	case line == "slowly":
		h.slowly = true
	case line == "surplus":
		h.surplus = true
	case line == "cut":
		h.cut = true
	default:
		var p part
		p, err = parsePart(line)
		h.parts = append(h.parts, p)
	}
	return err
}

func parsePart(line string) (p part, err error) {
	times, text, ok := strings.Cut(line, " ")
	if times == "gzip" {
		return zipped(text)
	}
	count, repeated := strings.CutSuffix(times, "*")
	switch {
	case !ok:
		return p, fmt.Errorf("no such line: %s", line)
	case times == "|":
		p.times = 1
	case count == "forever":
		p.times = -1
	case repeated:
		p.times, err = strconv.Atoi(count)
	default:
		err = fmt.Errorf("no such line: %s", line)
	}
	if err != nil {
		return p, err
	}
	text, err = strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
	p.text = []byte(text)
	return p, err
}

func zipped(line string) (part, error) {
	p, err := parsePart(line)
	if err != nil {
		return p, err
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := errors.Join(p.send(z), z.Close()); err != nil {
		return p, err
	}
	return part{b.Bytes(), 1}, nil
}

// send writes a part.
func (p part) send(w io.Writer) error {
	for i := 0; i != p.times; i++ {
		if _, err := w.Write(p.text); err != nil {
			return err
		}
	}
	return nil
}

// send writes all and what follows it, until the other closes.
func (h *hostile) send(w io.Writer, follows string) error {
	size := 4096 // what fits arrives at once
	if h.slowly {
		size = 1
	}
	b := bufio.NewWriterSize(byPiece{w, size}, size)
	for _, p := range h.parts {
		if err := p.send(b); err != nil {
			return err
		}
	}
	b.WriteString(follows)
	return b.Flush()
}

// byPiece writes pieces of a size or less.
type byPiece struct {
	w    io.Writer
	size int
}

func (b byPiece) Write(p []byte) (n int, err error) {
	for piece := range slices.Chunk(p, b.size) {
		c, err := b.w.Write(piece)
		if n += c; err != nil {
			return n, err
		}
	}
	return n, nil
}

// method is that of the first request.
func (h *hostile) method() string {
	method, _, _ := strings.Cut(string(h.parts[0].text), " ")
	return method
}

// allows says whether that may come of it at a target.
func (h *hostile) allows(t *testing.T, target, got string) {
	t.Helper()
	want, best := h.want[""], ""
	for prefix, text := range h.want {
		if strings.HasPrefix(target, prefix) && len(prefix) > len(best) {
			want, best = text, prefix
		}
	}
	for allowed := range strings.SplitSeq(want, " or ") {
		if got == allowed {
			return
		}
	}
	t.Errorf("got %s, want %s", got, want)
}
