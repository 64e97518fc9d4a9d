package dialect

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
)

// program is an answer that was written once, cut at the texts that change from
// one to the next. The writer marked them while it wrote (trace), so all that
// stands between them is its own work and is not written a second way. Whether
// it would do the same for other texts is asked of the shape first (unrolls).
type program struct {
	steps  []step
	size   int    // of the body that it was made of, or maxHint
	lone   bool   // the one Field stands in the body itself, and shares texts with the whole
	media  string // of the payload, where the body is the payload and its type follows from that
	header []Pair
	texts  []varying // of the header
	losses []parlance.Loss
	unset  []string
}

// step is bytes as they are, and then a text or turns.
type step struct {
	before string
	kind   stepKind
	from   target
	conv   *conversion
	turns  []step
	single bool      // of names: a second Field of one name has no place
	among  *template // of names: whose own members no Field can be called
}

type stepKind uint8

const (
	stepBytes  stepKind = iota
	stepText            // a text of the whole, or of the Field whose turn it is, as JSON
	stepXML             // such a text as XML
	stepNames           // a turn for each path that Fields have
	stepEach            // a turn for each Field, of this path where names are around
	stepData            // the payload, as it is
	stepJSON            // the payload, which must be JSON
	stepTurned          // in a trace: a turn ends
)

// varying is a header field that holds a text of the whole.
type varying struct {
	at   int
	from attribute
}

// free are those whose texts may be any.
const free = set(1<<attrTitle|1<<attrDetail|1<<attrType|1<<attrInstance|1<<attrRequestID|1<<attrHelp) | pathBit | codeBit | messageBit

// maxTurns is how many Fields a program can tell apart.
const maxTurns = 64

// maxHint bounds the memory that is asked for before it is known how much an
// answer needs, for the one that was written first may have been a large one.
const maxHint = 1 << 10

// run writes another answer of the same dress. It reports false, having written
// nothing, for one with texts by which the writer would have gone another way.
func (p *program) run(m *Message, dst []byte, c *choice, o *parlance.Outcome, data *Payload) (ok bool) {
	if len(o.Fields) > maxTurns || p.lone && !mergesAlone(c, o) || p.media != "" && p.media != data.ContentType {
		return false
	}
	header := p.header[:len(p.header):len(p.header)]
	if len(p.texts) > 0 {
		if header, ok = p.head(o); !ok {
			return false
		}
	}
	if dst, ok = run(p.steps, slices.Grow(dst, p.size), o, data, 1<<len(o.Fields)-1); ok {
		m.Status, m.Header, m.Body, m.Losses = c.status, header, dst, p.losses[:len(p.losses):len(p.losses)]
		m.Phrase, m.Unset = c.phrase, p.unset[:len(p.unset):len(p.unset)]
	}
	return ok
}

// run writes steps, of which turns are for the Fields of a set.
func run(steps []step, dst []byte, o *parlance.Outcome, data *Payload, of uint64) (_ []byte, ok bool) {
	for i := range steps {
		s := &steps[i]
		dst = append(dst, s.before...)
		switch s.kind {
		case stepText:
			text := ""
			if s.from.owner == field {
				text = fieldText(&o.Fields[bits.TrailingZeros64(of)], s.from.attr)
			} else {
				text = outcomeText(o, s.from.attr)
			}
			switch s.conv.notation {
			case plain:
				dst = appendJSONText(dst, text)
			case segments:
				dst = s.conv.appendStructured(dst, text)
			default:
				text, _ = s.conv.wire(text, nil) // one that takes all texts
				dst = appendJSONText(dst, text)
			}
		case stepXML:
			text := outcomeText(o, s.from.attr)
			if strings.TrimSpace(text) != text {
				return dst, false // it would not be read as it is
			}
			dst = appendXMLText(dst, text)
		case stepData:
			dst = append(dst, data.Body...)
		case stepJSON:
			if !validJSON(data.Body) {
				return dst, false
			}
			dst = append(dst, data.Body...)
		case stepNames:
			for left := of; left != 0; {
				own := left & -left
				path := o.Fields[bits.TrailingZeros64(left)].Path
				if key, _ := s.among.keyConv.wire(path, nil); s.among.names([]byte(key)) {
					return dst, false
				}
				for rest := left &^ own; rest != 0; rest &= rest - 1 {
					if o.Fields[bits.TrailingZeros64(rest)].Path == path {
						own |= rest & -rest
					}
				}
				if s.single && own&(own-1) != 0 {
					return dst, false
				}
				if dst, ok = run(s.turns, dst, o, data, own); !ok {
					return dst, false
				}
				if left &^= own; left != 0 {
					dst = append(dst, ',')
				}
			}
		case stepEach:
			for left := of; left != 0; left &= left - 1 {
				if left != of {
					dst = append(dst, ',')
				}
				dst, _ = run(s.turns, dst, o, data, left&-left)
			}
		}
	}
	return dst, true
}

// head is the header with its texts. A text that cannot go out as it is is the
// writer's to lose.
func (p *program) head(o *parlance.Outcome) ([]Pair, bool) {
	h := slices.Clone(p.header)
	for _, t := range p.texts {
		text := ""
		if t.from == attrRetryAfter {
			if o.RetryAfter%time.Second != 0 {
				return nil, false
			}
			text = strconv.FormatInt(int64(o.RetryAfter/time.Second), 10)
		} else if text = outcomeText(o, t.from); headerText(text) != text {
			return nil, false
		}
		h[t.at].Value = text
	}
	return h, true
}

// mergesAlone reports that the only Field says the same as the whole, wherever
// both say something.
func mergesAlone(c *choice, o *parlance.Outcome) bool {
	if len(o.Fields) != 1 {
		return false
	}
	f := &o.Fields[0]
	return (f.Code == "" || c.code == "" || f.Code == c.code) && (f.Message == "" || o.Detail == "" || f.Message == o.Detail)
}
