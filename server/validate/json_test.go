package validate_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/validate"
	"golang.org/x/text/language"
)

// item is the request of VMS's page: a valid URL of at most 10 characters, and a date.
var item = validate.MustCompile(`{
	"type": "object",
	"required": ["url", "date"],
	"properties": {
		"url":  {"title": "URL", "type": "string", "format": "url", "maxLength": 10},
		"date": {"type": "string", "format": "Y-m-d H:i:s"}
	}
}`, validate.DateFormat("Y-m-d H:i:s"))

// byHl is how VMS's clients choose their language.
var byHl = validate.WithLanguage("Hl", "hl")

const badItem = `{"url": "no address", "date": "tomorrow"}`

func TestVMSsOwnExampleToTheLetter(t *testing.T) {
	t.Parallel()
	url := service(t, "vms", validate.JSON(item, byHl))
	const body = `{"url": "not a web address", "date": "tomorrow"}`
	for name, c := range map[string]struct {
		query, header string
		language      string
		body          string
	}{
		"in English": {"", "", "en",
			`{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format","The URL can be no longer than 10 characters"],"date":["The date field doesn't match the format: Y-m-d H:i:s."]}}`},
		"in Russian by the header":               {"", "Hl: ru", "ru", inRussian},
		"in Russian by the query":                {"?hl=ru", "", "ru", inRussian},
		"in Russian by Accept-Language":          {"", "Accept-Language: de, ru-RU;q=0.8, en;q=0.1", "ru", inRussian},
		"the header goes before Accept-Language": {"?hl=xx", "Hl: ru", "ru", inRussian},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			headers := []string{asJSON, wantJSON}
			if c.header != "" {
				headers = append(headers, c.header)
			}
			got := post(t, url+"/api/v1/items"+c.query, strings.NewReader(body), headers...)
			if got.status != 422 || got.body != c.body {
				t.Errorf("%d %s\nwant 422 %s", got.status, got.body, c.body)
			}
			if l := got.header.Get("Content-Language"); l != c.language {
				t.Errorf("Content-Language: %s", l)
			}
			if vary := got.header.Values("Vary"); !slices.Equal(vary, []string{"Accept-Language", "Hl"}) {
				t.Errorf("Vary: %q", vary)
			}
		})
	}
}

// Hl is VMS's own: who did not ask for it neither reads it nor speaks of it.
func TestWithoutAHeaderOfItsOwnAcceptLanguageAloneChooses(t *testing.T) {
	t.Parallel()
	url := service(t, "problem", validate.JSON(item))
	got := post(t, url+"/?hl=ru", strings.NewReader(badItem), asJSON, "Hl: ru", "Accept-Language: en")
	if l, vary := got.header.Get("Content-Language"), got.header.Values("Vary"); l != "en" || !slices.Equal(vary, []string{"Accept-Language"}) {
		t.Errorf("Content-Language: %s, Vary: %q", l, vary)
	}
}

const inRussian = `{"message":"Отправленные данные некорректны","errors":{"url":["Значение поля URL имеет неверный формат","Поле URL не может быть длиннее 10 символов"],"date":["Поле date не соответствует формату: Y-m-d H:i:s."]}}`

func TestWhatIsValidReachesTheHandlerAsItWasSent(t *testing.T) {
	t.Parallel()
	url := service(t, "vms", validate.JSON(item))
	const body = "\n {\"date\": \"2026-07-01 09:30:00\",   \"url\": \"http://a.b\", \"more\": [1.50]} "
	if got := post(t, url, strings.NewReader(body), asJSON); got.status != 200 || got.body != strings.TrimSpace(body) {
		t.Errorf("%d %q", got.status, got.body)
	}
}

