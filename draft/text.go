package draft

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parlance-api/parlance/dialect"
)

// unknown is the hole for what nobody understands.
const unknown = "$any"

// preface is the comment before a draft.
const preface = `# A draft from recorded responses, which show only some cases. Compare each line that
# says guess: or todo: with the vendor's pages, correct it, and remove its comment.
# Then add the codes that the pages list. parlance lint lists the lines that are left.
`

// prefaceOf is the comment before a draft from a document.
func prefaceOf(source string) string {
	return "# A draft from " + oneLine(source) + `. Compare each line that says guess: or todo: with the
# vendor's pages, correct it, and remove its comment. parlance lint lists the lines that
# are left.
`
}

// oneLine is a text in one line that a comment can hold.
func oneLine(text string) string { return onOneLine(text, 200) }

func onOneLine(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, ""))
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return strings.Join(strings.Fields(text), " ")
}

// Comments that say what a draft leaves to its reader.
const (
	todoSource   = `todo: add the vendor's pages, as source: ["https://…"]`
	todoMember   = "todo: not recognized, so it is not read; write what it is, or keep $any if callers do not need it"
	todoPath     = "todo: add the path of the operation, so that the other successes need not have records"
	todoReadOnly = "todo: the file reads this response but cannot write it; remove this line, and lint says what is missing"
)

// remark is a comment of a draft: a guess, unless it says that something is to do.
func remark(comment string) string {
	if strings.HasPrefix(comment, "todo: ") {
		return "  # " + comment
	}
	return "  # guess: " + comment
}

// text is the file. Comments stand only at the ends of lines and before the
// first, so that a line is the same with and without.
func (d *drafted) text(comments bool) []byte {
	var b bytes.Buffer
	if d.source == "" {
		b.WriteString(preface)
	} else {
		b.WriteString(prefaceOf(d.source))
	}
	line := func(indent int, text, comment string) {
		b.WriteString(strings.Repeat(" ", indent))
		b.WriteString(text)
		if comments && comment != "" {
			b.WriteString(remark(comment))
		}
		b.WriteByte('\n')
	}
	line(0, "dialect: "+quote(d.name), "")
	line(0, "title: "+quote(cmp.Or(oneLine(d.titled), title(d.name))), todoSource)
	d.numbersLine(line)
	for _, x := range d.settled() {
		line(0, x.text, x.comment)
	}
	line(0, "codes:", "")
	rows := slices.Clone(d.rows)
	slices.SortStableFunc(rows, func(a, b row) int {
		if a.code != b.code {
			return map[bool]int{false: -1, true: 1}[a.code]
		}
		return a.status - b.status
	})
	if len(rows) == 0 {
		line(2, "200: success", "no response had a status of a final response")
	}
	for _, r := range rows {
		line(2, key(r.key)+": "+d.meaning(r), r.comment)
	}
	if shapes := d.standing(); len(shapes)+len(d.headers) > 0 {
		line(0, "shapes:", "")
		for _, s := range shapes {
			s.printHead(line)
			if s.body.kind == textual {
				line(4, s.form+": "+s.body.text, s.body.comment)
				continue
			}
			line(4, s.form+":", s.body.comment)
			s.body.print(line, 6)
		}
		if len(d.headers) > 0 {
			line(2, "- name: header", "")
			line(4, "headers:", "")
			for _, p := range d.headers {
				line(6, key(p.key)+": "+p.text, p.comment)
			}
		}
	}
	if samples := d.kept(); len(samples) > 0 {
		line(0, "samples:", "")
		for _, s := range samples {
			s.print(d, line)
		}
	}
	if comments {
		for _, r := range d.remarks {
			line(0, "# "+onOneLine(r, 2000), "") // what is kept here stands nowhere else
		}
	}
	return b.Bytes()
}

// numbersLine says what the numbers in bodies are.
func (d *drafted) numbersLine(line liner) {
	switch {
	case d.numbers:
		line(0, "codes_are_statuses: false", "a code in a body is none of HTTP's")
	case d.statuses:
		line(0, "codes_are_statuses: true", "a code in a body is a status of HTTP")
	}
}

