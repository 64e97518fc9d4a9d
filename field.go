package parlance

// Field is one bad input. Several errors of one input are several Fields.
type Field struct {
	Path    string `json:"path,omitempty"`    // dotted, such as items.0.price; "" where the error belongs to no field
	Code    string `json:"code,omitempty"`    // the vendor's word for the fault
	Message string `json:"message,omitempty"` // the text for people
}
