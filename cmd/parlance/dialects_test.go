package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parlance-api/parlance/catalog"
)

func TestTheDialectsAreListedOneALine(t *testing.T) {
	t.Parallel()
	stdout, stderr, exit := invoke(t, "", "dialects")
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	if names := catalog.Names(); exit != exitClean || stderr != "" || len(lines) != len(names)+1 || !strings.HasPrefix(lines[0], "NAME ") {
		t.Fatalf("exit %d, %d lines for %d names\n%s%s", exit, len(lines), len(names), stdout, stderr)
	}
	for i, name := range catalog.Names() {
		line := lines[i+1]
		if !strings.HasPrefix(line, name+" ") {
			t.Errorf("%q stands where %s is to stand", line, name)
		}
		if width := utf8.RuneCountInString(line); width > listWidth {
			t.Errorf("%q has %d columns", line, width)
		}
	}
}

func TestProgramsAreToldTheSourcesOfADialect(t *testing.T) {
	t.Parallel()
	stdout, stderr, exit := invoke(t, "", "dialects", "--json")
	var list []listed
	if err := json.Unmarshal([]byte(stdout), &list); err != nil || exit != exitClean {
		t.Fatalf("exit %d, %v\n%s", exit, err, stderr)
	}
	for _, one := range list {
		if one.Title == "" || one.Codes == 0 || len(one.Sources) == 0 {
			t.Errorf("%+v", one)
		}
	}
}

func TestTheSitesOfSourcesAreNamedOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sources []string
		want    string
	}{
		{nil, ""},
		{[]string{"https://docs.acme.test/errors", "https://docs.acme.test/limits (the table)", "https://github.com/acme/api"}, "docs.acme.test; github.com"},
		{[]string{"docs.acme.test: Errors: all of them"}, "docs.acme.test"},
		{[]string{"RFC 9110, section 15", "The page: 200, 404"}, "RFC 9110, section 15; The page: 200, 404"},
	} {
		if got := sites(test.sources); got != test.want {
			t.Errorf("%q: %q, not %q", test.sources, got, test.want)
		}
	}
	if got := cut("one; two; three", 6); got != "one…" {
		t.Errorf("%q", got)
	}
}

func TestTheDialectsOfAGroupOrWithAWordAreListed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		word     string
		has, not []string
		exit     int
	}{
		{"ai", []string{"openai", "anthropic", "gemini"}, []string{"stripe", "mailchimp"}, exitClean},
		{"google", []string{"google-cloud", "gemini", "vertex-ai"}, []string{"stripe"}, exitClean},
		{"nothing-has-this", nil, nil, exitUsage},
	} {
		stdout, stderr, exit := invoke(t, "", "dialects", test.word)
		if exit != test.exit {
			t.Errorf("%s: got exit %d, want %d\n%s", test.word, exit, test.exit, stderr)
		}
		for _, name := range test.has {
			if !strings.Contains(stdout, "\n"+name+" ") {
				t.Errorf("%s: %s is missing from\n%s", test.word, name, stdout)
			}
		}
		for _, name := range test.not {
			if strings.Contains(stdout, "\n"+name+" ") {
				t.Errorf("%s: %s is in\n%s", test.word, name, stdout)
			}
		}
	}
}
