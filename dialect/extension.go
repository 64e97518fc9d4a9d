package dialect

import (
	"slices"

	"github.com/parlance-api/parlance"
)

// Extension is what one API says beyond what its file can: arithmetic on the
// numbers of a response, or a body in a form of its own. Everything else belongs
// into the file, where the other end, the checker and the documentation see it
// too. An Extension must be safe for concurrent use.
type Extension interface {
	// Concerns reports whether Read is to be asked of such a response, so that
	// its body is read although no shape asks for it.
	Concerns(req Request, status int, header Header) bool

	// Read looks at a response after the file has, and may change what was read.
	// It keeps nothing of res.Body but through r.Data.
	Read(d *Dialect, req Request, res Response, r *Decoded)

	// Write looks at a response after the file has written it, and may change it:
	// m.Body is the body alone.
	Write(d *Dialect, req Request, o *parlance.Outcome, m *Encoded)
}

// With returns a Dialect that reads and writes as d does, and then as the
// extensions say, in their order. d is not changed.
func (d *Dialect) With(extensions ...Extension) *Dialect {
	extended := *d
	extended.extensions = append(slices.Clone(d.extensions), extensions...)
	return &extended
}

// extended reports that an extension is to be asked of a response.
func (d *Dialect) extended(req *Request, status int, header Header) bool {
	return slices.ContainsFunc(d.extensions, func(e Extension) bool { return e.Concerns(*req, status, header) })
}

// decodeExtended reads a response, and lets the extensions read it after that.
func (d *Dialect) decodeExtended(req Request, res Response) (reading Decoded) {
	reading = d.core.Decode(req, res, 0)
	for _, e := range d.extensions {
		if e.Concerns(req, res.Status, res.Header) {
			e.Read(d, req, res, &reading)
		}
	}
	return reading
}

// encodeExtended writes a response, and lets the extensions change it.
func (d *Dialect) encodeExtended(dst []byte, req Request, o *parlance.Outcome, data Payload) (m Encoded) {
	d.core.Encode(&m, nil, &req, o, &data, 0)
	m.Header, m.Losses = slices.Clone(m.Header), slices.Clone(m.Losses) // what is kept is not theirs to change
	for _, e := range d.extensions {
		e.Write(d, req, o, &m)
	}
	m.Body = append(dst, m.Body...)
	return m
}
