package activity_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/parlance-api/parlance/activity"
)

// BenchmarkGather is what it costs a request to be recorded: its beginning and
// end, and two lines.
func BenchmarkGather(b *testing.B) {
	recorder := activity.NewRecorder(nothing{})
	defer recorder.Close(context.Background())
	log := slog.New(activity.NewHandler(slog.DiscardHandler))
	for _, by := range []struct {
		name  string
		lines int
	}{{"no-lines", 0}, {"two-lines", 2}} {
		b.Run(by.name, func(b *testing.B) {
			ctx := activity.WithID(context.Background(), "a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd")
			b.ReportAllocs()
			for b.Loop() {
				ctx, c := recorder.Begin(ctx, activity.Record{Method: "GET", Path: "/cameras/7"})
				for range by.lines {
					log.InfoContext(ctx, "camera read", "camera", "7", "took", time.Millisecond)
				}
				c.End(nil)
			}
		})
	}
}

type nothing struct{ activity.Store }

func (nothing) Add(context.Context, *activity.Record) error { return nil }
