package dialect

import (
	"math/bits"
	"slices"
	"strconv"
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

// negotiate chooses the form of the body by the Accept field of the request
// (RFC 9110, 12.5.1): of the types that the caller takes, the one it prefers,
// at equal weight the one it names exactly, then the order of the dialect.
func (w *output) negotiate() form {
	var forms []form
	named := slices.ContainsFunc(w.d.shapes, func(s *shape) bool { return s.is != "" && s.is == w.row.first })
	for _, f := range w.d.forms {
		for _, s := range w.d.shapes {
			if s.form == f && w.eligible(s, named) {
				forms = append(forms, f)
				break
			}
		}
	}
	if len(forms) == 0 {
		return formNone
	}
	if len(forms) == 1 {
		return forms[0]
	}
	// A text is what is left where the form that could say more needs what is not there.
	accept := strings.Join(values(w.req.Header, "Accept"), ",")
	if !w.d.formsListed {
		forms = slices.DeleteFunc(forms, func(f form) bool { return f == formText })
	}
	best, weight, exact := forms[0], 0.0, 0
	refused := true
	for _, f := range forms {
		q, e := accepts(accept, w.media(f))
		switch {
		case q > weight || q > 0 && q == weight && e > exact:
			best, weight, exact = f, q, e
		case weight == 0 && e < 0 && refused:
			best = f // one that is not named, before one that is refused
		}
		refused = refused && e >= 0
	}
	return best
}

func (w *output) media(f form) string {
	for _, s := range w.d.shapes {
		if s.form == f {
			return s.media
		}
	}
	return mediaTypes[f]
}

// accepts is the weight that an Accept field gives to a type, and how exactly
// it names it: 3 for the type, 2 for its form, 1 for main/*, 0 for */* or an
// empty field, negative where it does not.
func accepts(accept, media string) (q float64, exact int) {
	media, _, _ = strings.Cut(media, ";")
	if strings.TrimSpace(accept) == "" {
		return 1, 0
	}
	q, exact = 0, -1
	for one := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(one, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		weight := 1.0
		for p := range strings.SplitSeq(params, ";") {
			if v, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(p)), "q="); ok {
				weight, _ = strconv.ParseFloat(v, 64)
			}
		}
		e := -1
		main, _, _ := strings.Cut(media, "/")
		switch {
		case name == media:
			e = 3
		case name == "application/json" && isJSON(media), (name == "application/xml" || name == "text/xml") && isXML(media),
			name == "application/xhtml+xml" && media == "text/html":
			e = 2
		case name == main+"/*":
			e = 1
		case name == "*/*":
			e = 0
		}
		if e > exact {
			q, exact = weight, e
		}
	}
	return q, exact
}
