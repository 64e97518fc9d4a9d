package validate

import (
	"fmt"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// Texts are messages in several languages. The keys for the field items.0.price that
// breaks maximum are, best first (a * stands for a number):
//
//	items.*.price maximum
//	maximum
//
// A format also has "format date-time" and, for a [DateFormat], dateFormat. In XML,
// "xml maxLength" and so on come before maxLength. The key "field items.*.price" is the
// field's name in messages; without it, the name is the schema's title, else the path.
// The key "detail" is the detail of the whole response.
//
// The first argument of a message is the field's name. The second is the keyword's
// value, if it has one: "%[1]s: at most %[2]d". Numbers are written as in the language;
// for plurals see package plural of golang.org/x/text.
//
// Fill Texts before they are used, and do not change them afterwards.
type Texts struct {
	catalog *catalog.Builder
	tags    []language.Tag
	matcher language.Matcher
	keys    map[language.Tag]map[string]bool
}

// NewTexts has the shipped messages, in English and Russian. If the client accepts
// neither language, it gets English.
func NewTexts() *Texts {
	t := &Texts{catalog: catalog.NewBuilder(catalog.Fallback(language.English)), keys: map[language.Tag]map[string]bool{}}
	for key, m := range english {
		t.mustSet(language.English, key, m)
	}
	for key, m := range russian {
		t.mustSet(language.Russian, key, m)
	}
	return t
}

// shipped are the texts of those who set none.
var shipped = sync.OnceValue(NewTexts)

// Set adds or replaces a message. A language that lacks a key falls back to English.
func (t *Texts) Set(tag language.Tag, key string, messages ...catalog.Message) error {
	if err := t.catalog.Set(tag, key, messages...); err != nil {
		return fmt.Errorf("validate: the text %q in %v: %w", key, tag, err)
	}
	if t.keys[tag] == nil {
		t.keys[tag] = map[string]bool{}
		t.tags = append(t.tags, tag)
		t.matcher = language.NewMatcher(t.tags)
	}
	t.keys[tag][key] = true
	return nil
}

// SetString is Set for a message that is the same for all numbers. It panics on an
// error of Set, which no text can cause.
func (t *Texts) SetString(tag language.Tag, key, text string) {
	t.mustSet(tag, key, catalog.String(text))
}

func (t *Texts) mustSet(tag language.Tag, key string, m catalog.Message) {
	if err := t.Set(tag, key, m); err != nil {
		panic(err)
	}
}

// choose is the language for a request: that of the header, of the query, of
// Accept-Language, whichever is the first that there are texts in.
func (t *Texts) choose(r *http.Request, c *config) language.Tag {
	var wishes []string
	if c.header != "" {
		wishes = append(wishes, r.Header.Get(c.header))
	}
	if c.query != "" {
		wishes = append(wishes, r.URL.Query().Get(c.query))
	}
	wishes = append(wishes, strings.Join(r.Header.Values("Accept-Language"), ", "))
	for _, wish := range wishes {
		if len(wish) > 1<<10 {
			continue // nobody speaks so many
		}
		tags, _, err := language.ParseAcceptLanguage(wish)
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, i, confidence := t.matcher.Match(tags...); confidence != language.No {
			return t.tags[i]
		}
	}
	return language.English
}

// speaker says messages in one language, for one response.
type speaker struct {
	texts   *Texts
	tag     language.Tag
	printer *message.Printer
	xml     bool
}

func (t *Texts) speaker(tag language.Tag) speaker {
	return speaker{texts: t, tag: tag, printer: message.NewPrinter(tag, message.Catalog(t.catalog))}
}

// find is the first key that there is a text of, in the language or else in
// English; "" where there is none.
func (s speaker) find(keys []string) (string, bool) {
	for _, tag := range []language.Tag{s.tag, language.English} {
		for _, key := range keys {
			if s.texts.keys[tag][key] {
				return key, tag == s.tag
			}
		}
	}
	return "", false
}

// say is the message of the first key that there is.
func (s speaker) say(keys []string, args ...any) string {
	key, own := s.find(keys)
	switch {
	case key == "":
		return keys[len(keys)-1]
	case !own:
		s = s.texts.speaker(language.English)
	}
	return s.printer.Sprintf(key, args...)
}

// violation is the message of one.
func (s speaker) violation(v violation) string {
	place := pattern(v.location)
	keys := []string{place + " " + v.code}
	codes := append(append([]string{}, v.keys...), v.code)
	if s.xml {
		for _, code := range codes {
			keys = append(keys, "xml "+code)
		}
	}
	keys = append(append(keys, codes...), "schema")
	return s.say(keys, append([]any{s.name(v, place)}, v.args...)...)
}

// name is what the message calls the field.
func (s speaker) name(v violation, place string) string {
	if key, _ := s.find([]string{"field " + place}); key != "" {
		return s.say([]string{key})
	}
	switch {
	case v.title != "":
		return v.title
	case len(v.location) == 0:
		return s.say([]string{"body"})
	case s.xml: // the element's own name, as vendors write it
		return clip(lastName(v.location))
	}
	return v.path()
}

// pattern is a location for all items of a list.
func pattern(location []string) string {
	names := make([]string, len(location))
	for i, name := range location {
		if names[i] = name; isIndex(name) {
			names[i] = "*"
		}
	}
	return strings.Join(names, ".")
}

func isIndex(name string) bool { return name != "" && strings.Trim(name, "0123456789") == "" }

func lastName(location []string) string {
	for i := len(location) - 1; i >= 0; i-- {
		if !isIndex(location[i]) {
			return strings.TrimPrefix(location[i], "@")
		}
	}
	return location[len(location)-1]
}
