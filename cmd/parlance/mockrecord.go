package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

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
func recordedIn(name string) ([]authoring.Case, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, &mistake{message: err.Error(), hint: "--record URL --save " + name + " makes one", cause: err}
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxRecording+1))
	if err == nil && len(text) > maxRecording {
		err = fmt.Errorf("%s has more than %d MiB", name, maxRecording>>20)
	}
	if err != nil {
		return nil, &mistake{message: err.Error(), hint: "a mock holds what it replays in memory: take a part of it", cause: err}
	}
	cases, err := authoring.Cases(name, text)
	if err != nil {
		return nil, &mistake{message: fmt.Sprintf("the file %s has faults", name), hint: "parlance test --help shows the form of a case", cause: err}
	}
	if len(cases) == 0 {
		return nil, &mistake{message: fmt.Sprintf("the file %s holds no exchange", name), hint: "--record URL --save " + name + " adds some"}
	}
	return cases, nil
}
