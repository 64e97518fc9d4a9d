// Package gateway stands before an API that speaks one dialect and answers its
// callers in another. It is the server end of the one and the client end of the
// other: what the upstream's page says to wait for or to retry is waited for
// and retried, and what comes of it is written as the callers expect.
//
//	g, err := gateway.New(gateway.Config{Upstream: u, Speaks: vms, Answers: problem})
//	…
//	http.ListenAndServe(addr, g)
//
// A success that no shape of the upstream's dialect can alter, and around which
// the callers' dialect puts nothing, streams untouched; so do event streams,
// downloads and switched protocols. All else is translated, its headers kept
// where they do not describe the body that was replaced. What a translation
// cannot carry, and the cause of every failure of the gateway's own, is logged
// under the request's activity id.
//
// A caller's idempotency key goes to the upstream under the name that its dialect
// has. If a caller sends none and the upstream has keys, the gateway makes one and
// returns it in the response, failures and its own 504 included: in the header of
// the callers' dialect, else of the upstream's. A caller who retries sends that key
// again, and is served once. If he gets no response at all he has no key, so a
// caller who retries by himself should send a key of his own from the start.
//
// If the upstream has no keys, a caller's key makes no retry safe. The gateway
// warns of it in its log when it is made, and tells callers not to retry if their
// dialect can say so.
package gateway
