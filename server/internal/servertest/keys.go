package servertest

import (
	"context"
	"sync"

	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/store/memory"
)

// Keys is a store of idempotency keys in memory, with faults to order. It remembers the
// keys that were claimed.
type Keys struct {
	idempotency.Store
	mu      sync.Mutex
	Faults  map[string]error // by the name of the method; that of Transact is the commit's
	State   idempotency.State
	Claimed []idempotency.Key

	Recording func() // is called when a response is recorded
	Freeing   func() // is called when a key is freed
}

// NewKeys makes one without a fault.
func NewKeys() *Keys {
	return &Keys{Store: memory.New().Idempotency(), Faults: make(map[string]error)}
}

// Fail lets a method fail from now on; nil lets it work again.
func (s *Keys) Fail(method string, err error) *Keys {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Faults[method] = err
	return s
}

// Say lets every claim find a state.
func (s *Keys) Say(state idempotency.State) *Keys {
	s.State = state
	return s
}

func (s *Keys) faultOf(method string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Faults[method]
}

// Transact may fail at the commit.
func (s *Keys) Transact(ctx context.Context, fn func(context.Context) error) error {
	return s.Store.Transact(ctx, func(ctx context.Context) error {
		if err := fn(ctx); err != nil {
			return err
		}
		return s.faultOf("Transact")
	})
}

// Claim may fail, or find the state that Say has set.
func (s *Keys) Claim(ctx context.Context, k idempotency.Key) (idempotency.Claim, error) {
	if err := s.faultOf("Claim"); err != nil {
		return idempotency.Claim{}, err
	}
	s.mu.Lock()
	s.Claimed = append(s.Claimed, k)
	s.mu.Unlock()
	if s.State != 0 {
		return idempotency.Claim{State: s.State}, nil
	}
	return s.Store.Claim(ctx, k)
}

// Record may fail.
func (s *Keys) Record(ctx context.Context, k idempotency.Key, a idempotency.Response) error {
	if err := s.faultOf("Record"); err != nil {
		return err
	}
	if s.Recording != nil {
		s.Recording()
	}
	return s.Store.Record(ctx, k, a)
}

// Free gives a claim back.
func (s *Keys) Free(ctx context.Context, k idempotency.Key) error {
	if s.Freeing != nil {
		s.Freeing()
	}
	return s.Store.Free(ctx, k)
}