func TestTheSameFaultsInEveryDialect(t *testing.T) {
	t.Parallel()
	for dialect, want := range map[string]string{
		"omilia":  `422 {"loc":["url"],"msg":"The URL value is in invalid format","type":"format"},{"loc":["date"],"msg":"The date field doesn't match the format: Y-m-d H:i:s.","type":"format"}]}`,
		"problem": `422 "errors":[{"detail":"The URL value is in invalid format","pointer":"#/url","code":"format"},{"detail":"The date field doesn't match the format: Y-m-d H:i:s.","pointer":"#/date","code":"format"}]`,
		"vms":     `422 {"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format"],"date":["The date field doesn't match the format: Y-m-d H:i:s."]}}`,
		"vision":  `400 `,
	} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			got := post(t, service(t, dialect, validate.JSON(item)), strings.NewReader(badItem), asJSON, wantJSON)
			status, body, _ := strings.Cut(want, " ")
			if fmt.Sprint(got.status) != status || !strings.Contains(got.body, body) {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
}

// refusals are bodies that are refused before the schema is asked.
var refusals = map[string]struct {
	body   string
	status int // of the problem dialect
	detail string
}{
	"broken":                       {"{\n  \"url\": x}", 400, "The body is not valid JSON: line 2, column 10"},
	"cut off":                      {`{"url": "http`, 400, "The body is not valid JSON: line 1, column 14"},
	"empty":                        {" ", 400, "The body is empty"},
	"not UTF-8":                    {"{\"url\": \"\xff\"}", 400, "The body is not valid JSON: line 1, column 10"},
	"half a surrogate":             {`{"url": "\ud800"}`, 400, "The body is not valid JSON: line 1, column 10"},
	"a byte order mark":            {"\xef\xbb\xbf{}", 400, "The body begins with a byte order mark; it must be UTF-8 without one"},
	"UTF-16":                       {"\xff\xfe{\x00}\x00", 400, "The body begins with a byte order mark; it must be UTF-8 without one"},
	"a name twice":                 {`{"a": {"url": 1, "url": 2}}`, 400, "A name occurs twice in one object: line 1, column 18"},
	"a name twice, escaped":        {`{"url": 1, "\u0075rl": 2}`, 400, "A name occurs twice in one object: line 1, column 12"},
	"beyond a float64":             {`{"n": [1, 1e400]}`, 400, "The number is beyond what can be represented: line 1, column 11"},
	"a number next to 0":           {`{"n": 1e-400}`, 400, "The number is beyond what can be represented: line 1, column 7"},
	"an enormous exponent":         {`{"n": 0e-999999999}`, 400, "The number is beyond what can be represented: line 1, column 7"},
	"a number of a million digits": {`{"n": 0.` + strings.Repeat("3", 900_000) + `}`, 400, "The number is beyond what can be represented: line 1, column 7"},
	"more than one value":          {"{}\n{}", 400, "There is more after the end of the data: line 2, column 1"},
	"trailing bytes":               {"{} \x00", 400, "There is more after the end of the data: line 1, column 4"},
	"deep nesting":                 {strings.Repeat("[", 101) + strings.Repeat("]", 101), 400, "The body is nested deeper than 100 levels: line 1, column 101"},
	"a megabyte of nesting":        {strings.Repeat("[", 1<<20), 400, "The body is nested deeper than 100 levels: line 1, column 101"},
	"ten megabytes of nesting":     {strings.Repeat("[", 10<<20), 413, "The body is longer than 1,048,576 bytes"},
	"many values":                  {"[" + strings.Repeat("0,", 100_000) + "0]", 400, "The body has too many values: line 1, column 200001"},
}

func TestWhatCannotBeReadIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	url := service(t, "problem", validate.JSON(item))
	for name, c := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := post(t, url, strings.NewReader(c.body), asJSON)
			var p struct{ Kind, Detail string }
			if err := json.Unmarshal([]byte(got.body), &p); err != nil {
				t.Fatal(err, got.body)
			}
			if got.status != c.status || p.Kind != "invalid" || p.Detail != c.detail {
				t.Errorf("%d %s %q\nwant %d %q", got.status, p.Kind, p.Detail, c.status, c.detail)
			}
		})
	}
}

