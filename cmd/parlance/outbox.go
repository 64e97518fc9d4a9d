package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/store"
)

func (a *app) outboxCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "outbox",
		Short: "Deliver requests that must arrive, and look after them",
		Long: `An outbox stores requests and delivers them as the dialect of their vendor says for each
response: for days, and over restarts. Each request ends in one of these states:

  delivered  the vendor did it
  refused    the vendor said no: correct it or stop
  uncertain  it is unknown if the vendor did it: decide with resolve or retry
  dead       its deadline is over
  canceled   it was called off

Until then it is waiting or delivering. The store is an SQLite file or the URL of a
PostgreSQL database. ls and show work while another process has the file. Any other
command needs the file for itself; PostgreSQL serves them all at once.`,
		Example: `  parlance outbox put https://warehouse.example.com/orders -d @order.xml --vendor warehouse=vision --store shop.db
  parlance outbox run --vendor warehouse=vision --user warehouse=env:ACCOUNT --store shop.db
  parlance outbox ls --state uncertain --store shop.db
  parlance outbox show 01998a2e-7f3b-7c1d-9e2f-4a5b6c7d8e9f --store shop.db
  parlance outbox resolve 01998a2e-7f3b-7c1d-9e2f-4a5b6c7d8e9f delivered --why 'the warehouse has it' --store shop.db`,
		Args: func(cmd *cobra.Command, args []string) error { return unknownCommand(cmd, args) },
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.outboxRun(), a.outboxPut(), a.outboxList(), a.outboxShow(), a.outboxExport(), a.outboxRetry(), a.outboxCancel(), a.outboxErase(), a.outboxResolve())
	return cmd
}

// vendors are what --vendor, --token and --user say: each begins with a vendor's name.
type vendors struct{ dialects, tokens, users []string }

func (v *vendors) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&v.dialects, "vendor", nil, "a vendor and its dialect, as `NAME=DIALECT`; may be given several times")
	cmd.Flags().StringArrayVar(&v.tokens, "token", nil, "a vendor and its token, as `NAME=SECRET`: env:NAME or @FILE; 'NAME=Header: env:NAME' is sent in that header")
	cmd.Flags().StringArrayVar(&v.users, "user", nil, "a vendor and user:password (Basic), as `NAME=SECRET`: env:NAME or @FILE")
}

// options are the vendors of an outbox.
func (v *vendors) options(a *app) (all []outbox.Option, err error) {
	secrets := map[string][]client.Option{}
	for _, given := range v.tokens {
		name, where, _ := strings.Cut(given, "=")
		made, _, err := a.token(where)
		if err != nil {
			return nil, err
		}
		secrets[name] = append(secrets[name], made)
	}
	for _, given := range v.users {
		name, where, _ := strings.Cut(given, "=")
		made, err := a.user(where)
		if err != nil {
			return nil, err
		}
		secrets[name] = append(secrets[name], made)
	}
	for _, given := range v.dialects {
		name, of, found := strings.Cut(given, "=")
		if !found || name == "" || strings.ContainsAny(name, " \t") {
			return nil, &mistake{message: fmt.Sprintf("--vendor: %q is not NAME=DIALECT", given), hint: "for example: --vendor warehouse=vision"}
		}
		d, err := a.load(of)
		if err != nil {
			return nil, nameFlag(err, "vendor")
		}
		options := secrets[name]
		if a.base != nil {
			options = append(options, client.WithBase(a.base))
		}
		all = append(all, outbox.WithVendor(name, d, options...))
		delete(secrets, name)
	}
	for name := range secrets {
		return nil, &mistake{message: fmt.Sprintf("a secret is for the vendor %q, which --vendor does not name", name), hint: "for example: --vendor " + cmp.Or(name, "NAME") + "=vision"}
	}
	return all, nil
}

// token is the token of --token: a place, or a header and a place. header is where it is sent;
// "" is the dialect's choice.
func (a *app) token(where string) (_ client.Option, header string, err error) {
	if !isPlace(where) {
		header, where, _ = strings.Cut(where, ":")
		header = strings.TrimSpace(header)
	}
	token, err := a.secret("--token", strings.TrimSpace(where))
	if err != nil {
		return nil, "", err
	}
	if header != "" {
		return client.WithAPIKey(header, token), header, nil
	}
	return client.WithCredential(theToken(token)), "", nil
}

// user is the user and password of --user.
func (a *app) user(where string) (client.Option, error) {
	pair, err := a.secret("--user", where)
	if err != nil {
		return nil, err
	}
	user, password, _ := strings.Cut(pair, ":")
	return client.WithBasic(user, password), nil
}

