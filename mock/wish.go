package mock

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/nearest"
)

// Wish is the response that a request asks a Mock for. The zero value asks for nothing: the
// response is a success. A Wish is a value: copy it freely, and share its Fields only for
// reading.
type Wish struct {
	Code       string          // a code of the body, an HTTP status, or a key of the file: card_declined, 402, 4xx
	Kind       parlance.Kind   // if there is no Code, the kind of the response
	Reason     parlance.Reason // its finer word
	Sample     string          // a sample of the dialect file: its number from 1, or its code
	Detail     string          // the text of a failure
	Note       string          // the note of a success
	RetryAfter time.Duration   // Retry-After; RetryNow is 0 seconds
	Fields     []string        // the paths of bad inputs
	Items      int             // the records of a bulk response, or the elements of content of a stream
	Failed     int             // those of them that failed
	Element    int             // the place of a failure among the elements of a stream, from 1; 0 for none
	Cut        int             // the bytes after which a stream ends; 0 for its own end
	Latency    time.Duration   // how long the response is delayed, up to MaxLatency
	Example    string          // a named example of the OpenAPI document (Prism)
	Dynamic    bool            // data by the schema, and not the document's examples (Prism)
}

// MaxLatency bounds the delay of a response.
const MaxLatency = 10 * time.Minute

// MaxItems bounds the records of a bulk response.
const MaxItems = 10_000

// Word is one thing that a Wish can say, for help and pages.
type Word struct {
	Name    string // as in Prefer: code=402
	Example string // a value
	Help    string // what it does
	set     func(*Wish, string) error
}

// Words lists the words of a wish.
func Words() []Word { return slices.Clone(words[:]) }

var words = [...]Word{
	{"code", "402", "a code of the body, an HTTP status, or a key of the dialect file such as 4xx", text(func(w *Wish) *string { return &w.Code })},
	{"kind", "partial", "a kind, or a kind and its reason: invalid/fields", setKind},
	{"sample", "1", "a sample of the dialect file, by its number or code", text(func(w *Wish) *string { return &w.Sample })},
	{"detail", "Slow down", "the text of a failure", text(func(w *Wish) *string { return &w.Detail })},
	{"note", "Look at this", "the note of a success", text(func(w *Wish) *string { return &w.Note })},
	{"retry-after", "7", "the wait that the response asks for, in seconds", setRetryAfter},
	{"fields", "url,date", "the bad inputs of a failure", setFields},
	{"items", "3", "the number of records in a bulk response, or of elements of content in a stream", number(MaxItems, func(w *Wish) *int { return &w.Items })},
	{"failed", "1", "how many of the records failed", number(MaxItems, func(w *Wish) *int { return &w.Failed })},
	{"element", "3", "the element of a stream that is a failure, from 1", atLeastOne(MaxItems, func(w *Wish) *int { return &w.Element })},
	{"cut", "1200", "the byte after which a stream ends without its end", atLeastOne(MaxCut, func(w *Wish) *int { return &w.Cut })},
	{"latency", "500ms", "how long the response is delayed", setLatency},
	{"example", "cat", "a named example of the OpenAPI document", text(func(w *Wish) *string { return &w.Example })},
	{"dynamic", "true", "data by the schema of the OpenAPI document", setDynamic},
}

// Set sets one word of the wish, as Prefer, paths, queries and scenarios do. The error says
// what there is.
func (w *Wish) Set(name, value string) error {
	for i := range words {
		if words[i].Name == strings.ToLower(name) {
			return words[i].set(w, value)
		}
	}
	return unknown("wish", "wishes", name, wordNames())
}

// IsZero reports that the wish says nothing about the response.
func (w *Wish) IsZero() bool {
	return w.Code == "" && w.Kind == 0 && w.Sample == "" && w.Detail == "" && w.Note == "" && w.RetryAfter == 0 &&
		len(w.Fields) == 0 && w.Items == 0 && w.Failed == 0 && w.Element == 0 && w.Cut == 0 && w.Latency == 0 && w.Example == "" && !w.Dynamic
}

// chooses reports that the wish says what the response means, and not only how it comes.
func (w *Wish) chooses() bool {
	return w.Code != "" || w.Kind != 0 || w.Sample != "" || w.Detail != "" || w.Note != "" || w.RetryAfter != 0 ||
		len(w.Fields) > 0 || w.Items > 0 || w.Failed > 0 || w.Element > 0 || w.Cut > 0
}

