package stream

import "bytes"

// Splitter cuts a stream into elements. Make one with New. It is for one goroutine.
type Splitter struct {
	form Form
	each func(*Element)
	now  Element // the one that is passed on
	data held    // of the element that arrives
	json brackets

	begun  bool // the first bytes were looked at
	closed bool // an array has its end
	broken bool // what follows cannot be cut
	other  int64
	at     int64 // the place in the stream of what is cut next
	from   int64 // where the element that arrives begins
	start  [3]byte
	few    int // bytes in start
	events events
	binary message
	inside bool // an element of JSON has begun
	scalar bool // and it is neither an object nor a list
	array  bool // the array has begun
}

// New makes a Splitter that passes each element on. The element is valid until the function
// returns.
func New(f Form, each func(*Element)) *Splitter {
	s := &Splitter{form: f, each: each}
	s.data.most = maxData
	s.events.bare.most = maxBare
	return s
}

// From is the place in the stream at which the element begins that has not ended. It is the
// place of the next byte if there is none.
func (s *Splitter) From() int64 {
	switch {
	case s.form == Events && s.events.open(), s.inside, s.form == Lines && s.data.length > 0, s.binary.had > 0:
		return s.from
	}
	return s.at
}

// SetMax sets how much of the data of an element is held, before anything is fed.
func (s *Splitter) SetMax(bytes int) { s.data.most = bytes }

// Closed reports that the form itself says that the stream has ended: the array has its end.
func (s *Splitter) Closed() bool { return s.closed }

// Other is how many bytes belong to no element and are no comment.
func (s *Splitter) Other() int64 { return s.other }

// Broken reports that the rest of the stream cannot be cut into elements.
func (s *Splitter) Broken() bool { return s.broken }

// mark is the byte order mark of UTF-8.
var mark = []byte("\xEF\xBB\xBF")

// Feed takes the next bytes of the stream.
func (s *Splitter) Feed(p []byte) {
	if !s.begun && s.form != Messages {
		if p = s.first(p); p == nil {
			return
		}
	}
	s.feed(p)
}

// first passes over a byte order mark. It returns nil as long as one may arrive.
func (s *Splitter) first(p []byte) []byte {
	for len(p) > 0 && s.few < len(mark) && p[0] == mark[s.few] {
		s.start[s.few] = p[0]
		s.few++
		p = p[1:]
	}
	switch {
	case s.few == len(mark):
		s.few = 0
		s.at = int64(len(mark))
	case len(p) == 0:
		return nil
	}
	s.begun = true
	if s.few > 0 {
		s.feed(s.start[:s.few])
		s.few = 0
	}
	return p
}

func (s *Splitter) feed(p []byte) {
	end := s.at + int64(len(p))
	switch s.form {
	case Events:
		s.feedEvents(p)
	case Lines:
		s.feedLines(p)
	case Sequence, Array:
		s.feedValues(p)
	case Messages:
		s.feedMessages(p)
	}
	s.at = end
}

// End passes on what stands at the end of the stream without the end of an element.
func (s *Splitter) End() {
	if !s.begun && s.few > 0 {
		s.begun = true
		s.feed(s.start[:s.few])
	}
	switch s.form {
	case Events:
		s.endEvents()
	case Lines:
		if line := bytes.TrimSpace(s.data.bytes); len(line) > 0 {
			object := line[0] == '{' || line[0] == '['
			s.pass(Element{Data: line, Length: s.data.length - int64(len(s.data.bytes)-len(line)), Torn: object && !complete(line)})
		}
	case Sequence, Array:
		if s.inside {
			s.pass(Element{Data: bytes.TrimSpace(s.data.bytes), Length: s.data.length, Torn: !s.scalar || s.form == Array})
		}
	case Messages:
		if s.binary.had > 0 {
			s.pass(Element{Data: s.data.bytes, Length: s.data.length, Torn: true})
		}
	}
	s.data.drop()
	s.inside = false
}

// pass passes an element on, which ends at the place that is cut next.
func (s *Splitter) pass(e Element) {
	s.now = e
	s.now.From, s.now.To = s.from, s.at
	if s.events.mixed {
		s.now.From = -1
	}
	s.from = s.at
	s.each(&s.now)
}

// held are the bytes of an element that arrives in pieces, at most so many.
type held struct {
	bytes  []byte
	length int64 // of all, kept or not
	most   int
}

// add keeps more bytes, as many as there is room for.
func (h *held) add(p []byte) {
	h.length += int64(len(p))
	if room := h.most - len(h.bytes); len(p) > room {
		p = p[:max(room, 0)]
	}
	h.bytes = append(h.bytes, p...)
}

// drop forgets the bytes. It keeps a little memory for the next element.
func (h *held) drop() {
	h.length = 0
	if h.bytes = h.bytes[:0]; cap(h.bytes) > keptRoom {
		h.bytes = nil
	}
}

// keptRoom is how much memory a stream keeps between its elements.
const keptRoom = 4 << 10

// feedLines cuts lines. An empty line is no element.
func (s *Splitter) feedLines(p []byte) {
	for len(p) > 0 {
		if s.data.length == 0 {
			s.from = s.at
		}
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			s.data.add(p)
			return
		}
		line := p[:end]
		p = p[end+1:]
		s.at += int64(end)
		length := int64(len(line))
		if s.data.length > 0 {
			s.data.add(line)
			line, length = s.data.bytes, s.data.length
		} else if len(line) > s.data.most {
			line = line[:s.data.most]
		}
		whole := len(line)
		if line = bytes.TrimSpace(line); len(line) > 0 {
			s.pass(Element{Data: line, Length: length - int64(whole-len(line))})
		}
		s.data.drop()
		s.at++
	}
}
