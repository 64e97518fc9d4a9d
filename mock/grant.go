package mock

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// grant is the response that was wished, or says what there is. It sets the header fields
// that are about the request.
func (m *Mock) grant(h http.Header, r *http.Request, c *choice) *response {
	res := m.newResponse(r)
	err := c.err
	if err == nil && c.wish.Sample != "" && c.wish.Code == "" {
		var sample *authoring.Case
		if sample, err = m.sample(c.wish.Sample); err == nil && sample.ReadsOnly {
			c.applied(h)
			return m.verbatim(res, sample)
		}
	}
	if err == nil {
		res.outcome, err = m.meaning(res.request, &c.wish)
	}
	if err != nil {
		res.refuse(err)
		return res
	}
	c.applied(h)
	m.complete(h, r, res)
	m.finish(h, r, res, &c.wish)
	return res
}

// finish gives a success its payload, and begins the work of one that is accepted.
func (m *Mock) finish(h http.Header, r *http.Request, res *response, w *Wish) {
	if res.outcome.Kind == parlance.KindAccepted {
		m.begin(h, r, res, w)
		return
	}
	m.addPayload(res, w)
}

// begin begins the work that a 202 announces.
func (m *Mock) begin(h http.Header, r *http.Request, res *response, w *Wish) {
	work := m.state().work
	reply, err := work.put(r)
	if err != nil {
		res.phrase, res.outcome = "", parlance.OutcomeOf(err)
		return
	}
	h.Set("Location", reply.Location)
	work.place(h, &reply)
	if w.RetryAfter == 0 {
		res.outcome.RetryAfter = reply.Outcome.RetryAfter
	}
	if data, err := reply.Payload(); err == nil {
		res.data = data
	}
}

// visible is a text as a header field can carry it (RFC 9110, 5.5).
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
}

// applied says which preference was granted to a request that had one (RFC 7240, 3).
func (c *choice) applied(h http.Header) {
	if c.unasked {
		return
	}
	if c.text == "" {
		c.text = c.wish.String()
	}
	h["Preference-Applied"] = []string{visible(c.text)}
}

// refusal is the response to a wish that cannot be understood.
func refusal(err error) parlance.Outcome {
	text := err.Error()
	return parlance.Outcome{Kind: parlance.KindInvalid, Status: http.StatusBadRequest, Detail: strings.ToUpper(text[:1]) + text[1:]}
}

// refuse makes a refusal of a response.
func (res *response) refuse(err error) { res.phrase, res.outcome, res.refused = "", refusal(err), true }

// complete adds the header fields that a status must have (RFC 9110, 15) and no dialect
// writes: they are about the request and not the outcome.
func (m *Mock) complete(h http.Header, r *http.Request, res *response) {
	status, phrase := m.dialect.StatusFor(res.request, &res.outcome, dialect.Payload{})
	res.phrase = phrase
	switch {
	case status == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", challenge(m.dialect.Auth()))
	case status == http.StatusMethodNotAllowed:
		h.Set("Allow", "OPTIONS")
	case status == http.StatusCreated:
		h.Set("Location", strings.TrimSuffix(r.URL.EscapedPath(), "/")+"/1")
	case res.outcome.Kind == parlance.KindRedirected:
		h.Set("Location", "/example")
	}
}

// challenge says how to log in (RFC 9110, 11.6.1).
func challenge(a dialect.Auth) string {
	if a.Header != "" && a.Header != "Authorization" {
		return `ApiKey header="` + a.Header + `"`
	}
	return cmp.Or(a.Scheme, "Bearer")
}

// meaning is the Outcome of a wish for a request. The error lists what there is.
func (m *Mock) meaning(req dialect.Request, w *Wish) (o parlance.Outcome, err error) {
	switch {
	case w.Code != "":
		if o, err = m.ofCode(req, w); err != nil {
			return o, err
		}
	case w.Sample != "":
		sample, err := m.sample(w.Sample)
		if err != nil {
			return o, err
		}
		o = m.sampled(sample)
	default:
		o = m.ofKind(req, w)
	}
	if w.Items > 0 || w.Failed > 0 {
		failed := min(w.Failed, max(w.Items, w.Failed))
		o.Items = authoring.ExampleItems(max(w.Items-failed, 0), failed)
		if w.Code == "" && w.Kind == 0 {
			o.Kind, o.Reason = parlance.RollUp(o.Items)
			o.Status = 0
		}
	}
	if len(w.Fields) > 0 {
		o.Fields = nil
		for _, path := range w.Fields {
			o.Fields = append(o.Fields, parlance.Field{Path: path, Message: path + " is not valid"})
		}
	}
	o.Detail = cmp.Or(w.Detail, o.Detail)
	o.RetryAfter = cmp.Or(w.RetryAfter, o.RetryAfter)
	if w.Note != "" {
		o.Notes = []string{w.Note}
	}
	return o, nil
}

