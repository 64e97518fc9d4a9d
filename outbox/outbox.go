// Package outbox delivers requests that must arrive. A request is stored once, in the
// program's own transaction, and delivered as the dialect of its vendor says for each
// response: for days, over restarts and machines. Its end is known: see [State].
//
//	box := outbox.New(db.Queue(), outbox.WithVendor("vision", d, client.WithAPIKey("X-Api-Key", os.Getenv("KEY"))))
//	go box.Run(ctx)
//	err := db.Transact(ctx, func(ctx context.Context) error {
//		// … the order is saved by ctx, and the request is put with it
//		_, err := box.Put(ctx, outbox.Request{Vendor: "vision", URL: "https://api.example.com/orders", Body: body})
//		return err
//	})
//
// A request is sent again only if that can do nothing twice, or if it says why it may be.
package outbox

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/queue"
)

// Kind is the kind of the tasks of an outbox in the queue.
const Kind = "outbox"

// Outbox stores requests and delivers them. It is safe for concurrent use. Any number of
// processes may share a store.
type Outbox struct {
	*Reader
	store   queue.Store
	vendors map[string]*vendor
	config
	loop *queue.Worker
}

// vendor is where requests go, and how.
type vendor struct {
	name    string
	dialect *dialect.Dialect
	client  *http.Client
}

type config struct {
	logger    *slog.Logger
	workers   int
	wide      int
	lease     time.Duration
	poll      time.Duration
	drain     time.Duration
	timeout   time.Duration
	patience  time.Duration
	maxBody   int
	keep      time.Duration
	erase     time.Duration
	ended     []func(context.Context, Delivery) error
	report    func(context.Context, Delivery, client.SupportReport)
	made      []func(*Outbox)
	base      http.RoundTripper
	observers []Observer
	budget    *client.Budget
	hooks     map[string]bool // the vendors that are webhooks
}

// Option is a setting of [New].
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

// WithVendor adds a vendor: a name that requests have, the dialect of its API, and how its
// client is made. The options hold its credential, which is never stored. One API with two
// credentials is two vendors. The outbox itself decides on retries. Its transport is that of
// http.DefaultTransport, with a kept connection for each delivery of a limit ([WithWidth]).
func WithVendor(name string, d *dialect.Dialect, options ...client.Option) Option {
	return option(func(c *config) {
		c.made = append(c.made, func(b *Outbox) {
			all := append(append([]client.Option{client.WithBase(b.base)}, options...), client.WithMaxAttempts(1))
			b.vendors[name] = &vendor{name: name, dialect: d, client: &http.Client{
				Transport: client.New(d, all...),
				// A redirect is for a person: a request that must arrive has one address.
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			}}
		})
	})
}

// WithLogger sets the logger of deliveries. The default is slog.Default.
func WithLogger(l *slog.Logger) Option { return option(func(c *config) { c.logger = l }) }

// WithWorkers sets how many requests a process delivers at the same time; the default is 64.
// One limit takes [WithWidth] of them at the most. So eight vendors that hang at the same time
// hold all workers, each for the time that [WithTimeout] sets.
func WithWorkers(n int) Option { return option(func(c *config) { c.workers = max(n, 1) }) }

// WithWidth sets how many requests of one limit are delivered at the same time, by all
// processes together; the default is 8.
func WithWidth(n int) Option { return option(func(c *config) { c.wide = max(n, 1) }) }

// WithLease sets how long a process holds a request without renewing its lease; the default
// is 30 s. If the process dies, another one takes the request after that time.
func WithLease(d time.Duration) Option { return option(func(c *config) { c.lease = d }) }

// WithPoll sets how often the store is asked for requests that are due; the default is
// 80 ms. A request that this process puts outside a transaction starts at once.
func WithPoll(d time.Duration) Option { return option(func(c *config) { c.poll = d }) }

// WithDrain sets how long deliveries may continue after the context of [Outbox.Run] ends;
// the default is 20 s. A delivery that takes longer is broken off, and its fate is unknown then.
func WithDrain(d time.Duration) Option { return option(func(c *config) { c.drain = d }) }

