package spec

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
)

// Rule is one thing that is complained of, under the name that a Diagnostic
// carries. A name is never given another meaning, for people filter by it.
type Rule struct {
	Name     string            `json:"rule"`
	Severity parlance.Severity `json:"severity"` // in a file; of an answer it is always a warning
	File     bool              `json:"file"`     // it is about a dialect file
	Answer   bool              `json:"answer"`   // it is about a response that was read
	Why      string            `json:"why"`      // why it matters, in one sentence
	Do       string            `json:"do"`       // what to do about it, in one sentence
}

// Rules lists every rule in the order of its name, for tools and documentation.
func Rules() []Rule { return slices.Clone(AllRules) }

// RuleOf finds a rule by its name. It reports false for an unknown one.
func RuleOf(name string) (Rule, bool) {
	i, found := slices.BinarySearchFunc(AllRules, name, func(r Rule, name string) int { return strings.Compare(r.Name, name) })
	if !found {
		return Rule{}, false
	}
	return AllRules[i], true
}

// WhyOf is the reason of a rule, "" for one that is not in the table.
func WhyOf(rule string) string {
	r, _ := RuleOf(rule)
	return r.Why
}

func fileFault(name, why, do string) Rule {
	return Rule{Name: name, Severity: parlance.Fault, File: true, Why: why, Do: do}
}

func fileWarning(name, why, do string) Rule {
	return Rule{Name: name, Severity: parlance.Warning, File: true, Why: why, Do: do}
}

func ofAnswers(name, why, do string) Rule {
	return Rule{Name: name, Severity: parlance.Warning, Answer: true, Why: why, Do: do}
}

func both(r Rule) Rule {
	r.Answer = true
	return r
}

