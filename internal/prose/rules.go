package main

import (
	"fmt"
	"regexp"
	"strings"
)

// most is how many words a sentence may have. The aim is 25.
const most = 30

// rule is a word or a turn of speech that our texts do without.
type rule struct {
	pattern *regexp.Regexp // its first group is the word to show
	instead string         // to write
	except  *regexp.Regexp // a sentence that fits it is let pass; nil: none
}

// rules are held in each sentence. The reasons are in CONTRIBUTING.md, How we write
// English. The brackets in a word keep a rename of that word out of its own rule.
var rules = []rule{
	// The standard word, the same one each time.
	word(`answe[r](s|ed|ing)?`, `say "response" for what an API sends, and "respond" for sending it`),
	word(`repea[t](s|ed|ing|edly)?|repetitions?`, `say "retry" or "send again"`),
	word(`acts? upon`, `name what is done`),

	// American spelling.
	word(`licen[c]es?|licen[c]ed`, `American spelling: license`),
	word(`catalog[u]es?`, `American spelling: catalog`),
	word(`behavio[u]rs?`, `American spelling: behavior`),
	word(`(colour|favour|honour|flavour|neighbour|labour|rumour)\w*`, `American spelling: -or`),
	word(`(recogni|normali|organi|reali|seriali|deseriali|initiali|optimi|summari|authori|categori|emphasi|minimi|maximi|standardi|synchroni|canonicali|capitali|customi|finali|generali|speciali|utili|penali)s(e|es|ed|er|ers|ing|ation|ations)`, `American spelling: -ize`),
	word(`analys(e|ed|es|ing)`, `American spelling: analyze`),
	word(`(cancell|labell|modell|travell|signall|fuell|levell|tunnell)(ed|ing|er|ers)`, `American spelling: one l`),
	word(`(cent|met|fib)re|defence|offence|grey|artefacts?|whilst|mo[u]ld(s|ed)?|fulfils?|sceptical|programmes?|judgement`, `American spelling`),

	// Subject first; a condition begins with if; no double negative.
	start(`What|Who|Whoever|Whatever`, `begin with the thing itself`),
	start(`Of`, `begin with the subject`),
	{
		regexp.MustCompile(`(?i)\b(where)\b.*[^?]$`), `"if" for a condition; "where" for a place only`,
		regexp.MustCompile(`\b(says?|shows?|knows?|tells?|sees?|finds?|the place) where\b|\b[Ww]here to\b|"?If"? for a condition`),
	},
	word(`(of|by|with|from|besides?|to|than) (what|who)`, `name the thing`),
	word(`whoever|whatever|whichever`, `name the thing`),
	word(`(that|which) (is|are) none|is no one|but for|came of|come by|is let be`, `say it plainly`),
	word(`who never \w+s`, `name the client`),
	word(`in (no|any) wise|thereof|therein|hereby|wherein|whereof|nought|lest`, `say it plainly`),
	{regexp.MustCompile(`(?i)\b(nobody|no one)\b.*\b(nobody|none|nothing|never|not|no)\b`), `say it without the double negative`, nil},
	{regexp.MustCompile(`(?i)\b(none|nothing|never|not|no)\b.*\b(nobody|no one)\b`), `say it without the double negative`, nil},
}

// word is a rule about whole words, in any letter case.
func word(expression, instead string) rule {
	return rule{regexp.MustCompile(`(?i)\b(` + expression + `)\b`), instead, nil}
}

// start is a rule about the first word of a sentence that is no question.
func start(expression, instead string) rule {
	return rule{regexp.MustCompile(`^(` + expression + `)\b.*[^?]$`), instead, nil}
}

// finding is a place where a text breaks a rule.
type finding struct {
	file string
	line int
	text string
}

func (f finding) String() string { return fmt.Sprintf("%s:%d: %s", f.file, f.line, f.text) }

// check holds each sentence of a passage to the rules.
func check(file string, p passage) (all []finding) {
	for _, s := range sentences(p) {
		if n := words(s.text); n > most {
			all = append(all, finding{file, s.line, fmt.Sprintf("%d words in a sentence, at most %d: %s", n, most, excerpt(s.text))})
		}
		for _, r := range rules {
			at := r.pattern.FindStringSubmatchIndex(s.text)
			if at != nil && (r.except == nil || !r.except.MatchString(s.text)) {
				all = append(all, finding{file, s.line, fmt.Sprintf("%q: %s: %s", s.text[at[2]:at[3]], r.instead, excerpt(s.text))})
			}
		}
	}
	return all
}

// excerpt is the beginning of a text, for a message of one line.
func excerpt(text string) string {
	if runes := []rune(text); len(runes) > 60 {
		return strings.TrimRight(string(runes[:60]), " ") + "…"
	}
	return text
}
