package spec

import (
	"math/bits"
	"strings"
)

// Accept is the Accept field (RFC 9110, 12.5.1) by which a caller asks for the
// form that says the most. Anything else is second best. It is "" for a dialect
// without bodies. Some APIs send an HTML page that says little unless they are
// asked.
func (d *Spec) Accept() string {
	var best *Shape
	for _, s := range d.Shapes {
		if s.Form == FormText || s.WriteOnly {
			continue
		}
		if best == nil || bits.OnesCount64(uint64(s.Reads)) > bits.OnesCount64(uint64(best.Reads)) {
			best = s
		}
	}
	if best == nil {
		return ""
	}
	media, _, _ := strings.Cut(best.Media, ";")
	plain, _, _ := strings.Cut(MediaTypes[best.Form], ";")
	if media != plain {
		media += ", " + plain // the payload of a success has no vendor's type
	}
	return media + ", */*;q=0.5"
}
