package client_test

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
)

func TestCheckMakesAnErrorOfWhatIsNotGood(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, dialect string
		status        int
		body          string
		want          error
		text          string
	}{
		{"a success is none", "vms", 200, `{"id":1}`, nil, ""},
		{"an empty list is none", "vms", 200, `null`, nil, ""},
		{"a success with notes is none", "vision", 202, `<ok/>`, nil, ""},
		{"a 404", "vms", 404, `{"message":"no such camera"}`, parlance.ErrNotFound, "not_found: no such camera (do not retry)"},
		{"a code in the body under 401", "vision", 401, `<RES><Code>101</Code><Message>wrong secret</Message></RES>`,
			parlance.ErrUnauthenticated, "unauthenticated [101]: wrong secret (do not retry)"},
		{"a partial", "vbapi", 207, vbapiBulk, parlance.ErrPartial, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := server(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if tt.dialect == "vision" {
					w.Header().Set("Content-Type", "application/xml")
				}
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.body)
			})
			resp := get(t, &http.Client{Transport: client.New(open(t, tt.dialect))}, srv.URL)
			err := client.Check(resp)
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if err != nil && tt.text != "" && err.Error() != tt.text {
				t.Errorf("got  %q\nwant %q", err, tt.text)
			}
			var inner *parlance.Error
			if errors.As(err, &inner) {
				t.Error("an upstream's failure must not become our own unseen")
			}
			if body, _ := io.ReadAll(resp.Body); string(body) != tt.body {
				t.Errorf("read %q after Check", body)
			}
		})
	}
}
