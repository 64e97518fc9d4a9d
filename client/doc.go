// Package client is an [http.RoundTripper] that reads each response as its API
// means it and retries if that is safe.
//
//	d, err := catalog.Open("stripe")
//	if err != nil {
//		return err
//	}
//	c := &http.Client{Transport: client.New(d)}
//	resp, err := c.Get("https://api.stripe.com/v1/charges/ch_1")
//	if err != nil {
//		return err // an *Error: no response came
//	}
//	defer resp.Body.Close()
//	if err := client.Check(resp); err != nil {
//		return err // an *Error: errors.Is(err, parlance.ErrNotFound) and so on
//	}
//
// It obeys the provider's page: it waits as long as the page says, renews an
// expired token, and returns every other response to the caller.
//
// The transport never turns a response into an error, since net/http forbids
// that. The caller always gets the last response with its body readable.
// [ReportOf] has its meaning and the attempts, and [Check] makes a Go error of
// it.
package client
