package draft

import (
	"slices"
	"strconv"
	"strings"
)

// verdict is a member in which the bodies of an API say, under a good status, whether a request
// went well: at the top, or in an object there.
type verdict struct {
	outer, name string
	says        map[string]bool // of each text of it whether the request went well
	statuses    bool            // the texts are HTTP statuses
}

// ruling is what such a member says in one body.
type ruling struct {
	of   *verdict
	at   *value
	good bool
}

// verdictNames are the names of such members, beside those of flags. At the top, an error code
// has rules of its own: it is among the marks.
var verdictNames = []string{"errorcode", "errcode", "status", "statuscode", "httpstatus", "httpstatuscode", "httpcode", "code", "result", "resultcode", "resultstatus", "ret", "retcode", "returncode", "errno", "rc", "state"}

// zeroNames are those of which 0 says that all went well.
var zeroNames = []string{"errorcode", "errcode", "code", "resultcode", "ret", "retcode", "returncode", "errno", "rc"}

// plainStatusNames are those of which nobody doubts that they hold an HTTP status.
var plainStatusNames = []string{"statuscode", "httpstatus", "httpstatuscode", "httpcode"}

// verdictHolders are the objects in which a flag stands for the whole, beside those that hold the
// code or the message.
var verdictHolders = []string{"result", "status", "ack", "reply", "operation", "outcome"}

// resultWords are the members that only a success fills.
var resultWords = []string{"data", "result", "results", "items", "records", "list", "rows", "content", "payload"}

// each calls visit with the members of a body that can say whether a request went well.
func (v *value) each(visit func(outer string, in *value, m member)) {
	if v == nil || v.form != "json" || v.kind != object {
		return
	}
	for _, m := range v.members {
		if m.value.decides(m.name) && m.value.kind != boolean && !among(markNames, plain(m.name)) {
			visit("", v, m)
		}
		if m.value.kind != object || !among(nestedNames, plain(m.name)) && !among(verdictHolders, plain(m.name)) {
			continue
		}
		for _, of := range m.value.members {
			if of.value.decides(of.name) {
				visit(m.name, m.value, of)
			}
		}
	}
}

// decides reports a member that can be a verdict by its name and its type.
func (v *value) decides(name string) bool {
	n := plain(name)
	switch v.kind {
	case boolean:
		return isFlag(n)
	case number:
		return isWhole(v.text) && (isFlag(n) || among(verdictNames, n))
	case textual:
		return among(verdictNames, n) && isToken(v.text)
	}
	return false
}

// seen is what the bodies with one text of a member have beside it.
type seen struct {
	kind                    kind
	fails, succeeds, speaks bool
}

// verdictsOf finds the members of recorded bodies that say whether a request went well. One whose
// texts do not tell that by themselves does so if a body with one text is a failure, and a body
// with another one a success.
func verdictsOf(bodies []*value) (all []*verdict) {
	texts := []map[string]*seen{}
	for _, body := range bodies {
		body.each(func(outer string, in *value, m member) {
			i := slices.IndexFunc(all, func(v *verdict) bool { return v.outer == outer && v.name == m.name })
			if i < 0 {
				i, all, texts = len(all), append(all, &verdict{outer: outer, name: m.name}), append(texts, map[string]*seen{})
			}
			of := texts[i][m.value.text]
			if of == nil {
				of = &seen{kind: m.value.kind}
				texts[i][m.value.text] = of
			}
			of.add(body)
			if in != body {
				of.add(in)
			}
		})
	}
	i := -1
	return slices.DeleteFunc(all, func(v *verdict) bool { i++; return !v.settle(texts[i]) })
}

// add notes what an object around the member has.
func (s *seen) add(v *value) {
	for _, m := range v.members {
		n := plain(m.name)
		switch {
		case among(markNames, n) && m.value.marks() && !m.value.verdict():
			s.fails = true
		case among(detailNames, n) && m.value.kind == textual:
			word := strings.ToLower(m.value.text)
			s.fails = s.fails || failureWords[word]
			s.succeeds = s.succeeds || word != "" && noErrors[word]
			s.speaks = s.speaks || word != "" && !noErrors[word]
		case among(resultWords, n) && len(m.value.members)+len(m.value.elems) > 0 && !m.value.verdict():
			s.succeeds = true
		}
	}
}

