package write

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/dialect/internal/write/replay"
)

// choiceFor is the choice that follows from the meaning of an Outcome alone.
func (d *Writer) choiceFor(req *wire.Request, o *parlance.Outcome, data *wire.Payload) *replay.Choice {
	var key replay.ChoiceKey
	at := d.Kept.Place(d.Spec, &key, req, o, len(data.Body) > 0)
	if at != nil {
		if c := at.Find(&key); c != nil {
			return c
		}
		key = key.Keep()
	}
	w := writers.Get().(*output)
	defer w.release()
	w.d, w.o, w.data = d, o, *data
	w.own, w.req = *req, &w.own
	c := d.newChoice(w, key)
	if at != nil {
		at.Keep(c)
	}
	return c
}

func (d *Writer) newChoice(w *output, key replay.ChoiceKey) *replay.Choice {
	c := &replay.Choice{Key: key}
	w.chooseMeaning()
	if w.code == key.Code {
		w.code = key.Code // in memory of its own
	}
	c.Row, c.Status, c.Code, c.Lent, c.Lost = w.row, w.status, w.code, w.lent, w.losses
	c.StatusText, c.Phrase = strconv.Itoa(c.Status), c.Row.Phrase(c.Status)
	c.Back = d.StatusRow(c.Status, w.req)
	c.CanMisread = slices.ContainsFunc(d.Guarded, func(g spec.GuardedShape) bool { return d.misread(&g, c.Row, c.Status) })
	return c
}

// chooseMeaning chooses the row, the status and the code to write.
func (w *output) chooseMeaning() {
	w.row, w.status = w.d.writable(w.o, w.req)
	w.code = w.chooseCode()
	w.needCode()
}

// rendering finds or makes the rendering for the attributes that are set.
func (w *output) rendering() *replay.Rendering {
	c := w.choice
	if len(w.avoid) > 0 {
		return newRendering(w.chooseShape())
	}
	var k replay.RenderingKey
	kept := k.Set(w.d.Spec, w.req, w.o, w.present, w.lacking)
	at := c.At(&k)
	if kept {
		if l := at.Load(); l != nil && l.RenderingKey == k {
			return l
		}
	}
	k.Accept = strings.Clone(k.Accept)
	l := newRendering(w.chooseShape())
	l.RenderingKey = k
	if kept {
		if w.unrolls(l.Shape) {
			l.Tries = replay.MaxTries
		}
		at.Store(l)
	}
	return l
}

func newRendering(s *spec.Shape) *replay.Rendering {
	l := &replay.Rendering{Shape: s}
	if s != nil {
		l.Header = []wire.HeaderField{{Name: "Content-Type", Value: s.Media}}
	}
	return l
}
