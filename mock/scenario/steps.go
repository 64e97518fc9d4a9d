package scenario

import (
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance/internal/keyfile"
	"github.com/parlance-api/parlance/internal/nearest"
	yaml "go.yaml.in/yaml/v4"
)

// step is one part of a line. It lasts for a number of requests, until a time, or forever.
type step struct {
	responses []choice
	every     int           // the response is for every n-th request; 0 for each
	times     int           // how many requests it lasts for; 0 for no bound
	until     time.Duration // since the first request of the line; 0 for no bound
}

// choice is a response with its share of the requests.
type choice struct {
	percent  float64 // 0 for all
	response *response
}

// bounded reports that the step ends.
func (s *step) bounded() bool { return s.times > 0 || s.until > 0 }

// token is a word or a comma of a line.
type token struct {
	text string
	at   int // the byte in the text
}

// parser reads the text of one line:
//
//	line     = step *(("," / "then" / ", then") step) [[","] "then" "repeat"]
//	step     = (response / "every" ordinal response / share *("or" share)) [bound]
//	share    = number "%" response
//	bound    = number "times" / "until" duration
//	response = "normal" / status / code / kind / kind "/" reason / fault / name
type parser struct {
	*compiler
	node   *yaml.Node
	line   *line
	tokens []token
	next   int
	failed bool // what follows cannot be read any more
}

func (p *parser) tokenize(text string) {
	for at := 0; at < len(text); {
		rest := text[at:]
		length := strings.IndexAny(rest, " \t\n\r,")
		switch {
		case length < 0:
			length = len(rest)
		case length == 0 && rest[0] == ',':
			length = 1
		case length == 0:
			at++
			continue
		}
		p.tokens = append(p.tokens, token{rest[:length], at})
		at += length
	}
}

// fault notes the first fault of the grammar at a token. What follows it is not read.
func (p *parser) fault(rule string, t token, hint, format string, args ...any) {
	if !p.failed {
		p.Fault(p.within(p.node, t.at), rule, hint, format, args...)
	}
	p.failed = true
}

// peek is the next token; its text is "" at the end.
func (p *parser) peek() token {
	if p.next < len(p.tokens) {
		return p.tokens[p.next]
	}
	return token{at: len(p.node.Value)}
}

// take is the next token, which is then behind the parser.
func (p *parser) take() token {
	t := p.peek()
	p.next++
	return t
}

// accept takes the next token if it is the word.
func (p *parser) accept(word string) bool {
	if p.peek().text != word {
		return false
	}
	p.next++
	return true
}

// steps reads the whole line.
func (p *parser) steps() {
	then, start := false, token{}
	for !p.failed {
		start = p.peek()
		if then && p.accept("repeat") {
			p.line.repeat = true
			break
		}
		p.line.steps = append(p.line.steps, p.step())
		if p.failed || p.peek().text == "" {
			break
		}
		if len(p.line.steps) == maxSteps {
			p.fault("too_large", p.peek(), "write 503 3 times for 503, 503, 503", "a line has at most %d steps", maxSteps)
			break
		}
		comma := p.accept(",")
		if then = p.accept("then"); !comma && !then {
			hint := "put a comma between two steps: 503, then 200"
			if best := nearest.Word(p.peek().text, keywords); best != "" {
				hint = "did you mean " + strconv.Quote(best) + "?"
			}
			p.fault("bad_steps", p.peek(), hint, "expected a comma or the end, not %q", p.peek().text)
		}
	}
	if p.failed {
		return
	}
	if rest := p.peek(); rest.text != "" {
		p.fault("bad_steps", rest, "end the line with repeat", "nothing can follow repeat, but %q does", rest.text)
		return
	}
	p.settle(then, start)
}

// settle bounds the steps that have to end, and checks that the line says what comes last.
func (p *parser) settle(then bool, start token) {
	last := len(p.line.steps) - 1
	for i := range p.line.steps {
		s := &p.line.steps[i]
		if s.bounded() || i == last && !p.line.repeat {
			continue
		}
		if s.every > 0 || s.responses[0].percent > 0 {
			p.fault("bad_steps", token{}, "write how long, such as every 5th reset until 20s, then 200", "a step with every or %% has no end, so no step after it is reached")
			return
		}
		s.times = 1
	}
	if s := &p.line.steps[last]; last > 0 && !then && !s.bounded() {
		p.fault("missing_then", start, "write then "+start.text+" if it stays, else add: then normal", "the last step does not say whether it stays")
	}
}

