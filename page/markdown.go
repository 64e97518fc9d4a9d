package page

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/parlance-api/parlance/dialect"
)

// Markdown writes the page of a dialect in GitHub Flavored Markdown. All texts of the
// dialect are escaped: no HTML but the anchors of the codes stands in it. The error is that
// of w, or says that there are no words for the language.
func Markdown(w io.Writer, o Options, d *dialect.Dialect) error {
	p, err := compose(o, d)
	if err != nil {
		return err
	}
	m := &markdown{}
	m.document(p)
	_, err = w.Write(m.Bytes())
	return err
}

// markdown writes a document.
type markdown struct{ bytes.Buffer }

func (m *markdown) line(format string, args ...any) { fmt.Fprintf(m, format+"\n", args...) }

func (m *markdown) document(p *document) {
	m.line("# %s\n", prose(p.say("page.title", "title", p.API)))
	m.line("%s\n", p.say("page.lead"))
	m.line("## %s\n", p.say("page.glance"))
	m.table([]string{p.say("page.code"), p.say("page.meaning"), p.say("page.next"), p.say("label.when")}, p.glance())
	for _, g := range p.Groups {
		m.line("## %s\n", prose(strings.TrimSpace(g.Name+" "+g.Title)))
		if g.Note != "" {
			m.line("%s\n", g.Note)
		}
		for _, c := range g.Codes {
			m.code(p, c)
		}
	}
	m.line("## %s\n", p.say("page.general"))
	for _, f := range p.Facts {
		m.fact(f)
	}
	m.line("%s", prose(p.say("page.made", "file", p.File)))
}

// glance is the table of all codes.
func (p *document) glance() (rows [][]string) {
	for _, c := range p.Glance {
		for i, r := range c.Brief() {
			link := ""
			if i == 0 {
				link = "[" + prose(c.Code) + "](#" + fragment(c.ID) + ")"
			}
			rows = append(rows, []string{link, span(r.Tag), r.ActShort, r.WhenShort})
		}
	}
	return rows
}

func (m *markdown) code(p *document, c *code) {
	for _, id := range append([]string{c.ID}, c.More...) {
		fmt.Fprintf(m, `<a id="%s"></a>`, html.EscapeString(id))
	}
	m.line("\n\n### %s\n", prose(strings.TrimSpace(c.Code+" "+c.Title)))
	if c.Type != "" {
		m.line("%s: %s\n", p.say("label.type"), span(c.Type))
	}
	for _, r := range c.Readings {
		switch {
		case r.If != "":
			m.line("**%s** %s\n", p.say("label.if"), prose(r.If))
		case r.Otherwise:
			m.line("**%s**\n", p.say("label.otherwise"))
		}
		m.line("- **%s:** %s", p.say("page.kind"), span(r.Tag))
		for _, row := range r.Rows {
			m.line("- **%s:** %s", row.Label, prose(row.Text))
		}
		if r.Line != "" {
			m.line("- **%s:** %s", p.say("label.line"), span(r.Line))
		}
		m.line("")
		if e := r.Example; e != nil {
			label := p.say("label.response")
			if e.Recorded {
				label = p.say("label.sample")
			}
			m.line("%s (%s):\n", label, span(e.Request))
			m.fence("http", e.Response)
			if e.Curl != "" {
				m.fence("sh", e.Curl)
			}
		}
		m.fence("go", r.Go)
	}
}

func (m *markdown) fact(f fact) {
	m.line("### %s\n", prose(f.Title))
	for _, t := range f.Texts {
		if f.List {
			m.line("- %s", prose(t))
		} else {
			m.line("%s\n", prose(t))
		}
	}
	if f.List {
		m.line("")
	}
	if len(f.Table) > 0 {
		rows := make([][]string, len(f.Table))
		for i, row := range f.Table {
			for _, cell := range row {
				rows[i] = append(rows[i], prose(cell))
			}
		}
		m.table(f.Head, rows)
	}
	if f.Code != "" {
		m.fence("", f.Code)
	}
}

// table writes rows whose cells are Markdown already.
func (m *markdown) table(head []string, rows [][]string) {
	m.line("| %s |", strings.Join(head, " | "))
	m.line("|%s", strings.Repeat("---|", len(head)))
	for _, row := range rows {
		m.line("| %s |", strings.Join(row, " | "))
	}
	m.line("")
}

// fence writes a text as it is, between fences that do not stand in it.
func (m *markdown) fence(language, text string) {
	mark := strings.Repeat("`", max(3, longest(text)+1))
	m.line("%s%s\n%s\n%s\n", mark, language, strings.TrimRight(text, "\n"), mark)
}

// longest is the length of the longest run of backticks in a text.
func longest(text string) (most int) {
	n := 0
	for _, r := range text {
		if n++; r != '`' {
			n = 0
		}
		most = max(most, n)
	}
	return most
}

// span is a text as code in a line. A bar in it does not end the cell of a table.
func span(text string) string {
	text = strings.ReplaceAll(line(text), "|", `\|`)
	mark := strings.Repeat("`", longest(text)+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return mark + text + mark
}

// prose is a text of a dialect in one line, in which nothing but its links is markup.
func prose(text string) string {
	var b strings.Builder
	for _, p := range pieces(line(text)) {
		if p.URL != "" {
			b.WriteString("<" + p.URL + ">")
			continue
		}
		for i, r := range p.Text {
			if strings.ContainsRune("\\`*_[]<>&|~$@", r) || i == 0 && strings.ContainsRune("#+-=:", r) || autolinks(p.Text[:i], p.Text[i:]) {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// autolinks reports that GitHub's Markdown sees a URL by the next character.
func autolinks(before, after string) bool {
	return strings.HasPrefix(after, "://") || strings.HasPrefix(after, ".") && strings.HasSuffix(strings.ToLower(before), "www")
}

// fragment is an anchor in the target of a link.
func fragment(id string) string {
	return strings.NewReplacer("(", "%28", ")", "%29", "<", "%3C", ">", "%3E", " ", "%20").Replace(id)
}
