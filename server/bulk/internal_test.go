package bulk

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/parlance-api/parlance"
)

// recordsOf are the records that a document is read as, and how it ended.
func recordsOf(src io.Reader, member string, max int) (all []string, end error) {
	in := &input{src: src, max: max}
	source, err := in.open(member)
	if err != nil {
		return nil, err
	}
	for {
		r, err := source.next()
		if err != nil {
			return all, err
		}
		all = append(all, string(r.bytes))
	}
}

// FuzzRecords holds the readers against encoding/json and encoding/xml: what these
// read is read alike, nothing is lost or comes twice, and it does not matter in
// which pieces a document comes.
func FuzzRecords(f *testing.F) {
	for _, seed := range []string{
		`[1, "a\"]", {"b":[{}]}, [[]], null, true]`, `[]`, ` [ ] `, "\uFEFF[1]", `[1,]`, `[,1]`, `[1 2]`, `[{]`, `[1]x`, `["a`, `[`, ``, `{"a":[1]}`, `7`,
		`{"records":[1,{"records":2}],"z":"]"}`, `{"a":{"records":[9]},"records":[]}`, `{"records":[1],"records":[2]}`, `{"records":7}`, `{"r\u0065cords":[1]}`,
		`<a><b/><b c="/>">x</b><!-- <b/> --><b><![CDATA[</b>]]></b></a>`, `<?xml version="1.0"?><a><b><b></b></b></a> <!--x-->`, `<a/>`, `<a></a>`, `<a>x<b/></a>`,
		`<a><b></a>`, `<a><b></c></a>`, `<a><b>`, `<a><b/></a><c/>`, `<!DOCTYPE a><a/>`, `<a><?p <b/> ?><b/></a>`, `<x:a xmlns:x='u'><x:b/></x:a>`, "<a><b\n/></a\n>", `<`, `<a`, `<a b='>`, `<1/>`, `<a><b c=1/></a>`,
		strings.Repeat("<a>", 600),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		for _, member := range []string{"", "records"} {
			all, end := recordsOf(bytes.NewReader(document), member, 1<<20)
			pieces, pieceEnd := recordsOf(iotest.OneByteReader(bytes.NewReader(document)), member, 1<<20)
			if !reflect.DeepEqual(all, pieces) || end.Error() != pieceEnd.Error() {
				t.Fatalf("in one: %q %v\nbyte by byte: %q %v", all, end, pieces, pieceEnd)
			}
			var bad *badInput
			if end != io.EOF && !errors.As(end, &bad) {
				t.Fatalf("ended by %v", end)
			}
			if bad != nil && (bad.at < 0 || bad.at > int64(len(document))) {
				t.Fatalf("a fault at %d of %d", bad.at, len(document))
			}
			if few, end := recordsOf(bytes.NewReader(document), member, 16); end == io.EOF && !reflect.DeepEqual(few, all) {
				t.Fatalf("bounded: %q, else %q", few, all)
			}
			want, isJSON := jsonElements(document, member)
			if isJSON && (end != io.EOF || !reflect.DeepEqual(all, want)) {
				t.Fatalf("%q %v, and encoding/json reads %q", all, end, want)
			}
			want, isXML := xmlChildren(document, member)
			if isXML && end == io.EOF && !reflect.DeepEqual(all, want) {
				t.Fatalf("%q, and encoding/xml reads %q", all, want)
			}
			if end == io.EOF && !isJSON && !bytes.Contains(document, []byte("<")) {
				t.Fatalf("%q is read as %q", document, all)
			}
		}
	})
}

// jsonElements are those that encoding/json finds in a valid document.
func jsonElements(document []byte, member string) (all []string, ok bool) {
	document = bytes.TrimPrefix(document, []byte("\uFEFF"))
	if !json.Valid(document) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(document))
	first, _ := d.Token()
	if member != "" {
		if first != json.Delim('{') {
			return nil, false
		}
		lists := 0
		for d.More() {
			name, _ := d.Token()
			var value json.RawMessage
			if d.Decode(&value) != nil {
				return nil, false
			}
			if name == member {
				lists++
				var elements []json.RawMessage
				if json.Unmarshal(value, &elements) != nil || value[0] != '[' {
					return nil, false
				}
				for _, e := range elements {
					all = append(all, string(e))
				}
			}
		}
		return all, lists == 1
	}
	if first != json.Delim('[') {
		return nil, false
	}
	for d.More() {
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, false
		}
		all = append(all, string(value))
	}
	return all, true
}

// xmlChildren are the elements under the root that encoding/xml finds.
func xmlChildren(document []byte, member string) (all []string, ok bool) {
	if !bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(document, []byte("\uFEFF")), " \t\r\n"), []byte("<")) {
		return nil, false
	}
	d := xml.NewDecoder(bytes.NewReader(document))
	depth, from := 0, int64(0)
	for {
		at := d.InputOffset()
		token, err := d.RawToken()
		if err == io.EOF {
			return all, depth == 0
		}
		if err != nil {
			return nil, false
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; depth == 2 {
				from = at
			}
		case xml.EndElement:
			if depth--; depth < 0 {
				return nil, false
			}
			if depth == 1 && (member == "" || token.Name.Local == member) {
				all = append(all, string(document[from:d.InputOffset()]))
			}
		}
	}
}

// Of an outcome nothing is lost on disk, whatever attributes there will be.
func TestTheSpoolKeepsEveryAttribute(t *testing.T) {
	t.Parallel()
	one := handled{name: "a:b", before: []byte(" "), raw: []byte("<a:b/>"), item: parlance.Item{Index: 300, ID: "x"}}
	o := reflect.ValueOf(&one.item.Outcome).Elem()
	for i := range o.NumField() {
		for _, max := range []int{1 << 20, 1} {
			h := one
			h.item.Outcome = parlance.Outcome{Kind: parlance.KindInvalid}
			switch f := reflect.ValueOf(&h.item.Outcome).Elem().Field(i); f.Interface().(type) {
			case parlance.Kind:
			case string, parlance.Reason:
				f.SetString("some")
			case int:
				f.SetInt(400)
			case time.Duration:
				f.SetInt(int64(time.Minute))
			case parlance.Advice:
				f.SetUint(1)
			case []string:
				f.Set(reflect.ValueOf([]string{"a"}))
			case map[string]string:
				f.Set(reflect.ValueOf(map[string]string{"a": "b"}))
			case []parlance.Field:
				f.Set(reflect.ValueOf([]parlance.Field{{Path: "a", Message: "b"}}))
			case []parlance.Item:
				f.Set(reflect.ValueOf([]parlance.Item{{Outcome: parlance.Outcome{Kind: parlance.KindSuccess}}}))
			default:
				t.Fatalf("a test for %s is missing", f.Type())
			}
			s := spool{max: max, dir: t.TempDir()}
			for range 3 {
				if err := s.put(&h); err != nil {
					t.Fatal(err)
				}
			}
			n := 0
			if err := s.all(func(back *handled) error {
				n++
				if !reflect.DeepEqual(*back, h) {
					t.Errorf("%s: %+v\nis read as %+v", o.Type().Field(i).Name, h, *back)
				}
				return nil
			}); err != nil || n != 3 {
				t.Fatal(n, err)
			}
			s.close()
		}
	}
}
