package activity

import (
	"log/slog"
	"slices"
	"time"
)

// The defaults of a [Recorder].
const (
	DefaultLines = 200                 // of a record
	DefaultBytes = 64 << 10            // of the lines of a record
	DefaultAge   = 30 * 24 * time.Hour // of the oldest record
	DefaultSize  = 4 << 30             // bytes of all records
)

// Option is a setting of [NewRecorder].
type Option interface{ apply(*Recorder) }

type option func(*Recorder)

func (o option) apply(r *Recorder) { o(r) }

// WithLogger sets the logger that reports lost records; the default is slog.Default.
func WithLogger(l *slog.Logger) Option { return option(func(r *Recorder) { r.logger = l }) }

// WithLevel sets the lowest level of the gathered lines; the default is Info. It is
// independent of the level of the log. With Debug here and Info there, the log stays
// short and each record has all lines.
func WithLevel(level slog.Level) Option { return option(func(r *Recorder) { r.level = level }) }

// WithLines bounds the gathered lines of one request, in number and in bytes of text. A
// quarter of both is reserved for lines of Warn and above. Record.Dropped counts the
// lines beyond the bounds.
func WithLines(lines, bytes int) Option {
	return option(func(r *Recorder) { r.maxLines, r.maxBytes = lines, bytes })
}

// WithSecrets adds names whose values are credentials, besides authorization, cookie,
// token, password, secret, api key and the like. Names are compared without case and by
// letters and digits only. A match anywhere in a name counts. A [Handler] uses them too, for
// the lines of requests that are recorded. It does not for attributes that a logger has
// by With.
func WithSecrets(names ...string) Option {
	return option(func(r *Recorder) {
		for _, name := range names {
			if plain := plainName(nil, name); len(plain) > 0 { // else every name would be one
				r.secrets[plain[0]] = append(slices.Clip(r.secrets[plain[0]]), string(plain))
			}
		}
	})
}

// WithRetention bounds the age of the oldest record, and the bytes of all records; 0 is
// no bound. Records beyond the bounds are deleted once a minute. If there were none,
// and the store took long to find out, the next check waits fifty times as long.
func WithRetention(age time.Duration, bytes int64) Option {
	return option(func(r *Recorder) { r.age, r.size = age, bytes })
}

// WithSampling keeps the record of one of n successes, and of every other request. Use it
// if a service is so busy that writing records costs too much. The request ID decides, so
// services with the same n keep the same requests. A success counts as another request if
// it is partial or noted, if a call failed on the way, or if a line of Warn or above was
// gathered. A record that was committed with a transaction is kept in any case. An n below
// 2 keeps all, which is the default.
func WithSampling(n int) Option { return option(func(r *Recorder) { r.sample = n }) }
