package write

import (
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/dialect/internal/write/replay"
)

// output is one response that is being written.
type output struct {
	d       *Writer
	own     wire.Request
	req     *wire.Request
	choice  *replay.Choice // nil where it is made
	o       *parlance.Outcome
	data    wire.Payload
	row     *spec.Row
	status  int
	code    string // the code to write, "" for none
	lent    bool   // the Outcome has no such code
	shape   *spec.Shape
	avoid   []*spec.Shape // those in which it is not read as it is written
	present spec.Set      // the attributes of the Outcome that are set
	lacking spec.Set      // those of a Field that some of them do not have
	carried spec.Set      // those of the whole that were written
	extras  []string      // the names of the extras that were written
	dst     []byte
	start   int // where the body begins in it
	losses  []parlance.Loss
	unset   []string // attributes that are written as null

	items        records
	fields       records  // of the whole, or of the Item that is being written
	inside       uint16   // the site of that Item; 0 for none
	outside      spec.Set // the attributes of that Item that stand outside of its errors
	follows      bool     // an element before this one holds the texts of the whole
	around       spec.Set // what repetitions and names around the record hold of it
	wholeWritten bool     // an element of the list of errors holds the texts of the whole

	fieldsInDetail bool // the detail holds the texts of the Fields
	ownDetail      bool // beside a detail of its own

	record // that is being written

	meant      [2]itemMeant // how the last records were written
	note       string
	scratch    []int           // places of records that are being written
	back       []parlance.Item // what the records that were written read as
	wrote      []int           // the places of the records that were written
	headed     bool            // a shape that is headers alone was written
	withheld   bool            // Retry-After is not written: it would be read as something else
	headersSay string          // what the headers that were written say of the form
	grafted    bool            // records stand in the caller's own document
	nested     int             // definitions that are written in each other
	depth      int             // of responses inside of responses
	trace      *replay.Trace   // nil where no program is looked for
}

// record is the record that is being written. The zero value is no record.
type record struct {
	field      *parlance.Field
	fieldAt    int  // its place
	merged     bool // it is written into the same element as the whole
	item       *parlance.Item
	itemAt     int // its place
	itemCode   string
	itemStatus int
	noted      bool   // its notes were written
	itemBody   []byte // the response that it is, if it is one
	itemHeader []wire.HeaderField
	itemBack   struct { // what that reads as
		kind   parlance.Kind
		reason parlance.Reason
	}
}

// body writes the chosen shape.
func (w *output) body() {
	for _, o := range [...]spec.Owner{spec.Item, spec.Field} {
		w.atRoot(o)
	}
	switch w.shape.Form {
	case spec.FormJSON:
		w.json(w.shape.Body)
	case spec.FormXML:
		root := w.shape.Body.Root()
		name := w.shape.Body.AnyName
		if w.shape.Body.Rest == nil {
			name = root.Names[0]
		}
		w.element(name, root.Value)
	case spec.FormHTML:
		w.html(w.shape.Body)
	case spec.FormText:
		if w.shape.Body.Op == spec.OpConst {
			w.dst = append(w.dst, w.shape.Body.Text...)
			return
		}
		text := w.render(w.shape.Body.Hole)
		w.dst = append(w.dst, text...)
		w.carry(w.shape.Body.Hole, strings.TrimSpace(text)) // as it is read
	}
}

// attributes finds the attributes of the Outcome that are set.
func (w *output) attributes() {
	w.present, w.lacking = spec.Attributes(w.o, w.row, w.code, len(w.data.Body) > 0)
}

// Now is the time at which a response is written, in whole seconds like its Date.
func (w *output) Now() time.Time {
	t := w.req.Now
	if t.IsZero() {
		t = time.Now()
	}
	return t.Truncate(time.Second)
}
