package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/jsonl"
)

// recordedLines are lines as a log of an API holds them: of four APIs, most of
// them good, the others with a body.
func recordedLines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		switch i % 5 {
		case 0:
			fmt.Fprintf(&b, `{"dialect":"vms","method":"POST","path":"/cameras/%d","status":422,"headers":{"Content-Type":"application/json","X-Request-Id":"r-%d"},"body":"{\"message\":\"Submitted data was invalid\",\"errors\":{\"url\":[\"is no URL\",\"is too long\"],\"date\":[\"has the wrong format\"]}}"}`, i, i)
		case 1:
			fmt.Fprintf(&b, `{"dialect":"vbapi","method":"GET","path":"/clients/%d","status":404,"headers":{"Content-Type":"application/json"},"body":"{\"data\":null,\"error\":{\"type\":\"https://httpstatuses.com/404\",\"title\":\"Not Found\",\"status\":404,\"detail\":\"The requested resource (%d) was not found.\",\"instance\":\"/clients/%d\"},\"debug\":{\"activityId\":\"a62d1412-9fe9-4ac0-9dc7-%012d\"}}"}`, i, i, i, i)
		case 2:
			fmt.Fprintf(&b, `{"dialect":"omilia","method":"POST","path":"/dialogs","status":429,"headers":{"Retry-After":"%d"},"body":"","request_headers":{"Idempotency-Key":"k%d"}}`, i%60, i)
		default:
			fmt.Fprintf(&b, `{"dialect":"plain","method":"GET","path":"/things/%d","status":200,"headers":{"Content-Type":["application/json"]},"body":"{\"id\":%d,\"name\":\"a thing\"}"}`, i, i)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// BenchmarkJSONL responds to lines, and reads the same lines with encoding/json,
// which is the least that a program that uses it does.
func BenchmarkJSONL(b *testing.B) {
	const lines = 10_000
	text := recordedLines(lines)
	noenv := func(string) string { return "" }
	b.Run("by=parlance", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			if exit := run(context.Background(), []string{"decode", "--jsonl"}, noenv, bytes.NewReader(text), io.Discard, io.Discard); exit != exitClean {
				b.Fatal(exit)
			}
		}
		b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
	})
	b.Run("by=encoding-json", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			for line := range bytes.Lines(text) {
				var r recorded
				if err := json.Unmarshal(line, &r); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
	})
	// The same without our own reading of header fields, which encoding/json is
	// slow to call.
	b.Run("by=encoding-json-map", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			for line := range bytes.Lines(text) {
				var r struct {
					Dialect, Method, Path, Body string
					Status                      int
					Headers                     map[string]any
					RequestHeaders              map[string]any `json:"request_headers"`
				}
				if err := json.Unmarshal(line, &r); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
	})
}

// fill sets everything that can be set, each to something of its own.
func fill(v reflect.Value, n *int, depth int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d <&> \"\\\u2028\u0001\t\n\r\b\f\x7fé\xff", *n))
	case reflect.Int:
		v.SetInt(int64(*n))
	case reflect.Int64:
		v.SetInt(int64(*n) * int64(time.Second) / 7)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(float64(*n) / 7)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n, depth)
		}
	case reflect.Slice:
		if depth == 0 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), n, depth-1)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n, depth)
	}
}

func TestWhatIsAppendedIsWhatTheLibraryWrites(t *testing.T) {
	t.Parallel()
	var full decoded
	n := 0
	for i := range reflect.TypeFor[decoded]().NumField() {
		if f := reflect.ValueOf(&full).Elem().Field(i); f.CanSet() {
			fill(f, &n, 2)
		}
	}
	full.detection = &detection{Dialect: "a", Confidence: 0.92, Why: []string{"b", "c"}, Others: []other{{"d", 0.07}, {"e", 1e-7}}}
	for name, d := range map[string]decoded{
		"nothing":    {Diagnostics: []parlance.Diagnostic{}},
		"everything": full,
		"some":       {Outcome: parlance.Outcome{Kind: parlance.KindInvalid, Fields: []parlance.Field{{}, {Path: "a"}}}, Diagnostics: []parlance.Diagnostic{}},
		"unsure":     {Diagnostics: []parlance.Diagnostic{}, detection: &detection{Dialect: "http", Others: []other{}}},
	} {
		var want bytes.Buffer
		if err := newEncoder(&want).Encode(d); err != nil {
			t.Fatal(err)
		}
		if got := string(appendDecoded(nil, &d)) + "\n"; got != want.String() {
			t.Errorf("%s:\n%s\nthe library\n%s", name, got, want.String())
		}
	}
}

