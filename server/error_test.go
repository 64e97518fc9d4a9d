package server_test

import (
	"net/http"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

func TestAFailureGoesByWayOfWhatStandsBefore(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "problem")
	var seen int
	a := servertest.Ask(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.WriteError(&seeing{w, &seen}, r, parlance.NewError(parlance.KindRateLimited, "later"))
	})), "GET", "/path")
	if a.Status != 429 || seen != 429 || a.WithoutID() != `{"title":"Too Many Requests","status":429,"detail":"later","instance":"/path","kind":"rate_limited","request_id":"ID"}` {
		t.Errorf("seen %d, got %+v", seen, a)
	}
}

// seeing notes the status of a response on its way.
type seeing struct {
	http.ResponseWriter
	status *int
}

func (w *seeing) WriteHeader(status int) {
	*w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func TestUnderNoServerAFailureIsItsStatusInWords(t *testing.T) {
	t.Parallel()
	a := servertest.Ask(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.WriteError(w, r, &parlance.Error{Outcome: parlance.Outcome{Kind: parlance.KindRateLimited, Status: 429}})
	}), "GET", "/")
	if a.Status != 429 || a.Body != "Too Many Requests\n" {
		t.Errorf("got %+v", a)
	}
}
