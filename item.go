package parlance

// Item is one record of a bulk request.
type Item struct {
	Index   int     `json:"index"`        // zero-based place in the list it was read from
	ID      string  `json:"id,omitempty"` // the vendor's id of the record; a composite one is key=value joined by commas
	Outcome Outcome `json:"outcome"`      // what this record came to
}

// RollUp is what a bulk request comes to by its records: success where none
// failed, partial where some did, the kind and reason of all where they failed
// alike, and otherwise internal where every failure is the server's, else
// invalid. Of no records it is success.
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
