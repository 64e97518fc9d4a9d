package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/gateway"
)

// grace is how long responses that have begun may go on after a signal: a little
// under the 10 s after which container runtimes kill.
const grace = 9 * time.Second

func (a *app) gatewayCommand() *cobra.Command {
	var upstream, speaks, listen string
	responses := "problem"
	var timeout, ceiling, hold time.Duration
	var keep place
	cmd := &cobra.Command{
		Use:   "gateway --upstream URL --speaks DIALECT",
		Short: "Run a gateway that translates an API to another dialect",
		Long: `Forwards requests to an API that speaks one dialect, and responds to its callers in
another. It waits and retries if the API's page says so and a retry is safe. A success
streams through untouched if its body cannot change its meaning.

With --store it keeps a record of each request with every attempt at the API. Callers
get the ID that "parlance activity" finds it by.

It prints its address and runs until it is interrupted. Responses that have begun may
then finish.`,
		Example: `  parlance gateway --upstream https://api.example.com --speaks vms
  parlance gateway --upstream http://localhost:9000 --speaks vision --to problem --listen 127.0.0.1:8080
  parlance gateway --upstream http://localhost:9000 --speaks vms --store gateway.db`,
		Args: arguments(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			u, err := upstreamURL(upstream)
			if err != nil {
				return err
			}
			config := gateway.Config{Upstream: u, Timeout: timeout, MaxWait: ceiling, MaxHold: hold, Logger: slog.New(slog.NewTextHandler(a.stderr, nil))}
			if config.Speaks, err = a.load(speaks); err != nil {
				return nameFlag(err, "speaks")
			}
			if config.To, err = a.load(responses); err != nil {
				return nameFlag(err, "to")
			}
			if keep.name != "" {
				recorder, stop, err := a.record(cmd.Context(), keep, config.Logger)
				if err != nil {
					return err
				}
				defer stop()
				config.Recorder = recorder
			}
			g, err := gateway.New(config)
			if err != nil {
				return err
			}
			banner := fmt.Sprintf("translates %s from %s to %s", u.Redacted(), config.Speaks.Name(), config.To.Name())
			return a.serve(cmd.Context(), listen, g, banner)
		},
	}
	cmd.Flags().StringVar(&upstream, "upstream", "", "the `URL` of the API; its path goes before that of a request")
	dialectFlag(cmd, &speaks, "speaks", "the dialect of the API")
	dialectFlag(cmd, &responses, "to", "the dialect to translate to")
	storeFlags(cmd, &keep, "the `STORE` to keep records in: a file of SQLite, or a URL postgres://…; none are kept without it")
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "the `ADDRESS` to listen at; port 0 is a free one")
	cmd.Flags().DurationVar(&timeout, "timeout", time.Minute, "how long a caller waits for a response to begin, retries included")
	cmd.Flags().DurationVar(&hold, "max-hold", client.DefaultMaxHold, "how long a success is held if its body does not settle its meaning; then it passes untranslated")
	cmd.Flags().DurationVar(&ceiling, "max-wait", 10*time.Second, "the longest wait before a retry; for a longer one the response is passed to the caller")
	return cmd
}

// record opens a store to keep records in. What it has taken is written when stop
// returns.
func (a *app) record(ctx context.Context, at place, log *slog.Logger) (_ *activity.Recorder, stop func(), err error) {
	s, err := at.open(ctx)
	if err != nil {
		m := at.fault(err)
		if !at.remote() {
			m.message, m.hint = "--store: "+err.Error(), "it is made where it is missing, in a folder that is there"
		}
		return nil, nil, m
	}
	r := activity.NewRecorder(s.Activity(), activity.WithLogger(log))
	return r, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		if err := errors.Join(r.Close(ending), s.Close()); err != nil {
			log.Error("not all records are written", "error", at.redact(err.Error()))
		}
	}, nil
}

// upstreamURL demands what a request can be sent to.
func upstreamURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return nil, &mistake{message: "--upstream is missing", hint: "for example: --upstream http://localhost:9000"}
	case err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
		return u, nil
	case !strings.Contains(text, "://"):
		return nil, &mistake{message: fmt.Sprintf("%q is not a URL", text), hint: "did you mean --upstream http://" + text + "?"}
	}
	return nil, &mistake{message: fmt.Sprintf("%q is not an http or https URL", text), hint: "for example: --upstream http://localhost:9000"}
}

// serve runs a handler until the context ends or a signal comes, then lets the
// responses that have begun finish.
func (a *app) serve(ctx context.Context, address string, h http.Handler, banner string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return &mistake{message: err.Error(), hint: "--listen 127.0.0.1:0 takes a free port", cause: err}
	}
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second, // a caller that never sends its head costs a connection, not for ever
		ErrorLog:          slog.NewLogLogger(slog.NewTextHandler(a.stderr, nil), slog.LevelWarn),
	}
	fmt.Fprintf(a.stdout, "http://%s %s\n", listener.Addr(), banner)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	stop() // a second signal ends it at once
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := server.Shutdown(ending); errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return nil
}
