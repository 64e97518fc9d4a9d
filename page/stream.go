package page

import (
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// streams say the form of each stream of the API.
func (c *composer) streams() (all []fact) {
	for i, s := range authoring.Streams(c.d, c.examples.made) {
		f := c.fact("stream", c.say("fact.stream.form."+s.Form, "request", line(s.Says()), "media", line(s.Types[0])))
		f.ID += "." + strconv.Itoa(i+1)
		f.Title = c.say("fact.stream", "name", line(s.Name))
		say := func(key string) { f.Texts = append(f.Texts, c.say("fact.stream."+key)) }
		say("first")
		if s.Partial {
			say("partial")
		} else {
			say("late")
		}
		if s.HasEnd {
			say("cut")
		} else {
			say("endless")
		}
		f.Head = []string{c.say("fact.stream.element"), c.say("fact.stream.role"), c.say("fact.form.example")}
		for _, e := range s.Elements {
			f.Table = append(f.Table, []string{line(c.elementName(&e)), c.role(&e), c.onLine(e.Example)})
		}
		f.Table = append(f.Table, []string{c.say("fact.stream.other"), c.say("fact.stream.content"), c.onLine(s.Content[:min(len(s.Content), 1)])})
		if f.Code = onWire(c.d, &s); s.Form == binary {
			say("binary")
		}
		all = append(all, f)
	}
	return all
}

// binary is the form whose bytes are no text.
const binary = "aws-event-stream"

// elementName is what a template is called, else its place among the others.
func (c *composer) elementName(e *authoring.Element) string {
	if e.Name != "" {
		return e.Name
	}
	return c.say("label.line") + " " + strconv.Itoa(e.Place.Line)
}

// role is the part of an element in words.
func (c *composer) role(e *authoring.Element) string {
	text := ""
	switch e.Role {
	case dialect.RoleEnd:
		text = c.say("fact.stream.end")
	case dialect.RolePreamble:
		text = c.say("fact.stream.preamble")
	case dialect.RoleFailure:
		text = c.say("fact.stream.failure")
	case dialect.RoleContent:
		text = c.say("fact.stream.says")
	}
	if e.Read {
		text += "; " + c.say("fact.form.read")
	}
	return text
}

// onLine is an element in one line, "" for none.
func (c *composer) onLine(parts []dialect.StreamPart) string {
	if len(parts) == 0 {
		return ""
	}
	return line(strings.TrimSpace(parts[0].Event + " " + string(parts[0].Data)))
}

// onWire is a stream with a failure as its last element, as it comes over the wire: two
// elements of content at most, and the failure. A binary message has a line of its own.
func onWire(d *dialect.Dialect, s *authoring.Stream) string {
	w := d.WriteStream(s.Request)
	if w == nil {
		return ""
	}
	parts := s.Content[:min(len(s.Content), 2)]
	var body []byte
	for _, p := range parts {
		body = w.Append(body, p)
	}
	if o, ok := s.Fail(); ok {
		m, _ := w.Encode(body, &o)
		body = m.Body
	} else {
		for _, e := range s.Elements {
			if e.Role == dialect.RoleFailure && len(e.Example) > 0 {
				body = w.AppendEnd(w.Append(body, e.Example[0]))
				break
			}
		}
	}
	text := string(body)
	if s.Form == binary {
		text = messages(d, s, body)
	}
	return "HTTP/1.1 200 OK\nContent-Type: " + line(w.Type()) + "\n\n" + visible(strings.TrimRight(text, "\n"))
}

// messages are binary messages as text, one a line: the name and the payload.
func messages(d *dialect.Dialect, s *authoring.Stream, body []byte) string {
	var b strings.Builder
	header := dialect.HeaderMap{"Content-Type": {s.Types[0]}}
	back := d.Stream(s.Request, dialect.Response{Status: 200, Header: header}, func(e *dialect.StreamElement) {
		b.WriteString(strings.TrimSpace(string(e.Event)+" "+string(e.Data)) + "\n")
	})
	if back != nil {
		back.Feed(body)
		back.End(dialect.EndWhole)
	}
	return b.String()
}