// String is the wish as the value of a Prefer field.
func (w Wish) String() string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+quoted(value))
		}
	}
	add("code", w.Code)
	if w.Kind != 0 {
		add("kind", strings.TrimSuffix(w.Kind.String()+"/"+string(w.Reason), "/"))
	}
	add("sample", w.Sample)
	add("detail", w.Detail)
	add("note", w.Note)
	if w.RetryAfter != 0 {
		add("retry-after", strconv.FormatFloat(max(w.RetryAfter, 0).Seconds(), 'f', -1, 64))
	}
	add("fields", strings.Join(w.Fields, ","))
	if w.Items > 0 {
		add("items", strconv.Itoa(w.Items))
	}
	if w.Failed > 0 {
		add("failed", strconv.Itoa(w.Failed))
	}
	if w.Element > 0 {
		add("element", strconv.Itoa(w.Element))
	}
	if w.Cut > 0 {
		add("cut", strconv.Itoa(w.Cut))
	}
	if w.Latency > 0 {
		add("latency", w.Latency.String())
	}
	add("example", w.Example)
	if w.Dynamic {
		add("dynamic", "true")
	}
	return strings.Join(parts, "; ")
}

// text sets a word whose value is any text.
func text(of func(*Wish) *string) func(*Wish, string) error {
	return func(w *Wish, value string) error {
		if value == "" {
			return fmt.Errorf("the value is missing")
		}
		*of(w) = value
		return nil
	}
}

func number(most int, of func(*Wish) *int) func(*Wish, string) error {
	return func(w *Wish, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > most {
			return fmt.Errorf("%q is no number from 0 to %d", value, most)
		}
		*of(w) = n
		return nil
	}
}

// atLeastOne sets a word whose value is a number from 1.
func atLeastOne(most int, of func(*Wish) *int) func(*Wish, string) error {
	return func(w *Wish, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > most {
			return fmt.Errorf("%q is no number from 1 to %d", value, most)
		}
		*of(w) = n
		return nil
	}
}

func setKind(w *Wish, value string) error {
	name, reason, _ := strings.Cut(value, "/")
	kind, ok := parlance.ParseKind(name)
	if !ok {
		var names []string
		for _, k := range parlance.Kinds() {
			names = append(names, k.String())
		}
		return unknown("kind", "kinds", name, names)
	}
	w.Kind, w.Reason = kind, parlance.Reason(reason)
	return nil
}

func setRetryAfter(w *Wish, value string) error {
	f, err := strconv.ParseFloat(value, 64)
	wait, ok := parlance.Seconds(f)
	if err != nil || !ok {
		return fmt.Errorf("%q is no number of seconds", value)
	}
	if w.RetryAfter = wait; wait == 0 {
		w.RetryAfter = parlance.RetryNow
	}
	return nil
}

func setFields(w *Wish, value string) error {
	var paths []string
	for path := range strings.SplitSeq(value, ",") {
		if path = strings.TrimSpace(path); path != "" {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 || len(paths) > MaxItems {
		return fmt.Errorf("%d paths; write 1 to %d, separated by commas", len(paths), MaxItems)
	}
	w.Fields = paths
	return nil
}

func setLatency(w *Wish, value string) error {
	d, err := time.ParseDuration(value)
	if f, plain := strconv.ParseFloat(value, 64); plain == nil {
		var ok bool
		if d, ok = parlance.Seconds(f); ok {
			err = nil
		}
	}
	if err != nil || d < 0 || d > MaxLatency {
		return fmt.Errorf("%q is no time such as 500ms or 2s, up to %s", value, MaxLatency)
	}
	w.Latency = d
	return nil
}

func setDynamic(w *Wish, value string) error {
	on, err := strconv.ParseBool(value)
	if err != nil {
		return fmt.Errorf("%q is neither true nor false", value)
	}
	w.Dynamic = on
	return nil
}

func wordNames() []string {
	var names []string
	for i := range words {
		names = append(names, words[i].Name)
	}
	return names
}

// maxListed is how many names an error lists.
const maxListed = 12

// unknown is the error for a name that is none of those that there are. It lists the nearest
// ones first. all is the plural of what.
func unknown(what, all, name string, known []string) error {
	if len(name) > 64 {
		name = name[:64] + "…"
	}
	meant := "."
	if best := nearest.Word(name, known); best != "" {
		meant = "; did you mean " + best + "?"
	}
	if len(known) == 0 {
		return fmt.Errorf("there is no %s %q, and none at all", what, name)
	}
	known = nearest.Sorted(name, known)
	rest := ""
	if n := len(known) - maxListed; n > 0 {
		known, rest = known[:maxListed], fmt.Sprintf(" and %d more", n)
	}
	return fmt.Errorf("there is no %s %q%s The %s are %s%s", what, name, meant, all, strings.Join(known, ", "), rest)
}
