package check

import (
	"bytes"
	"net/netip"
	"slices"
)

// tellsInside finds a text in a failure that is meant for the people of the server: a stack
// trace, a part of a query, the message of a database, the name of a file or of a host. It
// looks for fixed texts, and for a few letters around them, so that the time grows with the
// length of the body alone.
func (l *look) tellsInside() {
	body := l.x.Response.Body
	if len(body) == 0 || !l.read.Outcome.Kind.Failing() && l.x.Response.Status < 400 {
		return
	}
	body = body[:min(len(body), maxScanned)]
	if at, what := inside(body); what != "" {
		l.fault(l.body(at, l.memberAt(at)), lineOf(l.shape.Place), "the error holds %s", what)
	}
}

// maxScanned is how much of a body is looked at.
const maxScanned = 1 << 20

// memberAt is the member whose text a place stands in.
func (l *look) memberAt(offset int) (member string) {
	for _, t := range l.places().Texts {
		if t.Offset <= offset && offset < t.Offset+len(t.Value)+2 {
			member = t.Member
		}
	}
	return member
}

// inside is the first place of a body that tells of the inside, and what stands there.
func inside(body []byte) (at int, what string) {
	at = len(body)
	if found, by := told.first(body); by != nil {
		at, what = found, by.what
	}
	if found, is := dotted(body[:at]); found >= 0 {
		at, what = found, is
	}
	return at, what
}

// tell is a text that only the inside of a server has.
type tell struct {
	text  string
	what  string
	holds func(body []byte, at int) bool // what more must hold of the place; nil for nothing
}

// finder finds the first of several texts. It looks at each two bytes once, and compares a
// text only if it begins with them.
type finder struct {
	begins [1 << 16 / 64]uint64
	by     map[uint16][]*tell
}

func newFinder(of []tell) *finder {
	f := &finder{by: map[uint16][]*tell{}}
	for i := range of {
		pair := uint16(of[i].text[0])<<8 | uint16(of[i].text[1])
		f.begins[pair>>6] |= 1 << (pair & 63)
		f.by[pair] = append(f.by[pair], &of[i])
	}
	return f
}

func (f *finder) first(body []byte) (at int, by *tell) {
	for i := 1; i < len(body); i++ {
		pair := uint16(body[i-1])<<8 | uint16(body[i])
		if f.begins[pair>>6]&(1<<(pair&63)) == 0 {
			continue
		}
		for _, t := range f.by[pair] {
			if bytes.HasPrefix(body[i-1:], []byte(t.text)) && (t.holds == nil || t.holds(body, i-1)) {
				return i - 1, t
			}
		}
	}
	return -1, nil
}

// told has the texts in a form for searching. It never changes.
var told = newFinder(telling)

const (
	stack    = "a stack trace"
	database = "a message of the database"
	query    = "a part of a query"
	host     = "an address inside the network"
	file     = "the path of a file on the server"
)

