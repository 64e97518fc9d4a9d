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
	f.at = make([]int, len(f.m.binds))
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

// records calls make for every record of an owner, in the order of the
// document, with a look-up of its attributes: those of its own turn, then those
// of the turns around it. copied says that all it holds are copies of the
// whole's.
func (f *filler) records(o owner, add func(get func(attribute) string)) {
	binds, scopes := f.m.binds, f.m.scopes
	byScope := make([][]int32, len(scopes))
	relevant := false
	for i := range binds {
		if binds[i].target.owner == o {
			byScope[binds[i].scope] = append(byScope[binds[i].scope], int32(i))
			relevant = true
		}
	}
	if !relevant {
		return
	}
	// A turn makes a record if it holds something of its own and no turn inside
	// it made one.
	children := make([]bool, len(scopes))
	makes := make([]bool, len(scopes))
	for s := len(scopes) - 1; s >= 0; s-- {
		own, keyOnly, copies, located := len(byScope[s]) > 0, true, true, false
		for _, i := range byScope[s] {
			keyOnly = keyOnly && binds[i].key
			copies = copies && binds[i].copy
			located = located || binds[i].target.attr == attrPath || binds[i].target.attr == attrID
		}
		innermost := s > 0 && (o == field && scopes[s].field || o == item && scopes[s].item)
		switch {
		case children[s], !own, keyOnly && !innermost, copies && !located:
		default:
			makes[s] = true
		}
		if (makes[s] || children[s]) && s > 0 {
			children[scopes[s].parent] = true
		}
	}
	for s := range scopes {
		if !makes[s] {
			continue
		}
		add(func(a attribute) string {
			for at := int32(s); at >= 0; at = scopes[at].parent {
				for _, i := range byScope[at] {
					if binds[i].target.attr == a {
						return f.text(int(i))
					}
				}
			}
			return ""
		})
	}
}

func (f *filler) fields(o *parlance.Outcome) {
	f.records(field, func(get func(attribute) string) {
		o.Fields = append(o.Fields, parlance.Field{Path: get(attrPath), Code: get(attrCode), Message: get(attrMessage)})
	})
}

func (f *filler) items(o *parlance.Outcome, s *shape) {
	f.records(item, func(get func(attribute) string) {
		it := parlance.Item{Index: len(o.Items), ID: get(attrID)}
		if n, err := strconv.Atoi(get(attrIndex)); err == nil && n >= 0 {
			it.Index = n
		}
		oi := &it.Outcome
		for _, a := range []attribute{attrCode, attrTitle, attrDetail, attrType, attrInstance, attrRequestID, attrHelp, attrRetryAfter, attrKind, attrReason} {
			if v := get(a); v != "" {
				setWhole(oi, a, v)
			}
		}
		oi.Status, _ = strconv.Atoi(get(attrStatus))
		if oi.Kind == 0 {
			r := f.d.itemMeaning(oi, o, f.req)
			oi.Kind, oi.Reason = r.kind, r.reason
			if r.kind == parlance.Noted && r.key == "" {
				f.m.unread++
				f.m.note("unlisted_code", "the code %q of item %d is not listed", oi.Code, it.Index)
			}
		}
		o.Items = append(o.Items, it)
	})
}