// openOutbox opens the outbox of a store for changes.
func (a *app) openOutbox(ctx context.Context, at place, options ...outbox.Option) (*outbox.Outbox, store.Store, error) {
	if at.Name == "" {
		return nil, nil, &mistake{message: "--store is empty", hint: "name an SQLite file, or the URL of a PostgreSQL database"}
	}
	db, err := at.Open(ctx)
	if err != nil {
		return nil, nil, at.fault(err)
	}
	return outbox.New(db.Queue(), append(options, outbox.WithRecords(db.Activity()))...), db, nil
}

func (a *app) outboxRun() *cobra.Command {
	var at place
	var v vendors
	var workers, wide int
	cmd := &cobra.Command{
		Use:   "run --store STORE --vendor NAME=DIALECT",
		Short: "Deliver what waits, until the command is interrupted",
		Long: `Delivers requests until it is interrupted. It then waits for those in progress. Each
request that ends, and each that waits for its next attempt, is a line on standard error.`,
		Example: `  parlance outbox run --vendor warehouse=vision --user warehouse=env:ACCOUNT --store shop.db
  parlance outbox run --vendor hub=vms --token 'hub=env:TOKEN' --store postgres://worker@db.example.com/shop`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			options, err := v.options(a)
			if err != nil {
				return err
			}
			if len(v.dialects) == 0 {
				return &mistake{message: "no vendor is named", hint: "for example: --vendor warehouse=vision"}
			}
			options = append(options, outbox.WithWorkers(workers), outbox.WithWidth(wide), outbox.WithLogger(slog.New(slog.NewTextHandler(a.stderr, nil))))
			b, db, err := a.openOutbox(ctx, at, options...)
			if err != nil {
				return err
			}
			defer db.Close()
			b.Run(ctx)
			return nil
		},
	}
	storeFlags(cmd, &at, "the `STORE` of the outbox: a file of SQLite, or a URL postgres://…")
	v.flags(cmd)
	cmd.Flags().IntVar(&workers, "workers", 64, "deliver at most `N` requests at the same time")
	cmd.Flags().IntVar(&wide, "width", 8, "deliver at most `N` requests of one limit at the same time")
	return cmd
}

func (a *app) outboxPut() *cobra.Command {
	var at place
	var v vendors
	var r outbox.Request
	header := fields{}
	var data []string
	var deadline time.Duration
	cmd := &cobra.Command{
		Use:   "put URL --store STORE --vendor NAME=DIALECT",
		Short: "Store a request to be delivered, and print its ID",
		Long: `Stores one request. run delivers it. Credentials are not stored: run has them. A header
or a URL with a credential in it is refused.

A POST without an idempotency key is sent once if a response proves nothing. With
--retry-unsafe it is sent again, and the reason that you give is recorded.`,
		Example: `  parlance outbox put https://warehouse.example.com/orders -d @order.xml --vendor warehouse=vision --store shop.db
  parlance outbox put https://hub.example.com/cameras/7 -X DELETE --vendor hub=vms --deadline 48h --store shop.db
  parlance outbox put https://warehouse.example.com/orders -d @order.xml --vendor warehouse=vision --retry-unsafe 'a second DocRef is refused' --store shop.db`,
		Args: arguments(1, 1, "a URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			options, err := v.options(a)
			if err != nil {
				return err
			}
			if len(v.dialects) != 1 {
				return &mistake{message: "put needs one --vendor", hint: "for example: --vendor warehouse=vision"}
			}
			r.Vendor, _, _ = strings.Cut(v.dialects[0], "=")
			r.URL, r.Header = args[0], http.Header(header)
			if r.Body, err = a.body(data); err != nil {
				return err
			}
			if r.Header.Get("Content-Type") == "" && len(r.Body) > 0 {
				r.Header.Set("Content-Type", typeOf(r.Body))
			}
			b, db, err := a.openOutbox(cmd.Context(), at, options...)
			if err != nil {
				return err
			}
			defer db.Close()
			if deadline > 0 {
				r.Deadline = time.Now().Add(deadline)
			}
			id, err := b.Put(cmd.Context(), r)
			if err != nil {
				return refusedRequest(err)
			}
			fmt.Fprintln(a.stdout, id)
			return nil
		},
	}
	storeFlags(cmd, &at, "the `STORE` of the outbox: a file of SQLite, or a URL postgres://…")
	v.flags(cmd)
	f := cmd.Flags()
	f.StringVarP(&r.Method, "request", "X", "", "the `METHOD`; the default is POST")
	f.VarP(&header, "header", "H", "a `HEADER`, as 'Name: value'; may be given several times")
	f.StringArrayVarP(&data, "data", "d", nil, "the body: `DATA`, @FILE, or - for standard input; several are joined by &")
	f.StringVar(&r.ID, "id", "", "the `ID` of the request; by default a new one")
	f.StringVar(&r.Key, "key", "", "the idempotency `KEY`; by default a new one, if the dialect has keys")
	f.StringVar(&r.Order, "order", "", "deliver requests with the same `KEY` one after the other")
	f.StringVar(&r.Limit, "limit", "", "the `NAME` of the limit that it shares; by default the origin of the URL")
	f.StringVar(&r.RetryUnsafe, "retry-unsafe", "", "the `REASON` why it may be done twice")
	f.StringVar(&r.Operation, "operation", "", "a `NAME` for logs and reports")
	f.DurationVar(&deadline, "deadline", 0, "give it up after this time; the default is 7 days")
	return cmd
}

