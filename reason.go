package parlance

// Reason is a finer word under a [Kind], such as "expired" under
// [KindUnauthenticated]. Dialects may use words of their own; the ones below have a
// meaning to the client and server ends. The zero value is no reason.
type Reason string

// Reasons that Parlance itself acts on or gives.
const (
	ReasonNoCredential    Reason = "no_credential"             // none was sent
	ReasonWrongCredential Reason = "wrong_credential"          // it was never good, or not here
	ReasonExpired         Reason = "expired"                   // the credential was good once: refresh it
	ReasonSpent           Reason = "spent"                     // the credential was revoked, or the refresh token is used up: only a new log-in helps
	ReasonOutOfScope      Reason = "scope"                     // who calls is known, and the credential is not good for this
	ReasonFields          Reason = "fields"                    // the data were understood and are invalid, field by field
	ReasonXML             Reason = "xml"                       // the ReasonXML failed validation
	ReasonLicense         Reason = "license"                   // a license's seats or caps are used up
	ReasonMaintenance     Reason = "maintenance"               // planned work; it will be back
	ReasonInFlight        Reason = "idempotency_in_flight"     // another request is being served under the key
	ReasonMismatch        Reason = "idempotency_mismatch"      // the key was used for something else
	ReasonKeyMissing      Reason = "idempotency_key_missing"   // the operation asks for a key
	ReasonKeyMalformed    Reason = "idempotency_key_malformed" // the key is empty, too long or no text
	ReasonUncertain       Reason = "idempotency_uncertain"     // the server died while it served the key: nobody knows what was done
	ReasonNotKept         Reason = "idempotency_not_kept"      // the key was served; its response could not be kept
	ReasonRefused         Reason = "refused"                   // transport: nothing listened; nothing was sent
	ReasonDNS             Reason = "dns"                       // transport: the name could not be resolved; nothing was sent
	ReasonTLS             Reason = "tls"                       // transport: the handshake failed; nothing was sent
	ReasonReset           Reason = "reset"                     // transport: the connection broke; what was done is unknown
	ReasonDeadline        Reason = "deadline"                  // transport: no response in time; what was done is unknown
	ReasonCanceled        Reason = "canceled"                  // transport: the caller gave up
	ReasonNotSent         Reason = "not_sent"                  // our own end did not send it: its pacing, its breaker, or no token
)
