package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/client/breaker"
	"github.com/parlance-api/parlance/gateway"
)

// gatewayFlags are what the flags of the gateway set.
type gatewayFlags struct {
	upstream, speaks, to, listen string
	keep                         place
	sample                       int

	logFormat, logLevel       string
	attempts, breaker         int
	breakerPause, unreachable time.Duration
	trusted                   []string
	token, user               string
	caddyfile                 bool
	async, asyncAlways        []string
	config                    gateway.Config // the settings that need no reading
}

func (a *app) gatewayCommand() *cobra.Command {
	f := gatewayFlags{to: "problem"}
	cmd := &cobra.Command{
		Use:   "gateway --upstream URL --speaks DIALECT",
		Short: "Run a gateway that translates an API to another dialect",
		Long: `Forwards requests to an API that speaks one dialect, and responds to its callers in
another. It waits and retries if the API's page says so and a retry is safe. A success
streams through untouched if its body cannot change its meaning.

With --store it keeps a record of each request with every attempt at the API. Callers
get the ID that "parlance activity" finds it by.

With --async the same store has an outbox. A caller who prefers it (Prefer:
respond-async) gets 202 and the URL of a status. The request is delivered as the API's
page says, for days if need be; the status then is the API's response. "parlance
outbox" shows what waits.

The log on standard error has one line for each request that failed or was retried:
the status on both sides, the meaning, the attempts, and the IDs.

With --caddyfile it prints the Caddyfile of parlance-gateway, which is Caddy with the
modules of Parlance, and runs nothing.

It prints its address and runs until it is interrupted. Requests that have begun may
then finish, for as long as --drain says. A second interrupt ends it at once. SIGHUP
does nothing.`,
		Example: `  parlance gateway --upstream https://api.example.com --speaks vms
  parlance gateway --upstream http://localhost:9000 --speaks vision --to problem --listen 127.0.0.1:8080
  parlance gateway --upstream https://api.example.com --speaks omilia --token env:TOKEN --store gateway.db --async 'POST /orders'
  parlance gateway --upstream http://localhost:9000 --speaks vms --store gateway.db
  parlance gateway --upstream http://localhost:9000 --speaks vms --log-format json --access-log --breaker 10`,
		Args: arguments(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := noNegative(cmd.Flags()); err != nil {
				return err
			}
			return a.runGateway(cmd.Context(), &f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.upstream, "upstream", "", "the `URL` of the API; its path goes before that of a request")
	dialectFlag(cmd, &f.speaks, "speaks", "the dialect of the API")
	dialectFlag(cmd, &f.to, "to", "the dialect to translate to")
	storeFlags(cmd, &f.keep, "the `STORE` to keep records in: a file of SQLite, or a URL postgres://…; none are kept without it")
	flags.IntVar(&f.sample, "sample", 1, "keep the records of all failures, and of one of `N` successes")
	flags.StringVar(&f.token, "token", "", "the gateway's own token, as `SECRET`: env:NAME or @FILE; 'Header: env:NAME' is sent in that header")
	flags.StringVar(&f.user, "user", "", "the gateway's own user:password (Basic), as `SECRET`: env:NAME or @FILE")
	flags.StringArrayVar(&f.async, "async", nil, "a `ROUTE` on which callers may prefer to be told later, such as 'POST /orders' or /orders/; needs --store; may be given several times")
	flags.StringArrayVar(&f.asyncAlways, "async-always", nil, "a `ROUTE` whose requests are always delivered later")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "the `ADDRESS` to listen at; port 0 is a free one")
	flags.StringSliceVar(&f.trusted, "trusted-proxy", nil, "an `ADDRESS` or range (10.0.0.0/8) of proxies whose X-Forwarded and similar fields are passed on; all others lose them")

	flags.DurationVar(&f.config.Timeout, "timeout", time.Minute, "how long a caller waits for a response to begin, retries included")
	flags.DurationVar(&f.config.MaxWait, "max-wait", 10*time.Second, "the longest wait before a retry; for a longer one the response is passed to the caller")
	flags.DurationVar(&f.config.MaxHold, "max-hold", client.DefaultMaxHold, "how long a success is held if its body does not settle its meaning; then it passes untranslated")
	flags.DurationVar(&f.unreachable, "max-unreachable", time.Second, "how long a request is retried while no connection to the API can be made")
	flags.IntVar(&f.attempts, "max-attempts", 4, "how often a request may be sent; 1 for no retry")
	flags.IntVar(&f.breaker, "breaker", 0, "after how many failures in a row nothing is sent for a while; 0 for never")
	flags.DurationVar(&f.breakerPause, "breaker-pause", 10*time.Second, "for how long nothing is sent then")
	flags.DurationVar(&f.config.IdleTimeout, "idle-timeout", 90*time.Second, "how long a connection of a caller may be idle")
	flags.DurationVar(&f.config.Drain, "drain", 0, "how long requests may go on after an interrupt (default that of --timeout)")
	flags.IntVar(&f.config.MaxConns, "max-connections", 0, "how many connections callers may have; an idle one gives way to a new one (default half of the files that may be open, 10000 at most)")
	flags.IntVar(&f.config.MaxIdleConns, "max-idle-connections", 0, "how many of them may be idle (default all)")
	flags.IntVar(&f.config.MaxRequestHeader, "max-request-header", 64<<10, "how many bytes the header of a request may have")
	flags.Int64Var(&f.config.MaxResponseHeader, "max-response-header", 256<<10, "how many bytes the header of a response of the API may have")
	flags.IntVar(&f.config.MaxFields, "max-header-fields", 256, "how many lines either header may have")

	flags.StringVar(&f.logFormat, "log-format", "text", "the `FORMAT` of the log: text or json")
	flags.StringVar(&f.logLevel, "log-level", "info", "the lowest `LEVEL` of the log: debug, info, warn or error")
	flags.BoolVar(&f.caddyfile, "caddyfile", false, "print the Caddyfile that does what the other flags do, for parlance-gateway, and run nothing")
	flags.BoolVar(&f.config.AccessLog, "access-log", false, "log every request, and not only those that failed or were retried")
	return cmd
}

// noNegative refuses numbers and times below zero.
func noNegative(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		if kind := f.Value.Type(); kind != "string" && kind != "stringSlice" && strings.HasPrefix(f.Value.String(), "-") {
			err = &mistake{message: fmt.Sprintf("--%s: %s is below zero", f.Name, f.Value), hint: "without the flag its default counts"}
		}
	})
	return err
}

