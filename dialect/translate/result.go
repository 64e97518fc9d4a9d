package translate

import (
	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/httpheader"
)

// Result is the response to the caller.
type Result struct {
	Status int

	// Header are the fields to set, each in the place of those with its name that the
	// upstream sent. A name that stands twice has both values. They include a
	// Content-Length, unless the length is not known. Apply sets them.
	Header []dialect.HeaderField

	// Replaced is set if Body stands in the place of the upstream's body. It is empty if
	// the request is a HEAD, or if the status has no body. Otherwise send the body of the
	// upstream as it came, with its trailers.
	Replaced bool
	Body     []byte

	Outcome     *parlance.Outcome     // as it was written, without texts that must not leave the system
	Losses      []parlance.Loss       // the attributes that the callers' dialect cannot carry
	Diagnostics []parlance.Diagnostic // the parts of the upstream's response that could not be read
	Kept        Kept                  // why a body was not replaced that the dialects would change

	drops drops
	whole bool // the caller's document is another one than the upstream's, which serves it in ranges
}

// Untouched reports that the response of the upstream can be sent as it is.
func (r *Result) Untouched() bool {
	return !r.Replaced && r.drops == dropNone && !r.whole && len(r.Header) == 0
}

// Drops reports whether a field of the upstream's response is dropped. Such a field
// describes a body that was replaced, or that a GET would replace. name is in canonical form.
func (r *Result) Drops(name string) bool {
	if r.whole && name == "Accept-Ranges" {
		return true
	}
	switch r.drops {
	case dropNone:
		return false
	case dropLength:
		return name == "Content-Length"
	case dropBodyButRange:
		return name != "Content-Range" && httpheader.DescribesBody(name)
	default:
		return httpheader.DescribesBody(name)
	}
}

// Apply makes the header of the response to the caller from that of the upstream's
// response, in place. The names in h are canonical, as those of an http.Header are.
// Fields between two hops, such as Connection, are the engine's to remove.
func (r *Result) Apply(h dialect.HeaderMap) {
	if r.drops != dropNone || r.whole {
		for name := range h {
			if r.Drops(name) {
				delete(h, name)
			}
		}
	}
	h.Set(r.Header)
}

// drops says which fields are dropped.
type drops uint8

const (
	dropNone         drops = iota
	dropLength             // the length of the body
	dropBody               // those that describe a body
	dropBodyButRange       // the same, without Content-Range
)

// Kept says why the body of a success is passed on although the dialects differ in its
// form.
type Kept uint8

// The reasons.
const (
	KeptNone   Kept = iota // nothing was kept that the dialects would change
	KeptLong               // the body is longer than the limit, so that an envelope stays as it is
	KeptForm               // the body is no JSON, or has a content coding, and the callers' envelope cannot hold it
	KeptBroken             // the body is declared as JSON but is not JSON
	KeptOpen               // the end of the body did not come in time; an engine sets it that waited for the end
)

// String is the reason in words, "" for KeptNone.
func (k Kept) String() string {
	switch k {
	case KeptLong:
		return "it is longer than the limit"
	case KeptForm:
		return "it is not JSON, or has a content coding"
	case KeptBroken:
		return "it is declared as JSON but is not JSON"
	case KeptOpen:
		return "its end did not come in time"
	}
	return ""
}