// printHead writes what stands above the body of a shape.
func (s *shape) printHead(line liner) {
	comment := ""
	if s.anyPath() {
		comment = todoPath
	}
	line(2, "- name: "+quote(s.name), comment)
	if s.records() && !s.anyPath() {
		if of := s.of[0]; of.Method != "" {
			line(4, "method: "+of.Method, "")
		}
		line(4, "path: "+quote(s.of[0].Path), "only this operation has records")
	}
	if len(s.classes) > 0 {
		line(4, "status: "+strings.Join(s.classes, " "), "")
	}
	if s.media != "" {
		line(4, "type: "+quote(s.media), "")
	}
	if s.codes != nil {
		var all []string
		for _, code := range s.codes {
			all = append(all, quote(code))
		}
		line(4, "codes: ["+strings.Join(all, ", ")+"]", "")
	}
	switch {
	case s.is != "":
		line(4, "is: "+quote(s.is), "")
	case s.failed && s.codes == nil && !s.status: // else each code has its meaning
		line(4, "is: failed", "")
	case s.good && s.flagged():
		line(4, "is: success", "")
	}
}

// records reports that the body of a success holds records.
func (s *shape) records() bool { return s.good && ofItems(s.body) }

// ofItems reports that a place holds an attribute of a record.
func ofItems(p *place) bool {
	return strings.HasPrefix(p.text, "$item") || strings.HasPrefix(p.key, "$item") || slices.ContainsFunc(p.kids, ofItems)
}

// anyPath reports that a body has records, and that nobody said to which path they belong.
func (s *shape) anyPath() bool { return s.records() && s.of[0].Path == "" }

// flagged reports that a constant in the body says that all went well.
func (s *shape) flagged() bool {
	return s.proven() || slices.ContainsFunc(s.body.kids, func(p *place) bool { return p.constant() && isFlag(plain(p.base())) })
}

// proven reports a success whose body has to have the code that stands for no error.
func (s *shape) proven() bool {
	return s.good && (s.ruled || slices.ContainsFunc(s.body.kids, func(p *place) bool { return p.constant() && p.key == p.base()+"!" }))
}

// constant reports a value that is demanded as it is.
func (p *place) constant() bool { return p.kind == textual && !strings.Contains(p.text, "$") }

type liner func(indent int, text, comment string)

// print writes what stands below a place.
func (p *place) print(line liner, indent int) {
	for _, k := range p.kids {
		if p.kind == list {
			k.element(line, indent)
			continue
		}
		k.member(line, indent, "")
	}
}

func (p *place) member(line liner, indent int, dash string) {
	name := strings.Repeat(" ", indent) + key(p.key) + ":"
	if dash != "" {
		name = strings.Repeat(" ", indent-2) + dash + key(p.key) + ":"
	}
	if p.kind == textual {
		line(0, name+" "+p.text, p.comment)
		return
	}
	line(0, name, p.comment)
	p.print(line, indent+2)
}

// element writes one element of a list; its first member stands beside the dash.
func (p *place) element(line liner, indent int) {
	if p.kind == textual {
		line(indent, "- "+p.text, p.comment)
		return
	}
	for i, k := range p.kids {
		dash := ""
		if i == 0 {
			dash = "- "
		}
		k.member(line, indent+2, dash)
	}
}

