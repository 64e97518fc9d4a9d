package activity_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/slogtest"

	"github.com/parlance-api/parlance/activity"
)

// noTime makes log lines the same in every run.
func noTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func TestEveryRecordCarriesTheIDAtTheTopLevel(t *testing.T) {
	t.Parallel()
	with := activity.WithID(context.Background(), "id-1")
	for name, c := range map[string]struct {
		ctx  context.Context
		log  func(*slog.Logger) *slog.Logger
		want string
	}{
		"a bare record": {with, func(l *slog.Logger) *slog.Logger { return l },
			`{"level":"INFO","msg":"hi","n":1,"activity_id":"id-1"}`},
		"attributes": {with, func(l *slog.Logger) *slog.Logger { return l.With("a", 1) },
			`{"level":"INFO","msg":"hi","a":1,"n":1,"activity_id":"id-1"}`},
		"a group": {with, func(l *slog.Logger) *slog.Logger { return l.WithGroup("g") },
			`{"level":"INFO","msg":"hi","activity_id":"id-1","g":{"n":1}}`},
		"groups and attributes mixed": {with, func(l *slog.Logger) *slog.Logger {
			return l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").With("c", 3).With("d", 4)
		}, `{"level":"INFO","msg":"hi","a":1,"activity_id":"id-1","g":{"b":2,"h":{"c":3,"d":4,"n":1}}}`},
		"a group without a name": {with, func(l *slog.Logger) *slog.Logger { return l.WithGroup("").With() },
			`{"level":"INFO","msg":"hi","n":1,"activity_id":"id-1"}`},
		"a handler wrapped twice": {with, func(l *slog.Logger) *slog.Logger {
			return slog.New(activity.NewHandler(l.With("a", 1).Handler()))
		}, `{"level":"INFO","msg":"hi","a":1,"n":1,"activity_id":"id-1"}`},
		"a context without an id": {context.Background(), func(l *slog.Logger) *slog.Logger { return l.WithGroup("g") },
			`{"level":"INFO","msg":"hi","g":{"n":1}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			logger := slog.New(activity.NewHandler(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: noTime})))
			c.log(logger).InfoContext(c.ctx, "hi", "n", 1)
			if got := strings.TrimSpace(out.String()); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestLoggersOfOneParentDoNotShareAttributes(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	parent := slog.New(activity.NewHandler(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: noTime}))).WithGroup("g").With("a", 1)
	one, two := parent.With("one", 1), parent.With("two", 2)
	ctx := activity.WithID(context.Background(), "x")
	one.InfoContext(ctx, "")
	two.InfoContext(ctx, "")
	want := `{"level":"INFO","msg":"","activity_id":"x","g":{"a":1,"one":1}}
{"level":"INFO","msg":"","activity_id":"x","g":{"a":1,"two":2}}
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}

func TestHandlerPassesTheSuiteOfSlog(t *testing.T) {
	t.Parallel()
	ids := map[string]func(slog.Handler) slog.Handler{
		"without an id": func(h slog.Handler) slog.Handler { return h },
		// The suite logs without a context of its own, so one is put below it.
		"with an id": func(h slog.Handler) slog.Handler { return under{activity.WithID(context.Background(), "x"), h} },
	}
	for name, wrap := range ids {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			h := wrap(activity.NewHandler(slog.NewJSONHandler(&out, nil)))
			err := slogtest.TestHandler(h, func() (all []map[string]any) {
				for line := range bytes.Lines(out.Bytes()) {
					var m map[string]any
					if err := json.Unmarshal(line, &m); err != nil {
						t.Fatal(err)
					}
					delete(m, activity.Key)
					all = append(all, m)
				}
				return all
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// under logs everything under one context.
type under struct {
	ctx context.Context
	slog.Handler
}

func (u under) Handle(_ context.Context, r slog.Record) error { return u.Handler.Handle(u.ctx, r) }
func (u under) WithAttrs(a []slog.Attr) slog.Handler          { return under{u.ctx, u.Handler.WithAttrs(a)} }
func (u under) WithGroup(n string) slog.Handler               { return under{u.ctx, u.Handler.WithGroup(n)} }

func TestTheErrorOfTheHandlerBelowIsReturned(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	h := activity.NewHandler(failing{slog.DiscardHandler, full})
	if err := h.Handle(activity.WithID(context.Background(), "x"), slog.Record{}); !errors.Is(err, full) {
		t.Errorf("got %v, want %v", err, full)
	}
}

type failing struct {
	slog.Handler
	err error
}

func (f failing) Handle(context.Context, slog.Record) error { return f.err }

// Every line that is logged under a request's context carries its id.
func ExampleNewHandler() {
	logger := slog.New(activity.NewHandler(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: noTime})))
	ctx := activity.WithID(context.Background(), "a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd")

	logger.InfoContext(ctx, "seat taken", "seat", 7)
	logger.WithGroup("order").InfoContext(ctx, "paid", "id", 12)
	// Output:
	// level=INFO msg="seat taken" seat=7 activity_id=a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd
	// level=INFO msg=paid activity_id=a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd order.id=12
}
