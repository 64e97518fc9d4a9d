package dialect

import (
	"math/bits"
	"strings"
)

// Accept is the Accept field (RFC 9110, 12.5.1) by which a caller asks for the
// form that tells the most, with anything else as second best; "" for a dialect
// without bodies. Some APIs answer with an HTML page that says little unless
// they are asked.
func (d *Spec) Accept() string {
	var best *shape
	for _, s := range d.shapes {
		if s.form == formText || s.writeOnly {
			continue
		}
		if best == nil || bits.OnesCount64(uint64(s.reads)) > bits.OnesCount64(uint64(best.reads)) {
			best = s
		}
	}
	if best == nil {
		return ""
	}
	media, _, _ := strings.Cut(best.media, ";")
	plain, _, _ := strings.Cut(mediaTypes[best.form], ";")
	if media != plain {
		media += ", " + plain // the payload of a success has no vendor's type
	}
	return media + ", */*;q=0.5"
}
