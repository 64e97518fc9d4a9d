package vision

import (
	"context"
	"encoding/xml"
	"net/http"

	"github.com/parlance-api/parlance/outbox"
)

// EDI is the other side of ManufactureComplete: a factory tells the warehouse what it has
// made. The documents wait in an outbox for as long as the warehouse says "later". If the
// response to some of them says so, only those are sent again.
type EDI struct {
	Box    *outbox.Outbox
	Vendor string // the warehouse in the outbox
	URL    string // of the warehouse
}

// Manufacture is a document: something was made for a customer, and stands at a site.
type Manufacture struct {
	XMLName  struct{} `xml:"MC"`
	DocRef   string
	Customer string
	SiteCode string
}

// Complete puts documents into the outbox as one bulk request, in the transaction of ctx if
// there is one, and returns its ID.
func (e EDI) Complete(ctx context.Context, documents ...Manufacture) (string, error) {
	records := &outbox.Records{Open: "<MANUFACTURING>", Close: "</MANUFACTURING>"}
	for _, m := range documents {
		body, err := xml.Marshal(m)
		if err != nil {
			return "", err
		}
		records.List = append(records.List, outbox.Record{ID: m.DocRef, Body: body})
	}
	return e.Box.Put(ctx, outbox.Request{
		Vendor: e.Vendor, URL: e.URL + "/service/ManufactureComplete", Operation: "ManufactureComplete",
		Header: http.Header{"Content-Type": {"application/xml"}}, Records: records,
		RetryUnsafe: "the warehouse refuses a second document with the same DocRef",
	})
}
