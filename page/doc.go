// Package page makes the documentation of an API's responses from its dialect: a page of
// HTML or of Markdown, and a folder of pages for several APIs.
//
//	d, err := catalog.Open("stripe")
//	if err != nil {
//		return err
//	}
//	err = page.HTML(os.Stdout, page.Options{}, d)
//
// A page says of each code what it means, what causes it, what a client does and when, and
// whether a retry is safe. It has an example of the response, written by Dialect.Encode, a
// command that gets it from the mock, and the Go that handles it.
//
// A page of HTML is one file that fetches nothing. It can be read without JavaScript, which
// only adds the search. Its Content-Security-Policy allows its own style and script, by
// their hashes, and nothing else. All texts of the dialect are escaped, since its author may
// be a stranger.
//
// Each code has an anchor, see [Anchor]: a link of a problem's type (RFC 9457, 3.1.1) to the
// page leads to the code.
package page