// WithTimeout bounds one attempt, with its response read; the default is 1 minute.
func WithTimeout(d time.Duration) Option { return option(func(c *config) { c.timeout = d }) }

// WithDeadline sets how long after Put a request without a deadline is given up; the
// default is 7 days.
func WithDeadline(d time.Duration) Option { return option(func(c *config) { c.patience = d }) }

// WithBudget sets the budget of retries. Each limit has its own account, in each process. If
// it is spent, a failure shuts the limit, so that one request after the other probes it. The
// default is client.NewBudget(100, 0.1); nil is none.
func WithBudget(b *client.Budget) Option { return option(func(c *config) { c.budget = b }) }

// WithMaxBody bounds the body of a request, in bytes; the default is 10 MiB. A larger one
// is refused by Put. A body is held in memory several times while it is put and delivered.
// One of 100 MB took 12 s and 1.1 GB of memory from Put to its end, on SQLite.
func WithMaxBody(bytes int) Option { return option(func(c *config) { c.maxBody = bytes }) }

// WithErase sets how long after its end the bodies of a request are erased, and how long
// after it the request is deleted. The defaults are 1 day and 30 days. A request that is
// uncertain keeps both until a person decides.
func WithErase(bodies, all time.Duration) Option {
	return option(func(c *config) { c.erase, c.keep = bodies, all })
}

// WithEnd adds what is done when a request ends. It runs in the transaction that ends the
// request: what it changes in the store by ctx is committed with it, once. If it fails, the
// end is not kept yet, and it is tried again. It is not called when a person resolves or
// cancels a request.
func WithEnd(f func(ctx context.Context, d Delivery) error) Option {
	return option(func(c *config) { c.ended = append(c.ended, f) })
}

// WithReport sets what is called when the page says to tell support. It is called once for
// a request. Its story has the report too.
func WithReport(f func(context.Context, Delivery, client.SupportReport)) Option {
	return option(func(c *config) { c.report = f })
}

// New makes an Outbox that keeps its requests in a store.
func New(store queue.Store, options ...Option) *Outbox {
	b := &Outbox{Reader: NewReader(store), store: store, vendors: map[string]*vendor{}, config: config{
		logger: slog.Default(), workers: 64, wide: 8, lease: 30 * time.Second, poll: 80 * time.Millisecond, drain: 20 * time.Second,
		timeout: time.Minute, patience: 7 * 24 * time.Hour, budget: client.NewBudget(100, 0.1), maxBody: 10 << 20, keep: 30 * 24 * time.Hour, erase: 24 * time.Hour, hooks: map[string]bool{},
	}}
	for _, o := range options {
		o.apply(&b.config)
	}
	b.base = http.DefaultTransport
	if t, ok := b.base.(*http.Transport); ok { // which keeps two connections to a host
		t = t.Clone()
		t.MaxIdleConnsPerHost = b.wide
		b.base = t
	}
	for _, add := range b.made {
		add(b)
	}
	b.loop = queue.NewWorker(store, queue.Work{
		Take: queue.Order{Kinds: []string{Kind}, Lease: b.lease, Most: b.workers, Wide: b.wide},
		Poll: b.poll, Drain: b.drain, Do: b.deliver,
		Failed: func(ctx context.Context, err error) {
			b.logger.ErrorContext(ctx, "no request can be taken from the outbox", "error", err)
		},
	})
	return b
}

// Vendors are the names of the vendors that this process knows.
func (b *Outbox) Vendors() []string { return slices.Sorted(maps.Keys(b.vendors)) }

// Dialect is the dialect of a vendor; nil if this process does not know it.
func (b *Outbox) Dialect(vendor string) *dialect.Dialect {
	if v := b.vendors[vendor]; v != nil {
		return v.dialect
	}
	return nil
}

// MaxBody is how many bytes the body of a request may have.
func (b *Outbox) MaxBody() int { return b.maxBody }
