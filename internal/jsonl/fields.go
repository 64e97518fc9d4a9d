package jsonl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/textproto"
)

// Fields are header fields in JSON.
type Fields textproto.MIMEHeader

// Add adds a value to a field.
func (f Fields) Add(name, value string) {
	name = textproto.CanonicalMIMEHeaderKey(name)
	f[name] = append(f[name], value)
}

// UnmarshalJSON reads {"Name": "value", "Other": ["a", "b"]}, in the order of
// the document, so that two spellings of one name do not change places.
func (f *Fields) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	token, err := dec.Token()
	if err != nil {
		return err
	}
	if token == nil {
		return nil // null is the same as nothing said
	}
	if token != json.Delim('{') {
		return fmt.Errorf("headers: expected an object of names and values")
	}
	*f = Fields{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // JSON has no other keys
		var value any
		if err := dec.Decode(&value); err != nil {
			return err
		}
		texts, ok := textOrTexts(value)
		if !ok {
			return fmt.Errorf("headers: %s: expected a text or a list of texts", name)
		}
		for _, text := range texts {
			f.Add(name, text)
		}
	}
	return nil
}

func textOrTexts(value any) ([]string, bool) {
	switch v := value.(type) {
	case string:
		return []string{v}, true
	case []any:
		texts := make([]string, len(v))
		for i := range v {
			text, ok := v[i].(string)
			if !ok {
				return nil, false
			}
			texts[i] = text
		}
		return texts, true
	}
	return nil, false
}
