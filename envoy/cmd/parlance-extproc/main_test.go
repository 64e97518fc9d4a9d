package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

func TestTheCommandSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, args, says string
		code             int
	}{
		{"help has an example", "--help", "parlance-extproc --speaks vms", exitClean},
		{"no dialect", "", "--speaks is missing", exitUsage},
		{"an unknown dialect", "--speaks nobody", `--speaks: no dialect is called "nobody"`, exitUsage},
		{"an unknown dialect of the callers", "--speaks vms --to nobody", `--to: no dialect is called "nobody"`, exitUsage},
		{"an unknown flag", "--upstream x", "--upstream", exitUsage},
		{"an argument", "vms", `"vms"`, exitUsage},
		{"a bound above the core's", "--speaks vms --max-body 2000000", "--max-body", exitUsage},
		{"a level that is none", "--speaks vms --log-level loud", "it is debug, info", exitUsage},
		{"a format that is none", "--speaks vms --log-format xml", "it is text or json", exitUsage},
		{"an address that is none", "--speaks vms --listen nowhere", "127.0.0.1:0 takes a free port", exitUsage},
		{"it runs until its end", "--speaks vms --listen 127.0.0.1:0", "translates from vms to problem", exitClean},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, end := context.WithCancel(t.Context())
			end()
			var out bytes.Buffer
			if code := run(ctx, strings.Fields(tt.args), &out, &out); code != tt.code || !strings.Contains(out.String(), tt.says) {
				t.Errorf("got %d: %s", code, out.String())
			}
		})
	}
}
