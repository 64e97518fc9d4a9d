package activity

import (
	"log/slog"
	"slices"
	"time"
)

// What a [Recorder] does unless an option says otherwise.
const (
	DefaultLines = 200                 // of a record
	DefaultBytes = 64 << 10            // of the lines of a record
	DefaultAge   = 30 * 24 * time.Hour // of the oldest record
	DefaultSize  = 4 << 30             // bytes of all records
)

// Option is one setting of a [Recorder].
type Option func(*Recorder)

// WithLogger sets where it is logged that records were lost: slog.Default if
// unset.
func WithLogger(l *slog.Logger) Option { return func(r *Recorder) { r.logger = l } }

// WithLevel sets the least level of the lines that are gathered: Info if unset. It
// does not depend on that of the log: with Debug here and Info there, the log is
// short and the story of a request whole.
func WithLevel(level slog.Level) Option { return func(r *Recorder) { r.level = level } }

// WithLines bounds the lines that are gathered of one request, in number and in
// bytes of text. A quarter of both is kept for lines of Warn and above. What is
// over is counted in Record.Dropped.
func WithLines(lines, bytes int) Option {
	return func(r *Recorder) { r.maxLines, r.maxBytes = lines, bytes }
}

// WithSecrets adds names of which a value is a credential, besides authorization,
// cookie, token, password, secret, api key and the like. They are compared without
// case and without what is no letter and no digit, and anywhere in a name.
func WithSecrets(names ...string) Option {
	return func(r *Recorder) {
		for _, name := range names {
			if plain := plainName(nil, name); len(plain) > 0 { // else every name would be one
				r.secrets[plain[0]] = append(slices.Clip(r.secrets[plain[0]]), string(plain))
			}
		}
	}
}

// WithRetention sets how old the oldest record may be, and how many bytes all of
// them may have; 0 is without end. What is beyond is deleted once a minute;
// where nothing was, and to see that took the store long, it rests fifty times as long.
func WithRetention(age time.Duration, bytes int64) Option {
	return func(r *Recorder) { r.age, r.size = age, bytes }
}
