package catalog_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	yaml "go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/raced"
)

// dump is where the frozen texts are written in full, to be compared with those
// of another version by diff.
var dump = flag.String("dump", "", "write the frozen readings and writings in full into this directory")

// response is one that a sample or the corpus holds.
type response struct {
	of   string // the dialect that it belongs to
	name string
	req  dialect.Request
	res  dialect.Response
}

// corpus are the responses, once they are read.
var corpus struct {
	once sync.Once
	all  []response
}

// responses are those of all samples and of the corpus. They are not to be altered.
func responses(t *testing.T) []response {
	t.Helper()
	corpus.once.Do(func() { corpus.all = readResponses(t) })
	if len(corpus.all) == 0 {
		t.Fatal("another test could not read the responses")
	}
	return corpus.all
}

func readResponses(t *testing.T) (all []response) {
	t.Helper()
	for _, name := range catalog.Names() {
		_, text, err := catalog.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Samples []struct {
				Response     string
				Method, Path string
				Request      map[string]string
			}
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		for i, s := range file.Samples {
			all = append(all, response{name, fmt.Sprintf("sample %d", i), dialect.Request{Method: s.Method, Path: s.Path, Header: header(s.Request)}, sampled(t, s.Response)})
		}
	}
	for _, file := range []string{"testdata/systems.jsonl", "testdata/vendors.jsonl"} {
		for _, r := range readCorpus(t, file) {
			all = append(all, response{dialectOf(r.Vendor), r.Vendor + ": " + r.Case, dialect.Request{Method: r.Method, Path: r.Path},
				dialect.Response{Status: r.Status, Header: header(r.Headers), Body: []byte(r.Body), Received: frozenAt}})
		}
	}
	return all
}

// sampled is the response of a sample.
func sampled(t *testing.T, text string) dialect.Response {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	raw := strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n"
	res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(raw)), nil)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return dialect.Response{Status: res.StatusCode, Header: res.Header, Body: []byte(strings.TrimSuffix(body, "\n")), Received: frozenAt}
}

// frozenAt is when every response was received, and is written.
var frozenAt = time.Date(2026, 11, 30, 20, 0, 0, 0, time.UTC)

// others is how many responses of other dialects each dialect reads at most, so that the
// work grows with the number of dialects and not with its square.
const others = 300

// reading says all that a dialect makes of a response, but for sentences.
func reading(t *testing.T, w io.Writer, d *dialect.Dialect, req dialect.Request, res dialect.Response) parlance.Outcome {
	read := d.Decode(req, res)
	o := read.Outcome
	fmt.Fprintf(w, "reads %s shape %q data %q enveloped %t\n", outcomeJSON(t, o), read.Shape, read.Data, read.Enveloped)
	for _, g := range read.Diagnostics {
		fmt.Fprintf(w, "complains %s\n", g.Rule)
	}
	decision(w, "decides", d.Decide(req, &o))
	g := d.Classify(req, res)
	decision(w, "glances "+g.Kind.String()+"/"+string(g.Reason), g.Decision)
	fmt.Fprintf(w, "needs body %t\n", d.NeedsBody(req, res.Status, res.Header))
	return o
}

func decision(w io.Writer, what string, d parlance.Decision) {
	fmt.Fprintf(w, "%s %s %s after %s backoff %s..%s schedule %s then %s safe %t line %s\n",
		what, d.Act, d.Scope, d.After, d.Backoff.Floor, d.Backoff.Cap, d.Schedule, d.Then, d.RetrySafe, d.Line)
}

// writing says all that a dialect writes, but for sentences.
func writing(w io.Writer, d *dialect.Dialect, req dialect.Request, o *parlance.Outcome, data dialect.Payload) {
	req.Now = frozenAt
	m := d.Encode(nil, req, o, data)
	fmt.Fprintf(w, "writes %d %s\n", m.Status, m.Phrase)
	for _, h := range m.Header {
		fmt.Fprintf(w, "%s: %s\n", h.Name, h.Value)
	}
	fmt.Fprintf(w, "%s\n", m.Body)
	for _, l := range m.Losses {
		fmt.Fprintf(w, "loses %s\n", l.Attribute)
	}
	fmt.Fprintf(w, "unset %s envelope %t\n", m.Unset, d.HasEnvelope(req, o))
}

