package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/servertest"
	"github.com/parlance-api/parlance/store/memory"
)

// Whatever stands in the header of a credential, it lets in nobody who is not
// known, and the answer is one that a client can read.
func FuzzAuthenticate(f *testing.F) {
	for _, seed := range []string{"", "Bearer good", "bearer  good ", "Bearer", "Basic YW5uOnJpZ2h0", "Basic %", "Basic YW5u", "Bearer good, Bearer good", "Bearer \"\\\r\n", "\x00"} {
		f.Add(seed)
	}
	s, _ := servertest.New(f, "problem")
	h := s.Wrap(server.Authenticate(server.Bearer(keys), server.Basic("a \"house\"", accounts))(s.Handle(says)))
	f.Fuzz(func(t *testing.T, value string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", value)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		word, rest, _ := strings.Cut(value, " ")
		rest = strings.Trim(rest, " \t")
		good := strings.EqualFold(word, "Bearer") && rest == "good" || strings.EqualFold(word, "Basic") && strings.HasPrefix(rest, "YW5uOnJpZ2h0")
		if w.Code != 401 && !(w.Code == 200 && good) {
			t.Errorf("%q: got %d %s", value, w.Code, w.Body)
		}
		for _, c := range w.Header()["Www-Authenticate"] {
			if strings.ContainsFunc(c, func(r rune) bool { return r < ' ' || r > '~' }) || strings.Count(c, `"`)%2 != 0 {
				t.Errorf("%q: the challenge is %q", value, c)
			}
		}
	})
}

// Whatever stands in the form, it gives no token to who is not known, and
// repeats nothing of a secret.
func FuzzTokenEndpoint(f *testing.F) {
	for _, seed := range []string{"", byClient, byPassword, "grant_type=refresh_token&refresh_token=x", "grant_type=%", "a=1&a=2", strings.Repeat("&", 100), "grant_type=password&username=ann&password=wrong&scope=%00"} {
		f.Add(seed)
	}
	s, _ := servertest.New(f, "vision")
	f.Fuzz(func(t *testing.T, form string) {
		h := s.Wrap(endpoint(memory.New().Tokens()))
		r := httptest.NewRequest("POST", "/token", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch {
		case w.Code == http.StatusOK && strings.Contains(form, "right"):
		case w.Code != 400 && w.Code != 401:
			t.Errorf("%q: got %d %s", form, w.Code, w.Body)
		}
	})
}

// whole reports what is wrong with an answer whatever was asked: its status, its
// headers, and whether its body is what its type says.
func whole(w *httptest.ResponseRecorder) error {
	if w.Code < 200 || w.Code > 599 {
		return errors.New("no status of an answer")
	}
	for name, values := range w.Header() {
		for _, v := range values {
			if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				return errors.New("a control character in " + name)
			}
		}
	}
	kind, body := w.Header().Get("Content-Type"), w.Body.Bytes()
	switch {
	case len(body) == 0:
	case strings.Contains(kind, "json") && !json.Valid(body):
		return errors.New("this is no JSON")
	case strings.Contains(kind, "xml"):
		d := xml.NewDecoder(bytes.NewReader(body))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				return err
			}
		}
	}
	return nil
}

var madeID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// Whatever stands in the headers by which an answer is chosen and named, and in
// the text that it quotes, the answer is whole; and its id is the caller's where
// that is fit for a log, else one of ours.
func FuzzHeaders(f *testing.F) {
	for _, seed := range [][4]string{
		{"application/json", "call-7", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "no such thing"},
		{"text/html;q=0.9, */*;q=0.1", "", "", "<script>alert(1)</script>"},
		{"application/xml, text/xml;q=1.1;;", "a b", "x", "a\r\nSet-Cookie: b=c"},
		{";,=\"", strings.Repeat("k", 129), "\x00", "\xff\x00]]>&#0;\u2028"},
		{"*/*;q=nan", "\u00e9", "ff-", "{}"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	seen := "" // by the handler
	var servers []http.Handler
	for _, name := range []string{"vms", "vision", "vbapi", "omilia", "plain", "problem", "soap", "jsonapi", "django-rest-framework"} {
		s, _ := servertest.New(f, name, server.WithTrustedID("X-Request-Id"))
		servers = append(servers, s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
			seen = activity.ID(r.Context())
			text := r.Header.Get("X-Text")
			return nil, parlance.NewError(parlance.Conflict, "%s", text).WithFields(parlance.Field{Path: text, Code: text, Message: text})
		}))
	}
	f.Fuzz(func(t *testing.T, accept, id, trace, text string) {
		for _, h := range servers {
			r := httptest.NewRequest("GET", "/service/Orders", nil)
			r.Header = http.Header{"Accept": {accept}, "Accept-Language": {accept}, "X-Request-Id": {id}, "Traceparent": {trace}, "X-Text": {text}}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if err := whole(w); err != nil {
				t.Errorf("%v: %d %q %q", err, w.Code, w.Header(), w.Body)
			}
			fit := id != "" && len(id) <= 128 && !strings.ContainsFunc(id, func(c rune) bool { return c <= ' ' || c > '~' })
			if fit != (seen == id) || !fit && !madeID.MatchString(seen) {
				t.Errorf("the id %q became %q", id, seen)
			}
		}
	})
}

// Whatever comes as a bulk request, its answer is whole, tells nothing of what is
// inside, and is no fault of the server's.
func FuzzEachRecord(f *testing.F) {
	for _, seed := range []string{
		`[{"Ref":"a"},{"Ref":"b","Want":"bad"}]`, `[]`, `[{]`, `[1,"x",null]`, ``, `[{"Ref":"\u0000\ud800<]]>","Want":"bad"}]`,
		`<ORDERS><SO><DocRef>1</DocRef></SO><SO><Want>bad</Want></SO></ORDERS>`, `<ORDERS/>`, `<ORDERS><SO a="1" a="2"/></ORDERS>`,
		`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, `<?xml version="1.0" encoding="UTF-16"?><a><b/></a>`, "<a><b>\x00</b></a>", `<x:a xmlns:x="u"><x:b>&lt;</x:b></x:a>`,
		`<??><A><A/></A>`, `<A><!-- -- --><B/></A>`, `<A><B/><!-- -- --></A>`, `<A a="1" a="2"><B/></A>`, "\n<?xml version='1.1'?><A><B/></A>",
	} {
		f.Add([]byte(seed))
	}
	var servers []http.Handler
	for _, name := range []string{"vision", "vbapi", "problem", "vms"} {
		s, _ := servertest.New(f, name)
		servers = append(servers, server.EachRecord(s, func(_ context.Context, r server.Record) (item parlance.Item, err error) {
			var o order
			if err := r.Decode(&o); err != nil {
				return item, err
			}
			if item.ID = o.Ref; o.Want != "" {
				return item, parlance.NewError(parlance.Invalid, "bad <%s>", o.Ref).Because(errors.New("a secret"))
			}
			return item, nil
		}))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		if bytes.Contains(document, []byte("secret")) {
			return
		}
		for _, h := range servers {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("POST", "/service/Orders", bytes.NewReader(document)))
			if err := whole(w); err != nil || w.Code >= 500 || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("%q: %v, %d %q", document, err, w.Code, w.Body)
			}
		}
	})
}
