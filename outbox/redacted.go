package outbox

import "github.com/parlance-api/parlance/activity"

// Redacted is the request without what looks like a secret, to be shown to people.
func (d Delivery) Redacted() Delivery {
	d.Request.URL = activity.CleanText(d.Request.URL)
	d.Request.Header = activity.CleanHeader(d.Request.Header)
	d.Request.Body, _ = activity.CleanBody(d.Request.Body)
	d.Body, _ = activity.CleanBody(d.Body)
	return d
}
