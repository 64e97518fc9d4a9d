package parlance

// Item is one record of a bulk request.
type Item struct {
	Index   int     `json:"index"`        // zero-based place in the list it was read from
	ID      string  `json:"id,omitempty"` // the vendor's id of the record; a composite one is key=value joined by commas
	Outcome Outcome `json:"outcome"`      // what this record came to
}
