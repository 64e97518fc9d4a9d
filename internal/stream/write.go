package stream

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// Out is an element that is to be written.
type Out struct {
	Event, ID string
	Data      []byte  // JSON, except in an event
	Fields    []Field // the headers of a binary message
}

// Append appends an element to a stream. first is set if none came before it.
func (f Form) Append(dst []byte, e Out, first bool) []byte {
	switch f {
	case Events:
		return appendEvent(dst, e)
	case Lines:
		return append(appendLine(dst, e.Data), '\n')
	case Sequence:
		return append(append(append(dst, separator), e.Data...), '\n')
	case Array:
		mark := byte(',')
		if first {
			mark = '['
		}
		return append(append(dst, mark, '\n'), e.Data...)
	case Messages:
		return appendMessage(dst, e)
	}
	return dst
}

// AppendEnd appends what ends a stream of the form. first is set if it has no element.
func (f Form) AppendEnd(dst []byte, first bool) []byte {
	switch {
	case f == Array && first:
		return append(dst, "[]\n"...)
	case f == Array:
		return append(dst, "\n]\n"...)
	}
	return dst
}

// AppendBeat appends what keeps a connection open and is no element. A form without such a
// thing gets nothing.
func (f Form) AppendBeat(dst []byte) []byte {
	switch f {
	case Events:
		return append(dst, ":\n\n"...)
	case Lines, Sequence, Array:
		return append(dst, '\n')
	}
	return dst
}

// appendLine appends JSON on one line: line ends stand only between its tokens.
func appendLine(dst, json []byte) []byte {
	for _, c := range json {
		if c != '\n' && c != '\r' {
			dst = append(dst, c)
		}
	}
	return dst
}

// oneLine is a text up to its first line end.
func oneLine(s string) string {
	for i := range len(s) {
		if s[i] == '\n' || s[i] == '\r' || s[i] == 0 {
			return s[:i]
		}
	}
	return s
}

func appendEvent(dst []byte, e Out) []byte {
	if e.Event != "" {
		dst = append(append(append(dst, "event: "...), oneLine(e.Event)...), '\n')
	}
	if e.ID != "" {
		dst = append(append(append(dst, "id: "...), oneLine(e.ID)...), '\n')
	}
	data := e.Data
	for {
		end := bytes.IndexAny(data, "\r\n")
		if end < 0 {
			break
		}
		dst = append(append(append(dst, "data: "...), data[:end]...), '\n')
		if data[end] == '\r' && end+1 < len(data) && data[end+1] == '\n' {
			end++
		}
		data = data[end+1:]
	}
	return append(append(append(dst, "data: "...), data...), "\n\n"...)
}

func appendMessage(dst []byte, e Out) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, preludeLength)...)
	for _, f := range e.Fields {
		name := ":" + f.Name
		dst = append(append(append(dst, byte(len(name))), name...), textType)
		dst = append(binary.BigEndian.AppendUint16(dst, uint16(len(f.Value))), f.Value...)
	}
	headers := len(dst) - start - preludeLength
	dst = append(dst, e.Data...)
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start+sumLength))
	binary.BigEndian.PutUint32(dst[start+4:], uint32(headers))
	binary.BigEndian.PutUint32(dst[start+8:], crc32.ChecksumIEEE(dst[start:start+8]))
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start:]))
}
