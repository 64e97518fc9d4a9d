package dialect

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
)

// MaxBody is how much of a body is looked at, in bytes. What a caller passes
// beyond it counts as cut off there.
const MaxBody = 1 << 20

// Decode reads an answer to req. It never fails: a body that cannot be read
// leaves the meaning of the status, and a Diagnostic. It keeps nothing of
// res.Body but Reading.Data, and is safe for concurrent use.
func (d *Dialect) Decode(req Request, res Response) Reading {
	if res.Status == 101 && len(values(res.Header, "Upgrade")) > 0 {
		// A protocol switch (RFC 9110, 7.8), not an answer: never looked up.
		return Reading{Outcome: parlance.Outcome{Kind: parlance.Success, Status: 101}}
	}
	if len(res.Body) > MaxBody {
		res.Body, res.Cut = res.Body[:MaxBody], true
	}
	m := matchers.Get().(*matcher)
	defer matchers.Put(m)
	m.reset()
	m.cut = res.Cut

	reading := Reading{}
	shape, readable := d.read(m, &req, &res)
	for _, s := range d.extras {
		if s.fits(&req, res.Status) {
			before := m.mark()
			if !m.header(s, res.Header) {
				m.back(before)
			}
		}
	}
	o := &reading.Outcome
	o.Status = res.Status
	fill := filler{m: m, d: d, req: &req}
	fill.whole(o)
	d.retryAfter(o, &res)

	stated := o.Kind // by a $kind hole
	if stated.Failing() != (res.Status >= 400) {
		stated = 0 // no member of a body turns a failure into a success, or a success into a failure
	}
	r := d.meaning(o, shape, &req)
	o.Kind, o.Reason = r.kind, firstReason(o.Reason, r.reason, stated)
	if stated != 0 {
		o.Kind = stated
	}
	fill.fields(o)
	fill.items(o, shape)
	if len(o.Items) > 0 && res.Status < 400 && stated == 0 && !d.good(shape) {
		o.Kind, o.Reason = rollUp(r, o.Items)
	}
	if o.Kind == r.kind {
		if o.Title == "" {
			o.Title = r.title
		}
		if o.Help == "" {
			o.Help = r.help
		}
	}
	if (!readable || m.unread > 0) && (o.Kind == parlance.Success || o.Kind == parlance.Empty) {
		o.Kind, o.Reason = parlance.Noted, ""
	}
	if shape != nil {
		reading.Shape = shape.name
		reading.Enveloped = shape.carriesData() && !res.Cut
		if reading.Enveloped {
			reading.Data = m.data
		}
	}
	reading.Diagnostics = slices.Clone(m.diags)
	return reading
}

// firstReason keeps a reason that the body states only beside a kind that it
// states; otherwise the row's counts.
func firstReason(body, row parlance.Reason, stated parlance.Kind) parlance.Reason {
	if stated != 0 {
		return body
	}
	return row
}

// good reports that a shape says by itself that all went well.
func (d *Dialect) good(s *shape) bool {
	if s == nil || s.is == "" {
		return false
	}
	k, _ := parlance.ParseKind(s.is)
	return k.Good()
}

// read finds the first shape that fits the body and leaves in m what its holes
// took. It reports false where the body of a 2xx could not be read although it
// could have decided otherwise.
func (d *Dialect) read(m *matcher, req *Request, res *Response) (fitted *shape, readable bool) {
	success := res.Status >= 200 && res.Status < 300
	readable = true
	if len(res.Body) == 0 || req.Method == "HEAD" || res.Status == 204 || res.Status == 304 {
		return nil, true
	}
	wanted, expected := [formText + 1]bool{}, false
	for _, s := range d.shapes {
		if s.fits(req, res.Status) {
			wanted[s.form] = true
			expected = expected || s.carriesData() || s.carriesItems() || d.good(s) && s.is == "success"
		}
	}
	if wanted == [formText + 1]bool{} {
		return nil, true
	}
	f, ok := m.parse(wanted, mediaType(res.Header), res.Body)
	if !ok {
		return nil, !success
	}
	for _, s := range d.shapes {
		if s.form != f || !s.fits(req, res.Status) {
			continue
		}
		before := m.mark()
		if m.header(s, res.Header) && m.body(s, res.Body) {
			return s, true
		}
		m.back(before)
	}
	if success && !expected {
		return nil, true
	}
	if res.Cut && success {
		return nil, true // what was seen contradicts nothing that it could have been
	}
	m.note("unfit_body", "the body has none of the forms that the dialect knows for status %d", res.Status)
	return nil, !success
}

