// Package shopify reads Shopify's GraphQL Admin API. All but one thing of it
// stands in shopify.yaml; that one is arithmetic, and so an Extension:
//
// Every response states what the query costs and what the caller's bucket holds
// (extensions.cost). A query is let through if the bucket has room for its
// requested cost. If it has not, the response is a 200 with the code THROTTLED,
// without any time to wait. The bucket fills by restoreRate points a second, so
// the wait is
//
//	(requestedQueryCost - currentlyAvailable) / restoreRate
//
// and a query that asks for more than maximumAvailable waits for ever. Sources:
//
//   - https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits
//     (requested and actual cost, throttle status)
//   - https://shopify.dev/docs/api/usage/limits (the leaky bucket)
//   - https://shopify.dev/docs/api/admin-graphql (status and error codes)
package shopify

import (
	_ "embed"
	"encoding/json"
	"math"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

//go:embed shopify.yaml
var file []byte

// Open compiles the dialect, its Extension in it.
func Open() (*dialect.Dialect, error) {
	d, err := dialect.Compile("shopify.yaml", file)
	if err != nil {
		return nil, err
	}
	return d.With(Cost{}), nil
}

// Cost is the Extension that works out how long a throttled query has to wait.
// The zero value is ready, and keeps nothing.
type Cost struct{}

var _ dialect.Extension = Cost{}

// Concerns reports a 200, which is also the status of a throttled query. (A 429
// comes from in front of the API, and has Retry-After.)
func (Cost) Concerns(_ dialect.Request, status int, _ dialect.Header) bool { return status == 200 }

// Read sets RetryAfter of a query that was throttled, or says that no wait will
// help it. The file's reading of the response stays: its kind and its code. If
// the numbers do not explain the throttle, its backoff stays too.
func (Cost) Read(_ *dialect.Dialect, _ dialect.Request, res dialect.Response, r *dialect.Decoded) {
	o := &r.Outcome
	if o.Kind != parlance.KindRateLimited || res.Cut || len(res.Body) > dialect.MaxBody {
		return
	}
	var response struct {
		Extensions struct {
			Cost *bill `json:"cost"`
		} `json:"extensions"`
	}
	if err := json.Unmarshal(res.Body, &response); err != nil {
		r.Diagnostics = append(r.Diagnostics, parlance.Diagnostic{Rule: "bad_cost", Severity: parlance.SeverityWarning,
			Message: "extensions.cost cannot be read, so the wait is a guess: " + err.Error()})
		return
	}
	b := response.Extensions.Cost
	if b == nil {
		return
	}
	if b.hopeless() {
		o.Retryable = parlance.AdviceStop
		return
	}
	o.RetryAfter = max(o.RetryAfter, b.wait())
}

// Write leaves the message alone. The file writes THROTTLED, and Retry-After
// says how long. The cost object needs the query's cost and
// the caller's bucket. An Outcome has only the wait that follows from its four numbers,
// and invented numbers would mislead.
func (Cost) Write(*dialect.Dialect, dialect.Request, *parlance.Outcome, *dialect.Encoded) {}

// bill is extensions.cost. A number that is missing is nil. actualQueryCost is
// null where a query was throttled, and is of no use here.
type bill struct {
	Requested *float64 `json:"requestedQueryCost"`
	Throttle  struct {
		Maximum   *float64 `json:"maximumAvailable"`
		Available *float64 `json:"currentlyAvailable"`
		Restore   *float64 `json:"restoreRate"` // points a second
	} `json:"throttleStatus"`
}

// hopeless reports a query that asks for more than the bucket ever holds.
func (b *bill) hopeless() bool {
	return b.Requested != nil && b.Throttle.Maximum != nil && *b.Throttle.Maximum > 0 && *b.Requested > *b.Throttle.Maximum
}

// wait is how long the bucket takes to have room for the query, in whole seconds,
// rounded up: a second too late costs a second, a moment too early another
// throttled query, and Retry-After has whole seconds too (RFC 9110, 10.2.3). It
// is 0 where the numbers do not say: one is missing, nothing is restored, or
// there is room already, so that something else held the query.
func (b *bill) wait() time.Duration {
	t := &b.Throttle
	if b.Requested == nil || t.Available == nil || t.Restore == nil || !(*t.Restore > 0) {
		return 0
	}
	missing := *b.Requested - *t.Available
	if missing <= 0 {
		return 0
	}
	wait, ok := parlance.Seconds(math.Ceil(missing / *t.Restore))
	if !ok {
		return 0 // beyond any wait that a Duration holds
	}
	return wait
}
