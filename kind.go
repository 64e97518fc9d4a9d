package parlance

import "fmt"

// Kind is the canonical meaning of an outcome. The set is append-only and the
// names are stable on the wire: they stand in JSON and in dialect files. The
// zero value means that no meaning was given.
type Kind uint8

// The kinds, in the order of their numbers. Never reorder: append.
const (
	_                   Kind = iota
	KindSuccess              // handled as asked
	KindNoted                // handled, with something the user should look at
	KindPartial              // some items of a bulk request failed
	KindAccepted             // work goes on in the background (RFC 9110, 15.3.3)
	KindEmpty                // handled, and there is nothing to show
	KindRedirected           // the resource is at another URL (RFC 9110, 15.4)
	KindInvalid              // the request is wrong and can be corrected
	KindFailed               // the request was understood and valid, but it failed
	KindUnauthenticated      // the credentials are missing, wrong or expired
	KindForbidden            // the caller is known but not allowed
	KindNotFound             // no such resource or service
	KindConflict             // the state of the resource, or another request, prevents it
	KindRateLimited          // too many requests in a given time (RFC 6585, 4)
	KindQuota                // a cap, a seat or a license is used up; time alone does not help
	KindInternal             // the server itself failed
	KindBadGateway           // a server behind this one sent a bad response
	KindUnavailable          // overloaded, in maintenance, or not reachable
	KindTimeout              // no response in time, from the server or from one behind it
)

var kindNames = [...]string{
	"", "success", "noted", "partial", "accepted", "empty", "redirected",
	"invalid", "failed", "unauthenticated", "forbidden", "not_found", "conflict", "rate_limited", "quota",
	"internal", "bad_gateway", "unavailable", "timeout",
}

// Kinds lists every kind in the order of its number.
func Kinds() []Kind {
	all := make([]Kind, 0, len(kindNames)-1)
	for k := KindSuccess; int(k) < len(kindNames); k++ {
		all = append(all, k)
	}
	return all
}

// String is the kind's name in JSON and in dialect files; "" for the zero value.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// ParseKind finds a kind by its name. It reports false for an unknown one.
func ParseKind(name string) (Kind, bool) {
	if name == "" {
		return 0, false
	}
	for k, n := range kindNames {
		if n == name {
			return Kind(k), true
		}
	}
	return 0, false
}

// Good reports that the whole request was handled: success, noted, accepted,
// empty or redirected. A partial is neither good nor failing.
func (k Kind) Good() bool {
	return k >= KindSuccess && k <= KindRedirected && k != KindPartial
}

// Failing reports that the request was not handled.
func (k Kind) Failing() bool { return k >= KindInvalid && int(k) < len(kindNames) }

// ServerFault reports that the server, or the connection to it, failed, and that
// the request is not at fault.
func (k Kind) ServerFault() bool { return k >= KindInternal && int(k) < len(kindNames) }

// MarshalText writes the name. It never fails.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads a name; an unknown one is an error.
func (k *Kind) UnmarshalText(text []byte) error {
	parsed, ok := ParseKind(string(text))
	if !ok {
		return fmt.Errorf("parlance: unknown kind %q", text)
	}
	*k = parsed
	return nil
}
