package vision

import (
	"net/http"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
)

// The credentials that the service knows, for the password and the
// client_credentials grant.
const (
	User, Password       = "joe", "demo"
	ClientID, ClientCode = "warehouse", "demo"
)

// tokens are those in use. An access token is kept when it has expired, so that
// "expired" can be told from "never heard of". A refresh token is good once.
type tokens struct {
	now  func() time.Time
	life time.Duration

	mu      sync.Mutex
	access  map[string]time.Time // when each expires
	refresh map[string]bool
}

// granted is the answer of POST /token (RFC 6749, 5.1, and two members of Vision's).
type granted struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"` // seconds
	RefreshToken string `json:"refresh_token"`
	Issued       string `json:".issued"`
	Expires      string `json:".expires"`
}

func (t *tokens) grant(w http.ResponseWriter, r *http.Request) (any, error) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		return nil, parlance.NewError(parlance.Invalid, "The form cannot be read").WithCode("110").Because(err)
	}
	form := r.PostForm
	t.mu.Lock()
	defer t.mu.Unlock()
	good := false
	switch form.Get("grant_type") {
	case "password":
		good = form.Get("username") == User && form.Get("password") == Password
	case "client_credentials":
		good = form.Get("client_id") == ClientID && form.Get("client_secret") == ClientCode
	case "refresh_token":
		good = t.refresh[form.Get("refresh_token")]
		delete(t.refresh, form.Get("refresh_token"))
	default:
		return nil, parlance.NewError(parlance.Invalid, "The parameter grant_type is invalid").WithCode("110")
	}
	if !good {
		return nil, parlance.NewError(parlance.Unauthenticated, "The token or the secret is wrong").WithCode("101")
	}
	issued := t.now().UTC()
	expires := issued.Add(t.life)
	access, refresh := activity.NewID(), activity.NewID() // as hard to guess as any
	t.access[access], t.refresh[refresh] = expires, true
	return granted{access, "bearer", int(t.life.Seconds()), refresh, issued.Format(http.TimeFormat), expires.Format(http.TimeFormat)}, nil
}

// check says why a bearer may not pass.
func (t *tokens) check(access string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	expires, known := t.access[access]
	switch {
	case !known:
		return parlance.NewError(parlance.Unauthenticated, "The token or the secret is wrong").WithCode("101")
	case !t.now().Before(expires):
		return parlance.NewError(parlance.Unauthenticated, "").WithReason(parlance.Expired)
	}
	return nil
}
