package activity

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/internal/jsontext"
)

// longestChosen bounds, in bytes, one value that was chosen of a body.
const longestChosen = 4 << 10

// choose takes the values that pointers (RFC 6901) name out of a JSON text: an
// object of them by their pointers, without what is secret, nil where there are
// none. A text that was cut off gives what stands before its end.
func (s *secrets) choose(body []byte, pointers []string) []byte {
	c := &choice{secrets: s, wanted: map[string]bool{}, above: map[string]bool{}, found: map[string]json.RawMessage{}}
	for _, p := range pointers {
		c.wanted[p] = true
		for i, b := range []byte(p) {
			if b == '/' {
				c.above[p[:i]] = true
			}
		}
	}
	c.decoder = json.NewDecoder(bytes.NewReader(body))
	_ = c.walk("") // what was found before the error is kept
	if len(c.found) == 0 {
		return nil
	}
	text, err := jsontext.Marshal(c.found)
	if err != nil {
		return nil
	}
	return text
}

type choice struct {
	*secrets
	decoder *json.Decoder
	wanted  map[string]bool
	above   map[string]bool // what a wanted one is within
	found   map[string]json.RawMessage
}

var escape = strings.NewReplacer("~", "~0", "/", "~1") // RFC 6901, 3

// walk reads the value that comes next, which stands at a place.
func (c *choice) walk(place string) error {
	if c.wanted[place] || !c.above[place] {
		var value json.RawMessage
		if err := c.decoder.Decode(&value); err != nil {
			return err
		}
		if c.wanted[place] {
			c.found[place] = c.shown(place, value)
		}
		return nil
	}
	open, err := c.decoder.Token()
	if err != nil {
		return err
	}
	if open != json.Delim('{') && open != json.Delim('[') {
		return nil // a value that has nothing in it
	}
	for i := 0; c.decoder.More(); i++ {
		name := strconv.Itoa(i)
		if open == json.Delim('{') {
			token, err := c.decoder.Token()
			if err != nil {
				return err
			}
			name = escape.Replace(token.(string)) // JSON has no other names
		}
		if err := c.walk(place + "/" + name); err != nil {
			return err
		}
	}
	_, err = c.decoder.Token()
	return err
}

func (c *choice) shown(place string, value json.RawMessage) json.RawMessage {
	if name := place[strings.LastIndexByte(place, '/')+1:]; c.holds(name) {
		return json.RawMessage(`"` + Redacted + `"`)
	}
	if len(value) > longestChosen {
		return json.RawMessage(fmt.Sprintf(`"[%d bytes]"`, len(value)))
	}
	return c.json(value)
}
