package idempotency_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

// fewCodes are dialects that have no code for a conflict.
var fewCodes = map[string]string{
	"success-alone": "codes: {200: success}",
	"a-body":        "codes: {200: success}\nshapes: [{name: result, status: 2xx, json: $data}]",
	"no-4xx": `codes: {200: success, 500: internal}
shapes:
  - {name: error, status: 5xx, json: {error!: $detail}}
  - {name: result, status: 2xx, json: $data}
`,
	"any-status": `codes: {200: success, 500: internal}
shapes:
  - {name: error, json: {error!: $detail}}
  - {name: result, status: 2xx, json: $data}
`,
	"under-200": `codes:
  200: success
  OK: {kind: success, status: 200}
  ERR: {kind: internal, status: 200}
shapes:
  - {name: any, json: {code!: $code, message?: $detail, data?: $data}}
`,
	"under-200-flag": `codes: {200: success}
shapes:
  - {name: error, status: 200, is: internal, json: {ok: false, error!: $detail}}
  - {name: success, status: 200, json: {ok: true, data: $data}}
`,
}

// says409 are dialects in which 409 has one reason only.
var says409 = map[string]bool{"x-api": true}

// A dialect without a code for it uses the status that HTTP has, and claims no other reason.
func TestARefusedKeyIsNoSuccessInAnyDialect(t *testing.T) {
	t.Parallel()
	all, err := catalog.All()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range fewCodes {
		d, err := dialect.Compile(name+".yaml", []byte("dialect: "+name+"\n"+text), catalog.Find(""))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		all = append(all, d)
	}
	for _, d := range all {
		t.Run(d.Name(), func(t *testing.T) {
			t.Parallel()
			for state, want := range map[idempotency.State]parlance.Reason{
				idempotency.InFlight: parlance.ReasonInFlight, idempotency.Mismatch: parlance.ReasonMismatch,
				idempotency.Uncertain: parlance.ReasonUncertain,
			} {
				var log testlog.Log
				api := server.New(d, server.WithLogger(log.Logger()))
				once := idempotency.Middleware(servertest.NewKeys().Say(state))
				socket := httptest.NewServer(api.Wrap(once(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) { return nil, nil }))))
				defer socket.Close()
				r, _ := http.NewRequest("POST", socket.URL+"/orders", strings.NewReader("{}"))
				name := d.IdempotencyHeader()
				if name == "" {
					name = "Idempotency-Key"
				}
				r.Header.Set(name, "k")
				res, err := (&http.Client{Transport: client.New(d, client.WithMaxAttempts(1))}).Do(r)
				if err != nil {
					t.Fatal(err)
				}
				report, _ := client.ReportOf(res)
				res.Body.Close()
				got := report.Outcome
				if !got.Kind.Failing() {
					t.Errorf("%s: %d is read as %v %s %q %q", want, res.StatusCode, got.Kind, got.Code, got.Reason, got.Detail)
				}
				if got.Code == "" && got.Reason != "" && got.Reason != want && !says409[d.Name()] {
					t.Errorf("%s: %d is read with the reason %q", want, res.StatusCode, got.Reason)
				}
			}
		})
	}
}
