package draft

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// Description is what a document says of the failures of an API. The zero value says
// nothing.
type Description struct {
	Title     string      // of the API, "" if unknown
	Source    string      // the page or the file that says it
	Responses []Response  //
	Rows      []Row       // codes that are known beside those of the responses
	Marks     []Mark      // failures that are told by their body
	Waits     []Wait      // header fields that a row waits for
	Header    []string    // header fields of responses that are not of one alone
	Auth      Auth        //
	KeyHeader string      // the request header of idempotency keys, "" for none
	Limits    []RateLimit //
	Remarks   []string    // what the document says and a dialect cannot; each becomes a comment
}

// Response is a response as a document describes it.
type Response struct {
	Method, Path string
	Status       string  // 404, 4XX or default
	Media        string  // the type of its body, "" for none
	Schema       *Schema // nil if the document has none
	Examples     []Example
	Header       []string // the names of its fields
}

// Example is a response that a document shows.
type Example struct {
	Body   []byte
	Header dialect.HeaderMap // the fields that it is shown with; nil for none
	Says   *Says             // nil if the document does not tell
}

// Row is a row of the table of codes.
type Row struct {
	Key     string // a status, a class, or a code
	Status  int    // under which a code travels; 0 if the Key is a status
	Kind    string // kind/reason; "" is what HTTP says
	More    string // other members of the row, such as "retry: never"
	Help    string // a text for people
	Comment string // why it is a guess, "" if it is none
}

// Mark is a failure that a text of a body tells under any status of a failure, or that a
// member tells under any status.
type Mark struct {
	Name   string   // of the row
	Text   string   // that a text of the body contains; "" if a member tells it
	Path   []string // of the member
	Value  string   // of the member, as JSON
	Status int      // under which it is written
	Row    Row      // without a Key
}

// Wait is a header field that says when to retry, if a row has "after: $reset".
type Wait struct {
	Header   string
	Notation string // seconds, epoch and the like
}

// Auth is how a caller gets and sends a credential. The zero value says nothing.
type Auth struct {
	Token  string // the token endpoint (OAuth 2)
	Grants []string
	Header string // of an API key; "" is Authorization
	Scheme string // "" is none
}

// The bounds of what a description becomes. An API has few forms of an error; a file of
// more is for no reader.
const (
	maxForms   = 24  // distinct schemas
	maxShown   = 400 // examples that are read
	maxSamples = 24  // that stand in the file
	maxCodes   = 400 // that an enum lists
)

// FromDescription drafts a file as File does, from the description of an API. A response
// that no example shows has a shape and no sample. The errors are those of File.
func FromDescription(name string, of Description) ([]byte, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	d := &drafted{name: name, titled: of.Title, source: of.Source, remarks: of.Remarks}
	for _, r := range of.Rows {
		d.add(r)
	}
	for _, m := range of.Marks {
		d.mark(m)
	}
	for _, w := range of.Waits {
		d.headers = append(d.headers, &place{kind: textual, key: w.Header, text: "$reset:" + w.Notation, comment: "the connector waits by it"})
	}
	d.describe(of.Responses)
	if len(d.rows) == 0 {
		return nil, ErrNothing
	}
	d.header(of.Header)
	d.settings(&of)
	d.merge()
	d.choose()
	d.verify()
	return authoring.Format(d.text(true))
}

