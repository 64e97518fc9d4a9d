package sqlite_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/store/sqlite"
)

func TestAFileCanBeLookedAtWhileItIsServedAndAfterwards(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "a #1.db")
	s, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	look := func(when string) {
		t.Helper()
		l, err := sqlite.OpenReadOnly(path)
		if err != nil {
			t.Fatal(when, err)
		}
		defer l.Close()
		if r, err := l.Find(ctx, "id-1"); err != nil || r.Path != "/a" {
			t.Errorf("%s: found %+v, %v", when, r, err)
		}
		if _, err := l.Find(ctx, "id-2"); !errors.Is(err, parlance.ErrNotFound) {
			t.Errorf("%s: %v", when, err)
		}
	}
	record := &activity.Record{ID: "id-1", Start: time.Now(), Path: "/a"}
	if err := s.Transact(ctx, func(ctx context.Context) error { return s.Activity().Add(ctx, record) }); err != nil {
		t.Fatal(err)
	}
	look("while it is served")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	look("afterwards")
}

func TestALookMakesNoFileAndSaysWhatIsNone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.db")
	if _, err := sqlite.OpenReadOnly(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it made a file")
	}
	for name, text := range map[string]string{"an empty one": "", "no database": "this is a text that is no database at all, and long enough"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := sqlite.OpenReadOnly(path)
		if err == nil {
			_, err = l.Find(context.Background(), "x")
			l.Close()
		}
		if err == nil || errors.Is(err, parlance.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
