package vision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/server"
)

// parcel is what one may weigh, in kg.
const parcel = 30

// rates tells what it costs to send so many pieces of such a weight.
func (s *Service) rates(_ http.ResponseWriter, r *http.Request) (any, error) {
	pieces, err := strconv.Atoi(r.URL.Query().Get("pieces"))
	if err != nil || pieces < 1 {
		return nil, missing("pieces")
	}
	weight, err := strconv.Atoi(r.URL.Query().Get("weight"))
	if err != nil || weight < 1 {
		return nil, missing("weight")
	}
	// The bug is real and stays: nobody thought of a piece that is heavier than a
	// parcel may be, and no check would show what a panic looks like from outside.
	fit := parcel / weight
	parcels := (pieces + fit - 1) / fit

	price, err := s.ask(r.Context())
	if err != nil {
		return nil, carrierFails(err)
	}
	return map[string]int{"Parcels": parcels, "Price": parcels * price}, nil
}

// carrierFails is code 150 if the carrier's service cannot be asked, 504 if it does not
// respond in time, and 502 if its response is of no use. How it failed is none of the
// caller's business.
func carrierFails(err error) error {
	reason := httpdialect.NoResponse(err).Reason
	if reason == parlance.ReasonRefused || reason == parlance.ReasonDNS || errors.Is(err, errNoCarrier) {
		return parlance.NewError(parlance.KindInternal, "The carrier's service fails").WithCode("150").Because(err)
	}
	return server.Upstream(err)
}

var errNoCarrier = errors.New("there is no carrier")

// ask is what the carrier takes for a parcel.
func (s *Service) ask(ctx context.Context) (price int, err error) {
	if s.config.Carrier == "" {
		return 0, errNoCarrier
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.config.Carrier, nil)
	if err != nil {
		return 0, err
	}
	res, err := s.carrier.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("the carrier responds with %s", res.Status)
	}
	return price, json.NewDecoder(res.Body).Decode(&price)
}
