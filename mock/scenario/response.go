package scenario

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/httpheader"
	"github.com/parlance-api/parlance/internal/keyfile"
	"github.com/parlance-api/parlance/internal/nearest"
	yaml "go.yaml.in/yaml/v4"
)

// response is what one request is given. The zero value is what the mock gives normally.
type response struct {
	prefer  string
	latency span
	fault   Fault

	name string // under responses, "" for one that stands in a line
	at   keyfile.Position
	used bool
}

// keywords have a meaning in a line, so no response can have such a name.
var keywords = []string{"then", "repeat", "every", "or", "times", "until", "normal"}

// responses reads the section of that name.
func (c *compiler) responses(n *yaml.Node) {
	c.Pairs(n, "responses", func(k, v *yaml.Node) {
		if len(c.named) == maxLines {
			c.Fault(keyfile.At(k), "too_large", "remove some", "there are more than %d responses", maxLines)
		}
		if len(c.named) >= maxLines || c.named[k.Value] != nil {
			return
		}
		r := c.response(v)
		r.name, r.at = k.Value, keyfile.At(k)
		c.checkName(k)
		c.named[k.Value] = r
		c.order = append(c.order, r)
	})
}

// checkName refuses the name of a response that cannot stand in a line, or means something
// else there.
func (c *compiler) checkName(k *yaml.Node) {
	name := k.Value
	if !isWord(name) {
		c.Fault(keyfile.At(k), "bad_name", "use lower-case letters, digits, - and _, and begin with a letter", "%q is not a valid name for a response", name)
		return
	}
	what := ""
	switch {
	case slices.Contains(keywords, name):
		what = "a word of the language"
	case isFault(name):
		what = "a fault"
	case isKind(name):
		what = "a kind"
	case c.lists(name):
		what = "a code of the dialect"
	default:
		return
	}
	c.Fault(keyfile.At(k), "taken_name", "call it my_"+name, "%q is already %s", name, what)
}

