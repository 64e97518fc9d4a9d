// Package vbapi is a small products service that answers as VBAPI does, each
// code for its real cause:
//
//	POST /user-authentication                     Basic user "demo", password "demo": an idToken for 24 hours
//	GET  /clients/{client}/products               a list, with x-pagination
//	GET  /clients/{client}/products/{id}          404 where there is none
//	GET  /clients/{client}/products/{id}/price    ?quantity=N: 400 for no number; a bug of ours panics from 30 on: 500
//	PUT  /commission-activities-batch             207, an answer for each record
//
// All but the first want the idToken as bearer, else 401; without a User-Agent
// they answer 403.
package vbapi

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
)

// User and Password are what the service knows.
const (
	User     = "demo"
	Password = "demo"
)

// tokenLife is how long an idToken is good. There is nothing to refresh it with.
const tokenLife = 24 * time.Hour

// Config is what a caller may choose. The zero value is a working service.
type Config struct {
	Logger *slog.Logger     // nil is slog.Default
	Now    func() time.Time // nil is time.Now
}

// Service is the products service, its state in memory. It is safe for
// concurrent use.
type Service struct {
	config Config
	api    *server.Server

	mu         sync.Mutex
	tokens     map[string]time.Time // when each expires
	activities map[int]float64
}

type product struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	prices []float64
}

// products are those of every client. A price is that of one piece, for less
// than 10, less than 20, less than 30.
var products = []product{
	{"dental", "Dental plan", []float64{12, 11, 10}},
	{"vision", "Vision plan", []float64{8, 7.5, 7}},
}

// New makes a service. Its error is that of the dialect file.
func New(c Config) (*Service, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	d, err := catalog.Open("vbapi")
	if err != nil {
		return nil, err
	}
	return &Service{
		config: c, api: server.New(d, server.WithLogger(c.Logger)),
		tokens: map[string]time.Time{}, activities: map[int]float64{1: 100},
	}, nil
}

// Handler serves the routes.
func (s *Service) Handler() http.Handler {
	inside := http.NewServeMux()
	inside.Handle("GET /clients/{client}/products", s.api.Handle(listProducts))
	inside.Handle("GET /clients/{client}/products/{id}", s.api.Handle(readProduct))
	inside.Handle("GET /clients/{client}/products/{id}/price", s.api.Handle(price))
	inside.Handle("PUT /commission-activities-batch", s.api.Handle(s.updateActivities))

	mux := http.NewServeMux()
	mux.Handle("POST /user-authentication", s.api.Handle(s.logIn))
	mux.Handle("/", s.api.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		if err := s.admit(r); err != nil {
			w.Header().Set("WWW-Authenticate", "Bearer")
			return nil, err
		}
		inside.ServeHTTP(w, r)
		return nil, nil
	}))
	return s.api.Wrap(mux)
}

func (s *Service) logIn(_ http.ResponseWriter, r *http.Request) (any, error) {
	if user, password, _ := r.BasicAuth(); user != User || password != Password {
		return nil, parlance.NewError(parlance.Unauthenticated, "The user name or the password is wrong.")
	}
	token := activity.NewID() // as hard to guess as any
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[token] = s.config.Now().Add(tokenLife)
	return map[string]string{"idToken": token}, nil
}

// admit says why a caller may not pass.
func (s *Service) admit(r *http.Request) error {
	if r.UserAgent() == "" {
		return parlance.NewError(parlance.Forbidden, "A User-Agent is needed.")
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	defer s.mu.Unlock()
	expires, known := s.tokens[token]
	switch {
	case !ok || !known:
		return parlance.NewError(parlance.Unauthenticated, "An idToken of /user-authentication is needed.")
	case !s.config.Now().Before(expires):
		return parlance.NewError(parlance.Unauthenticated, "The idToken has expired.").WithReason(parlance.Expired)
	}
	return nil
}

func listProducts(w http.ResponseWriter, _ *http.Request) (any, error) {
	w.Header().Set("X-Pagination", fmt.Sprintf(`{"TotalCount":%d,"TotalPages":1,"CurrentPage":1,"PageSize":100}`, len(products)))
	return products, nil
}

func readProduct(_ http.ResponseWriter, r *http.Request) (any, error) {
	return find(r)
}

func find(r *http.Request) (product, error) {
	for _, p := range products {
		if p.ID == r.PathValue("id") {
			return p, nil
		}
	}
	return product{}, parlance.NewError(parlance.NotFound, "The requested resource (%s) was not found.", r.PathValue("id"))
}

func price(_ http.ResponseWriter, r *http.Request) (any, error) {
	p, err := find(r)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(r.URL.Query().Get("quantity"))
	if err != nil || n < 1 {
		return nil, parlance.NewError(parlance.Invalid, "The quantity must be a number from 1.").Because(err)
	}
	// The bug is real and stays: nobody thought of 30 pieces, and no check would
	// show what a panic looks like from outside.
	each := p.prices[n/10]
	return map[string]float64{"price": each * float64(n)}, nil
}

type commission struct {
	Key    int     `json:"commissionActivity_Key"`
	Amount float64 `json:"amount"`
}

func (s *Service) updateActivities(_ http.ResponseWriter, r *http.Request) (any, error) {
	var batch []commission
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20)).Decode(&batch); err != nil {
		return nil, parlance.NewError(parlance.Invalid, "The body is not the JSON that was expected.").Because(err)
	}
	items := make([]parlance.Item, len(batch))
	for i, c := range batch {
		items[i] = parlance.Item{Index: i, ID: "commissionActivity_Key=" + strconv.Itoa(c.Key), Outcome: s.update(c)}
	}
	return server.Bulk(nil, items...), nil
}

func (s *Service) update(c commission) parlance.Outcome {
	if c.Amount < 0 {
		return parlance.Outcome{Kind: parlance.Invalid, Status: 400, Detail: "The amount must not be negative."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.activities[c.Key]
	s.activities[c.Key] = c.Amount
	if known {
		return parlance.Outcome{Kind: parlance.Success, Status: 200, Detail: "Updated"}
	}
	return parlance.Outcome{Kind: parlance.Success, Status: 201, Detail: "Created"}
}