// ofCode is the Outcome of a code. With a kind, it must be one of the code's.
func (m *Mock) ofCode(req dialect.Request, w *Wish) (parlance.Outcome, error) {
	o, ok := m.outcomes.For(req, w.Code)
	if !ok {
		return o, unknown("code", "codes", w.Code, m.codes())
	}
	if w.Kind == 0 || o.Kind == w.Kind && (w.Reason == "" || o.Reason == w.Reason) {
		return o, nil
	}
	for _, e := range m.examples() {
		if e.Kind == w.Kind && (w.Reason == "" || e.Reason == w.Reason) && slices.Contains(keys(e.Key), w.Code) {
			return e.Outcome, nil
		}
	}
	o.Kind, o.Reason = w.Kind, w.Reason
	return o, nil
}

// codes are the codes of the table that can be given.
func (m *Mock) codes() []string {
	var all []string
	for _, e := range m.examples() {
		for _, key := range keys(e.Key) {
			if !slices.Contains(all, key) {
				all = append(all, key)
			}
		}
	}
	return all
}

// keys are the codes of a row.
func keys(key string) []string {
	all := strings.Split(key, ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// ofKind is the Outcome of a kind: by the first row that has it, else the bare kind. A wish
// without a kind has that of its other words.
func (m *Mock) ofKind(req dialect.Request, w *Wish) parlance.Outcome {
	kind, reason := w.Kind, w.Reason
	switch {
	case kind != 0:
	case len(w.Fields) > 0:
		kind, reason = parlance.KindInvalid, m.reasonOfFields()
	case w.Note != "":
		kind = parlance.KindNoted
	case w.RetryAfter != 0:
		kind = parlance.KindUnavailable
	case w.Detail != "":
		kind = parlance.KindInvalid
	default:
		kind = parlance.KindSuccess
	}
	for _, e := range m.examples() {
		if e.Outcome.Kind != kind || reason != "" && e.Outcome.Reason != reason || reason == "" && e.Outcome.Reason != "" {
			continue
		}
		if back := roundTrip(m.dialect, req, &e.Outcome); back.Kind == kind && back.Reason == e.Outcome.Reason {
			return e.Outcome
		}
	}
	return bare(kind, reason)
}

// bare is the Outcome of a kind that no row has.
func bare(kind parlance.Kind, reason parlance.Reason) parlance.Outcome {
	o := parlance.Outcome{Kind: kind, Reason: reason}
	switch {
	case kind == parlance.KindPartial:
		o.Items = authoring.ExampleItems(1, 1)
	case kind == parlance.KindNoted:
		o.Notes = []string{"This is an example of a note"}
	case kind.Failing():
		o.Detail = "This is an example of " + kind.String()
	}
	return o
}

// reasonOfFields is the reason fields if the dialect has it.
func (m *Mock) reasonOfFields() parlance.Reason {
	for _, e := range m.examples() {
		if e.Kind == parlance.KindInvalid && e.Reason == parlance.ReasonFields {
			return parlance.ReasonFields
		}
	}
	return ""
}

// roundTrip is an Outcome as it is written and as that is read.
func roundTrip(d *dialect.Dialect, req dialect.Request, o *parlance.Outcome) parlance.Outcome {
	m := d.Encode(nil, req, o, dialect.Payload{})
	h := dialect.HeaderMap{}
	h.Set(m.Header)
	return d.Decode(req, dialect.Response{Status: m.Status, Header: h, Body: m.Body}).Outcome
}

// sample is a sample of the file, by its number from 1, its name or its code.
func (m *Mock) sample(name string) (*authoring.Case, error) {
	samples := m.samples()
	if n, err := strconv.Atoi(name); err == nil && n >= 1 && n <= len(samples) {
		return &samples[n-1], nil
	}
	names := make([]string, 0, len(samples))
	for i := range samples {
		code := m.sampled(&samples[i]).Code
		if samples[i].Name == name || code != "" && code == name {
			return &samples[i], nil
		}
		names = append(names, cmp.Or(code, strconv.Itoa(i+1)))
	}
	return nil, unknown("sample", "samples", name, names)
}

// sampled is what a sample is read as.
func (m *Mock) sampled(c *authoring.Case) parlance.Outcome {
	o := m.dialect.Decode(c.Request, c.Response).Outcome
	o.RequestID, o.Instance = "", "" // they are of this request
	return o
}
