// Package deliveries kills processes that put and deliver requests, at random moments, and
// counts what their vendor saw.
package deliveries
