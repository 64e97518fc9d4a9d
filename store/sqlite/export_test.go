package sqlite

import "time"

// WithPatience sets how long another process that writes is waited for.
func WithPatience(d time.Duration) Option { return func(s *Store) { s.patient = d } }
