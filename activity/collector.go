package activity

import (
	"context"
	"log/slog"
	"sync"

	"github.com/parlance-api/parlance"
)

// Collector gathers the record of one request while it is served. Its methods may
// be called concurrently, and do nothing on a nil Collector and after End.
type Collector struct {
	recorder *Recorder

	mu     sync.Mutex
	record Record
	bytes  int // of the lines
	ended  bool
}

type collectorKey struct{}

// CollectorOf is the one that gathers for the context, nil where none does.
func CollectorOf(ctx context.Context) *Collector {
	c, _ := ctx.Value(collectorKey{}).(*Collector)
	return c
}

// AddCall adds an attempt at another service to the record of the context's
// request, and does nothing where none is gathered. It is safe for concurrent use.
func AddCall(ctx context.Context, call Call) {
	if c := CollectorOf(ctx); c != nil {
		c.gather(func(r *Record) {
			if len(r.Calls) >= maxCalls {
				r.Dropped++
				return
			}
			r.Dropped += c.recorder.trim(&call.Outcome)
			call.Path = c.recorder.secrets.text(call.Path)
			r.Calls = append(r.Calls, call)
		})
	}
}

// SetTrace sets the W3C trace id of the context's request, for one that begins a
// trace or takes part in another than its header says.
func SetTrace(ctx context.Context, id string) {
	CollectorOf(ctx).gather(func(r *Record) { r.Trace = id })
}

// Snapshot is a copy of what is gathered so far, for one who commits it together
// with the effect of the request; nil on a nil Collector. What is added at the end
// takes its place: a [Store] keeps the last record of an id.
func (c *Collector) Snapshot() *Record {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.record
	r.Calls = append([]Call(nil), r.Calls...)
	r.Lines = append([]Line(nil), r.Lines...)
	return &r
}

// End completes the record by finish, which may be nil, and hands it to the
// Recorder. What is logged under the context from then on is in the log alone.
func (c *Collector) End(finish func(*Record)) {
	var done *Record
	c.gather(func(r *Record) {
		if finish != nil {
			finish(r)
		}
		r.Dropped += c.recorder.trim(&r.Outcome)
		c.ended = true
		done = r
	})
	if done != nil {
		c.recorder.Add(done)
	}
}

func (c *Collector) gather(add func(*Record)) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		add(&c.record)
	}
}

// wants reports whether lines of a level are gathered.
func (c *Collector) wants(level slog.Level) bool {
	return c != nil && level >= c.recorder.level
}

// line gathers what is logged by a handler.
func (c *Collector) line(h *Handler, r slog.Record) {
	if !c.wants(r.Level) {
		return
	}
	s := c.recorder.secrets
	l := Line{Time: r.Time, Level: r.Level, Message: cut(s.text(r.Message))}
	l.Attrs = s.attrs(l.Attrs, "", false, h.attrs)
	within, secret := "", false
	for _, g := range h.groups {
		within, secret = within+g.name+".", secret || s.holds(g.name)
		l.Attrs = s.attrs(l.Attrs, within, secret, g.attrs)
	}
	r.Attrs(func(a slog.Attr) bool {
		l.Attrs = s.attr(l.Attrs, within, secret, a)
		return true
	})
	size := len(l.Message)
	for _, a := range l.Attrs {
		size += len(a)
	}
	// A quarter is kept for what went wrong: it comes last, when a request that
	// talks much has filled the rest.
	lines, bytes := c.recorder.maxLines, c.recorder.maxBytes
	if r.Level < slog.LevelWarn {
		lines, bytes = lines-lines/4, bytes-bytes/4
	}
	c.gather(func(r *Record) {
		if len(r.Lines) >= lines || c.bytes+size > bytes {
			r.Dropped++
			return
		}
		c.bytes += size
		r.Lines = append(r.Lines, l)
	})
}

// attrs writes attributes as name=value, those of a group under its name.
func (s secrets) attrs(to []string, within string, secret bool, all []slog.Attr) []string {
	for _, a := range all {
		to = s.attr(to, within, secret, a)
	}
	return to
}

func (s secrets) attr(to []string, within string, secret bool, a slog.Attr) []string {
	v := a.Value.Resolve()
	if a.Key == "" && v.Equal(slog.Value{}) {
		return to // no attribute, by the rules of slog.Handler
	}
	secret = secret || s.holds(a.Key)
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			within += a.Key + "."
		}
		return s.attrs(to, within, secret, v.Group())
	}
	text := Redacted
	if !secret {
		text = cut(s.value(v))
	}
	return append(to, within+a.Key+"="+text)
}

const (
	maxCalls = 100     // of a record
	maxItems = 100     // of an outcome, and as many fields
	maxText  = 8 << 10 // bytes of a message or a value: more than most stacks
)

// cut ends a text that is too long.
func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	end := maxText
	for end > 0 && text[end]&0xc0 == 0x80 { // within a letter
		end--
	}
	return text[:end] + "…"
}

// trim takes out of an outcome what is secret in its texts, and of many items or
// fields the last. It returns how many those were.
func (r *Recorder) trim(o *parlance.Outcome) (dropped int) {
	o.Detail = cut(r.secrets.text(o.Detail))
	if n := len(o.Notes); n > 0 {
		kept := make([]string, min(n, maxItems))
		for i := range kept {
			kept[i] = cut(r.secrets.text(o.Notes[i]))
		}
		o.Notes, dropped = kept, dropped+n-len(kept)
	}
	if n := len(o.Fields); n > 0 {
		kept := append([]parlance.Field(nil), o.Fields[:min(n, maxItems)]...)
		for i := range kept {
			kept[i].Message = cut(r.secrets.text(kept[i].Message))
		}
		o.Fields, dropped = kept, dropped+n-len(kept)
	}
	if n := len(o.Items); n > 0 {
		kept := append([]parlance.Item(nil), o.Items[:min(n, maxItems)]...)
		for i := range kept {
			dropped += r.trim(&kept[i].Outcome)
		}
		o.Items, dropped = kept, dropped+n-len(kept)
	}
	return dropped
}