// readByLibrary is the line as encoding/json reads it, in the words of p.
func readByLibrary(line []byte) (r recorded, ok bool) {
	err := json.Unmarshal(line, &r)
	return r, err == nil
}

func sameLine(t *testing.T, p *jsonl.Parser, line []byte) {
	t.Helper()
	if !p.Parse(line) {
		return // left to the library
	}
	want, ok := readByLibrary(line)
	if !ok {
		t.Fatalf("%q is read, and the library does not", line)
	}
	status := 0
	if want.Status != nil {
		status = *want.Status
	}
	if p.Dialect != want.Dialect || p.Method != want.Method || p.Path != want.Path || p.Status != status || string(p.Body) != string(want.Body) {
		t.Fatalf("%q is read as %q %q %q %d %q, by the library as %+v", line, p.Dialect, p.Method, p.Path, p.Status, p.Body, want)
	}
	for _, h := range []struct {
		got  *jsonl.Header
		want fields
	}{{&p.Headers, want.Headers}, {&p.Request, want.Header}} {
		total := 0
		for name, values := range h.want {
			total += len(values)
			if got := h.got.Values(name); strings.Join(got, "\x00") != strings.Join(values, "\x00") || len(got) != len(values) {
				t.Fatalf("%q: %s is %q, by the library %q", line, name, got, values)
			}
		}
		if total != h.got.Len() {
			t.Fatalf("%q has the fields %q, by the library %v", line, h.got, h.want)
		}
	}
}

func TestALineIsReadAsTheLibraryReadsIt(t *testing.T) {
	t.Parallel()
	p := jsonl.NewParser()
	for line := range bytes.Lines(recordedLines(10)) {
		if !p.Parse(bytes.TrimSpace(line)) {
			t.Errorf("%s is left to the library", line)
		}
	}
	for _, line := range []string{
		`{}`, `{"status":200}`, ` { "status" : 200 , "body" : "a\u00e9\ud83d\ude00\n\"\\" } `, `{"status":null}`, `{"status":200,"status":null}`,
		`{"Status":200}`, `{"status":0200}`, `{"status":2e2}`, `{"status":200.0}`, `{"status":1000}`, `{"status":-1}`, `{"body":"\ud83d"}`, `{"body":"\x"}`, "{\"body\":\"\t\"}",
		`{"headers":{"a":["b","c"],"B":"d","A":"e"},"request_headers":{}}`, `{"headers":{"a":[]}}`, `{"headers":{"a":1}}`, `{"headers":null}`, `{"headers":[]}`,
		`{"expect":{"a":[1,true,null,"x",{"b":"\u0041"}]},"status":200}`, `{"expect":[1,]}`, `{"expect":{"a":1.5}}`, `{"expect":"\q"}`, `{"status":200}x`, `{"status":200,}`, `[]`, ``, "{\"body\":\"\xff\"}",
		`{"\u0073tatus":200}`, `{"ſtatus":200}`, `{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	} {
		sameLine(t, p, []byte(line))
	}
}

// FuzzLine holds the parser to the library: it reads the same, or leaves the
// line to it.
func FuzzLine(f *testing.F) {
	for line := range bytes.Lines(recordedLines(5)) {
		f.Add(bytes.TrimSpace(line))
	}
	f.Add([]byte(`{"status":200,"expect":{"a":[1,"\u00e9\ud83d\ude00"]},"headers":{"a":["b"]}}`))
	p := jsonl.NewParser()
	f.Fuzz(func(t *testing.T, line []byte) { sameLine(t, p, line) })
}
