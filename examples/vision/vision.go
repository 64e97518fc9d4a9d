// Package vision is a small warehouse service that answers as Vision does, each
// code for its real cause:
//
//	POST /token                        a form; grants password, client_credentials and refresh_token;
//	                                   code 101 for a wrong credential
//	POST /service/ManufactureComplete  XML, an answer for each record: 200, 207, or 400 where all failed;
//	                                   406 where the XML fails validation; code 102 for a customer of others
//	POST /service/SalesOrder           XML; 201 where it is done and something is on back order
//	GET  /StockAvailability            JSON; ?product=X, 204 where nothing matches
//
// All but the first want the access token as bearer: code 101 under 401 without
// or with an unknown one, a bare 401 once it has expired.
package vision

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
)

// Config is what a caller may choose. The zero value is a working service.
type Config struct {
	Logger    *slog.Logger     // nil is slog.Default
	Now       func() time.Time // nil is time.Now
	TokenLife time.Duration    // how long an access token is good; 0 is 20 min
}

// Service is the warehouse, its state in memory. It is safe for concurrent use.
type Service struct {
	config Config
	api    *server.Server
	tokens tokens

	mu    sync.Mutex
	done  map[string]bool // DocRefs of completed manufactures
	stock map[string]int  // pieces of a product
}

// New makes a warehouse with 5 pieces of WIDGET. Its error is that of the
// dialect file.
func New(c Config) (*Service, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.TokenLife == 0 {
		c.TokenLife = 20 * time.Minute
	}
	d, err := catalog.Open("vision")
	if err != nil {
		return nil, err
	}
	return &Service{
		config: c, api: server.New(d, server.WithLogger(c.Logger)),
		tokens: tokens{now: c.Now, life: c.TokenLife, access: map[string]time.Time{}, refresh: map[string]bool{}},
		done:   map[string]bool{}, stock: map[string]int{"WIDGET": 5},
	}, nil
}

// Handler serves the routes.
func (s *Service) Handler() http.Handler {
	inside := http.NewServeMux()
	inside.Handle("POST /service/ManufactureComplete", s.api.Handle(s.manufacture))
	inside.Handle("POST /service/SalesOrder", s.api.Handle(s.order))
	inside.Handle("GET /StockAvailability", s.api.Handle(s.availability))

	mux := http.NewServeMux()
	mux.Handle("POST /token", s.api.Handle(s.tokens.grant))
	mux.Handle("/", s.api.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if err := s.tokens.check(token); err != nil {
			w.Header().Set("WWW-Authenticate", "Bearer")
			return nil, err
		}
		inside.ServeHTTP(w, r)
		return nil, nil
	}))
	return s.api.Wrap(mux)
}

type available struct {
	Product  string
	Quantity int
}

func (s *Service) availability(_ http.ResponseWriter, r *http.Request) (any, error) {
	product := r.URL.Query().Get("product")
	if product == "" {
		return nil, parlance.NewError(parlance.Invalid, "The parameter product is missing").WithCode("110")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	quantity, ok := s.stock[product]
	if !ok {
		return nil, nil
	}
	return []available{{product, quantity}}, nil
}
