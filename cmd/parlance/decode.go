package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/jsonl"
	"github.com/parlance-api/parlance/internal/rawhttp"
)

func (a *app) decodeCommand() *cobra.Command {
	var x exchange
	var asJSON, asLines bool
	cmd := &cobra.Command{
		Use:   "decode --dialect NAME|FILE",
		Short: "Read a response: what it means and what to do about it",
		Long: `Reads a response from standard input, as curl -i prints it. Prints what it means (the
outcome) and what the provider tells callers to do about it (the decision, for the
first attempt).

Responses before the last one (interim ones, redirects, challenges, a proxy's) are
skipped. Transfer-Encoding and Content-Length are ignored, since curl has decoded the
body.

Whether a retry is safe (auto retry, in JSON retry_safe) depends on the request. A GET
without a key is assumed: for any other request give --method, --path and the
idempotency key, as --request-header. A path may be a whole URL with a query. If none is
given and the path decides, that is reported (missing_path).

--dialect auto picks the best match in the catalog and prints its confidence (0 to
1). If none is likely, the generic dialect http is used.

With --jsonl it reads one recorded response per line, and writes one line for each
at once, in the same order:

  {"dialect", "method", "path", "status", "headers", "body", "request_headers"}

Only status is required, and dialect if --dialect is not given. Flags set the values
that a line omits. The value of a header is a text or a list of texts. A body is a text,
or JSON as it is. For a line that cannot be read it writes {"error": …}, and the exit
code is 1.`,
		Example: `  curl -i https://api.example.com/cameras | parlance decode --dialect vms
  curl -i https://api.example.com/what-is-this | parlance decode --dialect auto
  curl -i -X POST … | parlance decode --dialect vision --method POST --path /service/orders
  parlance decode --dialect my-api.yaml --json < response.txt
  parlance decode --jsonl < recorded.jsonl`,
		Args: arguments(0, 0, "the response on standard input"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (x.Dialect != "" || !asLines) && x.Dialect != detected {
				if _, err := a.load(x.Dialect); err != nil {
					return nameFlag(err, "dialect")
				}
			}
			if asLines {
				return a.decodeLines(x)
			}
			return a.decodeOne(x, asJSON, cmd.Flags().Changed("method"))
		},
	}
	x.flags(cmd)
	cmd.Flags().Lookup("dialect").Usage += "; " + detected + " detects it"
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	cmd.Flags().BoolVar(&asLines, "jsonl", false, "read one recorded response per line, and write one line of JSON for each")
	return cmd
}

// decoded is what is said of one response.
type decoded struct {
	Outcome     parlance.Outcome      `json:"outcome"`
	Decision    parlance.Decision     `json:"decision"`
	Diagnostics []parlance.Diagnostic `json:"diagnostics"` // never null
	*detection
	Stream *streamRead `json:"stream,omitempty"` // nil for a response that is none

	of      *dialect.Dialect // that read it
	method  string           // of the request
	getOnly bool             // nobody named the method, and a POST would not be safe to retry
}

// streamRead is what a stream came to.
type streamRead struct {
	Elements int  `json:"elements"`
	Content  int  `json:"content"` // before the first failure
	Failures int  `json:"failures,omitempty"`
	Ended    bool `json:"ended,omitempty"` // with the element that ends it well
	Cut      bool `json:"cut,omitempty"`
}

func streamOf(s *dialect.StreamState) *streamRead {
	if s == nil {
		return nil
	}
	return &streamRead{s.Elements, s.Content, s.Failures, s.Ended, s.Cut}
}

// words say it in a line. of is the meaning of the whole.
func (s *streamRead) words(of parlance.Kind) string {
	text := fmt.Sprintf("elements: %d, content: %d", s.Elements, s.Content)
	switch {
	case of == parlance.KindPartial: // the content behind a failure counts too
		text += fmt.Sprintf(", failures: %d", s.Failures)
	case s.Failures > 0:
		text = fmt.Sprintf("elements: %d, failures: %d, content before the first failure: %d", s.Elements, s.Failures, s.Content)
	}
	if s.Cut {
		text += ", without its end"
	}
	return text
}

// detection is what --dialect auto found out.
type detection struct {
	Dialect    string   `json:"dialect"`
	Confidence float64  `json:"confidence"`    // 0 where no dialect of the catalog is likelier than none
	Why        []string `json:"why,omitempty"` // what speaks for it
	Others     []other  `json:"others"`        // what it may be besides, never null
}

// other is another dialect that a response may be of.
type other struct {
	Dialect    string  `json:"dialect"`
	Confidence float64 `json:"confidence"`
}

// detected is the name that stands for whichever dialect fits, and undetected
// the dialect that reads what fits none.
const (
	detected   = "auto"
	undetected = "http"
)

// mostOthers is how many others are named: those after them are as good as none.
const mostOthers = 5

