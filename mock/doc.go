// Package mock serves an API on demand from its dialect file, for the tests of its clients.
// Every code that the file lists can be had by a wish, in the form that the API sends it.
//
//	d, err := catalog.Open("stripe")
//	if err != nil {
//		return err
//	}
//	m := mock.New(d)
//	defer m.Close()
//	go http.ListenAndServe("127.0.0.1:4010", m)
//
//	// curl -H "Prefer: code=card_declined" http://127.0.0.1:4010/v1/charges
//
// A response is chosen by the first of these that says something:
//
//  1. the path: /_mock/code/402/orders/7 is /orders/7 with the wish code=402
//  2. the header field Prefer (RFC 7240): Prefer: code=402
//  3. the query parameters of Prism: ?__code=402
//  4. [Mock.Next]: what a test, or the button of a page, asked for
//  5. the scenario of [WithScenario]
//
// They are not merged. Without a wish the response is a success: what [WithDocument] gives,
// else an empty object in the envelope of the dialect.
//
// The page at /_mock/ lists the codes, gives one to the next requests, and shows each
// request and its response. If the Mock listens on a loopback address, the page opens only
// under a name of that address. docs/scenarios.md has the endpoints behind it.
//
// A Mock reads no file and opens no socket. Its responses are written by Dialect.Encode, so
// that they are those of the dialect.
package mock
