package airbyte_test

import (
	"fmt"
	"log"

	"github.com/parlance-api/parlance/draft/airbyte"
)

// A first dialect file from the error handlers of a connector.
func ExampleFile() {
	manifest := `streams:
  - retriever:
      requester:
        error_handler:
          type: DefaultErrorHandler
          response_filters: [{type: HttpResponseFilter, action: RETRY, http_codes: [503]}]
          backoff_strategies: [{type: ConstantBackoffStrategy, backoff_time_in_seconds: 60}]
`
	file, told, err := airbyte.File("my-api", "manifest.yaml", []byte(manifest))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(file), len(told))
	// Output:
	// # A draft from manifest.yaml. Compare each line that says guess: or todo: with the
	// # vendor's pages, correct it, and remove its comment. parlance lint lists the lines that
	// # are left.
	// dialect: my-api
	// title: My Api  # todo: add the vendor's pages, as source: ["https://…"]
	// codes:
	//   429: {kind: rate_limited, retry: {after: 60s}}  # guess: the wait of the connector
	//   "5xx": {kind: internal, retry: {after: 60s}}  # guess: the wait of the connector
	//   503: {kind: unavailable, retry: {after: 60s}}  # guess: the connector retries it
	// 0
}
