package parlance

// Reason is a more precise word under a [Kind], such as "expired" under
// [KindUnauthenticated]. A dialect may use words of its own. Client and server
// act on the ones below. The zero value is no reason.
type Reason string

// Reasons that Parlance itself acts on or sets.
const (
	ReasonNoCredential    Reason = "no_credential"             // no credential was sent
	ReasonWrongCredential Reason = "wrong_credential"          // the credential was never valid, or is not valid here
	ReasonExpired         Reason = "expired"                   // the credential was valid and has expired: refresh it
	ReasonSpent           Reason = "spent"                     // the credential was revoked, or the refresh token is used up: only a new login helps
	ReasonGrant           Reason = "grant"                     // the code, the password or the refresh token of a token request is not valid: only a new login helps
	ReasonOutOfScope      Reason = "scope"                     // the caller is known, but the credential does not cover this operation
	ReasonFields          Reason = "fields"                    // the data were understood, but fields are invalid
	ReasonXML             Reason = "xml"                       // the XML failed validation
	ReasonLicense         Reason = "license"                   // the seats or the caps of a license are used up
	ReasonKeyExpired      Reason = "key_expired"               // the key is past its date, and only its owner can replace it
	ReasonBalance         Reason = "balance"                   // quota: there is no money on the account
	ReasonPlanLimit       Reason = "plan_limit"                // quota: what the plan allows for a day or a month is used up
	ReasonConcurrency     Reason = "concurrency"               // rate_limited: too many requests at the same time
	ReasonOverloaded      Reason = "overloaded"                // unavailable: the server has too much to do, or no capacity
	ReasonLoading         Reason = "loading"                   // unavailable: a model is being loaded
	ReasonContextLength   Reason = "context_length"            // invalid: the input is longer than the model can take
	ReasonRequestTooLarge Reason = "request_too_large"         // invalid: the request has too many bytes
	ReasonContentPolicy   Reason = "content_policy"            // failed: the input or the output breaks a content policy
	ReasonModelNotFound   Reason = "model_not_found"           // not_found: there is no such model, or not for this account
	ReasonRegion          Reason = "region"                    // forbidden: the country or region is not served
	ReasonMaintenance     Reason = "maintenance"               // planned maintenance; the service will be back
	ReasonInFlight        Reason = "idempotency_in_flight"     // another request with the key is still being served
	ReasonMismatch        Reason = "idempotency_mismatch"      // the key was used for a different request
	ReasonKeyMissing      Reason = "idempotency_key_missing"   // the operation requires a key
	ReasonKeyMalformed    Reason = "idempotency_key_malformed" // the key is empty, too long or not a text
	ReasonUncertain       Reason = "idempotency_uncertain"     // the server died while it served the key: the effect is unknown
	ReasonNotKept         Reason = "idempotency_not_kept"      // the request with the key was served, but its response could not be stored
	ReasonRefused         Reason = "refused"                   // transport: nothing listened, so nothing was sent
	ReasonDNS             Reason = "dns"                       // transport: the name could not be resolved, so nothing was sent
	ReasonTLS             Reason = "tls"                       // transport: the TLS handshake failed, so nothing was sent
	ReasonUnroutable      Reason = "unroutable"                // transport: this machine has no route to the address, so nothing was sent
	ReasonProxy           Reason = "proxy"                     // transport: the proxy refused to connect, so nothing was sent to the server
	ReasonNotProcessed    Reason = "not_processed"             // transport: the server says that it did not process the request (RFC 9113, 8.7)
	ReasonMalformed       Reason = "malformed_response"        // transport: the response is not valid HTTP, or its header is too long; the effect is unknown
	ReasonBody            Reason = "request_body"              // transport: the request's own body could not be read, or is not as long as stated
	ReasonReset           Reason = "reset"                     // transport: the connection broke; the effect is unknown
	ReasonDeadline        Reason = "deadline"                  // transport: no response in time; the effect is unknown
	ReasonCanceled        Reason = "canceled"                  // transport: the caller canceled
	ReasonCutOff          Reason = "cut_off"                   // the stream ended without its end: what came is all there is
	ReasonNotSent         Reason = "not_sent"                  // the client did not send it: its pacer or breaker refused, it had no token, or no file or port was free
	ReasonOwnCredential   Reason = "own_credential"            // gateway: the upstream or its token endpoint refused the gateway's own credential
)

// NoEffect reports a transport reason that proves that the request had no effect:
// it was never sent, or the server did not process it.
func (r Reason) NoEffect() bool {
	switch r {
	case ReasonRefused, ReasonDNS, ReasonTLS, ReasonUnroutable, ReasonProxy, ReasonNotProcessed, ReasonNotSent:
		return true
	}
	return false
}

// Local reports a transport reason whose cause is on the caller's own side: the
// request, this machine, its network or its proxy. It says nothing about the
// server.
func (r Reason) Local() bool {
	switch r {
	case ReasonTLS, ReasonUnroutable, ReasonProxy, ReasonBody, ReasonCanceled, ReasonNotSent:
		return true
	}
	return false
}
