package dialect_test

import (
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/raced"
)

func TestStatusForIsTheStatusThatEncodeWrites(t *testing.T) {
	t.Parallel()
	raced.Skip(t)
	open := func(name string) *dialect.Dialect {
		d, err := catalog.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	req := dialect.Request{Method: "GET", Path: "/x"}
	for _, name := range catalog.Names() {
		asked, written := open(name), open(name) // two, so that neither learns from the other
		for kind := parlance.KindSuccess; kind <= parlance.KindTimeout; kind++ {
			for _, body := range []string{"", ` null `, `{"a":1}`} {
				data := dialect.Payload{ContentType: "application/json", Body: []byte(body)}
				for _, o := range []parlance.Outcome{
					{Kind: kind}, {Kind: kind, Code: "7"}, {Kind: kind, Status: 418},
					{Kind: kind, Items: []parlance.Item{{Outcome: parlance.Outcome{Kind: kind}}}},
				} {
					status, phrase := asked.StatusFor(req, &o, data)
					if m := written.Encode(nil, req, &o, data); m.Status != status || m.Phrase != phrase {
						t.Errorf("%s, %v with the payload %q: StatusFor says %d %q, Encode %d %q", name, o, body, status, phrase, m.Status, m.Phrase)
					}
				}
			}
		}
	}
}