// detect finds out which dialect a response is of.
func detect(x exchange, res dialect.Response) *detection {
	req := dialect.Request{Method: strings.ToUpper(x.Method), Path: x.Path, Header: textproto.MIMEHeader(x.Header)}
	guesses := catalog.Detect(req, res)
	found, nowhere := &detection{Dialect: undetected, Others: []other{}}, 1.0
	for _, g := range guesses {
		nowhere -= g.Confidence
	}
	if len(guesses) > 0 && guesses[0].Confidence > nowhere {
		found.Dialect, found.Confidence, found.Why = guesses[0].Name, guesses[0].Confidence, guesses[0].Why
		guesses = guesses[1:]
	}
	for _, g := range guesses[:min(len(guesses), mostOthers)] {
		found.Others = append(found.Others, other{g.Name, g.Confidence})
	}
	return found
}

func (a *app) decode(x exchange, res dialect.Response) (decoded, error) {
	var found *detection
	if x.Dialect == detected {
		found = detect(x, res)
		x.Dialect = found.Dialect
	}
	d, err := a.load(x.Dialect)
	if err != nil {
		return decoded{}, err
	}
	req := x.request(d)
	reading := d.Decode(req, res)
	return decoded{
		Outcome:     reading.Outcome,
		Decision:    d.Decide(req, &reading.Outcome),
		Diagnostics: append(append([]parlance.Diagnostic{}, reading.Diagnostics...), authoring.MissingPath(d, req, res)...),
		detection:   found,
		Stream:      streamOf(reading.Stream),
		of:          d,
		method:      req.Method,
	}, nil
}

// decodeOne reads what curl -i prints. method is set if the caller named the method.
func (a *app) decodeOne(x exchange, asJSON, method bool) error {
	text, err := a.input("the response")
	if err != nil {
		return err
	}
	raw, err := rawhttp.Parse(text)
	if err != nil {
		return fmt.Errorf("standard input is not a response: %w", err)
	}
	result, err := a.decode(x, dialect.Response{Status: raw.Status, Header: raw.Header, Body: raw.Body})
	if err != nil {
		return err
	}
	if asJSON {
		return a.writeJSON(result)
	}
	if !method {
		x.Method = http.MethodPost
		result.getOnly = !result.of.Decide(x.request(result.of), &result.Outcome).RetrySafe
	}
	return a.showDecoded(result)
}

// recorded is one line of --jsonl.
type recorded struct {
	exchange
	Status  *int   `json:"status"`
	Headers fields `json:"headers"`
	Body    body   `json:"body"`
}

// body is a recorded body: a text as it is, or JSON as it stands. null is none.
type body []byte

// UnmarshalJSON reads a text, or takes any other value as it is.
func (b *body) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '"':
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		*b = body(text)
	case 'n':
		*b = nil
	default:
		*b = bytes.Clone(data)
	}
	return nil
}

// decodeLines reads recorded responses, one a line.
func (a *app) decodeLines(x exchange) error {
	p, said := jsonl.NewParser(), decoded{}
	return a.appendLines(func(b, line []byte) ([]byte, error) {
		if b, ok := a.appendLine(b, p, &x, line, &said); ok {
			return b, nil
		}
		result, err := a.decodeLine(x, line)
		if err != nil {
			return b, err
		}
		return appendDecoded(b, &result), nil
	})
}

// decodeLine reads one recorded response.
func (a *app) decodeLine(x exchange, line []byte) (decoded, error) {
	r := recorded{exchange: x} // the flags stand in for what is left out
	if err := jsonl.Unmarshal(line, &r); err != nil {
		return decoded{}, err
	}
	switch {
	case r.Status == nil:
		return decoded{}, fmt.Errorf("status is missing")
	case *r.Status < 100 || *r.Status > 999:
		return decoded{}, fmt.Errorf("status: expected 100 to 999, found %d", *r.Status)
	}
	return a.decode(r.exchange, dialect.Response{
		Status: *r.Status,
		Header: textproto.MIMEHeader(r.Headers),
		Body:   r.Body,
	})
}

// input reads standard input up to maxInput. what names it to a person who sits
// before a terminal and wonders.
func (a *app) input(what string) ([]byte, error) {
	if isTerminal(a.stdin) {
		fmt.Fprintf(a.stderr, "reading %s from the terminal; Ctrl-D ends it\n", what)
	}
	text, err := io.ReadAll(io.LimitReader(a.stdin, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read standard input: %w", err)
	}
	if len(text) > maxInput {
		return nil, fmt.Errorf("standard input is %w", errTooLong)
	}
	return text, nil
}

// writeJSON writes a result: in one line for programs, indented on a terminal.
func (a *app) writeJSON(v any) error { return a.writeJSONTo(a.stdout, v) }

// writeJSONTo writes by w to standard output.
func (a *app) writeJSONTo(w io.Writer, v any) error {
	enc := newEncoder(w)
	if isTerminal(a.stdout) {
		enc.SetIndent("", "  ")
	}
	return enc.Encode(v)
}