func TestARefusalThatHasAFieldNamesIt(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]parlance.Field{
		`{"a": {"url": 1, "url": 2}}`: {Path: "a.url", Code: "duplicate", Message: "A name occurs twice in one object: line 1, column 18"},
		`{"n": [1, 1e400]}`:           {Path: "n.1", Code: "number", Message: "The number is beyond what can be represented: line 1, column 11"},
	} {
		var e *parlance.Error
		if err := item.CheckBytes([]byte(body)); !errors.As(err, &e) || len(e.Outcome.Fields) != 1 || e.Outcome.Fields[0] != want {
			t.Errorf("%s: %+v", body, err)
		}
	}
}

func TestOtherTypesAndEncodingsAreRefusedUnread(t *testing.T) {
	t.Parallel()
	url := service(t, "problem", validate.JSON(item))
	zipping := service(t, "problem", validate.JSON(item, validate.WithGzip()))
	for name, c := range map[string]struct {
		url     string
		headers []string
		detail  string
		header  string
	}{
		"no type":          {url, nil, "The content type must be application/json", "Accept: application/json"},
		"another type":     {url, []string{"Content-Type: text/plain"}, "The content type must be application/json", "Accept: application/json"},
		"two types":        {url, []string{asJSON, "Content-Type: text/plain"}, "The content type must be application/json", ""},
		"a broken type":    {url, []string{"Content-Type: application/json; charset"}, "The content type must be application/json", ""},
		"another charset":  {url, []string{asJSON + "; charset=iso-8859-1"}, "The character encoding must be UTF-8", ""},
		"gzip, unasked":    {url, []string{asJSON, "Content-Encoding: gzip"}, "The content encoding is not supported", "Accept-Encoding: identity"},
		"brotli":           {zipping, []string{asJSON, "Content-Encoding: br"}, "The content encoding is not supported", "Accept-Encoding: gzip"},
		"gzip within gzip": {zipping, []string{asJSON, "Content-Encoding: gzip, gzip"}, "The content encoding is not supported", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := post(t, c.url, strings.NewReader("{}"), c.headers...)
			if got.status != 415 || !strings.Contains(got.body, c.detail) {
				t.Errorf("%d %s", got.status, got.body)
			}
			if name, value, _ := strings.Cut(c.header, ": "); c.header != "" && got.header.Get(name) != value {
				t.Errorf("%s: %s", name, got.header.Get(name))
			}
		})
	}
	for _, good := range []string{"application/json; charset=UTF-8", "application/vnd.api+json"} {
		if got := post(t, url, strings.NewReader(`[]`), "Content-Type: "+good); got.status != 422 {
			t.Errorf("%s: %d %s", good, got.status, got.body)
		}
	}
}

