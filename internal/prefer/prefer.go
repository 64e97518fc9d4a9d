// Package prefer reads what a client prefers of how it gets a response (RFC 7240).
package prefer

import (
	"strconv"
	"strings"
	"time"
)

// Preferences are those that a server of this project knows.
type Preferences struct {
	Async bool          // respond-async (RFC 7240, 4.1)
	Wait  time.Duration // whole seconds (RFC 7240, 4.3)
	Waits bool          // wait was given
}

// Applied is the value of Preference-Applied for a wait (RFC 7240, 3).
func (p Preferences) Applied() string { return "wait=" + strconv.Itoa(int(p.Wait/time.Second)) }

// Of reads the values of the Prefer fields. Unknown preferences are ignored. If a
// preference comes twice, the first one counts (RFC 7240, 2).
func Of(values []string) (p Preferences) {
	seen := map[string]bool{}
	for _, value := range values {
		for value != "" {
			var one string
			one, value = cutOutside(value, ',')
			one, _ = cutOutside(one, ';') // its parameters say nothing to us
			name, text, _ := strings.Cut(one, "=")
			name = strings.ToLower(strings.TrimSpace(name))
			if seen[name] {
				continue
			}
			seen[name] = true
			switch name {
			case "respond-async":
				p.Async = true
			case "wait":
				text = strings.Trim(strings.TrimSpace(text), `"`)
				// 32 bits of seconds are 136 years, and no time.Duration overflows.
				if n, err := strconv.ParseUint(text, 10, 32); err == nil {
					p.Wait, p.Waits = time.Duration(n)*time.Second, true
				}
			}
		}
	}
	return p
}

// cutOutside cuts a text at the first separator that stands in no quoted string
// (RFC 9110, 5.6.4).
func cutOutside(s string, separator byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == separator && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