// verdict reports an object that holds such a member, and so is no result.
func (v *value) verdict() bool {
	return slices.ContainsFunc(v.members, func(m member) bool { return m.value.decides(m.name) })
}

// settle finds what each text says. It reports false if that is open, or if none says that a
// request failed.
func (v *verdict) settle(texts map[string]*seen) bool {
	n := plain(v.name)
	v.says = map[string]bool{}
	v.statuses = among(statusNames, n)
	for text, of := range texts {
		v.statuses = v.statuses && of.kind == number && isStatus(&value{kind: number, text: text})
	}
	sure := v.statuses && among(plainStatusNames, n)
	for text, of := range texts {
		good, known := v.plainly(n, text, of)
		switch {
		case known:
			v.says[text] = good
			sure = sure || !good && isFlag(n)
		case of.fails != of.succeeds:
			v.says[text] = of.succeeds
		}
	}
	v.oppose(texts)
	good, bad := false, false
	for _, is := range v.says {
		good, bad = good || is, bad || !is
	}
	return bad && (good || sure)
}

// plainly is what a text says by itself.
func (v *verdict) plainly(name, text string, of *seen) (good, known bool) {
	word := strings.ToLower(text)
	switch {
	case of.kind == boolean:
		return isGoodFlag(name) == (text == "true"), true
	case isFlag(name):
		return isGoodFlag(name) == (text != "0"), true
	case v.statuses:
		return text < "400", true
	case of.kind == textual && failureWords[word]:
		return false, true
	case of.kind == textual && (word == "ok" || word == "success"):
		return true, true
	case strings.Trim(text, "0") == "" && among(zeroNames, name) && !of.fails:
		return true, true
	}
	return false, false
}

// oppose settles the texts that say nothing by themselves by those that do: a text whose bodies
// have a message and no result is the opposite of a success.
func (v *verdict) oppose(texts map[string]*seen) {
	any := map[bool]bool{}
	for _, is := range v.says {
		any[is] = true
	}
	for text, of := range texts {
		if _, known := v.says[text]; known || of.fails || of.succeeds {
			continue
		}
		switch {
		case any[true] && of.speaks:
			v.says[text] = false
		case any[false] && !any[true] && !of.speaks:
			v.says[text] = true
		}
	}
}

// ruling finds what a body says of itself; nil if it does not say it.
func (d *drafted) ruling(body *value) *ruling {
	for _, v := range d.verdicts {
		var found *ruling
		body.each(func(outer string, _ *value, m member) {
			if good, known := v.says[m.value.text]; known && outer == v.outer && m.name == v.name {
				found = &ruling{v, m.value, good}
			}
		})
		if found != nil {
			return found
		}
	}
	return nil
}

// in reports that a value is the one that decides, or has it in it.
func (r *ruling) in(v *value) bool {
	return r != nil && (r.at == v || slices.ContainsFunc(v.members, func(m member) bool { return m.value == r.at }))
}

// rule says what the member is that decides. A failure that differs by its number or word has
// that as its code. It reports false for any other member.
func (s *search) rule(i int) bool {
	if s.ruling == nil || s.ruling.at != s.members[i].value {
		return false
	}
	m, name := s.members[i], plain(s.members[i].name)
	_, err := strconv.Atoi(m.value.text)
	coded := among(zeroNames, name) || among(statusNames, name) && s.ruling.of.statuses
	switch {
	case s.good:
		s.put(i, "!", constant(m.value), "says whether it went well")
	case coded && !isNoCode(m.value) && !failureWords[strings.ToLower(m.value.text)] && (err == nil) == (m.value.kind == number):
		s.put(i, "!", hole(whole, "code", m.value), "looks like the code")
		s.take(whole, "code")
		s.code = m.value.text
		s.numbers = s.numbers || m.value.kind == number && !s.ruling.of.statuses
	default:
		s.put(i, "!", constant(m.value), "says that it failed")
	}
	return true
}
