package dialect

import (
	"slices"
	"strconv"
	"strings"
)

func (d *Writer) newChoice(w *output, key choiceKey) *choice {
	c := &choice{key: key}
	w.row, w.status = d.writable(w.o, w.req)
	w.code = w.chooseCode()
	if w.code == key.code {
		w.code = key.code // in memory of its own
	}
	c.row, c.status, c.code, c.lost = w.row, w.status, w.code, w.losses
	c.statusText, c.phrase = strconv.Itoa(c.status), c.row.phrase(c.status)
	c.back = d.statusRow(c.status, w.req)
	c.telling = slices.ContainsFunc(d.telling, func(g telling) bool { return d.misleads(&g, c.row, c.status) })
	return c
}

// dress finds or makes the shape for the attributes that are set.
func (w *output) dress() *dress {
	c := w.choice
	var k dressKey
	kept := k.set(w.d.Spec, w.req, w.o, w.present, w.lacking)
	at := c.at(&k)
	if kept {
		if l := at.Load(); l != nil && l.dressKey == k {
			return l
		}
	}
	k.accept = strings.Clone(k.accept)
	l := &dress{dressKey: k, shape: w.chooseShape()}
	if l.shape != nil {
		l.header = []Pair{{"Content-Type", l.shape.media}}
	}
	if kept {
		if w.unrolls(l.shape) {
			l.tries = maxTries
		}
		at.Store(l)
	}
	return l
}
