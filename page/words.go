package page

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parlance-api/parlance/internal/say"
)

//go:embed words
var catalogs embed.FS

// DefaultLanguage is the language of a page unless its Options name another.
const DefaultLanguage = "en"

// Languages lists the languages of a page, sorted, as BCP 47 tags.
func Languages() []string {
	entries, _ := catalogs.ReadDir("words") // it is embedded
	var all []string
	for _, e := range entries {
		all = append(all, strings.TrimSuffix(e.Name(), ".txt"))
	}
	return all
}

// words are the texts of a page in one language, by their keys.
type words struct {
	tag    string
	texts  map[string]string
	plural func(n int) string
}

// open finds the words of a language.
var open = func() func(string) (*words, error) {
	read := map[string]func() *words{}
	for _, tag := range Languages() {
		read[tag] = sync.OnceValue(func() *words {
			text, _ := catalogs.ReadFile("words/" + tag + ".txt")
			w := parseWords(tag, string(text))
			if tag == DefaultLanguage {
				maps.Copy(w.texts, say.Texts())
			}
			return w
		})
	}
	return func(tag string) (*words, error) {
		if tag == "" {
			tag = DefaultLanguage
		}
		if r := read[tag]; r != nil {
			return r(), nil
		}
		return nil, fmt.Errorf("there are no words for the language %q; there are: %s", tag, strings.Join(Languages(), ", "))
	}
}()

// parseWords reads "key: text" lines. A line that begins with # is a comment.
func parseWords(tag, text string) *words {
	w := &words{tag: tag, texts: map[string]string{}}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if ok && !strings.HasPrefix(key, "#") {
			w.texts[key] = value
		}
	}
	w.plural = oneOther
	if w.texts["plural"] == "one few many" {
		w.plural = oneFewMany
	}
	return w
}

// oneOther is the plural of English and German (CLDR).
func oneOther(n int) string {
	if n == 1 {
		return "one"
	}
	return "other"
}

// oneFewMany is the plural of Russian (CLDR).
func oneFewMany(n int) string {
	switch {
	case n%10 == 1 && n%100 != 11:
		return "one"
	case n%10 >= 2 && n%10 <= 4 && (n%100 < 12 || n%100 > 14):
		return "few"
	}
	return "many"
}

// say is the text of a key. Its holes are filled with pairs of a name and a value.
func (w *words) say(key string, pairs ...string) string {
	text := w.texts[key]
	if len(pairs) == 0 {
		return text
	}
	holes := slices.Clone(pairs)
	for i := 0; i < len(holes); i += 2 {
		holes[i] = "{" + holes[i] + "}"
	}
	return strings.NewReplacer(holes...).Replace(text)
}

// period is a time in the longest unit of which it is a whole number. One that is none of
// milliseconds is rounded to them. A unit is passed over if the language has no words for it:
// German has none for days, which have another form after "nach" than after "alle".
func (w *words) period(d time.Duration) string {
	for _, u := range say.Units() {
		if d >= u.Of && d%u.Of == 0 || u.Of == time.Millisecond {
			n := int(d.Round(u.Of) / u.Of)
			if text := w.say("unit."+u.Name+"."+w.plural(n), "n", strconv.Itoa(n)); text != "" {
				return text
			}
		}
	}
	return d.String()
}

// join puts texts together, two at a time, by the words of a key such as join.or.
func (w *words) join(key string, texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	all := texts[0]
	for _, t := range texts[1:] {
		all = w.say(key, "a", all, "b", t)
	}
	return all
}
