package page

import (
	"bytes"
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// Explanation says in sentences what one response means. Its texts are in one language,
// have no hidden characters, and quote the response as it is. A text that does not apply
// is "". The JSON has the same texts.
type Explanation struct {
	Happened string         `json:"happened"`          // what became of the request
	Says     string         `json:"says,omitempty"`    // what the response itself says, quoted
	Inputs   []WrongInput   `json:"inputs,omitempty"`  // the wrong inputs, each path once
	Records  []FailedRecord `json:"records,omitempty"` // the records of a bulk request that failed
	Do       string         `json:"do"`                // what to do now
	When     string         `json:"when"`              // the time for it
	Retry    string         `json:"retry"`             // why a retry is safe or not
	Then     string         `json:"then,omitempty"`    // what to do if that does not help
	Tell     string         `json:"tell,omitempty"`    // whom to tell, with which ID

	RequestID string `json:"request_id,omitempty"`
	RetrySafe bool   `json:"retry_safe"`
	Foreign   bool   `json:"foreign,omitempty"` // the body has no form of the API, and Happened says so
	Line      string `json:"line,omitempty"`    // of the dialect file, as file:line

	failed string // how many records failed
	words  *words
}

// WrongInput says what is wrong with an input.
type WrongInput struct {
	Path string `json:"path"` // "" if the response names none
	Text string `json:"text"`
}

// FailedRecord says what became of a record that failed.
type FailedRecord struct {
	Index int    `json:"index"` // from 0
	ID    string `json:"id,omitempty"`
	Text  string `json:"text"`
}

// maxTold is how many inputs and how many records the paragraphs have. The lists have all.
const maxTold = 10

// Explain says what a response means. read is what d.Decode made of res. If the method of
// the request is "", a GET is assumed, and the text says what holds for a POST. The error is
// that of an unknown language. Explain is safe for concurrent use.
func Explain(o Options, d *dialect.Dialect, req dialect.Request, res dialect.Response, read *dialect.Decoded) (*Explanation, error) {
	w, err := open(o.Language)
	if err != nil {
		return nil, err
	}
	unknown := req.Method == ""
	req.Method = cmp.Or(req.Method, http.MethodGet)
	x := &explainer{adviser: w.adviserOf(d), d: d, req: req, unknown: unknown, read: read, o: &read.Outcome}
	x.p = d.Decide(req, x.o)
	e := &Explanation{
		Happened: x.happened(res), Says: x.says(x.o), Inputs: x.inputs(x.o), Do: x.todo(), When: x.time(),
		Retry: x.safety(), Then: x.then(&x.p), Tell: x.tell(),
		RequestID: line(x.o.RequestID), RetrySafe: x.p.RetrySafe, Line: x.p.Line, words: w,
	}
	e.Records, e.failed = x.records()
	e.Foreign = x.foreign(res) != ""
	return e, nil
}

// Paragraphs are the sentences in the order in which a person wants them. If there
// are more than ten inputs or records, the first ten are there, and how many are left.
func (e *Explanation) Paragraphs() []string {
	all := []string{sentences(e.Happened, e.Says)}
	var inputs, records []string
	for _, i := range e.Inputs {
		inputs = append(inputs, i.Text)
	}
	for _, r := range e.Records {
		records = append(records, r.Text)
	}
	if len(inputs) > 0 {
		all = append(all, sentences(e.first(inputs)...))
	}
	if e.failed != "" {
		all = append(all, e.failed)
	}
	all = append(all, e.first(records)...)
	for _, l := range []labeled{{"label.act", e.Do}, {"label.when", e.When}, {"label.retry", e.Retry}, {"label.then", e.Then}} {
		if l.Text != "" {
			all = append(all, e.words.say(l.Label)+": "+l.Text)
		}
	}
	if e.Tell != "" {
		all = append(all, e.Tell)
	}
	return all
}

// first are the first of many texts, and how many are left.
func (e *Explanation) first(all []string) []string {
	more := len(all) - maxTold
	if more <= 0 {
		return all
	}
	return append(all[:maxTold:maxTold], e.words.say("told.more", "n", strconv.Itoa(more)))
}

// sentences are those that are not empty, in one text.
func sentences(all ...string) string {
	var b strings.Builder
	for _, s := range all {
		if s == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s)
	}
	return b.String()
}

// explainer makes the sentences about one response.
type explainer struct {
	adviser
	d       *dialect.Dialect
	req     dialect.Request
	unknown bool // nobody named the method
	read    *dialect.Decoded
	o       *parlance.Outcome
	p       parlance.Decision
}

