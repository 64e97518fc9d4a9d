package catalog_test

import (
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

func TestAFailureOfAKindAloneKeepsItsTextWhereACodeMeansTheSame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect string
		kind    parlance.Kind
		status  int
		code    string
	}{
		{"anthropic", parlance.KindInternal, 500, "api_error"},
		{"anthropic", parlance.KindNotFound, 404, "not_found_error"},
		{"airtable", parlance.KindForbidden, 403, "NOT_AUTHORIZED"},
		{"box", parlance.KindConflict, 409, "conflict"},
		{"databricks", parlance.KindUnavailable, 503, "TEMPORARILY_UNAVAILABLE"},
		{"grpc-gateway", parlance.KindUnauthenticated, 401, "16"},
		{"okta", parlance.KindRateLimited, 429, "E0000047"},
		{"twirp", parlance.KindInvalid, 400, "invalid_argument"},
		{"x-api", parlance.KindForbidden, 403, "220"},
	} {
		t.Run(c.dialect+" "+c.kind.String(), func(t *testing.T) {
			t.Parallel()
			d := opened(t, c.dialect)
			req := dialect.Request{Method: "POST", Path: "/v1/messages"}
			m := d.Encode(nil, req, &parlance.Outcome{Kind: c.kind, Detail: "The reason in words"}, dialect.Payload{})
			back := d.Decode(req, dialect.Response{Status: m.Status, Header: pairs(m.Header), Body: m.Body}).Outcome
			if m.Status != c.status || back.Code != c.code || back.Detail != "The reason in words" || back.Kind != c.kind || back.Reason != "" {
				t.Errorf("it is written as %d %s, and read as %s/%s %s %q; want %d with %s", m.Status, m.Body, back.Kind, back.Reason, back.Code, back.Detail, c.status, c.code)
			}
		})
	}
}

func TestACodeIsLentOnlyUnderItsStatus(t *testing.T) {
	t.Parallel()
	// The codes of invalid stand under 422, and say which value is wrong: 400 has none.
	d := opened(t, "airtable")
	m := d.Encode(nil, dialect.Request{Method: "POST", Path: "/v0/app/Orders"}, &parlance.Outcome{Kind: parlance.KindInvalid, Detail: "Wrong"}, dialect.Payload{})
	if m.Status != 400 || len(m.Body) > 0 || len(m.Losses) != 1 || m.Losses[0].Attribute != "detail" {
		t.Errorf("%d %s, losses %v; want 400 without a body and the loss of the detail", m.Status, m.Body, m.Losses)
	}
}
