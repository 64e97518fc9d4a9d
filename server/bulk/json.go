package bulk

import (
	"encoding/json"
	"fmt"
	"io"
)

// jsonRecords reads the elements of a list: of the document, or of a member of it.
type jsonRecords struct {
	in     *input
	member string // "" is the document itself
	state  jsonState
	line   int // on which the last element begins
}

type jsonState uint8

const (
	beforeList jsonState = iota
	beforeFirst
	betweenRecords
	afterList
)

var (
	jsonBrackets = setOf(`"{}[]`)
	jsonQuotes   = setOf(`"\`)
	jsonEnds     = setOf(",]} \t\r\n")
)

func (j *jsonRecords) next() (rawRecord, error) {
	if j.state == beforeList {
		if err := j.enter(); err != nil {
			return rawRecord{}, j.in.short(err)
		}
		j.state = beforeFirst
	}
	if j.state == afterList {
		return rawRecord{}, io.EOF
	}
	record, err := j.element()
	if err == nil && record == nil {
		j.state = afterList
		return rawRecord{}, j.leave()
	}
	return rawRecord{bytes: record, line: j.line}, j.in.short(err)
}

// enter reads up to the first record of the list.
func (j *jsonRecords) enter() error {
	in := j.in
	switch {
	case in.buf[0] == '[' && j.member == "":
		in.take(1)
		return nil
	case in.buf[0] == '[':
		return in.bad(0, fmt.Sprintf("this is a list, not an object with the list %q", j.member))
	case j.member == "":
		return in.bad(0, "this is an object, not a list of records")
	}
	in.take(1)
	for first := true; ; first = false {
		name, err := j.name(first)
		if err != nil {
			return err
		}
		switch {
		case name == nil:
			return in.bad(0, fmt.Sprintf("there is no list %q", j.member))
		case *name == j.member && in.buf[0] != '[':
			return in.bad(0, fmt.Sprintf("%q is not a list of records", j.member))
		case *name == j.member:
			in.take(1)
			return nil
		}
		if _, err := j.value(); err != nil {
			return err
		}
	}
}

// leave reads from the end of the list to the end of the document.
func (j *jsonRecords) leave() error {
	for j.member != "" {
		name, err := j.name(false)
		if err != nil {
			return j.in.short(err)
		}
		if name == nil {
			break
		}
		if *name == j.member {
			return j.in.bad(0, fmt.Sprintf("there is a second list %q", j.member))
		}
		if _, err := j.value(); err != nil {
			return j.in.short(err)
		}
	}
	for {
		i, err := j.in.space(0)
		if err != nil {
			return err // io.EOF is as it should be
		}
		if i == 0 {
			return j.in.bad(0, "there is more after the end of the document")
		}
		j.in.take(i)
	}
}

// element is the next element of the list, nil at its end, which is taken.
func (j *jsonRecords) element() ([]byte, error) {
	in := j.in
	if err := j.skip(); err != nil {
		return nil, err
	}
	if in.buf[0] == ']' {
		in.take(1)
		return nil, nil
	}
	if j.state == betweenRecords {
		if in.buf[0] != ',' {
			return nil, in.bad(0, "there is no comma between two records")
		}
		in.take(1)
		if err := j.skip(); err != nil {
			return nil, err
		}
	}
	j.state = betweenRecords
	j.line = in.lines + 1
	return j.value()
}

// name is that of the next member of an object, whose value comes next; nil at
// the end of the object, which is taken.
func (j *jsonRecords) name(first bool) (*string, error) {
	in := j.in
	if err := j.skip(); err != nil {
		return nil, err
	}
	if in.buf[0] == '}' {
		in.take(1)
		return nil, nil
	}
	if !first {
		if in.buf[0] != ',' {
			return nil, in.bad(0, "there is no comma between two members")
		}
		in.take(1)
		if err := j.skip(); err != nil {
			return nil, err
		}
	}
	if in.buf[0] != '"' {
		return nil, in.bad(0, "this is not the name of a member")
	}
	text, err := j.value()
	if err != nil {
		return nil, err
	}
	var name string
	if err := json.Unmarshal(text, &name); err != nil {
		return nil, in.bad(0, "this is not the name of a member")
	}
	if err := j.skip(); err != nil {
		return nil, err
	}
	if in.buf[0] != ':' {
		return nil, in.bad(0, "there is no colon after the name")
	}
	in.take(1)
	return &name, j.skip()
}

// skip takes white space. Something stands behind it where it does not fail.
func (j *jsonRecords) skip() error {
	i, err := j.in.space(0)
	j.in.take(i)
	return err
}

// value takes a value, which begins at once.
func (j *jsonRecords) value() ([]byte, error) {
	end, err := j.end()
	if err != nil {
		return nil, err
	}
	if end > j.in.max {
		return nil, j.in.bad(0, fmt.Sprintf("a record is longer than %d bytes", j.in.max))
	}
	if !json.Valid(j.in.buf[:end]) {
		return nil, j.in.bad(0, "this is not JSON")
	}
	return j.in.take(end), nil
}

// end is where a value ends. Whether it is one is not looked at yet.
func (j *jsonRecords) end() (int, error) {
	in := j.in
	switch in.buf[0] {
	case '"':
		return j.endOfText(0)
	case '{', '[':
		for i, depth := 0, 0; ; {
			at, err := in.findAny(i, &jsonBrackets)
			if err != nil {
				return 0, err
			}
			i = at + 1
			switch in.buf[at] {
			case '"':
				if i, err = j.endOfText(at); err != nil {
					return 0, err
				}
			case '{', '[':
				depth++
			default:
				if depth--; depth == 0 {
					return i, nil
				}
			}
		}
	}
	return in.findAny(0, &jsonEnds)
}

// endOfText is where a text ends whose first quote is buf[i].
func (j *jsonRecords) endOfText(i int) (int, error) {
	for i++; ; i += 2 {
		at, err := j.in.findAny(i, &jsonQuotes)
		if err != nil {
			return 0, err
		}
		if j.in.buf[at] == '"' {
			return at + 1, nil
		}
		i = at // a backslash, which takes one more byte with it
	}
}
