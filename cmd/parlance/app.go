package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/dialect"
)

// The exit codes are an API: scripts tell a finding from a mistake by them.
const (
	exitClean    = 0
	exitFindings = 1 // the input was read, and something in it is wrong
	exitUsage    = 2 // the command or its input could not be understood
)

// errFindings ends a command with exitFindings; all that there is to say has
// been said.
var errFindings = errors.New("there are findings")

// mistake is an error with the next thing to do.
type mistake struct {
	message, hint string
	cause         error // nil where the message says it all
}

func (m *mistake) Error() string { return m.message + "; " + m.hint }
func (m *mistake) Unwrap() error { return m.cause }

// app is one run of the command: what it reads and writes, and the dialects
// that it has compiled.
type app struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
	dialects       map[string]*dialect.Dialect
	base           http.RoundTripper // what sends calls; nil is net/http's own
	extendsRoot    string            // the folder below which files can be extended, "" for that of the first one
}

// run is the whole command: arguments in, exit code out.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	return newApp(getenv, stdin, stdout, stderr).run(ctx, args)
}

func newApp(getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) *app {
	return &app{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr, dialects: map[string]*dialect.Dialect{}}
}

func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitClean
	case errors.Is(err, errFindings):
		return exitFindings
	}
	a.complain(err)
	return exitUsage
}

// complain says on stderr what went wrong and what to do next.
func (a *app) complain(err error) {
	var file *dialect.FileError
	if errors.As(err, &file) {
		a.report(a.stderr, file.Source, file.Diagnostics)
	}
	var m *mistake
	if errors.As(err, &m) {
		// What was put around it (which flag, which line) stands before it.
		message := strings.TrimSuffix(err.Error(), "; "+m.hint)
		fmt.Fprintf(a.stderr, "parlance: %s\nhint: %s\n", message, m.hint)
		return
	}
	fmt.Fprintf(a.stderr, "parlance: %v\n", err)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "parlance",
		Short: "Read, write and retry API responses by a description of each API",
		Long: `Parlance reads and writes the responses of APIs. A dialect file describes an API:
its codes, its error body, and when to retry. The catalog has many of them by name,
and each command also takes the path of a file.

Results go to standard output, messages to standard error. The exit code is 0 for
success, 1 if something was found, and 2 if the command or its input could not be
understood. Only terminals get color, and NO_COLOR turns it off.`,
		Example: `  parlance demo
  parlance call https://api.example.com/cameras --dialect vms
  curl -i https://api.example.com/cameras | parlance decode --dialect vms
  parlance explain vision 406
  parlance lint my-api.yaml`,
		Args:          cobra.NoArgs,
		SilenceErrors: true, // run prints them, with a hint
		SilenceUsage:  true, // an error that scrolls away is no help
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(
		a.decodeCommand(), a.encodeCommand(), a.explainCommand(), a.callCommand(),
		a.lintCommand(), a.testCommand(), a.dialectsCommand(), a.showCommand(),
		a.importCommand(), a.fmtCommand(), a.schemaCommand(), a.pageCommand(), a.exportCommand(), a.activityCommand(),
		a.mockCommand(), a.checkCommand(), a.gatewayCommand(), a.outboxCommand(), a.demoCommand(), a.versionCommand(),
	)
	root.Args = func(_ *cobra.Command, args []string) error { return unknownCommand(root, args) }
	root.SetFlagErrorFunc(unknownFlag)
	root.PersistentFlags().StringVar(&a.extendsRoot, "extends-root", "", "let a dialect file extend any file below `DIR`, and not only those below its own folder")
	root.SetIn(a.stdin)
	root.SetOut(a.stdout) // before the next lines: the library's commands keep it
	root.SetErr(a.stderr)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd("completion")
	exampleForCompletion(root)
	return root
}
