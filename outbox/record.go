package outbox

import (
	"context"
	"log/slog"
	"net/url"
	"time"

	"github.com/parlance-api/parlance/activity"
)

// WithRecords keeps a record of each request in a store of activity, in the transaction that
// ends it. So a support desk finds it by its ID, or by an ID that the vendor gave it. The
// store should be in the same database. A person who resolves a request later changes the
// outbox alone.
func WithRecords(store activity.Store) Option {
	return option(func(c *config) {
		c.made = append(c.made, func(b *Outbox) {
			b.ended = append(b.ended, func(ctx context.Context, d Delivery) error {
				story, err := b.Story(ctx, d.ID)
				if err != nil {
					return err
				}
				return store.Add(ctx, recordOf(d, story, b.dialectName(d.Request.Vendor)))
			})
		})
	})
}

func (b *Outbox) dialectName(vendor string) string {
	if d := b.Dialect(vendor); d != nil {
		return d.Name()
	}
	return ""
}

// mostCalls is how many attempts a record has; the latest ones.
const mostCalls = 200

// recordOf is the record of a request that has ended.
func recordOf(d Delivery, story []Step, dialect string) *activity.Record {
	r := &activity.Record{
		ID: d.ID, Start: d.Created, Took: d.Ended.Sub(d.Created), Method: d.Request.Method, Route: d.Request.Operation,
		Caller: d.Request.Owner, Status: d.Outcome.Status, Outcome: d.Outcome,
		Lines: []activity.Line{{Time: d.Ended, Level: levelOf(d.State), Message: "a request of the outbox has ended", Attrs: []string{
			"state=" + string(d.State), "vendor=" + d.Request.Vendor, "put_by=" + d.Activity, "why=" + activity.CleanText(d.Why),
		}}},
	}
	var host string
	if u, err := url.Parse(d.Request.URL); err == nil {
		host, r.Path = u.Host, u.EscapedPath()
	}
	if r.Dropped = len(story) - mostCalls; r.Dropped > 0 {
		story = story[r.Dropped:]
	}
	r.Dropped = max(r.Dropped, 0)
	for _, s := range story {
		c := activity.Call{Start: s.At, Took: time.Duration(s.Took * float64(time.Second)), Dialect: dialect, Method: d.Request.Method, Host: host, Path: r.Path,
			Attempt: s.Attempt, Outcome: s.Outcome, Act: s.Act, Why: s.Why}
		if u, err := url.Parse(s.Polled); err == nil && s.Polled != "" {
			c.Method, c.Host, c.Path = "GET", u.Host, u.EscapedPath()
		}
		r.Calls = append(r.Calls, c)
	}
	return r
}

// levelOf is how loud the end of a request is.
func levelOf(s State) slog.Level {
	if s == Uncertain || s == Dead {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