// body fits the document, parsed before, against a shape.
func (m *matcher) body(s *shape, body []byte) bool {
	switch s.form {
	case formJSON:
		return m.value(s.body, 0)
	case formXML:
		return m.root(s.body)
	case formHTML:
		return m.page(s.body, body)
	}
	text := bytes.TrimSpace(body)
	if s.body.op == opConst {
		return string(text) == s.body.text
	}
	return len(text) > 0 && m.text(s.body.hole, bytes.ToValidUTF8(text, []byte("\uFFFD")))
}

// root fits the root element.
func (m *matcher) root(t *template) bool {
	w := t.root()
	if t.rest == nil && !slices.ContainsFunc(w.names, func(name string) bool { return m.tree.KeyIs(0, name) }) {
		return false
	}
	if w.value.op == opList {
		return m.turns(w.value, func(yield func(uint32) bool) { yield(0) }, -1)
	}
	return m.value(w.value, 0)
}

// mediaType is the type and subtype of the content, lower case, "" for none.
func mediaType(h Header) string {
	v := values(h, "Content-Type")
	if len(v) == 0 {
		return ""
	}
	t, _, _ := strings.Cut(v[0], ";")
	return strings.ToLower(strings.TrimSpace(t))
}

func isJSON(media string) bool {
	return strings.HasSuffix(media, "/json") || strings.HasSuffix(media, "+json")
}

func isXML(media string) bool {
	return strings.HasSuffix(media, "/xml") || strings.HasSuffix(media, "+xml")
}

// parse finds out which of the wanted forms a body has and reads it. The type
// that the header names is a hint, for it may lie: the first letters decide. It
// reports false where the body has none of them or is broken, with a note.
func (m *matcher) parse(wanted [formText + 1]bool, media string, body []byte) (form, bool) {
	start := bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")), " \t\r\n")
	if len(start) == 0 {
		return formNone, !isJSON(media) && !isXML(media)
	}
	switch c := start[0]; {
	case c == '<':
		if isHTML(start) || media == "text/html" && !isXMLStart(start) {
			if wanted[formHTML] {
				return formHTML, true
			}
			m.note("unfit_body", "the body is an HTML page, which the dialect does not have here")
			return formNone, false
		}
		if !wanted[formXML] {
			break
		}
		if err := m.tree.XML(body, m.cut); err != nil {
			m.note("broken_body", "the body is not XML that can be read: %s", err)
			return formNone, false
		}
		return formXML, true
	case c == '{', c == '[', isJSON(media), strings.IndexByte(`"-0123456789tfn`, c) >= 0 && (media == "" || media == "text/plain"):
		if !wanted[formJSON] {
			break
		}
		err := m.tree.JSON(body, m.cut)
		if err == nil {
			if !utf8.Valid(body) {
				m.note("not_utf8", "the JSON is not UTF-8; what could not be read stands as U+FFFD")
			}
			return formJSON, true
		}
		certain := c == '{' || c == '['
		if certain || !wanted[formText] {
			if certain || isJSON(media) {
				m.note("broken_body", "the body is not JSON: %s", err)
				return formNone, false
			}
			return formNone, true
		}
		if isJSON(media) {
			m.note("broken_body", "the content type says JSON, and the body is none: %s", err)
		}
	}
	if wanted[formText] && start[0] != '<' && start[0] != '{' && start[0] != '[' {
		return formText, true
	}
	m.note("unfit_body", "the body has a form that the dialect does not have here")
	return formNone, false
}

func isHTML(start []byte) bool {
	head := strings.ToLower(string(start[:min(len(start), 14)]))
	return strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html") || strings.HasPrefix(head, "<head")
}

func isXMLStart(start []byte) bool { return bytes.HasPrefix(start, []byte("<?xml")) }

// meaning finds the row that says what an answer is: the vendor's code, then
// what the form says, then the HTTP status, then its class; the dialect http
// where the file has no row.
func (d *Dialect) meaning(o *parlance.Outcome, s *shape, req *Request) *row {
	if o.Code != "" {
		if r := d.codes.byCode(o.Code, req); r != nil && !(d.good(s) && !r.kind.Good()) {
			return r
		}
	}
	if s != nil && s.is != "" {
		if r := choose(d.codes.exact[s.is], req); r != nil {
			return r
		}
		if k, ok := parlance.ParseKind(s.is); ok && !(s.is == "failed" && o.Status >= 400) {
			return &row{kind: k, line: d.statusRow(o.Status, req).line}
		}
	}
	return d.statusRow(o.Status, req)
}

