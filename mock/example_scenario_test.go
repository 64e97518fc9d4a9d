package mock_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/mock"
	"github.com/parlance-api/parlance/mock/scenario"
)

// The API fails twice, and then works.
func ExampleWithScenario() {
	vms, err := catalog.Open("vms")
	if err != nil {
		fmt.Println(err)
		return
	}
	busy, err := scenario.Compile("busy.yaml", []byte(`
scenario: A short outage
requests:
  GET /cameras: short, 429, then 200
responses:
  short: {code: 503, detail: Back in a minute, retry-after: 1m}
`), vms)
	if err != nil {
		fmt.Println(err) // every fault of the file, with line and column
		return
	}
	m := mock.New(vms, mock.WithScenario(busy))
	defer m.Close()
	for range 4 {
		w := httptest.NewRecorder()
		m.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/cameras", http.NoBody))
		fmt.Println(w.Code, w.Header().Get("Retry-After"), w.Body)
	}
	// Output:
	// 503 60 {"message":"","errors":{"error":["Back in a minute"]}}
	// 429  {"message":"","errors":{"error":["This is an example of 429"]}}
	// 200  {}
	// 200  {}
}
