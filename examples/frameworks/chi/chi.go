// Package chi is a service with the router chi, in the dialect vbapi.
//
//	curl -i localhost:8080/orders/7
//	curl -i localhost:8080/orders -d '{"product":"cup","count":2}'
//	curl -i -X DELETE localhost:8080/orders/7
//
// The handlers are those of package server. The 404 and the 405 that chi itself sends get
// their body from the dialect, because the server wraps the router.
package chi

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/examples/frameworks/orders"
	"github.com/parlance-api/parlance/server"
)

// New is the service. The options are those of its server.
func New(options ...server.Option) (http.Handler, error) {
	d, err := catalog.Open("vbapi")
	if err != nil {
		return nil, err
	}
	api := server.New(d, options...)
	s := &service{}
	r := chi.NewRouter()
	r.Get("/orders/{id}", api.Handle(s.get).ServeHTTP)
	r.Get("/orders", api.Handle(s.list).ServeHTTP)
	r.Post("/orders", api.Handle(s.add).ServeHTTP)
	return api.Wrap(r), nil
}

type service struct{ book orders.Book }

func (s *service) get(_ http.ResponseWriter, r *http.Request) (any, error) {
	return s.book.Get(chi.URLParam(r, "id"))
}

func (s *service) list(_ http.ResponseWriter, r *http.Request) (any, error) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil {
		return nil, parlance.NewError(parlance.KindInvalid, "The query is wrong").
			WithFields(parlance.Field{Path: "limit", Message: "must be a number"})
	}
	return s.book.List(limit), nil
}

func (s *service) add(w http.ResponseWriter, r *http.Request) (any, error) {
	var o orders.Order
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&o); err != nil {
		return nil, parlance.NewError(parlance.KindInvalid, "The body is not an order in JSON").Because(err)
	}
	o, err := s.book.Add(o)
	return server.Created("/orders/"+o.ID, o), err
}
