package dialect

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// filler turns what the holes took into an Outcome. All texts share one
// allocation that is the Outcome's own.
type filler struct {
	d     *Reader
	depth int      // of answers inside of answers
	wants set      // the attributes that are asked for
	lends bool     // texts stay where they are: the Outcome does not outlive them
	m     *matcher // nil where a mould has told all
	bound set      // the attributes that a text was taken for
	own   string

	counts  bool // the turns of one owner's records have been marked
	counted bool
	reset   time.Duration // what $reset holds
	told    [3]string     // what the counts say: failures, successes, total
}

// held reports that something was taken for an attribute of the owner.
func (f *filler) held(o owner) bool { return f.bound.of(o) != 0 }

// matcher is the one of the answer. Where a mould has read the body it is only
// for the header.
func (f *filler) matcher(res *Response) *matcher {
	if f.m == nil {
		f.m = matchers.Get().(*matcher)
		f.m.reset(res, f.depth)
		f.m.wants, f.m.bound = f.wants, f.bound
	}
	return f.m
}

// release gives the matcher back.
func (f *filler) release() {
	if f.m != nil {
		f.m.release()
	}
}

// text is that of a bind.
func (f *filler) text(i int) string { return f.lying(f.m.binds[i].lies) }

func (f *filler) lying(at lies) string { return f.own[at.start : at.start+at.size] }

func (f *filler) whole(o *parlance.Outcome) {
	binds := f.m.binds
	if f.own = unsafe.String(unsafe.SliceData(f.m.own), len(f.m.own)); !f.lends {
		f.own = strings.Clone(f.own)
	}
	for i := range binds {
		if t := binds[i].target; t.owner == whole {
			switch {
			case t.attr == attrReset:
				f.reset = max(f.reset, waitOf(f.text(i)))
			case t.attr.counts():
				f.told[t.attr-attrFailures], f.counted = f.text(i), true
			default:
				setWhole(o, t.attr, f.text(i))
			}
		}
	}
}

// setWhole sets an attribute that is not set yet: of several places the first
// filled one counts. The HTTP status is the transport's and never the body's.
func setWhole(o *parlance.Outcome, a attribute, text string) {
	var to *string
	switch a {
	case attrCode:
		to = &o.Code
	case attrFamily:
		to = &o.Family
	case attrTitle:
		to = &o.Title
	case attrDetail:
		to = &o.Detail
	case attrType:
		to = &o.Type
	case attrInstance:
		to = &o.Instance
	case attrRequestID:
		to = &o.RequestID
	case attrHelp:
		to = &o.Help
	case attrReason:
		if o.Reason == "" {
			o.Reason = parlance.Reason(text)
		}
		return
	case attrKind:
		if k, ok := parlance.ParseKind(text); ok && o.Kind == 0 {
			o.Kind = k
		}
		return
	case attrNote:
		o.Notes = append(o.Notes, text)
		return
	case attrRetryAfter:
		o.RetryAfter = max(o.RetryAfter, waitOf(text)) // of several times the longest counts
		return
	case attrRetryable:
		if o.Retryable == 0 {
			o.Retryable = adviceOf(text)
		}
		return
	default:
		return
	}
	if *to == "" {
		*to = text
	}
}

func adviceOf(text string) parlance.Advice {
	switch strings.ToLower(text) {
	case "true", "yes", "1":
		return parlance.AdviceRetry
	case "false", "no", "0":
		return parlance.AdviceStop
	}
	return 0
}

// records marks the turns that make a record of the owner and returns how many
// there are. A turn makes one if it holds something of its own and no turn
// inside it made one; but not where all it holds are copies of the whole's.
func (f *filler) records(o owner) int {
	binds, scopes := f.m.binds, f.m.scopes
	if f.counts { // for another owner
		for s := range scopes {
			scopes[s].last, scopes[s].makes, scopes[s].inner = 0, false, false
		}
	}
	f.counts = true
	relevant := false
	for i := range binds {
		if b := &binds[i]; b.target.owner == o {
			// A list of the scope's binds, threaded through them from the last one.
			b.before, scopes[b.scope].last = scopes[b.scope].last, int32(i)+1
			relevant = true
		}
	}
	if !relevant {
		return 0
	}
	count := 0
	for s := len(scopes) - 1; s >= 0; s-- {
		sc := &scopes[s]
		keyOnly, copies, located, text := true, true, false, false
		for i := sc.last; i > 0; i = binds[i-1].before {
			b := &binds[i-1]
			keyOnly = keyOnly && b.key
			copies = copies && b.copy
			text = text || sc.both && !b.key && b.target.bit()&texts != 0
			located = located || b.target.attr == attrPath || b.target.attr == attrID
		}
		innermost := s > 0 && (o == field && sc.field || o == item && sc.item)
		if (!sc.inner || text) && sc.last > 0 && (!keyOnly || innermost) && (!copies || located) {
			sc.makes = true
			count++
		}
		if (sc.makes || sc.inner) && s > 0 {
			scopes[sc.parent].inner = true
		}
	}
	return count
}