// runGateway runs a gateway until the context ends or a signal comes.
func (a *app) runGateway(ctx context.Context, f *gatewayFlags) error {
	config := f.config
	var err error
	if config.Upstream, err = upstreamURL(f.upstream); err != nil {
		return err
	}
	if config.Speaks, err = a.load(f.speaks); err != nil {
		return nameFlag(err, "speaks")
	}
	if config.To, err = a.load(f.to); err != nil {
		return nameFlag(err, "to")
	}
	if config.Logger, err = newLogger(a.stderr, f.logFormat, f.logLevel); err != nil {
		return err
	}
	if config.TrustedProxies, err = proxies(f.trusted); err != nil {
		return err
	}
	if f.caddyfile {
		return a.printCaddyfile(f, &config)
	}
	config.Client = append(config.Client, client.WithMaxAttempts(f.attempts), client.WithMaxUnreachable(f.unreachable))
	if f.breaker > 0 {
		config.Client = append(config.Client, client.WithGate(breaker.New(breaker.Settings{
			Failures: f.breaker, Pause: f.breakerPause,
			OnChange: func(host string, open bool) {
				config.Logger.Warn("the breaker changed", "host", host, "open", open)
			},
		})))
	}
	stop, err := a.gatewayKeeps(ctx, f, &config)
	if err != nil {
		return err
	}
	defer stop()
	g, err := gateway.New(config)
	if err != nil {
		return err
	}
	banner := func(url string) string {
		return fmt.Sprintf("%s translates %s from %s to %s\n", url, config.Upstream.Redacted(), config.Speaks.Name(), config.To.Name())
	}
	return a.serve(ctx, f.listen, g, banner, config.Logger)
}

// newLogger is a log in the format and from the level on that are named.
func newLogger(w io.Writer, format, level string) (*slog.Logger, error) {
	var from slog.Level
	if err := from.UnmarshalText([]byte(level)); err != nil {
		return nil, &mistake{message: fmt.Sprintf("--log-level: %q is not a level", level), hint: "it is debug, info, warn or error"}
	}
	options := &slog.HandlerOptions{Level: from}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, &mistake{message: fmt.Sprintf("--log-format: %q is not a format", format), hint: "it is text or json"}
}

// proxies reads addresses and ranges of addresses.
func proxies(texts []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if a, single := netip.ParseAddr(text); single == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, &mistake{message: fmt.Sprintf("--trusted-proxy: %q is neither an address nor a range", text), hint: "for example: --trusted-proxy 10.0.0.0/8"}
		}
		out = append(out, p)
	}
	return out, nil
}

// upstreamURL demands what a request can be sent to.
func upstreamURL(text string) (*url.URL, error) {
	if text == "" {
		return nil, &mistake{message: "--upstream is missing", hint: "for example: --upstream http://localhost:9000"}
	}
	return apiURL("upstream", text)
}

// apiURL is the URL of an API in a flag.
func apiURL(flag, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
		return u, nil
	case !strings.Contains(text, "://"):
		return nil, &mistake{message: fmt.Sprintf("%q is not a URL", text), hint: "did you mean --" + flag + " http://" + text + "?"}
	}
	return nil, &mistake{message: fmt.Sprintf("%q is not an http or https URL", text), hint: "for example: --" + flag + " http://localhost:9000"}
}

// service accepts connections until the context ends.
type service interface {
	Serve(ctx context.Context, l net.Listener) error
}

// serve runs a service until the context ends or a signal comes, and then lets the requests
// that have begun finish. The banner is for its URL.
func (a *app) serve(ctx context.Context, address string, s service, banner func(url string) string, log *slog.Logger) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return &mistake{message: err.Error(), hint: "--listen 127.0.0.1:0 takes a free port", cause: err}
	}
	fmt.Fprint(a.stdout, banner("http://"+listener.Addr().String()))
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, listener) }()
	interrupted := ctx.Done()
	for {
		select {
		case err := <-served:
			return err
		case <-hangups:
			log.Info("SIGHUP does nothing; restart to change the settings")
		case <-interrupted:
			stop() // a second signal ends it at once
			interrupted = nil
		}
	}
}
