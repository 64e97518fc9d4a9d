package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/jsonl"
)

func (a *app) encodeCommand() *cobra.Command {
	var x exchange
	var asLines bool
	var code string
	cmd := &cobra.Command{
		Use:   "encode --dialect NAME|FILE",
		Short: "Write a response: an outcome in a dialect",
		Long: `Reads an outcome as JSON from standard input. Writes the response that an API of that
dialect would send, and the parts that the dialect cannot carry (the losses):

  {"outcome", "data", "dialect", "method", "path", "request_headers"}
  → {"status", "headers", "body", "losses": [{"attribute", "reason"}], "unset"}

Only the outcome is required. If the path decides and is missing, that is reported on
standard error. data is the payload of a success: JSON, or a text that
holds XML. The instance of a failure is the path, if the dialect shows an instance.
unset lists the attributes that the body shows as null because their values are
unknown.

With --code it reads nothing, and writes a response with that code: one of a body, an HTTP
status, or a key of the dialect file such as 4xx.

With --jsonl it reads one such object per line, and writes one line for each. For a
line that cannot be read it writes {"error": …}, and the exit code is 1.`,
		Example: `  echo '{"outcome": {"kind": "not_found", "detail": "no such camera"}}' | parlance encode --dialect vms
  parlance encode --dialect problem < outcome.json
  parlance encode --dialect stripe --code card_declined
  parlance encode --jsonl < outcomes.jsonl`,
		Args: arguments(0, 0, "the outcome on standard input"),
		RunE: func(*cobra.Command, []string) error {
			if x.Dialect != "" { // a mistake in the flag is not the input's
				if _, err := a.load(x.Dialect); err != nil {
					return nameFlag(err, "dialect")
				}
			}
			if asLines {
				return a.eachLine(func(line []byte) (any, error) { return a.encode(x, line) })
			}
			text, err := a.outcomeOf(x, code)
			if err != nil {
				return err
			}
			result, err := a.encode(x, text)
			var m *mistake
			if err != nil && !errors.As(err, &m) { // of a dialect all is said
				hint := `for example: {"outcome": {"kind": "not_found", "detail": "no such camera"}}`
				return &mistake{"standard input is not an outcome: " + err.Error(), hint, err}
			}
			if err != nil {
				return err
			}
			a.report(a.stderr, nil, result.noticed)
			return a.writeJSON(result)
		},
	}
	x.flags(cmd)
	cmd.Flags().BoolVar(&asLines, "jsonl", false, "read one object per line, and write one line of JSON for each")
	cmd.Flags().StringVar(&code, "code", "", "write a response with this `CODE` of the dialect, and read nothing")
	cmd.MarkFlagsMutuallyExclusive("code", "jsonl")
	return cmd
}

// outcomeOf is the input, or the outcome of a code.
func (a *app) outcomeOf(x exchange, code string) ([]byte, error) {
	if code == "" {
		return a.input("the outcome")
	}
	d, err := a.load(x.Dialect)
	if err != nil {
		return nil, nameFlag(err, "dialect")
	}
	o, ok := authoring.OutcomeFor(d, x.request(d), code)
	if !ok {
		return nil, a.unknownCode(d, code)
	}
	return json.Marshal(struct {
		Outcome parlance.Outcome `json:"outcome"`
	}{o})
}

// unknownCode says which code may have been meant.
func (a *app) unknownCode(d *dialect.Dialect, code string) error {
	var known []string
	for _, e := range authoring.Codes(d) {
		for key := range strings.SplitSeq(e.Key, ",") {
			known = append(known, strings.TrimSpace(key))
		}
	}
	return &mistake{
		message: fmt.Sprintf("--code: %s lists no code %q", d.Name(), code),
		hint:    didYouMean(code, known, "parlance explain "+d.Name()+" lists the codes"),
	}
}

// encoded is one response as it would be sent.
type encoded struct {
	Status int             `json:"status"`
	Header pairs           `json:"headers"`
	Body   string          `json:"body"`
	Losses []parlance.Loss `json:"losses"` // never null
	Unset  []string        `json:"unset"`  // never null

	noticed []parlance.Diagnostic
}

func (a *app) encode(x exchange, text []byte) (*encoded, error) {
	input := struct {
		exchange
		Outcome *parlance.Outcome `json:"outcome"`
		Data    json.RawMessage   `json:"data"`
	}{exchange: x} // the flags stand in for what is left out
	if err := jsonl.Unmarshal(text, &input); err != nil {
		return nil, err
	}
	if input.Outcome == nil {
		return nil, errors.New("outcome is missing")
	}
	d, err := a.load(input.Dialect)
	if err != nil {
		return nil, err
	}
	req := input.request(d)
	m := write(d, req, input.Outcome, input.Data)
	if o := input.Outcome; o.Kind.Failing() && req.Path != "" && slices.Contains(m.Unset, "instance") {
		o.Instance = instance(req.Path)
		m = write(d, req, o, input.Data)
	}
	return &encoded{
		m.Status, m.Header, string(m.Body), append([]parlance.Loss{}, m.Losses...), append([]string{}, m.Unset...),
		authoring.MissingPathToWrite(d, req, input.Outcome, dialect.Payload{}),
	}, nil
}

// instance is the path of a request target, as a server fills it (RFC 9457, 3.1.5).
func instance(target string) string {
	if u, err := url.Parse(target); err == nil && u.Path != "" {
		return u.Path
	}
	return target
}

// write encodes with the payload that the input has: JSON as it is or, where the
// dialect writes XML, the XML that a JSON text holds.
func write(d *dialect.Dialect, req dialect.Request, o *parlance.Outcome, data json.RawMessage) dialect.Encoded {
	var text string
	if json.Unmarshal(data, &text) == nil && strings.HasPrefix(strings.TrimSpace(text), "<") {
		m := d.Encode(nil, req, o, dialect.Payload{Body: []byte(text)})
		for _, h := range m.Header {
			if h.Name == "Content-Type" && strings.Contains(h.Value, "xml") {
				return m
			}
		}
	}
	if data == nil {
		return d.Encode(nil, req, o, dialect.Payload{})
	}
	return d.Encode(nil, req, o, dialect.Payload{ContentType: "application/json", Body: data})
}

// pairs are header fields in the order in which they are sent. In JSON a name
// that is sent twice has a list.
type pairs []dialect.HeaderField

func (p pairs) MarshalJSON() ([]byte, error) {
	values := map[string][]string{}
	var names []string
	for _, f := range p {
		if values[f.Name] == nil {
			names = append(names, f.Name)
		}
		values[f.Name] = append(values[f.Name], f.Value)
	}
	b := []byte("{")
	for i, name := range names {
		var value any = values[name]
		if len(values[name]) == 1 {
			value = values[name][0]
		}
		k, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		v, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, k...), ':'), v...)
	}
	return append(b, '}'), nil
}
