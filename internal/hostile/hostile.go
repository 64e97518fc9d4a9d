// Package hostile is the bodies that a client must survive. The tests of package dialect
// read them, and so do those of each library for another language.
package hostile

import (
	"strings"
	"unicode/utf16"

	"github.com/parlance-api/parlance"
)

// Body is the body of a response, and what it may come to.
type Body struct {
	Name      string
	Dialect   string // in whose response it comes
	MediaType string
	Text      string
	Rule      string        // of the diagnostic under status 200, "" if a success needs none
	Good      parlance.Kind // of the outcome under status 200; another status keeps its own
}

const bomb = `<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>`

const json, xml, html = "application/json", "application/xml", "text/html"

// Bodies returns all of them. The long ones have about size bytes.
func Bodies(size int) []Body {
	return []Body{
		{"megabytes of [", "vbapi", json, strings.Repeat("[", size), "unfit_body", parlance.KindNoted},
		{"megabytes of [0,", "vbapi", json, strings.Repeat("[0,", size/3), "unfit_body", parlance.KindNoted},
		{"megabytes of {", "vbapi", json, strings.Repeat(`{"a":`, size/5), "broken_body", parlance.KindNoted},
		{"megabytes of 0,", "vbapi", json, "[" + strings.Repeat("0,", size/2), "unfit_body", parlance.KindNoted},
		{"megabytes of brackets beside each other", "vbapi", json, "[" + strings.Repeat("[],", size/3), "unfit_body", parlance.KindNoted},
		{"a text of megabytes that does not end", "vbapi", json, `{"a":"` + strings.Repeat("x", size), "body_not_read", parlance.KindNoted},
		{"a text of megabytes of backslashes", "vbapi", json, `"` + strings.Repeat(`\\`, size/2) + `"`, "broken_body", parlance.KindNoted},
		{"a number of megabytes", "vbapi", json, strings.Repeat("9", size), "broken_body", parlance.KindNoted},
		{"a body cut off in the middle, and not known to be cut", "vbapi", json, `{"data":{"id":1},"error":{"ti`, "broken_body", parlance.KindNoted},
		{"a body that goes on behind its end", "vbapi", json, `{"data":1,"error":null,"debug":{}} {}`, "broken_body", parlance.KindNoted},
		{"an empty body of white space", "vbapi", json, " \n", "empty_body", parlance.KindNoted},
		{"null bytes", "vbapi", json, strings.Repeat("\x00", 1000), "broken_body", parlance.KindNoted},
		{"JSON in UTF-16", "vbapi", json, utf16LE(`{"data":null,"error":{"title":"a"},"debug":{}}`), "not_utf8", parlance.KindFailed},
		{"megabytes of JSON in UTF-16", "vbapi", json, utf16LE(`{"data":"` + strings.Repeat("é", size/2)), "body_not_read", parlance.KindNoted},
		{"megabytes of UTF-16 without a mark", "vbapi", json, strings.Repeat("\x00[", size/2), "broken_body", parlance.KindNoted},
		{"UTF-16 cut in a surrogate", "vbapi", json, strings.TrimSuffix(utf16LE(`{"data":null,"error":{"title":"😀`), "\x00\xde"), "broken_body", parlance.KindNoted},
		{"UTF-16 cut in a half of a surrogate", "vbapi", json, strings.TrimSuffix(utf16LE(`{"data":null,"error":{"title":"😀`), "\xd8\x00\xde"), "broken_body", parlance.KindNoted},
		{"megabytes in Latin-1", "vbapi", json + "; charset=iso-8859-1", `{"a":"` + strings.Repeat("\xe9", size), "body_not_read", parlance.KindNoted},
		{"megabytes in Windows-1252", "vbapi", json + "; charset=windows-1252", `{"a":"` + strings.Repeat("\x80", size), "body_not_read", parlance.KindNoted},
		{"megabytes in a charset that nobody knows", "vbapi", json + "; charset=x-klingon", `{"a":"` + strings.Repeat("\x80", size), "body_not_read", parlance.KindNoted},
		{"a guard before megabytes of [", "vbapi", json, ")]}'" + strings.Repeat("[", size), "broken_body", parlance.KindNoted},
		{"megabytes of guards", "vbapi", json, strings.Repeat("for(;;);", size/8), "broken_body", parlance.KindNoted},
		{"megabytes of marks of the order of bytes", "vbapi", json, strings.Repeat("\ufeff", size/3), "broken_body", parlance.KindNoted},
		{"megabytes of lines that begin like a document", "vbapi", json, strings.Repeat("x {\n", size/4), "broken_body", parlance.KindNoted},
		{"megabytes of documents", "vbapi", json, strings.Repeat(`{"data":1}`, size/10), "body_not_read", parlance.KindNoted},
		{"lists in each other around an envelope", "vbapi", json, strings.Repeat("[", 1<<18) + `{"error":{}}` + strings.Repeat("]", 1<<18), "unfit_body", parlance.KindNoted},
		{"a text of megabytes in a text", "vbapi", json, `"` + strings.Repeat(`\"[`, size/3) + `"`, "broken_body", parlance.KindNoted},
		{"HTML that is called JSON", "vbapi", json, "<html><title>Log in</title></html>", "unfit_body", parlance.KindNoted},
		{"XML that is called JSON", "vbapi", json, "<error/>", "unfit_body", parlance.KindNoted},
		{"text that is called JSON", "vbapi", json, "upstream timed out", "broken_body", parlance.KindNoted},

		{"an entity bomb", "vision", xml, bomb + "<RES><Code>200</Code><Message>&c;</Message></RES>", "broken_body", parlance.KindNoted},
		{"a DTD that includes a file", "vision", xml, `<!DOCTYPE RES SYSTEM "file:///etc/passwd"><RES><Code>200</Code></RES>`, "broken_body", parlance.KindNoted},
		{"an unknown entity", "vision", xml, "<RES><Code>200</Code><Message>&nbsp;</Message></RES>", "broken_body", parlance.KindNoted},
		{"XML in Latin-1, as it says", "vision", xml, "<?xml version='1.0' encoding='ISO-8859-1'?><RES><Code>200</Code><Message>caf\xe9</Message></RES>", "", parlance.KindSuccess},
		{"XML in Latin-1 that says UTF-8", "vision", xml, "<RES><Code>200</Code><Message>caf\xe9</Message></RES>", "not_utf8", parlance.KindSuccess},
		{"XML in UTF-16", "vision", xml, utf16LE("<RES><Code>200</Code></RES>"), "", parlance.KindSuccess},
		{"XML cut off in the middle, and not known to be cut", "vision", xml, "<RES><Code>200</Code><Mess", "broken_body", parlance.KindNoted},
		{"megabytes of elements in each other", "vision", xml, strings.Repeat("<RES>", size/5), "broken_body", parlance.KindNoted},
		{"megabytes of elements beside each other", "vision", xml, "<RES>" + strings.Repeat("<a/>", size/4), "body_not_read", parlance.KindNoted},
		{"megabytes of attributes", "vision", xml, "<RES" + strings.Repeat(` aaaaaaaa="1"`, size/13), "broken_body", parlance.KindNoted},
		{"megabytes of blank text in pieces", "vision", xml, "<RES>" + strings.Repeat(" ", 1<<19) + strings.Repeat("<a/> ", size/5), "body_not_read", parlance.KindNoted},
		{"megabytes of declarations", "vision", xml, strings.Repeat(`<?xml version="1.0"?>`, size/21), "broken_body", parlance.KindNoted},
		{"megabytes of XML in a charset that nobody knows", "vision", xml, `<?xml version="1.0" encoding="x-klingon"?><RES>` + strings.Repeat("\xe9", size), "broken_body", parlance.KindNoted},
		{"megabytes of XML in Latin-1", "vision", xml, `<?xml version="1.0" encoding="ISO-8859-1"?><RES>` + strings.Repeat("\xe9", size), "body_not_read", parlance.KindNoted},
		{"XML in UTF-16 cut in a surrogate", "vision", xml, strings.TrimSuffix(utf16LE("<RES><Code>200</Code><Message>😀"), "\x00\xde"), "broken_body", parlance.KindNoted},
		{"megabytes of text before a document", "vision", xml, strings.Repeat("x ", size/2) + "<RES/>", "body_not_read", parlance.KindNoted},
		{"a comment of megabytes that does not end", "vision", xml, "<RES><!--" + strings.Repeat(" -", size/2), "body_not_read", parlance.KindNoted},
		{"JSON that is called XML", "vision", xml, `{"Code":"110"}`, "unfit_body", parlance.KindNoted},
		{"HTML that is called XML", "vision", xml, "<html><body>Log in</body></html>", "unfit_body", parlance.KindNoted},
		{"an HTML page", "vision", html, "<!DOCTYPE html><html><title>Log in</title></html>", "unfit_body", parlance.KindNoted},
	}
}

func utf16LE(s string) string {
	var b strings.Builder
	b.WriteString("\xff\xfe")
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}
