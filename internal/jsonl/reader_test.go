package jsonl

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"
)

func TestALineThatIsTooLongIsReportedAndTheNextIsRead(t *testing.T) {
	t.Parallel()
	lines := &Reader{r: bufio.NewReaderSize(strings.NewReader("12345678901234567890123\nshort\n12345678901234567890\n\n123456789012345678901"), 16), max: 20}
	for _, want := range []string{"too long", "short", "12345678901234567890", "", "too long"} {
		line, err := lines.Next()
		if want == "too long" {
			if err != ErrTooLong {
				t.Errorf("got %q, %v", line, err)
			}
		} else if err != nil || string(line) != want {
			t.Errorf("got %q, %v, want %q", line, err, want)
		}
	}
	if _, err := lines.Next(); err != io.EOF {
		t.Errorf("got %v, want the end", err)
	}
}

// FuzzLines holds the reader to what splitting the whole text at LF gives.
func FuzzLines(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte) {
		const most = 40
		want := bytes.Split(text, []byte("\n"))
		if len(want[len(want)-1]) == 0 {
			want = want[:len(want)-1] // the text ends with a line end, or is empty
		}
		lines := &Reader{r: bufio.NewReaderSize(bytes.NewReader(text), 16), max: most}
		for _, w := range want {
			got, err := lines.Next()
			if long := len(w) > most; long != (err == ErrTooLong) || !long && (err != nil || !bytes.Equal(got, w)) {
				t.Fatalf("got %q, %v, want %q", got, err, w)
			}
		}
		if _, err := lines.Next(); err != io.EOF {
			t.Fatalf("got %v, want the end", err)
		}
	})
}
