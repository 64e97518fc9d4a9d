package outbox_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/outbox"
)

func TestAnEndIsToldByASignedWebhookThatArrives(t *testing.T) {
	const secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	hooks := 0
	d := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/hook" {
			w.WriteHeader(422)
			return
		}
		if hooks++; hooks == 1 {
			w.WriteHeader(500)
		}
	}
	base := &relay{}
	virtual(t, "http", d, func(s *scene) {
		base.RoundTripper = s.transport
		id := s.put(outbox.Request{})
		time.Sleep(time.Hour)
		s.is(id, outbox.Refused)
		got := s.asked()
		if len(got) != 3 || got[1].Path != "/hook" || got[2].Path != "/hook" {
			s.Fatalf("got %+v", got)
		}
		key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		for _, r := range got[1:] {
			h := r.Header
			at, _ := strconv.ParseInt(h.Get("Webhook-Timestamp"), 10, 64)
			if want := outbox.Sign(key, h.Get("Webhook-Id"), at, []byte(r.Body)); h.Get("Webhook-Signature") != want || at != s.start.Add(r.At).Unix() || h.Get("Webhook-Id") != got[1].Header.Get("Webhook-Id") {
				s.Errorf("header %v of %s, want %s", h, r.Body, want)
			}
			var e struct {
				Type string
				Data struct{ ID, State, Vendor string }
			}
			if err := json.Unmarshal([]byte(r.Body), &e); err != nil || e.Type != "outbox.refused" || e.Data.ID != id || e.Data.Vendor != "vendor" {
				s.Errorf("%s: %+v, %v", r.Body, e, err)
			}
		}
	}, outbox.WithWebhook("http://receiver/hook", secret, base))
}

// relay is a transport that is known later.
type relay struct{ http.RoundTripper }

// The example of the specification's libraries.
func TestAWebhookIsSignedAsTheSpecificationSays(t *testing.T) {
	t.Parallel()
	key, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := outbox.Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
