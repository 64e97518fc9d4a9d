package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/textproto"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/parlance-api/parlance/dialect"
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
type fields textproto.MIMEHeader

func (f fields) add(name, value string) {
	name = textproto.CanonicalMIMEHeaderKey(name)
	f[name] = append(f[name], value)
}

// UnmarshalJSON reads {"Name": "value", "Other": ["a", "b"]}, in the order of
// the document, so that two spellings of one name do not change places.
func (f *fields) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	token, err := dec.Token()
	if err != nil {
		return err
	}
	if token == nil {
		return nil // null is the same as nothing said
	}
	if token != json.Delim('{') {
		return fmt.Errorf("headers: expected an object of names and values")
	}
	*f = fields{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // JSON has no other keys
		var value any
		if err := dec.Decode(&value); err != nil {
			return err
		}
		texts, ok := textOrTexts(value)
		if !ok {
			return fmt.Errorf("headers: %s: expected a text or a list of texts", name)
		}
		for _, text := range texts {
			f.add(name, text)
		}
	}
	return nil
}

func textOrTexts(value any) ([]string, bool) {
	switch v := value.(type) {
	case string:
		return []string{v}, true
	case []any:
		texts := make([]string, len(v))
		for i := range v {
			text, ok := v[i].(string)
			if !ok {
				return nil, false
			}
			texts[i] = text
		}
		return texts, true
	}
	return nil, false
}

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
	f.add(name, strings.TrimSpace(value))
	return nil
}

// String is the default of the flag: "".
func (f *fields) String() string { return "" }

// Type is what the help calls the value.
func (f *fields) Type() string { return "header" }
