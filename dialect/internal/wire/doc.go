// Package wire holds what travels: requests, responses, header fields and payloads,
// as the façade of the language shows them. It also reads the parts of HTTP that
// every floor needs: media types, challenges, dates and status phrases.
//
// It is the lowest floor of the language: it imports the vocabulary alone, and no
// net/http, so that any transport can carry a dialect. Begin reading at message.go.
package wire
