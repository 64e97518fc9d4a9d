// Package envoy puts Parlance into Envoy, as an external processor of that proxy (ext_proc):
// a service that Envoy shows a request and its response to. A failure of the upstream comes
// to the caller in the dialect of the callers, by package translate.
//
// The processor asks for as little as the dialects allow:
//
//   - The header of a request. It gets the changes of Translator.Request.
//   - The header of the response. Status and header decide whether the body is needed.
//   - The body of a response that needs it, as one message. Envoy streams all other bodies
//     past the processor.
//
// Command parlance-extproc runs a Processor. The guide is docs/envoy.md.
package envoy
