package activity

import (
	"context"
	"log/slog"
	"slices"
)

// Key is the name under which log records carry the id.
const Key = "activity_id"

// Handler is an [slog.Handler] that adds the activity id to every record whose context
// carries one, and passes all records on to another handler. The id is at the top
// level, outside all groups of a logger, so that one query finds every line of a
// request. The context is that of the call: slog.InfoContext carries it, slog.Info does
// not. A Handler is as safe for concurrent use as the handler below it.
//
// Credentials are redacted: the values of names such as authorization, cookie, token and
// password, and credentials within a text, such as those in the URL of a *url.Error. A
// record has the same redaction. A credential without such a sign is not found.
//
// If a [Collector] gathers for the context, it gets each line too, even if the handler
// below drops it: see [WithLevel]. Use one Handler, as the outermost.
type Handler struct {
	plain  slog.Handler // with every attribute and group: takes records without an id
	top    slog.Handler // without the groups: the id is added at its level
	attrs  []slog.Attr  // that top has, for a collector
	groups []group      // what top lacks, the outermost first
	secret bool         // a group has a secret name
}

var _ slog.Handler = (*Handler)(nil)

// group is a group that a logger opened, and the attributes added in it.
type group struct {
	name  string
	attrs []slog.Attr
}

// NewHandler wraps a handler. A Handler is returned as it is, so that no record has the
// id twice.
func NewHandler(next slog.Handler) *Handler {
	if h, ok := next.(*Handler); ok {
		return h
	}
	return &Handler{plain: next, top: next}
}

// size is about how many bytes the texts of a line have, and whether they cannot
// change any more.
func (h *Handler) size(r slog.Record) (bytes int, ok bool) {
	bytes, ok = len(r.Message), len(r.Message) <= maxText
	count := func(a slog.Attr) bool {
		n, settled := settled(a.Value)
		bytes, ok = bytes+len(a.Key)+len("=")+n, ok && settled
		return ok
	}
	for _, a := range h.attrs {
		count(a)
	}
	for _, g := range h.groups {
		for _, a := range g.attrs {
			bytes += len(g.name)
			count(a)
		}
	}
	r.Attrs(count)
	return bytes, ok
}

// Enabled asks the handler below, and the Collector of ctx.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.plain.Enabled(ctx, level) || CollectorOf(ctx).wants(level)
}

// Handle adds the id of ctx and passes the record on. It returns the error of the
// handler below.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	names := &commonSecrets
	if c := CollectorOf(ctx); c != nil {
		names = &c.recorder.secrets
		c.line(h, r)
		if !h.plain.Enabled(ctx, r.Level) {
			return nil // it was the collector alone that wanted it
		}
	}
	r = names.redacted(r, h.secret)
	id := ID(ctx)
	if id == "" {
		return h.plain.Handle(ctx, r)
	}
	if len(h.groups) == 0 {
		r = r.Clone()
		r.AddAttrs(slog.String(Key, id))
		return h.top.Handle(ctx, r)
	}
	// A handler cannot leave a group once it is open, so the groups are folded
	// into the record, the innermost first, beside the id.
	attrs := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	for _, g := range slices.Backward(h.groups) {
		attrs = []slog.Attr{{Key: g.name, Value: slog.GroupValue(slices.Concat(g.attrs, attrs)...)}}
	}
	folded := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	folded.AddAttrs(slog.String(Key, id))
	folded.AddAttrs(attrs...)
	return h.top.Handle(ctx, folded)
}

// WithAttrs returns a Handler whose records also carry the attributes, in the group
// that is open.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	attrs, _ = commonSecrets.members(attrs, h.secret)
	next := &Handler{plain: h.plain.WithAttrs(attrs), top: h.top, attrs: h.attrs, groups: slices.Clone(h.groups), secret: h.secret}
	if n := len(next.groups); n > 0 {
		next.groups[n-1].attrs = slices.Concat(next.groups[n-1].attrs, attrs)
	} else {
		next.top, next.attrs = next.plain, slices.Concat(h.attrs, attrs)
	}
	return next
}

// WithGroup returns a Handler that puts later attributes into a group. The id stays
// outside.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &Handler{plain: h.plain.WithGroup(name), top: h.top, attrs: h.attrs, groups: append(slices.Clone(h.groups), group{name: name}), secret: h.secret || commonSecrets.holds(name)}
}
