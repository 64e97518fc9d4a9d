package stream

// Form is how a stream is cut into elements.
type Form uint8

// The forms of streams. None is the zero value.
const (
	None     Form = iota
	Events        // server-sent events (WHATWG HTML, 9.2.6)
	Lines         // one JSON text a line (NDJSON, JSON Lines)
	Sequence      // JSON text sequences (RFC 7464)
	Array         // one JSON array that grows
	Messages      // the binary event stream of AWS (vnd.amazon.eventstream)
)

// names are those in a dialect file, by the form.
var names = [...]string{Events: "sse", Lines: "ndjson", Sequence: "json-seq", Array: "json-array", Messages: "aws-event-stream"}

// Names are the names of all forms.
func Names() []string { return names[Events:] }

// Named is the form with that name, None if there is none.
func Named(name string) Form {
	for f := Events; int(f) < len(names); f++ {
		if names[f] == name {
			return f
		}
	}
	return None
}

// String is the name of the form.
func (f Form) String() string { return names[f] }

// Types are the media types of the form, the one that is written first.
func (f Form) Types() []string {
	switch f {
	case Events:
		return []string{"text/event-stream"}
	case Lines:
		return []string{"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonl", "application/x-jsonlines", "application/jsonlines", "application/stream+json"}
	case Sequence:
		return []string{"application/json-seq"}
	case Array:
		return []string{"application/json"}
	case Messages:
		return []string{"application/vnd.amazon.eventstream"}
	}
	return nil
}
