package lookahead_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/internal/lookahead"
)

// atMark settles a body where a mark ends.
type atMark struct{}

func (atMark) Settled(body []byte) int { return strings.Index(string(body), "!") + 1 }

func begin() lookahead.Settler { return atMark{} }

var errBroke = errors.New("it broke off")

func TestABodyIsReadUntilItIsClearAndHandedOnWhole(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100_000)
	for _, tt := range []struct {
		name    string
		body    io.Reader
		length  int64
		limit   int
		want    string
		settled int
		err     error // in the Body
		ends    error // that the reader gets
	}{
		{name: "to its end", body: strings.NewReader("abc"), length: 3, limit: 10, want: "abc", err: io.EOF},
		{name: "to its end, of unknown length", body: strings.NewReader("abc"), length: -1, limit: 10, want: "abc", err: io.EOF},
		{name: "to its end, in single bytes", body: iotest.OneByteReader(strings.NewReader("abc")), length: 3, limit: 3, want: "abc", err: io.EOF},
		{name: "with its end", body: iotest.DataErrReader(strings.NewReader("a!c")), length: 3, limit: 10, want: "a!c", err: io.EOF},
		{name: "to a mark", body: iotest.OneByteReader(strings.NewReader("ab!c")), length: 4, limit: 10, want: "ab!c", settled: 3},
		{name: "to a mark, of unknown length", body: iotest.OneByteReader(strings.NewReader("ab!c")), length: -1, limit: 10, want: "ab!c", settled: 3},
		{name: "to the limit", body: strings.NewReader("abcd"), length: 4, limit: 3, want: "abcd"},
		{name: "far beyond the first room", body: strings.NewReader(long), length: 100_000, limit: 1 << 20, want: long, err: io.EOF},
		{name: "until it breaks off", body: io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(errBroke)), length: 9, limit: 10, want: "ab", err: errBroke, ends: errBroke},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var room lookahead.Body
			b, undecided := room.Until(io.NopCloser(tt.body), tt.length, lookahead.Rule{Limit: tt.limit, Hold: time.Hour}, begin)
			if undecided || b.Settled != tt.settled || !errors.Is(b.Err, tt.err) {
				t.Errorf("undecided %t, settled at %d, err %v; want %d, %v", undecided, b.Settled, b.Err, tt.settled, tt.err)
			}
			if got, err := io.ReadAll(b); string(got) != tt.want || !errors.Is(err, tt.ends) {
				t.Errorf("then %d bytes %.20q, %v; want %d, %v", len(got), got, err, len(tt.want), tt.ends)
			}
		})
	}
}

// watcher notes what it is told.
type watcher struct {
	seen   string
	err    error
	closed bool
}

func (w *watcher) Saw(p []byte, err error) { w.seen, w.err = w.seen+string(p), err }
func (w *watcher) Closed()                 { w.closed = true }

func TestABodyThatComesToAHaltIsHandedOnAndWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		go func() {
			io.WriteString(w, "first ")
			time.Sleep(time.Minute)
			io.WriteString(w, "second")
			w.Close()
		}()
		var room lookahead.Body
		start := time.Now()
		b, undecided := room.Until(r, -1, lookahead.Rule{Limit: 100, Hold: time.Second}, begin)
		if waited := time.Since(start); !undecided || string(b.Head) != "first " || waited != time.Second {
			t.Fatalf("undecided %t with %q after %s", undecided, b.Head, waited)
		}
		told := new(watcher)
		b.Watcher = told
		all, err := io.ReadAll(b)
		b.Close()
		if string(all) != "first second" || err != nil || told.seen != "second" || told.err != io.EOF || !told.closed {
			t.Errorf("read %q, %v; the watcher saw %q, %v, closed %t", all, err, told.seen, told.err, told.closed)
		}
	})
}
