// Package testnet is what tests need of the network.
package testnet

// Closed is an address at which nothing listens: nobody opens that port but the
// superuser. A port that was closed a moment ago may be another test's by now.
const Closed = "127.0.0.1:1"
