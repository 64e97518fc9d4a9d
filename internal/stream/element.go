// Package stream cuts a stream into its elements while it passes, and writes elements.
//
// A Splitter holds at most [Held] bytes of any stream. It copies no bytes of an element that
// arrives in one piece.
package stream

// Held is the most that a Splitter keeps of a stream, in bytes.
const Held = 64 << 10

// The parts of Held.
const (
	maxData = 48 << 10 // of the data of an element
	maxBare = 12 << 10 // of JSON that stands between the events of a stream
	maxName = 1 << 10  // of the name of an event, and of its ID
)

// Element is one element of a stream. Its slices are valid until the Splitter gets more.
type Element struct {
	Event  []byte  // the name of the event; nil for none
	ID     []byte  // the ID of the event; nil for none
	Data   []byte  // at most the first 48 KiB
	Length int64   // the length of the data; more than that of Data if Data is only the beginning
	Fields []Field // the headers of a binary message that are texts
	Bare   bool    // it is JSON in the place of an event
	Torn   bool    // the stream ended before the element did
	Broken bool    // a checksum or a length is wrong

	// From and To are the places in the stream at which the element begins and ends. An event
	// has its empty line, and a binary message its checksum. Any other is its JSON alone. From
	// is negative if other elements have bytes among those of this one.
	From, To int64
}

// Cut reports that Data is only the beginning of the data.
func (e *Element) Cut() bool { return e.Length > int64(len(e.Data)) }

// Field is a header of a binary message, without the colon before its name.
type Field struct{ Name, Value string }