func (p *parser) step() (s step) {
	switch t := p.peek(); {
	case t.text == "every":
		p.next++
		s.every = p.ordinal()
		s.responses = []choice{{response: p.response()}}
	case strings.HasSuffix(t.text, "%"):
		s.responses = p.shares()
	default:
		s.responses = []choice{{response: p.response()}}
	}
	p.bound(&s)
	return s
}

// response reads the word for a response. Without one the rest of the line has no meaning.
func (p *parser) response() *response {
	t := p.take()
	switch {
	case t.text == "" || t.text == ",":
		p.fault("bad_steps", t, "write a status, a code, a kind, a fault, or normal", "a response is missing here")
	case isKeyword(t.text):
		p.fault("bad_steps", t, "write the response before it, such as 503 "+t.text, "expected a response, not the word %s", keyfile.Ours(t.text))
	case p.failed:
	default:
		if r := p.word(p.within(p.node, t.at), t.text); r != nil {
			return r
		}
	}
	return &response{}
}

func isKeyword(s string) bool {
	for _, k := range keywords {
		if k == s && s != "normal" {
			return true
		}
	}
	return false
}

// ordinal reads 2nd, 3rd, 5th.
func (p *parser) ordinal() int {
	t := p.take()
	digits := strings.TrimRight(t.text, "sthndr")
	n, err := strconv.Atoi(digits)
	if err != nil || len(t.text) != len(digits)+2 {
		p.fault("bad_steps", t, "write every 5th reset", "expected a number such as 5th after every, not %q", t.text)
		return 0
	}
	if n < 2 || n > maxTimes {
		p.fault("bad_count", t, "", "every %s: the number must be from 2 to %d", keyfile.Ours(t.text), maxTimes)
	}
	return n
}

// shares reads 10% 503 or 5% reset.
func (p *parser) shares() (all []choice) {
	sum, first := 0.0, p.peek()
	for {
		t := p.take()
		digits, percent := strings.CutSuffix(t.text, "%")
		n, err := strconv.ParseFloat(digits, 64)
		switch {
		case !percent || err != nil:
			p.fault("bad_steps", t, "write 10% 503 or 5% reset", "expected a share such as 5%%, not %q", t.text)
			return []choice{{percent: 1, response: &response{}}}
		case !(n > 0 && n <= 100):
			p.fault("bad_share", t, "", "a share must be more than 0%% and at most 100%%, not %s", keyfile.Ours(keyfile.Short(t.text)))
		}
		sum += n
		all = append(all, choice{n, p.response()})
		if len(all) > maxSteps {
			p.fault("too_large", t, "", "a step has at most %d shares", maxSteps)
		}
		if p.failed || !p.accept("or") {
			break
		}
	}
	if sum > 100+1e-9 {
		p.fault("bad_share", first, "lower one of them", "the shares are %s%% together, and all requests are 100%%", keyfile.Ours(strconv.FormatFloat(sum, 'f', -1, 64)))
	}
	return all
}

// bound reads 3 times or until 20s, if there is one of them.
func (p *parser) bound(s *step) {
	t := p.peek()
	if p.accept("until") {
		at := p.take()
		if at.text == "" || at.text == "," {
			p.fault("bad_steps", at, "write until 20s", "a time is missing after until")
			return
		}
		place := p.within(p.node, at.at)
		s.until = p.duration(&yaml.Node{Line: place.Line, Column: place.Column}, at.text)
		return
	}
	if p.next+1 >= len(p.tokens) || p.tokens[p.next+1].text != "times" {
		return
	}
	p.next += 2
	n, err := strconv.Atoi(t.text)
	if s.times = n; err != nil || n < 1 || n > maxTimes {
		p.fault("bad_count", t, "write 503 3 times", "expected a whole number from 1 to %d before times, not %q", maxTimes, t.text)
	}
}