// NameOf is a name for a dialect: from a title, else from a file or a folder.
func NameOf(title, file string) string {
	if title == "" {
		title = file[strings.LastIndexAny(file, `/\`)+1:]
		title, _, _ = strings.Cut(title, ".")
	}
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	name := strings.TrimSuffix(strings.TrimSuffix(strings.Trim(b.String(), "-"), "-api"), "-rest")
	if len(name) > 40 {
		name = strings.Trim(name[:40], "-")
	}
	if checkName(name) != nil {
		return "my-api"
	}
	return name
}

// add takes a row as it is given; of one key the first one counts.
func (d *drafted) add(r Row) {
	if slices.ContainsFunc(d.rows, func(o row) bool { return o.key == r.Key }) {
		return
	}
	if r.Status != 0 {
		d.rows = append(d.rows, row{key: r.Key, text: r.members(r.Kind, r.Status), comment: r.Comment, status: r.Status, code: true, fixed: true})
		return
	}
	status, _ := strconv.Atoi(r.Key)
	kind := r.Kind
	if kind == "" {
		kind = kindOfStatus(max(status, classBase(r.Key)))
	}
	d.rows = append(d.rows, row{key: r.Key, text: r.members(kind, 0), comment: r.Comment, status: max(status, classBase(r.Key)), fixed: true})
}

// mark takes a failure that is told by its body, as a shape with a row of its name.
func (d *drafted) mark(m Mark) {
	if slices.ContainsFunc(d.rows, func(o row) bool { return o.key == m.Name }) {
		return
	}
	m.Row.Key = m.Name
	d.rows = append(d.rows, row{key: m.Name, text: m.Row.members(m.Row.Kind, m.Status), comment: m.Row.Comment, code: true, fixed: true, status: 1000})
	s := &shape{name: m.Name, is: m.Name}
	if m.Text != "" {
		s.classes = []string{"4xx", "5xx"}
		s.form, s.body = "text", &place{kind: textual, text: `'$detail is "{_}` + m.Text + `{_}"'`}
	} else {
		p := &place{kind: textual, text: m.Value}
		for i, name := range slices.Backward(m.Path) {
			p.key = name
			if i < len(m.Path)-1 || p.kind == object {
				p.key = name + "!"
			}
			if p.kind == textual {
				p.key = name
			}
			p = &place{kind: object, kids: []*place{p}}
		}
		s.form, s.body = "json", p
	}
	d.shapes = append(d.shapes, s)
}

// members are what stands in a row: the kind alone, or a mapping.
func (r *Row) members(kind string, status int) string {
	all := []string{"kind: " + kind}
	if status != 0 {
		all = append(all, "status: "+strconv.Itoa(status))
	}
	if r.More != "" {
		all = append(all, r.More)
	}
	if help := oneLine(r.Help); help != "" {
		all = append(all, "help: "+quote(help))
	}
	if len(all) == 1 {
		return kind
	}
	return "{" + strings.Join(all, ", ") + "}"
}

// classBase is the first status of a class such as 4xx, 0 for none.
func classBase(key string) int {
	if len(key) == 3 && strings.EqualFold(key[1:], "xx") && key[0] >= '1' && key[0] <= '5' {
		return int(key[0]-'0') * 100
	}
	return 0
}

// describe takes each status as a row, and each schema once as a shape.
func (d *drafted) describe(all []Response) {
	var forms []*form
	fields := []string{}
	d.judge(all)
	for i := range all {
		r := &all[i]
		status, exact := statusOf(r.Status)
		if status == 0 {
			continue
		}
		if exact {
			d.statusRow(status, &guesser{})
		} else if r.Status != "default" {
			d.classRow(r.Status)
		}
		if status >= 400 || r.fails(status) {
			for _, f := range r.Header {
				if !slices.Contains(fields, f) {
					fields = append(fields, f)
				}
			}
			if schema := r.form(); schema != nil {
				forms = addForm(forms, schema, r, status, exact)
			}
		}
		d.shown(r, status)
	}
	d.header(fields)
	for _, f := range forms {
		d.form(f)
	}
}

// judge finds what the examples under good statuses say of themselves.
func (d *drafted) judge(all []Response) {
	var bodies []*value
	for i := range all {
		r := &all[i]
		status, _ := statusOf(r.Status)
		for j := range r.Examples {
			if e := &r.Examples[j]; status > 0 && status < 400 && e.Says == nil && len(bodies) < maxShown {
				v := parse(e.recorded(r, status))
				d.marked = d.marked || v != nil && v.failureMark() != ""
				bodies = append(bodies, v)
			}
		}
	}
	d.verdicts, d.proofs = verdictsOf(bodies), map[string]bool{}
}

// shows reports that an example under a good status is drafted: if it is one of a failure, or
// the first success with a member that says so.
func (d *drafted) shows(e *Example, r *Response, status int) bool {
	v := parse(e.recorded(r, status))
	if e.Says != nil || v == nil {
		return e.Says != nil
	}
	proof := ""
	if is := d.ruling(v); is != nil && !is.good {
		return true
	} else if is != nil {
		proof = is.of.outer + "." + is.of.name
	} else if e.fails(r, status) {
		return true
	} else if d.marked {
		for _, m := range v.members {
			if isNoCodeOf(plain(m.name), m.value) {
				proof = m.name
			}
		}
	}
	first := proof != "" && !d.proofs[proof]
	d.proofs[proof] = true
	return first
}

// classRow is the row of a class of statuses.
func (d *drafted) classRow(text string) {
	key := strings.ToLower(text)
	if !slices.ContainsFunc(d.rows, func(r row) bool { return r.key == key }) {
		d.rows = append(d.rows, row{key: key, text: kindOfStatus(classBase(key)), status: classBase(key) + 99})
	}
}

// choose leaves the samples that a reader needs: one of each shape, then the first others.
func (d *drafted) choose() {
	left := maxSamples
	chosen := map[*sample]bool{}
	shapes := map[*shape]bool{nil: true}
	for _, s := range d.samples {
		if !shapes[s.shape] {
			shapes[s.shape], chosen[s] = true, true
			left--
		}
	}
	d.samples = slices.DeleteFunc(d.samples, func(s *sample) bool {
		if chosen[s] {
			return false
		}
		left--
		return left < 0
	})
}

// statusOf is a status that stands for a key of a document: default is any failure. It
// reports whether the key names this very one.
func statusOf(key string) (status int, exact bool) {
	n, err := strconv.Atoi(key)
	switch {
	case err == nil && n >= 200 && n <= 599:
		return n, true
	case classBase(key) >= 200:
		return classBase(key), false
	case key == "default":
		return 400, false
	}
	return 0, false
}

// http400 is the status of a code of which nothing is known.
const http400 = 400

// unknownStatus is said of such a code.
const unknownStatus = "todo: the document does not say its status, nor does its name"

// plainStatus is the status that HTTP has for a kind.
var plainStatus = map[string]int{
	"invalid": 400, "unauthenticated": 401, "forbidden": 403, "not_found": 404, "conflict": 409, "rate_limited": 429,
	"quota": 403, "failed": 402, "internal": 500, "unavailable": 503, "timeout": 504,
}

// header guesses what the fields of responses say.
func (d *drafted) header(names []string) {
	h := dialect.HeaderMap{}
	for _, name := range names {
		h[name] = []string{"1"}
	}
	for _, p := range headerPlaces(h) {
		if p.key != "Www-Authenticate" && !slices.ContainsFunc(d.headers, func(o *place) bool { return o.key == p.key }) {
			d.headers = append(d.headers, p)
		}
	}
	d.limits(names)
}

// settings are the lines that hold for the whole API.
func (d *drafted) settings(of *Description) {
	var parts []string
	for _, p := range [][2]string{{"token", of.Auth.Token}, {"header", of.Auth.Header}, {"scheme", of.Auth.Scheme}} {
		if p[1] == "" {
			continue
		}
		parts = append(parts, p[0]+": "+quote(p[1]))
		if p[0] == "token" && len(of.Auth.Grants) > 0 {
			parts = append(parts, "grants: ["+strings.Join(of.Auth.Grants, ", ")+"]")
		}
	}
	if len(parts) > 0 {
		d.extras = append(d.extras, &extra{text: "auth: {" + strings.Join(parts, ", ") + "}", comment: "the first scheme that the document names"})
	}
	if of.KeyHeader != "" {
		d.extras = append(d.extras, &extra{text: "idempotency: {header: " + quote(of.KeyHeader) + "}", comment: "looks like the header of idempotency keys"})
	}
	if len(of.Limits) > 0 {
		d.extras = append(d.extras, limitsLine(of.Limits))
	}
}

// marked writes the marks of a schema: a member that it requires must be there. In lists
// and for values that can be null or empty the guess stays.
func marked(p *place, v *value) {
	for _, k := range p.kids {
		m := v.named(k.base())
		if m == nil || strings.HasPrefix(k.key, "$") {
			continue
		}
		if says(k) && m.mark != "" {
			k.key = k.base() + m.mark
		}
		if k.kind == object {
			marked(k, m)
		}
	}
}

func (v *value) named(name string) *value {
	for _, m := range v.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// checkName says why a name is not one of a dialect; nil if it is.
func checkName(name string) error {
	_, err := dialect.Compile(name+".yaml", []byte("dialect: "+quote(name)+"\ncodes: {200: success}\n"))
	return err
}

// Fails reports that a response tells of a failure: by its status, or by the mark of one
// in its body.
func (r *Recorded) Fails() bool {
	if r.Status >= 400 {
		return true
	}
	v := parse(*r)
	if v == nil || v.complains() || v.failureMark() != "" {
		return v != nil
	}
	alone := &drafted{verdicts: verdictsOf([]*value{v})}
	is := alone.ruling(v)
	return is != nil && !is.good
}
