package caddyparlance

import "runtime"

// WaitUntilReleased returns once no configuration holds anything, which is after its last request.
func WaitUntilReleased() {
	for held := true; held; runtime.Gosched() {
		held = false
		pool.Range(func(_, _ any) bool { held = true; return false })
	}
}

// CloseStores closes the stores of the configuration that runs, as if their disk were gone.
func CloseStores() {
	pool.Range(func(_, value any) bool {
		if s, ok := value.(*openStore); ok {
			_ = s.Close()
		}
		return true
	})
}