// happened says what became of the request: the status, what it means, the code, and what
// the file says of that.
func (x *explainer) happened(res dialect.Response) string {
	status := line(strings.TrimSpace(strconv.Itoa(res.Status) + " " + http.StatusText(res.Status)))
	first := x.say("told.status", "status", status)
	if api := line(x.d.Title()); api != "" && x.d.Name() != dialect.Generic().Name() {
		first = x.say("told.api", "api", api, "status", status)
	}
	code := ""
	if x.o.Code != "" && x.o.Code != strconv.Itoa(x.o.Status) {
		code = x.say("told.code", "code", line(x.o.Code))
	}
	return sentences(first, x.meaning(x.o), x.stream(), code, x.help(x.o.Help), x.foreign(res))
}

// meaning is what an outcome means: the words of its reason, else of its kind.
func (w *words) meaning(o *parlance.Outcome) string {
	if text := w.texts["told.reason."+string(o.Reason)]; text != "" && o.Reason != "" {
		return text
	}
	return w.say("kind." + o.Kind.String())
}

// help is the text of the file, or its link.
func (w *words) help(text string) string {
	text = line(text)
	switch {
	case text == "":
		return ""
	case isLink(text):
		return w.say("told.see", "url", text)
	}
	return ended(text)
}

func isLink(text string) bool {
	return !strings.ContainsRune(text, ' ') && (strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://"))
}

// ended is a text as a sentence.
func ended(text string) string {
	if strings.ContainsAny(text[len(text)-1:], ".!?:") {
		return text
	}
	return text + "."
}

// stream says how much of a stream came before it failed or was cut off.
func (x *explainer) stream() string {
	switch s := x.read.Stream; {
	case s == nil, x.o.Kind == parlance.KindPartial: // the content behind a failure counts too
		return ""
	case s.Failures > 0:
		return x.say("told.stream.failed", "n", strconv.Itoa(s.Content))
	case s.Cut:
		return x.say("told.stream.cut", "n", strconv.Itoa(s.Content))
	}
	return ""
}

// foreign says that a body is of no form of the API, so that something else may have sent it.
func (x *explainer) foreign(res dialect.Response) string {
	if s := x.read.Stream; !x.o.Kind.Failing() || x.read.Shape != "" || s != nil && s.Elements > 0 {
		return ""
	}
	switch body := bytes.ToLower(bytes.TrimSpace(res.Body[:min(len(res.Body), 1024)])); {
	case len(body) == 0:
		return x.say("told.nobody")
	case bytes.HasPrefix(body, []byte("<!doctype html")), bytes.HasPrefix(body, []byte("<html")):
		return x.say("told.page")
	case len(x.read.Diagnostics) > 0:
		return x.say("told.foreign")
	}
	return ""
}

// says quotes the texts of an outcome that are for people.
func (w *words) says(o *parlance.Outcome) string {
	text := cmp.Or(line(o.Detail), line(o.Title))
	var all []string
	if text != "" {
		all = append(all, w.say("told.says", "text", w.quote(text)))
	}
	for _, note := range o.Notes {
		all = append(all, w.say("told.note", "text", w.quote(line(note))))
	}
	return sentences(all...)
}

// maxQuoted is how many characters of a text are quoted: a page of prose is no sentence.
const maxQuoted = 400

// quote puts a text between the quotation marks of the language.
func (w *words) quote(text string) string {
	text = strings.TrimSuffix(text, ".") // that of the sentence around it is enough
	if r := []rune(text); len(r) > maxQuoted {
		text = string(r[:maxQuoted]) + "…"
	}
	return w.say("told.quote", "text", text)
}

// inputs are the wrong inputs of an outcome with all that is said of each.
func (w *words) inputs(o *parlance.Outcome) (all []WrongInput) {
	at := map[string]int{}
	var reasons [][]string
	for _, f := range o.Fields {
		path := line(f.Path)
		i, there := at[path]
		if !there {
			i = len(all)
			at[path] = i
			all, reasons = append(all, WrongInput{Path: path}), append(reasons, nil)
		}
		switch reason := line(f.Message); {
		case reason != "":
			reasons[i] = append(reasons[i], w.quote(reason))
		case f.Code != "":
			reasons[i] = append(reasons[i], w.quote(line(f.Code)))
		}
	}
	for i := range all {
		key := "told.input"
		if all[i].Path == "" {
			key = "told.input.unnamed"
		}
		text := strings.TrimSuffix(w.say(key, "path", all[i].Path), ".")
		if why := w.join("join.and", reasons[i]); why != "" {
			text += ": " + why
		}
		all[i].Text = text + "."
	}
	return all
}

// records are the records that failed, and how many these are.
func (x *explainer) records() (all []FailedRecord, count string) {
	for i := range x.o.Items {
		it := &x.o.Items[i]
		if !it.Outcome.Kind.Failing() && it.Outcome.Kind != parlance.KindPartial {
			continue
		}
		key, n, id := "told.record", strconv.Itoa(it.Index+1), line(it.ID)
		if id != "" {
			key = "told.record.id"
		}
		texts := []string{x.say(key, "n", n, "id", id), x.meaning(&it.Outcome), x.help(it.Outcome.Help), x.says(&it.Outcome)}
		for _, input := range x.inputs(&it.Outcome) {
			texts = append(texts, input.Text)
		}
		all = append(all, FailedRecord{Index: it.Index, ID: id, Text: sentences(texts...)})
	}
	switch n := strconv.Itoa(len(all)); {
	case len(all) == 0:
		return nil, ""
	case len(all) == len(x.o.Items) && x.o.Kind == parlance.KindPartial:
		return all, x.say("told.failed", "n", n) // the response lists only these
	default:
		return all, x.say("told.failed.of", "n", n, "total", strconv.Itoa(len(x.o.Items)))
	}
}

// todo is what to do about this very response: one that may have been done is not simply
// sent again.
func (x *explainer) todo() string {
	if p := &x.p; p.Act == parlance.ActRetry && p.Scope == parlance.ScopeRequest && !p.RetrySafe {
		return x.say("told.find")
	}
	return x.act(&x.p)
}

// time is when to act on this very response.
func (x *explainer) time() string {
	p := &x.p
	switch {
	case p.Act != parlance.ActRetry && p.Act != parlance.ActPoll:
	case x.o.RetryAfter > 0 && p.After == x.o.RetryAfter:
		return sentences(x.wait(p), x.say("told.asked"))
	case x.o.RetryAfter == parlance.RetryNow:
		return sentences(x.say("time.now"), x.say("told.asked"))
	case p.Act == parlance.ActRetry:
		return cmp.Or(x.wait(p), x.say("time.open"))
	default:
		return cmp.Or(x.wait(p), x.polling(), x.say("time.poll"))
	}
	switch p.Act {
	case parlance.ActDone:
		return x.say("time.done")
	case parlance.ActCorrect:
		return x.say("time.corrected")
	}
	return cmp.Or(x.wait(p), x.say("time.now"))
}

// safety says why a retry of this very request is safe or not.
func (x *explainer) safety() string {
	p := &x.p
	if x.o.Kind == parlance.KindPartial && p.Act == parlance.ActInspect {
		return x.say("retry.items")
	}
	if p.Act != parlance.ActRetry && p.Act != parlance.ActRefresh || p.Scope == parlance.ScopeItems && p.Act != parlance.ActRetry {
		return x.retry(p)
	}
	post := x.req
	post.Method = http.MethodPost
	post.Header = nil
	post.Key = ""
	proven := x.d.Decide(post, x.o).RetrySafe && !x.d.Idempotent(post)
	switch method := line(x.req.Method); {
	case p.Scope == parlance.ScopeItems:
		return x.say("told.retry.items")
	case proven:
		return x.say("retry.safe")
	case x.unknown:
		return x.retry(&parlance.Decision{Act: p.Act})
	case x.d.Idempotent(x.req) && idempotent(x.req.Method):
		return x.say("told.retry.idempotent", "method", method)
	case x.d.Idempotent(x.req):
		return x.say("told.retry.operation")
	case p.RetrySafe:
		return x.say("told.retry.key", "key", x.key)
	default:
		return x.unsafe(method)
	}
}

// unsafe says that a retry is not safe, and which key would make it so.
func (x *explainer) unsafe(method string) string {
	if x.key == "" {
		return x.say("told.retry.unsafe", "method", method)
	}
	return sentences(x.say("told.retry.unsafe", "method", method), x.say("retry.key", "key", x.key))
}

// idempotent reports a method that is so by itself (RFC 9110, 9.2.2).
func idempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// tell says whom to tell of a failure, and with which ID.
func (x *explainer) tell() string {
	if !x.o.Kind.Failing() && x.o.Kind != parlance.KindPartial {
		return ""
	}
	text := ""
	if x.p.Act != parlance.ActEscalate && x.p.Then != parlance.ActEscalate {
		key, contact := "told.tell", strings.TrimSuffix(x.contact(), ".")
		if strings.Contains(strings.ToLower(contact), strings.ToLower(x.id())) {
			key = "told.tell.named" // the contact says so itself
		}
		text = x.say(key, "contact", contact, "id", x.id())
	}
	if id := line(x.o.RequestID); id != "" {
		return sentences(text, x.say("told.id", "id", x.id(), "value", id))
	}
	return sentences(text, x.say("told.id.none", "id", x.id()))
}
