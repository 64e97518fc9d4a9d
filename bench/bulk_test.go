package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/bulk"
)

// many is how many records a bulk request has, of which every hundredth fails.
const many = 100_000

// bulkOf is one kind of bulk request. A record and its response are of usual size.
type bulkOf struct {
	name, dialect, path string
	open, comma, shut   string
	record              func(dst []byte, i int) []byte
}

var bulks = []bulkOf{
	{"xml", "vision", "/service/ManufactureComplete", "<MANUFACTURING>\n", "\n", "\n</MANUFACTURING>\n", func(dst []byte, i int) []byte {
		dst = strconv.AppendInt(append(dst, "<MC><DocRef>API_"...), int64(i), 10)
		return append(dst, "</DocRef><CustomerCode>JOE</CustomerCode><SiteCode>PF</SiteCode><Quantity>12</Quantity><Comment>Please leave it at the back door.</Comment></MC>"...)
	}},
	{"json", "vbapi", "/orders-batch", "[\n", ",\n", "\n]\n", func(dst []byte, i int) []byte {
		dst = strconv.AppendInt(append(dst, `{"docRef":"ref=API_`...), int64(i), 10)
		return append(dst, `","customerCode":"JOE","siteCode":"PF","quantity":12,"comment":"Please leave it at the back door."}`...)
	}},
}

// document is the request, made as it is read.
type document struct {
	of   bulkOf
	next int // record
	buf  []byte
	rest []byte
}

func (d *document) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(d.rest) == 0 && !d.more() {
			return n, io.EOF
		}
		took := copy(p[n:], d.rest)
		n, d.rest = n+took, d.rest[took:]
	}
	return n, nil
}

// more makes the next record, or what stands around them.
func (d *document) more() bool {
	d.buf = d.buf[:0]
	switch {
	case d.next > many:
		return false
	case d.next == many:
		d.buf = append(d.buf, d.of.shut...)
	case d.next == 0:
		d.buf = append(d.buf, d.of.open...)
	default:
		d.buf = append(d.buf, d.of.comma...)
	}
	if d.next < many {
		d.buf = d.of.record(d.buf, d.next)
	}
	d.next++
	d.rest = d.buf
	return true
}

func (b bulkOf) size() int64 {
	n, _ := io.Copy(io.Discard, &document{of: b})
	return n
}

// sink is a client that takes everything.
type sink struct {
	header http.Header
	status int
	bytes  int64
}

func (s *sink) Header() http.Header    { return s.header }
func (s *sink) WriteHeader(status int) { s.status = status }
func (s *sink) Flush()                 {}
func (s *sink) Write(p []byte) (int, error) {
	s.bytes += int64(len(p))
	return len(p), nil
}

// ask sends a bulk request to a handler of records.
func (b bulkOf) ask(t testing.TB, each bulk.Func, options ...bulk.Option) *sink {
	api := server.New(open(t, b.dialect), server.WithLogger(slog.New(slog.DiscardHandler)))
	s := &sink{header: http.Header{}}
	bulk.Handle(api, each, options...).ServeHTTP(s, httptest.NewRequest("POST", b.path, &document{of: b}))
	return s
}

// done is what becomes of record i.
func done(i int) error {
	if i%100 == 0 {
		return parlance.NewError(parlance.KindInvalid, "Customer code JOE and site code PF does not exist.")
	}
	return nil
}

// movement is a record as a program would have it.
type movement struct {
	XMLName      xml.Name `xml:"MC" json:"-"`
	DocRef       string   `json:"docRef"`
	CustomerCode string   `json:"customerCode"`
	SiteCode     string   `json:"siteCode"`
	Quantity     int      `json:"quantity"`
	Comment      string   `json:"comment"`
	RES          *res     `json:"-"`
}

type res struct {
	Code    int
	Message string
}

var docRefs = map[string][2][]byte{
	"xml":  {[]byte("<DocRef>"), []byte("</DocRef>")},
	"json": {[]byte(`"docRef":"`), []byte(`"`)},
}

