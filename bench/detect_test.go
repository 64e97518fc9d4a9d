package bench

import (
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

// BenchmarkDetect finds the dialect of a response among the whole catalog, as parlance
// decode --dialect auto does. The target is 2 ms.
func BenchmarkDetect(b *testing.B) {
	req := dialect.Request{Method: "POST", Path: "/v1/charges"}
	res := dialect.Response{Status: 402, Body: []byte(`{"error":{"code":"card_declined","decline_code":"generic_decline","doc_url":"https://stripe.com/docs/error-codes/card-declined","message":"Your card was declined.","type":"card_error"}}`)}
	catalog.Detect(req, res) // compiles the catalog
	b.ReportAllocs()
	for b.Loop() {
		if guesses := catalog.Detect(req, res); len(guesses) == 0 || guesses[0].Name != "stripe" {
			b.Fatalf("got %+v, want stripe first", guesses)
		}
	}
}
