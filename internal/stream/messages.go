package stream

import (
	"encoding/binary"
	"hash/crc32"
)

// message is the state inside of a binary message of AWS: a prelude of 12 bytes, headers,
// the payload, and a checksum of all before it.
type message struct {
	prelude [12]byte
	had     int64  // bytes of the message that have arrived
	length  int64  // of the whole message, with its checksum
	headers int64  // the length of the headers
	sum     uint32 // of what has arrived
	tail    [4]byte
}

// The bounds of a message.
const (
	preludeLength = 12
	sumLength     = 4
	maxMessage    = 16<<20 + 128<<10 + preludeLength + sumLength
)

// feedMessages cuts messages. Behind a wrong length nothing can be found again.
func (s *Splitter) feedMessages(p []byte) {
	m := &s.binary
	for len(p) > 0 {
		if s.broken {
			s.other += int64(len(p))
			return
		}
		switch {
		case m.had < preludeLength:
			if m.had == 0 {
				s.from = s.at
			}
			n := copy(m.prelude[m.had:], p)
			m.had += int64(n)
			s.at += int64(n)
			p = p[n:]
			if m.had == preludeLength {
				s.begin()
			}
		case m.had < m.length-sumLength:
			n := min(int64(len(p)), m.length-sumLength-m.had)
			m.sum = crc32.Update(m.sum, crc32.IEEETable, p[:n])
			s.data.add(p[:n])
			m.had += n
			s.at += n
			p = p[n:]
		default:
			n := copy(m.tail[m.had-(m.length-sumLength):], p)
			m.had += int64(n)
			s.at += int64(n)
			p = p[n:]
			if m.had == m.length {
				s.message()
			}
		}
	}
}

// begin reads a prelude.
func (s *Splitter) begin() {
	m := &s.binary
	m.length = int64(binary.BigEndian.Uint32(m.prelude[0:]))
	m.headers = int64(binary.BigEndian.Uint32(m.prelude[4:]))
	m.sum = crc32.ChecksumIEEE(m.prelude[:])
	if crc32.ChecksumIEEE(m.prelude[:8]) == binary.BigEndian.Uint32(m.prelude[8:]) &&
		m.length <= maxMessage && m.headers <= m.length-preludeLength-sumLength {
		return
	}
	s.broken = true
	s.pass(Element{Broken: true})
	*m = message{}
}

// message passes a whole message on.
func (s *Splitter) message() {
	m := &s.binary
	e := Element{Length: m.length - preludeLength - sumLength - m.headers, Broken: m.sum != binary.BigEndian.Uint32(m.tail[:])}
	if m.headers <= int64(len(s.data.bytes)) {
		e.Data = s.data.bytes[m.headers:]
		e.Fields = texts(s.data.bytes[:m.headers])
	}
	for i := range e.Fields {
		switch f := &e.Fields[i]; f.Name {
		case "event-type", "exception-type", "error-code":
			e.Event = []byte(f.Value)
		}
	}
	s.pass(e)
	s.data.drop()
	*m = message{}
}

// sizes are the lengths of the values of the types of headers that have a fixed one; -1 for
// those that say theirs.
var sizes = [...]int{0, 0, 1, 2, 4, 8, -1, -1, 8, 16}

// textType is the type of a header that is a text.
const textType = 7

// texts are the headers that are texts, without the colons before their names.
func texts(b []byte) (all []Field) {
	for len(b) > 1 {
		name := int(b[0])
		if len(b) < 1+name+1 {
			return all
		}
		f := Field{Name: string(b[1 : 1+name])}
		kind := b[1+name]
		b = b[1+name+1:]
		if int(kind) >= len(sizes) {
			return all
		}
		size := sizes[kind]
		if size < 0 {
			if len(b) < 2 {
				return all
			}
			size = int(binary.BigEndian.Uint16(b))
			b = b[2:]
		}
		if len(b) < size {
			return all
		}
		if kind == textType {
			if f.Value = string(b[:size]); f.Name != "" && f.Name[0] == ':' {
				f.Name = f.Name[1:]
			}
			all = append(all, f)
		}
		b = b[size:]
	}
	return all
}
