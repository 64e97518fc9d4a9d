package catalog_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/fidelity"
	"github.com/parlance-api/parlance/internal/raced"
)

// TestWhatIsWrittenReadsAsTheSameButForTheLossesThatAreReported is the first
// law, held against outcomes made by chance from a fixed seed.
func TestWhatIsWrittenReadsAsTheSameButForTheLossesThatAreReported(t *testing.T) {
	t.Parallel()
	outcomes := 10_000
	if raced.Enabled {
		outcomes = 500 // make race runs all of them without the detector, which slows them tenfold
	}
	everyDialect(t, func(t *testing.T, d *dialect.Dialect) {
		random := rand.New(rand.NewPCG(1, 2))
		for range outcomes {
			o, req := anOutcome(random)
			w := d.Encode(nil, req, &o, dialect.Payload{})
			back := d.Decode(req, dialect.Response{Status: w.Status, Header: pairs(w.Header), Body: w.Body})
			if diff := fidelity.Difference(&o, &back.Outcome, w.Losses); diff != "" {
				t.Fatalf("%s\nof  %s\nwrote %d %s %v\nread %s\nlosses %v\ndiagnostics %v", diff, outcomeJSON(t, o), w.Status, w.Body, w.Header, outcomeJSON(t, back.Outcome), w.Losses, back.Diagnostics)
			}
		}
	})
}

func anOutcome(r *rand.Rand) (parlance.Outcome, dialect.Request) {
	kinds := parlance.Kinds()
	texts := []string{"", "", "plain", `q"uo\te`, "a<b&c>", "zwei Wörter", "tab\there", "No available licenses"}
	text := func() string { return texts[r.IntN(len(texts))] }
	o := parlance.Outcome{Kind: kinds[r.IntN(len(kinds))], Detail: text(), Title: text(), Type: text(), Instance: text(), RequestID: text(), Help: text()}
	if r.IntN(3) == 0 {
		o.Status = []int{200, 201, 207, 400, 403, 404, 409, 418, 419, 422, 429, 500, 503, 599, 999}[r.IntN(15)]
	}
	if r.IntN(3) == 0 {
		o.Code = []string{"1022", "101", "x", "400", "999", "card_declined"}[r.IntN(6)]
	}
	if r.IntN(4) == 0 {
		o.Reason = []parlance.Reason{parlance.ReasonExpired, parlance.ReasonLicense, parlance.ReasonFields, "own"}[r.IntN(4)]
	}
	if r.IntN(5) == 0 {
		o.RetryAfter = time.Duration(r.IntN(4000)) * time.Millisecond
	}
	if o.Kind.Failing() {
		for range r.IntN(3) {
			o.Fields = append(o.Fields, parlance.Field{Path: []string{"a", "b.0.c", "a", ""}[r.IntN(4)], Code: text(), Message: text()})
		}
	}
	if o.Kind == parlance.KindNoted {
		for range r.IntN(3) {
			o.Notes = append(o.Notes, []string{"one", "two"}[r.IntN(2)])
		}
	}
	if o.Kind == parlance.KindPartial {
		item := func(i int, k parlance.Kind) parlance.Item {
			return parlance.Item{Index: i, ID: []string{"", "k=1", "API_1"}[r.IntN(3)], Outcome: parlance.Outcome{Kind: k, Detail: text()}}
		}
		o.Items = []parlance.Item{item(0, parlance.KindSuccess), item(1, []parlance.Kind{parlance.KindInvalid, parlance.KindNotFound, parlance.KindUnavailable}[r.IntN(3)])}
	}
	methods := []string{"GET", "POST", "PUT"}
	return o, dialect.Request{Method: methods[r.IntN(3)], Path: "/x"}
}
