package tree_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

var jsonSeeds = []string{
	`{"message":"Submitted data was invalid","errors":{"url":["a","b"],"date":["c"]}}`,
	`{"data":null,"error":{"status":404,"detail":"\u00e9\ud83d\ude00\/"},"debug":{"activityId":"a"}}`,
	` [ -0.5e+10 , 1e400, true, false, null, "", {}, [] ] `,
	"\ufeff{\"a\":1,\"a\":{\"a\":[2]},\"\\u0061\":3}",
	"{\"\xff\":\"caf\xe9 \\ud800\"}",
	`{"a":{"a":{"a":[[[[]]]]}}`, `[1,]`, `01`, `"\x"`, `nul`, `1 2`, "\"\t\"",
	strings.Repeat("[", 300) + strings.Repeat("]", 300),
}

// FuzzJSON holds the reader against encoding/json: it accepts and refuses the
// same, but for the depth and a byte order mark, and reads the same.
func FuzzJSON(f *testing.F) {
	for _, s := range jsonSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		var r tree.Tree
		err := r.JSON(source, false)
		bare := bytes.TrimPrefix(source, []byte("\ufeff"))
		if valid := json.Valid(bare); valid != (err == nil) {
			if valid && depth(bare) > tree.MaxDepth {
				return // deliberate
			}
			t.Fatalf("encoding/json: %t, here: %v", valid, err)
		}
		if err != nil {
			var at *tree.SyntaxError
			if !errors.As(err, &at) || at.Offset < 0 || at.Offset > len(source) {
				t.Fatalf("%#v", err)
			}
			return
		}
		sound(t, &r)
		d := json.NewDecoder(bytes.NewReader(bare))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if got := plain(&r, 0); !reflect.DeepEqual(got, want) {
			t.Fatalf("it reads %#v, not %#v", got, want)
		}
	})
}

// depth is how deep the brackets outside of texts nest in a valid document.
func depth(source []byte) (deepest int) {
	now, text := 0, false
	for i := 0; i < len(source); i++ {
		switch c := source[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '[', c == '{':
			now++
			deepest = max(deepest, now)
		case c == ']', c == '}':
			now--
		}
	}
	return deepest
}

var xmlSeeds = []string{
	`<?xml version="1.0" encoding="UTF-8"?><ORDERS><SO><RES><Code>200</Code><Message>a &amp; b</Message></RES></SO></ORDERS>`,
	"\ufeff \r\n<?xml version='1.0'?><!-- c --><s:a xmlns:s='urn:s' s:b=\"1\" b='&#x41;'/>",
	"<a>b<!-- c -->d<![CDATA[<e>&\r\n]]>f<?g h?>i<j k='l\rm'/>n</a>\n<!-- o -->",
	`<a> <b/> c <d>e</d> f <!-- g -->h</a>`,
	`<größe n="ü">&#x10FFFF;&lt;&gt;&quot;&apos;</größe>`,
	`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, `<?xml version="1.0" encoding="latin1"?><a/>`,
	`<a b="1" b="2"/>`, `<a><b></a></b>`, `<a>]]></a>`, `<a><!-- -- --></a>`, `<a`, "<a>\x00</a>", "<a>\xff</a>",
	`<a:b:c/>`, `<a><? b?></a>`, `<a><?b!?></a>`, `<a>&#0;</a>`, `<a>&b;</a>`,
}

// FuzzXML holds the reader against encoding/xml: what it accepts encoding/xml
// accepts too, and reads the same names, texts and attributes of it. What it
// refuses and encoding/xml does not is deliberate, and each of it stands in the
// table of refusals: a DTD, another charset, text outside of the root, two
// roots, an attribute twice, colons out of place, a declaration that is out of
// place or out of order, too deep.
func FuzzXML(f *testing.F) {
	for _, s := range xmlSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		var r tree.Tree
		if err := r.XML(source, false); err != nil {
			var at *tree.SyntaxError
			if !errors.As(err, &at) || at.Offset < 0 || at.Offset > len(source) {
				t.Fatalf("%#v", err)
			}
			return
		}
		sound(t, &r)
		want, err := reference(source)
		if err != nil {
			// Three deliberate differences the other way round.
			var syntax *xml.SyntaxError
			switch {
			case errors.As(err, &syntax) && strings.HasPrefix(syntax.Msg, "invalid XML name"):
				return // the fifth edition allows more letters than the fourth
			case strings.Contains(err.Error(), "unsupported version"):
				return // 1.1 and later are read as 1.0 (fifth edition, 2.8)
			}
			t.Fatalf("encoding/xml: %v", err)
		}
		if got := drawTrimmed(&r, 0); got != want {
			t.Fatalf("it reads\n%s, not\n%s", got, want)
		}
	})
}

// drawTrimmed is draw with all white space around texts dropped, that of
// references too, for encoding/xml does not tell them apart.
func drawTrimmed(r *tree.Tree, n uint32) string {
	e := &element{name: string(r.Key(n)), text: string(r.Value(n))}
	for c := range r.Children(n) {
		if r.Nodes[c].Kind == tree.Attribute {
			e.attributes = append(e.attributes, string(r.Key(c)), string(r.Value(c)))
		} else {
			e.children = append(e.children, drawTrimmed(r, c))
		}
	}
	return e.String()
}

