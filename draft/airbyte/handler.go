package airbyte

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/draft"
)

// handler takes a DefaultErrorHandler: its filters, and the wait that they share.
func (m *manifest) handler(n *yaml.Node, p parameters) {
	wait := m.wait(n, p)
	filters, p := m.resolved(member(n, "response_filters"), p)
	if filters != nil && filters.Kind == yaml.SequenceNode {
		for _, f := range filters.Content {
			if f, within := m.resolved(f, p); f != nil {
				m.filter(f, within, wait)
			}
		}
	}
	used := func(r draft.Row) bool { return strings.Contains(r.More, wait) }
	switch {
	case wait == "" || wait == m.other:
	case m.other == "":
		m.other = wait
	case !slices.ContainsFunc(m.out.Rows, used) && !slices.ContainsFunc(m.out.Marks, func(k draft.Mark) bool { return used(k.Row) }):
		m.keep(n, "the wait of another handler: "+wait)
	}
}

// others takes the wait of a handler for the statuses that Airbyte retries without a filter.
func (m *manifest) others() {
	row := draft.Row{More: "retry: " + m.other, Comment: "the wait of the connector"}
	switch {
	case m.other == "" && !m.asked:
		return
	case m.other == "":
		row = draft.Row{Comment: "the connector waits as Retry-After says"} // which every dialect reads
	}
	for _, row.Key = range []string{"429", "5xx"} {
		if !slices.ContainsFunc(m.out.Rows, func(r draft.Row) bool { return r.Key == row.Key }) {
			m.out.Rows = append(m.out.Rows, row)
		}
	}
}

// actions are what a filter does, as members of a row.
var actions = map[string]struct{ kind, more, comment string }{
	"RETRY":                    {"", "", "the connector retries it"},
	"RATE_LIMITED":             {"rate_limited", "", "the connector takes it for a rate limit"},
	"FAIL":                     {"", "retry: never", "the connector gives up"},
	"IGNORE":                   {"", "", "the connector passes over it"}, // which says nothing of the API
	"SUCCESS":                  {"", "do: done", "the connector takes it for a success"},
	"REFRESH_TOKEN_THEN_RETRY": {"", "retry: refresh", "the connector gets a new token"},
}

// filter takes an HttpResponseFilter. Any of its conditions is enough.
func (m *manifest) filter(n *yaml.Node, p parameters, wait string) {
	action := strings.ToUpper(text(member(n, "action")))
	does, known := actions[action]
	if !known {
		if action == "" {
			action = "none"
		}
		m.keep(n, "a response filter with the action "+action)
		return
	}
	more := []string{}
	switch {
	case does.more != "":
		more = append(more, does.more)
	case action == "IGNORE":
	case wait != "":
		more = append(more, "retry: "+wait)
	case action == "RETRY":
		more = append(more, "retry: {backoff: 5s..160s}") // the default of Airbyte: 5 s, doubled 5 times
	}
	row := draft.Row{Kind: does.kind, More: strings.Join(more, ", "), Help: m.message(n, p), Comment: does.comment}
	only := m.statuses(n, p, row)
	status := 400
	switch {
	case row.Kind == "rate_limited":
		status = 429
	case action == "RETRY":
		row.Kind, status = "unavailable", 503
	default:
		row.Kind = "failed"
	}
	if only >= 400 {
		status = only
	}
	m.marks(n, p, row, status)
}

// message is the text for people, "" for none and for a template.
func (m *manifest) message(n *yaml.Node, p parameters) string {
	of := member(n, "error_message")
	if text(of) == "" {
		return ""
	}
	said, ok := p.evaluated(of)
	if !ok {
		m.keep(of, "the text "+of.Value)
		return ""
	}
	return line(said)
}

// statuses takes the http_codes of a filter. If there is only one, it returns that.
func (m *manifest) statuses(n *yaml.Node, p parameters, row draft.Row) (only int) {
	codes, p := m.resolved(member(n, "http_codes"), p)
	if codes == nil {
		return 0
	}
	all := codes.Content
	if codes.Kind == yaml.ScalarNode {
		all = []*yaml.Node{codes}
	}
	for _, c := range all {
		said, ok := p.evaluated(c)
		if status, err := strconv.Atoi(said); ok && err == nil && status >= 200 && status <= 599 {
			row.Key = said
			m.row(c, row)
			if len(all) == 1 {
				only = status
			}
			continue
		}
		m.keep(c, "the status "+c.Value)
	}
	return only
}

// marks takes the texts and the members that tell a failure.
func (m *manifest) marks(n *yaml.Node, p parameters, row draft.Row, status int) {
	if of := member(n, "error_message_contains"); text(of) != "" {
		said, ok := p.evaluated(of)
		if said = strings.TrimSpace(said); ok && said != "" && !strings.ContainsAny(said, "{}\n\"'") {
			m.mark(of, draft.Mark{Name: clip(said), Text: said, Status: status, Row: row})
		} else {
			m.keep(of, "error_message_contains: "+of.Value)
		}
	}
	if of := member(n, "predicate"); text(of) != "" {
		m.predicate(of, "predicate: "+of.Value+" (action "+text(member(n, "action"))+")", row, status)
	}
}

// predicate takes the statuses or the values of a member that tell a failure.
func (m *manifest) predicate(of *yaml.Node, what string, row draft.Row, status int) {
	c, ok := conditionOf(of.Value)
	if !ok {
		m.keep(of, what)
		return
	}
	if c.path == nil {
		row.Kind = ""
		for _, row.Key = range c.statuses {
			m.row(of, row)
		}
		return
	}
	if n, err := strconv.Atoi(strings.Join(c.statuses, "")); err == nil && n >= 400 && n <= 599 {
		status = n
	}
	for _, value := range c.values {
		name := strings.Join(append(slices.Clone(c.path), "is "+strings.Trim(value, `"`)), " ")
		m.mark(of, draft.Mark{Name: name, Path: c.path, Value: value, Status: status, Row: row})
	}
}