// BenchmarkRecords responds to a bulk request of 100,000 records, beside a loop over
// encoding/xml or encoding/json that decodes each, and encodes its response. by=raw
// has a handler that looks for the id in the bytes, by=parlance one that decodes
// the record too.
func BenchmarkRecords(b *testing.B) {
	for _, of := range bulks {
		size := of.size()
		run := func(by string, f func(b *testing.B)) {
			b.Run("of="+of.name+"/by="+by, func(b *testing.B) {
				b.SetBytes(size)
				b.ReportAllocs()
				for b.Loop() {
					f(b)
				}
			})
		}
		run("parlance", func(b *testing.B) {
			s := of.ask(b, func(_ context.Context, r bulk.Record) (item parlance.Item, err error) {
				var m movement
				if err := r.Decode(&m); err != nil {
					return item, err
				}
				item.ID, item.Outcome.Detail = m.DocRef, "Manufacture complete processed"
				return item, done(r.Index)
			})
			if s.status != 207 || s.bytes < size/2 {
				b.Fatal(s.status, s.bytes)
			}
		})
		run("raw", func(b *testing.B) {
			around := docRefs[of.name]
			s := of.ask(b, func(_ context.Context, r bulk.Record) (item parlance.Item, err error) {
				_, id, _ := bytes.Cut(r.Raw, around[0])
				id, _, _ = bytes.Cut(id, around[1])
				item.ID, item.Outcome.Detail = string(id), "Manufacture complete processed"
				return item, done(r.Index)
			})
			if s.status != 207 || s.bytes < size/2 {
				b.Fatal(s.status, s.bytes)
			}
		})
		if of.name == "xml" {
			run("encoding-xml", func(b *testing.B) { echoXML(b, &document{of: of}, &sink{}) })
		} else {
			run("encoding-json", func(b *testing.B) { respondJSON(b, &document{of: of}, &sink{}) })
		}
	}
}

// echoXML is what a program without Parlance would do.
func echoXML(b *testing.B, r io.Reader, w io.Writer) {
	d, out := xml.NewDecoder(r), bufio.NewWriterSize(w, 64<<10)
	e := xml.NewEncoder(out)
	for n := 0; ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		start, is := token.(xml.StartElement)
		if !is || start.Name.Local != "MC" {
			if err := e.EncodeToken(token); err != nil {
				b.Fatal(err)
			}
			continue
		}
		var m movement
		if err := d.DecodeElement(&m, &start); err != nil {
			b.Fatal(err)
		}
		m.RES = &res{200, "Manufacture complete processed"}
		if err := done(n); err != nil {
			m.RES = &res{400, parlance.OutcomeOf(err).Detail}
		}
		n++
		if err := e.Encode(m); err != nil {
			b.Fatal(err)
		}
	}
	e.Flush()
	out.Flush()
}

// respondJSON is what a program without Parlance would do.
func respondJSON(b *testing.B, r io.Reader, w io.Writer) {
	type key struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	type response struct {
		ID     []key  `json:"id"`
		Status int    `json:"status"`
		Body   string `json:"body"`
	}
	d, out := json.NewDecoder(r), bufio.NewWriterSize(w, 64<<10)
	e := json.NewEncoder(out)
	if _, err := d.Token(); err != nil {
		b.Fatal(err)
	}
	io.WriteString(out, `{"data":[`)
	for n := 0; d.More(); n++ {
		var m movement
		if err := d.Decode(&m); err != nil {
			b.Fatal(err)
		}
		a := response{[]key{{"ref", m.DocRef}}, 200, "Manufacture complete processed"}
		if err := done(n); err != nil {
			a.Status, a.Body = 400, parlance.OutcomeOf(err).Detail
		}
		if n > 0 {
			io.WriteString(out, ",")
		}
		if err := e.Encode(a); err != nil {
			b.Fatal(err)
		}
	}
	io.WriteString(out, `],"error":null,"debug":{"activityId":"a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd"}}`)
	out.Flush()
}

// Whether it streams from the first record on or is kept to the last, and however
// many records there are: it takes the same memory.
func TestABulkRequestTakesConstantMemory(t *testing.T) {
	for _, of := range bulks {
		for _, failing := range []int{0, many - 1} { // the one that fails
			var few, most uint64 // bytes in use
			s := of.ask(t, func(_ context.Context, r bulk.Record) (item parlance.Item, err error) {
				if r.Index%(many/5) == many/10 {
					var m runtime.MemStats
					runtime.GC()
					runtime.ReadMemStats(&m)
					if most = max(most, m.HeapAlloc); few == 0 {
						few = m.HeapAlloc
					}
				}
				if r.Index == failing {
					err = parlance.ErrInvalid
				}
				return item, err
			}, bulk.Spool(t.TempDir(), 64<<10))
			if s.status != 207 || s.bytes < of.size()/4 {
				t.Error(s.status, s.bytes)
			}
			if most > few+1<<20 {
				t.Errorf("%s, record %d fails: %d KiB at 10,000 records, %d KiB at most", of.name, failing, few>>10, most>>10)
			}
			t.Logf("%s, record %d fails: %d KiB and %d KiB, %d MB of response", of.name, failing, few>>10, most>>10, s.bytes/1e6)
		}
	}
}
