package write

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// negotiate chooses the form of the body by the Accept field of the request
// (RFC 9110, 12.5.1): of the types that the caller takes, the one it prefers,
// at equal weight the one it names exactly, then the order of the dialect.
func (w *output) negotiate() spec.Form {
	forms := w.offered()
	switch len(forms) {
	case 0:
		return spec.FormNone
	case 1:
		return forms[0]
	}
	if !w.d.FormsListed {
		// A text is what is left if the form that could say more needs what is not there.
		forms = slices.DeleteFunc(forms, func(f spec.Form) bool { return f == spec.FormText })
	}
	accept := strings.Join(wire.Values(w.req.Header, "Accept"), ",")
	best, weight, exact := forms[0], 0.0, 0
	refused := true
	for _, f := range forms {
		q, e := wire.Accepts(accept, w.media(f))
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

// offered are the forms in which the Outcome can be written, in the order of preference.
func (w *output) offered() (forms []spec.Form) {
	named := w.named()
	for _, f := range w.d.Forms {
		if slices.ContainsFunc(w.d.Shapes, func(s *spec.Shape) bool { return s.Form == f && w.eligible(s, named) }) {
			forms = append(forms, f)
		}
	}
	return forms
}

func (w *output) media(f spec.Form) string {
	for _, s := range w.d.Shapes {
		if s.Form == f {
			return s.Media
		}
	}
	return spec.MediaTypes[f]
}
