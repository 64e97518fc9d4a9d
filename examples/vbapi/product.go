package vbapi

import (
	"net/http"
	"slices"
	"strconv"

	"golang.org/x/text/language"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/validate"
)

type product struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	prices []float64
}

// shelf are the first products. A price is that of one piece, for less than 10,
// less than 20, less than 30.
func shelf() []product {
	return []product{
		{"dental", "Dental plan", []float64{12, 11, 10}},
		{"vision", "Vision plan", []float64{8, 7.5, 7}},
	}
}

// isProduct refuses what is none. The envelope has no place for fields, so it is
// said in a sentence.
func isProduct(next http.Handler) http.Handler {
	return validate.JSON(validate.MustCompile(`{
		"type": "object",
		"required": ["id", "name"],
		"properties": {
			"id": {"type": "string", "pattern": "^[a-z]+$"},
			"name": {"type": "string", "minLength": 1, "maxLength": 40}
		}
	}`), validate.WithTexts(productTexts()))(next)
}

func productTexts() *validate.Texts {
	t := validate.NewTexts()
	t.SetString(language.English, "detail", "A product needs an id of small letters, and a name of at most 40.")
	return t
}

func (s *Service) list(w http.ResponseWriter, r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return paged(w, r, s.products)
}

func (s *Service) add(_ http.ResponseWriter, r *http.Request) (any, error) {
	p := product{prices: []float64{1, 1, 1}}
	if err := validate.Into(r, &p); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.products, func(other product) bool { return other.ID == p.ID }) {
		return nil, parlance.NewError(parlance.KindInvalid, "There is a product %s already.", p.ID)
	}
	s.products = append(s.products, p)
	return server.Created(r.URL.Path+"/"+p.ID, p), nil
}

func (s *Service) read(_ http.ResponseWriter, r *http.Request) (any, error) { return s.find(r) }

func (s *Service) find(r *http.Request) (product, error) {
	id := r.PathValue("id")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.products {
		if p.ID == id {
			return p, nil
		}
	}
	return product{}, parlance.NewError(parlance.KindNotFound, "The resource you requested (%s) was not found.", id)
}

func (s *Service) price(_ http.ResponseWriter, r *http.Request) (any, error) {
	p, err := s.find(r)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(r.URL.Query().Get("quantity"))
	if err != nil || n < 1 {
		return nil, parlance.NewError(parlance.KindInvalid, "The quantity must be a number from 1.").Because(err)
	}
	s.log.InfoContext(r.Context(), "a price was asked for", "product", p.ID, "quantity", n)
	// The bug is real and stays: nobody thought of 30 pieces, and no check would
	// show what a panic looks like from outside.
	each := p.prices[n/10]
	return map[string]float64{"price": each * float64(n)}, nil
}
