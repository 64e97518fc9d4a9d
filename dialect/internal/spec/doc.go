// Package spec compiles a dialect file: it is the floor between the documents of
// package tree and the floors that decide, read and write.
//
// A file becomes a [Spec] in these steps:
//
//  1. [Reporter.Load] reads the YAML and refuses what the language does not have
//     (source.go). A [Reporter] collects every fault, so that an author sees all of
//     them at once.
//  2. Each section of the file is compiled (file.go): the table of codes (codes.go,
//     row.go, retry.go), the shapes (shape.go), the samples (sample.go), and what the
//     file says of the API (service.go). A mapping is read by a table of its keys
//     ([Reporter.Keys]).
//  3. The body of a shape becomes a [Template] (compile.go). A scalar in it becomes a
//     constant or a [Hole] (scalar.go, hole.go), with a [Pattern] (pattern.go) and a
//     [Conversion] (notation.go, convert.go, wait.go).
//  4. The rest is worked out before the first response: the guides of the documents
//     (guide.go), the places of records (site.go), and a [Plan] for each status
//     (plan.go).
//  5. Warnings that need the whole file come last (check.go).
//
// A Spec is immutable and safe for concurrent use. Begin reading at [Compile].
//
// The package may import packages tree and wire, and the vocabulary. It does not
// know how a response is read or written: that is the task of the floors above.
package spec
