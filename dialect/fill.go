package dialect

import (
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
)

// filler turns what the holes took into an Outcome. All texts share one
// allocation that is the Outcome's own.
type filler struct {
	m   *matcher
	d   *Dialect
	req *Request
	own string
	at  []int // where the text of bind i begins in own
}

func (f *filler) text(i int) string { return f.own[f.at[i] : f.at[i]+len(f.m.binds[i].text)] }

func (f *filler) whole(o *parlance.Outcome) {
	if len(f.m.binds) == 0 {
		return
	}
	total := 0
	f.at = f.m.starts(len(f.m.binds))
	for i := range f.m.binds {
		f.at[i] = total
		total += len(f.m.binds[i].text)
	}
	var b strings.Builder
	b.Grow(total)
	for i := range f.m.binds {
		b.Write(f.m.binds[i].text)
	}
	f.own = b.String()
	for i := range f.m.binds {
		if f.m.binds[i].target.owner == whole {
			setWhole(o, f.m.binds[i].target.attr, f.text(i))
		}
	}
}

// setWhole sets an attribute that is not set yet: of several places the first
// filled one counts. The HTTP status is the transport's and never the body's.
func setWhole(o *parlance.Outcome, a attribute, text string) {
	first := func(s *string) {
		if *s == "" {
			*s = text
		}
	}
	switch a {
	case attrKind:
		if k, ok := parlance.ParseKind(text); ok && o.Kind == 0 {
			o.Kind = k
		}
	case attrReason:
		if o.Reason == "" {
			o.Reason = parlance.Reason(text)
		}
	case attrCode:
		first(&o.Code)
	case attrTitle:
		first(&o.Title)
	case attrDetail:
		first(&o.Detail)
	case attrType:
		first(&o.Type)
	case attrInstance:
		first(&o.Instance)
	case attrRequestID:
		first(&o.RequestID)
	case attrHelp:
		first(&o.Help)
	case attrNote:
		o.Notes = append(o.Notes, text)
	case attrRetryAfter:
		if o.RetryAfter == 0 {
			o.RetryAfter, _ = conversion{name: "seconds"}.duration([]byte(text))
		}
	}
}

// records marks the turns that make a record of the owner and returns how many
// there are. A turn makes one if it holds something of its own and no turn
// inside it made one; but not where all it holds are copies of the whole's.
func (f *filler) records(o owner) int {
	binds, scopes := f.m.binds, f.m.scopes
	for s := range scopes {
		scopes[s].last, scopes[s].makes, scopes[s].inner = 0, false, false
	}
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
		keyOnly, copies, located := true, true, false
		for i := sc.last; i > 0; i = binds[i-1].before {
			b := &binds[i-1]
			keyOnly = keyOnly && b.key
			copies = copies && b.copy
			located = located || b.target.attr == attrPath || b.target.attr == attrID
		}
		innermost := s > 0 && (o == field && sc.field || o == item && sc.item)
		if !sc.inner && sc.last > 0 && (!keyOnly || innermost) && (!copies || located) {
			sc.makes = true
			count++
		}
		if (sc.makes || sc.inner) && s > 0 {
			scopes[sc.parent].inner = true
		}
	}
	return count
}

// get is an attribute of a record: of its own turn, else of the turns around it.
func (f *filler) get(scope int32, a attribute) string {
	for ; scope >= 0; scope = f.m.scopes[scope].parent {
		found := int32(0)
		for i := f.m.scopes[scope].last; i > 0; i = f.m.binds[i-1].before {
			if f.m.binds[i-1].target.attr == a {
				found = i // the first of the turn counts
			}
		}
		if found > 0 {
			return f.text(int(found - 1))
		}
	}
	return ""
}

func (f *filler) fields(o *parlance.Outcome) {
	n := f.records(field)
	if n == 0 {
		return
	}
	o.Fields = make([]parlance.Field, 0, n)
	for s := range int32(len(f.m.scopes)) {
		if f.m.scopes[s].makes {
			o.Fields = append(o.Fields, parlance.Field{Path: f.get(s, attrPath), Code: f.get(s, attrCode), Message: f.get(s, attrMessage)})
		}
	}
}

func (f *filler) items(o *parlance.Outcome) {
	n := f.records(item)
	if n == 0 {
		return
	}
	o.Items = make([]parlance.Item, 0, n)
	for s := range int32(len(f.m.scopes)) {
		if f.m.scopes[s].makes {
			place := len(o.Items)
			if f.m.scopes[s].parent == 0 {
				place = int(f.m.scopes[s].place)
			}
			o.Items = append(o.Items, f.item(o, s, place))
		}
	}
}

// itemAttributeOrder are those that an item takes over as they are.
var itemAttributeOrder = [...]attribute{attrCode, attrTitle, attrDetail, attrType, attrInstance, attrRequestID, attrHelp, attrRetryAfter, attrKind, attrReason}

func (f *filler) item(of *parlance.Outcome, scope int32, index int) parlance.Item {
	it := parlance.Item{Index: index, ID: f.get(scope, attrID)}
	if n, err := strconv.Atoi(f.get(scope, attrIndex)); err == nil && n >= 0 {
		it.Index = n
	}
	o := &it.Outcome
	for _, a := range itemAttributeOrder {
		if v := f.get(scope, a); v != "" {
			setWhole(o, a, v)
		}
	}
	o.Status, _ = strconv.Atoi(f.get(scope, attrStatus))
	if o.Kind == 0 {
		r := f.d.itemMeaning(o, of, f.req)
		o.Kind, o.Reason = r.kind, r.reason
		if r.kind == parlance.Noted && r.key == "" {
			f.m.unread++
			f.m.note("unlisted_code", "the code %q of item %d is not listed", o.Code, it.Index)
		}
	}
	return it
}
