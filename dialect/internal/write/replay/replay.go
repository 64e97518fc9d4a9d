package replay

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/jsontext"
)

// Replay is a response that was written once, cut at the texts that change from
// one to the next. The writer marked them while it wrote (trace), so all that
// stands between them is its own work and is not written a second way. Whether
// it would do the same for other texts is asked of the shape first (unrolls).
type Replay struct {
	steps  []step
	size   int    // of the body that it was made of, or maxHint
	Lone   bool   // the one Field stands in the body itself, and shares texts with the whole
	media  string // of the payload, where the body is the payload and its type follows from that
	Header []wire.HeaderField
	texts  []Varying // of the header
	Losses []parlance.Loss
	Unset  []string
}

// step is constant bytes with the text or the iterations after them.
type step struct {
	before string
	kind   StepKind
	from   spec.Target
	conv   *spec.Conversion
	turns  []step
	single bool           // of names: a second Field of one name has no place
	among  *spec.Template // of names: whose own members no Field can be called
}

type StepKind uint8

const (
	stepBytes StepKind = iota
	StepText           // a text of the whole, or of the Field whose turn it is, as JSON
	StepXML            // such a text as XML
	StepNames          // a turn for each path that Fields have
	StepEach           // a turn for each Field, of this path if names are around
	StepData           // the payload, as it is
	StepJSON           // the payload, which must be JSON
	StepEnd            // in a trace: a turn ends
)

// Varying is a header field that holds a text of the whole.
type Varying struct {
	At   int
	From spec.Attribute
}

// Free are those whose texts may be any.
const Free = spec.Set(1<<spec.AttrTitle|1<<spec.AttrDetail|1<<spec.AttrType|1<<spec.AttrInstance|1<<spec.AttrRequestID|1<<spec.AttrHelp) | spec.PathBit | spec.CodeBit | spec.MessageBit

// maxTurns is the most Fields that a replay can write.
const maxTurns = 64

// maxHint bounds the memory that is asked for before it is known how much an
// response needs, for the one that was written first may have been a large one.
const maxHint = 1 << 10

// Run writes another response of the same rendering. It reports false, having written
// nothing, for one with texts by which the writer would have gone another way.
func (p *Replay) Run(m *wire.Encoded, dst []byte, c *Choice, o *parlance.Outcome, data *wire.Payload) (ok bool) {
	if len(o.Fields) > maxTurns || p.Lone && !mergesAlone(c, o) || p.media != "" && p.media != data.ContentType {
		return false
	}
	header := p.Header[:len(p.Header):len(p.Header)]
	if len(p.texts) > 0 {
		if header, ok = p.head(o); !ok {
			return false
		}
	}
	if dst, ok = run(p.steps, slices.Grow(dst, p.size), o, data, 1<<len(o.Fields)-1); ok {
		m.Status, m.Header, m.Body, m.Losses = c.Status, header, dst, p.Losses[:len(p.Losses):len(p.Losses)]
		m.Phrase, m.Unset = c.Phrase, p.Unset[:len(p.Unset):len(p.Unset)]
	}
	return ok
}

// run writes steps. The iterations among them are for the Fields of a set. It writes the
// texts itself, because a function for them made a response a tenth slower.
func run(steps []step, dst []byte, o *parlance.Outcome, data *wire.Payload, of uint64) (_ []byte, ok bool) {
	for i := range steps {
		s := &steps[i]
		dst = append(dst, s.before...)
		switch s.kind {
		case StepText:
			text := ""
			if s.from.Owner == spec.Field {
				text = spec.FieldText(&o.Fields[bits.TrailingZeros64(of)], s.from.Attr)
			} else {
				text = spec.OutcomeText(o, s.from.Attr)
			}
			switch {
			case s.conv.Notation == spec.Plain:
				dst = jsontext.Append(dst, text)
			case !s.conv.Returns(text):
				return dst, false
			case s.conv.Notation == spec.Segments:
				dst = s.conv.AppendStructured(dst, text)
			default:
				text, _ = s.conv.Wire(text, nil) // one that takes all texts
				dst = jsontext.Append(dst, text)
			}
		case StepXML:
			text := spec.OutcomeText(o, s.from.Attr)
			if strings.TrimSpace(text) != text {
				return dst, false // it would not be read as it is
			}
			dst = tree.AppendXML(dst, text)
		case StepJSON:
			if !tree.ValidJSON(data.Body) {
				return dst, false
			}
			dst = append(dst, data.Body...)
		case StepData:
			dst = append(dst, data.Body...)
		case StepNames:
			if dst, ok = s.names(dst, o, data, of); !ok {
				return dst, false
			}
		case StepEach:
			for left := of; left != 0; left &= left - 1 {
				if left != of {
					dst = append(dst, ',')
				}
				if dst, ok = run(s.turns, dst, o, data, left&-left); !ok {
					return dst, false
				}
			}
		}
	}
	return dst, true
}

// names writes an iteration for each path of the Fields.
func (s *step) names(dst []byte, o *parlance.Outcome, data *wire.Payload, of uint64) (_ []byte, ok bool) {
	for left := of; left != 0; {
		own := left & -left
		path := o.Fields[bits.TrailingZeros64(left)].Path
		if key, _ := s.among.KeyConv.Wire(path, nil); s.among.Names([]byte(key)) || !s.among.KeyConv.Returns(path) {
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
	return dst, true
}

// head is the header with its texts. A text that a header cannot hold is left to the writer.
func (p *Replay) head(o *parlance.Outcome) ([]wire.HeaderField, bool) {
	h := slices.Clone(p.Header)
	for _, t := range p.texts {
		text := ""
		if t.From == spec.AttrRetryAfter {
			if o.RetryAfter%time.Second != 0 && o.RetryAfter != parlance.RetryNow {
				return nil, false
			}
			text = strconv.FormatInt(int64(o.RetryAfter/time.Second), 10)
		} else if text = spec.OutcomeText(o, t.From); wire.HeaderText(text) != text {
			return nil, false
		}
		h[t.At].Value = text
	}
	return h, true
}

// mergesAlone reports that the only Field has the texts of the whole, as far as both have
// them.
func mergesAlone(c *Choice, o *parlance.Outcome) bool {
	if len(o.Fields) != 1 {
		return false
	}
	f := &o.Fields[0]
	return (f.Code == "" || c.Code == "" || f.Code == c.Code) && (f.Message == "" || o.Detail == "" || f.Message == o.Detail)
}
