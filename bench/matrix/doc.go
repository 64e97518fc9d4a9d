// Package matrix sends each method with each feature of HTTP through a client, a server and
// a gateway, and to net/http without them. Each difference is listed with its reason.
package matrix
