package authoring

import (
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
)

// Index finds the rows of a dialect that speak of a response, and what its shapes promise,
// in a fraction of the time of Explain. IndexOf makes one. It is immutable and safe for
// concurrent use.
type Index struct {
	d       author
	entries map[*spec.Row]*Indexed
	shapes  map[string]ShapeFacts
	header  []*spec.Shape // that read the ID of a request, and are not those of the dialect http
	travels map[int]bool  // the statuses under which codes in bodies travel
	fails   map[int]bool  // those of failures
	coarse  map[string]bool
	differs bool
}

// Indexed is a row with its place in Codes, -1 if it is not the file's own.
type Indexed struct {
	Entry
	Place    int
	OfStatus bool // its key is a status, a class or a range of them
	Never    bool // the file says by itself that a retry does not help
}

// ShapeFacts are facts about a shape with a body.
type ShapeFacts struct {
	Place     Place
	Media     string // the Content-Type that the file gives it, "" for that of its form
	Status    bool   // it names statuses for which it is used
	Is        string // its own name of the outcome
	Inner     bool   // it holds the status of the response
	RequestID bool   // it holds the ID of the request
	Promises  bool   // and every such body has one
}

// IndexOf makes the Index of a dialect.
func IndexOf(in *dialect.Dialect) *Index {
	d := author{in.Internal()}
	x := &Index{d: d, entries: map[*spec.Row]*Indexed{}, shapes: map[string]ShapeFacts{}, travels: map[int]bool{}, fails: map[int]bool{}, coarse: map[string]bool{}}
	x.rows()
	id := spec.BitOf(spec.Whole, spec.AttrRequestID)
	for _, s := range d.Shapes {
		if _, known := x.shapes[s.Name]; !known {
			x.shapes[s.Name] = factsOf(s, d, id)
		}
	}
	for _, of := range d.Spec.Streams {
		for _, t := range of.Elements {
			if _, known := x.shapes[t.Name]; !known {
				x.shapes[t.Name] = ShapeFacts{Place: placeOf(t.Shape, d), Is: t.Is} // what it holds is not that of the response
			}
		}
	}
	for _, s := range d.Extras {
		if s.Reads&id != 0 {
			x.header = append(x.header, s)
		}
	}
	for b := d.Spec; b != nil && !x.differs; b = b.Base {
		x.differs = slices.ContainsFunc(b.Samples, func(one spec.Sample) bool {
			return len(InnerStatuses(in, one.Request, one.Response)) > 0
		})
	}
	return x
}

// rows indexes the rows of the file and of those that it extends.
func (x *Index) rows() {
	d := x.d
	for i, r := range d.Codes.Rows {
		x.entries[r] = indexed(r, d.entry(r, statusOf(r), ""), i)
	}
	for b := d.Base; b != nil; b = b.Base {
		for _, r := range b.Codes.Rows {
			e := d.entry(r, statusOf(r), "")
			e.Builtin = b.Base == nil
			x.entries[r] = indexed(r, e, -1)
		}
	}
	for r, e := range x.entries {
		if r.Family != "" {
			x.coarse[r.Family] = true
		}
		if r.Status != 0 && !e.Builtin {
			x.travels[r.Status] = true
			x.fails[r.Status] = x.fails[r.Status] || r.Kind.Failing()
		}
	}
}

// factsOf are the facts of a shape. id is the bit of the request ID.
func factsOf(s *spec.Shape, d author, id spec.Set) ShapeFacts {
	facts := ShapeFacts{Place: placeOf(s, d), Media: s.Media, Status: len(s.Status) > 0, Is: s.Is}
	if s.Body != nil {
		facts.Inner = s.Body.Reads.Has(spec.Whole, spec.AttrStatus)
		facts.RequestID = s.Body.Reads&id != 0
		facts.Promises = promises(s.Body, id, 0)
	}
	return facts
}

