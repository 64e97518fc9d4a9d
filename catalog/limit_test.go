package catalog_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// A limit is one, and safe to retry, however the vendor words it or wherever it says when.
func TestALimitIsKnownHoweverItIsWorded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	const secondary = parlance.Reason("secondary_limit")
	for _, c := range []struct {
		name, dialect string
		status        int
		header        http.Header
		body          string
		kind          parlance.Kind
		reason        parlance.Reason
		act           parlance.Act
		after         time.Duration
		safe          bool // for a POST without a key
	}{
		{"a secondary limit in its old words", "github", 403, http.Header{"Retry-After": {"60"}}, `{"message":"You have triggered an abuse detection mechanism. Please wait."}`, parlance.KindRateLimited, secondary, parlance.ActRetry, time.Minute, true},
		{"its old words alone", "github", 403, nil, `{"message":"You have triggered an abuse detection mechanism. Please wait."}`, parlance.KindRateLimited, secondary, parlance.ActRetry, time.Minute, true},
		{"other words with a time", "github", 403, http.Header{"Retry-After": {"90"}}, `{"message":"Slow down."}`, parlance.KindRateLimited, secondary, parlance.ActRetry, 90 * time.Second, true},
		{"a page with a time", "github", 403, http.Header{"Content-Type": {"text/html"}, "Retry-After": {"90"}}, `<html><title>Whoa there!</title></html>`, parlance.KindRateLimited, secondary, parlance.ActRetry, 90 * time.Second, true},
		{"a primary limit beside a time", "github", 403, http.Header{"Retry-After": {"90"}, "X-Ratelimit-Remaining": {"0"}}, `{"message":"API rate limit exceeded"}`, parlance.KindRateLimited, "primary_limit", parlance.ActRetry, 90 * time.Second, true},
		{"a refusal without a time", "github", 403, nil, `{"message":"Resource not accessible by integration"}`, parlance.KindForbidden, "", parlance.ActStop, 0, false},
		{"a model without capacity", "openai", 429, nil, `{"error":{"message":"m","type":"server_error","param":null,"code":null}}`, parlance.KindUnavailable, parlance.ReasonOverloaded, parlance.ActRetry, 0, true},
		{"a model without capacity, by its code", "openai", 429, nil, `{"error":{"message":"m","type":"service_unavailable_error","param":null,"code":"server_is_overloaded"}}`, parlance.KindUnavailable, parlance.ReasonOverloaded, parlance.ActRetry, 0, true},
		{"a fault of the server", "openai", 500, nil, `{"error":{"message":"m","type":"server_error","param":null,"code":null}}`, parlance.KindInternal, "", parlance.ActRetry, 0, false},
		{"a credit that is used up", "openai", 429, nil, `{"error":{"message":"m","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`, parlance.KindQuota, parlance.ReasonBalance, parlance.ActStop, 0, false},
		{"a longer time in the header", "discord", 429, http.Header{"Retry-After": {"60"}}, `{"message":"You are being rate limited.","retry_after":1.5,"global":false}`, parlance.KindRateLimited, "", parlance.ActRetry, time.Minute, true},
		{"the same time in whole seconds", "discord", 429, http.Header{"Retry-After": {"65"}}, `{"message":"You are being rate limited.","retry_after":64.57,"global":false}`, parlance.KindRateLimited, "", parlance.ActRetry, 64570 * time.Millisecond, true},
		{"milliseconds beside seconds", "openai", 429, http.Header{"Retry-After-Ms": {"1500"}, "Retry-After": {"2"}}, `{"error":{"message":"m","type":"requests","param":null,"code":"rate_limit_exceeded"}}`, parlance.KindRateLimited, "", parlance.ActRetry, 1500 * time.Millisecond, true},
		{"a moment", "slack", 429, http.Header{"Retry-After": {"1795190490"}}, `{"ok":false,"error":"ratelimited"}`, parlance.KindRateLimited, "", parlance.ActRetry, 90 * time.Second, true},
		{"an instant", "azure", 429, http.Header{"Retry-After": {"2026-11-20T16:01:30Z"}}, `{"error":{"code":"TooManyRequests","message":"m"}}`, parlance.KindRateLimited, "", parlance.ActRetry, 90 * time.Second, true},
	} {
		t.Run(c.dialect+": "+c.name, func(t *testing.T) {
			t.Parallel()
			d := opened(t, c.dialect)
			req := dialect.Request{Method: "POST", Path: "/v1/things"}
			res := dialect.Response{Status: c.status, Header: c.header, Body: []byte(c.body), Received: now}
			o := d.Decode(req, res).Outcome
			p := d.Decide(req, &o)
			if o.Kind != c.kind || o.Reason != c.reason || p.Act != c.act || p.After != c.after || p.RetrySafe != c.safe {
				t.Errorf("it is %s/%s, %s after %s, safe %v; not %s/%s, %s after %s, safe %v", o.Kind, o.Reason, p.Act, p.After, p.RetrySafe, c.kind, c.reason, c.act, c.after, c.safe)
			}
			if g := d.Classify(req, res); g.Kind != c.kind || g.Reason != c.reason || g.Decision.After != c.after {
				t.Errorf("classified, it is %s/%s after %s", g.Kind, g.Reason, g.Decision.After)
			}
		})
	}
}

// Under 403 a client of GitHub takes a response with Retry-After for a limit and comes
// back, so a refusal is written without it.
func TestARefusalOfGitHubIsWrittenWithoutATime(t *testing.T) {
	t.Parallel()
	d := opened(t, "github")
	o := parlance.Outcome{Kind: parlance.KindForbidden, Detail: "no", RetryAfter: time.Minute}
	m := d.Encode(nil, dialect.Request{}, &o, dialect.Payload{})
	h := http.Header{}
	for _, f := range m.Header {
		h.Add(f.Name, f.Value)
	}
	if back := d.Decode(dialect.Request{}, dialect.Response{Status: m.Status, Header: h, Body: m.Body}).Outcome; back.Kind != parlance.KindForbidden {
		t.Errorf("it is read as %s/%s", back.Kind, back.Reason)
	}
	if len(m.Losses) != 1 || m.Losses[0].Attribute != "retry_after" {
		t.Errorf("the losses are %v", m.Losses)
	}
	o.Kind, o.Reason = parlance.KindRateLimited, "secondary_limit"
	if m := d.Encode(nil, dialect.Request{}, &o, dialect.Payload{}); m.Header[len(m.Header)-1] != (dialect.HeaderField{Name: "Retry-After", Value: "60"}) {
		t.Errorf("the header of a limit is %v", m.Header)
	}
}