// refusedRequest says why a request is not stored, or not changed.
func refusedRequest(err error) error {
	text, hint := strings.TrimPrefix(err.Error(), "outbox: "), "parlance outbox --help says what can be stored"
	if e, ok := errors.AsType[*parlance.Error](err); ok {
		text = strings.TrimPrefix(e.Outcome.Detail, "outbox: ")
	}
	switch {
	case errors.Is(err, outbox.ErrCredential):
		hint = "give it to parlance outbox run, by --user or --token"
	case errors.Is(err, parlance.ErrNotFound):
		hint = "parlance outbox ls lists the requests; old ones are deleted"
	case errors.Is(err, parlance.ErrConflict):
		hint = "parlance outbox show prints its state"
	}
	return &mistake{message: text, hint: hint, cause: err}
}

// outboxChange makes a command of its words that changes requests. It stops at the first that
// it cannot change.
func (a *app) outboxChange(cmd *cobra.Command, change func(ctx context.Context, b *outbox.Outbox, id string) error) *cobra.Command {
	var at place
	cmd.Args = arguments(1, -1, "IDs")
	cmd.RunE = func(cmd *cobra.Command, ids []string) error {
		b, db, err := a.openOutbox(cmd.Context(), at)
		if err != nil {
			return err
		}
		defer db.Close()
		for _, id := range ids {
			if err := change(cmd.Context(), b, id); err != nil {
				return refusedRequest(err)
			}
			d, err := b.Find(cmd.Context(), id)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.stdout, "%s is %s\n", d.ID, d.State)
		}
		return nil
	}
	storeFlags(cmd, &at, "the `STORE` of the outbox: a file of SQLite, or a URL postgres://…")
	return cmd
}

func (a *app) outboxRetry() *cobra.Command {
	return a.outboxChange(&cobra.Command{
		Use:   "retry ID... --store STORE",
		Short: "Deliver requests now, or again",
		Long: `Makes requests due that wait, and delivers those again that have ended. An uncertain one
may be done twice: look at the vendor first.`,
		Example: `  parlance outbox retry 01998a2e-7f3b-7c1d-9e2f-4a5b6c7d8e9f --store shop.db`,
	}, func(ctx context.Context, b *outbox.Outbox, id string) error { return b.Retry(ctx, id) })
}

func (a *app) outboxCancel() *cobra.Command {
	return a.outboxChange(&cobra.Command{
		Use:     "cancel ID... --store STORE",
		Short:   "Call requests off",
		Long:    `Calls requests off. One that a worker is just sending ends after that attempt.`,
		Example: `  parlance outbox cancel 01998a2e-7f3b-7c1d-9e2f-4a5b6c7d8e9f --store shop.db`,
	}, func(ctx context.Context, b *outbox.Outbox, id string) error { return b.Cancel(ctx, id) })
}

func (a *app) outboxErase() *cobra.Command {
	return a.outboxChange(&cobra.Command{
		Use:   "erase ID... --store STORE",
		Short: "Delete the bodies of requests that have ended",
		Long: `Deletes the bodies of requests that have ended, and the bodies of their responses. Their
states, times and outcomes stay.`,
		Example: `  parlance outbox erase 01998a2e-7f3b-7c1d-9e2f-4a5b6c7d8e9f --store shop.db`,
	}, func(ctx context.Context, b *outbox.Outbox, id string) error { return b.Erase(ctx, id) })
}

func (a *app) outboxResolve() *cobra.Command {
	var why, state string
	cmd := a.outboxChange(&cobra.Command{
		Use:   "resolve ID STATE --why WORDS --store STORE",
		Short: "Say what became of an uncertain request",
		Long: `Says what became of a request that has ended, such as an uncertain one: delivered, refused or
canceled. Requests that wait for it, by --order, go on.`,
		Example: `  parlance outbox resolve 01998a2e-7f3b-7c1d-9e2f-4a5b6c7d8e9f delivered --why 'the warehouse has it' --store shop.db`,
	}, func(ctx context.Context, b *outbox.Outbox, id string) error {
		if why == "" {
			return errors.New("--why is empty: say how you know, for the one who asks later")
		}
		return b.Resolve(ctx, id, outbox.State(state), why)
	})
	change := cmd.RunE
	cmd.Args = arguments(2, 2, "an ID and a state")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		state = args[1]
		return change(cmd, args[:1])
	}
	cmd.Flags().StringVar(&why, "why", "", "how you know, in `WORDS`; they are kept")
	return cmd
}
