package airbyte

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"
)

// A template of Airbyte is one of Jinja. Two kinds can be evaluated: a parameter of the
// manifest, and conditions on the response that hold together. One of these is that the
// status or a member is equal to a constant, or is one of a list.
const (
	ofResponse = `response(?:\.get\(\s*['"][\w-]+['"](?:\s*,\s*(?:\{\s*\}|\[\s*\]|''|""|None))?\s*\)|\.\w+|\[\s*['"][\w-]+['"]\s*\])+`
	constant   = `'[^'"\\]*'|"[^'"\\]*"|-?\d+|[Tt]rue|[Ff]alse`
)

type grammar struct {
	parameter, comparison, guard, constants, step *regexp.Regexp
}

// expressions are compiled at their first use.
var expressions = sync.OnceValue(func() grammar {
	return grammar{
		parameter:  regexp.MustCompile(`^\{\{\s*parameters(?:\.(\w+)|\[\s*['"](\w+)['"]\s*\]|\.get\(\s*['"](\w+)['"]\s*\))\s*\}\}$`),
		comparison: regexp.MustCompile(`^(` + ofResponse + `)\s*(?:==\s*(` + constant + `)|\s+is\s+([Tt]rue|[Ff]alse)|\s+in\s*[\[(]((?:\s*(?:` + constant + `)\s*,?)+)\s*[\])])$`),
		guard:      regexp.MustCompile(`^(?:['"][\w-]+['"]\s+in\s+` + ofResponse + `|['"][\w-]+['"]\s+in\s+response|` + ofResponse + `(?:\s+is\s+(?:string|mapping|defined|not\s+none))?)$`),
		constants:  regexp.MustCompile(constant),
		step:       regexp.MustCompile(`\.get\(\s*['"]([\w-]+)['"][^)]*\)|\.(\w+)|\[\s*['"]([\w-]+)['"]\s*\]`),
	}
})

// evaluated is a scalar without its template. It reports false for a template that cannot be
// evaluated, and for any other value.
func (p parameters) evaluated(n *yaml.Node) (string, bool) {
	for range maxDepth {
		if n == nil || n.Kind != yaml.ScalarNode {
			return "", false
		}
		if !strings.Contains(n.Value, "{{") && !strings.Contains(n.Value, "{%") {
			return n.Value, true
		}
		found := expressions().parameter.FindStringSubmatch(strings.TrimSpace(n.Value))
		if found == nil {
			return "", false
		}
		n = p[found[1]+found[2]+found[3]]
	}
	return "", false
}

// condition is what a predicate says of a response.
type condition struct {
	statuses []string // one of which it has; nil for any
	path     []string // of the member, nil for none
	values   []string // as JSON, one of which the member has
}

// conditionOf takes {{ response['error']['code'] == 'busy' }} apart, and several such
// conditions that hold together. That a member is there goes without saying. So does a flag
// such as ok, which is false, beside another member.
func conditionOf(template string) (c condition, ok bool) {
	inside, open := strings.CutPrefix(strings.TrimSpace(template), "{{")
	inside, closed := strings.CutSuffix(inside, "}}")
	if !open || !closed {
		return c, false
	}
	flag := condition{}
	for part := range strings.SplitSeq(inside, " and ") {
		part = strings.TrimSpace(part)
		found := expressions().comparison.FindStringSubmatch(part)
		if found == nil {
			if !expressions().guard.MatchString(part) {
				return c, false
			}
			continue
		}
		values := valuesOf(found[2] + found[3] + found[4])
		if found[1] == "response.status_code" {
			c.statuses = append(c.statuses, values...)
			continue
		}
		into := &c
		if values[0] == "true" || values[0] == "false" {
			into = &flag
		}
		if into.path != nil {
			return c, false // two members
		}
		into.path, into.values = pathOf(found[1]), values
	}
	if c.path == nil {
		c.path, c.values = flag.path, flag.values
	}
	return c, c.path != nil || c.statuses != nil
}

func pathOf(member string) (path []string) {
	for _, s := range expressions().step.FindAllStringSubmatch(strings.TrimPrefix(member, "response"), -1) {
		path = append(path, s[1]+s[2]+s[3])
	}
	return path
}

// valuesOf are the constants of a text as JSON.
func valuesOf(text string) []string {
	all := expressions().constants.FindAllString(text, -1)
	for i, v := range all {
		if v[0] == '\'' || v[0] == '"' {
			all[i] = strconv.Quote(v[1 : len(v)-1])
		} else {
			all[i] = strings.ToLower(v)
		}
	}
	return all
}