// element is one of the document as encoding/xml reads it.
type element struct {
	name       string
	attributes []string // name, value, …
	text       string   // its own
	blank      bool
	since      int // how many children it had where its text began
	children   []string
}

const white = " \t\r\n"

func (e *element) String() string {
	var b strings.Builder
	b.WriteString("<" + e.name)
	for i := 0; i < len(e.attributes); i += 2 {
		b.WriteString(" " + e.attributes[i] + "=" + strings.Trim(e.attributes[i+1], white))
	}
	b.WriteString(">" + strings.Trim(e.text, white) + strings.Join(e.children, "") + "</>")
	return b.String()
}

// reference draws the document that encoding/xml reads.
func reference(source []byte) (string, error) {
	source = bytes.TrimPrefix(source, []byte("\ufeff"))
	// Once for the checks that Token makes, once for the names as they stand.
	checked := xml.NewDecoder(bytes.NewReader(source))
	checked.CharsetReader = ascii
	for {
		if _, err := checked.Token(); err == io.EOF {
			break
		} else if err != nil {
			return "", err
		}
	}
	d := xml.NewDecoder(bytes.NewReader(source))
	d.CharsetReader = ascii
	root := ""
	var open []*element
	for {
		from := d.InputOffset()
		token, err := d.RawToken()
		if err == io.EOF {
			return root, nil
		}
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, blank: true}
			for _, a := range token.Attr {
				name := a.Name.Local
				if a.Name.Space == "xmlns" {
					name = "xmlns:" + name
				}
				e.attributes = append(e.attributes, name, a.Value)
			}
			open = append(open, e)
		case xml.EndElement:
			e := open[len(open)-1]
			if open = open[:len(open)-1]; len(open) > 0 {
				open[len(open)-1].children = append(open[len(open)-1].children, e.String())
			} else {
				root = e.String()
			}
		case xml.CharData:
			if len(open) == 0 {
				continue
			}
			e := open[len(open)-1]
			raw := string(source[from:d.InputOffset()])
			if cdata, ok := strings.CutPrefix(raw, "<![CDATA["); ok {
				raw = strings.TrimSuffix(cdata, "]]>")
			}
			blank := strings.Trim(raw, white) == ""
			if e.since != len(e.children) {
				if !e.blank || blank {
					continue
				}
				e.since, e.text = len(e.children), ""
			}
			e.blank = e.blank && blank
			e.text += string(token)
		}
	}
}

func ascii(name string, r io.Reader) (io.Reader, error) {
	if name = strings.ToLower(name); name == "us-ascii" || name == "ascii" {
		return r, nil
	}
	return nil, errors.New("unknown charset")
}

// FuzzCut cuts a document that is accepted anywhere: the beginning is accepted
// as a cut one, and what it reads is the beginning of what the whole reads.
func FuzzCut(f *testing.F) {
	for i, s := range append(jsonSeeds, xmlSeeds...) {
		f.Add([]byte(s), uint(i*7))
		f.Add([]byte(s), uint(len(s)*2/3))
	}
	f.Fuzz(func(t *testing.T, source []byte, at uint) {
		at %= uint(len(source) + 1)
		for _, read := range []func(*tree.Tree, []byte, bool) error{(*tree.Tree).JSON, (*tree.Tree).XML} {
			var whole, part tree.Tree
			err := read(&whole, source, false)
			cutErr := read(&part, source[:at], true)
			if cutErr == nil {
				sound(t, &part)
			}
			if err != nil {
				continue
			}
			if cutErr != nil {
				if len(part.Nodes) > 0 {
					t.Fatalf("the first %d bytes: %v", at, cutErr)
				}
				continue // the root has not begun
			}
			if len(part.Nodes) > len(whole.Nodes) {
				t.Fatalf("%d nodes of a document that has %d", len(part.Nodes), len(whole.Nodes))
			}
			for i := range part.Nodes {
				p, w := part.Nodes[i], whole.Nodes[i]
				n := uint32(i)
				switch {
				case p.Kind != w.Kind || p.Next > w.Next || !bytes.Equal(part.Key(n), whole.Key(n)):
					t.Fatalf("node %d is %+v, and in the whole %+v", i, p, w)
				case p.Kind < tree.Object || p.Kind == tree.Attribute:
					if !bytes.Equal(part.Value(n), whole.Value(n)) {
						t.Fatalf("node %d is %q, and in the whole %q", i, part.Value(n), whole.Value(n))
					}
				case p.Kind == tree.Element:
					// Its text may go on where it was cut in a text of several pieces.
					if v := part.Value(n); !bytes.HasPrefix(whole.Value(n), v) {
						t.Fatalf("node %d has the text %q, and in the whole %q", i, v, whole.Value(n))
					}
				}
			}
		}
	})
}
