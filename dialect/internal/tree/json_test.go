package tree_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// The cases are of our own making, after the productions of RFC 8259: each
// class of what is a document and what is none, with the kind and the value of
// its root.
func TestJSONAcceptsWhatRFC8259DoesAndReadsIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, source string
		kind         tree.Kind
		value        string // of a scalar root
	}{
		// 3: any value may be a document.
		{"null may be a document", `null`, tree.Null, "null"},
		{"false may be a document", `false`, tree.False, "false"},
		{"true may be a document", `true`, tree.True, "true"},
		{"a number may be a document", `7`, tree.Number, "7"},
		{"a text may be a document", `"a"`, tree.Text, "a"},
		{"an object may be empty", `{}`, tree.Object, ""},
		{"a list may be empty", `[]`, tree.List, ""},

		// 2: white space.
		{"all four kinds of white space may stand around every token", " \t\r\n{ \t\r\n\"a\" \t\r\n: \t\r\n[ 1 , 2 ] \t\r\n, \"b\" : 3 } \t\r\n", tree.Object, ""},
		{"an empty object may hold white space", "{ \n }", tree.Object, ""},
		{"an empty list may hold white space", "[ \n ]", tree.List, ""},

		// 4, 5: structure.
		{"names may repeat", `{"a":1,"a":2}`, tree.Object, ""},
		{"a name may be empty", `{"":1}`, tree.Object, ""},
		{"containers may nest in each other", `{"a":[{"b":[[],{}]}]}`, tree.Object, ""},
		{"elements may be of several types", `[null,false,true,0,"",{},[]]`, tree.List, ""},

		// 6: numbers.
		{"zero is a number", `0`, tree.Number, "0"},
		{"minus zero is a number", `-0`, tree.Number, "-0"},
		{"a number may be negative", `-12`, tree.Number, "-12"},
		{"a number may have a fraction", `0.250`, tree.Number, "0.250"},
		{"a number may have an exponent", `1e2`, tree.Number, "1e2"},
		{"an exponent may have a capital letter and a sign", `1E+2`, tree.Number, "1E+2"},
		{"an exponent may be negative", `-1.5e-10`, tree.Number, "-1.5e-10"},
		{"an exponent may begin with zero", `1e007`, tree.Number, "1e007"},
		{"a number may be larger than any float", `1e400`, tree.Number, "1e400"},
		{"a number may have more digits than any float", strings.Repeat("9", 400), tree.Number, strings.Repeat("9", 400)},

		// 7: texts.
		{"a text may be empty", `""`, tree.Text, ""},
		{"the short escapes are undone", `"\"\\\/\b\f\n\r\t"`, tree.Text, "\"\\/\b\f\n\r\t"},
		{"an escape may be of four hexadecimal digits in either case", `"\u00e9\u00E9"`, tree.Text, "éé"},
		{"the null character may be escaped", `"a\u0000b"`, tree.Text, "a\x00b"},
		{"a pair of surrogates is one character", `"\ud83d\ude00"`, tree.Text, "😀"},
		{"the highest character is a pair too", `"\udbff\udfff"`, tree.Text, "\U0010ffff"},
		{"a high surrogate alone becomes U+FFFD", `"\ud83d"`, tree.Text, "\ufffd"},
		{"a low surrogate alone becomes U+FFFD", `"\ude00"`, tree.Text, "\ufffd"},
		{"surrogates in the wrong order become U+FFFD each", `"\ude00\ud83d"`, tree.Text, "\ufffd\ufffd"},
		{"a high surrogate before another escape leaves that one be", `"\ud83d\u0041"`, tree.Text, "\ufffdA"},
		{"a high surrogate before a pair leaves the pair be", `"\ud83d\ud83d\ude00"`, tree.Text, "\ufffd😀"},
		{"a high surrogate before plain text leaves that be", `"\ud83dx"`, tree.Text, "\ufffdx"},
		{"a text may hold DEL as it is", "\"\x7f\"", tree.Text, "\x7f"},
		{"a text may hold what C calls control and RFC 8259 does not", "\"\u0085\u2028\"", tree.Text, "\u0085\u2028"},
		{"a slash need not be escaped", `"/"`, tree.Text, "/"},

		// 8.1: UTF-8. A reader may ignore a byte order mark; what is no UTF-8 is
		// read as encoding/json does, one U+FFFD for each byte.
		{"a text may hold characters of two, three and four bytes", `"éह😀"`, tree.Text, "éह😀"},
		{"a byte order mark is ignored", "\ufeff\"a\"", tree.Text, "a"},
		{"a byte order mark inside a text is text", "\"\ufeff\"", tree.Text, "\ufeff"},
		{"a byte of Latin-1 becomes U+FFFD", "\"caf\xe9\"", tree.Text, "caf\ufffd"},
		{"each bad byte becomes a U+FFFD of its own", "\"\xff\xfe\xfd\"", tree.Text, "\ufffd\ufffd\ufffd"},
		{"a surrogate written in UTF-8 becomes three U+FFFD", "\"\xed\xa0\x80\"", tree.Text, "\ufffd\ufffd\ufffd"},
		{"an overlong form becomes U+FFFD for each byte", "\"\xc0\xaf\"", tree.Text, "\ufffd\ufffd"},
		{"a bad byte beside an escape becomes U+FFFD", "\"\\n\xff\"", tree.Text, "\n\ufffd"},

		// 9: depth.
		{"256 levels are read", strings.Repeat("[", tree.MaxDepth) + strings.Repeat("]", tree.MaxDepth), tree.List, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var r tree.Tree
			if err := r.JSON([]byte(test.source), false); err != nil {
				t.Fatal(err)
			}
			if r.Nodes[0].Kind != test.kind {
				t.Errorf("the root is of kind %d, not %d", r.Nodes[0].Kind, test.kind)
			}
			if got := string(r.Value(0)); test.kind < tree.Object && got != test.value {
				t.Errorf("it reads %q, not %q", got, test.value)
			}
			if bare := strings.TrimPrefix(test.source, "\ufeff"); !json.Valid([]byte(bare)) {
				t.Error("encoding/json does not take it: the case is wrong")
			}
			sound(t, &r)
		})
	}
}

