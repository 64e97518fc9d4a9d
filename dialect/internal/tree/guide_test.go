package tree_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// asked is what a Guide is told, kept plainly to compare with: a place in a
// document by the names below it, "*" for the others, "[]" for the elements of
// a list, "@name" for an attribute, "..." for everything.
type asked struct {
	guide  *tree.Guide
	below  map[string]*asked
	slots  map[string]uint16
	linked bool // it leads back to the root
}

func ask(paths ...string) *asked {
	root := &asked{guide: tree.NewGuide()}
	for _, path := range paths {
		root.add(root, strings.Split(path, "/"))
	}
	return root
}

// add asks for what lies at a path; "^" at its end leads back to the root.
func (a *asked) add(root *asked, path []string) {
	if len(path) == 0 || path[0] == "" || a.linked {
		return
	}
	if a.below == nil {
		a.below, a.slots = map[string]*asked{}, map[string]uint16{}
	}
	name := path[0]
	child, known := a.below[name]
	var given *tree.Guide
	if !known && len(path) > 1 && path[1] == "^" {
		child, given = &asked{guide: root.guide, linked: true}, root.guide
	} else if !known {
		child = &asked{}
	}
	attribute, isAttribute := strings.CutPrefix(name, "@")
	switch {
	case name == "...":
		a.guide.All()
	case name == "*":
		child.guide = a.guide.Others(given)
	case name == "[]":
		child.guide = a.guide.Elements(given)
	case isAttribute:
		a.slots[name] = a.guide.Attribute(attribute)
	default:
		a.slots[name], child.guide = a.guide.Member(name, given)
	}
	a.below[name] = child
	if child.guide != nil {
		child.add(root, path[1:])
	}
}

// pruner takes away from a whole tree what was not asked for.
type pruner struct {
	whole *tree.Tree
	root  *asked
	nodes []tree.Node
	from  []uint32 // which nodes of the whole they are
}

// take keeps a node and what is asked for below it. With all it is everything,
// and the rest says the slots alone.
func (p *pruner) take(n uint32, slot uint16, a *asked, all bool) {
	if a != nil && a.linked {
		a = p.root
	}
	_, every := a.get("...")
	all = all || every
	others, hasOthers := a.get("*")
	elements, hasElements := a.get("[]")
	mine := len(p.nodes)
	p.nodes, p.from = append(p.nodes, p.whole.Nodes[n]), append(p.from, n)
	p.nodes[mine].Slot = slot
	skipped := 0
	for c := range p.whole.Children(n) {
		key := string(p.whole.Key(c))
		switch {
		case p.whole.Nodes[n].Kind == tree.List:
			if all || hasElements {
				p.take(c, 0, elements, all)
				continue
			}
		case p.whole.Nodes[c].Kind == tree.Attribute:
			if _, named := a.get("@" + key); all || named {
				p.take(c, a.slot("@"+key), nil, false)
				continue
			}
		default:
			if named, is := a.get(key); is && key[0] != '@' && key != "*" && key != "[]" && key != "..." {
				p.take(c, a.slots[key], named, all || hasOthers)
				continue
			}
			if all || hasOthers {
				p.take(c, 0, others, all)
				continue
			}
		}
		skipped++
	}
	p.nodes[mine].Next = uint32(len(p.nodes))
	p.nodes[mine].Skipped = uint16(min(skipped, math.MaxUint16))
}

func (a *asked) get(name string) (*asked, bool) {
	if a == nil {
		return nil, false
	}
	below, is := a.below[name]
	return below, is
}

func (a *asked) slot(name string) uint16 {
	if a == nil {
		return 0
	}
	return a.slots[name]
}

type reader struct {
	all func(*tree.Tree, []byte, bool) error
	by  func(*tree.Tree, *tree.Guide, []byte, bool) error
}

var readers = []reader{{(*tree.Tree).JSON, (*tree.Tree).JSONBy}, {(*tree.Tree).XML, (*tree.Tree).XMLBy}}