// full are Outcomes of a kind, from a bare one to one that has everything.
func full(kind parlance.Kind) []parlance.Outcome {
	texts := parlance.Outcome{Kind: kind, Title: "A title", Detail: "A <detail> & \"more\"", Type: "https://example.com/type", Instance: "/instance", RequestID: "request-1"}
	every := texts
	every.Code, every.Family, every.Help, every.RetryAfter, every.Retryable = "7", "family", "A help", time.Minute, parlance.AdviceStop
	every.Notes = []string{"One note", "Another"}
	every.Fields = []parlance.Field{{Path: "first", Code: "c1", Message: "Message 1"}, {Path: "list.0.second", Message: "Message 2"}}
	items := texts
	items.Items = []parlance.Item{
		{Index: 0, ID: "1", Outcome: parlance.Outcome{Kind: parlance.KindSuccess, Detail: "Record 1"}},
		{Index: 1, ID: "2", Outcome: parlance.Outcome{Kind: parlance.KindInvalid, Detail: "Record 2", Code: "400"}},
	}
	return []parlance.Outcome{{Kind: kind}, texts, every, items}
}

// TestNothingIsReadOrWrittenInAnotherWay holds all that the catalog reads and
// writes, byte by byte, as a digest for each dialect. If a change is meant, write
// the full texts of both versions with -dump, look at their diff, and run with
// -update.
func TestNothingIsReadOrWrittenInAnotherWay(t *testing.T) {
	t.Parallel()
	raced.Skip(t)
	all := responses(t)
	outcomes := make([]parlance.Outcome, len(all))
	for i, r := range all {
		outcomes[i] = opened(t, r.of).Decode(r.req, r.res).Outcome
	}
	var got bytes.Buffer
	n := 1 + len(all)/others
	for which, name := range catalog.Names() {
		d := opened(t, name)
		var text bytes.Buffer
		for i, r := range all {
			if r.of != name && (i+which)%n != 0 {
				continue
			}
			fmt.Fprintf(&text, "\n== %s: %s\n", r.of, r.name)
			reading(t, &text, d, r.req, r.res)
			writing(&text, d, r.req, &outcomes[i], dialect.Payload{})
			broken := r.res
			broken.Body, broken.Cut = broken.Body[:len(broken.Body)/2], true
			reading(t, &text, d, r.req, broken)
		}
		for _, kind := range parlance.Kinds() {
			for i, o := range full(kind) {
				for _, method := range []string{"GET", "POST"} {
					fmt.Fprintf(&text, "\n== kind %s %d %s\n", kind, i, method)
					writing(&text, d, dialect.Request{Method: method, Path: "/a/b"}, &o, dialect.Payload{ContentType: "application/json", Body: []byte(`{"id":1}`)})
					writing(&text, d, dialect.Request{Method: method, Path: "/a/b", Header: http.Header{"Accept": {d.Accept()}}}, &o, dialect.Payload{})
				}
			}
		}
		for status := 100; status <= 599; status++ {
			fmt.Fprintf(&text, "\n== status %d\n", status)
			o := reading(t, &text, d, dialect.Request{Method: "POST", Path: "/a/b"}, dialect.Response{Status: status, Header: http.Header{"Retry-After": {"7"}}, Received: frozenAt})
			writing(&text, d, dialect.Request{Method: "GET"}, &o, dialect.Payload{})
		}
		fmt.Fprintf(&got, "%s %x\n", name, sha256.Sum256(text.Bytes()))
		if *dump != "" {
			if err := os.WriteFile(filepath.Join(*dump, name+".txt"), text.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	const golden = "testdata/frozen.golden"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the digests differ from %s: compare the texts of both versions (go test -run Nothing -dump DIR ./catalog), then go test -update\ngot\n%s\nwant\n%s", golden, got.Bytes(), want)
	}
}
