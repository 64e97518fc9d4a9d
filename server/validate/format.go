package validate

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/message"
)

// Format is a format for schemas besides those of JSON Schema. It applies to strings;
// other values always pass.
type Format struct {
	Name  string
	Valid func(string) bool // nil: the name is allowed and every string passes
	Text  string            // the key of its message in [Texts]; "" is "format " and the name, else "format"
}

// DateFormat is a date in the notation of PHP's date function, such as Y-m-d H:i:s. The
// format's name is the layout. It panics on an unknown letter, since layouts are part
// of the program.
func DateFormat(layout string) Format {
	var b strings.Builder
	for i := 0; i < len(layout); i++ {
		c := layout[i]
		switch {
		case c == '\\' && i+1 < len(layout):
			i++
			b.WriteByte(layout[i])
		case phpDate[c] != "":
			b.WriteString(phpDate[c])
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
			panic(fmt.Sprintf("validate: DateFormat(%q): the letter %c is not known; write \\%c for the letter itself", layout, c, c))
		default:
			b.WriteByte(c)
		}
	}
	goLayout := b.String()
	return Format{Name: layout, Text: "dateFormat", Valid: func(s string) bool {
		// time.Parse forgives an hour of one digit.
		t, err := time.Parse(goLayout, s)
		return err == nil && t.Format(goLayout) == s
	}}
}

// phpDate are the letters of PHP's DateTimeInterface::format that have a
// counterpart in package time.
var phpDate = map[byte]string{
	'd': "02", 'j': "2", 'D': "Mon", 'l': "Monday", 'm': "01", 'n': "1", 'M': "Jan", 'F': "January",
	'Y': "2006", 'y': "06", 'H': "15", 'h': "03", 'g': "3", 'i': "04", 's': "05", 'A': "PM", 'a': "pm",
	'P': "-07:00", 'p': "Z07:00", 'O': "-0700", 'T': "MST",
}

// ourFormats are known without a Format. Those without a test only annotate
// (the registry of OpenAPI).
var ourFormats = map[string]func(any) bool{
	"url":    text(isURL),
	"int8":   within(math.MinInt8, math.MaxInt8),
	"int16":  within(math.MinInt16, math.MaxInt16),
	"int32":  within(math.MinInt32, math.MaxInt32),
	"int64":  within(math.MinInt64, math.MaxInt64),
	"uint8":  within(0, math.MaxUint8),
	"float":  nil,
	"double": nil, "byte": nil, "binary": nil, "password": nil, "char": nil, "decimal": nil, "html": nil,
	"commonmark": nil, "media-range": nil, "idn-email": nil, "idn-hostname": nil,
}

// isURL holds for a web address: http or https, and a host.
func isURL(s string) bool {
	u, err := url.ParseRequestURI(s)
	return err == nil && u.Hostname() != "" && (u.Scheme == "http" || u.Scheme == "https")
}

func text(valid func(string) bool) func(any) bool {
	return func(v any) bool {
		s, ok := v.(string)
		return !ok || valid == nil || valid(s)
	}
}

func within(low, high int64) func(any) bool {
	return func(v any) bool {
		n, ok := v.(json.Number)
		if !ok {
			return true
		}
		i, err := strconv.ParseInt(string(n), 10, 64)
		if err != nil { // 1.0 and 1e2 are integers, too; a fraction is none
			f, _ := n.Float64()
			return f == math.Trunc(f) && f >= float64(low) && f <= float64(high) && f < 1<<63
		}
		return low <= i && i <= high
	}
}

// standardFormats are those of JSON Schema. The library does not export them, but
// a schema that was compiled with one has it.
var standardFormats = sync.OnceValue(func() map[string]*jsonschema.Format {
	names := []string{"json-pointer", "relative-json-pointer", "uuid", "duration", "ipv4", "ipv6", "hostname",
		"email", "date", "time", "date-time", "uri", "iri", "uri-reference", "iri-reference", "uri-template", "regex", "semver"}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	all := map[string]*jsonschema.Format{}
	for _, name := range names {
		location := "urn:format:" + name
		if err := c.AddResource(location, map[string]any{"format": name}); err != nil {
			panic(err)
		}
		all[name] = c.MustCompile(location).Format
	}
	return all
})

// formatRule asserts a format. The library's own assertion would be the last word
// on a value: of a URL that is broken and too long, only the one were told.
type formatRule struct {
	name  string
	text  string
	valid func(any) bool
}

func (f *formatRule) Validate(ctx *jsonschema.ValidatorContext, v any) {
	if !f.valid(v) {
		ctx.AddError(&formatFault{f})
	}
}

type formatFault struct{ *formatRule }

func (*formatFault) KeywordPath() []string { return []string{"format"} }

func (f *formatFault) LocalizedString(p *message.Printer) string { return "not " + f.name }

// formats is the vocabulary that asserts formats.
func formats(own []Format) *jsonschema.Vocabulary {
	known := map[string]*formatRule{}
	for name, valid := range ourFormats {
		known[name] = &formatRule{name, "", valid}
	}
	for name, f := range standardFormats() {
		known[name] = &formatRule{name, "", func(v any) bool { return f.Validate(v) == nil }}
	}
	for _, f := range own {
		known[f.Name] = &formatRule{f.Name, f.Text, text(f.Valid)}
	}
	return &jsonschema.Vocabulary{
		URL: "urn:parlance:formats",
		Compile: func(_ *jsonschema.CompilerContext, schema map[string]any) (jsonschema.SchemaExt, error) {
			name, ok := schema["format"].(string)
			if !ok {
				return nil, nil
			}
			rule := known[name]
			if rule == nil {
				return nil, fmt.Errorf("the format %q is not known; give Compile a Format of that name", name)
			}
			if rule.valid == nil {
				return nil, nil
			}
			return rule, nil
		},
	}
}
