package check_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/internal/raced"
)

const harEntry = `{"startedDateTime":"2026-01-01T00:00:00Z","request":{"method":"get","url":"https://user:secret@vms.example/api/v1/cameras/7?token=x#y","headers":[{"name":":path","value":"/"},{"name":"accept","value":"*/*"}]},
 "response":{"status":404,"headers":[{"name":"content-type","value":"application/json"}],"content":{"size":2,"mimeType":"application/json","text":%s}}}`

func archive(entries ...string) string {
	return "\ufeff" + `{"before":[{"log":1}], "log": {"version":"1.2","pages":[{"id":"\"}]"}], "entries": [` + strings.Join(entries, ", ") + `], "comment":null}, "after": 7}`
}

// entries are what HAR gives, with its errors.
func entries(r io.Reader) (all []check.Exchange, errs []error) {
	for x, err := range check.HAR(r, "a.har") {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, x)
	}
	return all, errs
}

func TestAnArchiveIsReadEntryByEntry(t *testing.T) {
	t.Parallel()
	all, errs := entries(strings.NewReader(archive(
		fmt.Sprintf(harEntry, `"{}"`),
		strings.Replace(fmt.Sprintf(harEntry, `"eyJhIjoxfQ=="`), `"text"`, `"encoding":"base64","text"`, 1),
		strings.Replace(fmt.Sprintf(harEntry, `null`), `"size":2`, `"size":9000`, 1),
	)))
	if len(errs) > 0 || len(all) != 3 {
		t.Fatalf("got %d entries and %v, want 3", len(all), errs)
	}
	x := all[0]
	if x.Request.Method != "GET" || x.Request.Path != "/api/v1/cameras/7" || x.At != "https://vms.example/api/v1/cameras/7" || x.Line != 1 || x.Source != "a.har" {
		t.Errorf("got %+v, want the request without its secrets", x)
	}
	if got := x.Response.Header.Values("Content-Type"); len(got) != 1 || string(x.Response.Body) != "{}" || x.Response.Status != 404 {
		t.Errorf("got %v, %q and %d", got, x.Response.Body, x.Response.Status)
	}
	if string(all[1].Response.Body) != `{"a":1}` {
		t.Errorf("got %q, want the body out of base64", all[1].Response.Body)
	}
	if !all[2].Response.Cut || all[2].Response.Body != nil {
		t.Errorf("got %+v, want a body that is not known", all[2].Response)
	}
	if found := check.New(page(t, "vms")).Check(all[2]); len(found) > 0 {
		t.Errorf("got %v of a body that the recording leaves out", found)
	}
}

func TestAnArchiveThatIsCutOffIsReadAsFarAsItGoes(t *testing.T) {
	t.Parallel()
	whole := archive(fmt.Sprintf(harEntry, `"{}"`), fmt.Sprintf(harEntry, `"{}"`), fmt.Sprintf(harEntry, `"{}"`))
	end := strings.LastIndex(whole, "startedDateTime")
	all, errs := entries(strings.NewReader(whole[:end]))
	var cut *check.CutError
	if len(all) != 2 || len(errs) != 1 || !errors.As(errs[0], &cut) || cut.Entries != 2 || cut.Offset != int64(end) {
		t.Fatalf("got %d entries and %v, want 2 and a CutError", len(all), errs)
	}
	if want := fmt.Sprintf("a.har is cut off at byte %d; 2 entries before that were read", end); cut.Error() != want {
		t.Errorf("got %q, want %q", cut, want)
	}
}

func TestAnEntryThatCannotBeReadIsPassedOver(t *testing.T) {
	t.Parallel()
	raced.Skip(t)
	good := fmt.Sprintf(harEntry, `"{}"`)
	for _, bad := range []string{
		`7`, `"x"`, `{}`, `{"response":{"status":"x"}}`, strings.Replace(good, "404", "0", 1),
		strings.Replace(good, `"text"`, `"encoding":"base64","text"`, 1) + ``,
		`{"response":{"status":200,"content":{"text":"` + strings.Repeat("x", 64<<20) + `"}}}`,
	} {
		all, errs := entries(strings.NewReader(archive(good, bad, good)))
		var line *check.LineError
		if len(all) != 2 || len(errs) != 1 || !errors.As(errs[0], &line) || line.Line != 2 || all[1].Line != 3 {
			t.Errorf("%.60s: got %d entries and %.200v, want 2 and an error in entry 2", bad, len(all), errs)
		}
	}
	for _, none := range []string{`{}`, `[]`, `x`, `{"log":{"entries":7}}`, `{"log":{}}`, `{"log":{"entries":[{} {}]}}`} {
		if all, errs := entries(strings.NewReader(none)); len(all) > 0 || len(errs) == 0 {
			t.Errorf("%s: got %d entries and %v, want an error", none, len(all), errs)
		}
	}
}

// endless is an archive of so many bytes that is cut off.
type endless struct {
	entry []byte
	at    int
	left  int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), e.left)], e.entry[e.at:])
	e.at, e.left = (e.at+n)%len(e.entry), e.left-n
	return n, nil
}

func TestAnArchiveOfAnyLengthTakesTheSameMemory(t *testing.T) {
	raced.Skip(t)
	const size = 64 << 20
	entry := []byte(fmt.Sprintf(harEntry, `"`+strings.Repeat("x", 64<<10)+`"`) + ",")
	r := io.MultiReader(strings.NewReader(`{"log":{"entries":[`), &endless{entry: entry, left: size})
	var before, most runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	for _, err := range check.HAR(r, "big.har") {
		if n++; n%200 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&most)
			if grown := int64(most.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
				t.Fatalf("got %d bytes more after %d entries, want less than 8 MiB", grown, n)
			}
		}
		if err != nil {
			var cut *check.CutError
			if !errors.As(err, &cut) || cut.Entries != n-1 {
				t.Fatalf("got %v after %d entries, want a CutError", err, n)
			}
		}
	}
	if want := size / len(entry); n < want {
		t.Errorf("got %d entries, want %d", n, want)
	}
}

// FuzzHAR holds that any text ends, and that an archive which is cut off has no entry more
// than the whole one.
func FuzzHAR(f *testing.F) {
	f.Add([]byte(archive(fmt.Sprintf(harEntry, `"{}"`))), 100)
	f.Fuzz(func(t *testing.T, text []byte, cut int) {
		whole, _ := entries(bytes.NewReader(text))
		if cut < 0 || cut > len(text) {
			return
		}
		part, _ := entries(bytes.NewReader(text[:cut]))
		if len(part) > len(whole) {
			t.Errorf("got %d entries of a part, and %d of the whole", len(part), len(whole))
		}
	})
}
