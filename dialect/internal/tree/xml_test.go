package tree_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// draw writes an XML tree in one line: name, attributes in brackets, own text
// in quotes, children in parentheses.
func draw(r *tree.Tree, n uint32) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", r.Key(n))
	var attributes, children []string
	for c := range r.Children(n) {
		if r.Nodes[c].Kind == tree.Attribute {
			attributes = append(attributes, fmt.Sprintf("%s=%q", r.Key(c), r.Value(c)))
		} else {
			children = append(children, draw(r, c))
		}
	}
	if attributes != nil {
		b.WriteString("[" + strings.Join(attributes, " ") + "]")
	}
	if v := r.Value(n); len(v) > 0 {
		fmt.Fprintf(&b, "%q", v)
	}
	if children != nil {
		b.WriteString("(" + strings.Join(children, " ") + ")")
	}
	return b.String()
}

// The cases are of our own making, after the productions of XML 1.0 (fifth
// edition) and Namespaces in XML 1.0.
func TestXMLAcceptsWhatXML10DoesAndReadsIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, source, read string }{
		// 2.1, 2.8: documents.
		{"an element is a document", `<a/>`, `a`},
		{"an element may be empty in two tags", `<a></a>`, `a`},
		{"elements nest", `<a><b><c/></b><d/></a>`, `a(b(c) d)`},
		{"a declaration may come first", `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><a/>`, `a`},
		{"a declaration may have single quotes and spaces around =", `<?xml version = '1.0' encoding = 'utf-8' ?><a/>`, `a`},
		{"a declaration may leave the encoding out", `<?xml version="1.0"?><a/>`, `a`},
		{"a declaration may leave the version out, as servers do", `<?xml encoding="UTF-8"?><a/>`, `a`},
		{"a later version of 1 is read as 1.0", `<?xml version="1.1"?><a/>`, `a`},
		{"US-ASCII is UTF-8 too", `<?xml version="1.0" encoding="us-ascii"?><a/>`, `a`},
		{"white space may stand before the declaration, as servers send it", "\r\n <?xml version=\"1.0\"?><a/>", `a`},
		{"a byte order mark may come first", "\ufeff<?xml version=\"1.0\"?><a/>", `a`},
		{"comments, instructions and white space may stand around the root", "<!-- a --><?b c?>\n<a/>\n<!-- d --><?e?>\n", `a`},

		// 2.3: names.
		{"a name may have digits, hyphens, points and underscores", `<_a-1.b_c/>`, `_a-1.b_c`},
		{"a name may have letters of any script", `<größe><名前 überschrift="1"/></größe>`, `größe(名前[überschrift="1"])`},
		{"a name may have a letter above U+FFFF", "<\U00010400/>", "\U00010400"},
		{"a name may go on with a middle dot and a combining mark", "<a\u00b7b\u0301/>", "a\u00b7b\u0301"},
		{"white space may stand before the end of a tag", "<a\n><b c='1'\t/></a \r\n>", `a(b[c="1"])`},

		// Namespaces: prefixes are dropped, but of their declarations.
		{"a prefix is dropped from an element", `<soap:Body xmlns:soap="urn:s"/>`, `Body[xmlns:soap="urn:s"]`},
		{"a prefix is dropped from an attribute", `<a x:b="1"/>`, `a[b="1"]`},
		{"the default namespace is an attribute", `<a xmlns="urn:x"/>`, `a[xmlns="urn:x"]`},
		{"attributes of one name may have several prefixes", `<a b="1" x:b="2" y:b="3"/>`, `a[b="1" b="2" b="3"]`},
		{"a declaration of a prefix is not an attribute of that name", `<a xmlns:b="urn:x" b="1"/>`, `a[xmlns:b="urn:x" b="1"]`},

		// 2.4, 4.1, 4.6: texts and references.
		{"the five entities are undone", `<a>&lt;&gt;&amp;&quot;&apos;</a>`, `a"<>&\"'"`},
		{"what a reference gives is not read again", `<a>&amp;lt;</a>`, `a"&lt;"`},
		{"references may be decimal or hexadecimal in either case", `<a>&#65;&#x42;&#x6a;&#x6A;</a>`, `a"ABjj"`},
		{"a reference may be of any character", `<a>&#x10FFFF;&#xE000;</a>`, `a"\U0010ffff\ue000"`},
		{"a reference may have zeros before it", `<a>&#0065;</a>`, `a"A"`},
		{"> may stand in a text", `<a>1 > 0</a>`, `a"1 > 0"`},
		{"]] may stand in a text", `<a>a]]b</a>`, `a"a]]b"`},
		{"quotes may stand in a text", `<a>"it's"</a>`, `a"\"it's\""`},
		{"white space around a text is dropped", "<a>\n  b  c \t\n</a>", `a"b  c"`},
		{"white space that is written as a reference stays", `<a> &#32;b&#10; </a>`, `a" b\n"`},
		{"a no-break space is no white space", "<a>\u00a0b\u00a0</a>", `a"\u00a0b\u00a0"`},

		// 2.11: line ends.
		{"a line ends in a line feed however it is written", "<a>b\r\nc\rd\ne</a>", `a"b\nc\nd\ne"`},
		{"a carriage return that is written as a reference stays", "<a>b&#13;c</a>", `a"b\rc"`},
		{"a line ends in an attribute and in a CDATA section too", "<a b='1\r\n2'><![CDATA[\rc\r\n\r\nd&amp;\r]]></a>", `a[b="1\n2"]"c\n\nd&amp;"`},

		// 2.5, 2.6, 2.7: comments, instructions, CDATA.
		{"a comment may stand in a text", `<a>b<!-- c -->d</a>`, `a"bd"`},
		{"a comment may hold markup and one hyphen", `<a><!-- <b> - & ]]> --></a>`, `a`},
		{"a comment may be empty", `<a><!----></a>`, `a`},
		{"an instruction may stand in a text", `<a>b<?c d <e> ?>f</a>`, `a"bf"`},
		{"an instruction may have a name alone", `<a><?b?></a>`, `a`},
		{"an instruction's name may begin with xml", `<?xml-stylesheet href="x"?><a/>`, `a`},
		{"a CDATA section is text as it stands", `<a><![CDATA[<b>&amp;]]]]></a>`, `a"<b>&amp;]]"`},
		{"a CDATA section joins the text around it", `<a>b &amp; <![CDATA[c &amp; ]]>d &amp; e</a>`, `a"b & c &amp; d & e"`},
		{"CDATA sections join each other", `<a><![CDATA[b]]]]><![CDATA[>c]]></a>`, `a"b]]>c"`},
		{"a CDATA section may be empty", `<a><![CDATA[]]></a>`, `a`},

		// 3.1: attributes.
		{"attributes may have either quotes and the other ones inside", `<a b="it's" c='"'/>`, `a[b="it's" c="\""]`},
		{"an attribute may be empty", `<a b=""/>`, `a[b=""]`},
		{"white space may stand around =", "<a b = \n'c'/>", `a[b="c"]`},
		{"references are undone in attributes", `<a b="&lt;&#65;&quot;"/>`, `a[b="<A\""]`},
		{"> may stand in an attribute", `<a b="1>0"/>`, `a[b="1>0"]`},

		// 3.2.2: mixed content.
		{"own text is what stands before the first child", `<a>b<c/>d</a>`, `a"b"(c)`},
		{"own text is what follows a child where nothing stands before it", `<a> <b/> c <d/> e </a>`, `a"c"(b d)`},
		{"own text after a child goes on behind a comment", `<a><b/>c<!-- -->d &amp; <![CDATA[e]]><f/>g</a>`, `a"cd & e"(b f)`},
		{"own text of a child does not touch its parent's", `<a>b<!-- -->c<d>e<!-- -->f</d>g<!-- -->h</a>`, `a"bc"(d"ef")`},
		{"blank text in pieces before a child is none", "<a> <!-- --> <b>c<!-- -->d</b>e<!-- -->f</a>", `a"ef"(b"cd")`},
		{"text and attributes are both there", `<a b="c">d</a>`, `a[b="c"]"d"`},

		{"256 levels are read", strings.Repeat("<a>", tree.MaxDepth) + strings.Repeat("</a>", tree.MaxDepth), ""},
		{"many attributes are read", "<a" + manyAttributes(100) + "/>", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var r tree.Tree
			if err := r.XML([]byte(test.source), false); err != nil {
				t.Fatal(err)
			}
			sound(t, &r)
			if got := draw(&r, 0); test.read != "" && got != test.read {
				t.Errorf("it reads %s, not %s", got, test.read)
			}
		})
	}
}

