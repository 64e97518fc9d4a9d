package dialect

import "github.com/parlance-api/parlance"

// Compile makes a Dialect of a file. file names it in diagnostics and
// decisions. The error is a *FileError that holds every fault of the file.
func Compile(file string, source []byte) (*Dialect, error) { return &Dialect{name: file}, nil }

// FileError is every fault of a dialect file at once.
type FileError struct {
	Diagnostics []parlance.Diagnostic // in the order of the file
	Source      []byte
}

func (e *FileError) Error() string { return "" }

// Lint lists all that is wrong with a file, warnings and samples that do not
// read or write as they say included.
func Lint(file string, source []byte) []parlance.Diagnostic { return nil }

// Decode reads an answer to req. It never fails: what cannot be read leaves the
// meaning of the status, and a Diagnostic.
func (d *Dialect) Decode(req Request, res Response) Reading { return Reading{} }

// Encode writes an Outcome as the answer to req, appending the body to dst. data is the
// success payload. What cannot be carried is in Message.Losses.
func (d *Dialect) Encode(dst []byte, req Request, o *parlance.Outcome, data Payload) Message {
	return Message{}
}

// Decide says what the provider tells its callers to do about an outcome.
// tried are the acts taken on earlier answers to the same request, oldest
// first. For a transport that failed, pass parlance.OutcomeOfTransport(err).
func (d *Dialect) Decide(req Request, o *parlance.Outcome, tried ...parlance.Act) parlance.Decision {
	return parlance.Decision{}
}

// Alters reports whether the body of such an answer can alter its meaning, or
// holds the payload in an envelope, so that it must be read (up to the reader's limit) before
// the meaning is known. Where it is false a success can be streamed untouched.
func (d *Dialect) Alters(req Request, status int, header Header) bool { return false }

// Wraps reports whether Encode puts an envelope around the payload of such an
// outcome, or would otherwise not pass it on as it is.
func (d *Dialect) Wraps(req Request, o *parlance.Outcome) bool { return false }

// IdempotencyHeader is the request header that carries an idempotency key, ""
// where the API has none.
func (d *Dialect) IdempotencyHeader() string { return "" }

// Support is whom to tell of a failure that persists.
func (d *Dialect) Support() Support { return Support{} }
