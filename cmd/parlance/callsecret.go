package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/internal/httpheader"
)

// given is what a call was given to prove who calls.
type given struct {
	token  string      // a bearer token, or what the dialect has in its place; "" for none
	keys   http.Header // what goes in a field that is named: 'X-Api-Key: env:KEY'
	basic  bool        // user and password
	bearer bool        // a token, or what gets one
	header bool        // another credential in a field
}

// credentials are what --token and --user name, and the options that send it.
func (a *app) credentials(c *call, req *http.Request, hidden *secrets) (given, []client.Option, error) {
	var granted []client.Option
	g := given{keys: http.Header{}, basic: req.URL.User != nil, bearer: c.login != "" || c.refresh != ""}
	for name, values := range req.Header {
		switch scheme, _, _ := strings.Cut(values[0], " "); {
		case name != "Authorization":
			g.header = g.header || hidden.isSecret(name)
		case strings.EqualFold(scheme, "Basic"):
			g.basic = true
		default:
			g.bearer = true
		}
	}
	if c.token != "" {
		name, place := "", c.token
		if !isPlace(place) {
			name, place, _ = strings.Cut(c.token, ":")
			name, place = strings.TrimSpace(name), strings.TrimSpace(place)
		}
		token, err := a.secret("--token", place)
		if err != nil {
			return g, nil, err
		}
		hidden.add(token)
		if name == "" {
			g.token, g.bearer = token, true
		} else {
			if !httpheader.IsToken(name) {
				return g, nil, &mistake{message: "--token: the text before the colon is not the name of a header", hint: "for example: --token 'X-Api-Key: env:KEY'"}
			}
			hidden.name(name)
			g.header = true
			g.keys.Set(name, token)
			granted = append(granted, client.WithAPIKey(name, token))
		}
	}
	if c.user != "" {
		pair, err := a.secret("--user", c.user)
		if err != nil {
			return g, nil, err
		}
		user, password, _ := strings.Cut(pair, ":")
		hidden.addAccount(user, password)
		g.basic = true
		granted = append(granted, client.WithBasic(user, password))
	}
	return g, granted, nil
}

