// Package vision is a small warehouse service that answers as Vision does, each
// code for its real cause:
//
//	POST /token                        a form; grants client_credentials, password and refresh_token;
//	                                   code 101 for a wrong credential
//	POST /service/ManufactureComplete  XML, an answer for each record: 200, 207, or 400 where all failed;
//	                                   406 where the XML fails validation
//	POST /service/SalesOrder           XML; 201 where some of it is on back order, 202 where all of it is
//	GET  /StockAvailability            ?product=X, and &response_type=XML: 204 where nothing matches, 203
//	                                   during a count, code 110 without a product, code 102 for a
//	                                   &customer= of others
//	GET  /StockCount                   code 120 while the stock is counted
//	GET  /StockHistory                 ?product=X; the old ledger answers 999 to what it cannot spell
//	GET  /ShippingRates                ?pieces=N&weight=KG; code 150 where the carrier's service fails, and
//	                                   500 by a bug
//
// All but the first want the access token as bearer: code 101 under 401 without
// or with an unknown one, a bare 401 once it has expired. 403 is that the account
// may not post, 429 that it asks too often.
package vision

import (
	"cmp"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/memory"
)

// Config is what a caller may choose. The zero value is a working service.
type Config struct {
	Store     store.Store   // of tokens and limits; nil is one in memory
	Logger    *slog.Logger  // nil is slog.Default
	TokenLife time.Duration // how long an access token is good; 0 is 20 min
	Rate      server.Rate   // how often an account may ask; zero is 600 times a minute
	Carrier   string        // URL that tells what a parcel costs; "" is a carrier that cannot be asked
}

// Service is the warehouse, its stock in memory. It is safe for concurrent use.
type Service struct {
	config Config
	api    *server.Server

	mu       sync.Mutex
	done     map[string]bool // DocRefs of completed manufactures
	stock    map[string]int  // pieces of a product
	counting bool
}

// New makes a warehouse with 5 pieces of WIDGET. Its error is that of the
// dialect file.
func New(c Config) (*Service, error) {
	if c.Store == nil {
		c.Store = memory.New()
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	c.Rate = cmp.Or(c.Rate, server.Rate{Quota: 600, Window: time.Minute})
	d, err := catalog.Open("vision")
	if err != nil {
		return nil, err
	}
	return &Service{
		config: c, api: server.New(d, server.WithLogger(c.Logger)),
		done: map[string]bool{}, stock: map[string]int{"WIDGET": 5},
	}, nil
}

// maxBody is how long a document may be, in bytes.
const maxBody = 1 << 20

// Handler serves the routes.
func (s *Service) Handler() http.Handler {
	inside := http.NewServeMux()
	inside.Handle("POST /service/ManufactureComplete", mayPost(validManufacture(s.api.EachRecord(s.manufacture))))
	inside.Handle("POST /service/SalesOrder", mayPost(validOrder(s.api.Handle(s.order))))
	inside.Handle("GET /StockAvailability", s.api.Handle(s.availability))
	inside.Handle("GET /StockCount", s.api.Handle(s.count))
	inside.Handle("GET /StockHistory", s.api.Handle(s.history))
	inside.Handle("GET /ShippingRates", s.api.Handle(s.rates))

	often := limit.Limiter{Store: s.config.Store.Limits(), Logger: s.config.Logger,
		Policies: []limit.Policy{{Name: "account", Rate: s.config.Rate, By: limit.Principal}}}
	bearer := server.Authenticate(server.Bearer(server.Tokens(s.config.Store.Tokens())))

	mux := http.NewServeMux()
	mux.Handle("POST /token", &server.TokenEndpoint{
		Store: s.config.Store.Tokens(), Clients: clients, Users: users,
		Grants: []string{"client_credentials", "password", "refresh_token"}, RefreshClients: true,
		Life: s.config.TokenLife, Members: server.Stamps,
	})
	mux.Handle("/", bearer(often.Wrap(inside)))
	return s.api.Wrap(server.MaxBody(maxBody)(mux))
}
