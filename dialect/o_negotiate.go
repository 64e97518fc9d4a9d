package dialect

import (
	"slices"
	"strings"
)

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