// made are the turns that make records, in the order of the document.
func (f *filler) made(n int) []int32 {
	all := f.m.made[:0]
	sorted := true
	for s := range int32(len(f.m.scopes)) {
		if !f.m.scopes[s].makes {
			continue
		}
		if n := len(all); n > 0 && f.m.scopes[all[n-1]].node > f.m.scopes[s].node {
			sorted = false
		}
		all = append(all, s)
	}
	if !sorted {
		scopes := f.m.scopes
		slices.SortStableFunc(all, func(a, b int32) int { return cmp.Compare(scopes[a].node, scopes[b].node) })
	}
	f.m.made = all
	return all
}

// get is an attribute of a record: of its own turn, else of the turns around it.
// Names of members that nest make one path.
func (f *filler) get(scope int32, a attribute) string {
	if a != attrID && !f.bound.has(item, a) {
		return "" // most records have three or four; an id can be a name as well
	}
	for ; scope >= 0; scope = f.m.scopes[scope].parent {
		found := int32(0)
		for i := f.m.scopes[scope].last; i > 0; i = f.m.binds[i-1].before {
			// The first of the turn counts, and a value before a name.
			if b := &f.m.binds[i-1]; b.target.attr == a && !(b.key && found > 0) {
				found = i
			}
		}
		if found > 0 {
			text := f.text(int(found - 1))
			if f.m.binds[found-1].key && (a == attrPath || a == attrID) {
				if around := f.keys(f.m.scopes[scope].parent, a); around != "" {
					return around + "." + text
				}
			}
			return text
		}
	}
	return ""
}

// keys joins the names around a turn.
func (f *filler) keys(scope int32, a attribute) string {
	for ; scope >= 0; scope = f.m.scopes[scope].parent {
		for i := f.m.scopes[scope].last; i > 0; i = f.m.binds[i-1].before {
			if b := &f.m.binds[i-1]; b.target.attr == a && b.key {
				text := f.text(int(i - 1))
				if around := f.keys(f.m.scopes[scope].parent, a); around != "" {
					return around + "." + text
				}
				return text
			}
		}
	}
	return ""
}

func (f *filler) fields(o *parlance.Outcome) {
	if !f.held(field) {
		return
	}
	if taken := f.m.fields; len(taken) > 0 {
		o.Fields = make([]parlance.Field, len(taken))
		for i := range taken {
			to, of := &o.Fields[i], &taken[i]
			// A pointer that is written costs, also where it is to no text.
			if of.path.size > 0 {
				to.Path = f.lying(of.path)
			}
			if of.code.size > 0 {
				to.Code = f.lying(of.code)
			}
			if of.message.size > 0 {
				to.Message = f.lying(of.message)
			}
		}
		return
	}
	n := f.records(field)
	if n == 0 {
		return
	}
	o.Fields = make([]parlance.Field, n)
	for i, s := range f.made(n) {
		f.field(&o.Fields[i], s)
	}
}

// field fills one from its turn, and from those around it.
func (f *filler) field(to *parlance.Field, s int32) {
	path := int32(0)
	for ; s >= 0; s = f.m.scopes[s].parent {
		found := int32(0) // of this turn
		var code, message int32
		for i := f.m.scopes[s].last; i > 0; i = f.m.binds[i-1].before {
			switch b := &f.m.binds[i-1]; b.target.attr {
			case attrPath:
				if !b.key || found == 0 { // a value before a name
					found = i
				}
			case attrCode:
				code = i
			case attrMessage:
				message = i
			}
		}
		if code > 0 && to.Code == "" {
			to.Code = f.text(int(code - 1))
		}
		if message > 0 && to.Message == "" {
			to.Message = f.text(int(message - 1))
		}
		switch {
		case found == 0:
		case path == 0:
			path, to.Path = found, f.text(int(found-1))
		case f.m.binds[path-1].key && f.m.binds[found-1].key: // names that nest are one path
			to.Path = f.text(int(found-1)) + "." + to.Path
		}
	}
}

func (f *filler) items(o *parlance.Outcome, req *Request) {
	if !f.held(item) {
		return
	}
	n := f.records(item)
	if n == 0 {
		return
	}
	o.Items = make([]parlance.Item, n)
	made := f.made(n)
	// Where all stand in one list, each keeps its place, also beside one that could not be read.
	own := true
	for i, s := range made {
		own = own && f.m.scopes[s].parent == 0 && (i == 0 || f.m.scopes[s].place > f.m.scopes[made[i-1]].place)
	}
	for i, s := range made {
		it := &o.Items[i]
		if it.Index = i; own {
			it.Index = int(f.m.scopes[s].place)
		}
		f.item(it, o, s, req)
	}
}

