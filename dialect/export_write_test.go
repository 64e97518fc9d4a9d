package dialect

import "github.com/parlance-api/parlance"

// Repeats reports that such an answer is written by a program: one that was
// written before, with other texts.
func Repeats(d *Dialect, req Request, o *parlance.Outcome, data Payload) bool {
	var key choiceKey
	at := d.core.kept.place(d.core.Spec, &key, &req, o, len(data.Body) > 0)
	if at == nil {
		return false
	}
	c := at.Load()
	if c == nil || c.key != key {
		return false
	}
	p := c.program(d.core.Spec, &req, o)
	return p != nil && p.run(new(Message), nil, c, o, &data)
}
