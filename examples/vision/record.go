package vision

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
)

// sites are the customers and where each has stock. The users work for all but
// ACME.
var sites = map[string][]string{"JOE": {"MAIN", "WEST"}, "ANN": {"MAIN"}, "ACME": {"MAIN"}}

// manufacture is one record of ManufactureComplete.
type manufacture struct {
	DocRef, Customer, SiteCode string
	line                       int // where it begins, from 1
}

// UnmarshalXML reads a record and keeps its line.
func (m *manufacture) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	m.line, _ = d.InputPos()
	type fields manufacture
	return d.DecodeElement((*fields)(m), &start)
}

func (s *Service) manufacture(_ http.ResponseWriter, r *http.Request) (any, error) {
	var in struct {
		XMLName xml.Name      `xml:"MANUFACTURING"`
		Records []manufacture `xml:"MC"`
	}
	document, err := readXML(r, &in)
	if err != nil {
		return nil, err
	}
	for _, m := range in.Records {
		switch {
		case m.Customer == "ACME":
			return nil, parlance.NewError(parlance.Forbidden, "No permission for customer ACME").WithCode("102")
		case utf8.RuneCountInString(m.SiteCode) > 4:
			return nil, fault("SiteCode", "exceeded the maximum number of characters allowed")
		case m.DocRef == "":
			return nil, fault("DocRef", "is missing")
		}
	}
	items := make([]parlance.Item, len(in.Records))
	for i, m := range in.Records {
		items[i] = parlance.Item{Index: i, ID: m.DocRef, Outcome: s.complete(m)}
	}
	return server.Bulk(document, items...), nil
}

// complete handles one record; what it came to says nothing about the others.
func (s *Service) complete(m manufacture) parlance.Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !slices.Contains(sites[m.Customer], m.SiteCode):
		return bad("Validation failure occurred on line: %d Customer Code: %s and site code: %s does not exist.", m.line, m.Customer, m.SiteCode)
	case s.done[m.DocRef]:
		return bad("Record already exists")
	}
	s.done[m.DocRef] = true
	return good("Manufacture complete processed")
}

func (s *Service) order(_ http.ResponseWriter, r *http.Request) (any, error) {
	var in struct {
		XMLName xml.Name `xml:"ORDERS"`
		Records []struct {
			Product  string
			Quantity int
		} `xml:"SO"`
	}
	document, err := readXML(r, &in)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	items := make([]parlance.Item, len(in.Records))
	var notes []string
	for i, o := range in.Records {
		items[i] = parlance.Item{Index: i}
		stock, known := s.stock[o.Product]
		switch {
		case !known || o.Quantity < 1:
			items[i].Outcome = bad("Product %s does not exist or its quantity is wrong", o.Product)
			continue
		case o.Quantity > stock:
			note := fmt.Sprintf("Sales order processed, %d of %s on back order", o.Quantity-stock, o.Product)
			items[i].Outcome, notes = good("%s", note), append(notes, note)
		default:
			items[i].Outcome = good("Sales order processed")
		}
		s.stock[o.Product] = max(0, stock-o.Quantity)
	}
	reply := server.Bulk(document, items...)
	if reply.Outcome.Kind == parlance.Success && len(notes) > 0 {
		reply.Outcome.Kind, reply.Outcome.Status, reply.Outcome.Notes = parlance.Noted, 201, notes
	}
	return reply, nil
}

func good(format string, args ...any) parlance.Outcome {
	return parlance.Outcome{Kind: parlance.Success, Code: "200", Detail: fmt.Sprintf(format, args...)}
}

func bad(format string, args ...any) parlance.Outcome {
	return parlance.Outcome{Kind: parlance.Invalid, Code: "400", Detail: fmt.Sprintf(format, args...)}
}

// fault is XML that fails validation: one plain sentence.
func fault(field, how string) error {
	sentence := fmt.Sprintf("Failed validation because field '%s' %s", field, how)
	return parlance.NewError(parlance.Invalid, "%s", sentence).WithReason(parlance.XML).
		WithFields(parlance.Field{Path: field, Message: sentence})
}

// readXML reads at most 1 MiB and returns it beside what it says, for the answer
// goes into the caller's own document.
func readXML(r *http.Request, v any) ([]byte, error) {
	document, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 1<<20))
	if err != nil {
		return nil, parlance.NewError(parlance.Invalid, "The document cannot be read").Because(err)
	}
	if err := xml.Unmarshal(document, v); err != nil {
		return nil, parlance.NewError(parlance.Invalid, "Failed validation because the document is not the XML that was expected").
			WithReason(parlance.XML).Because(err)
	}
	return document, nil
}
