package postgres

import "context"

var Text, Untext = text, untext

// Keep does what is done every now and then, now.
func (s *Store) Keep(ctx context.Context) error {
	s.pay(ctx)
	return s.sweep(ctx)
}

func (s *Store) KnownLimits() int {
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	return len(s.limits.known)
}
