package activity

import (
	"log/slog"
	"strconv"
	"sync"
)

// lines are what was logged under a request, in memory that is used again. A Recorder
// makes Lines of them when the request is over, so that it is not the request that
// waits for that: what cannot change is written only then.
type lines struct {
	all   []logged
	text  []byte // of those that are written already
	ends  []int  // in text, of each message and each attribute
	bytes int    // of all texts, about
}

// logged is one of them.
type logged struct {
	record  slog.Record
	handler *Handler // that has more attributes; nil for one that is written already
	texts   int      // that it has, where it is: its message, and then its attributes
}

var linesPool = sync.Pool{New: func() any { return &lines{all: make([]logged, 0, 4)} }}

// wait adds one whose texts cannot change.
func (l *lines) wait(h *Handler, r slog.Record, bytes int) {
	l.all = append(l.all, logged{record: r.Clone(), handler: h})
	l.bytes += bytes
}

// add adds one whose texts are written: they end where ends says.
func (l *lines) add(r *slog.Record, text []byte, ends []int) {
	from := len(l.text)
	l.text = append(l.text, text...)
	for _, end := range ends {
		l.ends = append(l.ends, from+end)
	}
	l.all = append(l.all, logged{record: slog.Record{Time: r.Time, Level: r.Level}, texts: len(ends)})
	l.bytes += len(text)
}

// count is how many they are. There may be none.
func (l *lines) count() int {
	if l == nil {
		return 0
	}
	return len(l.all)
}

// size is how many bytes their texts have, about.
func (l *lines) size() int {
	if l == nil {
		return 0
	}
	return l.bytes
}

// made are the Lines, in memory of their own; nil of none.
func (l *lines) made(s *secrets) []Line {
	if l.count() == 0 {
		return nil
	}
	w := lineWriters.Get().(*lineWriter)
	defer lineWriters.Put(w)
	w.begin(s)
	from, ends := 0, l.ends
	counts := make([]int, len(l.all))
	for i := range l.all {
		one, before := &l.all[i], len(w.ends)
		if one.handler != nil {
			w.line(one.handler, one.record)
		} else {
			for _, end := range ends[:one.texts] {
				w.text = append(w.text, l.text[from:end]...)
				w.ends = append(w.ends, len(w.text))
				from = end
			}
			ends = ends[one.texts:]
		}
		counts[i] = len(w.ends) - before
	}
	text := string(w.text)
	texts := make([]string, len(w.ends))
	from = 0
	for i, end := range w.ends {
		texts[i], from = text[from:end], end
	}
	made := make([]Line, len(l.all))
	for i, n := range counts {
		r := &l.all[i].record
		made[i] = Line{Time: r.Time, Level: r.Level, Message: texts[0]}
		if n > 1 {
			made[i].Attrs = texts[1:n:n]
		}
		texts = texts[n:]
	}
	return made
}

// What is longer is not used again.
const (
	maxTextKept  = 16 << 10 // bytes
	maxLinesKept = 32
)

// release gives the memory back.
func (l *lines) release() {
	if l == nil || cap(l.text) > maxTextKept || cap(l.all) > maxLinesKept {
		return
	}
	clear(l.all)
	l.all, l.text, l.ends, l.bytes = l.all[:0], l.text[:0], l.ends[:0], 0
	linesPool.Put(l)
}

// settled reports that a value is what it is, whatever becomes of its memory, and
// about how many bytes its text has. A long text is not held: most of it is cut off.
func settled(v slog.Value) (bytes int, ok bool) {
	switch v.Kind() {
	case slog.KindString:
		return len(v.String()), len(v.String()) <= maxText
	case slog.KindInt64:
		var digits [20]byte
		return len(strconv.AppendInt(digits[:0], v.Int64(), 10)), true
	case slog.KindBool, slog.KindUint64, slog.KindFloat64, slog.KindDuration, slog.KindTime:
		return 8, true
	}
	return 0, false
}
