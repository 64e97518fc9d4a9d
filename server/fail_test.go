package server_test

import (
	"net/http"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
)

func TestAFailureGoesByWayOfWhatStandsBefore(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, "problem")
	var seen int
	a := ask(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.Fail(&seeing{w, &seen}, r, parlance.NewError(parlance.RateLimited, "later"))
	})), "GET", "/path")
	if a.status != 429 || seen != 429 || a.noID() != `{"title":"Too Many Requests","status":429,"detail":"later","instance":"/path","kind":"rate_limited","request_id":"ID"}` {
		t.Errorf("seen %d, got %+v", seen, a)
	}
}

// seeing notes the status of an answer on its way.
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
	a := ask(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.Fail(w, r, &parlance.Error{Outcome: parlance.Outcome{Kind: parlance.RateLimited, Status: 429}})
	}), "GET", "/")
	if a.status != 429 || a.body != "Too Many Requests\n" {
		t.Errorf("got %+v", a)
	}
}