func TestJSONRefusesWhatRFC8259Does(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, source string
		offset       int // where the error points
	}{
		{"nothing is no document", ``, 0},
		{"white space is no document", " \n", 2},
		{"a byte order mark is no document", "\ufeff", 3},
		{"a byte order mark may not stand twice", "\ufeff\ufeff1", 3},
		{"a byte order mark may not stand behind white space", " \ufeff1", 1},

		{"a second value may not follow", `1 2`, 2},
		{"a comma may not follow", `{},`, 2},
		{"a closing bracket may not follow", `[]]`, 2},
		{"a null byte may not follow", "1\x00", 1},
		{"a comment is no white space", `/* */1`, 0},
		{"a form feed is no white space", "\f1", 0},
		{"a vertical tab is no white space", "\v1", 0},
		{"a no-break space is no white space", "\u00a01", 0},

		{"an object may not end before its brace", `{"a":1`, 6},
		{"a list may not end before its bracket", `[1`, 2},
		{"a list may not be closed by a brace", `[1}`, 2},
		{"an object may not be closed by a bracket", `{"a":1]`, 6},
		{"an opened list may not be closed by a brace", `[}`, 1},
		{"a comma may not end a list", `[1,]`, 3},
		{"a comma may not end an object", `{"a":1,}`, 7},
		{"a comma may not begin a list", `[,1]`, 1},
		{"a comma may not stand twice", `[1,,2]`, 3},
		{"elements need a comma", `[1 2]`, 3},
		{"members need a comma", `{"a":1 "b":2}`, 7},
		{"a name needs quotes", `{a:1}`, 1},
		{"a name may not have single quotes", `{'a':1}`, 1},
		{"a name may not be a number", `{1:1}`, 1},
		{"a name needs a colon", `{"a" 1}`, 5},
		{"a name needs a value", `{"a":}`, 5},
		{"a name alone is no member", `{"a"}`, 4},
		{"a colon has no place in a list", `["a":1]`, 4},

		{"a number may not begin with zero", `01`, 1},
		{"a number may not begin with minus zero and a digit", `-01`, 2},
		{"a number may not begin with plus", `+1`, 0},
		{"a number may not begin with a point", `.5`, 0},
		{"a number may not end with a point", `1.`, 2},
		{"a point needs a digit before the exponent", `1.e2`, 2},
		{"minus is no number", `-`, 1},
		{"minus and minus is no number", `--1`, 1},
		{"an exponent needs a digit", `1e`, 2},
		{"a sign of an exponent needs a digit", `1e+`, 3},
		{"an exponent may not have a fraction", `1e2.5`, 3},
		{"hexadecimal is no number", `0x1F`, 1},
		{"an underscore is no digit", `1_000`, 1},
		{"a digit of another script is none", `"a":١`, 3},
		{"NaN is no number", `NaN`, 0},
		{"Infinity is no number", `Infinity`, 0},
		{"minus Infinity is no number", `-Infinity`, 1},

		{"a text may not end before its quote", `"a`, 2},
		{"a text may not end in an escape", `"a\`, 3},
		{"a text may not have single quotes", `'a'`, 0},
		{"a text may not hold a line break", "\"a\nb\"", 2},
		{"a text may not hold a tab", "\"a\tb\"", 2},
		{"a text may not hold a null byte", "\"a\x00b\"", 2},
		{"a text may not hold the last of the control characters", "\"\x1f\"", 1},
		{"an unknown letter is no escape", `"\a"`, 2},
		{"an apostrophe is no escape", `"\'"`, 2},
		{"x is no escape", `"\x41"`, 2},
		{"a capital u is no escape", `"\U0041"`, 2},
		{"an escape needs four digits", `"\u004"`, 6},
		{"an escape needs hexadecimal digits", `"\u00g1"`, 5},
		{"an escape may not end with the document", `"\u00`, 5},

		{"a word needs all its letters", `nul`, 3},
		{"a word has no capital letters", `True`, 0},
		{"a word may not go on", `nulls`, 4},
		{"undefined is no word", `undefined`, 0},
		{"a byte outside of a text is none of a token", "\xff", 0},

		{"more than 256 levels are refused", strings.Repeat("[", tree.MaxDepth+1) + strings.Repeat("]", tree.MaxDepth+1), tree.MaxDepth},
		{"more than 256 levels of objects are refused", strings.Repeat(`{"a":`, tree.MaxDepth+1) + "1" + strings.Repeat("}", tree.MaxDepth+1), 5 * tree.MaxDepth},
		{"more than 256 levels are refused, closed or not", strings.Repeat("[", 1<<20), tree.MaxDepth},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var r tree.Tree
			err := r.JSON([]byte(test.source), false)
			var at *tree.SyntaxError
			if !errors.As(err, &at) {
				t.Fatalf("the error is %v", err)
			}
			if at.Offset != test.offset {
				t.Errorf("it points at byte %d, not %d: %s", at.Offset, test.offset, err)
			}
			if json.Valid([]byte(test.source)) && !strings.Contains(test.name, "levels") {
				t.Error("encoding/json takes it: the case is wrong")
			}
		})
	}
}

