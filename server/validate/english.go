package validate

import (
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/message/catalog"
)

// english are the messages that ship. Where VMS's page shows a sentence
// ("Validation, status codes for request processing"), it is that one, and so
// for the XML of Vision ("Vision Commerce, API Responses").
var english = map[string]catalog.Message{
	"detail": catalog.String("Submitted data was invalid"),
	"body":   catalog.String("body"),
	"place":  catalog.String("%[1]s: line %[2]s, column %[3]s"),

	// What cannot be read.
	"contentType":     catalog.String("The content type must be %[1]s"),
	"charset":         catalog.String("The character encoding must be UTF-8"),
	"contentEncoding": catalog.String("The content encoding is not supported"),
	"gzip":            catalog.String("The body is not valid gzip"),
	"tooLarge":        catalog.String("The body is longer than %[1]d bytes"),
	"tooDeep":         catalog.String("The body is nested deeper than %[1]d levels"),
	"tooMany":         catalog.String("The body has too many values"),
	"slow":            catalog.String("The body took too long to arrive"),
	"broken":          catalog.String("The body did not arrive whole"),
	"empty":           catalog.String("The body is empty"),
	"byteOrderMark":   catalog.String("The body begins with a byte order mark; it must be UTF-8 without one"),
	"utf8":            catalog.String("The text is not valid UTF-8"),
	"json":            catalog.String("The body is not valid JSON"),
	"xml":             catalog.String("The body is not well-formed XML"),
	"doctype":         catalog.String("A document type declaration is not allowed"),
	"entity":          catalog.String("An entity that is not predefined is not allowed"),
	"form":            catalog.String("The form is not encoded correctly"),
	"query":           catalog.String("The query is not encoded correctly"),
	"trailing":        catalog.String("There is more after the end of the data"),
	"duplicate":       catalog.String("A name occurs twice in one object"),
	"number":          catalog.String("The number is beyond what can be represented"),

	// What breaks the schema.
	"schema":                catalog.String("The %[1]s value is invalid"),
	"type":                  catalog.String("The %[1]s must be of type %[2]s"),
	"enum":                  catalog.String("The %[1]s must be one of: %[2]s"),
	"const":                 catalog.String("The %[1]s must be %[2]s"),
	"format":                catalog.String("The %[1]s value is in invalid format"),
	"dateFormat":            catalog.String("The %[1]s field doesn't match the format: %[2]s."),
	"pattern":               catalog.String("The %[1]s value is in invalid format"),
	"required":              catalog.String("The %[1]s field is required"),
	"dependentRequired":     catalog.String("The %[1]s field is required together with %[2]s"),
	"additionalProperties":  catalog.String("The %[1]s field is not allowed"),
	"unevaluatedProperties": catalog.String("The %[1]s field is not allowed"),
	"propertyNames":         catalog.String("The name %[1]s is not allowed"),
	"false":                 catalog.String("The %[1]s field is not allowed"),
	"additionalItems":       catalog.String("The %[1]s has too many items"),
	"items":                 catalog.String("The %[1]s item is not allowed"),
	"unevaluatedItems":      catalog.String("The %[1]s item is not allowed"),
	"uniqueItems":           catalog.String("The %[1]s must not have equal items"),
	"contains":              catalog.String("The %[1]s lacks an item that it must contain"),
	"minContains":           catalog.String("The %[1]s has too few of the items that it must contain"),
	"maxContains":           catalog.String("The %[1]s has too many of the items that it must contain"),
	"not":                   catalog.String("The %[1]s value is not allowed"),
	"anyOf":                 catalog.String("The %[1]s fits none of the allowed alternatives"),
	"oneOf":                 catalog.String("The %[1]s must fit exactly one of the allowed alternatives"),
	"minimum":               catalog.String("The %[1]s can be no less than %[2]v"),
	"maximum":               catalog.String("The %[1]s can be no more than %[2]v"),
	"exclusiveMinimum":      catalog.String("The %[1]s must be more than %[2]v"),
	"exclusiveMaximum":      catalog.String("The %[1]s must be less than %[2]v"),
	"multipleOf":            catalog.String("The %[1]s must be a multiple of %[2]v"),
	"minLength":             oneOrMore("The %[1]s can be no shorter than %[2]d character"),
	"maxLength":             oneOrMore("The %[1]s can be no longer than %[2]d character"),
	"minItems":              oneOrMore("The %[1]s must have at least %[2]d item"),
	"maxItems":              oneOrMore("The %[1]s can have at most %[2]d item"),
	"minProperties":         oneOrMore("The %[1]s must have at least %[2]d field"),
	"maxProperties":         oneOrMore("The %[1]s can have at most %[2]d field"),

	// The same of XML, and what only XML has.
	"unexpected":     catalog.String("The %[1]s is not expected here"),
	"repeated":       catalog.String("The %[1]s can occur only once"),
	"order":          catalog.String("The %[1]s is not in its place"),
	"text":           catalog.String("The %[1]s must not have text"),
	"root":           catalog.String("The document must be %[2]s"),
	"xml maxLength":  catalog.String("Failed validation because field '%[1]s' exceeded the maximum number of characters allowed"),
	"xml minLength":  catalog.String("Failed validation because field '%[1]s' has fewer than the minimum number of characters"),
	"xml required":   catalog.String("Failed validation because field '%[1]s' is missing"),
	"xml unexpected": catalog.String("Failed validation because field '%[1]s' is not expected here"),
	"xml repeated":   catalog.String("Failed validation because field '%[1]s' occurs more than once"),
	"xml order":      catalog.String("Failed validation because field '%[1]s' is not in its place"),
	"xml text":       catalog.String("Failed validation because field '%[1]s' has text"),
	"xml root":       catalog.String("Failed validation because field '%[1]s' is not %[2]s"),
	"xml type":       catalog.String("Failed validation because field '%[1]s' is not of type %[2]s"),
	"xml enum":       catalog.String("Failed validation because field '%[1]s' is none of: %[2]s"),
	"xml format":     catalog.String("Failed validation because field '%[1]s' is in invalid format"),
	"xml pattern":    catalog.String("Failed validation because field '%[1]s' is in invalid format"),
	"xml dateFormat": catalog.String("Failed validation because field '%[1]s' doesn't match the format: %[2]s"),
	"xml minimum":    catalog.String("Failed validation because field '%[1]s' is less than %[2]v"),
	"xml maximum":    catalog.String("Failed validation because field '%[1]s' is more than %[2]v"),
	"xml schema":     catalog.String("Failed validation because field '%[1]s' is invalid"),
}

// oneOrMore is a message that ends in a noun whose plural has an s.
func oneOrMore(one string) catalog.Message {
	return plural.Selectf(2, "%d", plural.One, one, plural.Other, one+"s")
}
