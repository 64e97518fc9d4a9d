package page

import (
	"cmp"
	"encoding/json"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/shell"
)

// fact is what holds for every request to an API.
type fact struct {
	ID, Title string
	Texts     []string
	List      bool       // the texts are a list
	Head      []string   // of a table
	Table     [][]string //
	Code      string
}

// Pieces is a text, cut at its links.
func (f fact) Pieces(text string) []piece { return pieces(text) }

// facts are all that holds for the whole API.
func (c *composer) facts() []fact {
	all := []fact{c.requestID(), c.idempotency(), c.limits(), c.auth(), c.polled(), c.success()}
	all = append(all, c.streams()...)
	all = append(all, c.forms(), c.supported(), c.sources(), c.mock())
	return slices.DeleteFunc(all, func(f fact) bool { return len(f.Texts) == 0 && len(f.Table) == 0 && f.Code == "" })
}

func (c *composer) fact(name string, texts ...string) fact {
	f := fact{ID: own + name, Title: c.say("fact." + name)}
	for _, t := range texts {
		if t != "" {
			f.Texts = append(f.Texts, t)
		}
	}
	return f
}

// requestID says where the ID of a request stands. It is looked for in written responses.
func (c *composer) requestID() fact {
	f := c.fact("id")
	f.Title = cmp.Or(line(c.support.ID), f.Title)
	for _, kind := range []parlance.Kind{parlance.KindNotFound, parlance.KindInternal, parlance.KindSuccess} {
		o := parlance.Outcome{Kind: kind, RequestID: exampleID}
		enc := c.d.Encode(nil, dialect.Request{Method: "GET", Path: "/example", Now: exampleTime}, &o, dialect.Payload{})
		for _, h := range enc.Header {
			if strings.Contains(h.Value, exampleID) {
				f.Texts = []string{c.say("fact.id.header", "place", h.Name)}
				return f
			}
		}
		var body any
		if json.Unmarshal(enc.Body, &body) == nil {
			if at := find(body, ""); at != "" {
				f.Texts = []string{c.say("fact.id.body", "place", line(at))}
				return f
			}
		}
	}
	f.Texts = []string{c.say("fact.id.none")}
	return f
}

// find is the path of the member that holds exampleID, "" for none.
func find(v any, path string) string {
	switch v := v.(type) {
	case string:
		if v == exampleID {
			return path
		}
	case []any:
		for i, e := range v {
			if at := find(e, path+"["+strconv.Itoa(i)+"]"); at != "" {
				return at
			}
		}
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			if at := find(v[name], strings.TrimPrefix(path+"."+name, ".")); at != "" {
				return at
			}
		}
	}
	return ""
}

func (c *composer) idempotency() fact {
	if c.key == "" {
		return c.fact("key", c.say("fact.key.none"))
	}
	return c.fact("key", c.say("fact.key.text", "key", c.key))
}

func (c *composer) limits() fact {
	f := c.fact("limits")
	for _, l := range authoring.Limits(c.d) {
		reset := l.Reset
		if l.Notation != "" {
			reset += " (" + c.say("fact.reset."+l.Notation) + ")"
		}
		f.Table = append(f.Table, []string{line(l.Name), l.Limit, l.Remaining, reset})
	}
	if len(f.Table) == 0 {
		f.Texts = []string{c.say("fact.limits.none")}
		return f
	}
	for _, key := range []string{"name", "limit", "remaining", "reset"} {
		f.Head = append(f.Head, c.say("fact.limits."+key))
	}
	return f
}

func (c *composer) auth() fact {
	a := c.d.Auth()
	if a.Token == "" && a.Login == "" && a.Header == "" {
		return c.fact("auth", c.say("fact.auth.none"))
	}
	var texts []string
	if a.Token != "" {
		texts = append(texts, c.say("fact.auth.token", "endpoint", line(a.Token)))
		if len(a.Grants) > 0 {
			texts = append(texts, c.say("fact.auth.grants", "list", strings.Join(a.Grants, ", ")))
		}
	}
	if a.Login != "" {
		texts = append(texts, c.say("fact.auth.login", "endpoint", line(a.Login)))
	}
	if a.Expires > 0 {
		texts = append(texts, c.say("fact.auth.expires", "time", c.period(a.Expires)))
	}
	header, scheme := cmp.Or(a.Header, "Authorization"), a.Scheme
	if header == "Authorization" {
		scheme = cmp.Or(scheme, "Bearer")
	}
	return c.fact("auth", append(texts, c.say("fact.auth.sent", "field", line(header+": "+strings.TrimSpace(scheme+" TOKEN"))))...)
}

// polled says how to follow an accepted request. It says nothing if the API has none.
func (c *composer) polled() fact {
	accepts := slices.ContainsFunc(authoring.Codes(c.d), func(e authoring.Entry) bool { return e.Kind == parlance.KindAccepted })
	if !accepts {
		return fact{}
	}
	p := c.d.Polling()
	texts := []string{c.say("fact.poll.text", "list", c.join("join.or", p.Headers))}
	if p.Every > 0 {
		texts = append(texts, c.say("fact.poll.every", "time", c.period(p.Every)))
	}
	if p.Result != "" {
		texts = append(texts, c.say("fact.poll.result", "field", p.Result))
	}
	return c.fact("poll", texts...)
}

// success is a success as the API writes it.
func (c *composer) success() fact {
	f := c.fact("success")
	o := parlance.Outcome{Kind: parlance.KindSuccess, Status: 200}
	data := dialect.Payload{ContentType: "application/json", Body: []byte(`{"id":7}`)}
	req := dialect.Request{Method: "GET", Path: "/example", Now: exampleTime}
	enc := c.d.Encode(nil, req, &o, data)
	var e example
	e.fill(enc.Status, enc.Header, enc.Body)
	f.Code = e.Response
	return f
}

// forms are the forms of a response.
func (c *composer) forms() fact {
	f := c.fact("forms", c.say("fact.forms.note"))
	for _, s := range authoring.Forms(c.d) {
		media := cmp.Or(line(s.Media), c.say("fact.form.headers"))
		if s.Media == "" && len(s.Headers) > 0 {
			media += ": " + strings.Join(s.Headers, ", ")
		}
		under := cmp.Or(s.Status, c.say("fact.form.any"))
		if r := line(strings.Join(s.Methods, ", ") + " " + strings.Join(s.Paths, ", ")); r != "" {
			under += " (" + r + ")"
		}
		if s.ReadOnly {
			under += "; " + c.say("fact.form.read")
		}
		f.Table = append(f.Table, []string{line(s.Name), media, under, c.shows[s.Name]})
	}
	if len(f.Table) == 0 {
		return fact{}
	}
	f.Head = []string{c.say("fact.form.name"), c.say("fact.form.media"), c.say("fact.form.status"), c.say("fact.form.example")}
	return f
}

func (c *composer) supported() fact {
	if c.support.Contact == "" {
		return c.fact("support", c.say("fact.support.none"))
	}
	return c.fact("support", c.say("fact.support.text", "contact", strings.TrimSuffix(c.contact(), "."), "id", c.id()))
}

func (c *composer) sources() fact {
	f := c.fact("sources")
	f.List = true
	for _, s := range c.d.Sources() {
		f.Texts = append(f.Texts, line(s))
	}
	return f
}

func (c *composer) mock() fact {
	f := c.fact("mock", c.say("fact.mock.text"))
	f.Code = "parlance mock " + shell.Quote(cmp.Or(c.o.file(c.d), line(c.d.Name())))
	return f
}
