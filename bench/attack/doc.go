// Package attack sends hostile requests to servers and gateways, and hostile responses to
// gateways. The traffic lies in testdata. Nothing of it may be served twice, mistaken for
// another request, or become a success, and the memory of the process stays below a bound.
package attack
