package read

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// filler makes an Outcome of the texts that the holes took. All texts share one allocation
// that belongs to the Outcome.
type filler struct {
	d     *Reader
	depth int      // of responses inside of responses
	wants spec.Set // the attributes that are asked for
	lends bool     // texts stay where they are: the Outcome does not outlive them
	m     *Matcher // nil if a replay has read all
	bound spec.Set // the attributes that a text was taken for
	own   string

	ofItems []parlance.Field // those that the template makes inside of items

	failuresOnly bool // the list of the shape holds only the records that failed

	common  wire.Common // where texts come from that no shape read
	marked  bool        // the iterations of the records of one owner are marked
	counted bool
	reset   time.Duration // what $reset holds
	stated  [3]string     // the counts in the response: failures, successes, total
}

// held reports that something was taken for an attribute of the owner.
func (f *filler) held(o spec.Owner) bool { return f.bound.Of(o) != 0 }

// matcher is the one of the response. If a replay has read the body, it is only
// for the header.
func (f *filler) matcher(res *wire.Response) *Matcher {
	if f.m == nil {
		f.m = Matchers.Get().(*Matcher)
		f.m.Reset(res, f.depth)
		f.m.wants, f.m.bound = f.wants, f.bound
	}
	return f.m
}

// release gives the matcher back.
func (f *filler) release() {
	if f.m != nil {
		f.m.Release()
	}
}

// text is that of a bind.
func (f *filler) text(i int) string { return f.lying(f.m.binds[i].Extent) }

func (f *filler) lying(at tree.Extent) string { return f.own[at.Start : at.Start+at.Size] }

func (f *filler) whole(o *parlance.Outcome, req *wire.Request) {
	binds := f.m.binds
	if f.own = unsafe.String(unsafe.SliceData(f.m.own), len(f.m.own)); !f.lends {
		f.own = strings.Clone(f.own)
	}
	worst := f.worst(req)
	f.told(o, worst)
	if worst > 0 {
		f.besides(o, worst)
	}
	for i := 0; f.m.strangers && i < len(binds); i++ {
		if binds[i].target.Owner == spec.Whole && binds[i].kept {
			f.one(o, i)
		}
	}
}

// told gives the Outcome what the worst form tells of the whole, the shallow texts first. A copy
// stands in for what has no text of its own.
func (f *filler) told(o *parlance.Outcome, worst uint8) {
	binds, copied := f.m.binds, false
	for deep := 0; deep <= int(f.m.deepest); deep++ {
		for i := range binds {
			b := &binds[i]
			if !b.counts(worst) || int(b.deep) != deep {
				continue
			}
			if b.standsIn() {
				copied = true
				continue
			}
			f.one(o, i)
		}
	}
	for i := 0; copied && i < len(binds); i++ {
		if b := &binds[i]; b.counts(worst) && b.standsIn() {
			f.one(o, i)
		}
	}
}

// counts reports a text of the whole that no better form than the worst took.
func (b *bind) counts(worst uint8) bool {
	return b.target.Owner == spec.Whole && !b.kept && !b.better(worst)
}

// standsIn reports a copy that counts only if there is no text of its own.
func (b *bind) standsIn() bool { return b.copy && b.target.Attr != spec.AttrNote }

// worst is one more than the place in says of the worst that forms say of the whole, 0 if
// they do not say several things.
func (f *filler) worst(req *wire.Request) uint8 {
	if len(f.m.says) < 2 {
		return 0
	}
	return uint8(1 + slices.Index(f.m.says, f.says(nil, req)))
}

// better reports that another form than the worst one took a text.
func (b *bind) better(worst uint8) bool { return worst > 0 && b.said > 0 && b.said != worst }

// besides gives the Outcome the texts of the forms beside the worst one. If that one says
// what failed, the code is its own, and a detail of the others that makes no Field is a note.
func (f *filler) besides(o *parlance.Outcome, worst uint8) {
	binds := f.m.binds
	told := slices.ContainsFunc(binds, func(b bind) bool { return b.said == worst && b.target.Bit()&spec.Telling != 0 })
	for i := range binds {
		switch b := &binds[i]; {
		case b.target.Owner != spec.Whole || b.kept || !b.better(worst):
		case told && b.target.Attr == spec.AttrDetail:
			if field := i+1 < len(binds) && binds[i+1].copy; !field && f.text(i) != o.Detail {
				o.Notes = append(o.Notes, f.text(i))
			}
		case !told || b.target.Bit()&spec.Telling == 0:
			f.one(o, i)
		}
	}
}

// one gives the Outcome one text.
func (f *filler) one(o *parlance.Outcome, i int) {
	t := f.m.binds[i].target
	switch {
	case t.Attr == spec.AttrNote && f.m.binds[i].copy && f.copied(i, o): // only the others are notes
	case t.Attr == spec.AttrReset:
		f.reset = max(f.reset, spec.WaitOf(f.text(i)))
	case t.Attr.Counts():
		f.stated[t.Attr-spec.AttrFailures], f.counted = f.text(i), true
	case t.Attr == spec.AttrExtra:
		f.extra(o, f.m.extras[f.m.binds[i].extra-1], f.text(i))
	default:
		text := f.text(i)
		if spec.Unheard(t.Attr, text) {
			f.m.note("unfit_member", "%q is no value of %s", text, t.Attr)
		}
		spec.SetWhole(o, t.Attr, text)
	}
}

// extra gives the Outcome what a vendor adds: of several texts of one name the first.
func (f *filler) extra(o *parlance.Outcome, name, text string) {
	if _, is := o.Extra[name]; is {
		return
	}
	if o.Extra == nil {
		o.Extra = map[string]string{}
	}
	o.Extra[name] = text
}

// contradicts reports that a count says something else than the records.
func (f *filler) contradicts(items []parlance.Item, failuresOnly bool) bool {
	failed := 0
	for i := range items {
		if k := items[i].Outcome.Kind; k.Failing() || k == parlance.KindPartial {
			failed++
		}
	}
	for i, is := range [3]int{failed, len(items) - failed, len(items)} {
		switch count := f.stated[i]; {
		case count == "", i > 0 && (failuresOnly || len(items) == 0): // what went well is not listed
		case count == "true" || count == "false":
			if (count == "true") != (is > 0) {
				return true
			}
		case count != strconv.Itoa(is):
			return true
		}
	}
	return false
}
