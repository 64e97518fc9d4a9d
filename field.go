package parlance

// Field is one bad input. An input with several errors has several Fields.
type Field struct {
	Path    string `json:"path,omitempty"`    // dotted, such as items.0.price; "" if the error belongs to no field
	Code    string `json:"code,omitempty"`    // the vendor's code for the error
	Message string `json:"message,omitempty"` // the message for people
}
