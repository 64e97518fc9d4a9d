package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/httpheader"
)

func (a *app) callCommand() *cobra.Command {
	c := call{dialect: undetected}
	cmd := &cobra.Command{
		Use:   "call URL",
		Short: "Make a request, retry if that is safe, and say what the response means",
		Long: `Makes one request. It waits and retries if the provider's page says so and a retry
is safe. It shows each attempt, what the response means, and what to do next. A
redirect is shown and not followed.

The body goes to standard output or to the --output file, unchanged. Everything else
goes to standard error. With --json all of it is one object on standard output.

Without --dialect the response is read by the rules of HTTP. With --data the method
is POST, and the body is JSON or XML if it looks like that, else a form.

If the dialect has idempotency keys and the request has none, a new key is made and
shown. Pass it as --key to send the request again without doing anything twice. A
POST without a key is sent once, unless --retry-unsafe allows a retry.

With --login or --refresh, an expired token is refreshed at the endpoint that the
dialect names, and the request is sent again.

Secrets are read from a variable or a file, because other users can see command
lines. They go only to the host of the URL and to the token endpoint, and are never
printed. --header @FILE reads header lines from a file.

Ctrl-C ends a wait at once. The exit code is 0 for a success, 1 for any other outcome
or no response, and 2 if the command could not be understood and nothing was sent.`,
		Example: `  parlance call https://api.example.com/cameras/7 --dialect vms
  parlance call https://api.example.com/cameras | jq .
  parlance call -d @order.json --dialect vision --token env:TOKEN https://api.example.com/orders
  parlance call -u env:STRIPE -d amount=2000 -d currency=usd --dialect stripe https://api.stripe.com/v1/charges
  parlance call -X DELETE -H 'If-Match: "7"' https://api.example.com/cameras/7
  parlance call --dialect vision --token env:TOKEN --refresh env:REFRESH --login env:CLIENT https://api.example.com/stock
  parlance call --token 'X-Api-Key: env:KEY' --follow https://api.example.com/exports/7
  parlance call --json --max-attempts 1 https://api.example.com/cameras/7`,
		Args: arguments(1, 1, "a URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			c.guess = !cmd.Flags().Changed("dialect")
			return a.call(ctx, &c, args[0])
		},
	}
	f := cmd.Flags()
	f.SortFlags = false // they are many, and stand in groups
	f.StringVarP(&c.method, "request", "X", "", "the `METHOD`; the default is GET, or POST with --data")
	f.StringArrayVarP(&c.header, "header", "H", nil, "a `HEADER`, as 'Name: value', or @FILE with a header in each line; may be given several times")
	f.StringArrayVarP(&c.data, "data", "d", nil, "the body: `DATA`, @FILE, or - for standard input; several are joined by &")
	dialectFlag(cmd, &c.dialect, "dialect", "the dialect of the API")
	f.StringVar(&c.token, "token", "", "a `SECRET` to send in the dialect's header, else as a bearer token: env:NAME or @FILE; 'Header: env:NAME' is sent in that header")
	f.StringVarP(&c.user, "user", "u", "", "a `SECRET` of user:password to send (Basic): env:NAME or @FILE")
	f.StringVar(&c.login, "login", "", "a `SECRET` of user:password, or client ID and secret, that gets a token: env:NAME or @FILE; 'password: env:NAME' names the grant")
	f.StringVar(&c.refresh, "refresh", "", "a `SECRET` that is a refresh token: env:NAME or @FILE")
	f.StringVar(&c.tokenURL, "token-url", "", "the `URL` of the token endpoint, if it is not the one in the dialect")
	f.StringVar(&c.key, "key", "", "the idempotency `KEY`; by default a new one, if the dialect has keys")
	f.BoolVar(&c.retryUnsafe, "retry-unsafe", false, "also retry a POST that may have succeeded already")
	f.BoolVar(&c.follow, "follow", false, "if the response is accepted (202), poll until the work has ended")
	f.IntVar(&c.attempts, "max-attempts", 4, "how often to send the request at most; 1 means no retry")
	f.DurationVar(&c.ceiling, "max-wait", client.DefaultMaxWait, "the longest wait before a retry; a longer one is only shown")
	f.DurationVar(&c.attemptTimeout, "attempt-timeout", 0, "the longest time for one attempt; 0 is no limit")
	f.DurationVar(&c.timeout, "timeout", 0, "the longest time for everything; 0 is no limit")
	f.StringVarP(&c.output, "output", "o", "", "the `FILE` to write the body to")
	f.BoolVarP(&c.include, "include", "i", false, "write status and headers before the body, in the form that decode reads")
	f.BoolVarP(&c.verbose, "verbose", "v", false, "show the headers of each attempt")
	f.BoolVar(&c.report, "report", false, "write the report for the provider's support, also for a success")
	f.BoolVar(&c.asJSON, "json", false, "write JSON: attempts, outcome, decision, response")
	return cmd
}

