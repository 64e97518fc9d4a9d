package stream

import "bytes"

// events is the state between the lines of server-sent events.
type events struct {
	line   held     // the beginning of a line that arrives in pieces
	mode   lineMode // what that line is
	within bool     // such a line has begun
	skip   bool     // a line feed that comes next belongs to the line end before it
	some   bool     // a line of data was met
	lent   []byte   // the only line of data, a part of what was fed; nil if it is kept
	event  []byte
	id     []byte
	named  bool // the event has a name
	known  bool // an ID was met
	begun  bool // it has a line that is no comment
	mixed  bool // it has lines among those of bare, or the other way round
	bare   held // JSON in the place of an event
	json   brackets
}

// open reports that an event has begun, JSON in its place, or a line that can begin one.
func (v *events) open() bool {
	return v.begun || v.bare.length > 0 || v.within && !(v.mode == lineField && v.line.bytes[0] == ':')
}

// meet notes that an event and JSON in its place have lines among each other.
func (v *events) meet() { v.mixed = v.mixed || v.begun && v.bare.length > 0 }

// lineMode is what a line is.
type lineMode uint8

const (
	lineUnknown lineMode = iota // more of it tells
	lineData                    // data, or a failure
	lineField                   // another field, or a comment
	lineBare
	lineRest // what stands behind JSON that has ended
	lineOther
)

// fields are the names of the fields of an event. The field "error" is none of the
// specification, which ignores it. llama.cpp sent its failures so until September 2025.
var fields = [...]string{"data", failing, "event", "id", "retry"}

// failing is the field whose value is the data of an event of that name.
const failing = "error"

// modeOf tells by its beginning what a line is. whole is set if the line is not longer.
func (v *events) modeOf(line []byte, whole bool) lineMode {
	switch {
	case len(line) == 0:
		return lineUnknown
	case line[0] == ':':
		return lineField
	case line[0] == '{' || line[0] == '[':
		return lineBare
	}
	if mode, known := fieldMode(line, whole); known {
		return mode
	}
	if v.bare.length > 0 {
		return lineBare
	}
	return lineOther
}

// fieldMode is modeOf for a line that begins with the name of a field, or can.
func fieldMode(line []byte, whole bool) (mode lineMode, known bool) {
	name, _, ends := bytes.Cut(line, []byte(":"))
	for i, f := range fields {
		switch {
		case string(name) == f && (ends || whole):
			return modeOfField(i, line, whole), true
		case !ends && !whole && len(name) <= len(f) && string(name) == f[:len(name)]:
			return lineUnknown, true
		}
	}
	return lineOther, false
}

// modeOfField is the mode of a line with the name of a field of that number.
func modeOfField(number int, line []byte, whole bool) lineMode {
	switch {
	case number > 1:
		return lineField
	case !whole && len(line) == len(fields[number])+len(":"):
		return lineUnknown // the blank that may follow belongs to the field
	}
	return lineData
}

// feedEvents reads lines. They end with CR, LF or both.
func (s *Splitter) feedEvents(p []byte) {
	v := &s.events
	v.line.most = maxName + len("event: ")
	if v.skip && len(p) > 0 {
		if v.skip = false; p[0] == '\n' {
			p = p[1:]
			s.at++
		}
	}
	returns := bytes.IndexByte(p, '\r') >= 0
	for len(p) > 0 {
		if !v.within && !v.begun && v.bare.length == 0 {
			s.from = s.at
		}
		end := lineEnd(p, returns)
		if end < 0 {
			s.partOfLine(p)
			break
		}
		line, next := p[:end], end+1
		if p[end] == '\r' {
			if next < len(p) && p[next] == '\n' {
				next++
			}
			v.skip = next == len(p) && p[next-1] == '\r'
		}
		p = p[next:]
		s.restOfLine(line, s.at+int64(next))
	}
	if v.lent != nil {
		s.data.add(v.lent)
		v.lent = nil
	}
}

// restOfLine takes a line, or what has not come of it. behind is the place behind its end.
func (s *Splitter) restOfLine(line []byte, behind int64) {
	v := &s.events
	switch {
	case v.within:
		s.partOfLine(line)
		s.endOfLine()
	case len(line) == 0:
		s.at = behind
		s.dispatch()
	default:
		s.eventLine(line, int64(len(line)), v.modeOf(line, true))
	}
	s.at = behind
}

// lineEnd is the place of the next line end, negative for none. returns is set if there can
// be a CR: looking for two bytes takes longer.
func lineEnd(p []byte, returns bool) int {
	if !returns {
		return bytes.IndexByte(p, '\n')
	}
	for i, c := range p {
		if c == '\n' || c == '\r' {
			return i
		}
	}
	return -1
}

// longestField is how much of a line has to be seen to know what it is.
const longestField = len("error: ")