// addAccount adds a user's password, alone and as Basic has it. If there is none
// the user is the secret, as at Stripe.
func (s *secrets) addAccount(user, password string) {
	if password == "" {
		s.add(user)
	}
	s.add(user+":"+password, password, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

// theToken is the one token that there is: a refused one cannot be renewed.
type theToken string

// Token is the token.
func (t theToken) Token(context.Context) (string, error) { return string(t), nil }

// Invalidate cannot help it.
func (t theToken) Invalidate(string) {}

func isPlace(text string) bool {
	return strings.HasPrefix(text, "env:") || strings.HasPrefix(text, "@")
}

// secret reads what stands at a place: env:NAME or @FILE. No error of it holds
// the text, which may be the secret itself.
func (a *app) secret(flag, place string) (string, error) {
	var text, what string
	switch name, isEnv := strings.CutPrefix(place, "env:"); {
	case isEnv:
		text, what = a.getenv(name), fmt.Sprintf("the variable %q", name)
	case isPlace(place):
		file := strings.TrimPrefix(place, "@")
		content, err := os.ReadFile(file)
		if err != nil {
			return "", &mistake{message: flag + ": " + err.Error(), hint: "env:NAME reads it from a variable", cause: err}
		}
		text, what = strings.TrimRight(string(content), "\r\n"), fmt.Sprintf("the file %q", file)
	default:
		return "", notAPlace(flag)
	}
	switch {
	case text == "":
		return "", &mistake{message: fmt.Sprintf("%s: %s is empty", flag, what), hint: "export the variable for env:NAME"}
	case !httpheader.IsValue(text):
		return "", &mistake{message: fmt.Sprintf("%s: %s holds characters that a header cannot have", flag, what), hint: "use one line without control characters"}
	}
	return text, nil
}

// notAPlace says that a flag has something else than the place of a secret.
func notAPlace(flag string) *mistake {
	return &mistake{message: flag + " takes the place of the secret, not the secret itself", hint: "write env:NAME for a variable, or @FILE, since other users can see command lines"}
}

// headerLines reads what --header gives. Values that come from a file are
// secrets: that is why they stand there.
func headerLines(lines []string, hidden *secrets) (http.Header, error) {
	header := http.Header{}
	add := func(line string, secret bool) error {
		var f fields
		if err := f.Set(line); err != nil || !onlyValid(f) {
			return &mistake{message: "--header: expected 'Name: value', in one line", hint: "for example: -H 'Accept-Language: de', or -H @FILE"}
		}
		for name, values := range f {
			header[name] = append(header[name], values...)
			if secret {
				hidden.name(name)
			}
			if hidden.isSecret(name) {
				hidden.add(values...)
				for _, v := range values { // without the scheme too
					hidden.add(v[strings.LastIndexByte(v, ' ')+1:])
				}
			}
		}
		return nil
	}
	for _, line := range lines {
		file, isFile := strings.CutPrefix(line, "@")
		if !isFile {
			if err := add(line, false); err != nil {
				return nil, err
			}
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, &mistake{message: "--header: " + err.Error(), hint: "@FILE holds a 'Name: value' in each line", cause: err}
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			if err := add(line, true); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return header, nil
}

func onlyValid(f fields) bool {
	for name, values := range f {
		if !httpheader.IsToken(name) || !httpheader.IsValue(strings.Join(values, "")) {
			return false
		}
	}
	return true
}

// secrets are what is never printed: values of headers by their names, and
// texts wherever they stand, for a server may say in its response what it was sent.
type secrets struct {
	names map[string]bool
	texts []string
}

// leastSecret is how long a text is that is hidden wherever it stands. A shorter
// one is no secret, and hiding it would hide words.
const leastSecret = 6

func (s *secrets) add(texts ...string) {
	for _, t := range texts {
		if len(t) >= leastSecret {
			s.texts = append(s.texts, t)
		}
	}
}

// name makes the values of a header secret.
func (s *secrets) name(name string) {
	if s.names == nil {
		s.names = map[string]bool{}
	}
	s.names[http.CanonicalHeaderKey(name)] = true
}

// ofURL adds the secrets of a URL: its password, and the parameters that are
// called so.
func (s *secrets) ofURL(u *url.URL) {
	if password, ok := u.User.Password(); ok {
		s.add(password, base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password)))
	}
	for name, values := range u.Query() {
		if s.isSecret(name) {
			s.add(values...)
			for _, v := range values {
				s.add(url.QueryEscape(v))
			}
		}
	}
}

// isSecret reports that what is called so is a secret: a word of its name ends
// in one of these. An idempotency key is none, for whoever retries needs it.
func (s *secrets) isSecret(name string) bool {
	if s.names[http.CanonicalHeaderKey(name)] {
		return true
	}
	name = strings.ToLower(name)
	if strings.Contains(name, "idempotency") {
		return false
	}
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' }) {
		for _, end := range [...]string{"key", "token", "secret", "auth", "authorization", "cookie", "cookie2", "credential", "jwt", "passwd", "password", "pwd", "session", "sessionid", "sig", "signature"} {
			if strings.HasSuffix(word, end) {
				return true
			}
		}
	}
	return false
}

const hiddenWord = "(hidden)"

// value is the value of a header as it may be shown.
func (s *secrets) value(name, value string) string {
	if s.isSecret(name) {
		return hiddenWord
	}
	return value
}

// mask replaces each secret in a text.
func (s *secrets) mask() *strings.Replacer {
	var pairs []string
	for _, t := range s.texts {
		pairs = append(pairs, t, hiddenWord)
		quoted, _ := json.Marshal(t) // as JSON has it, which a text always can be
		if in := string(quoted[1 : len(quoted)-1]); in != t {
			pairs = append(pairs, in, hiddenWord)
		}
	}
	return strings.NewReplacer(pairs...)
}

// hiding is a writer in which no secret comes. What is written at once is
// looked at as one.
func (s *secrets) hiding(w io.Writer) io.Writer { return &masked{w, s} }

// masked asks for the secrets anew each time: more of them become known.
type masked struct {
	w io.Writer
	s *secrets
}

func (m *masked) Write(b []byte) (int, error) {
	if _, err := m.s.mask().WriteString(m.w, string(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// shownURL is a URL without what may be secret in it: of a query the names stay.
func shownURL(u *url.URL) string {
	text := u.Scheme + "://" + u.Host + u.EscapedPath()
	for i, part := range strings.Split(u.RawQuery, "&") {
		if u.RawQuery == "" {
			break
		}
		glue := "&"
		if i == 0 {
			glue = "?"
		}
		name, _, valued := strings.Cut(part, "=")
		if text += glue + name; valued {
			text += "=…"
		}
	}
	return text
}
