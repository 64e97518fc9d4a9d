package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestTheCaddyfileSaysSomethingAboutEachFlag sets each flag of the gateway. What is printed changes
// by it, or the command refuses the flag and names it. So no flag is lost on the way to Caddy.
func TestTheCaddyfileSaysSomethingAboutEachFlag(t *testing.T) {
	t.Parallel()
	base := []string{"gateway", "--caddyfile", "--upstream", "http://localhost:9000", "--speaks", "omilia", "--store", "gateway.db"}
	values := map[string][]string{ // and the flags that it is nothing without
		"upstream":             {"http://localhost:9001"},
		"speaks":               {"vms"},
		"to":                   {"vms"},
		"listen":               {"127.0.0.1:9"},
		"store":                {"other.db"},
		"schema":               {"other", "--store", "postgres://localhost/x"},
		"sample":               {"5"},
		"token":                {"env:TOKEN"},
		"user":                 {"env:USER"},
		"async":                {"POST /orders"},
		"async-always":         {"POST /orders"},
		"trusted-proxy":        {"10.0.0.0/8"},
		"timeout":              {"30s"},
		"max-wait":             {"5s"},
		"max-hold":             {"1s"},
		"max-unreachable":      {"2s"},
		"max-attempts":         {"2"},
		"breaker":              {"5"},
		"breaker-pause":        {"20s", "--breaker", "5"},
		"idle-timeout":         {"2m"},
		"drain":                {"10s"},
		"max-connections":      {"100"},
		"max-idle-connections": {"100"},
		"max-request-header":   {"32768"},
		"max-response-header":  {"65536"},
		"max-header-fields":    {"100"},
		"log-format":           {"json"},
		"log-level":            {"warn"},
		"access-log":           {},
	}
	a := &app{}
	a.gatewayCommand().Flags().VisitAll(func(f *pflag.Flag) {
		value, known := values[f.Name]
		delete(values, f.Name)
		if f.Name == "caddyfile" || f.Name == "help" {
			return
		}
		if !known {
			t.Errorf("the test has no value for --%s", f.Name)
			return
		}
		with := slices.Concat(base, []string{"--" + f.Name}, value)
		without := base
		if len(value) > 1 {
			without = slices.Concat(base, value[1:])
		}
		before, stderr, exit := invoke(t, "", without...)
		if exit != 0 {
			t.Errorf("%q: %d %s", without, exit, stderr)
		}
		after, stderr, exit := invoke(t, "", with...)
		if exit == 0 && after == before || exit != 0 && !strings.Contains(stderr, "--"+f.Name) {
			t.Errorf("--%s changes nothing: %d %s\n%s", f.Name, exit, stderr, after)
		}
	})
	for name := range values {
		t.Errorf("the gateway has no flag --%s", name)
	}
}