// partOfLine takes a part of a line that arrives in pieces.
func (s *Splitter) partOfLine(p []byte) {
	v := &s.events
	v.within = true
	if v.mode == lineUnknown {
		n := min(len(p), longestField-len(v.line.bytes))
		v.line.add(p[:n])
		p = p[n:]
		s.at += int64(n)
		switch v.mode = v.modeOf(v.line.bytes, false); v.mode {
		case lineData:
			s.moreData(v.dataOf(v.line.bytes))
		case lineBare:
			s.bareBytes(v.line.bytes, s.at-int64(len(v.line.bytes)))
		}
	}
	switch v.mode {
	case lineData:
		s.data.add(p)
	case lineBare:
		s.bareBytes(p, s.at)
	case lineRest:
		s.other += int64(len(p))
	case lineField, lineOther:
		v.line.add(p)
	}
	s.at += int64(len(p))
}

// endOfLine takes the end of a line that arrived in pieces.
func (s *Splitter) endOfLine() {
	v := &s.events
	switch v.mode {
	case lineBare:
		s.bareBytes([]byte("\n"), s.at)
	case lineUnknown, lineField, lineOther:
		s.eventLine(v.line.bytes, v.line.length, v.modeOf(v.line.bytes, true))
	}
	v.within, v.mode = false, lineUnknown
	v.line.drop()
}

// valueOf is what stands behind the name of a field.
func valueOf(line []byte) []byte {
	_, value, _ := bytes.Cut(line, []byte(":"))
	return bytes.TrimPrefix(value, []byte(" "))
}

// dataOf is the data of a line. That of a failure names the event.
func (v *events) dataOf(line []byte) []byte {
	if line[0] == failing[0] {
		v.event, v.named = append(v.event[:0], failing...), true
	}
	return valueOf(line)
}

// eventLine takes a whole line, of which line is at least the beginning.
func (s *Splitter) eventLine(line []byte, length int64, mode lineMode) {
	v := &s.events
	switch mode {
	case lineData:
		v.begun = true
		value := v.dataOf(line)
		v.meet()
		if !v.some && !v.within && v.lent == nil && len(value) <= s.data.most {
			v.some, v.lent = true, value
			return
		}
		s.moreData(value)
	case lineField:
		s.field(line)
	case lineBare:
		s.bareBytes(line, s.at)
		s.bareBytes([]byte("\n"), s.at+int64(len(line)))
	case lineOther:
		s.other += length
	}
}

// moreData begins another line of data.
func (s *Splitter) moreData(value []byte) {
	v := &s.events
	v.begun = true
	v.meet()
	if v.lent != nil {
		s.data.add(v.lent)
		v.lent = nil
	}
	if v.some {
		s.data.add([]byte("\n"))
	}
	v.some = true
	s.data.add(value)
}

// field takes a line that is not of data.
func (s *Splitter) field(line []byte) {
	v := &s.events
	name, _, _ := bytes.Cut(line, []byte(":"))
	if len(name) == 0 {
		return // a comment
	}
	v.begun = true
	v.meet()
	value := valueOf(line)
	value = value[:min(len(value), maxName)]
	switch string(name) {
	case "event":
		v.event, v.named = append(v.event[:0], value...), true
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			v.id, v.known = append(append(v.id[:0], value...), 0)[:len(value)], true
		}
	}
}

// dispatch passes the event on that an empty line ends. One without data is none.
func (s *Splitter) dispatch() {
	v := &s.events
	if v.some {
		e := Element{Data: s.data.bytes, Length: s.data.length}
		if v.lent != nil {
			e.Data, e.Length = v.lent, int64(len(v.lent))
		}
		s.passEvent(e)
	}
	v.some, v.lent, v.named, v.begun = false, nil, false, false
	v.mixed = v.mixed && v.bare.length > 0
	s.data.drop()
}

func (s *Splitter) passEvent(e Element) {
	v := &s.events
	if v.named && len(v.event) > 0 {
		e.Event = v.event
	}
	if v.known {
		e.ID = v.id
	}
	s.pass(e)
}

// bareBytes takes JSON in the place of an event, which stands in that place of the stream.
func (s *Splitter) bareBytes(p []byte, at int64) {
	v := &s.events
	end := v.json.end(p)
	if end == 0 {
		if v.json.depth > 0 {
			v.bare.add(p)
			v.meet()
		}
		return
	}
	v.bare.add(p[:end])
	v.meet()
	now := s.at
	s.at = at + int64(end)
	s.pass(Element{Data: v.bare.bytes, Length: v.bare.length, Bare: true})
	s.at = now
	v.bare.drop()
	v.mixed = v.mixed && v.begun
	v.json = brackets{}
	if v.mode == lineBare {
		v.mode = lineRest
	}
	s.other += int64(len(p) - end)
}

// endEvents passes on the event that has no empty line behind it. The specification drops
// it, but it can be the failure. It is torn if it is no whole JSON.
func (s *Splitter) endEvents() {
	v := &s.events
	if v.within {
		s.endOfLine()
	}
	if v.some {
		e := Element{Data: s.data.bytes, Length: s.data.length, Torn: !complete(s.data.bytes)}
		s.passEvent(e)
	}
	if v.bare.length > 0 {
		s.pass(Element{Data: v.bare.bytes, Length: v.bare.length, Bare: true, Torn: true})
		v.bare.drop()
	}
	v.some, v.lent, v.named = false, nil, false
}
