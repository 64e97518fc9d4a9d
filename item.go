package parlance

// Item is one record of a bulk request.
type Item struct {
	Index   int     `json:"index"`        // zero-based place in the list it was read from
	ID      string  `json:"id,omitempty"` // the vendor's id of the record; a composite one is key=value joined by commas
	Outcome Outcome `json:"outcome"`      // the meaning of this record's part of the response
}

// RollUp is the meaning of a bulk request as a whole, from its records:
//
//   - success if no record failed, or if there are no records
//   - partial if some failed
//   - their kind and the first one's reason if all failed with one kind
//   - internal if all failed and each failure is the server's
//   - otherwise invalid
func RollUp(items []Item) (Kind, Reason) {
	var first *Outcome
	failed, alike, server := 0, true, true
	for i := range items {
		o := &items[i].Outcome
		if !o.Kind.Failing() && o.Kind != KindPartial {
			continue
		}
		failed++
		server = server && o.Kind.ServerFault()
		if first == nil {
			first = o
		}
		alike = alike && first.Kind == o.Kind
	}
	switch {
	case failed == 0:
		return KindSuccess, ""
	case failed < len(items):
		return KindPartial, ""
	case alike:
		return first.Kind, first.Reason
	case server:
		return KindInternal, ""
	}
	return KindInvalid, ""
}
