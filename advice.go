package parlance

import "fmt"

// Advice is what a response itself says about a retry, such as
// Stripe-Should-Retry. It takes precedence over what the code means. The zero
// value says nothing.
type Advice uint8

// The two that a response can give.
const (
	AdviceRetry Advice = iota + 1 // retry
	AdviceStop                    // do not retry
)

// String is "true", "false", or "" for the zero value.
func (a Advice) String() string {
	switch a {
	case AdviceRetry:
		return "true"
	case AdviceStop:
		return "false"
	}
	return ""
}

// MarshalJSON writes true or false, and null for the zero value.
func (a Advice) MarshalJSON() ([]byte, error) {
	if a == 0 {
		return []byte("null"), nil
	}
	return []byte(a.String()), nil
}

// UnmarshalJSON reads what MarshalJSON writes; anything else is an error.
func (a *Advice) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "true":
		*a = AdviceRetry
	case "false":
		*a = AdviceStop
	case "null":
		*a = 0
	default:
		return fmt.Errorf("parlance: retryable must be true or false, not %s", data)
	}
	return nil
}
