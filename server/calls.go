package server

import (
	"context"
	"net/http"
	"time"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
)

// RecordCalls records the calls to other services in the activity record of the request
// that makes them. The record is that of the call's context. Each entry has host, path
// and the outcome that HTTP gives to the status. A nil base means
// http.DefaultTransport. Without a record, the call is only passed on.
//
//	bank := &http.Client{Transport: server.RecordCalls(nil), Timeout: 2 * time.Second}
func RecordCalls(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return behind{base}
}

type behind struct{ base http.RoundTripper }

func (b behind) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if activity.CollectorOf(ctx) == nil {
		return b.base.RoundTrip(r)
	}
	call := activity.Call{Start: time.Now(), Method: r.Method, Host: r.URL.Host, Path: r.URL.Path}
	if call.Method == "" {
		call.Method = http.MethodGet
	}
	res, err := b.base.RoundTrip(r)
	call.Took = time.Since(call.Start)
	switch until, limited := ctx.Deadline(); {
	case err != nil && limited && !time.Now().Before(until):
		// It may be called canceled: http.Client.Timeout cancels a call as well.
		call.Outcome = httpdialect.NoResponse(context.DeadlineExceeded)
	case err != nil:
		call.Outcome = httpdialect.NoResponse(err)
	default:
		call.Outcome = dialect.Generic().Decode(httpdialect.Request(dialect.Generic(), r), httpdialect.Response(res, nil)).Outcome
	}
	activity.AddCall(ctx, call)
	return res, err
}
