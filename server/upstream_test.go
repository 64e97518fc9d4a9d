package server_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/internal/testnet"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

func TestWhatGoesWrongBehindIsToldByItsTrueCause(t *testing.T) {
	t.Parallel()
	behind := func(h http.HandlerFunc) string { return servertest.Listen(t, h).URL }
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secure.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	secure.StartTLS()
	t.Cleanup(secure.Close)
	get := func(url string) func(context.Context) error {
		return func(ctx context.Context) error {
			r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
			if err != nil {
				return err
			}
			res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
			if err == nil {
				res.Body.Close()
			}
			return err
		}
	}
	responded := func(o parlance.Outcome) func(context.Context) error {
		return func(context.Context) error { return fmt.Errorf("the bank: %w", &parlance.Error{Outcome: o}) }
	}
	hanging := behind(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	secret := errors.New("secret 10.0.0.7")
	for name, c := range map[string]struct {
		call  func(context.Context) error
		kind  parlance.Kind
		after time.Duration
	}{
		"nothing listens": {get("http://" + testnet.Closed), parlance.KindUnavailable, 0},
		"no such name":    {get("http://secret.invalid"), parlance.KindUnavailable, 0},
		"no trust":        {get(secure.URL), parlance.KindBadGateway, 0},
		"it breaks off":   {get(behind(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })), parlance.KindBadGateway, 0},
		"it hangs": {func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			defer cancel()
			return get(hanging)(ctx)
		}, parlance.KindTimeout, 0},
		"it responds with nonsense": {func(context.Context) error { return secret }, parlance.KindBadGateway, 0},
		"it refuses us":             {responded(parlance.Outcome{Kind: parlance.KindUnauthenticated, Detail: "secret"}), parlance.KindBadGateway, 0},
		"it does not know it":       {responded(parlance.Outcome{Kind: parlance.KindNotFound, Detail: "secret"}), parlance.KindBadGateway, 0},
		"it fails":                  {responded(parlance.Outcome{Kind: parlance.KindInternal, Code: "secret"}), parlance.KindBadGateway, 0},
		"it is in maintenance":      {responded(parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonMaintenance, RetryAfter: time.Minute, Title: "secret"}), parlance.KindUnavailable, time.Minute},
		"it has had too much":       {responded(parlance.Outcome{Kind: parlance.KindRateLimited, RetryAfter: time.Second, RequestID: "theirs"}), parlance.KindUnavailable, time.Second},
		"it had a timeout":          {responded(parlance.Outcome{Kind: parlance.KindTimeout}), parlance.KindTimeout, 0},
		"the client end says so": {func(context.Context) error {
			return &client.Error{Outcome: parlance.Outcome{Kind: parlance.KindUnavailable}}
		}, parlance.KindUnavailable, 0},
		"the client end says 429": {func(context.Context) error {
			return &client.Error{Outcome: parlance.Outcome{Kind: parlance.KindRateLimited}}
		}, parlance.KindUnavailable, 0},
		"the client end says 404": {func(context.Context) error {
			return &client.Error{Outcome: parlance.Outcome{Kind: parlance.KindNotFound}}
		}, parlance.KindBadGateway, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, dialect := range []string{"problem", "vbapi"} {
				s, log := servertest.New(t, dialect)
				a := servertest.Ask(t, s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
					return nil, server.Upstream(c.call(r.Context()))
				}), "GET", "/")
				got := servertest.Meaning(t, dialect, a)
				if got.Kind != c.kind || got.RetryAfter != c.after || got.Reason != "" || strings.Contains(a.Body, "secret") || strings.Contains(a.Body, "theirs") {
					t.Errorf("got %d %v %s", a.Status, a.Header, a.Body)
				}
				if !strings.Contains(log.String(), "request failed") {
					t.Errorf("the log says %s", log)
				}
			}
		})
	}
	if server.Upstream(nil) != nil {
		t.Error("a success became a failure")
	}
}
