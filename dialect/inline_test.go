package dialect_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

// inlineFrames are the places of a file in which a guide's piece of the language can
// stand, at %s.
var inlineFrames = []string{
	"shapes:\n  - {name: error, json: {m: %s}}\n",
	"shapes:\n  - name: error\n    json:\n      m: %s\n",
	"shapes:\n  - {name: error, json: {m: '$detail or \"{$phrase} %s\"'}}\n",
	"shapes:\n  - {name: error, json: {m: '$detail & \"a {$field} b %s\"'}}\n",
	"shapes:\n  - {name: error, json: {%s}}\n",
	"shapes:\n  - name: error\n    json:\n      %s\n",
	"shapes:\n  - {name: error, json: {m: [%s]}}\n",
	"shapes:\n  - {name: error, json: {m: [{%s}]}}\n",
	"shapes:\n  - {name: error, json: {m: [{id: $item, m: %s}]}}\n",
	"shapes:\n  - {name: error, json: {m: [{id: $item, m: [%s]}]}}\n",
	"shapes:\n  - {name: error, json: {m: [{id: $item, %s}]}}\n",
	"shapes:\n  - {name: error, json: {%s: $detail}}\n",
	"shapes:\n  - {name: error, json: {%s: [{text: $field.message}]}}\n",
	"shapes:\n  - name: error\n    xml: {Error: {%s}}\n",
	"shapes:\n  - name: error\n    %s\n",
	"shapes:\n  - {%s}\n",
	"shapes:\n  - %s\n",
	"shapes:\n  - {headers: {%s}}\n",
	"shapes:\n  - name: a\n    stream: sse\n    elements:\n      - {event: e, %s}\n",
	"%s\n",
}

// refused is why no place of a file takes the piece, "" if one does.
func refused(piece string) (why string) {
	for _, frame := range inlineFrames {
		source := "dialect: page\ncodes: {200: success, 4xx: invalid, 5xx: internal, limit: {kind: rate_limited, status: 403}}\n" +
			"define: {errors: [$field.message], name: $detail}\n" + strings.ReplaceAll(frame, "%s", piece)
		_, err := dialect.Compile("page.yaml", []byte(source), catalog.Find(""))
		if err == nil {
			return ""
		}
		if why == "" {
			why = err.Error()
		}
	}
	return why
}

// TestEveryPieceInTheTextOfAGuideIsTaken, as it stands between backquotes, by a file:
// the fences of a guide are run, and this holds what stands between them.
func TestEveryPieceInTheTextOfAGuideIsTaken(t *testing.T) {
	t.Parallel()
	if refused(`'$detail & "until {$reset:epoch}{_}" is "{_}until{_}"'`) == "" {
		t.Error("two holes that touch are taken, so nothing here is tested")
	}
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	caddy := regexp.MustCompile(`\{\$[A-Z]`) // a variable of a Caddyfile
	fence, inline, tried := regexp.MustCompile("(?ms)^```.*?^```$"), regexp.MustCompile("`[^`\n]+`"), 0
	for _, page := range append(pages, "../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, quoted := range inline.FindAllString(fence.ReplaceAllString(string(text), ""), -1) {
			// A | inside of a table has a backslash, and an ellipsis stands for any text.
			all := []string{strings.NewReplacer("`", "", `\|`, "|", "…", "x").Replace(quoted)}
			if names := strings.Fields(all[0]); !slices.ContainsFunc(names, func(s string) bool { return !strings.HasPrefix(s, "$") }) {
				all = names
			}
			for _, piece := range all {
				if caddy.MatchString(piece) || !strings.Contains(piece, "$") && !strings.Contains(piece, "{_") && !strings.Contains(piece, "{?") {
					continue
				}
				tried++
				if why := refused(piece); why != "" {
					t.Errorf("%s: no file takes %s\n%s", page, piece, why)
				}
			}
		}
	}
	if tried < 100 {
		t.Errorf("%d pieces were tried", tried)
	}
}
