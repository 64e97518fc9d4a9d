package spec

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
)

// Rule is one kind of fault, with the name that a Diagnostic carries. A name
// never gets another meaning, so people can filter by it.
type Rule struct {
	Name     string            `json:"rule"`
	Severity parlance.Severity `json:"severity"` // in a file; for a response it is always a warning
	File     bool              `json:"file"`     // it applies to a dialect file
	Response bool              `json:"response"` // it applies to a response that was read
	Why      string            `json:"why"`      // why it matters, in one sentence
	Do       string            `json:"do"`       // what to do about it, in one sentence
}

// Rules lists every rule, sorted by name, for tools and documentation.
func Rules() []Rule { return slices.Clone(AllRules) }

// RuleOf finds a rule by its name. It reports false for an unknown one.
func RuleOf(name string) (Rule, bool) {
	i, found := slices.BinarySearchFunc(AllRules, name, func(r Rule, name string) int { return strings.Compare(r.Name, name) })
	if !found {
		return Rule{}, false
	}
	return AllRules[i], true
}

// WhyOf is the reason for a rule, "" for an unknown one.
func WhyOf(rule string) string {
	r, _ := RuleOf(rule)
	return r.Why
}

func fileFault(name, why, do string) Rule {
	return Rule{Name: name, Severity: parlance.SeverityError, File: true, Why: why, Do: do}
}

func fileWarning(name, why, do string) Rule {
	return Rule{Name: name, Severity: parlance.SeverityWarning, File: true, Why: why, Do: do}
}

func ofResponses(name, why, do string) Rule {
	return Rule{Name: name, Severity: parlance.SeverityWarning, Response: true, Why: why, Do: do}
}

func both(r Rule) Rule {
	r.Response = true
	return r
}

