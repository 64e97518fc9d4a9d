package activity

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
)

// redacted is a log record without what is secret in it. Most records are returned as
// they are.
func (s *secrets) redacted(r slog.Record, secret bool) slog.Record {
	message := s.text(r.Message)
	clean := message == r.Message
	r.Attrs(func(a slog.Attr) bool {
		if clean {
			_, changed := s.attr(a, secret)
			clean = !changed
		}
		return clean
	})
	if clean {
		return r
	}
	made := slog.NewRecord(r.Time, r.Level, message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		a, _ = s.attr(a, secret)
		made.AddAttrs(a)
		return true
	})
	return made
}

// members are attributes without what is secret in them, and whether one is another.
func (s *secrets) members(all []slog.Attr, secret bool) (made []slog.Attr, changed bool) {
	made = all
	for i, a := range all {
		a, other := s.attr(a, secret)
		if !other {
			continue
		}
		if !changed {
			made, changed = slices.Clone(all), true
		}
		made[i] = a
	}
	return made, changed
}

// attr is an attribute without what is secret in it, and whether that is another one.
// secret says that it stands in a group with a secret name.
func (s *secrets) attr(a slog.Attr, secret bool) (slog.Attr, bool) {
	kind := a.Value.Kind()
	if kind == slog.KindLogValuer {
		a.Value = a.Value.Resolve()
	}
	resolved := kind == slog.KindLogValuer
	secret = secret || s.holds(a.Key)
	switch {
	case a.Equal(slog.Attr{}):
		return a, resolved
	case a.Value.Kind() == slog.KindGroup:
		members, changed := s.members(a.Value.Group(), secret)
		if changed {
			a.Value = slog.GroupValue(members...)
		}
		return a, changed || resolved
	case secret:
		return slog.String(a.Key, Redacted), true
	}
	value, changed := s.loggedValue(a.Value)
	return slog.Attr{Key: a.Key, Value: value}, changed || resolved
}

// loggedValue is a value without what is secret in its text, and whether that is another
// one.
func (s *secrets) loggedValue(v slog.Value) (made slog.Value, changed bool) {
	switch v.Kind() {
	case slog.KindString:
		text := s.text(v.String())
		return slog.StringValue(text), text != v.String()
	case slog.KindAny:
	default:
		return v, false // a number or a time
	}
	defer func() {
		if recover() != nil { // a method of the value; a log must not end the request
			made, changed = slog.StringValue(fmt.Sprintf("%T", v.Any())), true
		}
	}()
	var text string
	switch x := v.Any().(type) {
	case nil:
		return v, false
	case error:
		text = x.Error()
	case fmt.Stringer:
		text = x.String()
	case []byte:
		text = string(x)
	default:
		written, err := json.Marshal(x)
		if err != nil {
			return v, false // a handler cannot write it either, or writes what it is
		}
		if clean := s.json(written); string(clean) != string(rewritten(written, func(v any) any { return v })) {
			return slog.AnyValue(json.RawMessage(clean)), true
		}
		return v, false
	}
	if clean := s.text(text); clean != text {
		return slog.StringValue(clean), true
	}
	return v, false
}
