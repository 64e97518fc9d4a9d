package main

import (
	"encoding/json"
	"fmt"
	"net/textproto"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/jsonl"
)

// exchange is what a line of JSON, or the flags, say of a request: which API it
// went to, and what reading and writing its response depend on.
type exchange struct {
	Dialect string `json:"dialect"`
	Method  string `json:"method"`
	Path    string `json:"path"`
	Header  fields `json:"request_headers"`
}

// flags adds the flags that describe a request.
func (x *exchange) flags(cmd *cobra.Command) {
	dialectFlag(cmd, &x.Dialect, "dialect", "the dialect of the API")
	cmd.Flags().StringVar(&x.Method, "method", "GET", "the `METHOD` of the request")
	cmd.Flags().StringVar(&x.Path, "path", "", "the `PATH` of the request")
	cmd.Flags().Var(&x.Header, "request-header", "a `HEADER` of the request, as 'Name: value'; may be given several times")
}

// request is the exchange as the core takes it.
func (x *exchange) request(d *dialect.Dialect) dialect.Request {
	req := dialect.Request{Method: strings.ToUpper(x.Method), Path: x.Path, Header: textproto.MIMEHeader(x.Header)}
	if name := d.IdempotencyHeader(); name != "" {
		req.Key = textproto.MIMEHeader(x.Header).Get(name)
	}
	return req
}

// fields are header fields that a flag or a JSON object gives.
type fields jsonl.Fields

// UnmarshalJSON reads {"Name": "value", "Other": ["a", "b"]}.
func (f *fields) UnmarshalJSON(data []byte) error { return (*jsonl.Fields)(f).UnmarshalJSON(data) }

var (
	_ json.Unmarshaler = (*fields)(nil)
	_ pflag.Value      = (*fields)(nil)
)

// Set reads the value of a flag.
func (f *fields) Set(text string) error {
	name, value, ok := strings.Cut(text, ":")
	if name = strings.TrimSpace(name); !ok || name == "" {
		return fmt.Errorf("expected 'Name: value'")
	}
	if *f == nil {
		*f = fields{}
	}
	jsonl.Fields(*f).Add(name, strings.TrimSpace(value))
	return nil
}

// String is the default of the flag: "".
func (f *fields) String() string { return "" }

// Type is what the help calls the value.
func (f *fields) Type() string { return "header" }