// AllRules are in the order of their names, to be searched by halves.
var AllRules = []Rule{
	fileFault("anchor",
		"A change to an anchor changes several places at once, and a few lines of anchors can grow to gigabytes.",
		"Write the part twice."),
	fileFault("bad_code",
		"An extra comma leaves a code without a name, and probably a code was forgotten there.",
		"Write the codes with one comma between two: 200, 201."),
	fileFault("bad_constant",
		"YAML has numbers that JSON does not have, such as 0x10 and 010, so a JSON body can never hold them.",
		"Write the number as in JSON, or put it in quotes if the body holds a text."),
	fileFault("bad_duration",
		"A client would wait for a wrong time, or not at all.",
		"Write a number with its unit, 500ms, 60s, 5m, 1h or 1d, and the smaller one of a range first."),
	fileFault("bad_header",
		"A header field with such a name or value cannot be sent, and a line break in it would allow others to add fields.",
		"Use the letters, digits and hyphens that HTTP allows in a name. A value is one line without spaces around it."),
	fileFault("bad_hole",
		"A place in a body is an attribute, a pattern or a constant. A mixture would be written in one way and read in another.",
		"Write $attribute, or a pattern with the attribute in braces: 'text {$detail}'."),
	fileFault("bad_key",
		"The name of a member is written literally, so an empty name or one that the form cannot have makes a body unreadable.",
		"Write name, first|second, $field, $item or $any=name, in letters that the form allows."),
	fileFault("bad_name",
		"Names are used in flags, in messages and after a $. Capitals and spaces fail there, and the name of an attribute, such as $detail, is taken.",
		"Use lower-case letters, digits and hyphens for a dialect, and _ instead of hyphens for a definition."),
	fileFault("bad_path",
		"A condition looks at the path of a request alone, so one with a query or a host would never hold.",
		"Write the path alone, with * for any run of characters: /orders/*."),
	fileFault("bad_pattern",
		"A pattern that cannot be read would neither recognize a text nor write one.",
		"Close every brace: {$attribute} takes a text, {_} skips one, {_=text} skips it and writes text."),
	fileFault("bad_place",
		"This value has no form in such a place, so it could not be read, or would be lost on writing.",
		"Do not combine payloads and lists with other texts, and use a notation only for its own attributes."),
	fileFault("bad_reason",
		"Programs compare the reason, so it must have one spelling.",
		"Write one word of lower-case letters, digits and _ after the slash, or leave the slash out."),
	fileFault("bad_retry",
		"A client retries as the row says. With a time that it cannot read it would flood the API or give up.",
		"Write never, refresh, poll, {after: 60s}, {backoff: 1s..60s} or {schedule: [5m, 30m]}."),
	fileFault("bad_sample",
		"A sample that cannot be read tests nothing, although it seems to.",
		"Give it a response, as curl -i prints it, and the outcome that it is read as."),
	fileFault("bad_status",
		"No response has such a status, so the row or the shape would never be used.",
		"Write a status from 100 to 599, a class such as 4xx or a range such as 200-206."),
	ofResponses("body_not_read",
		"A body with several parts can hold an error in one of them, and nobody looked.",
		"Treat the response as unknown, or read the parts yourself."),
	ofResponses("broken_body",
		"The body does not have the type that its header states, so only the status was read. A proxy may have responded in place of the API.",
		"Look at the raw body. If the API really sends it in this form, add a shape for it."),
	fileWarning("code_or_status",
		"If a body holds numbers as codes, 404 in it may be the HTTP status or a code of the API, and the two must not be confused.",
		"Write codes_are_statuses: true if they mean the same, or false if they do not."),
	ofResponses("common_form",
		"The texts come from members that most APIs use, and not from the dialect, so the vendor may mean something else by them.",
		"Show them to people, and decide by the kind. Add a shape to the dialect if the API sends this often."),
	fileWarning("constant_attribute",
		"Without its dollar sign the word is a constant. A body fits only if it holds that very word, and nothing is read from it.",
		"Put a $ before it, or put it in quotes if you mean the constant."),
	fileFault("contradiction",
		"The two conditions exclude each other, so the shape could never be used.",
		"Keep the one that you mean."),
	ofResponses("count_contradicts",
		"The count in the response differs from the number of records in it, so some records are not listed.",
		"Ask the provider which of the two is right. Until then check the records that are not listed."),
	ofResponses("cut_body",
		"The part after the cut is unknown, so a record or an error may be missing.",
		"Read more of the body, or ask the API for fewer records at once."),
	fileFault("duplicate_code",
		"Two rows for one code would give it two meanings, and chance would decide between them.",
		"Combine them in one list, each with its condition: [{kind: …, method: POST}, …]."),
	both(fileFault("duplicate_key",
		"Only one of two values under one name counts, and readers differ on which one.",
		"Keep one of them.")),
	fileFault("empty",
		"An empty file describes no API.",
		"Begin with `dialect: name` and a table of codes. parlance show vms prints an example."),
	ofResponses("empty_body",
		"The dialect has a body here, so an empty one may be a failure on the way, such as a proxy that gave up.",
		"Check at the API whether the request took effect."),
	fileFault("empty_shape",
		"Without a condition, it would fit every response or none.",
		"Give a shape json, xml, html, text or headers (null for the literal null). Give an operation a method or a path."),
	fileFault("endless",
		"A definition that reaches itself without reading a part of the body would be tried for ever.",
		"Put a member or a list around the recursive part."),
	ofResponses("failure_mark",
		"No success carries such a member or constant, so the status may be wrong.",
		"Check at the API whether the request took effect. Add a shape for this status if the API sends this often."),
	fileFault("key_type",
		"The table and the shapes are looked up by name. A list or an empty key is not a name.",
		"Put the key in quotes. Several codes can share one key: 200, 201."),
	fileWarning("lossy",
		"The text that a bare {_} skips is not kept, so this place can be read but never written.",
		"Write {_=text} with the text to write there. If it is never written, use {$read: …} or read_only: true."),
	fileFault("missing_codes",
		"The table of codes gives responses their meaning. Without it the file has no effect.",
		"Add codes: with at least one row: 200: success."),
	fileFault("missing_kind",
		"The kind tells a client what to do, so a row needs one.",
		"Add kind: invalid, or another kind."),
	fileFault("missing_name",
		"Messages, logs and decisions name the dialect, and this one has no name.",
		"Begin the file with `dialect: name`."),
	ofResponses("missing_path",
		"Some responses mean different things on different paths. Without the path of the request one of the meanings was taken.",
		"Give the path of the request: --path on the command line, path in a line or a sample."),
	ofResponses("not_used",
		"The provider's page says that the API never sends this status. The response may come from a proxy or a wrong URL.",
		"Find the sender of the response. If it was the API, tell its provider, and remove not_used from the row."),
	ofResponses("not_utf8",
		"Letters that cannot be read become U+FFFD, so a text may differ from the one that the API sent.",
		"Tell the provider. JSON is UTF-8 by its standard (RFC 8259, 8.1)."),
	fileFault("overlap",
		"If two ranges overlap, neither is the narrower one. The row of a code in both of them would then be ambiguous.",
		"End one before the other begins, or put one completely inside the other."),
	fileWarning("records_only",
		"Where records are expected, another body is not understood, so its success is not certain and the outcome is noted.",
		"Give the shape the method and path of its operation, or add a shape for the other successes."),
	fileWarning("sample_leaves_out",
		"The file reads more than the sample names, so nothing tests that part. A later change of the file could lose it without a word.",
		"Add the attribute to the outcome of the sample. If it is wrong, correct the shape or the row."),
	fileFault("sample_reads",
		"The file and the sample contradict each other about this response, so one of them misleads every client.",
		"If the sample is right, correct the shape or the row. If the file is right, correct the outcome of the sample."),
	fileFault("sample_writes",
		"A server or gateway with this dialect would respond differently from the API, and its callers might not understand it.",
		"Add the missing part to the shape. If the response is never written so, add reads_only: true to the sample."),
	fileWarning("shadowed",
		"Rows, shapes and alternatives are tried in order. An earlier one fits everything that this one fits, so it is never used.",
		"Put the stricter one first, give the other a condition, or remove it."),
	fileFault("tag",
		"A tag makes a YAML reader create a value of another type. The language does not need that, and an untrusted file could abuse it.",
		"Leave it out, and put a text in quotes."),
	fileFault("too_deep",
		"No real response is nested so deeply, and such a file would cost too much to read.",
		"Flatten it. More than ten nested mappings are rarely needed."),
	fileFault("too_large",
		"A file is compiled in memory, so its size is limited. No real dialect comes near the limit.",
		"Split it: one file describes one API."),
	fileFault("touching_holes",
		"If two holes touch, the end of the first text is unknown, so a reader would have to guess.",
		"Write the text between them, or read both as one attribute."),
	fileFault("two_documents",
		"Only the first document of a file would be read, and the second would be lost silently.",
		"Move the part after --- to a second file."),
	fileWarning("unfinished",
		"A guess from a few responses may be wrong, and a client acts on what the file says.",
		"Compare the place with the vendor's page, correct it, and remove the comment that begins with guess: or todo:."),
	ofResponses("unfit_body",
		"The response has a form that the file does not describe, so only the status was read and the reason is lost.",
		"Add a shape for this form, with the recorded response as its sample."),
	ofResponses("unfit_header",
		"A header field has a value that is not in the notation of the file or of HTTP, so a time or a number in it is unknown.",
		"Compare the recorded field with the vendor's page, and correct the notation in the file, such as :epoch."),
	ofResponses("unfit_member",
		"A member has a different form from the one in the file, so its value is unknown. The rest was read.",
		"Add its form to the shape with $either, and the recorded response as a sample."),
	fileFault("unknown_act",
		"The act is the next step of a client, which cannot do an unknown one.",
		"Use done, inspect, correct, refresh, poll, retry, escalate or stop."),
	fileFault("unknown_attribute",
		"The text would be read into nothing, and nothing would be written there.",
		"Use one of the attributes of an outcome, such as $code, $detail or $field.message."),
	fileFault("unknown_dialect",
		"The extended dialect applies wherever the file is silent, so without it half of the file would be missing.",
		"Name a dialect of the catalog, or a file by its path relative to this one."),
	fileFault("unknown_form",
		"An unknown form cannot be requested.",
		"Use json, xml, html or text."),
	fileFault("unknown_grant",
		"A client requests new tokens with this word, and the provider refuses an unknown one.",
		"Use client_credentials, password, refresh_token or authorization_code."),
	fileFault("unknown_key",
		"A key that is silently ignored does not do what its author expects, and the mistake would show too late.",
		"Correct the spelling, or move it to its place. docs/dialect.md lists every key."),
	fileFault("unknown_kind",
		"The kind tells a client what to do, and an unknown word tells it nothing.",
		"Use one of the kinds in the message. docs/dialect.md has them too."),
	fileFault("unknown_language",
		"A later version may give the same words another meaning, so guessing would be worse than stopping.",
		"Use a newer parlance, or write language: 1."),
	fileWarning("unknown_method",
		"A condition on a misspelled method never holds, so the row or shape would never be used.",
		"Correct it, or leave it if the API really has such a method."),
	fileFault("unknown_name",
		"A shape gives its response a name, but the table has no meaning for that name.",
		"Add a row of that name to codes, or name a kind."),
	fileFault("unknown_notation",
		"The notation says how a value looks on the wire. Without it the value can be neither read nor written.",
		"Use one of those listed, spelled as in docs/dialect.md."),
	fileWarning("unknown_reason",
		"Clients handle a few reasons, such as expired. A misspelled one has no effect.",
		"Correct it, or use a word of your own that resembles none of them."),
	ofResponses("unlisted_code",
		"The provider sent a code that the file does not list, so the success is not certain.",
		"Ask the provider for its meaning, and add a row for it."),
	fileWarning("unreachable",
		"No response can reach this part, so it does nothing, and what it was written for is read in another way.",
		"Correct its condition, or remove it."),
	ofResponses("unread_element",
		"Some elements of the list have a different form from the one in the file, so the outcome of those records is unknown.",
		"Add their form to the list, and the recorded response as a sample."),
	fileWarning("unreadable_code",
		"The table gives a code a meaning, but no shape reads that code, so the row is never used.",
		"Let a shape read $code, or recognize the response by is: name."),
	fileWarning("unsendable_code",
		"The HTTP status of this code is missing, so a server with this dialect has to guess one.",
		"Add status: 400, or the status on the provider's page, to the row."),
	fileWarning("unsendable_status",
		"A final HTTP response has a status from 200 to 599, so another number cannot be written as one.",
		"Add the HTTP status of the code: status: 400."),
	fileWarning("unused_definition",
		"An unused definition has no effect, and probably a shape was meant to use it.",
		"Write $name in its place, or remove it."),
	fileWarning("word_for_boolean",
		"Here yes, no, on and off are texts, so a body with true or false would never fit them.",
		"Write true or false, or put the text in quotes if the API really sends the word."),
	ofResponses("wrapped_body",
		"A proxy, a filter or an older version put something around the document.",
		"Nothing is lost. Find out who adds it."),
	fileFault("wrong_type",
		"A text, a list and a mapping are read differently, so this value could not be used.",
		"Write it as the message says. docs/dialect.md shows each key with its value."),
	fileFault("yaml_syntax",
		"A file that is not YAML cannot be read at all. Most often a quote or an indentation is missing.",
		"Look at the line and the one before it. Put texts with : # { [ or ` in quotes, and indent with spaces."),
}