// guided reads a document with and without the guide, and compares: the same
// verdict, and of the nodes those that were asked for.
func (r reader) guided(t *testing.T, a *asked, source []byte, cut bool) *tree.Tree {
	t.Helper()
	var whole, part tree.Tree
	err, errBy := r.all(&whole, source, cut), r.by(&part, a.guide, source, cut)
	if !reflect.DeepEqual(err, errBy) {
		t.Fatalf("with a guide: %v, without one: %v", errBy, err)
	}
	if err != nil {
		return nil
	}
	sound(t, &part)
	p := pruner{whole: &whole, root: a}
	p.take(0, 0, a, false)
	if len(p.nodes) != len(part.Nodes) || whole.Repaired != part.Repaired {
		t.Fatalf("it has %d nodes, not %d; repaired %t, not %t", len(part.Nodes), len(p.nodes), part.Repaired, whole.Repaired)
	}
	for i, want := range p.nodes {
		got := part.Nodes[i]
		if want.Moved {
			want.Start, want.End = got.Start, got.End // in a buffer of its own
		}
		if cut && got.Skipped == want.Skipped+1 {
			want.Skipped++ // the last one, cut apart, is no node of the whole either
		}
		if got != want || !bytes.Equal(part.Value(uint32(i)), whole.Value(p.from[i])) {
			t.Fatalf("node %d is\n%+v %q, not\n%+v %q", i, got, part.Value(uint32(i)), want, whole.Value(p.from[i]))
		}
	}
	return &part
}

// drawGuided writes a tree in one line: keys, # and the slot, a value in
// quotes, children in parentheses, and + with how many more were skipped.
func drawGuided(r *tree.Tree, n uint32) string {
	var b strings.Builder
	node := r.Nodes[n]
	b.Write(r.Key(n))
	if node.Slot != 0 {
		fmt.Fprintf(&b, "#%d", node.Slot)
	}
	if v := r.Value(n); node.Kind != tree.Object && node.Kind != tree.List && len(v) > 0 {
		fmt.Fprintf(&b, "=%s", v)
	}
	var children []string
	for c := range r.Children(n) {
		children = append(children, drawGuided(r, c))
	}
	if node.Skipped > 0 {
		children = append(children, fmt.Sprintf("+%d", node.Skipped))
	}
	if children != nil {
		b.WriteString("(" + strings.Join(children, " ") + ")")
	}
	return b.String()
}

