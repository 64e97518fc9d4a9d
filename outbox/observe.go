package outbox

import "context"

// Observer watches the requests of an outbox, such as for traces. It is called concurrently.
type Observer interface {
	// Put returns what is stored with a request that is put in ctx, such as the values of
	// traceparent and tracestate. It holds no secret.
	Put(ctx context.Context) map[string]string

	// Begin is called when a turn begins, with the values that Put returned. The attempt has the
	// context that it returns.
	Begin(ctx context.Context, put map[string]string, d Delivery) context.Context

	// End is called with that context when the turn has ended, even if it could not be
	// stored because another worker has the request.
	End(ctx context.Context, d Delivery, s Step)
}

// WithObserver adds an observer.
func WithObserver(o Observer) Option {
	return option(func(c *config) { c.observers = append(c.observers, o) })
}

// carried is what the observers store with a request.
func (b *Outbox) carried(ctx context.Context) (all map[string]string) {
	for _, o := range b.observers {
		for name, value := range o.Put(ctx) {
			if all == nil {
				all = map[string]string{}
			}
			all[name] = value
		}
	}
	return all
}
