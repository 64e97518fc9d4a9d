package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/jsonl"
	"github.com/parlance-api/parlance/openapi"
)

// file opens a recording; - is standard input.
func (k *checking) file(flag, name string) (r io.Reader, shown string, done func(), err error) {
	if name == "-" {
		k.bar = k.a.progressOf(k.a.stdin, "responses")
		return k.bar.counting(k.a.stdin), "standard input", func() {}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, "", nil, fmt.Errorf("%s: %w", flag, err)
	}
	k.bar = k.a.progressOf(f, "responses")
	return k.bar.counting(f), name, func() { _ = f.Close() }, nil // it was only read
}

// recordedLines checks a file of recorded responses.
func (k *checking) recordedLines(ctx context.Context) error {
	r, name, done, err := k.file("--jsonl", k.f.jsonl)
	if err != nil {
		return err
	}
	defer done()
	return k.each(ctx, check.JSONL(r, name), "")
}

// archive checks an HTTP Archive.
func (k *checking) archive(ctx context.Context) error {
	r, name, done, err := k.file("--har", k.f.har)
	if err != nil {
		return err
	}
	defer done()
	return k.each(ctx, check.HAR(r, name), k.f.only)
}

// document checks the examples that an OpenAPI document shows.
func (k *checking) document(context.Context) error {
	d, err := k.a.loadOpenAPI(k.f.openapi)
	if err != nil {
		return nameFlag(err, "openapi")
	}
	for s := range d.Shown() {
		at := s.Operation.Path
		if s.Name != "" {
			at += " (example " + s.Name + ")"
		}
		k.saw(k.c.Check(check.Exchange{
			Request:  dialect.Request{Method: s.Operation.Method, Path: s.Operation.Path},
			Response: dialect.Response{Status: s.Status, Header: dialect.HeaderMap{"Content-Type": {s.ContentType}}, Body: s.Body},
			At:       at, Source: k.f.openapi, Line: s.Operation.Line,
		}))
	}
	return nil
}

// each checks recorded exchanges. only is how their URLs begin.
func (k *checking) each(ctx context.Context, all iter.Seq2[check.Exchange, error], only string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	for x, err := range all {
		var line *check.LineError
		var cut *check.CutError
		switch {
		case errors.As(err, &line) || errors.As(err, &cut):
			k.cannotRead(err)
		case err != nil:
			return err
		case strings.HasPrefix(x.At, only):
			k.saw(k.c.Check(x))
		}
		if ctx.Err() != nil {
			k.cannotRead(errors.New("the check was interrupted"))
			return nil
		}
	}
	return nil
}

// live asks a live API.
func (k *checking) live(ctx context.Context) error {
	base, err := upstreamURL(k.f.url)
	var m *mistake
	if errors.As(err, &m) {
		m.hint = strings.ReplaceAll(m.hint, "--upstream", "--url")
	}
	if err != nil {
		return nameFlag(err, "url")
	}
	if k.f.rate <= 0 || k.f.timeout <= 0 {
		return &mistake{message: "--rate and --timeout must be above zero", hint: "leave them out for 10 requests a second and 10 seconds"}
	}
	header, err := headerLines(k.f.headers, &secrets{})
	if err != nil {
		return err
	}
	probes, err := k.probes(base)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	l := &check.Live{Checker: k.c, Base: base, Client: k.a.base, Header: header, Timeout: k.f.timeout, Rate: k.f.rate, Unsafe: k.f.unsafe, Provoke: k.f.provoke}
	k.bar = k.a.progressOf(nil, "requests")
	k.bar.total = l.Probes(slices.Values(probes))
	asked, err := l.Run(ctx, slices.Values(probes), func(_ check.Exchange, found []check.Finding) { k.saw(found) })
	k.skipped = asked.Skipped
	k.checked -= asked.Unanswered
	if ctx.Err() != nil {
		k.cannotRead(errors.New("the check was interrupted"))
		return nil
	}
	if errors.Is(err, check.ErrNoResponse) {
		k.checked = 0
	}
	return err
}

