package parlance

// Loss names one attribute of an Outcome that a dialect could not carry when it
// was written, and why.
type Loss struct {
	Attribute string `json:"attribute"` // as in the JSON of an Outcome: "kind", "request_id", "fields[1].code"
	Reason    string `json:"reason"`
}