// title is a name for people, to begin with.
func title(name string) string {
	words := strings.Fields(strings.ReplaceAll(name, "-", " "))
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

// key is a text as the key of a mapping, where an attribute's name is a name
// like any other.
func key(text string) string {
	if low := strings.ToLower(text); reserved[low] && !yamlWords[low] {
		return text
	}
	return quote(text)
}

// quote is a text as YAML reads it back in any place.
func quote(text string) string {
	if isPlain(text) {
		return text
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case !harmless(r) && r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		case !harmless(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// harmless reports a letter that YAML takes as it stands.
func harmless(r rune) bool { return unicode.IsGraphic(r) && r != '\ufeff' && r < 0xfff0 }

func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !harmless(r) })
}

// isPlain reports a text that needs no quotes: it is no other value of YAML's,
// no attribute's name, and holds nothing that means something to YAML.
func isPlain(text string) bool {
	if text == "" || text[0] == '-' || text[0] == '.' {
		return false
	}
	letters, plain := plainLetters(text)
	if !plain {
		return false
	}
	if !letters {
		// A status, or a number of the vendor's: as a key it is a text anyway.
		return strings.Trim(text, "0123456789") == ""
	}
	if c := text[0]; c >= '0' && c <= '9' || c == '?' || c == '!' {
		return false
	}
	return !reserved[strings.ToLower(text)]
}

// plainLetters reports that a text has no character that means something to YAML, and
// whether it has letters.
func plainLetters(text string) (letters, plain bool) {
	for i, r := range text {
		switch {
		case r < utf8.RuneSelf && unicode.IsLetter(r):
			letters = true
		case unicode.IsDigit(r) && r < utf8.RuneSelf:
		case strings.ContainsRune("_-./?!$", r):
		case r == '|' && i > 0:
		case strings.ContainsRune(" :", r) && i > 0 && i < len(text)-1 && text[i+1] != ' ':
		default:
			return letters, false
		}
	}
	return letters, true
}

var (
	// yamlWords are those that YAML, or people who know older YAML, take for
	// other values than texts.
	yamlWords = wordSet("true false null yes no on off y n")
	// reserved are these and the attributes of the language.
	reserved = wordSet("true false null yes no on off y n kind reason status code title detail type instance request_id help retry_after note data field item")
)

func wordSet(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// told is the part of a sample's header that is put into the file: what says
// something, and nothing that may be a secret.
func (s *sample) told(d *drafted) dialect.HeaderMap {
	h := dialect.HeaderMap{}
	for name, values := range s.Header {
		telling := slices.Contains([]string{"Content-Type", "Retry-After", "X-Request-Id"}, name) ||
			slices.ContainsFunc(d.headers, func(p *place) bool { return p.key == name })
		if telling && printable(strings.Join(values, "")) {
			h[name] = values
		}
	}
	return h
}

// printable reports that the response can stand in a file of text.
func (s *sample) printable() bool {
	return len(s.Body) <= maxBody && utf8.Valid(s.Body) && bytes.IndexByte(s.Body, 0) < 0 && s.Status >= 100
}

func (s *sample) print(d *drafted, line liner) {
	var head strings.Builder
	fmt.Fprintf(&head, "HTTP/1.1 %d\n", s.Status)
	h := s.told(d)
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range h[name] {
			head.WriteString(name + ": " + v + "\n")
		}
	}
	response := head.String() + "\n" + strings.TrimSuffix(string(s.Body), "\n")
	literal := !strings.ContainsFunc(response, func(r rune) bool { return !harmless(r) && r != '\n' && r != '\t' }) &&
		strings.TrimRight(response, "\n") == strings.TrimRightFunc(response, unicode.IsSpace) // blanks at its end nobody sees
	if literal {
		line(2, "- response: |", "")
		for text := range strings.SplitSeq(strings.TrimRight(response, "\n"), "\n") {
			if text == "" {
				line(0, "", "")
				continue
			}
			line(6, text, "")
		}
	} else {
		line(2, "- response: "+quote(response), "")
	}
	if s.Method != "" && s.Method != "GET" {
		line(4, "method: "+quote(s.Method), "")
	}
	if s.Path != "" {
		line(4, "path: "+quote(s.Path), "")
	}
	if s.readsOnly {
		line(4, "reads_only: true", todoReadOnly)
	}
	d.outcome(s, line)
}

// outcome writes what the sample reads as: in one line where that is short.
func (d *drafted) outcome(s *sample, line liner) {
	o := *s.outcome
	o.Status = 0 // that of the response
	text, err := json.Marshal(o)
	if err != nil {
		return // an Outcome can always be written
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	v, err := parseJSON(dec, 0)
	if err != nil {
		return
	}
	if one := flow(v); len(one) <= 100 {
		line(4, "outcome: "+one, "")
		return
	}
	line(4, "outcome:", "")
	for _, m := range v.members {
		if m.value.kind != list {
			line(6, m.name+": "+flow(m.value), "")
			continue
		}
		line(6, m.name+":", "")
		for _, e := range m.value.elems {
			line(8, "- "+flow(e), "")
		}
	}
}

// flow is a value in one line.
func flow(v *value) string {
	switch v.kind {
	case object:
		var parts []string
		for _, m := range v.members {
			parts = append(parts, key(m.name)+": "+flow(m.value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case list:
		var parts []string
		for _, e := range v.elems {
			parts = append(parts, flow(e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case textual:
		if strings.Trim(v.text, "0123456789") == "" {
			return `"` + v.text + `"`
		}
		return key(v.text)
	}
	return v.text
}
