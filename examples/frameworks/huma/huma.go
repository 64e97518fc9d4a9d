// Package huma is a service with the framework huma, in the dialect vms.
//
//	curl -i localhost:8080/orders/7
//	curl -i localhost:8080/orders -H 'Content-Type: application/json' -d '{"product":"cup","count":0}'
//
// Huma validates the input and writes its own failures as problem details. Failures in this
// package takes them, and those of the handlers, before they are written. It is one
// middleware and one transformer of an API, and changes no global variable of huma.
package huma

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/examples/frameworks/orders"
	"github.com/parlance-api/parlance/server"
)

// New is the service. The options are those of its server.
func New(options ...server.Option) (http.Handler, error) {
	d, err := catalog.Open("vms")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	config := huma.DefaultConfig("Orders", "1")
	config.CreateHooks = nil // no $schema in each body
	config.Transformers = append(config.Transformers, takeFailure)
	api := humago.New(mux, config)
	api.UseMiddleware(writeFailures)

	book := &orders.Book{}
	huma.Get(api, "/orders/{id}", handle(func(in *byID) (*one, error) {
		o, err := book.Get(in.ID)
		return &one{Body: o}, err
	}))
	huma.Get(api, "/orders", handle(func(in *listed) (*many, error) {
		return &many{Body: book.List(in.Limit)}, nil
	}))
	huma.Post(api, "/orders", handle(func(in *added) (*one, error) {
		o, err := book.Add(orders.Order{Product: in.Body.Product, Count: in.Body.Count})
		return &one{Body: o}, err
	}))
	return server.New(d, options...).Wrap(mux), nil
}

type byID struct {
	ID string `path:"id" maxLength:"20"`
}

type listed struct {
	Limit int `query:"limit" minimum:"1" default:"10"`
}

type added struct {
	Body struct {
		Product string `json:"product" minLength:"1"`
		Count   int    `json:"count" minimum:"1"`
	}
}

type one struct{ Body orders.Order }

type many struct{ Body []orders.Order }

// handle makes an operation of huma from the work. An error keeps what it is until the
// response is written.
func handle[I, O any](work func(*I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(_ context.Context, in *I) (*O, error) {
		out, err := work(in)
		if err != nil {
			return nil, failure{err}
		}
		return out, nil
	}
}
