// Command parlance-extproc is an external processor for Envoy that translates the responses
// of an API from one dialect to another.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/envoy"
)

// The exit codes are those of command parlance.
const (
	exitClean = 0
	exitUsage = 2 // the command or its input could not be understood
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole command: arguments in, exit code out.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cmd := command(stdout, stderr)
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	if err := cmd.ExecuteContext(ctx); err != nil {
		fmt.Fprintf(stderr, "parlance-extproc: %v\n", err)
		return exitUsage
	}
	return exitClean
}

// settings are what the flags set.
type settings struct {
	speaks, to, listen  string
	logFormat, logLevel string
	maxBody             int
	drain               time.Duration
}

func command(stdout, stderr io.Writer) *cobra.Command {
	s := settings{}
	cmd := &cobra.Command{
		Use:   "parlance-extproc --speaks DIALECT",
		Short: "Translate the responses of an API for Envoy, as its external processor",
		Long: `Envoy shows it the header of each response (ext_proc). A failure of an API that speaks
one dialect comes to the caller in another. Envoy streams a success past it if its body
cannot change its meaning.

It prints its address and runs until it is interrupted. Requests that have begun may
then finish, for as long as --drain says. The log is on standard error. The connection
has no TLS: listen on loopback, or where only Envoy can connect.`,
		Example: `  parlance-extproc --speaks vms
  parlance-extproc --speaks vision --to problem --listen 127.0.0.1:9002 --log-format json`,
		Args:          cobra.NoArgs,
		SilenceErrors: true, // run prints them
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.serve(cmd.Context(), stdout, stderr)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&s.speaks, "speaks", "", "the dialect of the API: a `NAME` of the catalog, or a file")
	flags.StringVar(&s.to, "to", "problem", "the dialect to translate to: a `NAME` of the catalog, or a file")
	flags.StringVar(&s.listen, "listen", "127.0.0.1:9002", "the `ADDRESS` to listen at; port 0 is a free one")
	flags.IntVar(&s.maxBody, "max-body", dialect.MaxBody, fmt.Sprintf("how many `BYTES` of a body are read, %d at most", dialect.MaxBody))
	flags.DurationVar(&s.drain, "drain", time.Minute, "how long requests may go on after an interrupt")
	flags.StringVar(&s.logFormat, "log-format", "text", "the `FORMAT` of the log: text or json")
	flags.StringVar(&s.logLevel, "log-level", "info", "the lowest `LEVEL` of the log: debug, info, warn or error")
	return cmd
}

// serve runs the processor until the context ends or a signal comes.
func (s *settings) serve(ctx context.Context, stdout, stderr io.Writer) error {
	if s.maxBody < 1 || s.maxBody > dialect.MaxBody {
		return fmt.Errorf("--max-body: %d is not from 1 to %d", s.maxBody, dialect.MaxBody)
	}
	from, err := open("speaks", s.speaks)
	if err != nil {
		return err
	}
	to, err := open("to", s.to)
	if err != nil {
		return err
	}
	log, err := newLogger(stderr, s.logFormat, s.logLevel)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	l, err := net.Listen("tcp", s.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w; 127.0.0.1:0 takes a free port", err)
	}
	fmt.Fprintf(stdout, "%s translates from %s to %s\n", l.Addr(), from.Name(), to.Name())
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	return envoy.New(envoy.Config{Speaks: from, To: to, MaxBody: s.maxBody, Logger: log}).Serve(ctx, l, s.drain)
}

// open compiles the dialect that a flag names.
func open(flag, name string) (*dialect.Dialect, error) {
	if name == "" {
		return nil, fmt.Errorf("--%s is missing; for example: --%s vms", flag, flag)
	}
	d, err := catalog.Open(name)
	if errors.Is(err, catalog.ErrUnknown) {
		return nil, fmt.Errorf("--%s: no dialect is called %q; \"parlance dialects\" lists what there is, and a file is named by its path", flag, name)
	}
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	return d, nil
}

// newLogger is a log in the format and from the level on that are named.
func newLogger(w io.Writer, format, level string) (*slog.Logger, error) {
	var from slog.Level
	if err := from.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("--log-level: %q is not a level; it is debug, info, warn or error", level)
	}
	options := &slog.HandlerOptions{Level: from}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("--log-format: %q is not a format; it is text or json", format)
}
