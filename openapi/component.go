package openapi

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// responseName is the name of a response among the components.
func responseName(status string) string {
	switch status {
	case "2XX":
		return "OtherSuccess"
	case "3XX":
		return "OtherRedirection"
	case "4XX":
		return "OtherClientError"
	case "5XX":
		return "OtherServerError"
	}
	n, _ := strconv.Atoi(status)
	if phrase := http.StatusText(n); phrase != "" {
		return pascal(phrase)
	}
	return "Status" + status
}

// filled is nil for an object without members, so that its name is left out.
func filled(n *yaml.Node) *yaml.Node {
	if len(n.Content) == 0 {
		return nil
	}
	return n
}

// header describes a header field by its name.
func header(name, example string) *yaml.Node {
	value := headerValue(example)
	schema := object("type", "string")
	if value.Tag == "!!int" {
		schema = object("type", "integer")
	}
	return object("description", cmp.Or(headerMeanings[name], "A field of the API"), "schema", schema, "example", value)
}

// headerValue is a field as a text, or as a number if it is one.
func headerValue(value string) *yaml.Node {
	if _, err := strconv.Atoi(value); err == nil {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: value}
	}
	return text(value)
}

var headerMeanings = map[string]string{
	"Retry-After":      "How long to wait before the next request, in seconds, or the moment (RFC 9110, 10.2.3)",
	"Www-Authenticate": "How to authenticate (RFC 9110, 11.6.1)",
	"X-Request-Id":     "The ID of the request, for support",
	"Request-Id":       "The ID of the request, for support",
	"Location":         "Where to look next (RFC 9110, 10.2.2)",
}

func sortedKeys(m map[string]string) []string {
	var all []string
	for name := range m {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// pascal is a text as a name of a component: TooManyRequests.
func pascal(s string) string {
	var b strings.Builder
	upper := true
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z' && upper:
			b.WriteRune(r - 'a' + 'A')
			upper = false
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			b.WriteRune(r)
			upper = false
		case r == '\'':
		default:
			upper = true
		}
	}
	return cmp.Or(b.String(), "Body")
}

// safe is a text with only the characters that a name of a component may have.
func safe(s string) string {
	return cmp.Or(strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, s), "_"), "example")
}

// unique is a name that nobody has, and takes it.
func unique(taken map[string]bool, name string) string {
	free := name
	for i := 2; taken[free]; i++ {
		free = name + "_" + strconv.Itoa(i)
	}
	taken[free] = true
	return free
}
