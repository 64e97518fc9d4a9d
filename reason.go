package parlance

// Reason is a finer word under a [Kind], such as "expired" under
// [Unauthenticated]. Dialects may use words of their own; the ones below have a
// meaning to the client and server ends. The zero value is no reason.
type Reason string

// Reasons that Parlance itself acts on or gives.
const (
	NoCredential    Reason = "no_credential"             // none was sent
	WrongCredential Reason = "wrong_credential"          // it was never good, or not here
	Expired         Reason = "expired"                   // the credential was good once: refresh it
	Spent           Reason = "spent"                     // the credential was revoked, or the refresh token is used up: only a new log-in helps
	OutOfScope      Reason = "scope"                     // who calls is known, and the credential is not good for this
	Fields          Reason = "fields"                    // the data were understood and are invalid, field by field
	XML             Reason = "xml"                       // the XML failed validation
	Licence         Reason = "licence"                   // a licence's seats or caps are used up
	Maintenance     Reason = "maintenance"               // planned work; it will be back
	InFlight        Reason = "idempotency_in_flight"     // another request is being served under the key
	Mismatch        Reason = "idempotency_mismatch"      // the key was used for something else
	KeyMissing      Reason = "idempotency_key_missing"   // the operation asks for a key
	KeyMalformed    Reason = "idempotency_key_malformed" // the key is empty, too long or no text
	Uncertain       Reason = "idempotency_uncertain"     // the server died while it served the key: nobody knows what was done
	NotKept         Reason = "idempotency_not_kept"      // the key was served; its answer could not be kept
	Refused         Reason = "refused"                   // transport: nothing listened; nothing was sent
	DNS             Reason = "dns"                       // transport: the name could not be resolved; nothing was sent
	TLS             Reason = "tls"                       // transport: the handshake failed; nothing was sent
	Reset           Reason = "reset"                     // transport: the connection broke; what was done is unknown
	Deadline        Reason = "deadline"                  // transport: no answer in time; what was done is unknown
	Canceled        Reason = "canceled"                  // transport: the caller gave up
	Withheld        Reason = "withheld"                  // our own end did not send it: its pacing, its breaker, or no token
)
