package catalog_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect"
)

// failureMark is what no success of a dialect carries, as a shape of its failures has it: a
// member that is not empty, or a constant.
type failureMark struct {
	shape    string
	needs    [][]string // the members that the shape demands, by their names
	place    []string   // the names of the members that lead to it; "" is any name
	fixed    bool       // it is a constant
	constant string
}

// maxTemplates is how many templates of a shape are searched for marks: a definition can
// stand in itself.
const maxTemplates = 500

// marksOf are the marks of a dialect, from its compiled shapes.
func marksOf(t *testing.T, d *dialect.Dialect) (all []failureMark) {
	t.Helper()
	for _, s := range d.Internal().Shapes {
		if s.Body == nil || s.WriteOnly || len(s.Marks) == 0 {
			continue
		}
		var needs [][]string
		for _, w := range s.Body.Resolve().Members {
			if w.Must && !w.Value.WriteOnly {
				needs = append(needs, w.Names)
			}
		}
		places, templates := [][]string{nil}, listOf(s.Body.Resolve())
		for _, e := range s.Body.Elems {
			places, templates = append(places, nil), append(templates, e.Resolve())
		}
		for n := 0; n < len(templates) && n < maxTemplates; n++ {
			at, of := places[n], templates[n]
			for _, w := range of.Members {
				if w.Optional || w.Text || w.Value.WriteOnly {
					continue
				}
				place := slices.Concat(at, []string{local(w.Names[0])})
				if w.Mark {
					fixed := w.Constant && len(w.Value.Elems) == 0
					all = append(all, failureMark{s.Name, needs, place, fixed, w.Value.Text})
				}
				places, templates = append(places, place), append(templates, w.Value.Resolve())
			}
			if of.AnyMember() {
				places, templates = append(places, slices.Concat(at, []string{""})), append(templates, of.Rest.Value.Resolve())
			}
		}
	}
	return all
}

// listOf makes a list of values whose type has no name here.
func listOf[T any](values ...T) []T { return values }

// local is a name without its prefix.
func local(name string) string {
	name = strings.TrimPrefix(name, "@")
	return name[strings.LastIndexByte(name, ':')+1:]
}

// carried is the first of the marks that a body carries, nil for none.
func carried(marks []failureMark, body []byte) *failureMark {
	v := document(body)
	for list, is := v.([]any); is && len(list) == 1; list, is = v.([]any) {
		v = list[0]
	}
	for i := range marks {
		if marks[i].fits(v) && marks[i].in(v, marks[i].place) {
			return &marks[i]
		}
	}
	return nil
}

// fits reports that a value has what the shape of the mark demands, in whatever form.
func (k *failureMark) fits(v any) bool {
	members, _ := v.(map[string]any)
	return !slices.ContainsFunc(k.needs, func(names []string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return !saysNo(members[name]) })
	})
}

// in reports that a value has the mark below the rest of its place.
func (k *failureMark) in(v any, place []string) bool {
	if len(place) == 0 {
		return !k.fixed && !saysNo(v) || k.fixed && k.constant == scalar(v)
	}
	members, _ := v.(map[string]any)
	for name, value := range members {
		if (place[0] == "" || place[0] == local(name)) && k.in(value, place[1:]) {
			return true
		}
	}
	return false
}

// scalar is the text of a value that is one.
func scalar(v any) string {
	switch v.(type) {
	case string, json.Number, bool:
		return fmt.Sprint(v)
	}
	return "no scalar"
}

// saysNo reports that a value is empty, false or zero, or all in it is.
func saysNo(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, one := range v {
			if !saysNo(one) {
				return false
			}
		}
		return true
	case []any:
		for _, one := range v {
			if !saysNo(one) {
				return false
			}
		}
		return true
	case nil:
		return true
	}
	switch scalar(v) {
	case "", "0", "false", "none", "null":
		return true
	}
	return false
}

// document is the value of a body of JSON or XML, nil for another. The elements of XML are
// members, and their texts have no name.
func document(body []byte) any {
	if start := bytes.TrimLeft(body, "\ufeff \r\n\t"); len(start) > 0 && start[0] == '<' {
		return elements(start)
	}
	values := json.NewDecoder(bytes.NewReader(body))
	values.UseNumber()
	var v any
	if values.Decode(&v) != nil {
		return nil
	}
	return v
}

// elements is the document of a body of XML.
func elements(body []byte) any {
	tokens := xml.NewDecoder(bytes.NewReader(body))
	tokens.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	open := []map[string]any{{}}
	var text strings.Builder
	for {
		token, err := tokens.Token()
		if err != nil {
			return open[0]
		}
		switch token := token.(type) {
		case xml.StartElement:
			members := map[string]any{}
			for _, a := range token.Attr {
				members[a.Name.Local] = a.Value
			}
			open = append(open, members)
			text.Reset()
		case xml.CharData:
			text.Write(token)
		case xml.EndElement:
			members, outer := open[len(open)-1], open[len(open)-2]
			open = open[:len(open)-1]
			var value any = members
			if len(members) == 0 {
				value = strings.TrimSpace(text.String())
			}
			if before, again := outer[token.Name.Local]; again {
				list, _ := before.([]any)
				if list == nil {
					list = []any{before}
				}
				value = append(list, value)
			}
			outer[token.Name.Local] = value
			text.Reset()
		}
	}
}
