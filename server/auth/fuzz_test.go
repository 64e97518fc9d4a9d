package auth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/internal/servertest"
	"github.com/parlance-api/parlance/store/memory"
)

// Whatever stands in the header of a credential, it lets in nobody who is not
// known, and the response is one that a client can read.
func FuzzAuthenticate(f *testing.F) {
	for _, seed := range []string{"", "Bearer good", "bearer  good ", "Bearer", "Basic YW5uOnJpZ2h0", "Basic %", "Basic YW5u", "Bearer good, Bearer good", "Bearer \"\\\r\n", "\x00"} {
		f.Add(seed)
	}
	s, _ := servertest.New(f, "problem")
	h := s.Wrap(auth.Authenticate(auth.Bearer(servertest.APIKeys), auth.Basic("a \"house\"", servertest.Accounts))(s.Handle(servertest.Caller)))
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
	for _, seed := range []string{"", servertest.ByClient, servertest.ByPassword, "grant_type=refresh_token&refresh_token=x", "grant_type=%", "a=1&a=2", strings.Repeat("&", 100), "grant_type=password&username=ann&password=wrong&scope=%00"} {
		f.Add(seed)
	}
	s, _ := servertest.New(f, "vision")
	f.Fuzz(func(t *testing.T, form string) {
		h := s.Wrap(servertest.Endpoint(memory.New().Tokens()))
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
