// Package scenario compiles the small files that say how a mock of an API behaves: which
// requests fail, how often, until when, and what breaks on the way.
//
//	scenario: Payments on a bad day
//	dialect: stripe
//	requests:
//	  POST /v1/charges: 503, 503, then 200
//	  GET /v1/charges/*: 429 until 20s, then 200
//	  GET /v1/events: every 5th reset
//	  POST /v1/refunds: 10% declined or 5% no_response
//	responses:
//	  declined: {code: card_declined, latency: 200ms..1s}
//
// docs/scenarios.md describes the language. [Compile] reports every fault of a file at
// once, with line and column. A [Run] gives each request its [Step]. The package knows
// nothing of a server: package mock carries the steps out.
//
// A file is safe to load from a stranger. Its size, its depth and the numbers in it are
// bounded.
package scenario
