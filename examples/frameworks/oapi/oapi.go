// Package oapi is a service with the code that oapi-codegen generates, in the dialect
// problem (RFC 9457).
//
//	curl -i localhost:8080/orders/seven
//	curl -i localhost:8080/orders -H 'Content-Type: application/json' -d '{"product":"cup","count":0}'
//
// orders.yaml knows the successes. The export of the dialect adds the failures to it, and
// the result is the document of the generated code.
package oapi

//go:generate go run -C ../../.. ./cmd/parlance export openapi problem --into examples/frameworks/oapi/orders.yaml -o examples/frameworks/oapi/orders.dialect.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config oapi-codegen.yaml orders.dialect.yaml

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/examples/frameworks/orders"
	"github.com/parlance-api/parlance/server"
)

// New is the service. The options are those of its server.
func New(options ...server.Option) (http.Handler, error) {
	d, err := catalog.Open("problem")
	if err != nil {
		return nil, err
	}
	strict := NewStrictHandlerWithOptions(&service{}, nil, StrictHTTPServerOptions{
		RequestErrorHandlerFunc:  refuse, // the body is not JSON
		ResponseErrorHandlerFunc: server.WriteError,
	})
	mux := http.NewServeMux()
	HandlerWithOptions(strict, StdHTTPServerOptions{BaseRouter: mux, ErrorHandlerFunc: refuse})
	return server.New(d, options...).Wrap(mux), nil
}

// refuse writes a failure of the generated code, which could not read a request.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	refused := parlance.NewError(parlance.KindInvalid, "The request cannot be read").Because(err)
	var missing *RequiredParamError
	var malformed *InvalidParamFormatError
	switch {
	case errors.As(err, &missing):
		refused = refused.WithFields(parlance.Field{Path: missing.ParamName, Message: "is required"})
	case errors.As(err, &malformed):
		refused = refused.WithFields(parlance.Field{Path: malformed.ParamName, Message: "has the wrong format"})
	}
	server.WriteError(w, r, refused)
}

type service struct{ book orders.Book }

// GetOrder implements StrictServerInterface.
func (s *service) GetOrder(_ context.Context, r GetOrderRequestObject) (GetOrderResponseObject, error) {
	o, err := s.book.Get(strconv.Itoa(r.Id))
	return GetOrder200JSONResponse(generated(o)), err
}

// ListOrders implements StrictServerInterface.
func (s *service) ListOrders(_ context.Context, r ListOrdersRequestObject) (ListOrdersResponseObject, error) {
	list := ListOrders200JSONResponse{}
	for _, o := range s.book.List(r.Params.Limit) {
		list = append(list, generated(o))
	}
	return list, nil
}

// AddOrder implements StrictServerInterface.
func (s *service) AddOrder(_ context.Context, r AddOrderRequestObject) (AddOrderResponseObject, error) {
	o, err := s.book.Add(orders.Order{Product: r.Body.Product, Count: r.Body.Count})
	return AddOrder201JSONResponse(generated(o)), err
}

// generated is an order as the type of the document.
func generated(o orders.Order) Order { return Order{Id: o.ID, Product: o.Product, Count: o.Count} }
