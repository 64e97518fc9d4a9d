package main

import "testing"

func TestAWordOfACaddyfileIsQuotedIfItHasToBe(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"vms":             `vms`,
		`^/v1\.0(/.*)$`:   `^/v1\.0(/.*)$`,
		"":                `""`,
		"Bearer {env.T}":  `"Bearer {env.T}"`,
		"#":               `"#"`,
		`a b\.c`:          "`a b\\.c`",
		`say "a"`:         "`say \"a\"`",
		"a`b":             "\"a`b\"",
		"a`b \"c\"":       "\"a`b \\\"c\\\"\"",
		"{file./run/a b}": `"{file./run/a b}"`,
	} {
		if got := caddyWord(word); got != want {
			t.Errorf("%s is written as %s, want %s", word, got, want)
		}
	}
}
