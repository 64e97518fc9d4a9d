// Package jsonl reads recorded responses, one JSON object a line, without an allocation for
// each. Begin reading at [Parser.Parse]; [Reader] reads the lines.
package jsonl
