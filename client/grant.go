package client

import "time"

// Grant is the result of a login.
type Grant struct {
	Token   string    // the bearer token
	Refresh string    // the refresh token, which gets the next token without a login; "" for none
	Expires time.Time // when the token expires; zero if that is unknown
}

// stale is when a new token is to be renewed before the server refuses it: 10 s
// before its end, or a tenth of its life if that is less. It is zero if the end
// is unknown.
func (g Grant) stale(now time.Time) time.Time {
	if g.Expires.IsZero() {
		return g.Expires
	}
	return g.Expires.Add(-min(10*time.Second, max(g.Expires.Sub(now), 0)/10))
}
