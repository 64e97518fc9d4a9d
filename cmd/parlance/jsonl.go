package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/parlance-api/parlance/internal/jsonl"
	"github.com/parlance-api/parlance/internal/jsontext"
)

// maxInput bounds a response, and a line of them.
const maxInput = jsonl.MaxLine

var errTooLong = jsonl.ErrTooLong

// flushBeforeRead flushes what was written before it waits for more to read:
// lines that arrive together get a response together, and a line that arrives
// alone gets a response at once.
type flushBeforeRead struct {
	r io.Reader
	w *bufio.Writer
}

func (f flushBeforeRead) Read(p []byte) (int, error) {
	if err := f.w.Flush(); err != nil {
		return 0, err
	}
	return f.r.Read(p)
}

// eachLine writes one line of JSON for every line of JSON read, in its order. A
// line that cannot get a response gets {"error": …} and makes it errFindings.
func (a *app) eachLine(response func(line []byte) (any, error)) error {
	var text bytes.Buffer
	enc := newEncoder(&text)
	return a.appendLines(func(b, line []byte) ([]byte, error) {
		v, err := response(line)
		if err != nil {
			return b, err
		}
		text.Reset()
		if err := enc.Encode(v); err != nil {
			return b, err
		}
		return append(b, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...), nil
	})
}

// appendLines is eachLine for a response that appends its own JSON.
func (a *app) appendLines(response func(b, line []byte) ([]byte, error)) error {
	out := bufio.NewWriterSize(a.stdout, 64<<10)
	bar := a.newProgress()
	lines := jsonl.NewReader(flushBeforeRead{bar.counting(a.stdin), out}, maxInput)
	var text []byte // of one response; used again
	total, failed := 0, 0
	for number := 1; ; number++ {
		line, err := lines.Next()
		if err != nil && err != errTooLong {
			if err == io.EOF {
				break
			}
			bar.clear()
			return errors.Join(err, out.Flush())
		}
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff")) // PowerShell writes one
		}
		if err == nil && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		total++
		text = text[:0]
		if err == nil {
			text, err = response(text, line)
		}
		if err != nil {
			failed++
			text = append(text[:0], `{"error":`...)
			text = append(jsontext.AppendStandard(text, fmt.Sprintf("line %d: %v", number, err)), '}')
		}
		if _, err := out.Write(append(text, '\n')); err != nil {
			bar.clear()
			return err
		}
		bar.line(total)
	}
	bar.clear()
	if err := out.Flush(); err != nil {
		return err
	}
	if failed > 0 {
		fmt.Fprintf(a.stderr, "parlance: %d of %d lines could not be read; each has {\"error\": …} in its place\n", failed, total)
		return errFindings
	}
	return nil
}

// newEncoder writes JSON for people and programs, not for HTML pages.
func newEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}
