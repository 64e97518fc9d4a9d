// Package client is the calling end of a dialect: an [http.RoundTripper] that
// reads each response as its provider means it and does what the provider's
// page says. It waits and retries where that is safe, renews a token that has
// expired, and hands back everything else.
//
//	d, err := catalog.Open("vms")
//	…
//	c := &http.Client{Transport: client.New(d)}
//	resp, err := c.Get("https://vms.example/cameras")
//
// The transport never turns a response into an error and never hides one: the
// caller always gets the last response with its body readable. [ReportOf] tells
// what it came to and what was tried; [Check] makes a Go error of it. Both are
// explicit calls, since net/http forbids a RoundTripper to do so.
package client