// AllRules are in the order of their names, to be searched by halves.
var AllRules = []Rule{
	fileFault("anchor",
		"What YAML shares by an anchor changes in several places when one is edited, and a few lines of it can grow to gigabytes.",
		"Write the part twice."),
	fileFault("bad_code",
		"A comma too many leaves a code without a name, and it is likely that one was forgotten there.",
		"Write the codes with one comma between two: 200, 201."),
	fileFault("bad_constant",
		"YAML knows numbers that JSON does not, such as 0x10 and 010; a body could never hold them as they stand.",
		"Write the number as JSON has it, or put it in quotes if the body holds a text."),
	fileFault("bad_duration",
		"A client would wait for a time that nobody meant, or never.",
		"Write a number with its unit, 500ms, 60s, 5m, 1h or 1d, and the smaller one of a range first."),
	fileFault("bad_header",
		"A header field with such a name or value cannot be sent, and a line break in it would let somebody add fields.",
		"Use the letters, digits and hyphens that HTTP allows in a name, and one line without blanks around it as a value."),
	fileFault("bad_hole",
		"A place in a body is an attribute, a pattern or a constant; a mixture would be written in one way and read in another.",
		"Write $attribute, or a pattern with the attribute in braces: 'text {$detail}'."),
	fileFault("bad_key",
		"The name of a member is written as it stands, so one that the form cannot have, or that is empty, makes bodies that nobody can read.",
		"Write name, first|second, $field, $item or $any=name, in letters that the form allows."),
	fileFault("bad_name",
		"Names stand in flags, in messages and behind a $, where capitals and blanks go wrong.",
		"Use lower-case letters, digits and hyphens for a dialect, and _ instead of hyphens for a definition."),
	fileFault("bad_pattern",
		"A pattern that cannot be read would neither recognise a text nor write one.",
		"Close every brace: {$attribute} takes a text, {_} skips one, {_=text} skips it and writes text."),
	fileFault("bad_place",
		"What stands here has no form in such a place, so it could not be read, or would be lost when it is written.",
		"Let payloads and lists stand alone, and use a notation for the attributes that it is meant for."),
	fileFault("bad_reason",
		"The reason is a word that programs compare, so it must have one spelling.",
		"Write one word of lower-case letters, digits and _ after the slash, or leave the slash out."),
	fileFault("bad_retry",
		"A client repeats as the row says; a time that it cannot read would make it hammer the API or give up.",
		"Write never, refresh, poll, {after: 60s}, {backoff: 1s..60s} or {schedule: [5m, 30m]}."),
	fileFault("bad_sample",
		"A sample that cannot be read tests nothing, while everybody believes that it does.",
		"Give it a response, as curl -i prints it, and the outcome that it reads as."),
	fileFault("bad_status",
		"What is no HTTP status is never met, so the row or the shape would never be used.",
		"Write a status from 100 to 599, a class such as 4xx or a range such as 200-206."),
	ofAnswers("broken_body",
		"The body is not what its type says, so only the status could be read; a proxy may have answered in the API's stead.",
		"Look at the body as it came; if the API really sends it so, add a shape for that form."),
	fileWarning("code_or_status",
		"Where a body holds numbers as codes, 404 in it may mean the HTTP status or a code of the API, and the two must not be confused.",
		"Say which: codes_are_statuses: true where they mean the same, false where they do not."),
	fileWarning("constant_attribute",
		"Without its dollar sign the word is a constant: a body fits only if it holds that very word, and nothing is read from it.",
		"Put a $ before it, or put it in quotes if the constant is meant."),
	fileFault("contradiction",
		"Two things that exclude each other were asked for, so the shape could never be used.",
		"Keep the one that is meant."),
	ofAnswers("count_contradicts",
		"The answer says how many records there are, failed or went well, and lists another number, so some are not told of.",
		"Ask the provider which of the two counts; until then look at the records that are not listed."),
	ofAnswers("cut_body",
		"What stands after the cut is unknown, so a record or an error may be missing.",
		"Let the caller read more of the body, or ask the API for fewer records at once."),
	fileFault("duplicate_code",
		"Two rows of one code would mean two things at once, and which one counts would be left to chance.",
		"Make one list of them, each with its condition: [{kind: …, method: POST}, …]."),
	both(fileFault("duplicate_key",
		"Of two values under one name only one counts, and readers do not agree which.",
		"Keep one of them.")),
	fileFault("empty",
		"An empty file says nothing of any API.",
		"Begin with `dialect: name` and a table of codes; parlance show vms prints one to start from."),
	fileFault("empty_shape",
		"What does not say which answers it is about would fit everything or nothing.",
		"Give a shape json, xml, html, text or headers (null for the literal null), and an operation a method or path."),
	fileFault("endless",
		"A definition that comes back to itself without taking anything of the body would be tried for ever.",
		"Put a member or a list around the part that repeats."),
	fileFault("key_type",
		"The table and the shapes are looked up by name, and a list or nothing is no name.",
		"Put the key in quotes; several codes stand in one key: 200, 201."),
	fileWarning("lossy",
		"What a bare {_} skips is not kept, so this place can be read and never be written.",
		"Write {_=text} with the text to write there, or {$read: …} or read_only: true where it is never written."),
	fileFault("missing_codes",
		"The table of codes is what gives answers a meaning; without it the file says nothing.",
		"Add codes: with at least one row: 200: success."),
	fileFault("missing_kind",
		"The kind is what a client acts on, so a row without one leaves it without anything to do.",
		"Add kind: invalid, or what it is."),
	fileFault("missing_name",
		"Messages, logs and decisions name the dialect, and this one has no name to be named by.",
		"Begin the file with `dialect: name`."),
	ofAnswers("not_used",
		"The provider's page says that the API never gives this status, so something else may have answered: a proxy, or a wrong address.",
		"Look at who answered; if it was the API, tell its provider, and remove not_used from the row."),
	ofAnswers("not_utf8",
		"Letters that cannot be read become U+FFFD, so a text may not be shown as the API meant it.",
		"Tell the provider; JSON is UTF-8 by its standard (RFC 8259, 8.1)."),
	fileFault("overlap",
		"Of two ranges that lie across each other neither is the narrower one, so nothing says which row a code between them takes.",
		"Let one end where the other begins, or put one wholly inside the other."),
	fileFault("sample_reads",
		"The file says something else of this answer than the sample does, so one of the two misleads every client.",
		"Correct the shape or the row if the sample is right, and the outcome of the sample if the file is."),
	fileFault("sample_writes",
		"A server or gateway that speaks this dialect would answer otherwise than the API does, and its callers might not understand it.",
		"Give what is missing a place in the shape, or say reads_only: true in the sample if it is never written so."),
	fileWarning("shadowed",
		"Rows, shapes and alternatives are tried in their order, and something before this one always takes what fits it, so it is never used.",
		"Put the one that asks for more first, give the other a condition, or remove it."),
	fileFault("tag",
		"A tag makes a YAML reader build a value of another type, which the language has no use for and strangers' files could abuse.",
		"Leave it out, and put a text in quotes."),
	fileFault("too_deep",
		"Nobody's answer is nested so deeply, and reading such a file would cost more than it is worth.",
		"Flatten it; a mapping inside a mapping is rarely needed more than ten times."),
	fileFault("too_large",
		"A file is compiled in memory, so there is a bound that no real dialect comes near.",
		"Split it: one file holds one API."),
	fileFault("touching_holes",
		"Between two holes that touch nothing says where the first text ends, so a reader would have to guess.",
		"Put the text that stands between them there, or read the whole as one attribute."),
	fileFault("two_documents",
		"Only the first document of a file would be read, and the second would be lost without a word.",
		"Make a second file of what follows ---."),
	ofAnswers("unfit_body",
		"The API answered in a form that the file does not describe, so only the status could be read and the reason is lost.",
		"Add a shape for this form, with the recorded answer as its sample."),
	ofAnswers("unfit_member",
		"A member has another form than the file describes, so what it says is not known; the rest was read.",
		"Add its form to the shape with $either, and the recorded answer as a sample."),
	fileFault("unknown_act",
		"The act is what a client does next; it cannot do what nobody knows.",
		"Use done, inspect, correct, refresh, poll, retry, escalate or stop."),
	fileFault("unknown_attribute",
		"The text would be read into nothing, and nothing would be written there.",
		"Use one of the attributes of an outcome, such as $code, $detail or $field.message."),
	fileFault("unknown_dialect",
		"What a file extends holds wherever the file says nothing, so without it half of the file would be missing.",
		"Name a dialect of the catalogue, or a file by its path beside this one."),
	fileFault("unknown_form",
		"A form that nobody knows cannot be asked for.",
		"Use json, xml, html or text."),
	fileFault("unknown_grant",
		"A client that renews tokens asks for them by this word, and the provider refuses one that it does not know.",
		"Use client_credentials, password, refresh_token or authorization_code."),
	fileFault("unknown_key",
		"A key that is passed over in silence does not do what its author thinks, and nobody notices until it counts.",
		"Correct the spelling, or move it to where it belongs; docs/dialect.md lists every key."),
	fileFault("unknown_kind",
		"The kind decides what a client does about an answer, so a word that is none would leave it without anything to do.",
		"Use one of those that the message lists; docs/dialect.md has them too."),
	fileFault("unknown_language",
		"A later version may give the same words another meaning, so guessing would be worse than stopping.",
		"Use a newer parlance, or write language: 1."),
	fileWarning("unknown_method",
		"A condition on a misspelt method never holds, so the row or shape would never be used.",
		"Correct it, or leave it if the API really has a method of that name."),
	fileFault("unknown_name",
		"A shape gave its answer a name, but the table says nothing of what that name means.",
		"Add a row of that name to codes, or name a kind."),
	fileFault("unknown_notation",
		"The notation says how a value looks on the wire; without it bodies could neither be read nor written there.",
		"Use one of those listed, spelt as docs/dialect.md has it."),
	fileWarning("unknown_reason",
		"Clients act on a few reasons, such as expired, and one that is nearly spelt so would not be acted on.",
		"Correct it; a word of your own that resembles none of them is welcome."),
	ofAnswers("unlisted_code",
		"The provider sent a code that the file does not know, so nobody can say that all went well.",
		"Ask the provider what it means and add a row for it."),
	ofAnswers("unread_element",
		"Some elements of the list have another form than the file describes, so it is not known what became of those records.",
		"Add their form to the list, and the recorded answer as a sample."),
	fileWarning("unreadable_code",
		"The table gives a code a meaning, but no shape says where in the body it stands, so the row is never met.",
		"Let a shape read $code, or recognise the answer by is: name."),
	fileWarning("unsendable_code",
		"Nothing says under which HTTP status this code travels, so a server that speaks the dialect has to guess one.",
		"Add status: 400, or what the provider's page says, to the row."),
	fileWarning("unsendable_status",
		"HTTP sends final answers with a status from 200 to 599, so another number cannot be written as one.",
		"Say under which status the code travels: status: 400."),
	fileWarning("unused_definition",
		"What nothing refers to reads and writes nothing, and it is likely that a shape was meant to use it.",
		"Write $name where it belongs, or remove it."),
	fileWarning("word_for_boolean",
		"Here yes, no, on and off are texts; a body with true or false would never fit them.",
		"Write true or false, or put the text in quotes if the API really sends the word."),
	fileFault("wrong_type",
		"A text, a list and a mapping are read differently, so what stands here could not be used.",
		"Write it as the message says; docs/dialect.md shows each key with its value."),
	fileFault("yaml_syntax",
		"A file that is not YAML cannot be read at all, and most often a quote or an indentation is what it lacks.",
		"Look at the line and the one before it; put texts with : # { [ or ` in quotes, and indent with blanks."),
}
