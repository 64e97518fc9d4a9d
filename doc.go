// Package parlance has the words for what API responses mean: errors, retries and
// bulk results in one model for all vendors.
//
//	d, err := catalog.Open("stripe") // package catalog: the dialect files that ship
//	if err != nil {
//		return err
//	}
//	c := &http.Client{Transport: client.New(d)} // package client: retries if that is safe
//	resp, err := c.Do(req)
//	if err != nil {
//		return err // a *client.Error: no response came
//	}
//	defer resp.Body.Close()
//	err = client.Check(resp)
//	if errors.Is(err, parlance.ErrNotFound) {
//		return nil
//	}
//
// A response is read into one [Outcome]: its meaning in words that do not depend
// on the vendor. An Outcome and the request lead to a [Decision]: what the
// provider tells its callers to do, and whether a retry is safe. A [Loss] names a
// part that a translation between two APIs cannot carry. A [Diagnostic] is a
// fault in a dialect file or in a response.
//
// The package imports the standard library alone. Package dialect compiles
// dialect files, and reads and writes responses. Package server is for your own
// API.
package parlance