func TestAGuideTakesOfJSONWhatItAsksFor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		paths  []string
		source string
		read   string
	}{
		{"nothing asked for is the value alone", nil, `{"a":1,"b":[2]}`, `(+2)`},
		{"a scalar is itself", nil, `7`, `=7`},
		{"an empty object is not one whose members were skipped", []string{"a", "b"}, `{"a":{},"b":{"c":1}}`, `(a#1 b#2(+1))`},
		{"a named member is taken with its slot", []string{"a", "b"}, `{"c":0,"b":1,"a":2}`, `(b#2=1 a#1=2 +1)`},
		{"of a container that is named nothing below is taken", []string{"a"}, `{"a":{"b":[1]},"c":[]}`, `(a#1(+1) +1)`},
		{"what is named below is taken", []string{"a/b", "a/c"}, `{"a":{"d":{"b":1},"c":[2,3]}}`, `(a#1(c#3(+2) +1))`},
		{"everything below is taken", []string{"a/..."}, `{"a":{"b":[1,{"c":2}]},"d":[3]}`, `(a#1(b(=1 (c=2))) +1)`},
		{"names in what is taken wholly keep their slots", []string{"...", "a/b"}, `{"a":{"b":1,"c":[2]},"d":{"b":3}}`, `(a#1(b#2=1 c(=2)) d(b=3))`},
		{"one name has one slot everywhere", []string{"a/b", "b/a", "[]/b"}, `{"a":{"b":1},"b":{"a":2}}`, `(a#1(b#2=1) b#2(a#1=2))`},
		{"the others are taken", []string{"*"}, `{"a":1,"b":[2]}`, `(a=1 b(+1))`},
		{"the others are read by their guide", []string{"*/code", "*/[]"}, `{"a":{"code":1,"d":2},"b":[3]}`, `(a(code#1=1 +1) b(=3))`},
		{"where the others are taken the named ones are whole", []string{"a/b", "*"}, `{"a":{"b":1,"c":2},"d":{"b":3}}`, `(a#1(b#2=1 c=2) d(+1))`},
		{"the elements of a list are taken", []string{"a/[]"}, `{"a":[1,[2],{"b":3}]}`, `(a#1(=1 (+1) (+1)))`},
		{"the elements of a list are read by their guide", []string{"[]/a"}, `[{"a":1,"b":2},[3],{"b":4},5]`, `((a#1=1 +1) (+1) (+1) =5)`},
		{"a list behind a member in a list has no key", []string{"[]/a", "[]/[]"}, `[{"a":1},2,[3]]`, `((a#1=1) =2 (=3))`},
		{"a list where an object is asked for is skipped inside", []string{"a/b"}, `{"a":[{"b":1},2]}`, `(a#1(+2))`},
		{"a guide may lead to itself", []string{"a/^", "b"}, `{"a":{"a":{"b":1,"c":2},"b":3}}`, `(a#1(a#1(b#2=1 +1) b#2=3))`},
		{"a list may lead to itself", []string{"[]/^"}, `[[[1]],2,{"a":3}]`, `(((=1)) =2 (+1))`},
		{"the others may lead to themselves", []string{"*/^"}, `{"a":{"b":[1]}}`, `(a(b(+1)))`},
		{"a name that stands twice is taken twice", []string{"a"}, `{"a":1,"b":2,"a":3}`, `(a#1=1 a#1=3 +1)`},
		{"a name with escapes is found", []string{"name"}, `{"n\u0061me":1,"nam\u0065s":2}`, `(name#1=1 +1)`},
		{"a name that is not UTF-8 is found repaired", []string{"a\ufffd"}, "{\"a\xff\":1}", "(a\ufffd#1=1)"},
		{"names are told apart by every byte", []string{"identifier", "identified", "identifie", "id"},
			`{"identifier":1,"identified":2,"identifie":3,"id":4,"identifiers":5,"i":6,"":7}`, `(identifier#1=1 identified#2=2 identifie#3=3 id#4=4 +3)`},
		{"names of eight bytes and fewer are told apart", []string{"a", "aa", "aaaaaaa", "aaaaaaaa", "aaaaaaaaa"},
			`{"a":1,"aa":2,"aaa":3,"aaaaaaa":4,"aaaaaaaa":5,"aaaaaaaaa":6}`, `(a#1=1 aa#2=2 aaaaaaa#3=4 aaaaaaaa#4=5 aaaaaaaaa#5=6 +1)`},
		{"the empty name is one", []string{"a"}, `{"":1,"\u0000":2,"a\u0000":3}`, `(+3)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := readers[0].guided(t, ask(test.paths...), []byte(test.source), false)
			if r == nil {
				t.Fatal("it is refused")
			}
			if got := drawGuided(r, 0); got != test.read {
				t.Errorf("it reads %s, not %s", got, test.read)
			}
		})
	}
}

func TestAGuideTakesOfXMLWhatItAsksFor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		paths  []string
		source string
		read   string
	}{
		{"nothing asked for is the root with its own text", nil, `<a b="1">c<d>e</d></a>`, `a=c(+2)`},
		{"a named child is taken with its own text", []string{"b"}, `<a><c>1</c><b>2<d/></b></a>`, `a(b#1=2(+1) +1)`},
		{"elements and attributes of one name are two", []string{"b", "@b"}, `<a b="1" c="2"><b c="3">4</b></a>`, `a(b#2=1 b#1=4(+1) +1)`},
		{"an attribute alone does not take the element", []string{"@b"}, `<a b="1"><b>2</b></a>`, `a(b#1=1 +1)`},
		{"names are local", []string{"b/@c"}, `<x:a><y:b z:c="1" c="2"/></x:a>`, `a(b#1(c#2=1 c#2=2))`},
		{"a declaration of a prefix is not an attribute of that name", []string{"@b", "@xmlns:c"}, `<a xmlns:b="1" xmlns:c="2"/>`, `a(xmlns:c#2=2 +1)`},
		{"the others are elements, not attributes", []string{"*"}, `<a b="1"><c d="2">3</c></a>`, `a(c=3(+1) +1)`},
		{"everything is taken with attributes", []string{"..."}, `<a b="1"><c d="2">3</c></a>`, `a(b=1 c=3(d=2))`},
		{"own text in pieces does not run into that of skipped elements", []string{"b"}, `<a>1<!-- -->2<c>3<!-- -->4</c>5<b>6<!-- -->7</b></a>`, `a=12(b#1=67 +1)`},
		{"own text behind a skipped element is that behind a child", []string{"b"}, `<a> <c/> 1 <b/>2</a>`, `a=1(b#1 +1)`},
		{"skipped elements part own texts", nil, `<a> <c/> 1 <b/>2</a>`, `a=1(+2)`},
		{"a guide may lead to itself", []string{"a/^"}, `<a><b/><a><a>1</a></a></a>`, `a(a#1(a#1=1) +1)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := readers[1].guided(t, ask(test.paths...), []byte(test.source), false)
			if r == nil {
				t.Fatal("it is refused")
			}
			if got := drawGuided(r, 0); got != test.read {
				t.Errorf("it reads %s, not %s", got, test.read)
			}
		})
	}
}

func TestWhatIsSkippedIsValidatedAllTheSame(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{
		`01`, `1.`, `-`, `1e`, `tru`, `nulls`, `"\x"`, `"\u00g0"`, "\"\t\"", `"a`, `[1,]`, `[1 2]`, `[1}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{"\q":1}`,
		`[[[{"a":[tru]}]]]`, `+1`, `,`, strings.Repeat("[", tree.MaxDepth), strings.Repeat(`{"a":`, tree.MaxDepth) + `1` + strings.Repeat("}", tree.MaxDepth),
	} {
		for _, around := range []string{`{"a":%s}`, `{"b":1,"a":%s,"b":2}`, `[%s]`, `{"c":[1,%s]}`, `{"c":{"d":%s}}`} {
			source := fmt.Appendf(nil, around, fault)
			for _, a := range []*asked{ask(), ask("b"), ask("c"), ask("c/d"), ask("...")} {
				if readers[0].guided(t, a, source, false) != nil {
					t.Errorf("%s is accepted", source)
				}
			}
		}
	}
	for _, fault := range []string{
		`<b>`, `</b>`, `<b></c>`, `<b c='1' c='2'/>`, `<b c/>`, `<b c=1/>`, `<b c='<'/>`, `<b c='&x;'/>`, `<b>&x;</b>`, `<b>]]></b>`, `<b><!-- -- --></b>`,
		`<b><!DOCTYPE c></b>`, `<b><?xml?></b>`, `<1/>`, `<b:/>`, `<:b/>`, "<b>\x01</b>", "<b>\xff</b>", `<b><![CDATA[</b>`, `<b` + manyAttributes(40) + ` a3=''/>`,
		strings.Repeat("<b>", tree.MaxDepth) + strings.Repeat("</b>", tree.MaxDepth),
	} {
		for _, around := range []string{`<a>%s</a>`, `<a><d/>%s</a>`, `<a><d>%s</d></a>`, `<a><e>%s</e></a>`} {
			source := fmt.Appendf(nil, around, fault)
			for _, a := range []*asked{ask(), ask("d"), ask("d/b/@c"), ask("e"), ask("...")} {
				if readers[1].guided(t, a, source, false) != nil {
					t.Errorf("%s is accepted", source)
				}
			}
		}
	}
}

// The readers look at eight bytes at once.
func TestEveryByteIsSeenWhereverItStands(t *testing.T) {
	t.Parallel()
	asked := ask("name")
	for place := range 20 {
		for c := range 256 {
			text := bytes.Repeat([]byte("x"), 20)
			text[place] = byte(c)
			for _, around := range []string{`{"name":"%s"}`, `{"%s":1,"name":[{"%s":"%s"}]}`, `["%s"]`, `[[{"%s":"%s"}]]`} {
				source := []byte(strings.ReplaceAll(around, "%s", string(text)))
				if accepted := readers[0].guided(t, asked, source, false) != nil; accepted != json.Valid(source) {
					t.Errorf("%q: %t", source, accepted)
				}
			}
			// In so short a document it is looked at alone.
			for _, around := range []string{`<a>%s</a>`, `<a b="%s"/>`, `<a b='%s'/>`} {
				source, alone := fmt.Appendf(nil, around, text), fmt.Appendf(nil, around, []byte{byte(c)})
				if (readers[1].guided(t, asked, source, false) != nil) != (readers[1].guided(t, asked, alone, false) != nil) {
					t.Errorf("%q", source)
				}
			}
		}
	}
}

func TestMoreSkippedChildrenThanCanBeCountedAreToldAsMany(t *testing.T) {
	t.Parallel()
	var r tree.Tree
	if err := r.JSONBy(tree.NewGuide(), []byte("["+strings.Repeat("1,", 1<<16)+"1]"), false); err != nil {
		t.Fatal(err)
	}
	if r.Nodes[0].Skipped != math.MaxUint16 || r.IsLeaf(0) {
		t.Errorf("%d were skipped", r.Nodes[0].Skipped)
	}
}

func TestASkippedContainerHasItsWholeText(t *testing.T) {
	t.Parallel()
	a := ask("data")
	for source, cut := range map[string]bool{`{"data": {"x": [1, {"y": 2}]} }`: false, `{"data": {"x": [1, {"y": 2}]} `: true} {
		var r tree.Tree
		if err := r.JSONBy(a.guide, []byte(source), cut); err != nil {
			t.Fatal(err)
		}
		if got := string(r.Raw(1)); got != `{"x": [1, {"y": 2}]}` || len(r.Nodes) != 2 {
			t.Errorf("of %s it has %q and %d nodes", source, got, len(r.Nodes))
		}
	}
}

func TestNamesAskedForTwiceHaveOneSlotAndOneGuide(t *testing.T) {
	t.Parallel()
	g := tree.NewGuide()
	slot, child := g.Member("a", nil)
	again, same := g.Member("a", nil)
	if slot == 0 || again != slot || same != child {
		t.Errorf("slot %d and %d, guides %p and %p", slot, again, child, same)
	}
	others, elements, attribute := g.Others(nil), g.Elements(nil), g.Attribute("a")
	if g.Others(nil) != others || g.Elements(nil) != elements || g.Attribute("a") != attribute {
		t.Error("asking again changes the guide")
	}
	if attribute == slot {
		t.Error("an attribute has the slot of an element")
	}
	if below, _ := child.Member("a", nil); below != slot {
		t.Error("the same name has another slot below")
	}
	for i := range 1 << 16 {
		g.Member(fmt.Sprint(i), nil)
	}
	if slot, _ := g.Member("one too many", nil); slot != 0 {
		t.Errorf("slot %d", slot)
	}
	var r tree.Tree
	if err := r.JSONBy(g, []byte(`{"65535":[1],"65536":2}`), false); err != nil {
		t.Fatal(err)
	}
	if got := drawGuided(&r, 0); got != "(65535(=1) 65536=2)" {
		t.Error(got)
	}
}

func TestAGuideMayBeUsedByManyAtOnce(t *testing.T) {
	t.Parallel()
	a := ask("a/b", "a/c", "*", "[]/a")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			var r tree.Tree
			for range 100 {
				if err := r.JSONBy(a.guide, []byte(`{"a":{"b":1,"\u0063":2},"d":{}}`), false); err != nil || len(r.Nodes) != 5 {
					t.Errorf("%v, %d nodes", err, len(r.Nodes))
				}
			}
		})
	}
	all.Wait()
}