// probes are the requests for a live API.
func (k *checking) probes(base *url.URL) (all []check.Probe, err error) {
	if k.f.requests != "" {
		if all, err = readProbes(k.f.requests); err != nil {
			return nil, nameFlag(err, "requests")
		}
	}
	if k.f.openapi != "" {
		source, err := os.ReadFile(k.f.openapi)
		if err != nil {
			return nil, nameFlag(err, "openapi")
		}
		doc, err := openapi.Read(k.f.openapi, source)
		if err != nil {
			return nil, &mistake{message: fmt.Sprintf("the OpenAPI document %s has faults", k.f.openapi), hint: "correct the places above", cause: err}
		}
		all = append(all, operations(doc)...)
	}
	if k.f.requests == "" && k.f.openapi == "" {
		target := "/"
		if base.RawQuery != "" {
			target += "?" + base.RawQuery
		}
		all = []check.Probe{{Target: target}}
	}
	if len(all) == 0 {
		return nil, &mistake{message: "there is no request to send", hint: "a file of --requests has one a line: GET /cameras"}
	}
	return all, nil
}

// operations are the requests of an OpenAPI document.
func operations(doc *openapi.Document) (all []check.Probe) {
	for _, o := range doc.Operations() {
		for _, c := range append([]openapi.Call{o.Call()}, o.Wrong()...) {
			all = append(all, check.Probe{Method: c.Method, Target: c.Target, Header: c.Header, Body: c.Body, Wrong: c.Wrong})
		}
	}
	return all
}

// readProbes reads a file of requests.
func readProbes(name string) (all []check.Probe, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if line = bytes.TrimSpace(line); len(line) == 0 || line[0] == '#' {
			continue
		}
		p, err := probeOf(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// probeOf is one line: GET /path, or an object.
func probeOf(line []byte) (p check.Probe, err error) {
	if line[0] != '{' {
		words := strings.Fields(string(line))
		if len(words) != 2 || !strings.HasPrefix(words[1], "/") || strings.ToUpper(words[0]) != words[0] {
			return p, fmt.Errorf("expected a method and a path, such as GET /cameras, found %q", short(string(line)))
		}
		return check.Probe{Method: words[0], Target: words[1]}, nil
	}
	var r struct {
		Method string       `json:"method"`
		Path   string       `json:"path"`
		Header jsonl.Fields `json:"request_headers"`
		Body   *string      `json:"request_body"`
	}
	if err := jsonl.Unmarshal(line, &r); err != nil {
		return p, err
	}
	if !strings.HasPrefix(r.Path, "/") {
		return p, errors.New("path: expected one that begins with a slash")
	}
	p = check.Probe{Method: strings.ToUpper(r.Method), Target: r.Path}
	for name, values := range r.Header {
		for _, v := range values {
			p.Header = append(p.Header, dialect.HeaderField{Name: name, Value: v})
		}
	}
	if r.Body != nil {
		p.Body = []byte(*r.Body)
	}
	return p, nil
}

// short is the beginning of a text for a message.
func short(text string) string {
	if len(text) > 60 {
		return strings.ToValidUTF8(text[:60], "") + "…"
	}
	return text
}

// proxy stands before an API until it is interrupted.
func (k *checking) proxy(ctx context.Context) error {
	upstream, err := upstreamURL(k.f.upstream)
	if err != nil {
		return err
	}
	if open, why := public(k.f.listen); open {
		fmt.Fprintf(k.a.stderr, "warning: %s, so other machines can reach the proxy\n", why)
	}
	logger := slog.New(slog.NewTextHandler(k.a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	var mu sync.Mutex
	handler := check.Proxy(k.c, upstream, k.a.base, func(_ check.Exchange, found []check.Finding) {
		mu.Lock()
		defer mu.Unlock()
		k.saw(found)
	})
	return k.a.serve(ctx, k.f.listen, &mockServer{handler: handler, log: logger}, func(address string) string {
		fmt.Fprintf(k.a.stderr, "%s checks %s; Ctrl-C ends it and reports\n", address, upstream.Redacted())
		return ""
	}, logger)
}
