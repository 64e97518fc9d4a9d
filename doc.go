// Package parlance is the vocabulary of how APIs answer.
//
// A response of any API is read into one [Outcome]: what the exchange came to,
// in words that do not depend on the vendor. From an Outcome (and the request)
// a [Decision] follows: what the provider tells its callers to do about it.
// What a translation between two APIs cannot carry is a [Loss], and a fault in
// a dialect file or in a response is a [Diagnostic].
//
// The package holds words only and imports the standard library alone. Dialect
// files are compiled, and responses read and written, by package dialect.
package parlance
