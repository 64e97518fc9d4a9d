package dialect_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/raced"
	yaml "go.yaml.in/yaml/v4"
)

// exchange is a response of somebody, with what was asked.
type exchange struct {
	of   string // the dialect whose sample it is, "" for none
	name string
	req  dialect.Request
	res  dialect.Response
}

// known are the exchanges, once they are read.
var known struct {
	once sync.Once
	all  []exchange
}

// exchanges are all responses that this repository has: those that were
// recorded, and the samples of the files. They are not to be altered.
func exchanges(t testing.TB) []exchange {
	t.Helper()
	known.once.Do(func() { known.all = readExchanges(t) })
	return known.all
}

func readExchanges(t testing.TB) (all []exchange) {
	t.Helper()
	recorded, err := filepath.Glob("../catalog/testdata/*.jsonl")
	if err != nil || len(recorded) == 0 {
		t.Fatal("no recorded responses", err)
	}
	for _, file := range recorded {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var r struct {
				Case, Method, Path, Body string
				Status                   int
				Headers                  map[string]string
			}
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			h := http.Header{}
			for name, value := range r.Headers {
				h.Set(name, value)
			}
			all = append(all, exchange{"", r.Case, dialect.Request{Method: r.Method, Path: r.Path}, dialect.Response{Status: r.Status, Header: h, Body: []byte(r.Body), Received: stated}})
		}
	}
	for _, name := range catalog.Names() {
		_, text, err := catalog.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Samples []struct {
				Response, Method, Path string
				Request                map[string]string
			}
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		for i, s := range file.Samples {
			h := http.Header{}
			for name, value := range s.Request {
				h.Set(name, value)
			}
			all = append(all, exchange{name, name + " " + strconv.Itoa(i), dialect.Request{Method: s.Method, Path: s.Path, Header: h}, response(t, s.Response)})
		}
	}
	return all
}

// response reads a response as it stands in a file.
func response(t testing.TB, text string) dialect.Response {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	line, rest, _ := strings.Cut(head, "\n")
	words := strings.Fields(line)
	if len(words) < 2 {
		t.Fatalf("%q is no response", text)
	}
	status, err := strconv.Atoi(words[1])
	if err != nil {
		t.Fatal(err)
	}
	return dialect.Response{Status: status, Header: lines(rest), Body: []byte(strings.TrimSuffix(body, "\n")), Received: stated}
}

// awkward are responses made of one: as it is, cut off, under other statuses, and
// with a header that says when to come back.
func awkward(e exchange) (all []exchange) {
	all = append(all, e)
	half := e
	half.res.Body, half.res.Cut = e.res.Body[:len(e.res.Body)/2], true
	broken := half
	broken.res.Cut = false
	all = append(all, half, broken)
	for _, status := range []int{200, 207, 401, 404, 429, 503} {
		other := e
		other.res.Status = status
		all = append(all, other)
	}
	late := e
	h := e.res.Header.(http.Header).Clone()
	h.Set("Retry-After", "17")
	h.Set("X-Ratelimit-Reset", "1795190490")
	late.res.Header = h
	return append(all, late)
}

// others is how many responses of other dialects each dialect is held to at most, so that
// the work grows with the number of dialects and not with its square.
const others = 5000

// every calls f with every dialect: with all its own responses, and with those of others,
// of which each dialect has other ones if they are too many.
func every(t *testing.T, f func(t *testing.T, d *dialect.Dialect, e exchange)) {
	t.Helper()
	var all []exchange
	for _, e := range exchanges(t) {
		all = append(all, awkward(e)...)
	}
	if len(all) < 1000 {
		t.Fatalf("%d responses", len(all))
	}
	n := 1 + len(all)/others
	if raced.Enabled {
		n *= 16
	}
	for which, s := range subjects() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for i, e := range all {
				if e.of != s.name && (i+which)%n != 0 {
					continue
				}
				if f(t, s.Dialect, e); t.Failed() {
					t.Fatalf("%s: %s %s %d %v\n%s", e.name, e.req.Method, e.req.Path, e.res.Status, e.res.Header, e.res.Body)
				}
			}
		})
	}
}

func TestAGlanceSaysWhatDecodeAndDecideSay(t *testing.T) {
	t.Parallel()
	every(t, func(t *testing.T, d *dialect.Dialect, e exchange) { glanced(t, d, e.req, e.res) })
}

func TestABodyIsReadByAGuideAsItIsReadWhole(t *testing.T) {
	t.Parallel()
	every(t, func(t *testing.T, d *dialect.Dialect, e exchange) {
		if e.res.Cut {
			return // of a value that does not end only a guide says that something stood there
		}
		guided, whole := d.Decode(e.req, e.res), dialect.Unguided(d).Decode(e.req, e.res)
		if !reflect.DeepEqual(guided, whole) {
			t.Errorf("by its guide it is\n%+v\nnot\n%+v", guided, whole)
		}
	})
}

func TestFieldsAreAHeaderLikeThatOfNetHTTP(t *testing.T) {
	t.Parallel()
	every(t, func(t *testing.T, d *dialect.Dialect, e exchange) {
		h := e.res.Header.(http.Header)
		plain := e
		plain.res.Header = dialect.HeaderMap(h)
		if req, ok := e.req.Header.(http.Header); ok {
			plain.req.Header = dialect.HeaderMap(req)
		}
		a, b := d.Decode(e.req, e.res), d.Decode(plain.req, plain.res)
		if !reflect.DeepEqual(a, b) {
			t.Errorf("it reads as\n%+v\nnot\n%+v", b, a)
		}
		if !reflect.DeepEqual(d.Limits(e.res), d.Limits(plain.res)) {
			t.Errorf("the limits are %+v, not %+v", d.Limits(plain.res), d.Limits(e.res))
		}
		if a, b := d.NeedsBody(e.req, e.res.Status, h), d.NeedsBody(plain.req, e.res.Status, plain.res.Header); a != b {
			t.Errorf("its body is to be read: %t, not %t", b, a)
		}
	})
	var none dialect.HeaderMap
	if len(none.Values("Date")) > 0 {
		t.Error("no header has a value")
	}
}
