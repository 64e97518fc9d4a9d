package caddyparlance

import "github.com/caddyserver/caddy/v2"

// pool holds what outlives a configuration: stores, recorders, switches, and what a transport
// has learned of its upstreams. A reload takes each of them over if its settings are the same,
// and the last configuration that uses one closes it. It is how modules of Caddy keep things.
var pool = caddy.NewUsagePool()

// shared are the things of the pool that a configuration uses.
type shared struct{ keys []any }

// take is the thing of a key. The first one who takes it makes it.
func take[T caddy.Destructor](s *shared, key any, construct func() (T, error)) (T, error) {
	made, _, err := pool.LoadOrNew(key, func() (caddy.Destructor, error) { return construct() })
	if err != nil {
		var none T
		return none, err
	}
	s.keys = append(s.keys, key)
	return made.(T), nil
}

// release gives all of them back, the last one first.
func (s *shared) release() (err error) {
	for i := len(s.keys) - 1; i >= 0; i-- {
		if _, wrong := pool.Delete(s.keys[i]); wrong != nil {
			err = wrong
		}
	}
	s.keys = nil
	return err
}