func indexed(r *spec.Row, e Entry, place int) *Indexed {
	_, numeric := spec.ParseSpan(r.First)
	never := r.Retry.Act == parlance.ActStop || r.Do == parlance.ActStop || r.Do == parlance.ActCorrect
	return &Indexed{Entry: e, Place: place, OfStatus: numeric && r.Status == 0, Never: never}
}

// promises reports that each body of a template has an attribute.
func promises(t *spec.Template, of spec.Set, depth int) bool {
	t = t.Resolve()
	switch {
	case t.Reads&of == 0 || t.Deep&of != 0 || depth > maxDepartures:
		return false
	case t.Op == spec.OpHole:
		return true
	case t.Op == spec.OpEither:
		return !slices.ContainsFunc(t.Elems, func(e *spec.Template) bool { return !promises(e, of, depth+1) })
	}
	return slices.ContainsFunc(t.Members, func(w spec.Member) bool { return !w.Optional && promises(w.Value, of, depth+1) })
}

// Row is the row that gives an outcome its meaning, nil if none does by itself.
func (x *Index) Row(req *dialect.Request, o *parlance.Outcome) *Indexed {
	return x.entries[x.d.RowOf(o, req)]
}

// Lists reports that the file, or one that it extends, speaks of a status. A row of the
// status or of its class does, and so does a code that travels under it.
func (x *Index) Lists(req *dialect.Request, status int) bool {
	e := x.entries[x.d.StatusRow(status, req)]
	return e != nil && !e.Builtin || x.travels[status]
}

// FailsUnder reports that the file lists a code of a failure under a status.
func (x *Index) FailsUnder(status int) bool { return x.fails[status] }

// File is the name of the dialect's file.
func (x *Index) File() string { return x.d.File }

// Codes are the rows that list a code, most exact first, in all conditions. Those of the
// dialect http are not among them.
func (x *Index) Codes(code string) (all []*Indexed) {
	n, err := spec.Number(code)
	for b := &x.d.Table; b != nil && b.Base != nil; b = b.Base {
		for _, rows := range b.Codes.RowsFor(code, n, err == nil) {
			for _, r := range rows {
				if e := x.entries[r]; e != nil {
					all = append(all, e)
				}
			}
		}
	}
	return all
}

// ListsCodes reports that the file lists codes that stand in bodies.
func (x *Index) ListsCodes() bool { return x.d.InBodies() }

// Coarse reports that a code is the coarser code of a row, so that the file lists it too.
func (x *Index) Coarse(code string) bool { return x.coarse[code] }

// CodesAreStatuses reports that a code in a body has the meaning of the status of that
// number.
func (x *Index) CodesAreStatuses() bool { return x.d.Codes.Merged }

// Shape has the facts about the shape of a name.
func (x *Index) Shape(name string) (ShapeFacts, bool) {
	s, ok := x.shapes[name]
	return s, ok
}

// RequestIDField is the header field in which such a response has the ID of the request by
// the file, and its place. It is "" if the file names none.
func (x *Index) RequestIDField(req *dialect.Request, status int) (field string, at Place) {
	for _, s := range x.header {
		if !s.Fits(req, status) {
			continue
		}
		for i := range s.Headers {
			if h := &s.Headers[i]; h.Value != nil && h.Value.Reads.Has(spec.Whole, spec.AttrRequestID) {
				return h.Name, placeOf(s, x.d)
			}
		}
	}
	return "", Place{}
}

// InnerStatusDiffers reports that a sample has another status in its body than the response.
// The page shows then that the two may differ. The samples are those of the file, and of
// the files that it extends.
func (x *Index) InnerStatusDiffers() bool { return x.differs }

// InnerStatuses are the statuses of the whole response that its body states and that are
// not its own.
func InnerStatuses(d *dialect.Dialect, req dialect.Request, res dialect.Response) (all []Text) {
	for _, t := range traceOf(d, req, res, spec.BitOf(spec.Whole, spec.AttrStatus)).Texts {
		if t.Attribute != "status" {
			continue
		}
		if n, err := spec.Number(t.Value); err == nil && n != res.Status {
			all = append(all, t)
		}
	}
	return all
}
