// Package openapi reads an OpenAPI document (3.0, 3.1 or 3.2) for its operations:
// which requests there are, and which bodies their responses have.
//
//	doc, err := openapi.Read("shop.yaml", source)
//	if err != nil {
//		return err // a *dialect.FileError: every fault with line and column
//	}
//	for _, o := range doc.Operations() {
//		fmt.Println(o.Method, o.Path, o.Statuses)
//	}
//
// A mock takes the bodies of its successes from it, and a check takes the requests
// that it sends. References must be within the document; nothing is fetched, and no
// other file is opened.
//
// There are two ways to read a document. [Read] makes a Document of its operations, with
// values for their parameters and bodies. [ReadTree] keeps the values as they stand, in a
// fraction of the time, for tools that look at other parts. Both report the same faults.
//
// Package server/validate checks requests against a document of version 3.1. It compiles the
// schemas of requests with a reader of its own, so that a server does not depend on what
// makes a Document.
package openapi
