package page

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/say"
)

// TestEveryLanguageHasEveryWord with the same holes, once, and no others.
func TestEveryLanguageHasEveryWord(t *testing.T) {
	t.Parallel()
	english, err := open(DefaultLanguage)
	if err != nil {
		t.Fatal(err)
	}
	holes := regexp.MustCompile(`\{\w+\}`)
	sorted := func(text string) []string {
		all := holes.FindAllString(text, -1)
		slices.Sort(all)
		return all
	}
	for _, tag := range Languages() {
		w, err := open(tag)
		if err != nil {
			t.Fatal(err)
		}
		for key, text := range english.texts {
			if strings.HasPrefix(key, "unit.") {
				continue
			}
			switch got := w.texts[key]; {
			case got == "":
				t.Errorf("%s: no text for %s", tag, key)
			case !slices.Equal(sorted(got), sorted(text)) && !strings.HasPrefix(key, "short.time"):
				t.Errorf("%s, %s: got the holes %v, want %v", tag, key, sorted(got), sorted(text))
			}
		}
		for key := range w.texts {
			if english.texts[key] == "" && !strings.HasPrefix(key, "unit.") {
				t.Errorf("%s: %s is no key of English", tag, key)
			}
		}
		for _, u := range say.Units() {
			for _, form := range strings.Fields(w.texts["plural"]) {
				if key := "unit." + u.Name + "." + form; w.texts[key] == "" && (tag != "de" || u.Name != "day") {
					t.Errorf("%s: no text for %s", tag, key)
				}
			}
		}
		text, err := catalogs.ReadFile("words/" + tag + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for line := range strings.Lines(string(text)) {
			key, _, ok := strings.Cut(strings.TrimSpace(line), ": ")
			switch {
			case strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "":
			case !ok:
				t.Errorf("%s: %q is no key and text", tag, line)
			case seen[key]:
				t.Errorf("%s: %s stands there twice", tag, key)
			}
			seen[key] = true
		}
	}
}

// TestEveryKindAndActHasItsWords in English; the test above holds the others.
func TestEveryKindAndActHasItsWords(t *testing.T) {
	t.Parallel()
	w, err := open("")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range parlance.Kinds() {
		if w.texts["kind."+k.String()] == "" {
			t.Errorf("no words for the kind %s", k)
		}
	}
	for a := parlance.ActDone; a <= parlance.ActStop; a++ {
		for _, key := range []string{"act.", "short."} {
			if w.texts[key+a.String()] == "" {
				t.Errorf("no text for %s%s", key, a)
			}
		}
	}
}

// TestEveryWordIsUsed by the code or the template: its key, or the beginning of it that is
// put together with a name.
func TestEveryWordIsUsed(t *testing.T) {
	t.Parallel()
	var used strings.Builder
	files, err := filepath.Glob("*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if filepath.Ext(f) == ".go" && !strings.HasSuffix(f, "_test.go") || filepath.Ext(f) == ".tmpl" {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			used.Write(text)
		}
	}
	w, err := open("")
	if err != nil {
		t.Fatal(err)
	}
	for key := range w.texts {
		part := key[:strings.LastIndexByte(key, '.')+1]
		first, _, _ := strings.Cut(key, ".")
		composed := slices.Contains([]string{"kind.", "act.", "short.", "fact.reset.", "fact.limits.", "group.", "told.reason."}, part) || first == "unit" || first == "when"
		if !strings.Contains(used.String(), `"`+key+`"`) && !composed && !strings.HasPrefix(key, "fact.") && key != "language" && key != "plural" {
			t.Errorf("nothing uses %s", key)
		}
	}
}

func TestPluralsAreThoseOfTheLanguage(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{1: "one", 2: "few", 4: "few", 5: "many", 11: "many", 12: "many", 21: "one", 22: "few", 111: "many", 0: "many"} {
		if got := oneFewMany(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}
