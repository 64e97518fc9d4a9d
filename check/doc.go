// Package check holds the responses of an API against the page that its dialect file
// describes. It finds codes that the page does not list, bodies that it does not show, and
// header fields that are missing. It also finds errors that tell strangers something of the
// inside of a server.
//
// A test of an API checks each response:
//
//	check.Response(t, d, res)
//
// or all that a client gets:
//
//	c := &http.Client{Transport: check.Transport(t, d, http.DefaultTransport)}
//
// Traffic from elsewhere goes through a Checker:
//
//	all := check.New(d)
//	for _, f := range all.Check(check.Exchange{Response: dialect.Response{Status: 204, Body: body}}) {
//		fmt.Println(f.Message)
//	}
//
// Rules lists what is checked; docs/rules has a page for each. JSONL and HAR read recorded
// traffic, Live asks a live API, and Proxy stands between a client and an API. A Summary
// counts what they find, and a Baseline has the findings that are known. Package report
// writes the result for other programs.
//
// Begin reading at [Checker.Check].
package check
