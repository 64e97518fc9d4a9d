package scenario

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// Rules lists the kinds of faults that only a scenario can have, sorted by name. Faults
// that a dialect file can have too, such as unknown_key, are in [dialect.Rules].
func Rules() []dialect.Rule { return slices.Clone(rules) }

// RuleOf finds a rule of a scenario by its name, also one that dialect files share. It
// reports false for an unknown one.
func RuleOf(name string) (dialect.Rule, bool) {
	i, found := slices.BinarySearchFunc(rules, name, func(r dialect.Rule, name string) int { return strings.Compare(r.Name, name) })
	if !found {
		return dialect.RuleOf(name)
	}
	return rules[i], true
}

func whyOf(name string) string {
	r, _ := RuleOf(name)
	return r.Why
}

func fault(name, why, do string) dialect.Rule {
	return dialect.Rule{Name: name, Severity: parlance.SeverityError, Why: why, Do: do}
}

func warning(name, why, do string) dialect.Rule {
	return dialect.Rule{Name: name, Severity: parlance.SeverityWarning, Why: why, Do: do}
}

// rules are in the order of their names, to be searched by halves.
var rules = []dialect.Rule{
	fault("bad_count",
		"The number is outside of its bounds, so the mock could not do it.",
		"Write a whole number within the bounds that the message names."),
	fault("bad_limit",
		"A rate is a number of requests in a time. One without the other limits nothing.",
		"Write limit: {requests: 10, per: 1m}."),
	fault("bad_request",
		"The line is for no request, because its key is not a method and a path.",
		"Write POST /orders, GET HEAD /orders/*, or /orders for every method."),
	fault("bad_share",
		"Shares are parts of all requests, so they cannot be more than 100% together.",
		"Lower them. If they are less than 100%, the other requests are answered normally."),
	fault("bad_steps",
		"The mock would not know what to respond with, or for how long.",
		"Write it like 503, 503, then 200, or 429 until 20s, or every 5th reset, or 10% 503 or 5% reset."),
	fault("missing_requests",
		"A scenario without requests, latency and state changes nothing.",
		"Add requests: with at least one line, such as POST /orders: 503, 503, then 200."),
	fault("missing_then",
		"It would be unclear whether the last step stays, or the mock goes back to normal.",
		"Say what comes after: 503, 503, then 200. It can also be then normal or then repeat."),
	fault("no_dialect",
		"The codes in the file are those of the dialect, so without it they mean nothing.",
		"Name a dialect of the catalog, or a file by its path relative to this one, such as ./shop.yaml."),
	fault("no_stream",
		"An element and a cut are places of a stream, and the dialect describes none, so each such request would be refused.",
		"Remove element and cut, or describe the streams of the API in its dialect."),
	fault("other_dialect",
		"The codes of one API mean something else in another, or nothing.",
		"Start the mock with the dialect that the scenario names, or correct the name."),
	fault("taken_name",
		"The word already means something in a line, so a line with it would have two meanings.",
		"Give the response a name of its own, such as slow_declined."),
	fault("unknown_response",
		"The mock could not respond with it.",
		"Write a status, a code of the dialect, a kind, a fault, normal, or a name under responses."),
	warning("unused_response",
		"A response that no line names has no effect, and probably a line was meant to use it.",
		"Use it in a line, or remove it."),
}
