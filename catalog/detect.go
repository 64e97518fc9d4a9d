package catalog

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/httpheader"
	"github.com/parlance-api/parlance/internal/parallel"
)

// Guess is one dialect that a response may belong to.
type Guess struct {
	Name       string   // a name for Open
	Confidence float64  // from 0 to 1. All guesses together are at most 1; the rest is for an API outside the catalog
	Why        []string // the evidence, the strongest first
}

// Detect guesses which dialects of the catalog a response belongs to, the
// likeliest first. It tries every dialect and weighs the evidence: named members,
// constants, header fields, listed codes. Evidence that fits many APIs counts
// little, and dialects that fit equally well share their likelihood. A response in
// the form of a standard, such as OAuth's error or a problem, is a guess for the
// dialect of the standard only. The list is empty if nothing speaks for any dialect.
func Detect(req dialect.Request, res dialect.Response) []Guess {
	return detect(compiled(), req, res)
}

func detect(among []candidate, req dialect.Request, res dialect.Response) []Guess {
	all := make([]cues, len(among))
	parallel.Each(len(among), func(i int) {
		all[i] = cues{in: &among[i], req: &req, res: &res, evidence: authoring.EvidenceOf(among[i].dialect, req, res)}
		all[i].weigh()
	})
	all = slices.DeleteFunc(all, func(c cues) bool { return !c.speaks })
	total := outside(all)
	for i := range all {
		total += all[i].likelihood()
	}
	var guesses []Guess
	for i := range all {
		if sure := math.Round(all[i].likelihood()/total*1e4) / 1e4; sure >= least {
			guesses = append(guesses, Guess{Name: all[i].in.name, Confidence: sure, Why: all[i].why()})
		}
	}
	slices.SortStableFunc(guesses, func(a, b Guess) int {
		if a.Confidence != b.Confidence {
			return cmp.Compare(b.Confidence, a.Confidence)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return guesses
}

// outside is the likelihood of an API outside the catalog. A form that many dialects have
// is common outside too.
func outside(all []cues) float64 {
	most, alike := 0., 0.
	for i := range all {
		most = max(most, all[i].likelihood())
	}
	for i := range all {
		if all[i].likelihood() >= most*asLikely {
			alike++
		}
	}
	return math.Exp2(elsewhere) * (1 + max(alike-1, 0)/commonBy)
}

// compiled is every dialect of the catalog except the one that all extend. They
// are compiled on the first use.
var compiled = sync.OnceValue(func() []candidate {
	all, _ := All() // a test holds that there is no error
	return candidates(slices.DeleteFunc(all, func(d *dialect.Dialect) bool { return d == nil || d.Name() == builtin }))
})

// All compiles the whole catalog, in the order of Names. The samples of the files
// are left out, since they are a third of the text. Use Open for a dialect with
// its samples.
func All() ([]*dialect.Dialect, error) {
	names := Names()
	once := map[string]func() (*dialect.Dialect, error){} // many files extend the same one
	find := func(name string) (*dialect.Dialect, error) {
		if open, known := once[name]; known {
			return open()
		}
		return nil, fmt.Errorf("%w: %q", ErrUnknown, name)
	}
	for _, name := range names {
		once[name] = sync.OnceValues(func() (*dialect.Dialect, error) {
			text, err := source(name)
			if err != nil {
				return nil, err
			}
			text, _, _ = bytes.Cut(text, []byte("\nsamples:")) // the last part of a file
			return dialect.Compile(name+".yaml", text, find)
		})
	}
	all, errs := make([]*dialect.Dialect, len(names)), make([]error, len(names))
	parallel.Each(len(names), func(i int) { all[i], errs[i] = find(names[i]) })
	return all, errors.Join(errs...)
}

// Weights are powers of two: a fact of weight 1 makes its dialect twice as likely
// as an API outside the catalog. They were set by hand, so that the recorded
// responses of testdata are found to be their vendors', and a common response
// belongs to none.
const (
	elsewhere = 2.5   // the weight of an API outside the catalog from the start
	commonBy  = 10.   // so many dialects that respond alike make one outside twice as likely, for the form is common
	asLikely  = 0.5   // of the likeliest
	most      = 40    // beyond it all is certain
	least     = 0.005 // a guess that is less sure is none

	// Rarely there by chance.
	namesItself  = 5 // in a header or a link
	ownHeader    = 4
	ownType      = 4
	standardType = 2 // that of a standard, for another dialect than the standard's
	constant     = 3
	listedCode   = 3
	ownStatus    = 3 // that HTTP does not define

	// Evidence if there is more of it, or weak.
	ownProtocol = 3   // the path names it, and so does the dialect
	statusWords = 0.7 // a code that is the name of the status
	ownName     = 2
	ownPath     = 2
	aText       = 2 // a pattern found a part in it
	aFlag       = 1 // true or false
	commonName  = 0.7
	aMap        = 1.5 // of inputs or records, at a place of its own
	rootMap     = 0.4 // it is the whole body, and takes any
	plainHeader = 0.3
	statusRow   = 0.3

	// Against the dialect.
	noStatusRow = -0.5
	strangeName = -0.6 // vendors add members, and shapes leave out those without meaning
	mostStrange = -3
	missingName = -0.7
	mostMissing = -2.1
	complaint   = -2
	vendorsType = -2 // a content type of another vendor, and this dialect has none of its own
	otherType   = -3 // not the dialect's own content type
	unfit       = -4
)

// candidate is a dialect that a response may be of, with what names it in any response.
type candidate struct {
	dialect *dialect.Dialect
	name    string
	words   []string // of its name, without those that many APIs use
	sites   []string // those that the file was written from, and the one that has its name
}

func candidates(of []*dialect.Dialect) []candidate {
	all := make([]candidate, len(of))
	for i, d := range of {
		all[i] = candidate{dialect: d, name: d.Name(), sites: sites(d)}
		for _, w := range strings.Split(d.Name(), "-") {
			if len(w) > 2 && !plainWords[w] {
				all[i].words = append(all[i].words, w)
			}
		}
	}
	return all
}

// cues is the evidence for one dialect.
type cues struct {
	in       *candidate
	req      *dialect.Request
	res      *dialect.Response
	evidence authoring.Evidence

	weight  float64
	speaks  bool // something specific to the dialect was found
	facts   []fact
	members []fact
}

// likelihood is how much likelier the dialect is than an API that nothing speaks for.
func (c *cues) likelihood() float64 { return math.Exp2(min(c.weight, most)) }

type fact struct {
	weight float64
	text   string
}

func (c *cues) add(weight float64, format string, args ...any) {
	c.weight += weight
	c.speaks = true
	c.facts = append(c.facts, fact{weight, fmt.Sprintf(format, args...)})
}

func (c *cues) addMember(weight float64, path string) {
	c.weight += weight
	c.speaks = true
	c.members = append(c.members, fact{weight, path})
}

func (c *cues) weigh() {
	c.weighMembers()
	c.weighInputs()
	e := &c.evidence
	for _, path := range e.Constants {
		c.add(constant, "the value of %s", path)
	}
	for _, path := range e.Flags {
		c.add(aFlag, "the value of %s", path)
	}
	for _, name := range e.Texts {
		c.add(aText, "the pattern of the text %s", name)
	}
	c.weight += max(strangeName*float64(len(e.Strange)), mostStrange)
	c.weight += max(missingName*float64(len(e.Missing)), mostMissing)
	c.weighHeaders()
	c.weighCode()
	c.weighType()
	switch {
	case c.onProtocol():
		c.add(ownProtocol, "the path of the request")
	case e.Path && !commonPath(c.req.Path):
		c.add(ownPath, "the path of the request")
	}
	if by := c.itself(); by != "" {
		c.add(namesItself, "%s, which names it", by)
	}
	c.weighStatus()
	c.weighComplaints()
}

func (c *cues) weighMembers() {
	for _, m := range c.evidence.Named {
		weight := float64(ownName)
		if commonNames[lastName(m.Path)] {
			weight = commonName
		}
		c.addMember(weight/float64(m.Choices), m.Path)
	}
}

func (c *cues) weighInputs() {
	e := &c.evidence
	if len(e.Inputs) == 0 {
		return
	}
	weight := rootMap
	for _, path := range e.Inputs {
		switch {
		case strings.Contains(path, "."):
			weight = aMap
		case envelopes[strings.ToLower(path)]:
			e.Strange = append(e.Strange, path)
		}
	}
	c.add(weight, "a map of %s", strings.Join(e.Inputs[:min(len(e.Inputs), shown)], ", "))
}

// weighCode weighs a code that the dialect lists. One that a standard defines speaks for
// the dialect of the standard alone, and one that only names the status for hardly any.
func (c *cues) weighCode() {
	code := c.evidence.Code
	switch {
	case !c.evidence.Listed:
	case oauthCodes[code] && c.flatError() && c.in.name != oauth:
	case c.namesStatus(code):
		c.add(statusWords, "the code %s, which it lists", code)
	default:
		c.add(listedCode, "the code %s, which it lists", code)
	}
}

// flatError reports that the code does not lie below a member: it is the error of OAuth's
// pair (RFC 6749, 5.2), or stands in a challenge (RFC 6750, 3).
func (c *cues) flatError() bool {
	return !slices.ContainsFunc(c.evidence.Named, func(m authoring.Mark) bool { return strings.HasPrefix(m.Path, "error.") })
}

// otherPhrases are words of statuses that no dialect writes: those before RFC 9110, and
// those of statuses that a caller follows.
var otherPhrases = map[int]string{
	300: "Multiple Choices", 413: "Request Entity Too Large", 414: "Request URI Too Long", 416: "Requested Range Not Satisfiable", 422: "Unprocessable Entity",
}

// namesStatus reports a code that holds no more than the words of the status.
func (c *cues) namesStatus(code string) bool {
	code = words(code)
	return code == words(c.evidence.Phrase) || code == words(otherPhrases[c.res.Status])
}

// words is a text without case, blanks and marks.
func words(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// onProtocol reports that the path of the request names the protocol of the dialect, as
// /api/graphql does.
func (c *cues) onProtocol() bool {
	for segment := range strings.SplitSeq(pathOf(c.req.Path), "/") {
		word, _, _ := strings.Cut(segment, ".") // of graphql.json
		if protocols[word] && slices.Contains(c.in.words, word) {
			return true
		}
	}
	return false
}

// pathOf is the path of a target, which may be a URL.
func pathOf(target string) string {
	if u, err := url.Parse(target); err == nil {
		return u.Path
	}
	return target
}

// commonPath reports the path of a token endpoint, which many vendors have alike.
func commonPath(target string) bool {
	path := strings.TrimRight(pathOf(target), "/")
	last := path[strings.LastIndexByte(path, '/')+1:]
	return last == "token" || last == "access_token"
}

func (c *cues) weighHeaders() {
	for _, name := range c.evidence.Headers {
		if commonHeaders[strings.ToLower(name)] {
			c.weight += plainHeader
			continue
		}
		c.add(ownHeader, "the header %s", name)
	}
}

func (c *cues) weighType() {
	own, given := httpheader.MediaType(c.evidence.Type), contentType(c.res.Header)
	switch {
	case plainTypes[given] && (own == "" || given == ""):
		// it tells nothing
	case own == "":
		c.weight += vendorsType
	case own != given:
		c.weight += otherType
	case given == problemType && c.in.name != "problem":
		c.add(standardType, "the content type %s", given)
	case !plainTypes[given]:
		c.add(ownType, "the content type %s", given)
	}
}

func (c *cues) weighStatus() {
	switch e := &c.evidence; {
	case e.Exact && e.Phrase == "" && otherPhrases[c.res.Status] == "":
		c.add(ownStatus, "the status %d", c.res.Status)
	case e.Row:
		c.weight += statusRow
	default:
		c.weight += noStatusRow
	}
}

func (c *cues) weighComplaints() {
	for _, rule := range c.evidence.Notes {
		if rule == "unfit_body" || rule == "broken_body" {
			c.weight += unfit
		} else {
			c.weight += complaint
		}
	}
}

// why puts the facts into words, the strongest first.
func (c *cues) why() []string {
	heaviest := func(a, b fact) int { return cmp.Compare(b.weight, a.weight) }
	slices.SortStableFunc(c.facts, heaviest)
	slices.SortStableFunc(c.members, heaviest)
	var texts []string
	for _, f := range c.facts {
		if !slices.Contains(texts, f.text) {
			texts = append(texts, f.text)
		}
	}
	var paths []string
	for _, m := range c.members[:min(len(c.members), shown)] {
		paths = append(paths, m.text)
	}
	switch more := len(c.members) - len(paths); {
	case len(c.members) == 1:
		texts = append(texts, "the member "+paths[0])
	case more > 0:
		texts = append(texts, fmt.Sprintf("the members %s and %d more", strings.Join(paths, ", "), more))
	case len(paths) > 0:
		texts = append(texts, "the members "+strings.Join(paths, ", "))
	}
	return texts
}

// shown is how many members are named to people.
const shown = 5

func contentType(h dialect.Header) string {
	if h == nil {
		return ""
	}
	v := h.Values("Content-Type")
	if len(v) == 0 {
		return ""
	}
	return httpheader.MediaType(v[0])
}

// lastName is the name of a member without its path.
func lastName(path string) string {
	path = strings.TrimSuffix(path, "[]")
	return strings.ToLower(path[strings.LastIndexByte(path, '.')+1:])
}

// problemType is the content type of problem details (RFC 9457).
const problemType = "application/problem+json"

// oauth is the dialect of OAuth's errors.
const oauth = "oauth2-bearer"

// Common words, which are weak evidence or none.
var (
	commonNames = set("message", "error", "errors", "code", "detail", "details", "title", "status", "type", "description",
		"reason", "field", "msg", "error_description", "error_uri", "data", "id", "name", "result", "results", "items", "success", "path",
		"timestamp", "request_id", "requestid", "instance", "fault", "body", "head", "meta", "debug", "help", "info", "kind", "ok")
	// An input rarely has such a name: it is an envelope that a map has swallowed.
	envelopes     = set("error", "errors", "message", "messages", "code", "fault", "success", "ok", "detail", "details")
	commonHeaders = set("x-request-id", "request-id", "retry-after", "www-authenticate", "location", "link", "date", "content-type",
		"x-correlation-id", "ratelimit", "ratelimit-policy", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset",
		"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "warning", "allow", "content-location", "etag")
	// The codes of the error in RFC 6749 (4.1.2.1, 5.2), RFC 6750 (3.1), RFC 8628 (3.5) and
	// OpenID Connect.
	oauthCodes = set("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
		"access_denied", "unsupported_response_type", "server_error", "temporarily_unavailable", "invalid_token", "insufficient_scope",
		"authorization_pending", "slow_down", "expired_token", "interaction_required", "login_required", "consent_required")
	plainTypes  = set("application/json", "application/xml", "text/xml", "text/html", "text/plain", "")
	plainWords  = set("api", "rest", "http", "web", "plain", "json", "xml", "error", "problem", "request", "rate", "framework", "boot", "spring")
	protocols   = set("graphql", "odata", "scim", "fhir", "twirp", "soap")
	sharedSites = set("github.io", "readthedocs.io", "rfc-editor.org", "ietf.org", "w3.org", "wikipedia.org", "atlassian.net", "postman.com", "pypi.org")
)

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}
