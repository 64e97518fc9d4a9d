package dialect_test

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Each charset is read in three dialects of JSON and in three of XML. TEXT is what stands in it.
func TestACharsetIsReadInEachDialect(t *testing.T) {
	t.Parallel()
	const xml = `<?xml version="1.0" encoding="CHARSET"?>`
	forms := []reading{
		{dialect: "azure", method: "GET", path: "/subscriptions/1", status: 404, header: "Content-Type: application/json",
			body: `{"error":{"code":"ResourceNotFound","message":"TEXT"}}`, want: `{"kind":"not_found","code":"ResourceNotFound","detail":"TEXT"}`, act: "stop safe"},
		{dialect: "discord", method: "GET", path: "/api/v10/channels/1", status: 404, header: "Content-Type: application/json",
			body: `{"code":10003,"message":"TEXT"}`, want: `{"kind":"not_found","code":"10003","detail":"TEXT"}`, act: "stop safe"},
		{dialect: "laravel", method: "POST", path: "/x", status: 422, header: "Content-Type: application/json",
			body: `{"message":"TEXT","errors":{"name":["TEXT"]}}`, want: `{"kind":"invalid","reason":"fields","detail":"TEXT","fields":[{"path":"name","message":"TEXT"}]}`, act: "correct"},
		{dialect: "soap", method: "POST", path: "/ws", status: 500, header: "Content-Type: text/xml",
			body: xml + `<Envelope><Body><Fault><faultcode>Client</faultcode><faultstring>TEXT</faultstring></Fault></Body></Envelope>`, want: `{"kind":"invalid","code":"Client","detail":"TEXT"}`, act: "correct"},
		{dialect: "aws-s3", method: "GET", path: "/b/k", status: 404, header: "Content-Type: application/xml",
			body: xml + `<Error><Code>NoSuchKey</Code><Message>TEXT</Message></Error>`, want: `{"kind":"not_found","code":"NoSuchKey","detail":"TEXT"}`, act: "stop safe"},
		{dialect: "webdav", method: "GET", path: "/f", status: 403, header: "Content-Type: application/xml",
			body: xml + `<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:exception>Forbidden</s:exception><s:message>TEXT</s:message></d:error>`, want: `{"kind":"forbidden","detail":"TEXT"}`, act: "stop safe"},
	}
	for _, set := range []struct {
		name, charset, text, want string
		encoding                  encoding.Encoding
		xml                       string // told about XML, which declares its charset
	}{
		{name: "ISO-8859-1", charset: "iso-8859-1", text: "Déjà supprimé", encoding: charmap.ISO8859_1},
		{name: "Windows-1252", charset: "windows-1252", text: "L’entrée “ça”, 5 €", encoding: charmap.Windows1252},
		{name: "UTF-16, the low byte first", charset: "utf-16", text: "Это не ваше 𝄞", encoding: unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)},
		{name: "UTF-16, the high byte first", charset: "utf-16", text: "Это не ваше 𝄞", encoding: unicode.UTF16(unicode.BigEndian, unicode.UseBOM)},
		{name: "UTF-8 with an error", charset: "utf-8", text: "Déj\xe0 pris", want: "Déj� pris", xml: "not_utf8"},
	} {
		for _, r := range forms {
			r.name, r.told = set.name, "not_utf8"
			if strings.HasPrefix(r.body, xml) {
				r.told = set.xml
			}
			if r.header += "; charset=" + set.charset; set.want == "" {
				set.want = set.text
			}
			r.body = strings.NewReplacer("TEXT", set.text, "CHARSET", set.charset).Replace(r.body)
			r.want = strings.ReplaceAll(r.want, "TEXT", strings.ReplaceAll(set.want, `"`, `\"`))
			if set.encoding != nil {
				body, err := set.encoding.NewEncoder().String(r.body)
				if err != nil {
					t.Fatal(err)
				}
				r.body = body
			}
			t.Run(r.name+" in "+r.dialect, func(t *testing.T) {
				t.Parallel()
				r.hold(t)
			})
		}
	}
}
