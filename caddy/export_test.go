package caddyparlance

// CloseStores closes the stores of the configuration that runs, as if their disk were gone.
func CloseStores() {
	pool.Range(func(_, value any) bool {
		if s, ok := value.(*openStore); ok {
			_ = s.Close()
		}
		return true
	})
}
