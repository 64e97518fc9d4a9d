package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"unicode/utf8"

	"github.com/parlance-api/parlance/dialect"
)

// bodyFile is where the body goes. A file is opened before anything is sent, so
// that no response is lost for want of a place, and emptied when the response is there.
func (a *app) bodyFile(name string) (io.WriteCloser, error) {
	if name == "" || name == "-" {
		return standard{a.stdout}, nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, &mistake{message: "--output: " + err.Error(), hint: "without it the body goes to standard output", cause: err}
	}
	return f, nil
}

// standard is standard output, which is not ours to close.
type standard struct{ io.Writer }

func (standard) Close() error { return nil }

// unwritten is a response that could not be written, which is no fault of its own.
type unwritten struct{ err error }

func (u *unwritten) Error() string { return "cannot write the body: " + u.err.Error() }
func (u *unwritten) Unwrap() error { return u.err }

type careful struct{ w io.Writer }

func (c careful) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	if err != nil {
		err = &unwritten{err}
	}
	return n, err
}

// writeBody writes the body as it came and, where head is set, what stands
// before it. The error is what broke it off, or an *unwritten.
func writeBody(w io.WriteCloser, resp *http.Response, head string) error {
	if f, ok := w.(*os.File); ok {
		_ = f.Truncate(0) // what cannot be emptied is no file with something in it
	}
	out := careful{w}
	if _, err := io.WriteString(out, head); err != nil {
		return err
	}
	var err error
	if s, ok := w.(standard); ok && isTerminal(s.Writer) {
		err = showBody(out, resp)
	} else {
		_, err = io.Copy(out, resp.Body)
	}
	if full := (*unwritten)(nil); errors.As(err, &full) {
		return err
	}
	if closing := w.Close(); closing != nil {
		return &unwritten{closing}
	}
	return err
}

// showBody writes a body to a terminal: JSON is laid out, and what would change
// the terminal is not written.
func showBody(w io.Writer, resp *http.Response) error {
	body, broken := io.ReadAll(io.LimitReader(resp.Body, maxInput))
	if !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0 {
		_, err := fmt.Fprintf(w, "(%s bytes that are not text; -o FILE saves them)\n", thousands(len(body)))
		return errors.Join(err, broken)
	}
	var laid bytes.Buffer
	if json.Indent(&laid, body, "", "  ") == nil {
		body = laid.Bytes()
	}
	if len(body) > 0 && !bytes.HasSuffix(body, []byte("\n")) {
		body = append(body, '\n')
	}
	_, err := io.WriteString(w, printable(string(body)))
	return errors.Join(err, broken)
}

// headOf is the head of a response as decode reads it, its cookies hidden.
func headOf(resp *http.Response, hidden *secrets) string {
	b := []byte(resp.Proto + " " + resp.Status + "\r\n")
	for _, p := range pairsOf(resp.Header, hidden) {
		b = append(b, p.Name+": "+p.Value+"\r\n"...)
	}
	return hidden.mask().Replace(string(append(b, "\r\n"...)))
}

// pairsOf are header fields by their names, those that are secret hidden.
func pairsOf(header http.Header, hidden *secrets) pairs {
	all := pairs{}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			all = append(all, dialect.HeaderField{Name: name, Value: hidden.value(name, value)})
		}
	}
	return all
}
