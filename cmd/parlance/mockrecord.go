package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/mock/record"
)

// recordMock passes requests through to an API and keeps the exchanges, until the context
// ends or a signal comes.
func (a *app) recordMock(ctx context.Context, d *dialect.Dialect, f *mockFlags, logger *slog.Logger) (err error) {
	upstream, err := apiURL("record", f.record)
	if err != nil {
		return nameFlag(err, "record")
	}
	file, err := openRecording(f.save)
	if err != nil {
		return nameFlag(&mistake{message: err.Error(), hint: "name a file in a folder that you may write to", cause: err}, "save")
	}
	w := record.Cases(file, d)
	if isHAR(f.save) {
		w = record.HAR(file)
	}
	r := record.New(upstream, d, w, record.WithLogger(logger), record.WithObserver(a.accessLog(f.logFormat)))
	banner := func(url string) string {
		return fmt.Sprintf("%s records %s in %s\ntry:\n  curl -i '%s/orders/7'\n", url, upstream.Redacted(), f.save, url)
	}
	err = a.serve(ctx, f.listen, &mockServer{handler: r, log: logger}, banner, logger)
	if failed := errors.Join(r.Close(), file.Close()); err == nil && failed != nil {
		return &mistake{message: "not all is recorded: " + failed.Error(), hint: "--save names another file", cause: failed}
	}
	return err
}

// openRecording opens the file of a recording. Cases are added to those that are there, and
// an archive begins anew.
func openRecording(name string) (*os.File, error) {
	flags := os.O_RDWR | os.O_CREATE | os.O_APPEND
	if isHAR(name) {
		flags = os.O_RDWR | os.O_CREATE | os.O_EXCL
	}
	return os.OpenFile(name, flags, 0o600)
}

func isHAR(name string) bool { return strings.EqualFold(filepath.Ext(name), ".har") }

// maxRecording bounds, in bytes, a file that is replayed: it is held in memory.
const maxRecording = 256 << 20

// recordedIn are the exchanges in a file.
func (a *app) recordedIn(name string) (cases []authoring.Case, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, &mistake{message: err.Error(), hint: "--record URL --save " + name + " makes one", cause: err}
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > maxRecording {
		return nil, &mistake{message: fmt.Sprintf("%s has more than %d MiB", name, maxRecording>>20), hint: "a mock holds what it replays in memory: take a part of it"}
	}
	bounded := io.LimitReader(file, maxRecording) // a pipe has no size
	if isHAR(name) {
		cases, err = a.archived(name, bounded)
	} else {
		cases, err = casesIn(name, bounded)
	}
	if err == nil && len(cases) == 0 {
		err = &mistake{message: fmt.Sprintf("the file %s holds no exchange", name), hint: "--record URL --save " + name + " adds some"}
	}
	return cases, err
}

// casesIn are the cases of a file.
func casesIn(name string, r io.Reader) ([]authoring.Case, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, &mistake{message: err.Error(), hint: "name a file of cases or an HTTP Archive", cause: err}
	}
	cases, err := authoring.Cases(name, text)
	if err != nil {
		return nil, &mistake{message: fmt.Sprintf("the file %s has faults", name), hint: "parlance test --help shows the form of a case", cause: err}
	}
	return cases, nil
}

// archived are the exchanges of an HTTP Archive. It warns of entries that cannot be read, and
// of an end that is missing.
func (a *app) archived(name string, r io.Reader) (all []authoring.Case, err error) {
	for x, err := range check.HAR(r, name) {
		var entry *check.LineError
		var cut *check.CutError
		switch {
		case errors.As(err, &entry), errors.As(err, &cut):
			fmt.Fprintf(a.stderr, "warning: %s\n", printable(err.Error()))
			continue
		case err != nil:
			return nil, &mistake{message: err.Error(), hint: `an HTTP Archive begins with {"log": {"entries": [`, cause: err}
		}
		c := authoring.Case{Name: fmt.Sprintf("%s:%d", filepath.Base(name), x.Line), Request: x.Request, Response: x.Response}
		if u, err := url.Parse(x.At); err == nil && u.RawQuery != "" {
			c.Request.Path += "?" + u.RawQuery
		}
		all = append(all, c)
	}
	return all, nil
}
