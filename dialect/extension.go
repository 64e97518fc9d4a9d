package dialect

import (
	"slices"

	"github.com/parlance-api/parlance"
)

// Extension adds a meaning that a dialect file cannot express: arithmetic on the
// numbers of a response, or a body in a format of its own. All else belongs in
// the file, so that client, server, checker and documentation have it. An
// Extension must be safe for concurrent use.
type Extension interface {
	// Concerns reports whether Read is needed for such a response. Its body is
	// then read even if no shape needs it.
	Concerns(req Request, status int, header Header) bool

	// Read is called after the file has read a response, and may change the
	// result. It may keep res.Body only through r.Data.
	Read(d *Dialect, req Request, res Response, r *Decoded)

	// Write is called after the file has written a response, and may change it.
	// m.Body is the body alone.
	Write(d *Dialect, req Request, o *parlance.Outcome, m *Encoded)
}

// With returns a Dialect that reads and writes as d does, and then calls the
// extensions in their order. It does not change d.
func (d *Dialect) With(extensions ...Extension) *Dialect {
	extended := *d
	extended.extensions = append(slices.Clone(d.extensions), extensions...)
	return &extended
}

// extended reports that an extension has to see a response.
func (d *Dialect) extended(req *Request, status int, header Header) bool {
	return slices.ContainsFunc(d.extensions, func(e Extension) bool { return e.Concerns(*req, status, header) })
}

// decodeExtended reads a response, and then calls the extensions.
func (d *Dialect) decodeExtended(reading *Decoded, req *Request, res *Response) {
	read := d.core.Decode(*req, *res, 0)
	for _, e := range d.extensions {
		if e.Concerns(*req, res.Status, res.Header) {
			e.Read(d, *req, *res, &read)
		}
	}
	*reading = read
}

// encodeExtended writes a response, and then calls the extensions.
func (d *Dialect) encodeExtended(dst []byte, req Request, o *parlance.Outcome, data Payload) (m Encoded) {
	d.core.Encode(&m, nil, &req, o, &data, 0)
	m.Header, m.Losses = slices.Clone(m.Header), slices.Clone(m.Losses) // the dialect keeps its own
	for _, e := range d.extensions {
		e.Write(d, req, o, &m)
	}
	m.Body = append(dst, m.Body...)
	return m
}