// call is one request as the flags describe it.
type call struct {
	method, dialect string
	guess           bool // nobody named a dialect
	header, data    []string
	token, user     string
	login, refresh  string // what gets a token
	tokenURL        string
	key             string
	given           given // what of these goes with it, wherever it stands
	retryUnsafe     bool
	follow          bool
	attempts        int

	ceiling, attemptTimeout, timeout time.Duration

	output                           string
	include, verbose, report, asJSON bool
}

// call makes the request and tells of it.
func (a *app) call(ctx context.Context, c *call, where string) error {
	d, err := a.load(c.dialect)
	if err != nil {
		return nameFlag(err, "dialect")
	}
	if c.attempts < 1 {
		return &mistake{message: fmt.Sprintf("--max-attempts %d sends nothing", c.attempts), hint: "--max-attempts 1 sends it once"}
	}
	hidden := &secrets{}
	req, err := a.request(ctx, c, where, hidden)
	if err != nil {
		return err
	}
	var granted []client.Option
	if c.given, granted, err = a.credentials(c, req, hidden); err != nil {
		return err
	}
	t := a.newTeller(c, d, hidden)
	switch {
	case c.renews():
		cr, err := a.renewal(c, d, req.URL, c.given.token, c.given.apiKeys(req.Header, hidden), t)
		if err != nil {
			return err
		}
		granted = append(granted, client.WithCredential(cr))
	case c.given.token != "":
		granted = append(granted, client.WithCredential(theToken(c.given.token)))
	}
	if err := c.checkKey(d, req.Header); err != nil {
		return err
	}
	out, err := a.bodyFile(c.output)
	if err != nil {
		return err
	}
	defer out.Close()

	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	transport := client.New(d, append(granted,
		client.WithBase(a.baseOf(c, t)), client.WithObserver(t),
		client.WithMaxAttempts(c.attempts), client.WithMaxWait(c.ceiling), client.WithAttemptTimeout(c.attemptTimeout))...)

	// Not by an http.Client, which follows redirects: that is for the caller to say.
	resp, err := transport.RoundTrip(req.WithContext(client.WithCall(ctx, client.Call{Key: c.key, RetryUnsafe: c.retryUnsafe})))
	if err == nil && c.follow {
		hc := &http.Client{CheckRedirect: redirect, Transport: transport}
		resp, err = client.Poller{Client: hc, Look: t.look}.Follow(ctx, resp)
	}
	t.waiting.end()
	if resp != nil {
		defer resp.Body.Close()
	}
	return a.finish(ctx, c, t, out, resp, err)
}

// checkKey finds fault with an idempotency key that cannot be sent.
func (c *call) checkKey(d *dialect.Dialect, header http.Header) error {
	switch name := d.IdempotencyHeader(); {
	case c.key == "":
	case name == "":
		return &mistake{message: fmt.Sprintf("--key: the dialect %s has no idempotency key", d.Name()), hint: "-H 'Name: KEY' sends any header"}
	case len(header[name]) > 0:
		return &mistake{message: "--key and --header name two idempotency keys", hint: "leave one of them out"}
	case !httpheader.IsValue(c.key):
		return &mistake{message: "--key holds characters that a header cannot have", hint: "use one line without control characters"}
	}
	return nil
}

