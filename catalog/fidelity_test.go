package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

// TestWhatIsWrittenReadsAsTheSameButForTheLossesThatAreReported is the first
// law, held against outcomes made by chance from a fixed seed.
func TestWhatIsWrittenReadsAsTheSameButForTheLossesThatAreReported(t *testing.T) {
	t.Parallel()
	outcomes := 10_000
	if raced {
		outcomes = 500 // make race runs all of them without the detector, which slows them tenfold
	}
	for _, name := range catalog.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := catalog.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			random := rand.New(rand.NewPCG(1, 2))
			for range outcomes {
				o, req := anOutcome(random)
				w := d.Encode(nil, req, &o, dialect.Payload{})
				back := d.Decode(req, dialect.Response{Status: w.Status, Header: pairs(w.Header), Body: w.Body})
				if diff := unreported(&o, &back.Outcome, w.Losses); diff != "" {
					t.Fatalf("%s\nof  %s\nwrote %d %s %v\nread %s\nlosses %v\ndiagnostics %v", diff, outcomeJSON(t, o), w.Status, w.Body, w.Header, outcomeJSON(t, back.Outcome), w.Losses, back.Diagnostics)
				}
			}
		})
	}
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

// unreported is the first difference that no Loss tells of. What a row or the
// text of a first field adds is no loss.
func unreported(o, back *parlance.Outcome, losses []parlance.Loss) string {
	lost := func(attribute string) bool {
		return slices.ContainsFunc(losses, func(l parlance.Loss) bool { return l.Attribute == attribute })
	}
	for _, a := range []struct{ name, was, is string }{
		{"kind", o.Kind.String(), back.Kind.String()}, {"code", o.Code, back.Code}, {"title", o.Title, back.Title},
		{"detail", o.Detail, back.Detail}, {"type", o.Type, back.Type}, {"instance", o.Instance, back.Instance},
		{"request_id", o.RequestID, back.RequestID}, {"help", o.Help, back.Help}, {"reason", string(o.Reason), string(back.Reason)},
		{"family", o.Family, back.Family}, {"retryable", o.Retryable.String(), back.Retryable.String()},
		{"retry_after", fmt.Sprint(o.RetryAfter), fmt.Sprint(back.RetryAfter)},
	} {
		if a.was != "" && a.was != a.is && !lost(a.name) {
			return fmt.Sprintf("%s was %q and is %q", a.name, a.was, a.is)
		}
	}
	if !slices.Equal(o.Notes, back.Notes) && !lost("notes") {
		return fmt.Sprintf("notes were %q and are %q", o.Notes, back.Notes)
	}
	if !lost("fields") {
		// A dialect with a map of fields brings those of one name together.
		was, is := slices.Clone(o.Fields), slices.Clone(back.Fields)
		for i := range was {
			for _, a := range []struct {
				name string
				text *string
			}{{"path", &was[i].Path}, {"code", &was[i].Code}, {"message", &was[i].Message}} {
				if lost(fmt.Sprintf("fields[%d].%s", i, a.name)) || lost(fmt.Sprintf("fields[%d]", i)) {
					*a.text = ""
				}
			}
		}
		was = slices.DeleteFunc(was, func(f parlance.Field) bool {
			return f == parlance.Field{} || f.Path == "" && (f.Message == "" || f.Message == back.Detail) && (f.Code == "" || f.Code == back.Code)
		})
		byPath := func(a, b parlance.Field) int { return strings.Compare(a.Path, b.Path) }
		slices.SortStableFunc(was, byPath)
		slices.SortStableFunc(is, byPath)
		for _, f := range was {
			if !slices.ContainsFunc(is, func(b parlance.Field) bool {
				return b.Path == f.Path && (f.Message == "" || b.Message == f.Message) && (f.Code == "" || b.Code == f.Code)
			}) {
				return fmt.Sprintf("field %v is not among %v", f, is)
			}
		}
	}
	if !lost("items") {
		if len(o.Items) != len(back.Items) {
			return fmt.Sprintf("there were %d items and are %d", len(o.Items), len(back.Items))
		}
		for i := range o.Items {
			was, is := o.Items[i], back.Items[i]
			at := fmt.Sprintf("items[%d].", i)
			if was.ID != is.ID && !lost(at+"id") {
				return fmt.Sprintf("item %d was %q and is %q", i, was.ID, is.ID)
			}
			if was.Outcome.Kind != is.Outcome.Kind && !lost(at+"outcome.kind") {
				return fmt.Sprintf("item %d was %s and is %s", i, was.Outcome.Kind, is.Outcome.Kind)
			}
			if was.Outcome.Detail != is.Outcome.Detail && !lost(at+"outcome.detail") {
				return fmt.Sprintf("item %d said %q and says %q", i, was.Outcome.Detail, is.Outcome.Detail)
			}
		}
	}
	return ""
}
