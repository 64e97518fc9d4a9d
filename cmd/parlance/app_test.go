package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestEveryCommandHasExamplesThatNameIt(t *testing.T) {
	t.Parallel()
	var check func(*cobra.Command)
	check = func(c *cobra.Command) {
		if !strings.Contains(c.Example, strings.TrimPrefix(c.CommandPath(), "parlance ")) {
			t.Errorf("%s: example %q", c.CommandPath(), c.Example)
		}
		if c.Short == "" {
			t.Errorf("%s says nothing of itself", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			check(sub)
		}
	}
	check((&app{}).root())
}

func TestWhatCannotBeUnderstoodExitsWith2AndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, args, stdin, want string }{
		{"a command that does not exist", "decoed", "", "parlance: there is no command \"decoed\"\nhint: did you mean \"decode\"? parlance --help lists the commands\n"},
		{"a code that begins with a hyphen", "explain json-rpc -32601", "", "parlance: unknown shorthand flag: '3' in -32601\nhint: write -- before an argument that begins with a hyphen: -- -32601\n"},
		{"a flag that does not exist", "decode --dialct vms", "", "parlance: unknown flag: --dialct\nhint: did you mean --dialect?\n"},
		{"a flag without its value", "decode --dialect", "", "parlance: flag needs an argument: --dialect\nhint: parlance decode --help lists the flags\n"},
		{"no dialect", "decode", "", "parlance: --dialect: no dialect is named\nhint: name one; parlance dialects"},
		{"a dialect that does not exist", "decode --dialect vsm", "", "parlance: --dialect: no dialect is called \"vsm\"\nhint: did you mean \"vms\"? parlance dialects"},
		{"a dialect that does not exist, before any line is read", "decode --jsonl --dialect vsm", "{}\n", "parlance: --dialect: no dialect is called \"vsm\"\n"},
		{"a file that is named without its place", "decode --dialect app.go", "", "parlance: --dialect: no dialect is called \"app.go\"\nhint: to read the file of that name, write ./app.go\n"},
		{"a file that does not exist", "decode --dialect ./nowhere.yaml", "", "nowhere.yaml"},
		{"an argument too many", "version now", "", "parlance: parlance version takes no arguments; 1 given\nhint: for example: parlance version\n"},
		{"an argument too few", "call", "", "parlance: parlance call takes "},
		{"three arguments for two", "explain vms 404 405", "", "parlance: parlance explain takes a dialect and a code, or a response on standard input; 3 given\nhint: for example: curl -i https://api.example.com/cameras/7 | parlance explain\n"},
		{"a header without a colon", "decode --dialect vms --request-header Accept", "", "expected 'Name: value'"},
		{"an input that is no response", "decode --dialect vms", "{}", "parlance: standard input is not a response: line 1: this is a body without its head; use curl -i, which prints both\n"},
		{"an outcome that is not JSON", "encode --dialect vms", "{", "parlance: standard input is not an outcome: not JSON: unexpected end of JSON input (at byte 1)\nhint: for example: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, exit := invoke(t, test.stdin, strings.Fields(test.args)...)
			if exit != exitUsage || stdout != "" || !strings.Contains(stderr, test.want) {
				t.Errorf("exit %d, stdout %q, stderr\n%s\nwant\n%s", exit, stdout, stderr, test.want)
			}
		})
	}
}

func TestCompletionOffersDialectsAndCommands(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"__complete dec":                 "decode\t",
		"__complete decode --dialect v":  "vms\n",
		"__complete explain v":           "vms\n",
		"__complete explain vms 40":      "402\n",
		"__complete show v":              "vms\n",
		"completion bash":                "__start_parlance",
		"completion powershell":          "Register-ArgumentCompleter",
		"__complete lint one.yaml v":     "vms\n",
		"__complete encode --dialect om": "omilia\n",
	} {
		if stdout, stderr, exit := invoke(t, "", strings.Fields(args)...); exit != 0 || !strings.Contains(stdout, want) {
			t.Errorf("%s: exit %d\n%s%s", args, exit, stdout, stderr)
		}
	}
}
