package check

import (
	"cmp"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// Rule is one thing that a response is checked for. A name never gets another meaning, and
// only a warning of reading is a rule of parlance lint too, so people can filter by it.
type Rule struct {
	Name     string            `json:"rule"`
	Severity parlance.Severity `json:"severity"`
	Why      string            `json:"why"` // why it matters, in one sentence
	Do       string            `json:"do"`  // what to do about it, in one sentence

	look func(*look) // nil if something else than one response shows it
}

// Rules lists every rule, sorted by name: those of this package, and the warnings of
// reading a response that are findings too.
func Rules() []Rule {
	all := slices.Clone(table)
	for _, r := range dialect.Rules() {
		if r.Response && !passed[r.Name] && !slices.ContainsFunc(table, func(own Rule) bool { return own.Name == r.Name }) {
			all = append(all, Rule{Name: r.Name, Severity: r.Severity, Why: r.Why, Do: r.Do})
		}
	}
	slices.SortFunc(all, func(a, b Rule) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// RuleOf finds a rule by its name. It reports false for an unknown one.
func RuleOf(name string) (Rule, bool) {
	for _, r := range Rules() {
		if r.Name == name {
			return r, true
		}
	}
	return Rule{}, false
}

// passed are the warnings of reading that are about the recording or about the reader, and
// not about the API.
var passed = map[string]bool{
	"common_form":  true, // unfit_body says the same
	"cut_body":     true, // the reader's own limit
	"missing_path": true, // the recording lacks it
}

func fault(name, why, do string, look func(*look)) Rule {
	return Rule{Name: name, Severity: parlance.SeverityError, Why: why, Do: do, look: look}
}

func warning(name, why, do string, look func(*look)) Rule {
	return Rule{Name: name, Severity: parlance.SeverityWarning, Why: why, Do: do, look: look}
}

// table has the rules of this package, in the order of their names. To add one, add a line
// here and two responses that break it to testdata/faults.jsonl.
var table = []Rule{
	fault("blames_caller",
		"A caller corrects the request after a 4xx, and the fault is the server's: nothing that the caller does will help.",
		"Send a 5xx if the server fails, so that callers wait and retry.",
		(*look).blamesCaller),
	fault("body_contradicts_status",
		"Clients act on the status or on the body, so two clients of one API do different things.",
		"Send the status under which the page lists the code, or correct the page.",
		(*look).bodyContradictsStatus),
	fault("failure_in_success",
		"Proxies, caches and monitors take the response for a success, and so does a client that looks at the status alone.",
		"Send a status of 4xx or 5xx, or let the dialect list the code under this status.",
		(*look).failureInSuccess),
	warning("field_without_path",
		"A form cannot show the message beside the input that it is about.",
		"Fill the member that names the input. If the error is about no input, say it outside the list.",
		(*look).fieldWithoutPath),
	fault("inner_status",
		"A client that reads the status from the body does something else than one that reads it from the status line.",
		"Write the status of the response into the body.",
		(*look).innerStatus),
	fault("key_not_honored",
		"A client that retries after a lost response does the work twice, although it sent the same idempotency key.",
		"Store the response under its key, and send it again if the key comes again.",
		nil),
	fault("lying_content_type",
		"A client chooses its parser by Content-Type, and this body breaks that parser.",
		"Declare the type that the body has.",
		(*look).lyingContentType),
	warning("missing_challenge",
		"A 401 must say in WWW-Authenticate how to authenticate (RFC 9110, 15.5.2), or a client cannot tell which credential to send.",
		"Send WWW-Authenticate with each 401, such as: Bearer.",
		(*look).missingChallenge),
	warning("missing_request_id",
		"The page promises an ID, and without it support cannot find the request.",
		"Send the ID with each response, errors of proxies included.",
		(*look).missingRequestID),
	warning("missing_retry_after",
		"The page promises the time of a retry. Without it all clients come back at a time that they guess.",
		"Send the time with each such response.",
		(*look).missingRetryAfter),
	fault("no_response",
		"A caller cannot tell whether the request took effect, and no code says what to do.",
		"Find out why the server did not respond in time. If it only needs longer, allow it with --timeout.",
		nil),
	warning("repeated_request_id",
		"If two responses have one ID, support finds the log of another request.",
		"Make a new ID for each request.",
		(*look).repeatedRequestID),
	fault("request_id_differs",
		"The caller quotes one ID to support, and the log has the other.",
		"Write the same ID to the header and to the body.",
		(*look).requestIDDiffers),
	warning("retry_after_contradicts",
		"The response and the page give clients different advice, so a client comes back too early or for nothing.",
		"Send a time that the page allows, or correct the retry of the row.",
		(*look).retryAfterContradicts),
	fault("tells_inside",
		"An attacker learns about files, hosts, libraries and queries of the server, and a caller learns nothing that helps.",
		"Write such texts to the log under the request ID, and send a text of your own.",
		(*look).tellsInside),
	fault("unexpected_body",
		"Such a response has no content (RFC 9110, 6.4.1), so a client takes its bytes for the next response or drops the connection.",
		"Send no body and no Content-Length, or another status.",
		(*look).unexpectedBody),
	fault("unlisted_status",
		"The page says nothing about this status, so clients can only guess what to do.",
		"Send a status that the page lists, or add a row for it to the dialect.",
		(*look).unlistedStatus),
	ofReading("unlisted_code", (*look).unlistedCode),
}

// ofReading is a rule that reading a success finds by itself, and this package under other
// statuses.
func ofReading(name string, look func(*look)) Rule {
	r, _ := dialect.RuleOf(name)
	return Rule{Name: r.Name, Severity: r.Severity, Why: r.Why, Do: r.Do, look: look}
}
