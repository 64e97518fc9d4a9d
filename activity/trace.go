package activity

// Trace is the content of the header traceparent, which describes the caller's trace
// (W3C Trace Context, 3.2). The zero value is none.
type Trace struct {
	ID      string // of the whole trace: 32 hexadecimal digits
	Parent  string // of the calling span: 16 of them
	Sampled bool   // the caller may have recorded it
}

// ParseTrace reads the value of a header traceparent. It returns false for an invalid
// value, which W3C Trace Context, 3.2.2 says to ignore. Invalid are digits in upper
// case, ids of zeros only, version ff, and more than version 00 has. A later version
// may have more, after a dash.
func ParseTrace(traceparent string) (Trace, bool) {
	const length = len("00-") + 32 + len("-") + 16 + len("-01")
	t := traceparent
	if len(t) < length || t[2] != '-' || t[35] != '-' || t[52] != '-' {
		return Trace{}, false
	}
	version, id, parent, flags := t[:2], t[3:35], t[36:52], t[53:length]
	switch {
	case !hexadecimal(version) || version == "ff":
		return Trace{}, false
	case len(t) > length && (version == "00" || t[length] != '-'):
		return Trace{}, false
	case !hexadecimal(id) || !hexadecimal(parent) || !hexadecimal(flags):
		return Trace{}, false
	case zeros(id) || zeros(parent):
		return Trace{}, false
	}
	return Trace{ID: id, Parent: parent, Sampled: digit(flags[1])&1 == 1}, true
}

// hexadecimal reports whether a text is of digits in lower case alone (3.2.1,
// HEXDIGLC).
func hexadecimal(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func zeros(s string) bool {
	for _, c := range []byte(s) {
		if c != '0' {
			return false
		}
	}
	return true
}

func digit(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}
