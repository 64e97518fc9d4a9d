package scenario

import "slices"

// Fault is something that breaks a response on its way. The zero value breaks nothing.
type Fault uint8

// The faults. Their names in a file are those of [Fault.String].
const (
	FaultNone         Fault = iota
	FaultReset              // the connection is reset, and nothing was sent
	FaultHalfBody           // the connection is closed in the middle of the body
	FaultHalfHeader         // the connection is closed in the middle of the header
	FaultSlow               // the response arrives one byte a second
	FaultLyingType          // the Content-Type names another form than that of the body
	FaultWrongCharset       // the Content-Type names another charset than that of the body
	FaultNoResponse         // nothing is ever sent, and the connection stays open
)

var faultNames = [...]string{"none", "reset", "half_body", "half_header", "slow", "lying_type", "wrong_charset", "no_response"}

// String is the name in a file, such as "half_body"; "none" for the zero value.
func (f Fault) String() string {
	if int(f) < len(faultNames) {
		return faultNames[f]
	}
	return "none"
}

// MarshalText writes the name.
func (f Fault) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// Faults lists every fault, without FaultNone.
func Faults() []Fault {
	all := make([]Fault, 0, len(faultNames)-1)
	for f := FaultReset; int(f) < len(faultNames); f++ {
		all = append(all, f)
	}
	return all
}

// ParseFault reads the name of a fault. It reports false for an unknown one, and for none.
func ParseFault(name string) (Fault, bool) {
	i := slices.Index(faultNames[:], name)
	return Fault(max(i, 0)), i > 0
}
