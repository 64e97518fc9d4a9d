package activity_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/store/memory"
)

// What is logged under a context, and what was asked of others, is kept and found
// by the id. A server does the beginning and the end: see server.WithRecorder.
func ExampleRecorder() {
	store := memory.New().Activity()
	recorder := activity.NewRecorder(store)
	logger := slog.New(activity.NewHandler(slog.DiscardHandler)) // here: the program's own

	ctx := activity.WithID(context.Background(), "a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd")
	ctx, collector := recorder.Begin(ctx, activity.Record{Method: "POST", Path: "/seats"})
	logger.InfoContext(ctx, "seat taken", "seat", 7, "access_token", "hunter2")
	collector.End(nil)
	recorder.Close(ctx)

	record, err := store.Find(ctx, "a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd")
	if err != nil {
		panic(err)
	}
	fmt.Println(record.Method, record.Path, record.Lines[0].Message, record.Lines[0].Attrs)
	// Output:
	// POST /seats seat taken [seat=7 access_token=[redacted]]
}

// A busy service keeps one of a hundred successes, and every request that failed.
func ExampleWithSampling() {
	store := memory.New().Activity()
	recorder := activity.NewRecorder(store, activity.WithSampling(100))
	ctx, collector := recorder.Begin(context.Background(), activity.Record{ID: "id-7", Method: "POST", Path: "/orders"})
	collector.End(func(r *activity.Record) { r.Outcome = parlance.Outcome{Kind: parlance.KindConflict, Code: "sold_out"} })
	recorder.Close(ctx)

	record, err := store.Find(ctx, "id-7")
	if err != nil {
		panic(err)
	}
	fmt.Println(record.Path, record.Outcome.Kind, record.Outcome.Code)
	// Output:
	// /orders conflict sold_out
}

// An observer of the client tells of its attempts. The client itself imports
// nothing that knows of activity.
func ExampleAddCall() {
	d, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	calls := client.ObserverFunc(func(ctx context.Context, req *http.Request, a *client.Attempt) {
		activity.AddCall(ctx, activity.Call{
			Start: a.Start, Took: a.Took, Dialect: d.Name(), Method: req.Method, Host: req.URL.Host, Path: req.URL.Path,
			Attempt: a.Number, Outcome: a.Outcome, Act: a.Decision.Act, Why: a.Decision.Why,
		})
	})
	c := &http.Client{Transport: client.New(d, client.WithObserver(calls), client.WithBase(busy{}))}

	store := memory.New().Activity()
	recorder := activity.NewRecorder(store)
	ctx, collector := recorder.Begin(context.Background(), activity.Record{ID: "id-1"}) // as a server does
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "https://stock.test/seats?key=hunter2", nil)
	if resp, err := c.Do(req); err == nil {
		resp.Body.Close()
	}
	collector.End(nil)
	recorder.Close(ctx)

	record, err := store.Find(ctx, "id-1")
	if err != nil {
		panic(err)
	}
	for _, c := range record.Calls {
		fmt.Println(c.Attempt, c.Dialect, c.Method, c.Host+c.Path, c.Outcome.Status, c.Outcome.Kind, c.Act)
	}
	// Output:
	// 1 vms GET stock.test/seats 404 not_found stop
}

// busy responds without a network.
type busy struct{}

func (busy) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: 404, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"message":"no"}`)), Request: req,
	}, nil
}