// itemAttributeOrder are those that an item takes over as they are.
var itemAttributeOrder = [...]attribute{attrCode, attrFamily, attrTitle, attrDetail, attrType, attrInstance, attrRequestID, attrHelp, attrRetryAfter, attrRetryable, attrKind, attrReason, attrNote}

// item fills one that has its place from its turn.
func (f *filler) item(it *parlance.Item, of *parlance.Outcome, scope int32, req *Request) {
	it.ID = f.get(scope, attrID)
	if text := f.get(scope, attrIndex); text != "" {
		if n, err := strconv.Atoi(text); err == nil && n >= 0 {
			it.Index = n
		}
	}
	o := &it.Outcome
	for _, a := range itemAttributeOrder {
		if v := f.get(scope, a); v != "" {
			setWhole(o, a, v)
		}
	}
	if text := f.get(scope, attrStatus); text != "" { // the error of "" would be an allocation for each
		o.Status, _ = strconv.Atoi(text)
	}
	if body, headers := f.get(scope, attrBody), f.get(scope, attrHeaders); body != "" || headers != "" {
		f.answer(o, of, body, headers, req)
	}
	if o.Kind == 0 {
		r := f.d.itemMeaning(o, of, f.get(scope, attrIs), req)
		o.Kind, o.Reason = r.kind, r.reason
		if r.kind == parlance.Noted && r.key == "" {
			f.m.unread++
			f.m.note("unlisted_code", "the code %q of item %d is not listed", o.Code, it.Index)
		}
	}
}

// maxDepth bounds answers inside of answers.
const maxDepth = 4

// answer reads what a record holds as an answer of its own: with its status,
// its header and its body.
func (f *filler) answer(o, of *parlance.Outcome, body, headers string, req *Request) {
	if f.m.depth >= maxDepth {
		f.m.note("unread_element", "answers inside of answers are read %d deep", maxDepth)
		return
	}
	res := Response{Status: o.Status, Header: jsonHeader(headers), Body: []byte(body), Received: f.m.received}
	switch {
	case res.Status != 0:
	case of.Status >= 400:
		res.Status = of.Status // it shares what the whole came to
	default:
		res.Status = 200 // that of the whole speaks of all of them
	}
	inner := f.d.decode(Request{Header: req.Header}, res, f.m.depth+1)
	outer := *o
	*o = inner.Outcome
	// What stands beside the answer counts before what stands in it.
	if outer.Kind != 0 {
		o.Kind, o.Reason = outer.Kind, outer.Reason
	}
	for _, text := range [...]struct{ to, from *string }{
		{&o.Code, &outer.Code}, {&o.Family, &outer.Family}, {&o.Title, &outer.Title}, {&o.Detail, &outer.Detail}, {&o.Type, &outer.Type},
		{&o.Instance, &outer.Instance}, {&o.RequestID, &outer.RequestID}, {&o.Help, &outer.Help},
	} {
		if *text.from != "" {
			*text.to = *text.from
		}
	}
	o.Status, o.RetryAfter, o.Notes = outer.Status, max(o.RetryAfter, outer.RetryAfter), append(outer.Notes, o.Notes...)
	if outer.Retryable != 0 {
		o.Retryable = outer.Retryable
	}
	f.m.diags = append(f.m.diags, inner.Diagnostics[:min(len(inner.Diagnostics), max(maxNotes-len(f.m.diags), 0))]...)
}

// jsonHeader is a header that a JSON object holds: texts, or lists of texts.
func jsonHeader(object string) Header {
	var t tree.Tree
	if object == "" || t.JSON([]byte(object), false) != nil {
		return nil
	}
	h := Fields{}
	for c := range t.Children(0) {
		name := canonicalHeader(string(t.Key(c)))
		if t.Nodes[c].Kind == tree.List {
			for e := range t.Children(c) {
				h[name] = append(h[name], string(t.Value(e)))
			}
			continue
		}
		h[name] = append(h[name], string(t.Value(c)))
	}
	return h
}

// contradicts reports that a count says something else than the records.
func (f *filler) contradicts(items []parlance.Item, failuresOnly bool) bool {
	failed := 0
	for i := range items {
		if k := items[i].Outcome.Kind; k.Failing() || k == parlance.Partial {
			failed++
		}
	}
	for i, is := range [3]int{failed, len(items) - failed, len(items)} {
		switch told := f.told[i]; {
		case told == "", i > 0 && (failuresOnly || len(items) == 0): // what went well is not listed
		case told == "true" || told == "false":
			if (told == "true") != (is > 0) {
				return true
			}
		case told != strconv.Itoa(is):
			return true
		}
	}
	return false
}
