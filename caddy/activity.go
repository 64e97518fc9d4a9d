package caddyparlance

import (
	"context"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/server"
)

// Activity keeps a record of each request, with every attempt at an upstream. Callers get its
// ID, and GET /parlance/activity/ID of the admin API has the record.
type Activity struct {
	Sample       int            `json:"sample,omitempty"`        // keep one of so many successes, and all failures: 1
	Retention    caddy.Duration `json:"retention,omitempty"`     // of the oldest record: 30 days
	KeepRequest  []string       `json:"keep_request,omitempty"`  // JSON pointers of values of requests
	KeepResponse []string       `json:"keep_response,omitempty"` // JSON pointers of values of responses

	front
	shared shared
}

// recorderKey is what recorders have in common.
type recorderKey struct {
	store     *openStore
	sample    int
	retention caddy.Duration
}

// recorder is a recorder in the pool.
type recorder struct{ *activity.Recorder }

// grace is how long the last records may take to be written.
const grace = 9 * time.Second

// Destruct writes the last records.
func (r recorder) Destruct() error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	return r.Close(ctx)
}

// CaddyModule names the module.
func (*Activity) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.parlance_activity", New: func() caddy.Module { return new(Activity) }}
}

// Provision opens the store.
func (a *Activity) Provision(ctx caddy.Context) error {
	if err := a.prepare(ctx); err != nil {
		return err
	}
	db, err := a.app.openStore()
	if err != nil {
		return err
	}
	if _, err := take(&a.shared, db.place, func() (*openStore, error) { return db, nil }); err != nil { // until the last record is written
		return err
	}
	rec, err := take(&a.shared, recorderKey{db, a.Sample, a.Retention}, func() (recorder, error) {
		options := []activity.Option{activity.WithLogger(a.log), activity.WithSampling(a.Sample)}
		if a.Retention > 0 {
			options = append(options, activity.WithRetention(time.Duration(a.Retention), activity.DefaultSize))
		}
		return recorder{activity.NewRecorder(db.Activity(), options...)}, nil
	})
	if err != nil {
		return err
	}
	a.options = append(a.options, server.WithRecorder(rec.Recorder, server.KeepRequest(a.KeepRequest...), server.KeepResponse(a.KeepResponse...)))
	a.middleware = func(next http.Handler) http.Handler { return next }
	return nil
}

// Cleanup writes the last records, if no other configuration writes more.
func (a *Activity) Cleanup() error {
	if a.app == nil {
		return nil
	}
	return a.app.inflight.after(a.shared.release)
}

// UnmarshalCaddyfile reads the directive:
//
//	parlance_activity [<matcher>] {
//		sample        <number>
//		retention     <time>
//		keep_request  <pointer...>
//		keep_response <pointer...>
//		to            <dialect or file>
//	}
func (a *Activity) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	if err := noArguments(d); err != nil {
		return err
	}
	return settings{
		"sample":        number(&a.Sample, 1),
		"retention":     duration(&a.Retention),
		"keep_request":  list(&a.KeepRequest),
		"keep_response": list(&a.KeepResponse),
		"to":            dialectName(&a.To, &a.Sources),
	}.read(d, "parlance_activity")
}
