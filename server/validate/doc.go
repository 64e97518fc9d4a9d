// Package validate checks requests before a handler gets them: bodies in JSON or XML,
// forms and queries. It responds to invalid ones with Fields, each with path, code and
// message, in the dialect of the [server.Server] around it and in the language of the
// request.
//
//	item := validate.MustCompile(`{
//		"type": "object",
//		"required": ["url"],
//		"properties": {"url": {"type": "string", "format": "url", "maxLength": 10}}
//	}`)
//	mux.Handle("POST /items", validate.JSON(item)(api.Handle(create)))
//
// A schema is a JSON Schema, draft 2020-12 unless it names another, for forms and
// queries too. [OpenAPI] checks requests against an OpenAPI 3.1 document, whose schemas
// are JSON Schemas. For XML there are structural rules, an [Element], whose texts have
// JSON Schemas. There is no XSD, since every library for it needs cgo.
//
// There are two kinds of refusal, as vendors have them:
//
//   - A request that cannot be read is invalid without a reason. The status is usually
//     400, or 413 or 415 if HTTP has a specific one. Causes are broken syntax, a wrong
//     type or encoding, a duplicate name, or too much length or depth.
//   - A request that was read and breaks the schema is invalid with the reason fields,
//     usually 422. It lists everything that is wrong, so that the user can correct it
//     all at once.
//
// For XML the reason is xml in both cases: its senders treat a broken document as one
// that fails validation.
//
// The handler gets the body as it was sent.
package validate
