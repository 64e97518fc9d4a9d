package wire

// StreamState is what a stream came to.
type StreamState struct {
	Elements int  // all that arrived whole
	Content  int  // those of content; if it failed, those before the first failure
	Failures int  // those that are failures
	Ended    bool // the element that ends it well has arrived, or the form says so
	Cut      bool // it ended before that, or in the middle of an element
}
