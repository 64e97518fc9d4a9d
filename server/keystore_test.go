package server_test

import (
	"context"
	"sync"

	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/store/memory"
)

// keyStore is a KeyStore in memory with faults to order. It remembers what was
// claimed.
type keyStore struct {
	server.KeyStore
	mu      sync.Mutex
	fault   map[string]error // by the name of the method; that of Transact is the commit's
	state   server.ClaimState
	claimed []server.Key

	recording func() // is called when an answer is recorded
}

func newKeyStore() *keyStore {
	return &keyStore{KeyStore: memory.New().Keys(), fault: make(map[string]error)}
}

// fail lets a method fail from now on; nil lets it work again.
func (s *keyStore) fail(method string, err error) *keyStore {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault[method] = err
	return s
}

// say answers every claim with a state.
func (s *keyStore) say(state server.ClaimState) *keyStore {
	s.state = state
	return s
}

func (s *keyStore) faultOf(method string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault[method]
}

func (s *keyStore) Transact(ctx context.Context, fn func(context.Context) error) error {
	return s.KeyStore.Transact(ctx, func(ctx context.Context) error {
		if err := fn(ctx); err != nil {
			return err
		}
		return s.faultOf("Transact")
	})
}

func (s *keyStore) Claim(ctx context.Context, k server.Key) (server.Claim, error) {
	if err := s.faultOf("Claim"); err != nil {
		return server.Claim{}, err
	}
	s.mu.Lock()
	s.claimed = append(s.claimed, k)
	s.mu.Unlock()
	if s.state != 0 {
		return server.Claim{State: s.state}, nil
	}
	return s.KeyStore.Claim(ctx, k)
}

func (s *keyStore) Record(ctx context.Context, k server.Key, a server.Answer) error {
	if err := s.faultOf("Record"); err != nil {
		return err
	}
	if s.recording != nil {
		s.recording()
	}
	return s.KeyStore.Record(ctx, k, a)
}
