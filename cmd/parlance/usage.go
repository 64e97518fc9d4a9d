package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/parlance-api/parlance/internal/nearest"
)

// unknownCommand refuses a word that no command is called.
func unknownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return &mistake{
		message: fmt.Sprintf("there is no command %q", args[0]),
		hint:    didYouMean(args[0], names, "parlance --help lists the commands"),
	}
}

// unknownFlag adds to the library's error what was meant.
func unknownFlag(cmd *cobra.Command, err error) error {
	hint := cmd.CommandPath() + " --help lists the flags"
	var unknown *pflag.NotExistError
	switch {
	case !errors.As(err, &unknown):
	case strings.Trim(unknown.GetSpecifiedShortnames(), "0123456789.,-") == "" && unknown.GetSpecifiedShortnames() != "":
		hint = "write -- before an argument that begins with a hyphen: -- -" + unknown.GetSpecifiedShortnames()
	default:
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if best := nearest.Word(unknown.GetSpecifiedName(), names); best != "" {
			hint = fmt.Sprintf("did you mean --%s?", best)
		}
	}
	return &mistake{message: err.Error(), hint: hint, cause: err}
}

// arguments demands the arguments that a command's use line names.
func arguments(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && (most < 0 || len(args) <= most) {
			return nil
		}
		return &mistake{
			message: fmt.Sprintf("%s takes %s; %d given", cmd.CommandPath(), what, len(args)),
			hint:    "for example: " + strings.TrimSpace(strings.Split(cmd.Example, "\n")[0]),
		}
	}
}

// didYouMean is the hint for a word that is not among those known.
func didYouMean(word string, known []string, otherwise string) string {
	if best := nearest.Word(word, known); best != "" {
		return fmt.Sprintf("did you mean %q? %s", best, otherwise)
	}
	return otherwise
}

// exampleForCompletion gives the library's own commands what ours have.
func exampleForCompletion(root *cobra.Command) {
	lines := map[string]string{
		"help":       "  parlance help decode",
		"completion": "  source <(parlance completion bash)",
		"bash":       "  source <(parlance completion bash)",
		"zsh":        "  parlance completion zsh > \"${fpath[1]}/_parlance\"",
		"fish":       "  parlance completion fish > ~/.config/fish/completions/parlance.fish",
		"powershell": "  parlance completion powershell | Out-String | Invoke-Expression",
	}
	for _, c := range root.Commands() {
		for _, c := range append(c.Commands(), c) {
			if c.Example == "" {
				c.Example = lines[c.Name()]
			}
		}
	}
}
