// Package vision is a small warehouse service that responds as Vision does, each
// code for its real cause:
//
//	POST /token                        a form; grants client_credentials, password and refresh_token;
//	                                   code 101 for a wrong credential
//	POST /service/ManufactureComplete  XML, a response for each record: 200, 207, or 400 where all failed;
//	                                   406 where the XML fails validation
//	POST /service/SalesOrder           XML; 201 where some of it is on back order, 202 where all of it is
//	POST /service/StockCount           XML, what was counted, which ends the count: 204 where all is as it
//	                                   was booked, 205 where it is not and has to be looked at anew
//	GET  /StockAvailability            ?product=X, and &response_type=XML: 204 where nothing matches, 203
//	                                   during a count, code 110 without a product, code 102 for a
//	                                   &customer= of others
//	GET  /StockCount                   code 120 while the stock is counted
//	GET  /PriceList                    CSV; 206 to who asks for a range of it
//	GET  /StockHistory                 ?product=X; the old ledger responds with 999 to what it cannot spell
//	GET  /ShippingRates                ?pieces=N&weight=KG; code 150 if the carrier's service cannot be asked,
//	                                   504 if it is too slow, 502 if its response is of no use; 500 by a bug
//
// A success from 201 to 206 carries its note: in the RES of each record, and in the
// header Vision-Note. A 503 says that the warehouse is closed for maintenance.
//
// All but the first want the access token as bearer: code 101 under 401 without
// or with an unknown one, a bare 401 once it has expired. A 403 says that the account
// may not post, is not authorized for ShippingRates, or posts too often. A 429 says that
// it asks too often.
package vision

import (
	"cmp"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/bulk"
	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/memory"
)

// Config is what a caller may choose. The zero value is a working service.
type Config struct {
	Store     store.Store        // of tokens and limits; nil is one in memory
	Logger    *slog.Logger       // nil is slog.Default
	Activity  *activity.Recorder // keeps the record of each request, found by its X-Request-Id; nil keeps nothing
	TokenLife time.Duration      // how long an access token is good; 0 is 20 min
	Rate      limit.Rate         // how often an account may ask, and how often post; zero is 600 times a minute
	Carrier   string             // URL that tells what a parcel costs; "" is a carrier that cannot be asked
	Transport http.RoundTripper  // to the carrier; nil is http.DefaultTransport
}

// Service is the warehouse, its stock in memory. It is safe for concurrent use.
type Service struct {
	Maintenance guard.Maintenance // closes it

	config  Config
	api     *server.Server
	carrier *http.Client

	mu       sync.Mutex
	done     map[string]bool // DocRefs of completed manufactures
	stock    map[string]int  // pieces of a product
	counting bool
}

// New makes a warehouse with 5 pieces of WIDGET. Its error is that of the
// dialect file.
func New(c Config) (*Service, error) {
	c.Store = cmp.Or[store.Store](c.Store, memory.New())
	c.Logger = cmp.Or(c.Logger, slog.Default())
	c.Rate = cmp.Or(c.Rate, limit.Rate{Quota: 600, Window: time.Minute})
	d, err := catalog.Open("vision")
	if err != nil {
		return nil, err
	}
	return &Service{
		Maintenance: guard.Maintenance{Error: parlance.Outcome{Detail: "The warehouse is closed for maintenance"}},

		config: c, api: server.New(d, server.WithLogger(c.Logger), server.WithRecorder(c.Activity)),
		carrier: &http.Client{Transport: server.RecordCalls(c.Transport), Timeout: 10 * time.Second},
		done:    map[string]bool{}, stock: map[string]int{"WIDGET": 5},
	}, nil
}

// maxBody is how long a document may be, in bytes.
const maxBody = 1 << 20

// Handler serves the routes.
func (s *Service) Handler() http.Handler {
	// The warehouse's own services, which take XML.
	warehouse := http.NewServeMux()
	warehouse.Handle("POST /service/ManufactureComplete", mayPost(validManufacture(bulk.Handle(s.api, s.manufacture))))
	warehouse.Handle("POST /service/SalesOrder", mayPost(validOrder(bulk.Handle(s.api, s.order, bulk.Summary(backOrdered)))))
	warehouse.Handle("POST /service/StockCount", mayPost(validCount(bulk.Handle(s.api, s.counted, bulk.Summary(s.endCount)))))
	// Those of the shop.
	shop := http.NewServeMux()
	shop.Handle("GET /StockAvailability", s.api.Handle(s.availability))
	shop.Handle("GET /StockCount", s.api.Handle(s.count))
	shop.Handle("GET /StockHistory", s.api.Handle(s.history))
	shop.Handle("GET /PriceList", http.HandlerFunc(prices))
	shop.Handle("GET /ShippingRates", mayShip(s.api.Handle(s.rates)))

	// Who asks too often is told so by 429 in the shop, and by 403 in the warehouse.
	asks := s.limit("account", parlance.Outcome{})
	posts := s.limit("posts", parlance.Outcome{Kind: parlance.KindForbidden, Detail: "The account posts too often"})
	bearer := auth.Authenticate(auth.Bearer(auth.Tokens(s.config.Store.Tokens())))

	mux := http.NewServeMux()
	mux.Handle("/token", &auth.TokenEndpoint{
		Store: s.config.Store.Tokens(), Clients: clients, Users: users,
		Grants: []string{"client_credentials", "password", "refresh_token"}, RefreshClients: true,
		Life: s.config.TokenLife, Members: auth.Stamps,
	})
	mux.Handle("/service/", bearer(posts.Wrap(warehouse)))
	mux.Handle("/", bearer(asks.Wrap(shop)))
	return s.api.Wrap(s.Maintenance.Wrap(guard.MaxBody(maxBody)(mux)))
}

// limit is what an account may ask in a time.
func (s *Service) limit(name string, refusal parlance.Outcome) *limit.Limiter {
	return &limit.Limiter{Store: s.config.Store.Limits(), Logger: s.config.Logger, Error: refusal,
		Policies: []limit.Policy{{Name: name, Rate: s.config.Rate, By: limit.Principal}}}
}
