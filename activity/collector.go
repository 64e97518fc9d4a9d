package activity

import (
	"context"
	"hash/fnv"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"sync"

	"github.com/parlance-api/parlance"
)

// Collector gathers the record of one request while it is served. Its methods may be
// called concurrently. They do nothing on a nil Collector and after End.
type Collector struct {
	recorder *Recorder

	mu     sync.Mutex
	record Record // but for the lines
	lines  *lines // nil for none yet
	warned bool   // a line of Warn or above was gathered
	ended  bool
}

type collectorKey struct{}

// CollectorOf is the Collector of the context, nil if there is none.
func CollectorOf(ctx context.Context) *Collector {
	c, _ := ctx.Value(collectorKey{}).(*Collector)
	return c
}

// AddCall adds an attempt at another service to the record of the context's request.
// Without a record it does nothing. It is safe for concurrent use.
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

// SetTrace sets the W3C trace id of the context's request. Use it if the request begins
// a trace, or joins another one than its header names.
func SetTrace(ctx context.Context, id string) {
	CollectorOf(ctx).gather(func(r *Record) { r.Trace = id })
}

// Commit adds the record so far to the Recorder's Store, in the transaction that ctx
// carries. finish completes it and may be nil. Once the transaction commits, the record
// is kept, even if the process dies. The record of End replaces it later. Commit does
// nothing after End, on a nil Collector, and if ctx carries no transaction that the
// Store takes part in (see [Joiner]). An error is the Store's; do not commit the
// transaction then.
func (c *Collector) Commit(ctx context.Context, finish func(*Record)) error {
	if c == nil {
		return nil
	}
	if j, ok := c.recorder.store.(Joiner); !ok || !j.Joins(ctx) {
		return nil
	}
	c.mu.Lock()
	r, ended := c.record, c.ended // of the calls none is altered later
	r.Lines = c.lines.made(&c.recorder.secrets)
	c.mu.Unlock()
	if ended {
		return nil
	}
	if finish != nil {
		finish(&r)
	}
	r.Dropped += c.recorder.trim(&r.Outcome)
	return c.recorder.store.Add(ctx, &r)
}

// End completes the record by finish, which may be nil, and hands it to the Recorder,
// which adds the lines. Later lines under the context are only in the log.
func (c *Collector) End(finish func(*Record)) {
	if c == nil {
		return
	}
	c.mu.Lock()
	ended, lines := c.ended, c.lines
	if !ended {
		if finish != nil {
			finish(&c.record)
		}
		c.record.Dropped += c.recorder.trim(&c.record.Outcome)
		c.ended, c.lines = true, nil
	}
	c.mu.Unlock()
	switch {
	case ended:
	case c.dropped():
		lines.release()
	default:
		c.recorder.add(queued{&c.record, lines})
	}
}

// dropped reports that the record is a success that [WithSampling] leaves out.
func (c *Collector) dropped() bool {
	n, r := c.recorder.sample, &c.record
	if n < 2 || c.warned || r.Status >= 400 || !r.Outcome.Kind.Good() || r.Outcome.Kind == parlance.KindNoted ||
		slices.ContainsFunc(r.Calls, func(call Call) bool { return !call.Outcome.Kind.Good() }) {
		return false
	}
	h := fnv.New32a()
	_, _ = io.WriteString(h, r.ID)
	return h.Sum32()%uint32(n) != 0
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
	bytes, settled := h.size(r)
	if settled {
		c.keep(r.Level, bytes, func(l *lines) { l.wait(h, r, bytes) })
		return
	}
	// Now, and outside of the lock: a value's own method may log.
	w := lineWriters.Get().(*lineWriter)
	defer lineWriters.Put(w)
	w.begin(&c.recorder.secrets)
	w.line(h, r)
	c.keep(r.Level, len(w.text), func(l *lines) { l.add(&r, w.text, w.ends) })
}

// keep keeps a line of so many bytes, where there is room for it.
func (c *Collector) keep(level slog.Level, bytes int, add func(*lines)) {
	// A quarter is kept for what went wrong: it comes last, when a request that
	// talks much has filled the rest.
	mostLines, mostBytes := c.recorder.maxLines, c.recorder.maxBytes
	if level < slog.LevelWarn {
		mostLines, mostBytes = mostLines-mostLines/4, mostBytes-mostBytes/4
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.warned = c.warned || level >= slog.LevelWarn
	switch {
	case c.ended:
	case c.lines.count() >= mostLines || c.lines.size()+bytes > mostBytes:
		c.record.Dropped++
	default:
		if c.lines == nil {
			c.lines = linesPool.Get().(*lines)
		}
		add(c.lines)
	}
}

// lineWriter writes a message, and attributes as name=value, one behind the other in
// one text.
type lineWriter struct {
	*secrets
	text []byte
	ends []int // of the message and of each attribute
}

var lineWriters = sync.Pool{New: func() any { return &lineWriter{text: make([]byte, 0, 512)} }}

// begin forgets what was written.
func (w *lineWriter) begin(s *secrets) { w.secrets, w.text, w.ends = s, w.text[:0], w.ends[:0] }

// line writes what is logged by a handler.
func (w *lineWriter) line(h *Handler, r slog.Record) {
	w.text = append(w.text, cut(w.secrets.text(r.Message))...)
	w.ends = append(w.ends, len(w.text))
	for _, a := range h.attrs {
		w.attr("", false, a)
	}
	within, secret := "", false
	for _, g := range h.groups {
		within, secret = within+g.name+".", secret || w.holds(g.name)
		for _, a := range g.attrs {
			w.attr(within, secret, a)
		}
	}
	r.Attrs(func(a slog.Attr) bool {
		w.attr(within, secret, a)
		return true
	})
}

// attr writes an attribute, those of a group under its name.
func (w *lineWriter) attr(within string, secret bool, a slog.Attr) {
	v := a.Value.Resolve()
	if a.Key == "" && v.Equal(slog.Value{}) {
		return // no attribute, by the rules of slog.Handler
	}
	secret = secret || w.holds(a.Key)
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			within += a.Key + "."
		}
		for _, a := range v.Group() {
			w.attr(within, secret, a)
		}
		return
	}
	w.text = append(w.text, within...)
	w.text = append(w.text, a.Key...)
	w.text = append(w.text, '=')
	switch {
	case secret:
		w.text = append(w.text, Redacted...)
	case v.Kind() == slog.KindInt64:
		w.text = strconv.AppendInt(w.text, v.Int64(), 10)
	default:
		w.text = append(w.text, cut(w.value(v))...)
	}
	w.ends = append(w.ends, len(w.text))
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
