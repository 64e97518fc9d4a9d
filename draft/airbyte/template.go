package airbyte

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A template of Airbyte is one of Jinja. Two kinds can be evaluated: a parameter of the
// manifest, and a member of the response that is equal to a constant.
var (
	parameter  = regexp.MustCompile(`^\{\{\s*parameters(?:\.(\w+)|\[\s*['"](\w+)['"]\s*\]|\.get\(\s*['"](\w+)['"]\s*\))\s*\}\}$`)
	comparison = regexp.MustCompile(`^\{\{\s*(response(?:\.get\(\s*['"][\w-]+['"](?:\s*,\s*\{\s*\})?\s*\)|\.\w+|\[\s*['"][\w-]+['"]\s*\])+)\s*==\s*('[^'"\\]*'|"[^'"\\]*"|-?\d+|[Tt]rue|[Ff]alse)\s*\}\}$`)
	step       = regexp.MustCompile(`\.get\(\s*['"]([\w-]+)['"](?:\s*,\s*\{\s*\})?\s*\)|\.(\w+)|\[\s*['"]([\w-]+)['"]\s*\]`)
)

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
		found := parameter.FindStringSubmatch(strings.TrimSpace(n.Value))
		if found == nil {
			return "", false
		}
		n = p[found[1]+found[2]+found[3]]
	}
	return "", false
}

// equality takes {{ response['error']['code'] == 'busy' }} apart: the path, and the value
// as JSON.
func equality(template string) (path []string, value string, ok bool) {
	found := comparison.FindStringSubmatch(strings.TrimSpace(template))
	if found == nil {
		return nil, "", false
	}
	for _, s := range step.FindAllStringSubmatch(strings.TrimPrefix(found[1], "response"), -1) {
		path = append(path, s[1]+s[2]+s[3])
	}
	switch value = found[2]; {
	case value[0] == '\'' || value[0] == '"':
		value = strconv.Quote(value[1 : len(value)-1])
	default:
		value = strings.ToLower(value)
	}
	return path, value, len(path) > 0
}
