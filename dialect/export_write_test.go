package dialect

import (
	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/write/replay"
)

// Repeats reports that such a response is written by a program: one that was
// written before, with other texts.
func Repeats(d *Dialect, req Request, o *parlance.Outcome, data Payload) bool {
	var key replay.ChoiceKey
	at := d.core.Kept.Place(d.core.Spec, &key, &req, o, len(data.Body) > 0)
	if at == nil {
		return false
	}
	c := at.Find(&key)
	if c == nil {
		return false
	}
	p := c.Replay(d.core.Spec, &req, o)
	return p != nil && p.Run(new(Encoded), nil, c, o, &data)
}
