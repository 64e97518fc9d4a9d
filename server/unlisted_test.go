package server_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/server"
)

// A status that the page does not list goes by its class, in each dialect: the client
// gets status and text as the handler gave them, whether it named a kind or not.
func TestAnUnlistedStatusKeepsItsTextOverTheWire(t *testing.T) {
	t.Parallel()
	const text = "reel 7 is torn"
	// A challenge has a place for a text only beside one of its codes. The standard gives an
	// error element of WebDAV a condition alone. The errors of OData need a code, and the
	// type of X's errors is their code: none of theirs means this.
	textless := map[string]bool{"oauth2-bearer": true, "webdav": true, "odata": true, "x-api": true}
	listed := map[string]int{"npm-registry": 418}
	all, err := catalog.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		for status, kind := range map[int]parlance.Kind{418: parlance.KindInvalid, 599: parlance.KindInternal} {
			if listed[d.Name()] == status {
				continue
			}
			for _, given := range []parlance.Kind{kind, 0} {
				o := parlance.Outcome{Kind: given, Status: status, Detail: text}
				for way, handler := range map[string]server.HandlerFunc{
					"as an error": func(http.ResponseWriter, *http.Request) (any, error) { return nil, &parlance.Error{Outcome: o} },
					"as a value":  func(http.ResponseWriter, *http.Request) (any, error) { return server.Reply{Outcome: o}, nil },
				} {
					t.Run(d.Name()+" "+strconv.Itoa(status)+" "+way+" "+given.String(), func(t *testing.T) {
						t.Parallel()
						var log testlog.Log
						api := server.New(d, server.WithLogger(log.Logger()))
						socket := httptest.NewServer(api.Wrap(api.Handle(handler)))
						defer socket.Close()
						res, err := (&http.Client{Transport: client.New(d, client.WithMaxAttempts(1))}).Get(socket.URL + "/x")
						if err != nil {
							t.Fatal(err)
						}
						defer res.Body.Close()
						report, _ := client.ReportOf(res)
						got := report.Outcome
						if textless[d.Name()] {
							got.Detail = text
						}
						if res.StatusCode != status || got.Status != status || got.Detail != text || got.Kind != kind {
							t.Errorf("got %d, read as %v %d %q; want %v %d %q", res.StatusCode, got.Kind, got.Status, got.Detail, kind, status, text)
						}
					})
				}
			}
		}
	}
}