func zipped(t testing.TB, data io.Reader) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.Copy(z, data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestAZippedBodyIsHandedOnInflated(t *testing.T) {
	t.Parallel()
	url := service(t, "problem", validate.JSON(item, validate.WithGzip()))
	const body = `{"url":"http://a.b","date":"2026-07-01 09:30:00"}`
	if got := post(t, url, zipped(t, strings.NewReader(body)), asJSON, "Content-Encoding: gzip"); got.status != 200 || got.body != body {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := post(t, url, strings.NewReader(body), asJSON, "Content-Encoding: gzip"); got.status != 400 || !strings.Contains(got.body, "not valid gzip") {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// endless has no end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestABombAndAnEndlessBodyTakeBoundedMemory(t *testing.T) {
	url := service(t, "problem", validate.JSON(item, validate.WithGzip()))
	bomb := zipped(t, io.LimitReader(endless{}, 8<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if got := post(t, url, bomb, asJSON, "Content-Encoding: gzip"); got.status != 413 {
		t.Errorf("the bomb: %d %s", got.status, got.body)
	}
	r, err := http.NewRequest("POST", url, endless{})
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	// The client may see its connection closed before it sees the response.
	if response, err := http.DefaultClient.Do(r); err == nil {
		_ = response.Body.Close()
		if response.StatusCode != 413 {
			t.Errorf("the endless body: %d", response.StatusCode)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := (after.TotalAlloc - before.TotalAlloc) >> 20; grown > 30 {
		t.Errorf("%d MiB were allocated for bodies of at most 1 MiB", grown)
	}
}

func TestTenMegabytesOfNestingCostNoMoreThanTheyAreLong(t *testing.T) {
	deep := []byte(strings.Repeat("[", 10<<20))
	members := []byte(strings.Repeat(`{"a":`, 2<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, body := range [][]byte{deep, members} {
		if err := item.CheckBytes(body); err == nil || !strings.Contains(err.Error(), "nested deeper") {
			t.Error(err)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := (after.TotalAlloc - before.TotalAlloc) >> 20; grown > 4 {
		t.Errorf("%d MiB were allocated", grown)
	}
}

func TestASlowBodyIsGivenUp(t *testing.T) {
	t.Parallel()
	url := service(t, "problem", validate.JSON(item, validate.WithReadTimeout(50*time.Millisecond)))
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn) // to its end: the connection is closed
	if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 408 ") || !strings.Contains(string(got), "The body took too long to arrive") {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestNothingThatAClientSendsGetsIntoAHeader(t *testing.T) {
	t.Parallel()
	strict := validate.MustCompile(`{"additionalProperties": false}`)
	for _, dialect := range []string{"vms", "vision", "omilia", "problem"} {
		got := post(t, service(t, dialect, validate.JSON(strict, byHl))+"/?hl=ru%0d%0aSet-Cookie:x",
			strings.NewReader(`{"a\r\nSet-Cookie: x=1\r\n\r\n<script>": 1}`), asJSON, wantJSON, "Hl: ru; Set-Cookie")
		if got.status < 400 || len(got.header["Set-Cookie"]) > 0 || strings.Contains(got.body, "\r") {
			t.Errorf("%s: %d %v %q", dialect, got.status, got.header, got.body)
		}
	}
}

func TestAClientsOwnWordsAreRepeatedInShort(t *testing.T) {
	t.Parallel()
	strict := validate.MustCompile(`{"additionalProperties": false}`)
	var e *parlance.Error
	if err := strict.CheckBytes([]byte(`{"` + strings.Repeat("a", 1<<19) + `": 1}`)); !errors.As(err, &e) || len(e.Error()) > 1000 || len(e.Outcome.Fields[0].Message) > 300 {
		t.Error(len(e.Outcome.Fields[0].Message))
	}
}

// words are the Fields of a check: path, code, message.
func words(t testing.TB, err error) []string {
	t.Helper()
	var e *parlance.Error
	if err == nil {
		return nil
	}
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if len(e.Outcome.Fields) == 0 {
		t.Fatal("no fields", err)
	}
	var all []string
	for _, f := range e.Outcome.Fields {
		all = append(all, f.Path+" "+f.Code+" "+f.Message)
	}
	return all
}

func TestEveryKeywordHasItsFieldAndItsWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		schema, value string
		want          []string
	}{
		{`{"type": ["string", "null"]}`, `1`, []string{" type The body must be of type null, string"}},
		{`{"properties": {"a": {"enum": ["x", 1, null]}}}`, `{"a": 2}`, []string{"a enum The a must be one of: x, 1, null"}},
		{`{"properties": {"a": {"const": "x"}}}`, `{"a": 2}`, []string{"a const The a must be x"}},
		{`{"required": ["b", "a"]}`, `{}`, []string{"b required The b field is required", "a required The a field is required"}},
		{`{"properties": {"o": {"required": ["x"]}}}`, `{"o": {}}`, []string{"o.x required The o.x field is required"}},
		{`{"dependentRequired": {"a": ["b"]}}`, `{"a": 1}`, []string{"b dependentRequired The b field is required together with a"}},
		{`{"additionalProperties": false, "properties": {"a": true}}`, `{"z": 1, "b": 1, "a": 1}`, []string{"z additionalProperties The z field is not allowed", "b additionalProperties The b field is not allowed"}},
		{`{"unevaluatedProperties": false}`, `{"b": 1}`, []string{"b unevaluatedProperties The b field is not allowed"}},
		{`{"propertyNames": {"maxLength": 1}}`, `{"ab": 1}`, []string{"ab propertyNames The name ab is not allowed"}},
		{`{"properties": {"a": false}}`, `{"a": 1}`, []string{"a false The a field is not allowed"}},
		{`{"minProperties": 2}`, `{}`, []string{" minProperties The body must have at least 2 fields"}},
		{`{"maxProperties": 1}`, `{"a": 1, "b": 1}`, []string{" maxProperties The body can have at most 1 field"}},
		{`{"minItems": 1}`, `[]`, []string{" minItems The body must have at least 1 item"}},
		{`{"maxItems": 1}`, `[1, 2]`, []string{" maxItems The body can have at most 1 item"}},
		{`{"uniqueItems": true}`, `[1, 2, 1]`, []string{" uniqueItems The body must not have equal items"}},
		{`{"prefixItems": [true], "items": false}`, `[1, 2]`, []string{"1 items The 1 item is not allowed"}},
		{`{"contains": {"const": 1}}`, `[2]`, []string{" contains The body lacks an item that it must contain"}},
		{`{"contains": {"const": 1}, "minContains": 2}`, `[1]`, []string{" minContains The body has too few of the items that it must contain"}},
		{`{"contains": {"const": 1}, "maxContains": 1}`, `[1, 1]`, []string{" maxContains The body has too many of the items that it must contain"}},
		{`{"minLength": 2}`, `"ä"`, []string{" minLength The body can be no shorter than 2 characters"}},
		{`{"maxLength": 1}`, `"äö"`, []string{" maxLength The body can be no longer than 1 character"}},
		{`{"pattern": "^a"}`, `"b"`, []string{" pattern The body value is in invalid format"}},
		{`{"minimum": 1000}`, `-1`, []string{" minimum The body can be no less than 1,000"}},
		{`{"maximum": 0.5}`, `1`, []string{" maximum The body can be no more than 0.5"}},
		{`{"exclusiveMinimum": 1}`, `1`, []string{" exclusiveMinimum The body must be more than 1"}},
		{`{"exclusiveMaximum": 1}`, `1`, []string{" exclusiveMaximum The body must be less than 1"}},
		{`{"multipleOf": 0.1}`, `0.25`, []string{" multipleOf The body must be a multiple of 0.1"}},
		{`{"not": {"const": 1}}`, `1`, []string{" not The body value is not allowed"}},
		{`{"if": {"required": ["a"]}, "then": {"required": ["b"]}}`, `{"a": 1}`, []string{"b required The b field is required"}},
		{`{"allOf": [{"maxLength": 1}, {"pattern": "^a"}]}`, `"bb"`, []string{" maxLength The body can be no longer than 1 character", " pattern The body value is in invalid format"}},
		{`{"anyOf": [{"type": "null"}, {"minLength": 2}]}`, `"a"`, []string{" minLength The body can be no shorter than 2 characters"}},
		{`{"anyOf": [{"minLength": 3}, {"minLength": 2}]}`, `"a"`, []string{" anyOf The body fits none of the allowed alternatives"}},
		{`{"oneOf": [{"minLength": 1}, {"maxLength": 2}]}`, `"a"`, []string{" oneOf The body must fit exactly one of the allowed alternatives"}},
		{`{"oneOf": [{"properties": {"kind": {"const": "a"}, "n": {"type": "integer"}}}, {"properties": {"kind": {"const": "b"}}}]}`, `{"kind": "a", "n": "x"}`,
			[]string{"n type The n must be of type integer"}},
		{`{"$ref": "#/$defs/a", "$defs": {"a": {"maxLength": 0}}}`, `"a"`, []string{" maxLength The body can be no longer than 0 characters"}},
		{`{"format": "uuid"}`, `"a"`, []string{" format The body value is in invalid format"}},
		{`{"format": "date-time"}`, `"2026-02-30T00:00:00Z"`, []string{" format The body value is in invalid format"}},
		{`{"format": "email"}`, `"a"`, []string{" format The body value is in invalid format"}},
		{`{"format": "uri"}`, `"a"`, []string{" format The body value is in invalid format"}},
		{`{"format": "int32"}`, `2147483648`, []string{" format The body value is in invalid format"}},
		{`{"$schema": "http://json-schema.org/draft-07/schema#", "format": "date", "maxLength": 1}`, `"ab"`,
			[]string{" format The body value is in invalid format", " maxLength The body can be no longer than 1 character"}},
		{`{"properties": {"~/%": {"type": "null"}}}`, `{"~/%": 1}`, []string{"~/% type The ~/% must be of type null"}},
	} {
		s, err := validate.Compile(c.schema)
		if err != nil {
			t.Errorf("%s: %v", c.schema, err)
			continue
		}
		if got := words(t, s.CheckBytes([]byte(c.value))); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s of %s:\n%q\nwant\n%q", c.schema, c.value, got, c.want)
		}
	}
}

func TestFaultsComeInTheOrderOfTheDocumentThenOfTheSchema(t *testing.T) {
	t.Parallel()
	s := validate.MustCompile(`{
		"additionalProperties": false,
		"required": ["y", "x"],
		"properties": {
			"a": {"pattern": "^x", "maxLength": 1},
			"b": {"maxLength": 1, "pattern": "^x"},
			"list": {"items": {"type": "integer"}}
		}
	}`)
	want := "[y required x required z additionalProperties b maxLength b pattern list.1 type list.3 type list.10 type a pattern a maxLength]"
	for range 20 { // the library walks over maps
		var got []string
		for _, w := range words(t, s.CheckBytes([]byte(`{"z": 1, "b": "no", "list": [1, "", 1, "", 1, 1, 1, 1, 1, 1, ""], "a": "no"}`))) {
			got = append(got, strings.Join(strings.Fields(w)[:2], " "))
		}
		if fmt.Sprint(got) != want {
			t.Fatalf("%v\nwant\n%v", got, want)
		}
	}
}

func TestOnlySoManyFieldsAreTold(t *testing.T) {
	t.Parallel()
	s := validate.MustCompile(`{"items": {"type": "string"}}`)
	if got := words(t, s.CheckBytes([]byte(`[1,2,3]`), validate.WithMaxFields(2))); len(got) != 2 {
		t.Error(got)
	}
}

func TestTextsAreOverriddenByKeywordAndByField(t *testing.T) {
	t.Parallel()
	german := language.German
	texts := validate.NewTexts()
	texts.SetString(german, "maxLength", "%[1]s: höchstens %[2]d Zeichen")
	texts.SetString(german, "rows.*.name maxLength", "Der Name ist zu lang")
	texts.SetString(german, "field other", "Das Andere")
	texts.SetString(language.English, "detail", "Please look again")
	s := validate.MustCompile(`{"properties": {
		"rows": {"items": {"properties": {"name": {"maxLength": 1}}}},
		"other": {"maxLength": 1000},
		"date": {"type": "string"}
	}}`)
	url := service(t, "vms", validate.JSON(s, validate.WithTexts(texts), validate.WithLanguage("X-Language", "")))
	body := `{"rows": [{"name": "ab"}], "other": "` + strings.Repeat("a", 1001) + `", "date": 1}`
	got := post(t, url+"?hl=ru", strings.NewReader(body), asJSON, wantJSON, "Hl: ru", "X-Language: de-AT")
	want := `{"message":"Please look again","errors":{"rows.0.name":["Der Name ist zu lang"],"other":["Das Andere: höchstens 1.000 Zeichen"],"date":["The date must be of type string"]}}`
	if got.body != want || got.header.Get("Content-Language") != "de" {
		t.Errorf("%s %s", got.header.Get("Content-Language"), got.body)
	}
}

func TestRussianCounts(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{1: "1 символа", 2: "2 символов", 5: "5 символов", 21: "21 символа", 22: "22 символов"} {
		s := validate.MustCompile(fmt.Sprintf(`{"maxLength": %d}`, n))
		url := service(t, "vms", validate.JSON(s))
		got := post(t, url, strings.NewReader(`"`+strings.Repeat("a", n+1)+`"`), asJSON, wantJSON, "Accept-Language: ru")
		if !strings.Contains(got.body, want+`"`) {
			t.Errorf("%d: %s", n, got.body)
		}
	}
}

func TestAHandlerMayCheckItself(t *testing.T) {
	t.Parallel()
	type request struct{ URL string }
	h := func(w http.ResponseWriter, r *http.Request) {
		if err := item.Check(w, r); err != nil {
			w.Header().Set("X-Error", fmt.Sprintf("%T", err))
			http.Error(w, "", http.StatusUnprocessableEntity)
			return
		}
		var v request
		if err := validate.Into(r, &v); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, v.URL)
	}
	url := serve(t, "vms", http.HandlerFunc(h))
	if got := post(t, url, strings.NewReader(`{"url":"http://a.b","date":"2026-07-01 09:30:00"}`), asJSON); got.body != "http://a.b" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := post(t, url, strings.NewReader(badItem), asJSON); got.status != 422 || got.header.Get("X-Error") != "*parlance.Error" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if err := validate.Into(new(http.Request), new(int)); !errors.Is(err, parlance.ErrInternal) {
		t.Error(err)
	}
}

func TestASchemaThatCannotBeUsedSaysWhy(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		`{`:                                "line 1, column 2",
		`{"type": 1}`:                      "type",
		`{"format": "uril"}`:               `the format "uril" is not known`,
		`{"$ref": "file:///etc/passwd"}`:   "file:///etc/passwd",
		`{"pattern": "("}`:                 "pattern",
		`{"maxLength": 1, "maxLength": 2}`: "duplicate",
	} {
		if _, err := validate.Compile(document); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", document, err)
		}
	}
}

func TestDatesAsPHPWritesThem(t *testing.T) {
	t.Parallel()
	for layout, dates := range map[string][2]string{
		"Y-m-d H:i:s":   {"2026-07-01 09:30:00", "2026-07-01 9:30:00"},
		"d.m.Y":         {"29.02.2028", "29.02.2026"},
		"j/n/y":         {"1/7/26", "01/07/26"},
		`Y-m-d\TH:i:sP`: {"2026-07-01T09:30:00+02:00", "2026-07-01T09:30:00"},
	} {
		f := validate.DateFormat(layout)
		if !f.Valid(dates[0]) || f.Valid(dates[1]) {
			t.Errorf("%s: %v %v", layout, f.Valid(dates[0]), f.Valid(dates[1]))
		}
	}
}

func FuzzTheStrictReaderAgreesWithTheStandardLibrary(f *testing.F) {
	for _, c := range refusals {
		if len(c.body) < 1000 {
			f.Add([]byte(c.body))
		}
	}
	f.Add([]byte(badItem))
	f.Fuzz(func(t *testing.T, data []byte) {
		err := item.CheckBytes(data)
		var e *parlance.Error
		switch {
		case err == nil && !json.Valid(data):
			t.Fatalf("%q is no JSON", data)
		case err == nil:
		case !errors.As(err, &e) || e.Outcome.Kind != parlance.KindInvalid || e.Outcome.Detail == "":
			t.Fatalf("%q: %v", data, err)
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	s := validate.MustCompile(`{
		"type": "object",
		"required": ["id", "customer", "lines"],
		"additionalProperties": false,
		"properties": {
			"id": {"type": "string", "format": "uuid"},
			"placed": {"type": "string", "format": "date-time"},
			"customer": {"type": "object", "required": ["name"], "properties": {
				"name": {"type": "string", "maxLength": 100}, "email": {"type": "string", "format": "email"}}},
			"lines": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["sku", "count"], "properties": {
				"sku": {"type": "string", "pattern": "^[A-Z]+-[0-9]+$"}, "count": {"type": "integer", "minimum": 1}, "price": {"type": "number", "minimum": 0}}}}
		}
	}`)
	body := []byte(`{"id":"6f1c1e2a-7f6b-4f0e-9c3a-2f4be0a8d511","placed":"2026-07-01T09:30:00Z","customer":{"name":"Ada Lovelace","email":"ada@example.com"},"lines":[` +
		strings.TrimSuffix(strings.Repeat(`{"sku":"CAM-1","count":2,"price":19.90},`, 8), ",") + `]}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := s.CheckBytes(body); err != nil {
			b.Fatal(err)
		}
	}
}
