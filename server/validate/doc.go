// Package validate stands before a handler and refuses what it could not use:
// bodies in JSON or XML, forms and queries. What is wrong
// goes to the client as Fields, each with path, code and message, in the dialect
// of the [server.Server] above and in the language of the request.
//
//	item := validate.MustCompile(`{
//		"type": "object",
//		"required": ["url"],
//		"properties": {"url": {"type": "string", "format": "url", "maxLength": 10}}
//	}`)
//	mux.Handle("POST /items", validate.JSON(item)(api.Handle(create)))
//
// A schema is a JSON Schema, draft 2020-12 unless it says otherwise, also that of
// a form and of a query. [OpenAPI] takes the requests of an OpenAPI 3.1 document,
// whose schemas are JSON Schemas. For XML there are structural rules, an [Element], whose
// texts have JSON Schemas: no library for XSD can be had everywhere that does
// without cgo.
//
// Two responses are told apart, as vendors do. What cannot be read is invalid
// without a reason, usually 400, and 413 or 415 where HTTP has a word of its own:
// broken syntax, a wrong type or encoding, a name twice, too long, too deep. What
// was read and breaks the schema is invalid for the reason fields, usually 422,
// with everything that is wrong, for a user corrects all at once. Of XML the reason
// is xml for both: to those who send it, a document that is broken fails validation.
//
// The handler gets the body as it was sent.
package validate
