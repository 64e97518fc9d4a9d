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
// There are two ways to read a document, and they begin with one reader. It parses the text,
// holds it against the schema of OpenAPI, follows the references, and reports the faults.
// [ReadTree] gives what that reader has read, for tools that look at schemas and examples as
// they stand. [Read] goes on with libopenapi to make a Document of the operations, with values
// for their parameters and bodies. That takes several times as long, so ReadTree is no part
// of Read's work, and a tool that does not send requests does without it.
//
// Package server/validate reads documents of version 3.1 by itself, for three reasons:
//
//   - A server links a JSON Schema compiler, and not libopenapi.
//   - A document of a server is part of its program. Its first fault ends the start, and none
//     is a warning.
//   - It refuses what it cannot enforce, such as a style of parameters. A mock or a check
//     passes over that.
package openapi
