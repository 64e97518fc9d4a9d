package catalogtest

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
)

// Recorded is a response of one of the founding systems, as the catalog keeps them.
type Recorded struct {
	Vendor, Case, Method, Path string
	Status                     int
	Headers                    map[string]string
	Body                       string
}

// ReadRecorded reads a file of recorded responses, one JSON object on a line.
func ReadRecorded(t testing.TB, file string) (all []Recorded) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r Recorded
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