// statusRow is the row of an HTTP status; there always is one.
func (d *Dialect) statusRow(status int, req *Request) *row {
	if r := d.codes.byStatus(status, req); r != nil {
		return r
	}
	if d.base != nil {
		return d.base.statusRow(status, req)
	}
	return &row{kind: parlance.Internal, line: "http.yaml"}
}

// retryAfter reads the standard header in both of its forms (RFC 9110, 10.2.3)
// where the shape did not read a time of its own.
func (d *Dialect) retryAfter(o *parlance.Outcome, res *Response) {
	if o.RetryAfter > 0 {
		return
	}
	for _, v := range values(res.Header, "Retry-After") {
		v = strings.TrimSpace(v)
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			o.RetryAfter, _ = parlance.Seconds(f)
			return
		}
		if when, ok := httpDate(v); ok {
			now := res.Received
			if now.IsZero() {
				now = time.Now()
			}
			for _, date := range values(res.Header, "Date") {
				// The server's own clock, so that a skew between the two does not count.
				if served, ok := httpDate(date); ok {
					now = served
				}
			}
			o.RetryAfter = max(when.Sub(now), 0)
			return
		}
	}
}

// httpDate reads the three forms of RFC 9110, 5.6.7.
func httpDate(s string) (time.Time, bool) {
	for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// rollUp is the meaning of a bulk answer under a good status: what its records
// come to, or, where all went well, the status's own unless that tells of
// failures.
func rollUp(of *row, items []parlance.Item) (parlance.Kind, parlance.Reason) {
	kind, reason := parlance.RollUp(items)
	if kind == parlance.Success && of.kind != parlance.Partial && !of.kind.Failing() {
		return of.kind, of.reason
	}
	return kind, reason
}

// Alters reports whether the body of such an answer can alter its meaning, or
// holds the payload in an envelope, so that it must be read (up to the reader's
// limit) before the meaning is known. Where it is false a success can be
// streamed untouched.
func (d *Dialect) Alters(req Request, status int, header Header) bool {
	if status < 200 || status == 204 || status == 304 || req.Method == "HEAD" {
		return false
	}
	media := mediaType(header)
	if status < 400 {
		switch main, _, _ := strings.Cut(media, "/"); main {
		case "image", "audio", "video", "font", "model", "multipart":
			return false
		}
		switch media {
		case "text/event-stream", "application/octet-stream", "application/zip", "application/gzip", "application/pdf", "application/grpc",
			"application/x-ndjson", "application/jsonl", "text/csv", "text/css", "text/javascript", "application/javascript", "application/wasm":
			return false
		}
		for _, v := range values(header, "Content-Disposition") {
			if strings.HasPrefix(strings.ToLower(v), "attachment") {
				return false
			}
		}
	}
	for _, s := range d.shapes {
		if s.fits(&req, status) {
			return true
		}
	}
	return false
}

// filler turns what the holes took into an Outcome. All texts share one
// allocation that is the Outcome's own.
type filler struct {
	m   *matcher
	d   *Dialect
	req *Request
	own string
	at  []int // where the text of bind i begins in own
}

func (f *filler) text(i int) string { return f.own[f.at[i] : f.at[i]+len(f.m.binds[i].text)] }

func (f *filler) whole(o *parlance.Outcome) {
	if len(f.m.binds) == 0 {
		return
	}
	total := 0
	f.at = make([]int, len(f.m.binds))
	for i := range f.m.binds {
		f.at[i] = total
		total += len(f.m.binds[i].text)
	}
	var b strings.Builder
	b.Grow(total)
	for i := range f.m.binds {
		b.Write(f.m.binds[i].text)
	}
	f.own = b.String()
	for i := range f.m.binds {
		if f.m.binds[i].target.owner == whole {
			setWhole(o, f.m.binds[i].target.attr, f.text(i))
		}
	}
}

// setWhole sets an attribute that is not set yet: of several places the first
// filled one counts. The HTTP status is the transport's and never the body's.
func setWhole(o *parlance.Outcome, a attribute, text string) {
	first := func(s *string) {
		if *s == "" {
			*s = text
		}
	}
	switch a {
	case attrKind:
		if k, ok := parlance.ParseKind(text); ok && o.Kind == 0 {
			o.Kind = k
		}
	case attrReason:
		if o.Reason == "" {
			o.Reason = parlance.Reason(text)
		}
	case attrCode:
		first(&o.Code)
	case attrTitle:
		first(&o.Title)
	case attrDetail:
		first(&o.Detail)
	case attrType:
		first(&o.Type)
	case attrInstance:
		first(&o.Instance)
	case attrRequestID:
		first(&o.RequestID)
	case attrHelp:
		first(&o.Help)
	case attrNote:
		o.Notes = append(o.Notes, text)
	case attrRetryAfter:
		if o.RetryAfter == 0 {
			o.RetryAfter, _ = conversion{name: "seconds"}.duration([]byte(text))
		}
	}
}

// records calls make for every record of an owner, in the order of the
// document, with a look-up of its attributes: those of its own turn, then those
// of the turns around it. copied says that all it holds are copies of the
// whole's.
func (f *filler) records(o owner, add func(get func(attribute) string)) {
	binds, scopes := f.m.binds, f.m.scopes
	byScope := make([][]int32, len(scopes))
	relevant := false
	for i := range binds {
		if binds[i].target.owner == o {
			byScope[binds[i].scope] = append(byScope[binds[i].scope], int32(i))
			relevant = true
		}
	}
	if !relevant {
		return
	}
	// A turn makes a record if it holds something of its own and no turn inside
	// it made one.
	children := make([]bool, len(scopes))
	makes := make([]bool, len(scopes))
	for s := len(scopes) - 1; s >= 0; s-- {
		own, keyOnly, copies, located := len(byScope[s]) > 0, true, true, false
		for _, i := range byScope[s] {
			keyOnly = keyOnly && binds[i].key
			copies = copies && binds[i].copy
			located = located || binds[i].target.attr == attrPath || binds[i].target.attr == attrID
		}
		innermost := s > 0 && (o == field && scopes[s].field || o == item && scopes[s].item)
		switch {
		case children[s], !own, keyOnly && !innermost, copies && !located:
		default:
			makes[s] = true
		}
		if (makes[s] || children[s]) && s > 0 {
			children[scopes[s].parent] = true
		}
	}
	for s := range scopes {
		if !makes[s] {
			continue
		}
		add(func(a attribute) string {
			for at := int32(s); at >= 0; at = scopes[at].parent {
				for _, i := range byScope[at] {
					if binds[i].target.attr == a {
						return f.text(int(i))
					}
				}
			}
			return ""
		})
	}
}

func (f *filler) fields(o *parlance.Outcome) {
	f.records(field, func(get func(attribute) string) {
		o.Fields = append(o.Fields, parlance.Field{Path: get(attrPath), Code: get(attrCode), Message: get(attrMessage)})
	})
}

func (f *filler) items(o *parlance.Outcome, s *shape) {
	f.records(item, func(get func(attribute) string) {
		it := parlance.Item{Index: len(o.Items), ID: get(attrID)}
		if n, err := strconv.Atoi(get(attrIndex)); err == nil && n >= 0 {
			it.Index = n
		}
		oi := &it.Outcome
		for _, a := range []attribute{attrCode, attrTitle, attrDetail, attrType, attrInstance, attrRequestID, attrHelp, attrRetryAfter, attrKind, attrReason} {
			if v := get(a); v != "" {
				setWhole(oi, a, v)
			}
		}
		oi.Status, _ = strconv.Atoi(get(attrStatus))
		if oi.Kind == 0 {
			r := f.d.itemMeaning(oi, o, f.req)
			oi.Kind, oi.Reason = r.kind, r.reason
		}
		o.Items = append(o.Items, it)
	})
}

// itemMeaning is the row of a record: by its code, then its own status; a
// record that gives neither shares the meaning of the whole.
func (d *Dialect) itemMeaning(it, of *parlance.Outcome, req *Request) *row {
	if it.Code != "" {
		if r := d.codes.byCode(it.Code, req); r != nil {
			return r
		}
	}
	if it.Status != 0 {
		return d.statusRow(it.Status, req)
	}
	if of.Kind.Failing() {
		return &row{kind: of.Kind, reason: of.Reason}
	}
	if it.Code != "" {
		// A code that nobody listed, of a record in a good answer: no guess that it is good.
		return &row{kind: parlance.Noted}
	}
	return &row{kind: parlance.Success}
}
