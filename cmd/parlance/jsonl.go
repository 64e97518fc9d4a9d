package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/parlance-api/parlance/internal/jsontext"
)

// maxInput bounds a response, and a line of them: 64 MiB is far more than any
// recorded response, and still fits into memory with what is made of it.
const maxInput = 64 << 20

var errTooLong = fmt.Errorf("longer than %d MiB", maxInput>>20)

// lineReader reads lines of any length up to a bound. A longer one is read to
// its end and reported, so that the lines after it are still read.
type lineReader struct {
	r    *bufio.Reader
	max  int
	line []byte
}

// next is the next line without its end; it is good until the next call. The
// error is errTooLong for this line only, or io.EOF after the last.
func (l *lineReader) next() ([]byte, error) {
	l.line = l.line[:0]
	long := false
	for {
		part, err := l.r.ReadSlice('\n')
		if len(l.line)+len(part) > l.max+1 { // 1 for the LF
			long, l.line = true, l.line[:0]
		} else if !long {
			l.line = append(l.line, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && (long || len(l.line) > 0):
			// The last line needs no LF; the next call ends.
		case err != nil:
			return nil, err
		}
		if line := bytes.TrimSuffix(l.line, []byte("\n")); !long && len(line) <= l.max {
			return line, nil
		}
		return nil, errTooLong
	}
}

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
	lines := &lineReader{r: bufio.NewReaderSize(flushBeforeRead{bar.counting(a.stdin), out}, 64<<10), max: maxInput}
	var text []byte // of one response; used again
	total, failed := 0, 0
	for number := 1; ; number++ {
		line, err := lines.next()
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

// unmarshal is json.Unmarshal with errors that speak of the input and not of Go.
func unmarshal(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrong):
		where := strings.TrimPrefix(wrong.Field, "exchange.") // embedding is ours, not the input's
		if where != "" {
			where += ": "
		}
		return fmt.Errorf("%sexpected %s, found %s", where, jsonWord(wrong.Type), found(wrong.Value))
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON: %w (at byte %d)", syntax, syntax.Offset)
	}
	return err
}

// found is what the library calls a JSON value, in the words of jsonWord.
func found(value string) string {
	switch value {
	case "string":
		return "a text"
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "bool":
		return "true or false"
	case "number":
		return "a number"
	}
	return value // a number with its digits
}

// jsonWord is what a Go type is called in JSON.
func jsonWord(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Int, reflect.Uint8:
		return "a whole number"
	}
	return "a number"
}
