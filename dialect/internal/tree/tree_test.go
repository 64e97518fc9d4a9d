package tree_test

import (
	"encoding/json"
	"testing"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// sound checks what holds of every tree: offsets within the source, nodes that
// nest, and no more of them than bytes.
func sound(t *testing.T, r *tree.Tree) {
	t.Helper()
	size := uint32(len(r.Source))
	if len(r.Nodes) == 0 || len(r.Nodes) > len(r.Source)+1 {
		t.Fatalf("%d nodes of %d bytes", len(r.Nodes), size)
	}
	if got := r.Nodes[0].Next; got != uint32(len(r.Nodes)) {
		t.Fatalf("the root ends at node %d of %d", got, len(r.Nodes))
	}
	var ends []uint32 // of the nodes that are open
	for i := range r.Nodes {
		n := &r.Nodes[i]
		for len(ends) > 0 && ends[len(ends)-1] <= uint32(i) {
			ends = ends[:len(ends)-1]
		}
		switch {
		case n.Next <= uint32(i):
			t.Fatalf("node %d ends at %d", i, n.Next)
		case len(ends) > 0 && n.Next > ends[len(ends)-1]:
			t.Fatalf("node %d ends at %d, the one around it at %d", i, n.Next, ends[len(ends)-1])
		case n.KeyStart > n.KeyEnd || n.KeyEnd > size:
			t.Fatalf("the key of node %d lies at %d to %d of %d", i, n.KeyStart, n.KeyEnd, size)
		case n.Start > n.End || !n.Moved && n.End > size:
			t.Fatalf("node %d lies at %d to %d of %d", i, n.Start, n.End, size)
		case n.Close > size:
			t.Fatalf("node %d closes at %d of %d", i, n.Close, size)
		case n.Next > uint32(i)+1 && n.Kind != tree.Object && n.Kind != tree.List && n.Kind != tree.Element:
			t.Fatalf("node %d of kind %d holds others", i, n.Kind)
		}
		r.Value(uint32(i))
		r.Key(uint32(i))
		ends = append(ends, n.Next)
	}
}

// plain is a JSON node as encoding/json would have it in an any: of names that
// stand twice the last one counts.
func plain(r *tree.Tree, n uint32) any {
	switch r.Nodes[n].Kind {
	case tree.False:
		return false
	case tree.True:
		return true
	case tree.Number:
		return json.Number(r.Value(n))
	case tree.Text:
		return string(r.Value(n))
	case tree.List:
		list := []any{}
		for c := range r.Children(n) {
			list = append(list, plain(r, c))
		}
		return list
	case tree.Object:
		object := map[string]any{}
		for c := range r.Children(n) {
			object[string(r.Key(c))] = plain(r, c)
		}
		return object
	}
	return nil
}

func TestATreeThatIsUsedAgainKeepsNothingOfTheLastDocument(t *testing.T) {
	t.Parallel()
	var r tree.Tree
	for range 2 {
		for _, source := range []string{`<a x="1">one<!-- -->two<b/></a>`, `<a`, `<a><b></a>`} {
			err := r.XML([]byte(source), false)
			if source[1:] == "a" || err != nil {
				continue
			}
			sound(t, &r)
			if got := string(r.Value(0)); got != "onetwo" {
				t.Errorf("the text is %q", got)
			}
		}
		if err := r.JSON([]byte(`{"a":["x"]}`), false); err != nil {
			t.Fatal(err)
		}
		sound(t, &r)
		if got, _ := json.Marshal(plain(&r, 0)); string(got) != `{"a":["x"]}` {
			t.Errorf("it reads %s", got)
		}
	}
}

func TestReadingAgainIntoATreeThatIsLargeEnoughAllocatesNothing(t *testing.T) {
	document := []byte(`{"message":"x","errors":{"url":["a","b"],"date":["c"]}}`)
	response := []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?><RES a="1" b="2"><Code>101</Code><Message>x &amp; y</Message></RES>`)
	escaped := []byte(`{"n\u0061me":"\n"}`)
	asked := ask("name", "errors/*/[]", "Message", "@b").guide
	var r tree.Tree
	for name, read := range map[string]func() error{
		"JSON":              func() error { return r.JSON(document, false) },
		"JSON by a guide":   func() error { return r.JSONBy(asked, document, false) },
		"JSON cut":          func() error { return r.JSON(document[:len(document)-2], true) },
		"JSON with escapes": func() error { return r.JSONBy(asked, escaped, false) },
		"XML":               func() error { return r.XML(response, false) },
		"XML by a guide":    func() error { return r.XMLBy(asked, response, false) },
	} {
		if got := testing.AllocsPerRun(100, func() {
			if err := read(); err != nil {
				t.Fatal(err)
			}
		}); got != 0 {
			t.Errorf("%s: %g allocations", name, got)
		}
	}
}
