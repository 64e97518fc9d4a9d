package client

import "time"

// Grant is what a log-in gave.
type Grant struct {
	Token   string    // the bearer token
	Refresh string    // what gets the next one without a log-in; "" where there is none
	Expires time.Time // when the token ends; zero where nobody said
}

// stale is when a token that came now is to be renewed ahead of the server's
// refusal: 10 s before its end, or a tenth of its life where that is less. It
// is zero where the end is not known.
func (g Grant) stale(now time.Time) time.Time {
	if g.Expires.IsZero() {
		return g.Expires
	}
	return g.Expires.Add(-min(10*time.Second, max(g.Expires.Sub(now), 0)/10))
}