// isWord reports a name of lower-case letters, digits, hyphens and underscores.
func isWord(s string) bool {
	for i, b := range []byte(s) {
		letter := 'a' <= b && b <= 'z'
		if !letter && (i == 0 || b != '-' && b != '_' && (b < '0' || b > '9')) {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// The bounds of a stream are those of a wish.
const (
	maxElement = 10_000
	maxCut     = 16 << 20
)

func isFault(s string) bool { _, ok := ParseFault(s); return ok }
func isKind(s string) bool  { _, ok := parlance.ParseKind(s); return ok }

// lists reports that the dialect has a code, or that the text is a status that a response
// can have.
func (c *compiler) lists(code string) bool {
	known, asked := c.listed[code]
	if !asked {
		known = c.isListed(code)
		c.listed[code] = known
	}
	return known
}

func (c *compiler) isListed(code string) bool {
	status, err := strconv.Atoi(code)
	isStatus := err == nil && len(code) == 3 && status >= 200 && status <= 599
	if c.dialect == nil || isStatus {
		return isStatus
	}
	return slices.ContainsFunc(authoring.Explain(c.dialect, code), func(e authoring.Entry) bool { return !e.Builtin })
}

// response reads one value of the section responses.
func (c *compiler) response(n *yaml.Node) *response {
	var r response
	var w words
	items, failed, empty := 0, 0, true
	text := func(key string) keyfile.Key {
		return keyfile.Key{Name: key, Read: func(_, v *yaml.Node) { w.add(key, c.text(v, key)) }}
	}
	number := func(key string, least, most int) keyfile.Key {
		return keyfile.Key{Name: key, Read: func(k, v *yaml.Node) {
			n := 0
			c.numberTo(&n, least, most)(k, v)
			if c.dialect != nil && !c.streams() {
				c.Fault(keyfile.At(k), "no_stream", "remove "+key, "%s describes no streams, so there is no %s", c.dialect.Name(), key)
			}
			w.add(key, strconv.Itoa(n))
		}}
	}
	c.Keys(n, "a response",
		keyfile.Key{Name: "code", Read: func(_, v *yaml.Node) {
			code := c.text(v, "code")
			if w.add("code", code); code != "" && !c.lists(code) {
				c.unknown(keyfile.At(v), code, c.codes())
			}
		}},
		keyfile.Key{Name: "kind", Read: func(_, v *yaml.Node) { c.kind(&w, v) }},
		keyfile.Key{Name: "sample", Read: func(_, v *yaml.Node) {
			w.add("sample", c.text(v, "sample"))
			c.checkSample(v)
		}},
		text("detail"), text("note"),
		keyfile.Key{Name: "retry-after", Read: func(_, v *yaml.Node) {
			var d time.Duration
			if c.durationTo(&d)(&yaml.Node{Value: "retry-after"}, v); d%time.Second != 0 {
				c.Fault(keyfile.At(v), "bad_duration", "write 1s or more", "Retry-After is in whole seconds (RFC 9110, 10.2.3)")
			}
			w.add("retry-after", strconv.Itoa(int(d/time.Second)))
		}},
		keyfile.Key{Name: "fields", Read: func(_, v *yaml.Node) {
			fields := c.Words(v, "fields")
			if len(fields) > maxSteps {
				c.Fault(keyfile.At(v), "bad_count", "", "there are %d fields; the limit is %d", len(fields), maxSteps)
			}
			w.add("fields", strings.Join(fields, ","))
		}},
		keyfile.Key{Name: "items", Read: func(k, v *yaml.Node) {
			c.numberTo(&items, 1, maxRecords)(k, v)
			w.add("items", strconv.Itoa(items))
		}},
		keyfile.Key{Name: "failed", Read: func(k, v *yaml.Node) {
			c.numberTo(&failed, 0, maxRecords)(k, v)
			w.add("failed", strconv.Itoa(failed))
		}},
		number("element", 1, maxElement), number("cut", 1, maxCut),
		text("example"),
		keyfile.Key{Name: "dynamic", Read: func(k, v *yaml.Node) {
			w.add("dynamic", strconv.FormatBool(c.Boolean(v, k.Value)))
		}},
		keyfile.Key{Name: "latency", Read: func(_, v *yaml.Node) { r.latency, empty = c.span(v), false }},
		keyfile.Key{Name: "fault", Read: func(_, v *yaml.Node) {
			empty = false
			name := c.text(v, "fault")
			f, ok := ParseFault(name)
			if r.fault = f; name != "" && !ok {
				c.Unknown(keyfile.At(v), "unknown_response", "fault", name, faultNames[1:])
			}
		}})
	if failed > items {
		c.Fault(keyfile.At(n), "bad_count", "lower failed, or raise items", "%d of %d records cannot fail", failed, items)
	}
	if r.prefer = string(w); n.Kind == yaml.MappingNode && len(n.Content) == 0 && empty {
		c.Fault(keyfile.At(n), "wrong_type", "write what it is: {code: 503}", "the response is empty")
	}
	return &r
}

// kind reads a kind, or a kind and a reason.
func (c *compiler) kind(w *words, v *yaml.Node) {
	text := c.text(v, "kind")
	kind, _, _ := strings.Cut(text, "/")
	if text != "" && !isKind(kind) {
		c.Unknown(keyfile.At(v), "unknown_kind", "kind", kind, kinds())
	}
	w.add("kind", text)
}

// checkSample refuses a sample that the dialect does not have.
func (c *compiler) checkSample(v *yaml.Node) {
	if c.dialect == nil || v.Kind != yaml.ScalarNode {
		return
	}
	samples := authoring.Samples(c.dialect)
	if n, err := strconv.Atoi(v.Value); err == nil && n >= 1 && n <= len(samples) {
		return
	}
	var names []string
	for i := range samples {
		names = append(names, samples[i].Name, c.dialect.Decode(samples[i].Request, samples[i].Response).Outcome.Code)
	}
	if v.Value != "" && slices.Contains(names, v.Value) {
		return
	}
	hint := "write its number from 1, or its code"
	if best := nearest.Word(v.Value, names); best != "" {
		hint = "did you mean " + strconv.Quote(best) + "?"
	}
	c.Fault(keyfile.At(v), "unknown_response", hint, "%s has %d samples, and none is %q", c.dialect.Name(), len(samples), v.Value)
}

func kinds() (all []string) {
	for k := parlance.KindSuccess; k <= parlance.KindTimeout; k++ {
		all = append(all, k.String())
	}
	return all
}

// words are preferences in the notation of RFC 7240.
type words string

func (w *words) add(name, value string) {
	if *w != "" {
		*w += ", "
	}
	if !httpheader.IsToken(value) {
		value = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
	}
	*w += words(name + "=" + value)
}

// word is the response that a word of a line stands for. It returns nil after a fault.
func (c *compiler) word(pos keyfile.Position, word string) *response {
	kind, _, _ := strings.Cut(word, "/")
	var w words
	switch f, broken := ParseFault(word); {
	case c.named[word] != nil:
		c.named[word].used = true
		return c.named[word]
	case word == "normal":
		return &response{}
	case c.lists(word):
		w.add("code", word)
		return &response{prefer: string(w)}
	case isKind(kind):
		w.add("kind", word)
		return &response{prefer: string(w)}
	case broken:
		return &response{fault: f}
	}
	c.unknown(pos, word, slices.Concat(c.names(), []string{"normal"}, faultNames[1:], kinds(), c.codes()))
	return nil
}

// names are the names under responses.
func (c *compiler) names() []string {
	all := make([]string, len(c.order))
	for i, r := range c.order {
		all[i] = r.name
	}
	return all
}

// maxUnknown is how many unknown words are compared with the known ones.
const maxUnknown = 20

// unknown is the fault of a word that stands for no response.
func (c *compiler) unknown(pos keyfile.Position, word string, known []string) {
	code, hint := "a status from 200 to 599", "name the API with `dialect: NAME` if it is one of its codes"
	if c.dialect != nil {
		code, hint = "a code of "+c.dialect.Name(), "parlance show "+c.dialect.Name()+" lists the codes"
	}
	if c.unknowns++; c.unknowns <= maxUnknown {
		if best := nearest.Word(word, known); best != "" {
			hint = "did you mean " + strconv.Quote(best) + "?"
		}
	}
	c.Fault(pos, "unknown_response", hint, "%q is not %s, a kind, a fault, or a name under responses", word, keyfile.Ours(code))
}

// codes are the codes that the dialect lists.
func (c *compiler) codes() (all []string) {
	if c.dialect == nil || c.unknowns >= maxUnknown {
		return nil
	}
	for _, e := range authoring.Codes(c.dialect) {
		for code := range strings.SplitSeq(cmp.Or(e.Code, e.Key), ",") {
			all = append(all, strings.TrimSpace(code))
		}
	}
	return all
}

// unused warns of responses that no line names. A fault in a line may hide a use.
func (c *compiler) unused() {
	if c.Failed() {
		return
	}
	for _, r := range c.order {
		if !r.used {
			c.Warn(r.at, "unused_response", "use it in a line, or remove it", "no request is given the response %q", r.name)
		}
	}
}
