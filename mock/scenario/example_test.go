package scenario_test

import (
	"fmt"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/mock/scenario"
)

func Example() {
	stripe, err := catalog.Open("stripe")
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := scenario.Compile("busy.yaml", []byte(`
scenario: A busy minute
requests:
  POST /v1/charges: declined, 503, then 200
responses:
  declined: {code: card_declined, retry-after: 2s}
`), stripe)
	if err != nil {
		fmt.Println(err) // every fault, with line and column
		return
	}
	run := s.Run(0, nil)
	for range 4 {
		step, _ := run.Next("POST", "/v1/charges")
		fmt.Println(step.Line, step.Prefer)
	}
	// Output:
	// busy.yaml:4 code=card_declined, retry-after=2
	// busy.yaml:4 code=503
	// busy.yaml:4 code=200
	// busy.yaml:4 code=200
}

func ExampleCompile_faults() {
	_, err := scenario.Compile("busy.yaml", []byte("scenario: Busy\nrequests:\n  POST /orders: 503 untill 20s\n"), nil)
	fmt.Println(err)
	// Output:
	// busy.yaml:3:21: error: expected a comma or the end, not "untill" [bad_steps]
}