func TestAFaultLeavesTheTreeUsable(t *testing.T) {
	t.Parallel()
	a := ask("a/b")
	var r tree.Tree
	for range 3 {
		var at *tree.SyntaxError
		if err := r.JSONBy(a.guide, []byte(`{"a":{"b":[[[[tru`), false); !errors.As(err, &at) {
			t.Fatal(err)
		}
		if err := r.JSONBy(a.guide, []byte(`{"a":{"b":1}}`), false); err != nil || drawGuided(&r, 0) != "(a#1(b#2=1))" {
			t.Fatalf("%v, %s", err, drawGuided(&r, 0))
		}
	}
}

// FuzzGuide holds a guided reading against one of everything, cut anywhere or
// not at all.
func FuzzGuide(f *testing.F) {
	for i, s := range append(jsonSeeds, xmlSeeds...) {
		for _, paths := range []string{"", "errors/url,message", "a/^,b", "*/[],a", "...,a/a", "[]/*,@b,SO/RES/Code", "error/status,data,e"} {
			f.Add([]byte(s), paths, uint(i*7))
		}
	}
	f.Fuzz(func(t *testing.T, source []byte, paths string, at uint) {
		at %= uint(len(source) + 1)
		if len(paths) > 64 {
			return // no guide is worth as much time
		}
		if strings.Contains(paths, "^") && strings.ContainsAny(paths, "*.") {
			return // what leads back from what is whole makes its root whole, which is allowed and not foreseen here
		}
		a := ask(strings.Split(paths, ",")...)
		for _, r := range readers {
			r.guided(t, a, source, false)
			r.guided(t, a, source[:at], true)
		}
	})
}