func manyAttributes(count int) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, " a%d='%d'", i, i)
	}
	return b.String()
}

func TestXMLRefusesWhatXML10DoesAndWhatItWillNotRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, source string
		offset       int    // where the error points
		says         string // a part of what it says
	}{
		{"nothing is no document", "", 0, "no element"},
		{"white space is no document", " \n", 2, "no element"},
		{"a comment is no document", "<!-- -->", 8, "no element"},
		{"text is no document", "a", 0, "outside of the root"},
		{"text may not stand before the root", "a<b/>", 0, "outside of the root"},
		{"text may not stand behind the root", "<a/>b", 4, "outside of the root"},
		{"a CDATA section may not stand outside of the root", "<a/><![CDATA[b]]>", 4, "outside of the root"},
		{"a reference may not stand outside of the root", "<a/>&amp;", 4, "outside of the root"},
		{"a second root may not follow", "<a/><b/>", 4, "second root"},

		{"an element must end", "<a>", 3, "is cut off"},
		{"an element may not end before it begins", "</a>", 0, "without its start tag"},
		{"an end tag must fit its start tag", "<a></b>", 5, "does not fit"},
		{"an end tag must fit in its case", "<a></A>", 5, "does not fit"},
		{"an end tag must have the same prefix", "<x:a></y:a>", 7, "does not fit"},
		{"elements may not cross", "<a><b></a></b>", 8, "does not fit"},
		{"an end tag has no attributes", `<a></a b="1">`, 7, "expected >"},
		{"a tag must end", "<a b='1'", 8, "is cut off"},
		{"a tag may not begin with white space", "< a/>", 1, "expected a name"},
		{"a name may not begin with a digit", "<1a/>", 1, "cannot begin with"},
		{"a name may not begin with a hyphen", "<-a/>", 1, "cannot begin with"},
		{"a name may not begin with a combining mark", "<\u0301a/>", 1, "not allowed in a name"},
		{"a name may not hold the sign of multiplication", "<a\u00d7/>", 2, "not allowed in a name"},
		{"a name may not hold a Greek question mark", "<a\u037e/>", 2, "not allowed in a name"},
		{"a name may not hold punctuation", "<a,b/>", 2, "expected white space"},
		{"a name may not begin with a colon", "<:a/>", 1, "colon"},
		{"a name may not end with a colon", "<a:/>", 3, "expected a name"},
		{"a name may not have two colons", "<a:b:c/>", 4, "colon"},
		{"a local name may not begin with a digit", "<a:1/>", 3, "cannot begin with"},
		{"a null byte is no name", "<a\x00/>", 2, "control character"},

		{"an attribute may not stand twice", `<a b="1" b="2"/>`, 9, "duplicate attribute"},
		{"an attribute may not stand twice with its prefix", `<a x:b="1" x:b="2"/>`, 11, "duplicate attribute"},
		{"an attribute may not stand twice among many", "<a" + manyAttributes(100) + " a3=''/>", 883, "duplicate attribute"},
		{"the last of many attributes may not stand twice", "<a" + manyAttributes(100) + " a99=''/>", 883, "duplicate attribute"},
		{"an attribute needs quotes", "<a b=c/>", 5, "in quotes"},
		{"an attribute needs a value", "<a b/>", 4, "expected ="},
		{"an attribute needs a name", `<a ="b"/>`, 3, "expected a name"},
		{"attributes need white space between them", `<a b="1"c="2"/>`, 8, "expected white space"},
		{"an attribute may not hold <", `<a b="<"/>`, 6, "< in an attribute"},
		{"an attribute must end", `<a b="c/>`, 9, "is cut off"},
		{"an attribute must end in the quote that began it", `<a b="c'/>`, 10, "is cut off"},

		{"an unknown entity is refused", "<a>&nbsp;</a>", 3, "entity"},
		{"an unknown entity in an attribute is refused", `<a b="&x;"/>`, 6, "entity"},
		{"an entity needs its semicolon", "<a>&amp b</a>", 3, "entity"},
		{"an ampersand alone is refused", "<a>b & c</a>", 5, "entity"},
		{"an ampersand at the end is refused", "<a>&</a>", 3, "entity"},
		{"entities have no capital letters", "<a>&LT;</a>", 3, "entity"},
		{"a reference needs a digit", "<a>&#;</a>", 3, "entity"},
		{"a hexadecimal reference needs a digit", "<a>&#x;</a>", 3, "entity"},
		{"a hexadecimal reference begins with a small x", "<a>&#X41;</a>", 3, "entity"},
		{"a reference has no sign", "<a>&#+65;</a>", 3, "entity"},
		{"a reference to the null character is refused", "<a>&#0;</a>", 3, "entity"},
		{"a reference to a control character is refused", "<a>&#x1F;</a>", 3, "entity"},
		{"a reference to a surrogate is refused", "<a>&#xD800;</a>", 3, "entity"},
		{"a reference to U+FFFE is refused", "<a>&#xFFFE;</a>", 3, "entity"},
		{"a reference beyond Unicode is refused", "<a>&#x110000;</a>", 3, "entity"},
		{"a reference that overflows is refused", "<a>&#4294967361;</a>", 3, "entity"},
		{"]]> may not stand in a text", "<a>b]]>c</a>", 3, "]]>"},

		{"a comment must end", "<a><!-- b</a>", 13, "is cut off"},
		{"a comment may not hold two hyphens", "<a><!-- b -- c --></a>", 3, "--"},
		{"a comment may not end in three hyphens", "<a><!-- b ---></a>", 3, "--"},
		{"a comment must be opened whole", "<a><!- b --></a>", 3, "declaration"},
		{"a CDATA section must end", "<a><![CDATA[b</a>", 17, "is cut off"},
		{"a CDATA section is written in capitals", "<a><![cdata[b]]></a>", 3, "declaration"},
		{"an instruction must end", "<a><?b c</a>", 12, "is cut off"},
		{"an instruction needs a name", "<a><? b?></a>", 5, "expected a name"},
		{"an instruction's name needs white space behind it", "<a><?b!c?></a>", 6, "expected white space"},

		{"a declaration inside an element is refused", `<a><?xml version="1.0"?></a>`, 3, "not at the beginning"},
		{"a declaration behind a comment is refused", `<!-- --><?xml version="1.0"?><a/>`, 8, "not at the beginning"},
		{"a second declaration is refused", `<?xml version="1.0"?><?xml version="1.0"?><a/>`, 21, "not at the beginning"},
		{"a declaration in capitals is refused", `<?XML version="1.0"?><a/>`, 0, "not at the beginning"},
		{"a declaration in the wrong order is refused", `<?xml encoding="utf-8" version="1.0"?><a/>`, 0, "invalid XML declaration"},
		{"a declaration that says a thing twice is refused", `<?xml version="1.0" version="1.0"?><a/>`, 0, "invalid XML declaration"},
		{"a declaration that says something else is refused", `<?xml version="1.0" charset="utf-8"?><a/>`, 0, "invalid XML declaration"},
		{"a declaration without quotes is refused", `<?xml version=1.0?><a/>`, 0, "invalid XML declaration"},
		{"a declaration with quotes that do not end is refused", `<?xml version="1.0?><a/>`, 0, "invalid XML declaration"},
		{"a declaration without white space is refused", `<?xml version="1.0"encoding="utf-8"?><a/>`, 0, "invalid XML declaration"},
		{"version 2 is refused", `<?xml version="2.0"?><a/>`, 0, `version "2.0"`},
		{"Latin-1 is refused", `<?xml version="1.0" encoding="ISO-8859-1"?><a/>`, 0, `encoding "ISO-8859-1"`},
		{"a charset with a long s is refused", `<?xml version="1.0" encoding="uſ-ascii"?><a/>`, 0, "encoding"},
		{"Windows-1252 is refused", `<?xml version='1.0' encoding='windows-1252'?><a/>`, 0, `encoding "windows-1252"`},
		{"UTF-16 that is none is refused", `<?xml version="1.0" encoding="UTF-16"?><a/>`, 0, `encoding "UTF-16"`},
		{"UTF-16 that is one is refused", "\xff\xfe<\x00a\x00/\x00>\x00", 0, "not UTF-8"},
		{"a byte of Latin-1 is refused", "<a>caf\xe9</a>", 6, "not UTF-8"},
		{"a bad byte among many good ones is refused", "<a>twelve bytes\x89 and as many</a>", 15, "not UTF-8"},
		{"a control character among many good ones is refused", "<a>twelve bytes\x1f and as many</a>", 15, "control character"},
		{"U+FFFE among many good characters is refused", "<a>twelve bytes\ufffe and as many</a>", 15, "XML does not allow"},
		{"an overlong form is refused", "<a>\xc0\xaf</a>", 3, "not UTF-8"},
		{"a surrogate in UTF-8 is refused", "<a>\xed\xa0\x80</a>", 3, "not UTF-8"},
		{"half a character at the end is refused", "<a/>\xe2\x82", 4, "not UTF-8"},
		{"a null byte is refused", "<a>\x00</a>", 3, "control character"},
		{"a control character is refused", "<a>\x1b[0m</a>", 3, "control character"},
		{"a form feed is refused", "<a>\f</a>", 3, "control character"},
		{"a control character in a comment is refused", "<a><!-- \x01 --></a>", 8, "control character"},
		{"U+FFFF is refused", "<a>\uffff</a>", 3, "XML does not allow"},

		{"a DTD is refused", `<!DOCTYPE a><a/>`, 0, "DTD"},
		{"a DTD that defines entities is refused", `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, 0, "DTD"},
		{"a DTD that includes a file is refused", `<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>`, 21, "DTD"},
		{"an entity declared inside the root is refused", `<a><!ENTITY b "c"></a>`, 3, "DTD"},

		{"more than 256 levels are refused", strings.Repeat("<a>", tree.MaxDepth+1) + strings.Repeat("</a>", tree.MaxDepth+1), 3 * tree.MaxDepth, "too deep"},
		{"more than 256 levels are refused, closed or not", strings.Repeat("<a>", 1<<18), 3 * tree.MaxDepth, "too deep"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var r tree.Tree
			err := r.XML([]byte(test.source), false)
			var at *tree.SyntaxError
			if !errors.As(err, &at) {
				t.Fatalf("the error is %v", err)
			}
			if at.Offset != test.offset || !strings.Contains(at.Message, test.says) {
				t.Errorf("it says %q, not %q at byte %d", err, test.says, test.offset)
			}
		})
	}
}

func TestACutXMLReadsAsFarAsItGoes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, source, read string }{
		{"open elements count as complete", `<a><b>c</b><d`, `a(b"c")`},
		{"a text that is cut apart is dropped", `<a><b>c`, `a(b)`},
		{"a text before the next tag stays", `<a><b>c<`, `a(b"c")`},
		{"a cut end tag closes", `<a><b>c</b`, `a(b"c")`},
		{"a start tag counts with its attributes so far", `<a><b c="1" d="2`, `a(b[c="1"])`},
		{"an empty element cut before its > is there", `<a><b/`, `a(b)`},
		{"an empty element with attributes cut before its > is there", `<a><b c="1" /`, `a(b[c="1"])`},
		{"a reference that is cut apart is dropped with its text", `<a>b &am`, `a`},
		{"a comment that is cut apart is nothing", `<a>b<!-- c`, `a"b"`},
		{"a comment that is cut in its beginning is nothing", `<a>b<!-`, `a"b"`},
		{"a CDATA section that is cut apart is dropped", `<a>b<![CDATA[c]`, `a"b"`},
		{"a CDATA section that is cut in its beginning is nothing", `<a>b<![CDA`, `a"b"`},
		{"an instruction that is cut apart is nothing", `<a>b<?c `, `a"b"`},
		{"a character that is cut apart is dropped with its text", "<a><b>c</b><d>e\xe2\x82", `a(b"c" d)`},
		{"a character that is cut apart in a name is dropped with it", "<a><b>c</b><\xe2\x82", `a(b"c")`},
		{"a complete document is itself", `<a>b</a>`, `a"b"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var r tree.Tree
			if err := r.XML([]byte(test.source), true); err != nil {
				t.Fatal(err)
			}
			sound(t, &r)
			if got := draw(&r, 0); got != test.read {
				t.Errorf("it reads %s, not %s", got, test.read)
			}
		})
	}
	for name, source := range map[string]string{
		"nothing that was cut is no document":            ``,
		"a cut declaration is no document":               `<?xml version="1.0"`,
		"a cut DTD stays refused":                        `<!DOCTYPE a`,
		"a fault before the cut stays one":               `<a b='1' b='2'><c`,
		"a fault that ends at the cut stays one":         `<a><!-- -- -->`,
		"a bad byte near the cut stays one":              "<a>\xff<b",
		"a bad byte at the cut stays one":                "<a>b\xff",
		"an end tag that does not fit at the cut too":    `<a></b>`,
		"a declaration in the wrong place at the cut":    `<a><?xml?>`,
		"too deep stays too deep":                        strings.Repeat("<a>", tree.MaxDepth+1),
		"a character that XML does not allow at the cut": "<a>\uffff",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r tree.Tree
			if err := r.XML([]byte(source), true); err == nil {
				t.Error("no error")
			}
		})
	}
}

// Both would take hours if the work grew with the square of the length: the
// suite's own limit is the assertion.
func TestTextInManyPiecesCostsWorkThatGrowsWithItsLength(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"after a long blank":      "<a>" + strings.Repeat(" ", 1<<19) + strings.Repeat("<b/> ", 1<<17) + "</a>",
		"after a long text":       "<a><b/>" + strings.Repeat(" ", 1<<19) + "x" + strings.Repeat("<b/>x", 1<<17) + "</a>",
		"around comments":         "<a>" + strings.Repeat("x<!---->", 1<<17) + "</a>",
		"around CDATA sections":   "<a>" + strings.Repeat("x<![CDATA[\r]]>", 1<<16) + "</a>",
		"of many attributes":      "<a" + manyAttributes(1<<16) + "/>",
		"after many attributes":   "<a><b" + manyAttributes(1<<15) + "/>" + strings.Repeat("<b/>", 1<<17) + "</a>",
		"of ampersands":           "<a>" + strings.Repeat("&amp;", 1<<18) + "</a>",
		"of carriage returns":     "<a><![CDATA[" + strings.Repeat("\r", 1<<20) + "]]></a>",
		"of elements of one name": "<a>" + strings.Repeat("<b></b>", 1<<17) + "</a>",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r tree.Tree
			if err := r.XML([]byte(source), false); err != nil {
				t.Fatal(err)
			}
			sound(t, &r)
		})
	}
}
