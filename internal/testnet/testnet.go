// Package testnet is what tests need of the network.
package testnet

import "net/http"

// Closed is an address without a listener: only the superuser can open that port. A port that was closed a moment ago may be another test's by now.
const Closed = "127.0.0.1:1"

// Tests share http.DefaultTransport. The port of a server that closes may be the next
// one's before its connections are closed: a request to that one would be sent on such
// a connection, and end with EOF. So none is kept.
func init() { http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = -1 }
