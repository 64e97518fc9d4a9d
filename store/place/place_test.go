package place_test

import (
	"strings"
	"testing"

	"github.com/parlance-api/parlance/store/place"
)

func TestAPasswordIsRedactedInEachForm(t *testing.T) {
	for _, url := range []string{
		"postgres://me:hunter%202@db.example.com/shop", "postgresql://me@db.example.com/shop?password=hunter%202", "postgres://me:hunter%202@[broken",
	} {
		p := place.Place{Name: url}
		if !p.Remote() {
			t.Errorf("%s is a database", url)
		}
		for _, text := range []string{url, "cannot connect as me with hunter 2", "hunter%25202"} {
			if got := p.Redact(text); strings.Contains(got, "hunter") {
				t.Errorf("got %q", got)
			}
		}
	}
	if p := (place.Place{Name: "shop.db"}); p.Remote() || p.Redact("a:b@c") != "a:b@c" {
		t.Error("a file has no password")
	}
}

func TestAFileIsOpened(t *testing.T) {
	s, err := place.Place{Name: t.TempDir() + "/shop.db"}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