func TestATextThatIsNotUTF8IsToldAndOneThatIsIsNot(t *testing.T) {
	t.Parallel()
	for source, told := range map[string]bool{
		`{"a":"é\ud800"}`:      false,
		"{\"a\":\"\xe9\"}":     true,
		"{\"\xe9\":1}":         true,
		"{\"a\":\"\\n \xe9\"}": true,
	} {
		var r tree.Tree
		if err := r.JSON([]byte(source), false); err != nil {
			t.Fatal(err)
		}
		if r.Repaired != told {
			t.Errorf("%q: %t", source, r.Repaired)
		}
		// The next document begins anew.
		if err := r.JSON([]byte(`1`), false); err != nil || r.Repaired {
			t.Errorf("after %q: %v, %t", source, err, r.Repaired)
		}
	}
}

func TestNamesAreComparedWithTheirEscapesUndone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		source, name string
		is           bool
	}{
		{`{"name":1}`, "name", true},
		{`{"name":1}`, "Name", false},
		{`{"n\u0061me":1}`, "name", true},
		{`{"\u006e\u0061\u006d\u0065":1}`, "name", true},
		{`{"\u006e\u0061\u006d\u0065\u0065":1}`, "name", false},
		{`{"\ud83d\ude00":1}`, "😀", true},
		{`{"":1}`, "", true},
		{`{"\n":1}`, "", false},
		{"{\"\xff\":1}", "\ufffd", true},
		{"{\"\xff\":1}", "\xff", false},
	} {
		var r tree.Tree
		if err := r.JSON([]byte(test.source), false); err != nil {
			t.Fatal(err)
		}
		if r.KeyIs(1, test.name) != test.is || (string(r.Key(1)) == test.name) != test.is {
			t.Errorf("%s is %q: %t, read as %q", test.source, test.name, !test.is, r.Key(1))
		}
	}
}

func TestACutJSONReadsAsFarAsItGoes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, source, read string }{
		{"open containers count as complete", `{"a":[1,{"b":2`, `{"a":[1,{}]}`},
		{"a complete scalar in an open list stays", `[1,2,`, `[1,2]`},
		{"a number that ends with the document is dropped, for it may go on", `[1,23`, `[1]`},
		{"a text that is cut apart is dropped", `["a","b`, `["a"]`},
		{"a text cut in an escape is dropped", `["a","b\u00`, `["a"]`},
		{"a word that is cut apart is dropped", `[1,nul`, `[1]`},
		{"a name without its value is dropped", `{"a":1,"b":`, `{"a":1}`},
		{"a name that is cut apart is dropped", `{"a":1,"b`, `{"a":1}`},
		{"an opened container is there", `{"a":{`, `{"a":{}}`},
		{"a complete document is itself", `{"a":1}`, `{"a":1}`},
		{"white space behind a complete document is nothing", "{\"a\":1}\n ", `{"a":1}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var r tree.Tree
			if err := r.JSON([]byte(test.source), true); err != nil {
				t.Fatal(err)
			}
			sound(t, &r)
			if got, _ := json.Marshal(plain(&r, 0)); string(got) != test.read {
				t.Errorf("it reads %s, not %s", got, test.read)
			}
		})
	}
	for name, source := range map[string]string{
		"nothing that was cut is no document": ``,
		"a cut scalar is no document":         `"abc`,
		"a fault before the cut stays one":    `{"a":01,`,
		"too deep stays too deep":             strings.Repeat("[", tree.MaxDepth+1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r tree.Tree
			if err := r.JSON([]byte(source), true); err == nil {
				t.Error("no error")
			}
		})
	}
}
