package dialect

import (
	"strings"
	"time"

	"github.com/parlance-api/parlance"
)

// output is one response that is being written.
type output struct {
	d       *Writer
	own     Request
	req     *Request
	choice  *choice // nil where it is made
	o       *parlance.Outcome
	data    Payload
	row     *row
	status  int
	code    string // the code to write, "" for none
	shape   *shape
	present set // the attributes of the Outcome that are set
	lacking set // those of a Field that some of them do not have
	carried set // those of the whole that were written
	dst     []byte
	start   int // where the body begins in it
	losses  []parlance.Loss
	unset   []string // attributes that are written as null

	items   records
	fields  records
	follows bool // an element before this one has told of the whole
	around  set  // what repetitions and names around the record hold of it
	told    bool // the list of errors has told of the whole

	fieldsTold bool // the detail says what the Fields say
	behind     bool // behind what it said by itself

	field      *parlance.Field // the record that is being written, nil outside
	fieldAt    int             // its place
	merged     bool            // it is written into the same element as the whole
	item       *parlance.Item
	itemAt     int // its place
	itemCode   string
	itemStatus int
	itemBody   []byte // the answer that it is, where it is one
	itemHeader []Pair
	itemBack   parlance.Outcome // what that reads as
	meant      [2]itemMeant     // how the last records were written
	note       string
	scratch    []int           // places of records that are being written
	back       []parlance.Item // what the records that were written read as
	headersSay string          // what the headers that were written say of the form
	grafted    bool            // records stand in the caller's own document
	nested     int             // definitions that are written in each other
	depth      int             // of answers inside of answers
	trace      *trace          // nil where no program is looked for
}

// body writes the chosen shape.
func (w *output) body() {
	for _, o := range [...]owner{item, field} {
		w.atRoot(o)
	}
	switch w.shape.form {
	case formJSON:
		w.json(w.shape.body)
	case formXML:
		root := w.shape.body.root()
		name := w.shape.body.anyName
		if w.shape.body.rest == nil {
			name = root.names[0]
		}
		w.element(name, root.value)
	case formHTML:
		w.html(w.shape.body)
	case formText:
		if w.shape.body.op == opConst {
			w.dst = append(w.dst, w.shape.body.text...)
			return
		}
		text := w.render(w.shape.body.hole)
		w.dst = append(w.dst, text...)
		w.carry(w.shape.body.hole, strings.TrimSpace(text)) // as it is read
	}
}

// attributes finds out what of the Outcome is there to be written.
func (w *output) attributes() {
	w.present, w.lacking = attributes(w.o, w.row, w.code, len(w.data.Body) > 0)
}

// now is the whole second in which an answer is written, as its Date will say.
func (w *output) now() time.Time {
	t := w.req.Now
	if t.IsZero() {
		t = time.Now()
	}
	return t.Truncate(time.Second)
}
