// Package authoring holds the tools for people who write dialect files. A program
// that only reads or writes responses does not need it.
//
// The diagnostics of a file, with the line that each points at:
//
//	source, _ := os.ReadFile("example.yaml")
//	for _, d := range authoring.Lint("example.yaml", source) {
//		fmt.Println(d.Error())
//		fmt.Println(authoring.Excerpt(source, d))
//	}
//
// The other tools:
//
//   - [Format] lays a file out in the canonical way.
//   - [Test] reads and writes the samples of a file, and the recorded responses that
//     [Cases] reads. Its report has the [Coverage].
//   - [Codes], [Groups] and [Explain] say what the codes of a dialect mean.
//   - [EvidenceOf] says what in a response speaks for a dialect.
//   - [MissingPath] and [MissingPathToWrite] say that a path decides which is missing.
//   - [Losses] lists what an outcome loses in a dialect.
//
// It is the highest floor of the language: it may import every other one.
package authoring
