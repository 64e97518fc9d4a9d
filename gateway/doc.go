// Package gateway translates an API from one dialect to another. Callers send their
// requests to the gateway, which forwards them to the upstream and writes its responses
// in the callers' dialect. It waits and retries as the upstream's documentation says.
//
//	vms, err := catalog.Open("vms")
//	…
//	problem, err := catalog.Open("problem")
//	…
//	g, err := gateway.New(gateway.Config{Upstream: u, Speaks: vms, To: problem})
//	…
//	http.ListenAndServe(addr, g)
//
// A success streams untouched if the upstream's dialect cannot change its meaning and
// the callers' dialect adds nothing. So do event streams, downloads and switched
// protocols. Everything else is translated; headers stay unless they describe the
// replaced body. The log has the parts that a translation could not carry, and the
// cause of every failure of the gateway's own, under the request's activity id.
//
// A caller's idempotency key is sent to the upstream under the name in its dialect. If
// a caller sends none and the upstream has keys, the gateway makes one. It returns the
// key in every response, including failures and its own 504. The header is that of the
// callers' dialect, else of the upstream's. A caller who sends that key with a retry is
// served once. A caller who gets no response at all has no key, so a caller that
// retries should send its own key from the start.
//
// If the upstream has no keys, a caller's key makes no retry safe. The gateway logs a
// warning when it is made, and tells callers not to retry if their dialect can express
// that.
//
// Fields that a Connection field names are dropped on both ways (RFC 9110, 7.6.1). One case is
// left: net/http takes a Connection field with "close" off a response before anybody sees
// it. Other names beside "close" are unknown then, and their fields are passed on.
package gateway
