package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
)

// A model responds in pieces, and fails in the third event.
func ExampleElements() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n")
		io.WriteString(w, "data: {\"choices\":[{\"delta\":{\"content\":\"lo\"}}]}\n\n")
		io.WriteString(w, "data: {\"error\":{\"message\":\"The server had an error\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n")
	}))
	defer server.Close()
	openai, err := catalog.Open("openai")
	if err != nil {
		fmt.Println(err)
		return
	}
	models := &http.Client{Transport: client.New(openai)}
	response, err := models.Post(server.URL+"/v1/chat/completions", "application/json", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for element, err := range client.Elements(response) {
		var failed *client.Error
		switch {
		case errors.As(err, &failed):
			fmt.Println(failed.Outcome.Kind, failed.Outcome.Detail)
		case err != nil:
			fmt.Println(err)
		case element.Role == dialect.RoleContent:
			fmt.Printf("%s\n", element.Data)
		}
	}
	// Output:
	// {"choices":[{"delta":{"content":"Hel"}}]}
	// {"choices":[{"delta":{"content":"lo"}}]}
	// internal The server had an error
}