// row takes a row, unless another handler has one of that key. Another text for people is
// no other row: it often names the stream.
func (m *manifest) row(at *yaml.Node, row draft.Row) {
	for _, r := range m.out.Rows {
		if r.Key == row.Key {
			if r.Help = row.Help; r != row {
				m.keep(at, fmt.Sprintf("status %s in another handler: %s", row.Key, cmp.Or(row.More, row.Comment)))
			}
			return
		}
	}
	m.out.Rows = append(m.out.Rows, row)
}

func (m *manifest) mark(at *yaml.Node, mark draft.Mark) {
	for _, o := range m.out.Marks {
		if o.Name == mark.Name {
			if o.Row != mark.Row {
				m.keep(at, mark.Name+" in another handler: "+cmp.Or(mark.Row.More, mark.Row.Comment))
			}
			return
		}
	}
	m.out.Marks = append(m.out.Marks, mark)
}

// keep says that a thing is not taken over, and keeps it as a comment.
func (m *manifest) keep(at *yaml.Node, what string) {
	what = line(what)
	if !m.seen["kept "+what] {
		m.seen["kept "+what] = true
		m.remarks = append(m.remarks, fmt.Sprintf("todo: %s:%d: %s", m.base, at.Line, what))
	}
	m.tell(at, "not taken over, and kept as a comment: %s", clip(what))
}

// defaultRetries is how often Airbyte retries if a handler does not say.
const defaultRetries = 5

// wait is the retry of a row by the first strategy that can be taken over, "" for none.
func (m *manifest) wait(n *yaml.Node, p parameters) string {
	strategies, p := m.resolved(member(n, "backoff_strategies"), p)
	if strategies == nil || strategies.Kind != yaml.SequenceNode {
		return ""
	}
	retries := defaultRetries
	if said, ok := p.evaluated(member(n, "max_retries")); ok {
		if count, err := strconv.Atoi(said); err == nil && count > 0 && count <= 20 {
			retries = count
		}
	}
	headers, times, least := []string{}, "", "1s"
	for _, s := range strategies.Content {
		s, p := m.resolved(s, p)
		switch kind := text(member(s, "type")); kind {
		case "ConstantBackoffStrategy":
			if d := m.duration(member(s, "backoff_time_in_seconds"), p); d != "" && times == "" {
				times = "{after: " + d + "}"
			}
		case "ExponentialBackoffStrategy":
			factor := 5.0
			if of := member(s, "factor"); of != nil {
				if factor = m.number(of, p); factor == 0 {
					continue
				}
			}
			if times == "" {
				times = "{backoff: " + seconds(factor) + ".." + seconds(factor*math.Pow(2, float64(retries))) + "}"
			}
		case "WaitTimeFromHeader", "WaitUntilTimeFromHeader":
			if h := m.header(s, p, kind == "WaitUntilTimeFromHeader"); h != "" {
				headers = append(headers, h)
			}
			if of := member(s, "min_wait"); of != nil {
				least = cmp.Or(m.duration(of, p), least)
			}
		default:
			if s != nil {
				m.keep(s, "the backoff strategy "+kind+" "+text(member(s, "class_name")))
			}
		}
	}
	if len(headers) == 0 {
		return times
	}
	if after, ok := strings.CutPrefix(times, "{after: "); ok {
		return "{after: [$reset, " + after[:len(after)-1] + "]}"
	}
	for _, h := range headers {
		if h != "Retry-After" {
			return "{after: [$reset, " + least + "]}"
		}
	}
	return times // every dialect reads Retry-After
}

// header takes the field of a strategy as a wait, and gives its name.
func (m *manifest) header(s *yaml.Node, p parameters, until bool) string {
	name, ok := p.evaluated(member(s, "header"))
	if !ok || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		m.keep(s, "the wait of the field "+text(member(s, "header")))
		return ""
	}
	if pattern := text(member(s, "regex")); pattern != "" {
		m.keep(s, "the regex of "+name+": "+pattern)
	}
	if strings.EqualFold(name, "Retry-After") {
		m.asked = true
		return "Retry-After"
	}
	notation := "seconds"
	if until {
		notation = "epoch"
	}
	for _, w := range m.out.Waits {
		if strings.EqualFold(w.Header, name) {
			return name
		}
	}
	m.out.Waits = append(m.out.Waits, draft.Wait{Header: name, Notation: notation})
	return name
}

// number is a number of seconds, 0 for a template.
func (m *manifest) number(n *yaml.Node, p parameters) float64 {
	said, ok := p.evaluated(n)
	f, err := strconv.ParseFloat(said, 64)
	if !ok || err != nil || !(f > 0) || f > 1e7 {
		if n != nil {
			m.keep(n, "the time "+n.Value)
		}
		return 0
	}
	return f
}

func (m *manifest) duration(n *yaml.Node, p parameters) string {
	if f := m.number(n, p); f > 0 {
		return seconds(f)
	}
	return ""
}

// seconds is a time as a dialect writes it.
func seconds(f float64) string {
	if ms := math.Round(f * 1000); math.Mod(ms, 1000) != 0 {
		return strconv.FormatFloat(max(ms, 1), 'f', 0, 64) + "ms"
	}
	return strconv.FormatFloat(math.Round(f), 'f', 0, 64) + "s"
}