// telling are the texts, each one found by itself. A caller's own texts come back in errors,
// so none of them is a word that callers use.
var telling = []tell{
	{"Traceback (most recent call last)", stack, nil},
	{"goroutine ", stack, goroutine},
	{"panicked at ", stack, nil},
	{"Stack trace:", stack, nil},
	{"stack backtrace:", stack, nil},
	{"PHP Fatal error", stack, nil},
	{"PHP Warning:", stack, nil},
	{"Caused by: ", stack, exception},
	{"(Native Method)", stack, nil},
	{"(Unknown Source)", stack, nil},
	{"   at System.", stack, nil},
	{"   at Microsoft.", stack, nil},
	{"node:internal/", stack, nil},
	{"java.lang.", stack, exception},
	{"org.springframework.", stack, exception},
	{"NullPointerException", stack, exception},
	{"NullReferenceException", stack, exception},

	{"SQLSTATE", database, digitsAfter("[: (", 1)},
	{"ORA-", database, digitsAfter("", 5)},
	{"You have an error in your SQL syntax", database, nil},
	{"syntax error at or near ", database, nil},
	{"duplicate key value violates unique constraint", database, nil},
	{"violates foreign key constraint", database, nil},
	{"violates not-null constraint", database, nil},
	{"violates check constraint", database, nil},
	{"Cannot add or update a child row", database, nil},
	{"constraint failed: ", database, nil},
	{"SQLITE_", database, nil},
	{"no such table: ", database, nil},
	{"no such column: ", database, nil},
	{"Unclosed quotation mark after the character string", database, nil},
	{"Incorrect syntax near ", database, nil},
	{"Deadlock found when trying to get lock", database, nil},
	{"MySqlException", database, nil},
	{"PSQLException", database, nil},
	{"org.hibernate.", database, nil},
	{"E11000 duplicate key", database, nil},

	{"SELECT ", query, statement(" FROM ")},
	{"INSERT INTO ", query, statement(" VALUES")},
	{"UPDATE ", query, statement(" SET ")},
	{"DELETE FROM ", query, statement(" WHERE ")},

	{"dial tcp ", host, nil},
	{"connect ECONNREFUSED ", host, nil},
	{"getaddrinfo ENOTFOUND ", host, nil},
	{"jdbc:", host, nil},
	{"postgres://", host, nil},
	{"postgresql://", host, nil},
	{"mysql://", host, nil},
	{"mongodb://", host, nil},
	{"mongodb+srv://", host, nil},
	{"redis://", host, nil},
	{"amqp://", host, nil},
	{".svc.cluster.local", host, nil},
	{".ec2.internal", host, nil},
	{".compute.internal", host, nil},
	{"10.", host, private},
	{"192.168.", host, private},
	{"172.", host, private},
	{"127.0.0.1:", host, private},

	{"/var/www/", file, nil},
	{"/node_modules/", file, nil},
	{"/site-packages/", file, nil},
	{"/usr/src/", file, nil},
	{"/usr/lib/", file, nil},
	{"/usr/local/", file, nil},
	{"/etc/passwd", file, nil},
	{`:\`, file, drive},
}

// dots are the endings of source files, and what stands behind them in a stack trace.
var dots = [...]struct {
	ending string
	behind func(rest []byte) bool
}{
	{".go:", number}, {".java:", number}, {".kt:", number}, {".scala:", number}, {".clj:", number}, {".groovy:", number},
	{".js:", number}, {".ts:", number}, {".mjs:", number}, {".rb:", number}, {".php:", number}, {".rs:", number},
	{".ex:", number}, {".exs:", number}, {".erl:", number}, {".cpp:", number}, {".py:", number}, {".swift:", number}, {".dart:", number},
	{".cs:line ", number}, {".vb:line ", number},
	{".py\", line ", number}, {".py\\\", line ", number}, {".py&quot;, line ", number},
	{".php on line ", number}, {".php(", number}, {".pl line ", number}, {".pm line ", number},
}

// dotted finds the name of a source file with the number of a line. It looks at each dot
// once.
func dotted(body []byte) (at int, what string) {
	for from := 0; ; {
		i := bytes.IndexByte(body[from:], '.')
		if i < 0 {
			return -1, ""
		}
		at := from + i
		from = at + 1
		if at == 0 || !letter(body[at-1]) {
			continue
		}
		for k := range dots {
			if d := &dots[k]; bytes.HasPrefix(body[at:], []byte(d.ending)) && d.behind(body[at+len(d.ending):]) {
				return wordFrom(body, at), stack
			}
		}
	}
}

// number reports a text that begins with a number which no other word goes on from.
func number(rest []byte) bool {
	n := 0
	for n < len(rest) && '0' <= rest[n] && rest[n] <= '9' {
		n++
	}
	return n > 0 && n < 7 && (n == len(rest) || !letter(rest[n]))
}

// wordFrom is the beginning of the word around a place.
func wordFrom(body []byte, at int) int {
	for at > 0 && (letter(body[at-1]) || bytes.IndexByte([]byte("./\\-_:$@"), body[at-1]) >= 0) {
		at--
	}
	return at
}

func letter(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '_' || c == ')'
}

// goroutine reports the head of a stack trace of Go: goroutine 7 [running].
func goroutine(body []byte, at int) bool {
	rest := body[at+len("goroutine "):]
	n := 0
	for n < len(rest) && '0' <= rest[n] && rest[n] <= '9' {
		n++
	}
	return n > 0 && bytes.HasPrefix(rest[n:], []byte(" ["))
}

// near is how far away the rest of a text may stand, in bytes.
const near = 300

// exception reports that a word begins which names an exception, and that its message or its
// trace follows. Some frameworks show the name alone by their page.
func exception(body []byte, at int) bool {
	rest := body[at:min(len(body), at+near)]
	rest = bytes.TrimPrefix(rest, []byte("Caused by: "))
	n := 0
	for n < len(rest) && (letter(rest[n]) || rest[n] == '.' || rest[n] == '$') && rest[n] != ')' {
		n++
	}
	name := rest[:n]
	return (bytes.Contains(name, []byte("Exception")) || bytes.Contains(name, []byte("Error"))) && n < len(rest) && bytes.IndexByte([]byte(": \n\\"), rest[n]) >= 0
}

// digitsAfter reports that one of some letters follows, if there are any, and then so many
// digits or capitals, as in SQLSTATE[42S02] and ORA-00942.
func digitsAfter(letters string, least int) func([]byte, int) bool {
	return func(body []byte, at int) bool {
		rest := body[at:min(len(body), at+near)]
		i := bytes.IndexAny(rest, "[:(-")
		if i < 0 || i > len("SQLSTATE ") {
			return false
		}
		if letters != "" && bytes.IndexByte([]byte(letters), rest[i]) < 0 {
			return false
		}
		rest = bytes.TrimLeft(rest[i+1:], " ")
		n := 0
		for n < len(rest) && ('0' <= rest[n] && rest[n] <= '9' || n > 0 && 'A' <= rest[n] && rest[n] <= 'Z') {
			n++
		}
		return n >= least
	}
}

// statement reports a statement of SQL that a library wrote: the other word follows, and a
// placeholder or a quoted name. A caller's own query has neither.
func statement(other string) func([]byte, int) bool {
	return func(body []byte, at int) bool {
		rest := body[at:min(len(body), at+2*near)]
		if !bytes.Contains(rest, []byte(other)) {
			return false
		}
		return slices.ContainsFunc(marks, func(mark string) bool { return bytes.Contains(rest, []byte(mark)) })
	}
}

var marks = []string{"= ?", "=?", "(?", ", ?", "= $1", "($1", "`.`", `"."`, `\".\"`, "= :", "= @p", " FROM `", `FROM "`, `FROM \"`, "INTO `", `INTO "`, `INTO \"`}

// private reports a private address (RFC 1918) or one of the machine itself, with a port: a
// caller's own address has none.
func private(body []byte, at int) bool {
	if at > 0 && (letter(body[at-1]) || body[at-1] == '.') {
		return false
	}
	n := at
	for n < len(body) && n < at+16 && (digit(body[n]) || body[n] == '.') {
		n++
	}
	address, err := netip.ParseAddr(string(body[at:n]))
	if err != nil || !address.IsPrivate() && !address.IsLoopback() && !address.IsLinkLocalUnicast() {
		return false
	}
	return n+1 < len(body) && body[n] == ':' && digit(body[n+1])
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// drive reports a path of Windows, such as C:\inetpub, also with its backslashes escaped.
func drive(body []byte, at int) bool {
	if at == 0 || body[at-1] < 'A' || body[at-1] > 'Z' || at > 1 && letter(body[at-2]) {
		return false
	}
	rest := body[at+2:]
	escaped := len(rest) > 0 && rest[0] == '\\'
	if escaped {
		rest = rest[1:]
	}
	// In a text of JSON a single backslash is an escape, and no path.
	return len(rest) > 1 && letter(rest[0]) && letter(rest[1]) && (escaped || bytes.IndexByte(body, '{') < 0)
}
