package vision

import (
	"encoding/xml"
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
)

// Stock sets how many pieces there are of a product, as a delivery or a count
// finds it.
func (s *Service) Stock(product string, pieces int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stock[product] = pieces
}

type available struct {
	Product  string
	Quantity int
	RES      *res `json:",omitempty"`
}

// res is what is to be said of a record, as in the response to a POST.
type res struct {
	Code    string
	Message string
}

func (s *Service) availability(_ http.ResponseWriter, r *http.Request) (any, error) {
	q := r.URL.Query()
	product := q.Get("product")
	if product == "" {
		return nil, missing("product")
	}
	if q.Has("customer") {
		caller, _ := server.PrincipalOf(r.Context())
		if err := permit(caller, q.Get("customer")); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	quantity, known := s.stock[product]
	old := s.counting
	s.mu.Unlock()
	if !known {
		return nil, nil
	}
	found := available{Product: product, Quantity: quantity}
	if !old {
		return shown(r, found)
	}
	found.RES = &res{"203", counting}
	response, err := shown(r, found)
	noted := server.Noted(response, counting)
	noted.Outcome.Status = http.StatusNonAuthoritativeInfo
	return noted, err
}

// shown is JSON unless response_type=XML asks for the other.
func shown(r *http.Request, all ...available) (any, error) {
	if r.URL.Query().Get("response_type") != "XML" {
		return all, nil
	}
	body, err := xml.Marshal(struct {
		XMLName xml.Name    `xml:"STOCK"`
		Records []available `xml:"SA"`
	}{Records: all})
	return server.Raw{ContentType: "application/xml", Body: body}, err
}

// history asks the old ledger, which is older than Unicode. What it cannot spell
// it responds as it always did, by a number of its own.
func (s *Service) history(_ http.ResponseWriter, r *http.Request) (any, error) {
	product := r.URL.Query().Get("product")
	if product == "" {
		return nil, missing("product")
	}
	for _, letter := range product {
		if letter > 0xFF {
			return nil, parlance.NewError(parlance.KindInternal, "The ledger cannot read this").WithCode("999")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.stock[product]; !known {
		return nil, nil
	}
	return shown(r, available{Product: product, Quantity: 5}) // all that the ledger knows is how it began
}

// missing is that a parameter is not there, or is no such.
func missing(parameter string) error {
	return parlance.NewError(parlance.KindInvalid, "The parameter %s is missing or wrong", parameter).WithCode("110")
}
