package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/say"
)

func TestColourIsForTerminalsAndNO_COLORTurnsItOff(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		env  map[string]string
		want bool
	}{
		{"not a terminal", nil, false},
		{"forced", map[string]string{"CLICOLOR_FORCE": "1"}, true},
		{"forced by 0, which is not forced", map[string]string{"CLICOLOR_FORCE": "0"}, false},
		{"forced and forbidden", map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, false},
	} {
		a := &app{getenv: func(name string) string { return test.env[name] }}
		if got := a.styleOf(&bytes.Buffer{}); got.colour != test.want {
			t.Errorf("%s: %v", test.name, got.colour)
		}
	}
}

func TestAResponseCannotChangeTheTerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := sheet{w: &out}
	s.outcome(parlance.Outcome{
		Kind: parlance.KindInvalid, Reason: "\x1b[31m", Code: "\x07", Detail: "one\ntwo\x1b]0;title\x07\u202e\xff",
		Fields: []parlance.Field{{Path: "a\x1b", Message: "b\rc"}},
		Items:  []parlance.Item{{ID: "\x9b", Outcome: parlance.Outcome{Kind: parlance.KindFailed, Detail: "\x00"}}},
		Notes:  []string{"\b"},
	}, plainID)
	want := `outcome       invalid/\x1b[31m
  code        \a
  detail      one
              two\x1b]0;title\a\u202e\xff
  fields      a\x1b  b\rc
  items       0  \x9b  failed  \x00
  note        \b
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestNoLabelTouchesItsText(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := sheet{w: &out}
	s.outcome(parlance.Outcome{Kind: parlance.KindNotFound, RequestID: "a07d", RetryAfter: 20 * time.Second}, plainID)
	s.title("django-rest-framework", "404")
	want := "outcome       not_found\n  request ID  a07d\n  come back   after 20s\ndjango-rest-framework  404\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestWaitsAreSaidAsPeopleSayThem(t *testing.T) {
	t.Parallel()
	m := time.Minute
	for want, d := range map[string]parlance.Decision{
		"":                                       {},
		"after 1 hour":                           {After: time.Hour},
		"every 30 minutes":                       {Schedule: []time.Duration{30 * m}},
		"after 5 minutes, then every 30 minutes": {Schedule: []time.Duration{5 * m, 30 * m}},
		"after 90 seconds, then after 5 minutes, then every 1 hour":            {Schedule: []time.Duration{90 * time.Second, 5 * m, time.Hour}},
		"after 1 second, then up to twice as long each time, at most 1 minute": {Backoff: parlance.Backoff{Floor: time.Second, Cap: m}},
	} {
		if got := say.Waits(d); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestEveryKindAndActHasWords(t *testing.T) {
	t.Parallel()
	for _, k := range parlance.Kinds() {
		if !strings.HasSuffix(say.Kind(k), ".") {
			t.Errorf("%v: %q", k, say.Kind(k))
		}
	}
	for a := parlance.ActDone; a <= parlance.ActStop; a++ {
		if say.Act(a) == "" {
			t.Errorf("%v has no words", a)
		}
	}
}
