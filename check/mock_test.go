package check_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/catalogtest"
	"github.com/parlance-api/parlance/mock"
)

// TestCheckPassesEveryRowOfTheFiveSystemsAsTheMockGivesIt goes over a real socket, with the
// table of rows that the test of the mock has.
func TestCheckPassesEveryRowOfTheFiveSystemsAsTheMockGivesIt(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../examples/rows.tsv")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		part := strings.Split(strings.TrimSpace(line), "\t")
		rows++
		t.Run(part[0]+" "+part[1], func(t *testing.T) {
			t.Parallel()
			wish := mock.Wish{Code: part[1]}
			kind, reason, _ := strings.Cut(part[3], "/")
			wish.Kind, _ = parlance.ParseKind(kind)
			wish.Reason = parlance.Reason(reason)
			d := catalogtest.Open(t, part[0])
			m := mock.New(d)
			defer m.Close()
			api := httptest.NewServer(m)
			defer api.Close()
			if err := m.Next(1, wish); err != nil {
				t.Fatal(err)
			}
			r, err := http.NewRequestWithContext(t.Context(), part[2], api.URL+"/orders/7", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Accept", d.Accept())
			res, err := check.Transport(t, d, nil).RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
		})
	}
	if rows != 71 {
		t.Errorf("got %d rows, want 71", rows)
	}
}

// TestCheckPassesEveryResponseThatTheCatalogCanGive holds the rules against the writer: a
// response that a dialect writes for a row of its own breaks none of them.
func TestCheckPassesEveryResponseThatTheCatalogCanGive(t *testing.T) {
	t.Parallel()
	for _, name := range catalog.Names() {
		d := catalogtest.Open(t, name)
		c := check.New(d)
		for _, e := range mock.Outcomes(d) {
			x := written(d, e)
			if len(d.Decode(x.Request, x.Response).Diagnostics) > 0 {
				continue // a row that cannot be written without a code
			}
			for _, f := range c.Check(x) {
				if strings.Contains(f.Message, "xample") {
					continue // the text of the example stands for a code
				}
				t.Errorf("%s %s: got %s", name, e.Key, f)
			}
		}
	}
}

// written is the response that a dialect writes for an example, with a new ID.
func written(d *dialect.Dialect, e authoring.Example) check.Exchange {
	e.Outcome.RequestID = rand.Text()
	if e.Reset {
		e.Outcome.RetryAfter = 2 * time.Minute
	}
	m := d.Encode(nil, e.Request, &e.Outcome, e.Payload)
	header := dialect.HeaderMap{}
	header.Set(m.Header)
	if m.Status == 401 && len(header["Www-Authenticate"]) == 0 {
		header["Www-Authenticate"] = []string{"Bearer"}
	}
	return check.Exchange{Request: e.Request, Response: dialect.Response{Status: m.Status, Header: header, Body: m.Body}}
}
