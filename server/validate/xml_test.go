package validate_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/validate"
)

var fusion = validate.MustCompileElement(validate.Element{Name: "FUSIONS", Children: []validate.Element{
	{Name: "FO", Repeated: true, Ordered: true, Attributes: []validate.Attribute{
		{Name: "kind", Optional: true, Text: `{"enum": ["a", "b"]}`},
	}, Children: []validate.Element{
		{Name: "SiteCode", Text: `{"maxLength": 4}`},
		{Name: "Count", Optional: true, Text: `{"type": "integer", "minimum": 1}`},
		{Name: "Date", Optional: true, Text: `{"format": "d/m/Y"}`},
		{Name: "Notes", Optional: true, Open: true},
	}},
}}, validate.DateFormat("d/m/Y"))

const asXML = "Content-Type: application/xml"

func order(inner string) string { return "<FUSIONS><FO>" + inner + "</FO></FUSIONS>" }

func TestATextTooLongIsVisionsSentence(t *testing.T) {
	t.Parallel()
	url := service(t, "vision", validate.XML(fusion)) + "/service/FusionOrder"
	got := post(t, url, strings.NewReader(order("<SiteCode>ABCDE</SiteCode>")), asXML)
	const want = "Failed validation because field 'SiteCode' exceeded the maximum number of characters allowed"
	if got.status != 406 || got.body != want || !strings.HasPrefix(got.header.Get("Content-Type"), "text/plain") {
		t.Errorf("%d %v\n%s", got.status, got.header, got.body)
	}
	got = post(t, url, strings.NewReader(order("<SiteCode>ABCDE</SiteCode>")), asXML, "Accept-Language: ru")
	if want := "Проверка не пройдена: поле 'SiteCode' превышает допустимое число символов"; got.status != 406 || got.body != want {
		t.Errorf("%d\n%s", got.status, got.body)
	}
	valid := order("<SiteCode>AB</SiteCode>")
	if got := post(t, url, strings.NewReader(valid), asXML); got.status != 200 || got.body != valid {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestXMLInTheOtherDialects(t *testing.T) {
	t.Parallel()
	for dialect, want := range map[string]string{
		"problem": `"errors":[{"detail":"Failed validation because field 'SiteCode' exceeded the maximum number of characters allowed","pointer":"#/FO/0/SiteCode","code":"maxLength"},{"detail":"Failed validation because field 'Count' is not of type integer","pointer":"#/FO/0/Count","code":"type"}]`,
		"vms":     `"FO.0.SiteCode":["Failed validation because field 'SiteCode' exceeded the maximum number of characters allowed"]`,
		"omilia":  `"FO"`,
	} {
		got := post(t, service(t, dialect, validate.XML(fusion)), strings.NewReader(order("<SiteCode>ABCDE</SiteCode><Count>x</Count>")), asXML, wantJSON)
		if got.status < 400 || got.status > 422 || !strings.Contains(got.body, want) && dialect != "omilia" {
			t.Errorf("%s: %d %s", dialect, got.status, got.body)
		}
	}
}

func TestEveryRuleOfXMLHasItsField(t *testing.T) {
	t.Parallel()
	const site = "<SiteCode>A</SiteCode>"
	for document, want := range map[string][]string{
		order(site): nil,
		"<?xml version='1.0' encoding='UTF-8'?>\n<!-- x -->" + order(site+"<Count> 2 </Count><Notes a='1'><b>x</b></Notes>") + "\n": nil,
		"<FUSIONS/>":                        {"FO required"},
		"<ORDERS/>":                         {"ORDERS root"},
		order(""):                           {"FO.0.SiteCode required"},
		order(site + site):                  {"FO.0.SiteCode repeated"},
		order(site + "<New/>"):              {"FO.0.New unexpected"},
		order("<Count>1</Count>" + site):    {"FO.0.SiteCode order"},
		order(site + "x"):                   {"FO.0 text"},
		order(site + "<Count>0</Count>"):    {"FO.0.Count minimum"},
		order(site + "<Count>x</Count>"):    {"FO.0.Count type"},
		order(site + "<Date>1/7/26</Date>"): {"FO.0.Date format"},
		"<FUSIONS><FO kind='c' x='1'>" + site + "</FO><FO>" + site + "</FO><FO/></FUSIONS>": {"FO.0.@kind enum", "FO.0.@x unexpected", "FO.2.SiteCode required"},
		order("<SiteCode>&amp;&#65;&lt;é</SiteCode>"):                                       nil,
		order("<SiteCode><![CDATA[abcde]]></SiteCode>"):                                     {"FO.0.SiteCode maxLength"},
	} {
		var got []string
		for _, w := range words(t, fusion.CheckBytes([]byte(document))) {
			got = append(got, strings.Join(strings.Fields(w)[:2], " "))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", document, got, want)
		}
	}
}

// badXML is refused before the rules are asked, under Vision's status for XML that
// fails validation.
var badXML = map[string]struct {
	body   string
	status int
	detail string
}{
	"broken":              {"<FUSIONS>\n<FO></FUSIONS>", 406, "The body is not well-formed XML: line 2"},
	"cut off":             {"<FUSIONS><FO>", 406, "The body is not well-formed XML: line 1"},
	"empty":               {" \n", 406, "The body is empty"},
	"no element":          {"<!-- -->", 406, "The body is not well-formed XML"},
	"text before":         {"x<FUSIONS/>", 406, "The body is not well-formed XML"},
	"two roots":           {"<FUSIONS/><FUSIONS/>", 406, "There is more after the end of the data"},
	"text after":          {"<FUSIONS/>x", 406, "There is more after the end of the data"},
	"an attribute twice":  {"<FUSIONS a='1' a='2'/>", 406, "The body is not well-formed XML"},
	"a late declaration":  {"<FUSIONS/><?xml version='1.0'?>", 406, "The body is not well-formed XML"},
	"a DTD":               {"<!DOCTYPE FUSIONS SYSTEM 'http://127.0.0.1/x.dtd'><FUSIONS/>", 406, "A document type declaration is not allowed: line 1, column 1"},
	"a billion laughs":    {"<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><FUSIONS>&b;</FUSIONS>", 406, "A document type declaration is not allowed"},
	"an external entity":  {"<!DOCTYPE l [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><FUSIONS>&a;</FUSIONS>", 406, "A document type declaration is not allowed"},
	"an unknown entity":   {"<FUSIONS>&nbsp;</FUSIONS>", 406, "An entity that is not predefined is not allowed"},
	"another encoding":    {"<?xml version='1.0' encoding='ISO-8859-1'?><FUSIONS/>", 406, "The character encoding must be UTF-8"},
	"not UTF-8":           {"<FUSIONS>\xff</FUSIONS>", 406, "The character encoding must be UTF-8"},
	"a byte order mark":   {"\xef\xbb\xbf<FUSIONS/>", 406, "The body begins with a byte order mark"},
	"deep nesting":        {strings.Repeat("<a>", 200_000), 406, "The body is nested deeper than 100 levels"},
	"ten megabytes of it": {strings.Repeat("<a>", 10<<20/3), 413, "The body is longer than 1,048,576 bytes"},
	"many elements":       {"<FUSIONS>" + strings.Repeat("<a/>", 100_001) + "</FUSIONS>", 406, "The body has too many values"},
	"many attributes":     {"<FUSIONS" + strings.Repeat(" a=''", 100_001) + "/>", 406, "The body has too many values"},
}

func TestXMLThatCannotBeReadIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	url := service(t, "vision", validate.XML(fusion))
	for name, c := range badXML {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := post(t, url, strings.NewReader(c.body), asXML)
			if got.status != c.status || !strings.HasPrefix(got.body, c.detail) {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	if got := post(t, url, strings.NewReader("{}"), asJSON); got.status != 415 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestRulesThatCannotBeUsedSayWhere(t *testing.T) {
	t.Parallel()
	for want, rule := range map[string]validate.Element{
		"the text of a/b":               {Name: "a", Children: []validate.Element{{Name: "b", Text: "{"}}},
		"two rules for the element a/b": {Name: "a", Children: []validate.Element{{Name: "b"}, {Name: "b"}}},
		"an element in a/ has no name":  {Name: "a", Children: []validate.Element{{}}},
		"the text of a/@b":              {Name: "a", Attributes: []validate.Attribute{{Name: "b", Text: "1"}}},
	} {
		if _, err := validate.CompileElement(rule); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func FuzzXMLRulesTakeOnlyWhatEncodingXMLReads(f *testing.F) {
	for _, c := range badXML {
		if len(c.body) < 1000 {
			f.Add([]byte(c.body))
		}
	}
	f.Add([]byte(order("<SiteCode>ABCDE</SiteCode>")))
	f.Fuzz(func(t *testing.T, data []byte) {
		err := fusion.CheckBytes(data)
		var e *parlance.Error
		switch {
		case err == nil:
			d := xml.NewDecoder(bytes.NewReader(data))
			for {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					return
				} else if err != nil {
					t.Fatalf("%q: %v", data, err)
				}
			}
		case !errors.As(err, &e) || e.Outcome.Kind != parlance.KindInvalid || e.Outcome.Detail == "":
			t.Fatalf("%q: %v", data, err)
		}
	})
}

// Vision responds XML that fails validation with one sentence.
func ExampleXML() {
	rules := validate.MustCompileElement(validate.Element{Name: "FUSIONS", Children: []validate.Element{
		{Name: "FO", Repeated: true, Children: []validate.Element{
			{Name: "SiteCode", Text: `{"maxLength": 4}`},
		}},
	}})
	err := rules.CheckBytes([]byte(`<FUSIONS><FO><SiteCode>LONDON</SiteCode></FO></FUSIONS>`))
	o := parlance.OutcomeOf(err)
	fmt.Println(o.Kind, o.Reason, o.Fields[0].Path)
	fmt.Println(o.Detail)
	// Output:
	// invalid xml FO.0.SiteCode
	// Failed validation because field 'SiteCode' exceeded the maximum number of characters allowed
}
