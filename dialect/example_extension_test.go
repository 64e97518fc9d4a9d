package dialect_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// points is an Extension: it calculates the wait from two numbers of the body,
// which a dialect file cannot do.
type points struct{}

// Concerns asks for the body of each 429.
func (points) Concerns(_ dialect.Request, status int, _ dialect.Header) bool { return status == 429 }

// Read runs after the file has read the response.
func (points) Read(_ *dialect.Dialect, _ dialect.Request, res dialect.Response, r *dialect.Decoded) {
	var body struct {
		Missing   float64 `json:"missing"`
		PerSecond float64 `json:"per_second"`
	}
	if err := json.Unmarshal(res.Body, &body); err == nil && body.PerSecond > 0 {
		r.Outcome.RetryAfter = time.Duration(body.Missing / body.PerSecond * float64(time.Second))
	}
}

// Write runs after the file has written the response.
func (points) Write(_ *dialect.Dialect, _ dialect.Request, o *parlance.Outcome, m *dialect.Encoded) {
	if o.RetryAfter > 0 {
		m.Header = append(m.Header, dialect.HeaderField{Name: "X-Wait", Value: strconv.Itoa(int(o.RetryAfter.Seconds()))})
	}
}

// Add what a file cannot say: here arithmetic on the numbers of a response.
func ExampleExtension() {
	file, err := dialect.Compile("shop.yaml", []byte(`dialect: shop
codes:
  429: rate_limited
shapes:
  - {name: error, status: 4xx, json: {message!: $detail}}
`))
	if err != nil {
		panic(err)
	}
	shop := file.With(points{})

	req := dialect.Request{Method: "GET"}
	res := dialect.Response{
		Status: 429,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   []byte(`{"message":"Too fast","missing":30,"per_second":2}`),
	}
	o := shop.Decode(req, res).Outcome
	fmt.Println(o.Kind, "-", shop.Decide(req, &o).Act, "after", shop.Decide(req, &o).After)
	m := shop.Encode(nil, req, &o, dialect.Payload{})
	fmt.Println(string(m.Body), m.Header[len(m.Header)-1])
	// Output:
	// rate_limited - retry after 15s
	// {"message":"Too fast"} {X-Wait 15}
}
