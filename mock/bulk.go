package mock

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/server/bulk"
)

// maxDocument bounds, in bytes, the body that is read of a request that is no bulk request.
const maxDocument = 1 << 20

// maxSniffed is how many bytes of a body are looked at for its records.
const maxSniffed = 4 << 10

// isBulk reports that a request has records that the dialect responds to one by one: a list
// of JSON, an object with one, or XML. A body that is looked at can still be read.
func (s *state) isBulk(r *http.Request, w *Wish) bool {
	if r.Body == nil || r.Body == http.NoBody || w.Items > 0 || w.Code != "" ||
		r.Method != http.MethodPost && r.Method != http.MethodPut && r.Method != http.MethodPatch && r.Method != http.MethodDelete {
		return false
	}
	head := sniff(r)
	trimmed := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	if len(trimmed) == 0 || !strings.ContainsRune("[{<", rune(trimmed[0])) {
		return false
	}
	if _, listed := member(trimmed); trimmed[0] == '{' && !listed {
		return false
	}
	return holdsItems(s.mock.dialect, received(s.mock.dialect, r))
}

// holdsItems reports that the dialect can list records in the response to a request.
func holdsItems(d *dialect.Dialect, req dialect.Request) bool {
	o := parlance.Outcome{Kind: parlance.KindPartial, Items: authoring.ExampleItems(1, 1)}
	m := d.Encode(nil, req, &o, dialect.Payload{})
	return !lost(m.Losses, "items", "items[0]", "items[1]") && m.Status < 300
}

// sniffed is a body of which a part was looked at.
type sniffed struct {
	io.Reader
	io.Closer
	head []byte
}

// sniff is the beginning of a body.
func sniff(r *http.Request) []byte {
	if seen, ok := r.Body.(*sniffed); ok {
		return seen.head
	}
	head := make([]byte, maxSniffed)
	n, _ := io.ReadFull(r.Body, head) // an error comes again from what is left
	head = head[:n]
	r.Body = &sniffed{io.MultiReader(bytes.NewReader(head), r.Body), r.Body, head}
	return head
}

// member is the name of the first member of an object that is a list of objects.
func member(object []byte) (string, bool) {
	dec := json.NewDecoder(bytes.NewReader(object))
	depth, name := 0, ""
	for {
		token, err := dec.Token()
		if err != nil {
			return "", false
		}
		switch t := token.(type) {
		case json.Delim:
			switch {
			case t == '[' && depth == 1:
				rest := bytes.TrimLeft(object[dec.InputOffset():], " \t\r\n")
				return name, len(rest) > 0 && rest[0] == '{'
			case t == '{' || t == '[':
				depth++
			default:
				depth--
			}
		case string:
			if depth == 1 {
				name = t
			}
		}
	}
}

// bulk responds to each record of a request: the first failed ones are invalid, and so is
// one that is no object.
func (s *state) bulk(failed int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		options := []bulk.Option{bulk.Buffered(), bulk.ID(recordID)}
		if head := bytes.TrimLeft(sniff(r), " \t\r\n"); len(head) > 0 && head[0] == '{' {
			if name, ok := member(head); ok {
				options = append(options, bulk.Member(name))
			}
		}
		bulk.Handle(s.server, func(_ context.Context, rec bulk.Record) (parlance.Item, error) {
			if raw := bytes.TrimSpace(rec.Raw); rec.Name == "" && (len(raw) == 0 || raw[0] != '{') {
				return parlance.Item{}, parlance.NewError(parlance.KindInvalid, "The record is not an object")
			}
			if rec.Index < failed {
				return parlance.Item{}, parlance.NewError(parlance.KindInvalid, "The name is missing")
			}
			return parlance.Item{Outcome: parlance.Outcome{Kind: parlance.KindSuccess, Detail: "Done"}}, nil
		}, options...).ServeHTTP(w, r)
	})
}

// recordID is the id of a record of JSON.
func recordID(r bulk.Record) string {
	var record struct {
		ID any `json:"id"`
	}
	if r.Name != "" || json.Unmarshal(r.Raw, &record) != nil {
		return ""
	}
	switch id := record.ID.(type) {
	case string:
		return id
	case float64:
		return fmt.Sprint(id)
	}
	return ""
}