// baseOf is what sends the requests, and shows their heads if that was asked for.
func (a *app) baseOf(c *call, t *teller) http.RoundTripper {
	base := a.base
	if base == nil {
		base = http.DefaultTransport
	}
	if c.verbose && !c.asJSON {
		base = heads{base, t}
	}
	return base
}

// request is what the flags ask to be sent.
func (a *app) request(ctx context.Context, c *call, where string, hidden *secrets) (*http.Request, error) {
	u, err := callURL(where)
	if err != nil {
		return nil, err
	}
	hidden.ofURL(u)
	header, err := headerLines(c.header, hidden)
	if err != nil {
		return nil, err
	}
	body, err := a.body(c.data)
	if err != nil {
		return nil, err
	}
	method := strings.ToUpper(c.method)
	switch {
	case method != "":
	case c.data != nil:
		method = http.MethodPost
	default:
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, &mistake{message: fmt.Sprintf("--request %q is not a method", c.method), hint: "for example: -X PUT", cause: err}
	}
	if c.data == nil {
		req.Body, req.GetBody = nil, nil // none, and not an empty one
	}
	req.Header = header
	if u.User != nil && len(header["Authorization"]) == 0 {
		password, _ := u.User.Password()
		req.SetBasicAuth(u.User.Username(), password)
	}
	if host := header.Get("Host"); host != "" { // net/http's own place for it
		req.Host = host
		header.Del("Host")
	}
	if len(header["User-Agent"]) == 0 {
		header.Set("User-Agent", "parlance")
	}
	if c.data != nil && len(header["Content-Type"]) == 0 {
		header.Set("Content-Type", typeOf(body))
	}
	return req, nil
}

// callURL demands what a request can be sent to. It says nothing of a URL in
// which a secret may stand.
func callURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return u, nil
	}
	hint := "for example: parlance call https://api.example.com/cameras"
	told, _, _ := strings.Cut(text, "?")
	if strings.Contains(told, "@") {
		return nil, &mistake{message: "the argument is not an http or https URL", hint: hint}
	}
	if !strings.Contains(told, "://") && text != "" {
		scheme := "https://"
		if host, _, _ := strings.Cut(told, "/"); atHand(host) {
			scheme = "http://"
		}
		hint = "did you mean " + scheme + told + "?"
	}
	return nil, &mistake{message: fmt.Sprintf("%q is not an http or https URL", told), hint: hint}
}

// atHand reports that a host is this machine, where nobody has TLS.
func atHand(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// body joins what --data gives, as curl does.
func (a *app) body(data []string) ([]byte, error) {
	var parts [][]byte
	for _, text := range data {
		part := []byte(text)
		var err error
		switch file, isFile := strings.CutPrefix(text, "@"); {
		case text == "-", text == "@-":
			part, err = a.input("the body")
		case isFile:
			part, err = os.ReadFile(file)
		}
		if err != nil {
			return nil, &mistake{message: "--data: " + err.Error(), hint: "@FILE is read from a file, - from standard input, anything else is the body itself", cause: err}
		}
		parts = append(parts, part)
	}
	return bytes.Join(parts, []byte("&")), nil
}

// typeOf is the Content-Type that a body looks like.
func typeOf(body []byte) string {
	switch start := bytes.TrimSpace(body); {
	case bytes.HasPrefix(start, []byte("{")), bytes.HasPrefix(start, []byte("[")):
		return "application/json"
	case bytes.HasPrefix(start, []byte("<")):
		return "application/xml"
	case !utf8.Valid(body):
		return "application/octet-stream"
	}
	return "application/x-www-form-urlencoded"
}

var errRedirects = errors.New("it was redirected 10 times, which looks like a circle")

// redirect lets go of what is the caller's own where a redirect leads to
// another host: of its headers only those that say what is understood go along.
func redirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 { // net/http's own bound
		return errRedirects
	}
	home := via[0].URL
	if strings.EqualFold(home.Host, req.URL.Host) && (home.Scheme == req.URL.Scheme || req.URL.Scheme == "https") {
		return nil
	}
	for name := range req.Header {
		switch name {
		case "Accept", "Accept-Language", "User-Agent", "Content-Type":
		default: // Referer too: it has the query of the page before
			delete(req.Header, name)
		}
	}
	return nil
}
