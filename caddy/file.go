package caddyparlance

import (
	"maps"
	"slices"
	"strconv"

	"github.com/dustin/go-humanize"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/parlance-api/parlance/catalog"
)

// settings read the settings of a block of a Caddyfile, by name. Each gets the tokens after its
// name. All errors have the file and the line.
type settings map[string]func(d *caddyfile.Dispenser) error

// read reads a block. what names it in errors.
func (s settings) read(d *caddyfile.Dispenser, what string) error {
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		set, ok := s[name]
		switch {
		case !ok:
			return d.Err(what + ": " + unknown("setting", name, slices.Sorted(maps.Keys(s))))
		case seen[name] && !slices.Contains([]string{"accept", "api_key", "policy", "route", "always"}, name):
			return d.Errf("%s: %s is set twice", what, name)
		}
		seen[name] = true
		if err := set(d); err != nil {
			return err
		}
	}
	return nil
}

// arguments reads exactly so many arguments as there are places for them.
func arguments(d *caddyfile.Dispenser, to ...*string) error {
	name := d.Val()
	got := d.RemainingArgs()
	if len(got) != len(to) {
		has := strconv.Itoa(len(got))
		if len(got) == 0 {
			has = "none"
		}
		return d.Errf("%s takes %s, and has %s", name, count(len(to)), has)
	}
	for i, text := range got {
		*to[i] = text
	}
	return nil
}

// count is a number of arguments, in words.
func count(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "1 argument"
	}
	return strconv.Itoa(n) + " arguments"
}

// dialectName reads the name of a dialect. One that is not in the catalog is an error; a file
// is compiled when the configuration is loaded.
func dialectName(to *string, by *Sources) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		if err := arguments(d, to); err != nil {
			return err
		}
		return by.known(d, *to)
	}
}

// known notes the file of a dialect, or holds its name against the catalog.
func (s *Sources) known(d *caddyfile.Dispenser, name string) error {
	switch {
	case catalog.IsFile(name):
		s.note(name)
	case !slices.Contains(catalog.Names(), name):
		return d.Err(unknown("dialect", name, catalog.Names()))
	}
	return nil
}

// duration reads a time above zero.
func duration(to *caddy.Duration) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		name, text := d.Val(), ""
		if err := arguments(d, &text); err != nil {
			return err
		}
		t, err := caddy.ParseDuration(text)
		if err != nil || t <= 0 {
			return d.Errf("%s: %q is not a time above zero, such as 10s", name, text)
		}
		*to = caddy.Duration(t)
		return nil
	}
}

// number reads a number of at least least.
func number(to *int, least int) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		name, text := d.Val(), ""
		if err := arguments(d, &text); err != nil {
			return err
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < least {
			return d.Errf("%s: %q is not a number of at least %d", name, text, least)
		}
		*to = n
		return nil
	}
}

// size reads a number of bytes.
func size(to *int, most uint64) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		name, text := d.Val(), ""
		if err := arguments(d, &text); err != nil {
			return err
		}
		n, err := humanize.ParseBytes(text)
		if err != nil || n == 0 || n > most {
			return d.Errf("%s: %q is not a size up to %s, such as 100KiB", name, text, humanize.IBytes(most))
		}
		*to = int(n)
		return nil
	}
}

// flag reads a setting without arguments.
func flag(to *bool) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		*to = true
		return arguments(d)
	}
}

// texts reads as many arguments as there are places.
func texts(to ...*string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error { return arguments(d, to...) }
}

// list reads at least one argument.
func list(to *[]string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		name := d.Val()
		if *to = d.RemainingArgs(); len(*to) == 0 {
			return d.Errf("%s takes 1 argument or more, and has none", name)
		}
		return nil
	}
}

// noArguments reads the name of a directive that has a block alone.
func noArguments(d *caddyfile.Dispenser) error {
	d.Next()
	name := d.Val()
	if got := d.RemainingArgs(); len(got) > 0 {
		return d.Errf("%s takes a block, and no arguments", name)
	}
	return nil
}
